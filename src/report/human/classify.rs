//! The page of `classify`: what the NAT does.

use super::page::Page;
use super::picture::Picture;
use super::{sentence, tables};
use crate::report::document::Report;
use crate::report::{family_name, peers, possible};

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
    let (near, far): (Vec<_>, Vec<_>) =
        report.families.iter().partition(|(_, found)| possible::in_private(found).is_some());
    let outlooks: Vec<_> = far.iter().filter_map(|(family, found)| Some((*family, peers::outlook(found)?))).collect();
    let near: Vec<_> = near.iter().filter(|(_, found)| peers::outlook(found).is_some()).collect();
    let mut rest = &outlooks[..];
    if !rest.is_empty() || !near.is_empty() {
        page.heading("What it means");
    }
    for (family, _) in near {
        page.bullet(&format!(
            "{}: no server on the internet saw this host: what peers there meet was not measured.",
            family_name(*family)
        ));
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
