//! The page of `classify`: what the NAT does.

use super::page::Page;
use super::picture::Picture;
use super::{sentence, tables};
use crate::probe::finding::Connectivity;
use crate::report::document::Report;
use crate::report::{family_name, peers};

use super::style::Tint;

pub(super) fn write(page: &mut Page, report: &Report) {
    for (family, found) in report.families.iter() {
        let (tint, sentence) = sentence::verdict(family, found);
        page.paragraph(tint, &sentence);
    }
    let several = report.families.iter().count() > 1;
    for (family, found) in report.families.iter().filter(|(_, found)| found.connectivity != Connectivity::Unavailable) {
        if several {
            page.heading(family_name(family));
        }
        if let Some(picture) = Picture::of(report, family, found) {
            let drawings = picture.drawings(page.ascii(), |text| page.clean(text));
            page.drawing(&drawings);
        }
        page.table(&tables::BEHAVIORS, &tables::behaviors(found));
    }
    meaning(page, report);
}

/// Which peers connect directly.
fn meaning(page: &mut Page, report: &Report) {
    let several = report.families.iter().count() > 1;
    let outlooks: Vec<_> = report.families.iter().filter_map(|(family, found)| Some((family, peers::outlook(found)?))).collect();
    if outlooks.is_empty() {
        return;
    }
    page.heading("What it means");
    let mut rest = &outlooks[..];
    while let Some(((_, outlook), _)) = rest.split_first() {
        let same = rest.iter().take_while(|(_, other)| other == outlook).count();
        let names: Vec<&str> = rest[..same].iter().map(|(family, _)| family_name(*family)).collect();
        let names = if several { format!("{}: ", names.join(" and ")) } else { String::new() };
        page.bullet(Tint::Plain, &format!("{names}{}", outlook.sentences().join(" ")));
        rest = &rest[same..];
    }
}
