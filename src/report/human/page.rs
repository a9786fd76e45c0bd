//! The only way for text onto the page: here it is escaped, masked, kept to ASCII where asked, wrapped and colored. So nothing
//! that a server sent can reach the terminal raw, and no address survives redaction, whoever wrote the sentence around it.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};

use super::style::{Style, Tint};
use super::wrap::wrap;
use crate::report::document::Report;
use crate::report::escape;
use crate::report::redact::Redactor;

/// Below this width a table is a list, and there is no picture.
const NARROW: usize = 50;

/// The page as it grows.
pub(super) struct Page<'a> {
    style: &'a Style,
    redactor: Option<Redactor>,
    text: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(style: &'a Style, report: &Report) -> Self {
        let redactor = report.redacted.then(|| Redactor::for_report(report));
        Self { style, redactor, text: String::new() }
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

    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// An empty line and a title.
    pub(super) fn heading(&mut self, title: &str) {
        self.blank();
        self.lines(Tint::Strong, "", "", title);
    }

    pub(super) fn paragraph(&mut self, tint: Tint, text: &str) {
        self.lines(tint, "", "", text);
    }

    /// An item of a list.
    pub(super) fn bullet(&mut self, tint: Tint, text: &str) {
        self.lines(tint, "- ", "  ", text);
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
        let fits = |lines: &&Vec<String>| lines.iter().all(|line| unicode_width::UnicodeWidthStr::width(line.as_str()) <= self.style.width);
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

    /// A table, or a list of its rows where it would be too narrow to read.
    pub(super) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        self.blank();
        if self.style.width < NARROW {
            return self.list(header, rows);
        }
        let mut table = Table::new();
        table
            .load_style(if self.style.ascii { presets::ASCII_FULL_CONDENSED } else { presets::UTF8_FULL_CONDENSED })
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.style.width).unwrap_or(u16::MAX))
            .set_header(header.to_vec());
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| self.clean_lines(cell)).collect();
            table.add_row(cells);
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
                self.lines(Tint::Strong, "", "", first);
            }
            for (name, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
                self.lines(Tint::Plain, "  ", "    ", &format!("{name}: {cell}"));
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
    }
}
