//! What the parser of the arguments says, without the secrets that an argument may hold: it repeats whatever it refuses.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::{self, CliError};
use super::exit::Exit;
use super::printing::output::Output;
use crate::report::escape;
use crate::wire::masked;

/// What stands before a secret in an argument that is none of ours, the longer of two that begin alike first: `--passwordXYZ`, `--pw:XYZ`.
const BEFORE_SECRETS: [&str; 13] =
    ["password", "passwd", "pass", "pas", "pwd", "pw", "secret", "sec", "credential", "cred", "token", "auth", "key"];

/// How much is repeated of what was refused, and of why: the longest list of what there is takes less.
const LONGEST: usize = 600;

/// Help and version go to standard output, mistakes to standard error in the words of every other error.
///
/// # Errors
/// When the help cannot be written.
pub(super) fn answer(mut error: clap::Error, tip: Option<String>, out: &mut Output) -> Result<Exit, CliError> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let text = error.render();
        out.line(&if out.is_terminal() { text.ansi().to_string() } else { text.to_string() })?;
        return Ok(Exit::Measured);
    }
    hide(&mut error);
    if let Some(tip) = tip {
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    let text = invalid(&error).unwrap_or_else(|| error.render().to_string());
    // Without any argument the help stands where the mistake would.
    error::say(&text.strip_prefix("error: ").map_or(text.clone(), |text| format!("nat-probe: {text}")));
    Ok(Exit::Usage)
}

/// What a value was refused for: whoever read it may have repeated it as it was.
fn invalid(error: &clap::Error) -> Option<String> {
    let (Some(ContextValue::String(argument)), Some(ContextValue::String(value)), Some(cause)) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue), std::error::Error::source(error))
    else {
        return None;
    };
    let cause = escape::visible(&brief(&cause.to_string()));
    Some(format!("error: invalid value '{value}' for '{argument}': {cause}\n\nFor more information, try '--help'."))
}

/// As much of it as somebody reads: what was put in a wrong place may be a whole file.
fn brief(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Takes out of the complaint what may be a secret, and what a terminal would obey.
fn hide(error: &mut clap::Error) {
    let kind = error.kind();
    let option = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let shown = |context: ContextKind, text: &str| {
        escape::visible(&brief(&match context {
            ContextKind::InvalidArg if kind == ErrorKind::UnknownArgument => argument(text),
            ContextKind::InvalidValue if kind == ErrorKind::TooManyValues => "***".to_owned(),
            ContextKind::InvalidValue if option.contains("SERVER") => masked(text),
            _ => server_masked(text),
        }))
    };
    for context in
        [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand, ContextKind::TrailingArg]
    {
        let Some(ContextValue::String(text)) = error.get(context) else { continue };
        let safe = shown(context, text);
        if safe != *text {
            error.insert(context, ContextValue::String(safe));
            // How to pass it as a value would repeat it.
            error.remove(ContextKind::Suggested);
        }
    }
}

/// The text, by the grammar of servers where it can only be one: nothing else has a password in it, and nothing else is written so.
#[must_use]
pub(super) fn server_masked(text: &str) -> String {
    let scheme = ["turn:", "turns:", "stun:", "stuns:"];
    let begins = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let server = text.contains('@') || text.contains("://") || scheme.into_iter().any(begins);
    if server { masked(text) } else { text.to_owned() }
}

/// An argument that is none of ours, as far as it can only be a name.
fn argument(text: &str) -> String {
    let name = text.len() - text.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '-').len();
    let hints = BEFORE_SECRETS.iter().filter_map(|word| Some((text[..name].find(word)?, word)));
    let end = hints.min_by_key(|(at, _)| *at).map_or(name, |(at, word)| at + word.len());
    // Of a cluster of short options the parser names the one that it does not know.
    let end = if end == 1 { text.chars().nth(1).map_or(1, |letter| 1 + letter.len_utf8()) } else { end };
    if end == text.len() { text.to_owned() } else { format!("{}***", &text[..end]) }
}

#[cfg(test)]
mod tests {
    use super::argument;

    #[test]
    fn what_follows_a_name_is_not_repeated() {
        for (text, shown) in [
            ("--passwordSECRET", "--password***"),
            ("--passwordhunter", "--password***"),
            ("--password:hunter", "--password***"),
            ("--paswordhunter", "--pas***"),
            ("--my-secret-hunter", "--my-secret***"),
            ("--password", "--password"),
            ("--servers", "--servers"),
            ("--retries", "--retries"),
            ("--userHunter2", "--user***"),
            ("-w", "-w"),
            ("-S", "-S"),
            ("-Secret", "-S***"),
            ("--", "--"),
            ("-ü", "-ü"),
            ("-üx", "-ü***"),
        ] {
            assert_eq!(argument(text), shown);
        }
    }
}
