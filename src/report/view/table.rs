//! Tables: each fact has its column; columns that can be missed go where the terminal is narrow.

use std::collections::BTreeMap;

use comfy_table::{ColumnConstraint, ContentArrangement, Table as Grid, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::tint::Tint;
use super::wrap::wrap;
use crate::report::Style;

/// Below this width a table with lines around it is a list.
const NARROW: usize = 50;

/// A table gets no wider than this.
const WIDEST: usize = 120;

/// What a column of prose needs to be read.
const PROSE: usize = 12;

/// The longest word that a table keeps whole: no code of ours is longer.
const LONG_WORD: usize = 28;

/// Longer than any IPv4 address with its port.
const LONG_ADDRESS: usize = 24;

/// A text with a color; it may have several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tint: Tint,
}

impl Cell {
    pub(super) fn tinted(tint: Tint, text: impl Into<String>) -> Self {
        Self { text: text.into(), tint }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::tinted(Tint::Plain, text)
    }
}

/// Rows of cells under titles; the last column holds prose and is wrapped.
#[derive(Clone, Debug)]
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    /// Titles of the columns that are left out where it is too wide, the first one first.
    spare: &'static [&'static str],
    framed: bool,
}

impl Table {
    /// Columns that are empty in every row are left out.
    pub(super) fn new(header: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        let table = Self { header: header.to_vec(), rows, spare: &[], framed: true };
        let used =
            |column: usize| table.rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.text.is_empty()));
        let kept: Vec<usize> = (0..header.len()).filter(|&column| used(column)).collect();
        table.with_columns(&kept)
    }

    /// Says which columns can be missed, the first one first.
    pub(super) fn spare(mut self, titles: &'static [&'static str]) -> Self {
        self.spare = titles;
        self
    }

    /// Without lines around it.
    pub(super) fn bare(mut self) -> Self {
        self.framed = false;
        self
    }

    pub(super) fn header(&self) -> &[&'static str] {
        &self.header
    }

    pub(super) fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    fn with_columns(&self, kept: &[usize]) -> Self {
        let row = |row: &Vec<Cell>| kept.iter().filter_map(|&column| row.get(column).cloned()).collect();
        Self {
            header: kept.iter().map(|&column| self.header[column]).collect(),
            rows: self.rows.iter().map(row).collect(),
            spare: self.spare,
            framed: self.framed,
        }
    }

    fn without(&self, titles: &[&str]) -> Self {
        let kept: Vec<usize> =
            (0..self.header.len()).filter(|&column| !titles.contains(&self.header[column])).collect();
        self.with_columns(&kept)
    }

    /// A cell may hold several lines of ours; what is inside each is cleaned.
    pub(super) fn cleaned(mut self, clean: impl Fn(&str) -> String) -> Self {
        for cell in self.rows.iter_mut().flatten() {
            cell.text = cell.text.split('\n').map(&clean).collect::<Vec<_>>().join("\n");
        }
        self
    }

    fn folded(&self) -> Self {
        let mut table = self.clone();
        for cell in table.rows.iter_mut().flatten() {
            cell.text = fold(&cell.text);
        }
        table
    }

    /// Its lines with as many columns as fit; `None` where not even the least do.
    pub(super) fn drawn(&self, style: &Style) -> Option<Vec<String>> {
        let width = style.width.min(WIDEST);
        let draw = |table: &Self| if table.framed { table.grid(style, width) } else { table.lines(style, width) };
        for dropped in 0..=self.spare.len() {
            let table = self.without(&self.spare[..dropped]);
            let choices = [table.folded(), table];
            // Whole addresses are better than broken ones, more columns than whole addresses.
            if let Some(table) =
                choices.iter().rev().find(|table| (style.width >= NARROW || !table.framed) && table.fits(width))
            {
                return Some(draw(table));
            }
        }
        None
    }

    fn widest(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.as_str());
        cells.chain([self.header[column]]).flat_map(str::lines).map(UnicodeWidthStr::width).max().unwrap_or(0)
    }

    /// What the columns cost beside what is in them.
    fn frame(&self) -> usize {
        if self.framed { 3 * self.header.len() + 1 } else { 2 * self.header.len().saturating_sub(1) }
    }

    /// Whether every column but the last, which holds prose, has room for its widest line, and the last for its longest word.
    fn fits(&self, width: usize) -> bool {
        let Some(last) = self.header.len().checked_sub(1) else { return true };
        let cells = self.rows.iter().filter_map(|row| row.get(last)).map(|cell| cell.text.as_str());
        let words = cells.chain([self.header[last]]).flat_map(str::split_whitespace);
        let prose = words.map(UnicodeWidthStr::width).max().unwrap_or(0).clamp(PROSE, LONG_WORD).min(self.widest(last));
        (0..last).map(|column| self.widest(column)).sum::<usize>() + self.frame() + prose <= width
    }

    fn grid(&self, style: &Style, width: usize) -> Vec<String> {
        let mut grid = Grid::new();
        let texts = self.rows.iter().map(|row| row.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>());
        grid.load_style(if style.ascii { presets::ASCII_FULL_CONDENSED } else { presets::UTF8_FULL_CONDENSED })
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(width).unwrap_or(u16::MAX))
            .set_header(self.header.clone())
            .add_rows(texts);
        for column in grid.column_iter_mut().take(self.header.len().saturating_sub(1)) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        let lines: Vec<String> = grid.lines().collect();
        self.painted(style, lines)
    }

    /// The library measures colors as text, so they come last: a colored cell is known by its column and its words.
    fn painted(&self, style: &Style, lines: Vec<String>) -> Vec<String> {
        let mut tints: BTreeMap<(usize, &str), Tint> = BTreeMap::new();
        for (column, cell) in self.rows.iter().flat_map(|row| row.iter().enumerate()) {
            tints.extend(
                cell.text.lines().map(|line| ((column, line), cell.tint)).filter(|(_, tint)| *tint != Tint::Plain),
            );
        }
        if !style.color || tints.is_empty() {
            return lines;
        }
        // Where the columns end: the corners and joints of the upper edge.
        let edge = lines.first().map_or("", String::as_str);
        let joints: Vec<usize> =
            edge.chars().enumerate().filter(|(_, c)| !matches!(c, '─' | '-')).map(|(at, _)| at).collect();
        let painted = |line: &String| {
            let mut shown = String::with_capacity(line.len());
            for (column, ends) in joints.windows(2).enumerate() {
                let piece = columns(line, ends[0], ends[1]);
                let words = piece.trim_matches(|c| matches!(c, ' ' | '│' | '┆' | '|'));
                match tints.get(&(column, words)) {
                    Some(tint) => shown.push_str(&piece.replacen(words, &tint.paint(style, words), 1)),
                    None => shown.push_str(&piece),
                }
            }
            shown + &columns(line, joints.last().copied().unwrap_or(0), usize::MAX)
        };
        lines.iter().map(painted).collect()
    }

    /// Without a frame: columns side by side, the last one wrapped beside the others.
    fn lines(&self, style: &Style, width: usize) -> Vec<String> {
        let Some(last) = self.header.len().checked_sub(1) else { return Vec::new() };
        let widths: Vec<usize> = (0..last).map(|column| self.widest(column)).collect();
        let before = widths.iter().sum::<usize>() + self.frame();
        let room = width.saturating_sub(before).max(1);
        let mut lines = Vec::new();
        let header: Vec<Cell> = self.header.iter().map(|title| Cell::tinted(Tint::Faint, *title)).collect();
        for row in std::iter::once(&header).chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let padding = " ".repeat(width.saturating_sub(cell.text.width()) + 2);
                line.push_str(&cell.tint.paint(style, &cell.text));
                line.push_str(&padding);
            }
            let tail = row.last().map_or_else(Vec::new, |cell| {
                wrap(&cell.text, room).into_iter().map(|text| cell.tint.paint(style, &text)).collect()
            });
            lines.push(format!("{line}{}", tail.first().map_or("", String::as_str)).trim_end().to_owned());
            lines.extend(tail.iter().skip(1).map(|text| format!("{}{text}", " ".repeat(before))));
        }
        lines
    }
}

/// The part of a line from one column of the terminal to another.
fn columns(line: &str, from: usize, to: usize) -> String {
    let mut at = 0;
    let inside = |character: &char| {
        let start = at;
        at += character.width().unwrap_or(0);
        (from..to).contains(&start)
    };
    line.chars().filter(inside).collect()
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
