//! `--explain CODE`: what a code of the JSON means.

use std::ffi::OsString;

use super::error::CliError;
use super::program;
use crate::measure::catalog;

/// What the code means; where several lists have it, what it means in each.
///
/// # Errors
/// When there is no such code.
pub(super) fn explain(code: &str) -> Result<String, CliError> {
    let all = all();
    let code = code.trim();
    let found: Vec<String> = all
        .iter()
        .filter(|(_, known, _)| known == code)
        .map(|(list, _, text)| format!("{code} ({list}): {text}"))
        .collect();
    if found.is_empty() {
        let names = all.iter().map(|(_, known, _)| known.as_str());
        let error = CliError::usage(format!("there is no code {code}"));
        let near = nearest(code, names).unwrap_or("the codes in the JSON, see `nat-probe schema`");
        return Err(error.advise(near));
    }
    Ok(found.join("\n"))
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

/// The name that is most like what was written, if one is.
#[must_use]
pub(super) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &&str| strsim::jaro_winkler(written, name);
    names.into_iter().filter(|name| likeness(name) > 0.85).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// Every code of every command, with its list and its meaning.
pub(super) fn all() -> Vec<(String, String, &'static str)> {
    let specs = catalog::COMMANDS.iter().copied().chain(program::OTHERS);
    let lists = specs.flat_map(|spec| spec.codes);
    let mut all: Vec<_> = lists
        .flat_map(|(title, codes)| codes().into_iter().map(|(code, text)| (title.to_lowercase(), code, text)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_explained_and_a_slip_corrected() {
        for (_, code, text) in all() {
            assert!(explain(&code).unwrap().contains(text), "{code}");
        }
        assert!(explain("too-losy").unwrap_err().to_string().contains("try: too-lossy"));
        assert!(explain("\u{1b}x").unwrap_err().to_string().contains("schema"));
    }

    #[test]
    fn what_is_like_nothing_has_no_nearest() {
        assert_eq!(nearest("symetric", ["symmetric", "full-cone"]), Some("symmetric"));
        assert_eq!(nearest("zzz", ["symmetric", "full-cone"]), None);
    }
}
