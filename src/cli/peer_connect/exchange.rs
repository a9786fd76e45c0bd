//! How tokens go out and come in: by people who copy and paste, or by files.

use std::fs;
use std::io::{self, BufRead as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::cli::args::OutputArgs;
use crate::cli::error::{CliError, note, say};
use crate::cli::files;
use crate::cli::output::Output;
use crate::net;
use crate::peer::{Token, TokenError, qr};

/// A token of a hundred candidates is much shorter.
const LONGEST: u64 = 1 << 20;

/// Reads a token; it may be broken into lines.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str, own_ufrag: Option<&str>) -> Result<Token, TokenError> {
    let now = u64::try_from(net::clock::now_unix_s()).unwrap_or_default();
    Token::decode(text, now, own_ufrag)
}

/// A token that cannot be used, as a mistake in the arguments.
pub(super) fn usage(error: &TokenError) -> CliError {
    CliError::usage(format!("cannot use the other side's token: {error}"))
        .advise("the whole line that the other side printed, from np1- to its end")
}

/// Hands this side's token out, and says what that means.
///
/// # Errors
/// When it cannot be written.
pub(super) fn hand_out(token: &Token, to: Option<&Path>, as_qr: bool, output: &OutputArgs) -> Result<(), CliError> {
    let text = token.encode();
    let to_file = to.filter(|path| path.as_os_str() != "-");
    match to_file {
        Some(path) => write(path, &text)?,
        None if output.json || output.ndjson => say(&text),
        None => {
            let mut out = Output::stdout();
            out.line(&text)?;
            out.finish()?;
        }
    }
    if as_qr && let Some(code) = qr::qr(&text, output.ascii) {
        say(&code);
    }
    if !output.quiet {
        let names =
            if token.relay_only { "the addresses of relays" } else { "addresses of this host and of its network" };
        note(&format!("the token names {names}, and whoever has it can be the other side until it expires"));
        if token.answers.is_none() {
            note("the other side runs: nat-probe peer connect, with that token behind it");
        } else {
            note("the other side waits for that token: paste it there");
        }
    }
    Ok(())
}

/// Writes it so that whoever waits for the file finds it whole.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::write(&part, format!("{text}\n")).and_then(|()| fs::rename(&part, path)).map_err(|error| {
        CliError::usage(format!("cannot write the token to {}: {error}", files::name(path)))
            .advise("a place where you may write")
    })
}

/// Where the other side's token comes from.
pub(super) enum Inbox {
    /// It is known.
    Nothing,
    /// What is pasted, line by line; and all of it so far, as chats break lines.
    Lines { lines: Receiver<String>, pasted: String },
    /// A file, which may not be there yet.
    File(PathBuf),
}

/// What came in.
pub(super) enum Arrived {
    /// Nothing new.
    Nothing,
    /// A token.
    Token(Box<Token>),
    /// Something that is none; another may come.
    Wrong { error: TokenError },
    /// Nothing will come any more.
    Closed,
}

impl Inbox {
    /// A file.
    pub(super) fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    /// Standard input, read beside the network.
    pub(super) fn standard(output: &OutputArgs) -> Self {
        let (tell, lines) = channel();
        let reader = std::thread::Builder::new().name("token".into());
        // It ends with the program: nothing ends a read of standard input.
        let begun = reader.spawn(move || {
            let mut line = Vec::new();
            let mut input = io::stdin().lock();
            loop {
                line.clear();
                match input.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
                    Ok(1..) if tell.send(String::from_utf8_lossy(&line).into_owned()).is_ok() => {}
                    _ => return,
                }
            }
        });
        if begun.is_ok() && !output.quiet {
            note("paste the other side's token here and press Enter");
        }
        Self::Lines { lines, pasted: String::new() }
    }

    /// What came in since.
    pub(super) fn look(&mut self, own: &str) -> Arrived {
        match self {
            Self::Nothing => Arrived::Nothing,
            Self::Lines { lines, pasted } => match lines.try_recv() {
                Err(TryRecvError::Empty) => Arrived::Nothing,
                Err(TryRecvError::Disconnected) => Arrived::Closed,
                Ok(line) if line.trim().is_empty() => Arrived::Nothing,
                Ok(line) => {
                    pasted.push_str(&line);
                    let alone = read(&line, Some(own));
                    let read = alone.or_else(|error| read(pasted, Some(own)).map_err(|_| error));
                    if pasted.len() as u64 > LONGEST {
                        pasted.clear();
                    }
                    arrived(read)
                }
            },
            Self::File(path) => {
                let mut text = String::new();
                let file = fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
                if file.is_err() || text.trim().is_empty() {
                    return Arrived::Nothing;
                }
                // Somebody may still be writing it, or write another one.
                arrived(read(&text, Some(own)))
            }
        }
    }
}

fn arrived(read: Result<Token, TokenError>) -> Arrived {
    match read {
        Ok(token) => Arrived::Token(Box::new(token)),
        Err(error) => Arrived::Wrong { error },
    }
}
