//! Every pair of several sides as a grid of letters, in blocks of as many columns as fit.

use unicode_width::UnicodeWidthStr as _;

use crate::measure::peer_predict::Matrix;
use crate::predict::Side;
use crate::predict::prediction::Answer;
use crate::report::view::page::Page;
use crate::report::view::tint::Tint;

/// A column: two digits and a space; three where there are a hundred sides.
const COLUMN: usize = 3;
/// So much of a name is shown.
const NAME: usize = 32;

/// Writes the grid, and of what is to be known of the sides so much; whether something was left out.
pub(super) fn write(page: &mut Page, matrix: &Matrix, sides: &[Side], items: usize) -> bool {
    let count = matrix.sides.len();
    page.paragraph(Tint::Strong, &pairs(matrix));
    page.blank();
    let names: Vec<String> = matrix.sides.iter().map(|name| short(&page.clean(name))).collect();
    let digits = count.to_string().len();
    let column = COLUMN.max(digits + 1);
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let head = digits + 2 + widest + 1;
    let room = page.width().saturating_sub(head) / column;
    for start in (0..count).step_by(room.max(1)) {
        let columns = start..(start + room.max(1)).min(count);
        if start > 0 {
            page.blank();
        }
        let numbers: Vec<String> = columns.clone().map(|index| format!("{:>column$}", index + 1)).collect();
        page.raw(&format!("{:head$}{}", "", numbers.concat()));
        for (row, name) in names.iter().enumerate() {
            let cells: String = columns.clone().map(|index| cell(page, matrix, row, index, column)).collect();
            let pad = " ".repeat(widest - name.width());
            page.raw(&format!("{:>digits$}  {name}{pad} {cells}", row + 1));
        }
    }
    page.blank();
    page.paragraph(Tint::Faint, &legend(matrix));
    let mut remarks: Vec<(&String, Vec<String>)> = Vec::new();
    for (side, number) in sides.iter().zip(1_usize..) {
        for remark in &side.remarks {
            match remarks.iter_mut().find(|(known, _)| *known == remark) {
                Some((_, of)) => of.push(number.to_string()),
                None => remarks.push((remark, vec![number.to_string()])),
            }
        }
    }
    for (remark, of) in remarks.iter().take(items) {
        page.bullet(&format!("{}: {remark}", of.join(", ")));
    }
    remarks.len() > items
}

fn pairs(matrix: &Matrix) -> String {
    let direct = matrix.pairs.iter().filter(|pair| pair.prediction.is_direct()).count();
    format!("Of the {} pairs of {} sides {direct} connect directly.", matrix.pairs.len(), matrix.sides.len())
}

fn cell(page: &Page, matrix: &Matrix, row: usize, index: usize, column: usize) -> String {
    let found = matrix.rows.get(row).and_then(|row| row.get(index)).copied().flatten();
    let (letter, tint) = found.map_or((".", Tint::Faint), |answer| (letter(answer), super::words::tint(answer)));
    format!("{}{}", " ".repeat(column - 1), page.painted(tint, letter))
}

fn letter(answer: Answer) -> &'static str {
    match answer {
        Answer::Direct => "D",
        Answer::DirectOnLan => "L",
        Answer::DirectAfterHairpin => "H",
        Answer::Possible => "P",
        Answer::Relay => "R",
        Answer::Impossible => "X",
        Answer::Inconclusive | Answer::Unknown => "?",
    }
}

/// Of the letters that there are.
fn legend(matrix: &Matrix) -> String {
    let words = [
        (Answer::Direct, "direct"),
        (Answer::DirectOnLan, "direct in the local network"),
        (Answer::DirectAfterHairpin, "direct by hairpinning"),
        (Answer::Possible, "possibly direct"),
        (Answer::Relay, "relay"),
        (Answer::Impossible, "not at all"),
        (Answer::Inconclusive, "could not be told"),
    ];
    let met = words.iter().filter(|(answer, _)| matrix.pairs.iter().any(|pair| pair.prediction == *answer));
    met.map(|(answer, word)| format!("{} {word}", letter(*answer))).collect::<Vec<_>>().join(" · ")
}

/// The end of a name, which tells more of files than its beginning.
fn short(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME {
        return name.to_owned();
    }
    format!("...{}", name.chars().skip(length + 3 - NAME).collect::<String>())
}
