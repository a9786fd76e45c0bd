//! The page of `classify`: what the NAT does.

use super::page::Page;
use super::picture::Picture;
use super::{sentence, tables};
use crate::probe::finding::Connectivity;
use crate::report::document::Report;
use crate::report::{family_name, peers};

pub(super) fn write(page: &mut Page, report: &Report) {
    for (family, found) in report.families.iter() {
        let (tint, sentence) = sentence::verdict(family, found);
        page.paragraph(tint, &sentence);
    }
    let several = report.families.iter().count() > 1;
    for (family, found) in report.families.iter().filter(|(_, found)| found.connectivity != Connectivity::Unavailable) {
        let picture = Picture::of(report, family, found);
        let rows = tables::behaviors(found);
        if several && (picture.is_some() || rows.len() > 1) {
            page.heading(family_name(family));
        }
        if let Some(picture) = picture {
            let drawings = picture.drawings(page.ascii(), |text| page.clean(text));
            page.drawing(&drawings);
        }
        // Connectivity alone is what the sentence said.
        if rows.len() > 1 {
            page.table(&tables::BEHAVIORS, &rows);
        }
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
        page.bullet(&format!("{names}{}", outlook.sentences().join(" ")));
        rest = &rest[same..];
    }
}
