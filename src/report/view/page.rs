//! The only way for text onto the page: here it is escaped, masked, kept to ASCII where asked, wrapped and colored. So nothing
//! that a server sent can reach the terminal raw, and no address survives redaction, whoever wrote the sentence around it.

use std::fmt::Write;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use unicode_width::UnicodeWidthStr;

use super::tint::Tint;
use super::wrap::wrap;
use crate::report::document::Report;
use crate::report::redact::Redactor;
use crate::report::{Style, escape};

/// Below this width a table is a list, and there is no picture.
const NARROW: usize = 50;

/// What a column of prose needs to be read.
const PROSE: usize = 16;

/// The longest word that a table keeps whole: no code of ours is longer.
const LONG_WORD: usize = 28;

/// Longer than any IPv4 address with its port.
const LONG_ADDRESS: usize = 24;

/// The page as it grows.
pub(crate) struct Page<'a> {
    style: &'a Style,
    redactor: Option<Redactor>,
    text: String,
    /// The last line is a title.
    titled: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(style: &'a Style, report: &Report) -> Self {
        let redactor = report.redacted.then(|| Redactor::for_report(report));
        Self { style, redactor, text: String::new(), titled: false }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn verbosity(&self) -> u8 {
        self.style.verbosity
    }

    pub(super) fn ascii(&self) -> bool {
        self.style.ascii
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
        self.item(tint, "! ", "  ", text);
    }

    fn item(&mut self, tint: Tint, first: &str, others: &str, text: &str) {
        let width = self.style.width.saturating_sub(first.len());
        for (number, line) in wrap(&self.clean(text), width).into_iter().enumerate() {
            let start = if number == 0 { tint.paint(self.style, first) } else { others.to_owned() };
            self.raw(&format!("{start}{line}"));
        }
    }

    /// A paragraph whose first line begins with one thing and whose others begin with another.
    pub(super) fn lines(&mut self, tint: Tint, first: &str, others: &str, text: &str) {
        let width = self.style.width.saturating_sub(first.len().max(others.len()));
        for (number, line) in wrap(&self.clean(text), width).into_iter().enumerate() {
            let indent = if number == 0 { first } else { others };
            self.raw(&format!("{indent}{}", tint.paint(self.style, &line)));
        }
    }

    /// Lines drawn by somebody who cleaned what they hold; they are dropped where they do not fit.
    pub(super) fn drawing(&mut self, drawings: &[Vec<String>]) {
        let fits = |lines: &&Vec<String>| lines.iter().all(|line| line.width() <= self.style.width);
        if self.style.width < NARROW {
            return;
        }
        if let Some(lines) = drawings.iter().find(fits) {
            let lines = lines.clone();
            self.blank();
            for line in lines {
                self.raw(line.trim_end());
            }
        }
    }

    /// A table, or a list of its rows where a table would break words.
    pub(super) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        self.blank();
        let clean = |row: &Vec<String>| row.iter().map(|cell| self.clean_lines(cell)).collect();
        let rows: Vec<Vec<String>> = rows.iter().map(clean).collect();
        let folded: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| fold(cell)).collect()).collect();
        match [&rows, &folded].into_iter().find(|rows| self.fits(header, rows)) {
            Some(rows) => self.grid(header, rows),
            None => self.list(header, &rows),
        }
    }

    /// Whether every column but the last, which holds prose, has room for its widest line, and the last for its longest word.
    fn fits(&self, header: &[&str], rows: &[Vec<String>]) -> bool {
        let words = header.len().saturating_sub(1);
        let cells = |column: usize| {
            rows.iter().filter_map(move |row| row.get(column).map(String::as_str)).chain([header[column]])
        };
        let widest = |column: usize| cells(column).flat_map(str::lines).map(UnicodeWidthStr::width).max().unwrap_or(0);
        let word = cells(words).flat_map(str::split_whitespace).map(UnicodeWidthStr::width).max().unwrap_or(0);
        let prose = word.clamp(PROSE, LONG_WORD);
        // A column costs a border and two blanks, the table one border more.
        let frame = 3 * header.len() + 1;
        self.style.width >= NARROW && (0..words).map(widest).sum::<usize>() + frame + prose <= self.style.width
    }

    fn grid(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let mut table = Table::new();
        table
            .load_style(if self.style.ascii { presets::ASCII_FULL_CONDENSED } else { presets::UTF8_FULL_CONDENSED })
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.style.width).unwrap_or(u16::MAX))
            .set_header(header.to_vec())
            .add_rows(rows.to_vec());
        for column in table.column_iter_mut().take(header.len().saturating_sub(1)) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        let lines: Vec<String> = table.lines().collect();
        for line in lines {
            self.raw(line.trim_end());
        }
    }

    fn list(&mut self, header: &[&str], rows: &[Vec<String>]) {
        for row in rows {
            let mut cells = header.iter().zip(row);
            if let Some((_, first)) = cells.next() {
                self.lines(Tint::Strong, "", "", &first.replace('\n', " "));
            }
            for (name, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
                self.lines(Tint::Plain, "  ", "    ", &format!("{name}: {cell}").replace('\n', " "));
            }
        }
    }

    /// A cell may hold several lines of ours; what is inside each is cleaned.
    fn clean_lines(&self, cell: &str) -> String {
        cell.split('\n').map(|line| self.clean(line)).collect::<Vec<_>>().join("\n")
    }

    fn raw(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
        self.titled = false;
    }
}

/// A cell whose long IPv6 addresses are broken in two at a colon: whole, two of them leave no room for anything else.
fn fold(cell: &str) -> String {
    let line = |line: &str| {
        let middle = line.len() / 2;
        let colons = line.match_indices(':').map(|(at, _)| at + 1);
        match colons.min_by_key(|at| at.abs_diff(middle)) {
            Some(at) if line.starts_with('[') && line.len() > LONG_ADDRESS => {
                format!("{}\n{}", &line[..at], &line[at..])
            }
            _ => line.to_owned(),
        }
    };
    cell.split('\n').map(line).collect::<Vec<_>>().join("\n")
}
