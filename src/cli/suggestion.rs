//! What somebody may have meant whose word is none that stands here: another command, an option of another command, a code.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::codes::is_code;
use super::definition::{commands, definition};
use crate::wire::nearest;

/// What may have been meant, where the parser does not know it.
pub(super) fn tip(error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::InvalidSubcommand => of_command(error),
        ErrorKind::UnknownArgument => of_option(error),
        _ => None,
    }
}

fn of_command(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    if is_code(word) {
        return Some(format!("it is a code: nat-probe --explain {word}"));
    }
    let program = definition();
    let names: Vec<String> = commands(&program).into_iter().map(|(name, _)| name).collect();
    // A command of a group is known by its own word too.
    let words: Vec<(&str, &String)> =
        names.iter().flat_map(|name| name.split(' ').map(move |word| (word, name))).collect();
    let near = nearest(word, words.iter().map(|(word, _)| *word))?;
    let suggested = error.get(ContextKind::SuggestedSubcommand);
    if near != word && matches!(suggested, Some(ContextValue::Strings(all)) if !all.is_empty()) {
        return None;
    }
    let ends = |name: &str| name.rsplit(' ').next() == Some(near);
    let name = words.iter().find(|(word, name)| *word == near && ends(name)).map_or(near, |(_, name)| name);
    Some(format!("a similar command exists: nat-probe {name}"))
}

fn of_option(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(written)) = error.get(ContextKind::InvalidArg) else { return None };
    let Some(option) = written.strip_prefix("--") else { return of_word(error, written) };
    let is_it = |one: &&clap::Arg| one.get_long() == Some(option) && !one.is_hide_set();
    let mut program = definition();
    program.build();
    if let Some(own) = program.get_arguments().find(is_it) {
        let value = own.get_value_names().filter(|_| own.get_action().takes_values()).unwrap_or_default();
        let line: Vec<&str> = value.iter().map(clap::builder::Str::as_str).collect();
        return Some(format!(
            "it stands without a command: nat-probe {}",
            [vec![written.as_str()], line].concat().join(" ")
        ));
    }
    let has = |command: &clap::Command| command.get_arguments().any(|one| is_it(&one));
    let owners: Vec<String> =
        commands(&program).into_iter().filter(|(_, command)| has(command)).map(|(name, _)| name).collect();
    match &owners[..] {
        // What most commands have says nothing of what was meant here.
        [] | [_, _, _, _, ..] => None,
        [only] => Some(format!("--{option} is an option of {only}")),
        [before @ .., last] => Some(format!("--{option} is an option of {} and {last}", before.join(", "))),
    }
}

/// A word where a command takes none: of the servers of other commands it is one.
fn of_word(error: &clap::Error, word: &str) -> Option<String> {
    let gathers = error.get(ContextKind::Usage).is_some_and(|usage| usage.to_string().contains("ice gather"));
    let tip = "a STUN server stands behind --server, a TURN server behind --turn";
    (gathers && !word.starts_with('-')).then(|| tip.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> String {
        let all = ["nat-probe"].iter().chain(arguments);
        let error = definition().try_get_matches_from(all).expect_err("it is wrong");
        tip(&error).unwrap_or_default()
    }

    #[test]
    fn a_slip_and_a_word_without_its_group_are_known() {
        for (arguments, command) in [
            (vec!["help", "clasify"], "nat-probe classify"),
            (vec!["help", "peer", "predct"], "nat-probe peer predict"),
            (vec!["predict"], "nat-probe peer predict"),
            (vec!["gather"], "nat-probe ice gather"),
            (vec!["lint"], "nat-probe turn lint"),
            (vec!["help", "per"], "nat-probe peer"),
            (vec!["too-lossy"], "nat-probe --explain too-lossy"),
        ] {
            assert!(told(&arguments).ends_with(&format!(": {command}")), "{}", told(&arguments));
        }
        assert_eq!(told(&["hunter2"]), "");
    }

    #[test]
    fn an_option_of_another_command_is_told_whose_it_is() {
        for (arguments, owners) in [
            (["classify", "--features"], "--features is an option of turn"),
            (["classify", "--transport"], "--transport is an option of discover and turn"),
            (["schema", "--explain"], "it stands without a command: nat-probe --explain CODE"),
            (["ice gather", "stun.example.org"], "behind --turn"),
            (["classify", "--version"], "it stands without a command: nat-probe --version"),
        ] {
            let words: Vec<&str> = arguments.iter().flat_map(|words| words.split(' ')).collect();
            assert!(told(&words).ends_with(owners), "{}", told(&words));
        }
        assert_eq!(told(&["schema", "--json"]), "");
        assert_eq!(told(&["classify", "--hairpn"]), "", "what is only misspelled the parser knows");
    }
}
