//! Completions: a small script for each shell, which asks this very program what may stand next. Only the program knows the words
//! behind each key of `--require`, and the interfaces that this host has now.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use clap::Command;
use clap::builder::StyledStr;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter as _, complete};
use clap_complete::env::{CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};

use super::codes;
use super::error::CliError;
use crate::explain::CauseCode;
use crate::measure::spec::{Key, Takes};
use crate::predict::read::description;
use crate::sim;
use crate::wire::Transport;

/// What a script sets to the name of its shell when it asks.
const VARIABLE: &str = "NAT_PROBE_COMPLETE";

const PROGRAM: &str = "nat-probe";

const SHELLS: Shells<'static> = Shells(&[&Bash, &Elvish, &Fish, &Powershell, &Zsh]);

/// The script of that shell.
///
/// # Errors
/// When there is none.
pub(super) fn script(shell: clap_complete::Shell) -> io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let completer = SHELLS.completer(&shell.to_string()).ok_or_else(|| io::Error::other("an unknown shell"))?;
    completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(script)
}

/// Answers a script, if it is one that asks, from that definition of the arguments.
///
/// # Errors
/// When it asks in a way that no script of ours does.
pub(super) fn answer(arguments: &[OsString], definition: fn() -> Command) -> Result<bool, CliError> {
    let asked = CompleteEnv::with_factory(definition).var(VARIABLE).shells(SHELLS);
    asked.try_complete(arguments.to_vec(), std::env::current_dir().ok().as_deref()).map_err(|_| {
        CliError::usage(format!("cannot complete: the environment variable {VARIABLE} names no shell that asks so"))
            .advise("without it: the scripts of nat-probe completions set it themselves")
    })
}

/// What may stand behind `--require`: the keys, and behind the only one that is left its words.
pub(super) fn requirements(keys: &[Key], typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let start = typed.find(['=', '!', '<']).unwrap_or(typed.len());
    let (name, behind) = typed.split_at(start);
    let (family, name) = match name.split_once('.') {
        Some((family @ ("ipv4" | "ipv6"), name)) => (format!("{family}."), name),
        _ => (String::new(), name),
    };
    let fits = |key: &&Key| key.per_family || family.is_empty();
    if !behind.is_empty() {
        let key = keys.iter().filter(fits).find(|key| key.name == name);
        return key.map(|key| values(key, typed)).unwrap_or_default();
    }
    let fitting: Vec<&Key> = keys.iter().filter(fits).filter(|key| key.name.starts_with(name)).collect();
    if let [key] = fitting[..] {
        return values(key, &format!("{family}{}", begun(key)));
    }
    let named = |key: &&Key| candidate(format!("{family}{}", begun(key)), key.meaning);
    fitting.iter().map(named).collect()
}

/// A key with its operator.
fn begun(key: &Key) -> String {
    format!("{}{}", key.name, if key.takes == Takes::Bound { '<' } else { '=' })
}

/// The requirements that begin as typed: one more of the key's words behind the last comma.
fn values(key: &Key, typed: &str) -> Vec<CompletionCandidate> {
    let Takes::Words(words) = key.takes else { return vec![candidate(typed.to_owned(), key.meaning)] };
    let begun = typed.rfind(['=', ',']).map_or(typed.len(), |at| at + 1);
    let (before, word) = typed.split_at(begun);
    let fitting = words.iter().filter(|one| one.starts_with(word));
    fitting.map(|word| CompletionCandidate::new(format!("{before}{word}"))).collect()
}

fn candidate(value: String, meaning: impl Into<StyledStr>) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(meaning.into()))
}

/// The simulated networks that were made for a command, and scenario files.
pub(super) fn scenarios(made_for_it: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
    let presets = sim::presets().iter().map(|preset| (preset.name, preset.description));
    let fitting = presets.filter(|(name, _)| name.starts_with(made_for_it)).chain([("list", "Describe them all.")]);
    let begun = fitting.filter(|(name, _)| typed.to_str().is_some_and(|typed| name.starts_with(typed)));
    let named = begun.map(|(name, description)| candidate(name.to_owned(), description));
    named.chain(PathCompleter::file().complete(typed)).collect()
}

/// The other side's network, as [`scenarios`].
pub(super) fn other_scenarios(typed: &OsStr) -> Vec<CompletionCandidate> {
    scenarios("", typed)
}

/// Descriptions of a side, word by word, and files that tell of one.
pub(super) fn sides(typed: &OsStr) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    let begun = if description::PREFIX.starts_with(&*text) { description::PREFIX } else { &text };
    let (before, word) = begun.split_at(begun.rfind([':', ';', ',']).map_or(0, |at| at + 1));
    let words =
        description::WORDS.iter().filter(|one| before.starts_with(description::PREFIX) && one.starts_with(word));
    let described = words.map(|word| CompletionCandidate::new(format!("{before}{word}")));
    described.chain(PathCompleter::file().complete(typed)).collect()
}

/// The codes that can be explained.
pub(super) fn codes() -> Vec<CompletionCandidate> {
    let all: BTreeMap<String, String> = codes::all().into_iter().map(|(_, code, text)| (code, text)).collect();
    all.into_iter().map(|(code, text)| candidate(code, text)).collect()
}

/// What may be required of an explanation: the keys, and behind one of them its codes.
pub(super) fn causes(typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let Some(at) = typed.rfind(['=', ',']) else {
        let keys = ["no=", "certain="].into_iter().filter(|key| key.starts_with(&*typed));
        return keys.map(CompletionCandidate::new).collect();
    };
    let (before, word) = typed.split_at(at + 1);
    let any = ("any".to_owned(), "Any fault.");
    let codes = CauseCode::listed().into_iter().chain([any]).filter(|(code, _)| code.starts_with(word));
    codes.map(|(code, text)| candidate(format!("{before}{code}"), text)).collect()
}

/// What may carry a message.
pub(super) fn transports(all: &[Transport]) -> Vec<CompletionCandidate> {
    all.iter().map(|transport| CompletionCandidate::new(transport.name())).collect()
}

/// The interfaces that this host has now.
pub(super) fn interfaces() -> Vec<CompletionCandidate> {
    crate::net::interface_names().into_iter().map(CompletionCandidate::new).collect()
}

/// Bash breaks words at `=` and `:` as well, and replaces only what follows the last of them.
struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    fn write_registration(
        &self,
        variable: &str,
        _name: &str,
        program: &str,
        completer: &str,
        script: &mut dyn io::Write,
    ) -> io::Result<()> {
        let function = format!("_{}", program.replace('-', "_"));
        write!(
            script,
            "{function}() {{
    local IFS=$'\\n'
    COMPREPLY=($({variable}=bash {completer} -- \"${{COMP_WORDS[@]:0:COMP_CWORD+1}}\"))
    if [[ ${{#COMPREPLY[@]}} -eq 1 && $COMPREPLY == *[=\\</] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}}
complete -F {function} {program}
"
        )
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        answer: &mut dyn io::Write,
    ) -> io::Result<()> {
        let words = joined(words);
        let words: Vec<(String, bool)> = words.iter().map(|word| unquoted(&word.to_string_lossy())).collect();
        let (last, open) = words.last().cloned().unwrap_or_default();
        let words: Vec<OsString> = words.into_iter().map(|(word, _)| word.into()).collect();
        let kept = last.rfind(BREAKS).map_or(0, |at| at + 1);
        let index = words.len().saturating_sub(1);
        for candidate in complete(command, words, index, folder)? {
            let value = candidate.get_value().to_string_lossy();
            let value = value.get(kept..).unwrap_or_default();
            writeln!(answer, "{}", if open { value.to_owned() } else { escaped(value) })?;
        }
        Ok(())
    }
}

/// What bash takes for the end of a word.
const BREAKS: [char; 2] = ['=', ':'];

/// What stands in a file's name or a requirement and means something to bash, which puts in what is offered as it is.
const MEANT_FOR_BASH: &str = " \t\"'\\$&;|<>()[]{}*?!#`~";

fn escaped(value: &str) -> String {
    let escape = |c: char| MEANT_FOR_BASH.contains(c).then_some('\\').into_iter().chain([c]);
    value.chars().flat_map(escape).collect()
}

/// A word as bash tells it, with its quotes: what it means, and whether one of them is open, in which nothing has to be quoted again.
fn unquoted(typed: &str) -> (String, bool) {
    let mut word = String::new();
    let (mut rest, mut within) = (typed.chars(), None);
    while let Some(c) = rest.next() {
        match c {
            '\\' if within != Some('\'') => word.extend(rest.next()),
            '"' | '\'' if within.is_none() => within = Some(c),
            _ if within == Some(c) => within = None,
            _ => word.push(c),
        }
    }
    (word, within.is_some())
}

/// The words as they were typed: what stood on both sides of a break is one.
fn joined(parts: Vec<OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut open = false;
    for part in parts {
        let text = part.to_string_lossy();
        let breaks = !text.is_empty() && text.chars().all(|c| BREAKS.contains(&c));
        match words.last_mut() {
            Some(last) if breaks || open => last.push(&part),
            _ => words.push(part),
        }
        open = breaks;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::nat::spec::CLASSIFY;
    use crate::measure::turn::spec::TURN;

    fn offered(keys: &[Key], typed: &str) -> Vec<String> {
        let candidates = requirements(keys, OsStr::new(typed));
        candidates.iter().map(|one| one.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn keys_come_first_and_then_their_words() {
        let all = offered(CLASSIFY.keys, "");
        assert!(all.contains(&"mapping=".to_owned()) && all.len() == CLASSIFY.keys.len(), "{all:?}");
        assert_eq!(offered(CLASSIFY.keys, "fam"), ["family=ipv4", "family=ipv6"]);
        assert_eq!(offered(CLASSIFY.keys, "mapping=n"), ["mapping=none"]);
        assert_eq!(offered(CLASSIFY.keys, "ipv6.mapping!=none,endp"), ["ipv6.mapping!=none,endpoint-independent"]);
        assert_eq!(offered(CLASSIFY.keys, "ipv4.fam"), [""; 0], "it is no key of one family");
        assert_eq!(offered(CLASSIFY.keys, "public"), ["public-address="]);
        assert_eq!(offered(TURN.keys, "turn-r"), ["turn-rtt-ms<"]);
        assert_eq!(offered(CLASSIFY.keys, "nonsense=x"), [""; 0]);
    }

    /// Whatever is offered is understood.
    #[test]
    fn what_is_offered_can_be_required() {
        for keys in [CLASSIFY.keys, TURN.keys] {
            for key in keys {
                let Takes::Words(words) = key.takes else { continue };
                let offered = offered(keys, &format!("{}=", key.name));
                assert_eq!(offered.len(), words.len(), "{}", key.name);
                for one in offered {
                    assert!(one.parse::<crate::report::require::Requirement>().is_ok(), "{one}");
                }
            }
        }
    }

    #[test]
    fn what_bash_gives_meaning_to_is_quoted() {
        assert_eq!(escaped("turn-rtt-ms<"), "turn-rtt-ms\\<");
        assert_eq!(escaped("a dir/it's"), "a\\ dir/it\\'s");
        for typed in ["a\\ dir/it\\'s", "'a dir/it'\\'s", "a\" dir\"/it\\'s"] {
            assert_eq!(unquoted(typed), ("a dir/it's".to_owned(), false));
        }
        assert_eq!(unquoted("\"a dir/it's"), ("a dir/it's".to_owned(), true));
        assert_eq!(unquoted("turn-rtt-ms\\"), ("turn-rtt-ms".to_owned(), false));
    }

    #[test]
    fn what_bash_breaks_is_one_word_again() {
        let joined = |words: &[&str]| joined(words.iter().map(OsString::from).collect());
        assert_eq!(joined(&["nat-probe", "classify", "--require", "mapping", "=", "n"])[3], "mapping=n");
        assert_eq!(joined(&["nat-probe", "--require", "mapping", "="])[2], "mapping=");
        assert_eq!(
            joined(&["-s", "[2001", ":", "db8", "::", "1]", ":", "3478", "--"]),
            ["-s", "[2001:db8::1]:3478", "--"]
        );
        assert_eq!(joined(&["nat-probe", "turn", ""]), ["nat-probe", "turn", ""]);
    }
}
