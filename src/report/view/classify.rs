//! The page of `classify`: what the NAT does and what that means for peers; what it rests on with `-v`.

use super::page::Page;
use super::picture::Picture;
use super::table::{Cell, Table};
use super::tint::Tint;
use super::{behaviors, sentence, words};
use crate::report::document::Report;
use crate::report::family_name;
use crate::report::peers::{PeerKind, PeerOutcome, PeerReasonCode, PeerRow, games_word, over_tcp};
use crate::wire::Family;

pub(crate) fn write(page: &mut Page, report: &Report, rows: &[PeerRow]) {
    for (family, found) in report.families().iter() {
        let (tint, sentence) = sentence::verdict(family, found);
        page.paragraph(tint, &sentence);
    }
    // What was asked for beside (--tcp, --hairpin) takes the rows of the picture, and of the hedged word of games.
    let mark = page.mark();
    let steps = [(Drawing::Boxes, true), (Drawing::Lines, true), (Drawing::Lines, false), (Drawing::Nothing, false)];
    for (drawing, games) in steps {
        page.go_back(&mark);
        meaning(page, report, rows, drawing, games);
        if page.verbosity() > 0 || page.rows_left() >= ADVICE {
            break;
        }
    }
    if page.verbosity() > 0 {
        for (family, found) in report.families().iter() {
            behaviors::write(page, family, found);
        }
    }
}

/// How much of the picture there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawing {
    Boxes,
    Lines,
    Nothing,
}

/// Rows of the gravest advice, with its title, its command and the footer.
const ADVICE: usize = 6;

/// The picture, how peers connect, and what was asked for beside.
fn meaning(page: &mut Page, report: &Report, rows: &[PeerRow], drawing: Drawing, games: bool) {
    pictures(page, report, drawing);
    peers(page, rows);
    let several = report.families().iter().filter(|(_, found)| over_tcp(found).is_some()).count() > 1;
    for (family, found) in report.families().iter() {
        if let Some(text) = over_tcp(found) {
            let family = if several { format!("{} ", family_name(family)) } else { String::new() };
            page.paragraph(Tint::Plain, &format!("Over {family}TCP: {text}"));
        }
    }
    for (family, found) in report.families().iter() {
        if let Some(hairpin) = &found.hairpinning {
            let verdict = hairpin.supported.map_or("could not be told", |_| behaviors::hairpinning(hairpin));
            let why = hairpin.summary.strip_prefix("could not tell: ").unwrap_or(&hairpin.summary);
            // What that may come from stands in the table of -v.
            let why = why.split_once([':', ',']).map_or(why, |(what, _)| what);
            page.paragraph(Tint::Plain, &format!("{} hairpinning {verdict}: {why}.", family_name(family)));
        }
    }
    if let Some(word) = report.families().iter().find_map(|(_, found)| games_word(found)).filter(|_| games) {
        page.paragraph(Tint::Plain, &format!("NAT type in games: {word}, most likely (each tests in its own way)."));
    }
}

/// One picture in boxes, where there is room for them; else each in a line.
fn pictures(page: &mut Page, report: &Report, drawing: Drawing) {
    let drawn: Vec<(Family, Picture)> = report
        .families()
        .iter()
        .filter_map(|(family, found)| Some((family, Picture::of(report, family, found)?)))
        .collect();
    if let [(_, picture)] = &drawn[..]
        && drawing == Drawing::Boxes
    {
        let drawings = picture.drawings(page.ascii(), |text| page.clean(text));
        page.drawing(&drawings);
    } else if !drawn.is_empty() && drawing != Drawing::Nothing {
        page.blank();
        for (family, picture) in &drawn {
            let line = picture.line(page.ascii());
            page.lines(Tint::Plain, "", "      ", &format!("{}: {line}", family_name(*family)));
        }
    }
}

/// How peers connect, a row for each kind, a column for each family.
fn peers(page: &mut Page, rows: &[PeerRow]) {
    // What could not be measured at all, the verdict has said.
    let measured = |row: &&PeerRow| row.reason.code != PeerReasonCode::NotMeasured;
    let families: Vec<Vec<&PeerRow>> = [Family::Ipv4, Family::Ipv6]
        .map(|family| rows.iter().filter(|row| row.family == family).filter(measured).collect::<Vec<_>>())
        .into_iter()
        .filter(|rows| !rows.is_empty())
        .collect();
    let Some(first) = families.first() else { return };
    let alike = families.iter().all(|rows| rows.iter().all(|row| row.reason == rows[0].reason));
    let kinds = if alike { 1 } else { first.len() };
    let rows: Vec<Vec<Cell>> = (0..kinds)
        .map(|index| {
            let met: Vec<&PeerRow> = families.iter().filter_map(|rows| rows.get(index).copied()).collect();
            let name = if alike { "anything" } else { kind(first[index].kind) };
            let outcomes = met.iter().map(|row| outcome(row.outcome));
            std::iter::once(name.into()).chain(outcomes).chain([because(&met)]).collect()
        })
        .collect();
    let columns = families.iter().map(|rows| if families.len() > 1 { family_name(rows[0].family) } else { "connects" });
    let header: Vec<&str> = std::iter::once("a peer behind").chain(columns).chain(["because"]).collect();
    page.table(Table::new(&header, rows).bare().spare(&["because"]));
}

fn kind(kind: PeerKind) -> &'static str {
    match kind {
        PeerKind::Open => "no NAT, no firewall",
        PeerKind::FullCone => "full cone NAT",
        PeerKind::RestrictedCone => "restricted cone",
        PeerKind::PortRestrictedCone => "port-restricted cone",
        PeerKind::Symmetric => "symmetric NAT",
    }
}

fn outcome(outcome: PeerOutcome) -> Cell {
    let (tint, word) = words::peer(outcome);
    Cell::tinted(tint, word)
}

/// Why they do not connect directly; that they do needs no reason.
fn because(met: &[&PeerRow]) -> Cell {
    let hindered: Vec<&&PeerRow> = met.iter().filter(|row| row.outcome != PeerOutcome::Direct).collect();
    let Some(first) = hindered.first() else { return Cell::from("") };
    if hindered.iter().all(|row| row.reason == first.reason) {
        return first.reason.text.clone().into();
    }
    let texts: Vec<String> =
        hindered.iter().map(|row| format!("{}: {}", family_name(row.family), row.reason.text)).collect();
    texts.join("; ").into()
}
