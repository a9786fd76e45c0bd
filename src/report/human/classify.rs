//! The page of `classify`: what the NAT does.

use super::page::Page;
use super::picture::Picture;
use super::{sentence, tables};
use crate::report::document::Report;
use crate::report::{family_name, peers};

pub(super) fn write(page: &mut Page, report: &Report) {
    for (family, found) in report.families.iter() {
        let (tint, sentence) = sentence::verdict(family, found);
        page.paragraph(tint, &sentence);
    }
    let shown: Vec<_> = report
        .families
        .iter()
        .map(|(family, found)| (family, Picture::of(report, family, found), tables::behaviors(found)))
        // Connectivity alone is what the sentence said.
        .filter(|(_, picture, rows)| picture.is_some() || rows.len() > 1)
        .collect();
    for (family, picture, rows) in &shown {
        if shown.len() > 1 {
            page.heading(family_name(*family));
        }
        if let Some(picture) = picture {
            let drawings = picture.drawings(page.ascii(), |text| page.clean(text));
            page.drawing(&drawings);
        }
        if rows.len() > 1 {
            page.table(&tables::BEHAVIORS, rows);
        }
    }
    meaning(page, report);
}

/// Which peers connect directly.
fn meaning(page: &mut Page, report: &Report) {
    let outlooks: Vec<_> =
        report.families.iter().filter_map(|(family, found)| Some((family, peers::outlook(found)?))).collect();
    let mut rest = &outlooks[..];
    if !rest.is_empty() {
        page.heading("What it means");
    }
    while let Some(((_, outlook), _)) = rest.split_first() {
        let same = rest.iter().take_while(|(_, other)| other == outlook).count();
        let names: Vec<&str> = rest[..same].iter().map(|(family, _)| family_name(*family)).collect();
        let names = if outlooks.len() > 1 { format!("{}: ", names.join(" and ")) } else { String::new() };
        for sentence in outlook.sentences() {
            page.bullet(&format!("{names}{sentence}"));
        }
        rest = &rest[same..];
    }
}
