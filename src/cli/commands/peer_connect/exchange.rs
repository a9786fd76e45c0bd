//! How tokens go out and come in: by people who copy and paste, or by files.

use std::cell::RefCell;
use std::fs;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::Duration;

use super::beside::Post;
use crate::cli::arguments::common::OutputArgs;
use crate::cli::destination::{followed, is_standard, is_written_through, open_through};
use crate::cli::error::{CliError, note, say, words};
use crate::cli::files::{self, Source};
use crate::cli::printing::output::Output;
use crate::net;
use crate::peer::{Foreign, Token, TokenError, qr};

/// A token of a hundred candidates is much shorter.
const LONGEST: u64 = 1 << 20;

const WANTED: &str = "the whole line that the other side printed, from np1- to its end";

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
    CliError::usage(format!("cannot use the other side's token: {error}")).advise(WANTED)
}

/// The token that the command line names: itself, a file, or `-` for whoever pastes it within that time.
///
/// # Errors
/// When there is none, or none that can be used.
pub(super) fn given(text: &str, within: Duration, output: &OutputArgs) -> Result<Token, CliError> {
    if text == "-" {
        return pasted(within, output);
    }
    let path = Path::new(text);
    let text = if text.len() < 256 && !text.contains("np1-") && path.is_file() {
        Source { what: "the other side's token from", path, largest: LONGEST, advice: WANTED, secret: false }.read()?
    } else {
        if !output.quiet {
            note(
                "a token on the command line is visible to everybody on this host in the list of processes; - has it pasted",
            );
        }
        text.to_owned()
    };
    read(&text, None).map_err(|error| usage(&error))
}

/// A token that is pasted before anything else begins.
fn pasted(within: Duration, output: &OutputArgs) -> Result<Token, CliError> {
    let Inbox::Lines { lines, mut pasted } = Inbox::standard(output) else { return Err(usage(&TokenError::Empty)) };
    let mut last = TokenError::Empty;
    loop {
        match lines.recv_timeout(within) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => match assembled(&line, &mut pasted, None) {
                Ok(token) => return Ok(token),
                Err(error) => last = error,
            },
            Err(RecvTimeoutError::Timeout) => {
                return Err(CliError::usage(format!("no token was pasted in {} s", within.as_secs())).advise(WANTED));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(usage(&last)),
        }
    }
}

/// A token in that line, or in all that was pasted so far, as chats break lines.
fn assembled(line: &str, pasted: &mut String, own: Option<&str>) -> Result<Token, TokenError> {
    pasted.push_str(line);
    let read = read(line, own).or_else(|alone| {
        read(pasted, own).map_err(|whole| if alone == TokenError::Foreign(Foreign::Other) { whole } else { alone })
    });
    if pasted.len() as u64 > LONGEST {
        pasted.clear();
    }
    read
}

/// Hands this side's token out, and says what that means.
///
/// # Errors
/// When it cannot be written.
pub(super) fn hand_out(token: &Token, to: Option<&Path>, as_qr: bool, output: &OutputArgs) -> Result<(), CliError> {
    let text = token.encode();
    let to_file = to.filter(|path| !is_standard(path));
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

/// Writes it so that whoever waits for the file finds it whole, and nobody else can read it.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let line = format!("{text}\n");
    let written = if is_written_through(path) {
        open_through(path).and_then(|mut to| to.write_all(line.as_bytes()))
    } else {
        write_whole(&followed(path), &line)
    };
    written.map_err(|error| {
        CliError::usage(format!("cannot write the token to {}: {}", files::name(path), words(&error)))
            .advise("a place where you may write")
    })
}

fn write_whole(path: &Path, line: &str) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&part)?.write_all(line.as_bytes())?;
    fs::rename(&part, path)
}

/// Where the other side's token comes from.
pub(super) enum Inbox {
    /// It is known.
    Nothing,
    /// What is pasted, line by line; and all of it so far, as chats break lines.
    Lines { lines: Receiver<String>, pasted: String },
    /// A file, which may not be there yet.
    File(PathBuf),
    /// The other side of a simulated session.
    Post(Rc<RefCell<Post>>),
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
        let inbox = Self::lines(|| Ok(BufReader::new(io::stdin())));
        if !output.quiet {
            note("paste the other side's token here and press Enter");
        }
        inbox
    }

    /// What comes line by line, read beside the network: opening and reading may take for ever. The reader ends with the program.
    fn lines<R: BufRead>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> Self {
        // Whoever writes faster than anybody looks waits.
        let (tell, lines) = sync_channel(16);
        let reader = move || {
            let Ok(mut input) = open() else { return };
            let mut line = Vec::new();
            loop {
                line.clear();
                match input.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
                    Ok(1..) if tell.send(String::from_utf8_lossy(&line).into_owned()).is_ok() => {}
                    _ => return,
                }
            }
        };
        // Without a thread nothing comes, and that is what is said.
        let _ = std::thread::Builder::new().name("token".into()).spawn(reader);
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
                Ok(line) => arrived(assembled(&line, pasted, Some(own))),
            },
            Self::Post(post) => {
                let theirs = post.borrow_mut().theirs.take();
                theirs.map_or(Arrived::Nothing, |token| Arrived::Token(Box::new(token)))
            }
            Self::File(path) => {
                match fs::metadata(&*path) {
                    Err(_) => return Arrived::Nothing,
                    Ok(about) if about.is_file() => {}
                    // A pipe: whoever opens it waits for whoever writes.
                    Ok(_) => {
                        let pipe = path.clone();
                        *self = Self::lines(move || fs::File::open(pipe).map(BufReader::new));
                        return Arrived::Nothing;
                    }
                }
                let mut bytes = Vec::new();
                let file = fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
                let text = String::from_utf8_lossy(&bytes);
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
