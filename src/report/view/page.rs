//! The only way for text onto the page: here it is escaped, masked, kept to ASCII where asked, wrapped and colored. So nothing
//! that a server sent can reach the terminal raw, and no address survives redaction, whoever wrote the sentence around it.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::table::{Cell, Table};
use super::tint::Tint;
use super::wrap::wrap;
use crate::report::redact::Redactor;
use crate::report::{Style, escape};

/// Lines that are longer are hard to read.
const WIDEST_PROSE: usize = 100;

/// Rows of a usual terminal: what matters most fits at its width, so that the verdict does not scroll away.
const ROWS: usize = 24;
const COLUMNS: usize = 80;

/// The page as it grows.
pub(crate) struct Page<'a> {
    style: &'a Style,
    redactor: Option<Redactor>,
    text: String,
    /// The last line is a title.
    titled: bool,
    /// So many pieces of advice were not written.
    left_out: usize,
}

/// A state of the page to go back to.
pub(super) struct Mark {
    length: usize,
    titled: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(style: &'a Style, redactor: Option<Redactor>) -> Self {
        Self { style, redactor, text: String::new(), titled: false, left_out: 0 }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn verbosity(&self) -> u8 {
        self.style.verbosity
    }

    /// Columns there are.
    pub(super) fn width(&self) -> usize {
        self.style.width
    }

    /// Text of ours in its color, for a line that is drawn.
    pub(super) fn painted(&self, tint: Tint, text: &str) -> String {
        tint.paint(self.style, text)
    }

    pub(super) fn ascii(&self) -> bool {
        self.style.ascii
    }

    /// Rows of a usual terminal; a narrower one shows the same in more of them.
    fn rows(&self) -> usize {
        ROWS * COLUMNS / self.style.width.clamp(1, COLUMNS)
    }

    /// Those that remain.
    pub(super) fn rows_left(&self) -> usize {
        self.rows().saturating_sub(self.text.lines().count())
    }

    /// Whether the verdict scrolls away; with `-v` nobody minds.
    pub(super) fn is_overfull(&self) -> bool {
        self.style.verbosity == 0 && self.text.lines().count() > self.rows()
    }

    pub(super) fn leave_out(&mut self, advice: usize) {
        self.left_out = advice;
    }

    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { length: self.text.len(), titled: self.titled }
    }

    /// Whether something was written since.
    pub(super) fn is_past(&self, mark: &Mark) -> bool {
        self.text.len() > mark.length
    }

    /// Takes away what was written since.
    pub(super) fn go_back(&mut self, mark: &Mark) {
        self.text.truncate(mark.length);
        self.titled = mark.titled;
    }

    /// Text as it may be shown.
    pub(super) fn clean(&self, text: &str) -> String {
        let text = match &self.redactor {
            Some(redactor) => escape::visible(&redactor.mask(text)),
            None => escape::visible(text),
        };
        if self.style.ascii { escape::ascii(&text) } else { text }
    }

    /// An empty line, unless there is one already or a title stands right above.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && !self.titled {
            self.text.push('\n');
        }
    }

    /// An empty line and a title.
    pub(super) fn heading(&mut self, title: &str) {
        self.blank();
        self.lines(Tint::Strong, "", "", title);
        self.titled = true;
    }

    pub(super) fn paragraph(&mut self, tint: Tint, text: &str) {
        self.lines(tint, "", "", text);
    }

    /// An item of a list.
    pub(super) fn bullet(&mut self, text: &str) {
        self.lines(Tint::Plain, "- ", "  ", text);
    }

    /// An item that hinders connections.
    pub(super) fn alarm(&mut self, tint: Tint, text: &str) {
        let first = tint.paint(self.style, "! ");
        for (number, line) in self.prose("  ", text).into_iter().enumerate() {
            self.raw(&format!("{}{line}", if number == 0 { &first } else { "  " }));
        }
    }

    /// A command to copy, on a line of its own where it fits: a broken one cannot be copied.
    pub(super) fn command(&mut self, command: &str) {
        let command = self.clean(command);
        let line = format!("  try: {command}");
        if line.width() <= self.style.width {
            self.raw(&line);
        } else {
            self.lines(Tint::Plain, "  try: ", "    ", &command);
        }
    }

    /// A paragraph whose first line begins with one thing and whose others begin with another.
    pub(super) fn lines(&mut self, tint: Tint, first: &str, others: &str, text: &str) {
        let indent = if first.len() > others.len() { first } else { others };
        for (number, line) in self.prose(indent, text).into_iter().enumerate() {
            let indent = if number == 0 { first } else { others };
            self.raw(&format!("{indent}{}", tint.paint(self.style, &line)));
        }
    }

    fn prose(&self, indent: &str, text: &str) -> Vec<String> {
        let width = self.style.width.min(WIDEST_PROSE).saturating_sub(indent.len());
        wrap(&self.clean(text), width)
    }

    /// Lines drawn by somebody who cleaned what they hold; they are dropped where they do not fit.
    pub(super) fn drawing(&mut self, drawings: &[Vec<String>]) {
        let fits = |lines: &&Vec<String>| lines.iter().all(|line| line.width() <= self.style.width);
        if let Some(lines) = drawings.iter().find(fits) {
            for line in lines.clone() {
                self.raw(line.trim_end());
            }
        }
    }

    /// A table with as many of its columns as fit, or a list of its rows where it would break words.
    pub(super) fn table(&mut self, table: Table) {
        self.blank();
        let table = table.cleaned(|text| self.clean(text));
        match table.drawn(self.style) {
            Some(lines) => lines.iter().for_each(|line| self.raw(line)),
            None => self.list(&table),
        }
    }

    fn list(&mut self, table: &Table) {
        for row in table.rows() {
            let mut cells = table.header().iter().zip(row);
            if let Some((_, first)) = cells.next() {
                self.lines(Tint::Strong, "", "", &first.text.replace('\n', " "));
            }
            for (name, Cell { text, tint }) in cells.filter(|(_, cell)| !cell.text.is_empty()) {
                self.lines(*tint, "  ", "    ", &format!("{name}: {text}").replace('\n', " "));
            }
        }
    }

    pub(super) fn raw(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
        self.titled = false;
    }
}
