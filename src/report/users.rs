//! Masks user names for a public place: `user-A` for the first, the same everywhere.

use serde_json::Value;

use super::document::{Findings, Report};
use crate::evidence::{Outcome, Reply};
use crate::wire::escape::escape;

/// User names, and what stands for each: first the names themselves, then parts and escaped forms of them.
pub(crate) type Names = Vec<(String, String)>;

/// Every user name of the report.
pub(crate) fn names(report: &Report) -> Names {
    let mut users: Vec<&String> = Vec::new();
    let asked = report.evidence.iter().filter_map(|exchange| exchange.request.auth().map(|auth| &auth.username));
    let results = if let Findings::Turn(found) = &report.findings { &found.results[..] } else { &[] };
    for user in results.iter().filter_map(|result| result.username.as_ref()).chain(asked) {
        if !user.is_empty() && !users.contains(&user) {
            users.push(user);
        }
    }
    let mut names = Names::new();
    for (index, user) in users.into_iter().enumerate() {
        let letters = u8::try_from(index).ok().filter(|index| *index < 26).map(|index| char::from(b'A' + index));
        let mask = letters.map_or_else(|| format!("user-{}", index + 1), |letter| format!("user-{letter}"));
        let person = |part: &&str| part.len() > 2 && !part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = user.split(':').filter(person).map(str::to_owned);
        for form in [user.clone(), escape(user)].into_iter().chain(parts) {
            if !names.iter().any(|(known, _)| *known == form) {
                names.push((form, mask.clone()));
            }
        }
    }
    names
}

/// The report without them. Host names, labels and everything else that is not about users stays.
pub(crate) fn without(report: &Report) -> Report {
    let names = names(report);
    let mut report = report.clone();
    // Entries and logins serve to judge again, which a redacted report cannot be.
    let results = if let Findings::Turn(found) = &mut report.findings {
        found.options.turn = None;
        &mut found.results[..]
    } else {
        &mut []
    };
    for result in results {
        if let Some(user) = &mut result.username {
            *user = whole(user, &names);
        }
        let texts = [&mut result.diagnosis.text, &mut result.diagnosis.fix];
        let remarks = result.remarks.iter_mut().flat_map(|remark| [&mut remark.text, &mut remark.fix]);
        let steps = result.steps.iter_mut().map(|step| &mut step.detail);
        let features = result.features.iter_mut().map(|feature| &mut feature.text);
        let hiccups = result.hold.iter_mut().flat_map(|hold| &mut hold.hiccups).map(|hiccup| &mut hiccup.text);
        let all = texts.into_iter().chain(remarks).chain(steps).chain(features).chain(hiccups);
        all.for_each(|text| *text = inside(text, &names));
    }
    for exchange in &mut report.evidence {
        if let Outcome::Reply(Reply { error: Some(error), .. }) = &mut exchange.outcome {
            // The server's own words may repeat whom it refuses.
            error.reason = inside(&error.reason, &names);
        }
    }
    for auth in report.evidence.iter_mut().filter_map(|exchange| exchange.request.auth_mut()) {
        auth.username = whole(&auth.username, &names);
    }
    report
}

/// An event without them.
pub(crate) fn mask(value: &mut Value, names: &Names) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, names)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(user) if name == "username" => *user = whole(user, names),
                    Value::String(text) if ["reason", "text"].contains(&name.as_str()) => *text = inside(text, names),
                    member => mask(member, names),
                }
            }
        }
        _ => {}
    }
}

fn whole(user: &str, names: &Names) -> String {
    names.iter().find(|(name, _)| name == user).map_or_else(|| "user-?".to_owned(), |(_, mask)| mask.clone())
}

/// Masks them where they stand as words of their own, the longest first.
fn inside(text: &str, names: &Names) -> String {
    let mut sorted: Vec<_> = names.iter().collect();
    sorted.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let (mut masked, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
    while let Some(character) = rest.chars().next() {
        let apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
        let found = sorted.iter().find(|(name, _)| {
            apart(before) && rest.strip_prefix(name.as_str()).is_some_and(|after| apart(after.chars().next()))
        });
        let length = found.map_or(character.len_utf8(), |(name, _)| name.len());
        match found {
            Some((_, mask)) => masked.push_str(mask),
            None => masked.push(character),
        }
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_masked_and_parts_of_words_are_not() {
        let names = vec![("1700:alice".to_owned(), "user-A".to_owned()), ("alice".to_owned(), "user-A".to_owned())];
        assert_eq!(inside("1700:alice, alice's malice", &names), "user-A, user-A's malice");
    }
}
