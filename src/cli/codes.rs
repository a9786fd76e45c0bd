//! `--explain CODE`: what a word of the page or of the JSON means.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::error::CliError;
use super::program;
use crate::measure::catalog;
use crate::measure::spec::Spec;
use crate::report::schema::{self, Meaning};
use crate::wire::nearest;

/// No code is nearly as long.
const LONGEST: usize = 100;

/// The lists of what each run says itself how to mend.
const WITH_FIX: [&str; 4] = ["causes", "diagnoses", "mappings", "rules"];

/// What the code means; where several lists have it, what it means in each.
///
/// # Errors
/// When there is no such code.
pub(super) fn explain(code: &str) -> Result<String, CliError> {
    let all = all();
    let code = code.trim();
    let mut found: Vec<_> = all.iter().filter(|(_, known, _)| known.eq_ignore_ascii_case(code)).collect();
    // What the word means at all, and then what it means where.
    found.sort_by_key(|(list, ..)| list != "terms");
    if found.is_empty() {
        let names = all.iter().map(|(_, known, _)| known.as_str());
        let shown = if code.len() > LONGEST { "of that length" } else { code };
        let error = CliError::usage(format!("there is no code {shown}"));
        let near = nearest(code, names).unwrap_or("the codes in the JSON, see `nat-probe schema`");
        return Err(error.advise(near));
    }
    let to_do = found.iter().any(|(list, ..)| WITH_FIX.contains(&list.as_str()));
    let more = if to_do { "\nWhat to do about it stands beside the code, on the page and in the JSON." } else { "" };
    let lines: Vec<String> = found.iter().map(|(list, known, text)| format!("{known} ({list}): {text}")).collect();
    Ok(lines.join("\n") + more)
}

/// The code behind `--explain`, wherever on the line it stands: it is no option of a command, and yet clear.
#[must_use]
pub(super) fn asked(arguments: &[OsString]) -> Option<String> {
    let words = || arguments.iter().map(|argument| argument.to_string_lossy());
    let apart =
        words().zip(words().skip(1)).find(|(option, _)| option == "--explain").map(|(_, code)| code.into_owned());
    apart.or_else(|| words().find_map(|word| word.strip_prefix("--explain=").map(str::to_owned)))
}

/// Whether there is such a code.
#[must_use]
pub(super) fn is_code(word: &str) -> bool {
    all().iter().any(|(_, code, _)| code == word)
}

/// Every word that is explained: the codes of every command, the keys of `--require`, and whatever else the JSON may say; each with its
/// list and its meaning.
pub(super) fn all() -> Vec<(String, String, String)> {
    let specs: Vec<&Spec> = [&program::PROGRAM]
        .into_iter()
        .chain(catalog::COMMANDS.iter().copied())
        .chain(program::OTHERS.iter().copied())
        .collect();
    let lists = specs.iter().flat_map(|spec| spec.codes);
    let codes = lists.flat_map(|(title, codes)| {
        codes().into_iter().map(|(code, text)| (title.to_lowercase(), code, text.to_owned()))
    });
    let keys = specs.iter().flat_map(|spec| spec.keys);
    let keys = keys.map(|key| ("requirements".to_owned(), key.name.to_owned(), key.meaning.to_owned()));
    let mut all: Vec<_> = codes.chain(keys).collect();
    all.sort_unstable();
    all.dedup();
    let known: BTreeSet<(String, String)> = all.iter().map(|(_, code, text)| (code.clone(), text.clone())).collect();
    let words = schema::meanings().into_iter().filter(|one| !known.contains(&(one.word.clone(), one.text.clone())));
    // Most are a few words, which what the list is about makes a sentence.
    let sentence = |one: &Meaning| match one.about.trim_end_matches('.') {
        "" => one.text.clone(),
        about => format!("{about}: {}", one.text),
    };
    all.extend(words.map(|one| (in_words(&one.list), one.word.clone(), sentence(&one))));
    all
}

/// The name of a definition as people read it: of `MappingBehavior`, "mapping behavior"; of two by one name the second has a number.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for character in name.trim_end_matches(|c: char| c.is_ascii_digit()).chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_explained_and_a_slip_corrected() {
        for (_, code, text) in all() {
            assert!(!text.is_empty() && explain(&code).unwrap().contains(&text), "{code}");
        }
        assert!(explain("too-losy").unwrap_err().to_string().contains("try: too-lossy"));
        assert!(explain("\u{1b}x").unwrap_err().to_string().contains("schema"));
    }

    /// Whoever reads a verdict need not know the RFC that its word is from.
    #[test]
    fn every_word_of_the_json_is_explained() {
        let mut words = BTreeSet::new();
        schema::words(&schema::schema(), &mut words);
        let commands =
            catalog::COMMANDS.iter().map(|spec| spec.id()).chain(["explain".to_owned(), "turn-lint".to_owned()]);
        let commands: BTreeSet<String> = commands.collect();
        let silent: Vec<_> = words.iter().filter(|word| !is_code(word) && !commands.contains(*word)).collect();
        assert!(silent.is_empty(), "{silent:?}");
        let told = explain("address-and-port-dependent").unwrap();
        assert!(
            told.contains("(mapping behavior): ")
                && told.contains("Another one for each destination address and port."),
            "{told}"
        );
        let told = explain("Mapping").unwrap();
        assert!(told.starts_with("mapping (terms): ") && told.contains("mapping (requirements): "), "{told}");
        assert!(
            explain("no-answer")
                .unwrap()
                .ends_with("What to do about it stands beside the code, on the page and in the JSON.")
        );
    }
}
