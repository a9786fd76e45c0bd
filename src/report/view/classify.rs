//! The page of `classify`: what the NAT does.

use super::page::Page;
use super::picture::Picture;
use super::{sentence, tables};
use crate::measure::nat::finding::FamilyFindings;
use crate::report::document::Report;
use crate::report::{family_name, peers, possible};

pub(crate) fn write(page: &mut Page, report: &Report) {
    for (family, found) in report.families().iter() {
        let (tint, sentence) = sentence::verdict(family, found);
        page.paragraph(tint, &sentence);
    }
    let shown: Vec<_> = report
        .families()
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

/// Which peers connect directly, over UDP and, where that was tested, over TCP.
fn meaning(page: &mut Page, report: &Report) {
    let meanings: Vec<_> = report.families().iter().map(|(family, found)| (family, means(found))).collect();
    let meanings: Vec<_> = meanings.into_iter().filter(|(_, means)| !means.is_empty()).collect();
    let mut rest = &meanings[..];
    if !rest.is_empty() {
        page.heading("What it means");
    }
    while let Some(((_, means), _)) = rest.split_first() {
        let same = rest.iter().take_while(|(_, other)| other == means).count();
        let names: Vec<&str> = rest[..same].iter().map(|(family, _)| family_name(*family)).collect();
        for (over, sentence) in means {
            let names = (meanings.len() > 1).then(|| names.join(" and "));
            let words: Vec<String> = names.into_iter().chain(over.map(|over| format!("over {over}"))).collect();
            page.bullet(&if words.is_empty() {
                sentence.clone()
            } else {
                labeled(&words.join(", "), sentence, over.is_some())
            });
        }
        rest = &rest[same..];
    }
}

/// The sentence after what it is about; where that is a transport, it is one part of the answer only and goes on in small letters.
fn labeled(label: &str, sentence: &str, goes_on: bool) -> String {
    let with_first = |text: &str, change: fn(char) -> char| {
        let mut characters = text.chars();
        characters.next().map(change).into_iter().chain(characters).collect::<String>()
    };
    let sentence = if goes_on { with_first(sentence, |c| c.to_ascii_lowercase()) } else { sentence.to_owned() };
    format!("{}: {sentence}", with_first(label, |c| c.to_ascii_uppercase()))
}

/// Sentences about peers; with what they are about where both transports were tested.
fn means(found: &FamilyFindings) -> Vec<(Option<&'static str>, String)> {
    if possible::in_private(found).is_some() {
        let text = "No server on the internet saw this host: what peers there meet was not measured.";
        return peers::outlook(found).map(|_| (None, text.to_owned())).into_iter().collect();
    }
    let over_tcp = peers::over_tcp(found);
    let over_udp = peers::outlook(found).map(|outlook| outlook.sentences()).unwrap_or_default();
    let udp = over_tcp.is_some().then_some("UDP");
    over_udp.into_iter().map(|sentence| (udp, sentence)).chain(over_tcp.map(|tcp| (Some("TCP"), tcp))).collect()
}
