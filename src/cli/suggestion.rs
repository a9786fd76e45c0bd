//! What somebody may have meant whose word is none that stands here: another command, an option of another command, a code.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::codes::is_code;
use super::definition::{commands, definition};
use crate::wire::nearest;

/// Adds to the complaint what may have been meant.
pub(super) fn suggest(error: &mut clap::Error) {
    let found = match error.kind() {
        ErrorKind::InvalidSubcommand => of_command(error),
        ErrorKind::UnknownArgument => of_option(error),
        _ => None,
    };
    let Some(tip) = found else { return };
    for replaced in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
        error.remove(replaced);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
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
    let option = written.strip_prefix("--")?;
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
        [] => None,
        [only] => Some(format!("--{option} is an option of {only}")),
        [before @ .., last] => Some(format!("--{option} is an option of {} and {last}", before.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> String {
        let all = ["nat-probe"].iter().chain(arguments);
        let mut error = definition().try_get_matches_from(all).expect_err("it is wrong");
        suggest(&mut error);
        error.render().to_string()
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
            assert!(
                told(&arguments).contains(&format!("tip: a similar command exists: {command}\n"))
                    || told(&arguments).contains(&format!("tip: it is a code: {command}\n")),
                "{}",
                told(&arguments)
            );
        }
        assert!(!told(&["hunter2"]).contains("tip:"), "{}", told(&["hunter2"]));
    }

    #[test]
    fn an_option_of_another_command_is_told_whose_it_is() {
        for (arguments, owners) in [
            (["classify", "--features"], "--features is an option of turn\n"),
            (["classify", "--transport"], "--transport is an option of discover and turn\n"),
            (["schema", "--explain"], "it stands without a command: nat-probe --explain CODE\n"),
            (["classify", "--version"], "it stands without a command: nat-probe --version\n"),
        ] {
            assert!(told(&arguments).contains(owners), "{}", told(&arguments));
        }
        assert!(told(&["classify", "--hairpn"]).contains("'--hairpin'"), "what is only misspelled is told so");
    }
}
