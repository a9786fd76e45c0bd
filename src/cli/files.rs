//! The files that people name: a text of a bounded size within a bounded time, or the reason why there is none.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::destination::left_by_shell;
use super::error::{self, CliError, words};
use super::refusal::server_masked;
use crate::net::{self, terminal::END_OF_INPUT};
use crate::report::escape;
use crate::wire::text::decode;

/// How long somebody may wonder why nothing happens.
const WONDER: Duration = Duration::from_secs(2);

/// How long after that a pipe may have nobody who writes to it.
const OPENING: Duration = Duration::from_secs(8);

/// How long whoever writes to a pipe may think: another nat-probe may be measuring, somebody may be typing a passphrase.
const THINKING: Duration = Duration::from_secs(600);

/// How many parts of a file wait to be taken: a large one is never held whole.
const PARTS: usize = 16;

/// The longest name that is repeated whole: longer ones are contents put where a name belongs.
const LONGEST_NAME: usize = 200;

/// A file to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// What it is, after "cannot read" and before the name: `the servers file`, `the password from`.
    pub what: &'a str,
    /// Where; `-` is standard input.
    pub path: &'a Path,
    /// The most bytes that such a file can have.
    pub largest: u64,
    /// What to try where it cannot be read.
    pub advice: &'a str,
    /// Whether it holds a secret, so that its name may be one by mistake and a terminal is no place to read it from.
    pub secret: bool,
}

impl Source<'_> {
    /// The text in it.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is no text in UTF-8 or, with its mark, in UTF-16.
    pub(super) fn read(&self) -> Result<String, CliError> {
        let bytes = self.read_bytes()?;
        decode(&bytes).map(|(text, _)| text.into_owned()).map_err(|cause| {
            CliError::usage(format!("cannot read {} {}: {cause}", self.what, self.name())).advise(self.advice)
        })
    }

    /// The bytes in it.
    ///
    /// # Errors
    /// When it cannot be read or is too large.
    pub(super) fn read_bytes(&self) -> Result<Vec<u8>, CliError> {
        let bytes = || {
            let mut incoming = self.listen()?;
            let mut bytes = Vec::new();
            while let Some(part) = incoming.next()? {
                bytes.extend(part);
                if bytes.len() as u64 > self.largest {
                    return Err(io::Error::other(format!("it is larger than {}", size(self.largest))));
                }
            }
            Ok(bytes)
        };
        bytes().map_err(|error| self.error(&error))
    }

    /// Its bytes as they come, however many.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub(super) fn open(&self) -> Result<Incoming<'_>, CliError> {
        self.listen().map_err(|error| self.error(&error))
    }

    fn error(&self, error: &io::Error) -> CliError {
        let what = format!("cannot read {} {}: {}", self.what, self.name(), words(error));
        if net::is_shortage(error) {
            CliError::shortage(what)
        } else {
            CliError::usage(what).advise(left_by_shell(self.path).unwrap_or(self.advice))
        }
    }

    /// What to call it. The name of a file that does not exist may be the secret itself.
    #[must_use]
    pub(super) fn name(&self) -> String {
        if self.secret && self.path.as_os_str() != "-" && !is_place(self.path) {
            "the file that was named".to_owned()
        } else {
            name(self.path)
        }
    }

    fn listen(&self) -> io::Result<Incoming<'_>> {
        refuse_socket(self.path)?;
        let path = self.path.to_owned();
        let (tell, told) = sync_channel(PARTS);
        // Opening a named pipe blocks until somebody writes to it, for ever if nobody does: so another thread opens it.
        let reader = move || {
            // Fails only where this side has given up waiting.
            let _ = tell.send(Heard::End(read(&path, &tell)));
        };
        std::thread::Builder::new().name("file".into()).spawn(reader)?;
        let (wait, then, wondered, cause) = (WONDER, OPENING, false, "nothing writes to it");
        Ok(Incoming {
            source: self,
            told,
            wait,
            then,
            wondered,
            cause,
            part: Vec::new(),
            taken: 0,
            over: false,
            failure: None,
        })
    }
}

/// What comes of a file.
pub(super) struct Incoming<'a> {
    source: &'a Source<'a>,
    told: Receiver<Heard>,
    /// How long the next part is waited for, and the one after it.
    wait: Duration,
    then: Duration,
    wondered: bool,
    cause: &'static str,
    /// What came and was not taken yet.
    part: Vec<u8>,
    taken: usize,
    over: bool,
    failure: Option<CliError>,
}

impl Incoming<'_> {
    /// The next part of it; none at its end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.over {
            return Ok(None);
        }
        loop {
            match self.told.recv_timeout(self.wait) {
                Ok(Heard::End(end)) => {
                    self.over = true;
                    return end.map(|()| None);
                }
                Ok(Heard::Terminal) if self.source.secret => {
                    return Err(io::Error::other("it is a terminal, which would show what is typed"));
                }
                Ok(Heard::Terminal) => {
                    let what = self.source.what;
                    error::note(&format!("reading {what} the terminal; {END_OF_INPUT} on a line of its own ends it"));
                    (self.wait, self.then, self.wondered, self.cause) = (THINKING, THINKING, true, "nothing was typed");
                }
                Ok(Heard::There) => {
                    (self.then, self.cause) = (THINKING, "nothing came from it");
                    self.wait = if self.wondered { self.then } else { self.wait };
                }
                Ok(Heard::More(part)) => {
                    self.wait = if self.wondered { self.then } else { self.wait };
                    return Ok(Some(part));
                }
                Err(RecvTimeoutError::Timeout) if !self.wondered => {
                    error::note(&format!("waiting for {} {}", self.source.what, self.source.name()));
                    (self.wait, self.wondered) = (self.then, true);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let waited = (WONDER + self.wait).as_secs();
                    return Err(io::Error::other(format!("{} in {waited} s", self.cause)));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("reading it broke off")),
            }
        }
    }

    /// Why it could not be read to its end.
    pub(super) fn failure(self) -> Option<CliError> {
        self.failure
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.part.len() {
            match self.next() {
                Ok(Some(part)) => (self.part, self.taken) = (part, 0),
                Ok(None) => return Ok(0),
                Err(error) => {
                    self.failure = Some(self.source.error(&error));
                    return Err(error);
                }
            }
        }
        let length = space.len().min(self.part.len() - self.taken);
        space[..length].copy_from_slice(&self.part[self.taken..self.taken + length]);
        self.taken += length;
        Ok(length)
    }
}

/// A file name as it may be repeated.
#[must_use]
pub(super) fn name(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text == "-" {
        return "standard input".to_owned();
    }
    if fs::symlink_metadata(path).is_ok() {
        return escape::visible(&text);
    }
    // A document, or a server with a password, put where the name of its file belongs.
    if text.contains(['{', '}', '\n', '"']) || text.chars().count() > LONGEST_NAME {
        return "*** (no name of a file)".to_owned();
    }
    escape::visible(&server_masked(&text))
}

/// Whether the name can only be that of a file: one that exists, or one in a folder that does.
fn is_place(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Of secrets in base64 one in 64 begins with a slash.
    let encoded = path.to_string_lossy().contains(['+', '=']);
    fs::symlink_metadata(path).is_ok() || folder.is_some_and(Path::is_dir) && !encoded
}

/// What is heard of a file while it is read.
enum Heard {
    There,
    Terminal,
    More(Vec<u8>),
    End(io::Result<()>),
}

fn read(path: &Path, tell: &SyncSender<Heard>) -> io::Result<()> {
    let say = |heard| tell.send(heard).map_err(|_| io::Error::other("nobody waits for it any more"));
    let (mut input, terminal): (Box<dyn Read>, bool) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), io::stdin().is_terminal())
    } else {
        // One that is no pipe waits for nobody who writes to it, however long a share or a busy machine takes to open it.
        if fs::metadata(path).is_ok_and(|found| found.is_file()) {
            say(Heard::There)?;
        }
        let file = File::open(path)?;
        let terminal = file.is_terminal();
        (Box::new(file), terminal)
    };
    say(if terminal { Heard::Terminal } else { Heard::There })?;
    let mut part = vec![0; 1 << 16];
    loop {
        match input.read(&mut part) {
            Ok(0) => return Ok(()),
            Ok(length) => say(Heard::More(part[..length].to_vec()))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opening one fails with "no such device", which nobody understands.
#[cfg(unix)]
fn refuse_socket(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    let socket = path.as_os_str() != "-" && fs::metadata(path).is_ok_and(|about| about.file_type().is_socket());
    if socket { Err(io::Error::other("it is a socket, not a file")) } else { Ok(()) }
}

#[cfg(not(unix))]
fn refuse_socket(_: &Path) -> io::Result<()> {
    Ok(())
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &Path, largest: u64) -> Source<'_> {
        Source { what: "the servers file", path, largest, advice: "another", secret: false }
    }

    #[test]
    fn a_text_has_a_largest_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers");
        fs::write(&path, "12345").unwrap();
        assert_eq!(source(&path, 5).read(), Ok("12345".to_owned()));
        assert!(source(&path, 4).read().is_err());
        fs::write(&path, vec![0; (1 << 16) + 1]).unwrap();
        let large = source(&path, 1 << 16).read().unwrap_err();
        assert!(large.what.ends_with("it is larger than 64 KiB"), "{large}");
        fs::write(&path, [0xff]).unwrap();
        assert!(source(&path, 5).read().unwrap_err().what.ends_with("not a text in UTF-8"));
        assert!(source(folder.path(), 5).read().is_err(), "a folder is no text");
    }

    #[test]
    fn what_is_there_may_take_longer_than_a_pipe_without_a_writer() {
        let (tell, told) = sync_channel(PARTS);
        tell.send(Heard::There).and_then(|()| tell.send(Heard::End(Ok(())))).unwrap();
        let source = source(Path::new("x"), 5);
        let (part, cause) = (Vec::new(), "nothing writes to it");
        let mut incoming = Incoming {
            source: &source,
            told,
            wait: OPENING,
            then: OPENING,
            wondered: true,
            cause,
            part,
            taken: 0,
            over: false,
            failure: None,
        };
        assert!(incoming.next().unwrap().is_none());
        assert_eq!((incoming.wait, incoming.cause), (THINKING, "nothing came from it"));
    }

    #[test]
    fn a_text_from_powershell_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers");
        fs::write(&path, b"\xff\xfea\0.\0b\0\r\0\n\0").unwrap();
        assert_eq!(source(&path, 50).read(), Ok("a.b\r\n".to_owned()));
    }

    #[test]
    #[cfg(unix)]
    fn what_never_ends_is_given_up() {
        let large = source(Path::new("/dev/zero"), 1 << 16).read().unwrap_err();
        assert_eq!(large.what, "cannot read the servers file /dev/zero: it is larger than 64 KiB");
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_called_that() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(source(&path, 5).read().unwrap_err().what.ends_with("it is a socket, not a file"));
    }

    #[test]
    fn what_is_no_name_is_not_repeated() {
        assert_eq!(name(Path::new("a\x1bb")), "a\\u{1b}b");
        assert!(!name(Path::new("{\"urls\": \"turn:a\", \"credential\": \"hunter2\"}")).contains("hunter2"));
        assert!(!name(Path::new("turn:alice:hunter2@h")).contains("hunter2"));
        for (path, repeated) in [("hunter2", false), ("hun/ter2", false), ("/hunter2+A==", false), ("/hunter2", true)] {
            let secret = Source { secret: true, ..source(Path::new(path), 5) }.read().unwrap_err();
            let absent = words(&fs::metadata(path).unwrap_err());
            assert!(secret.what.contains(&absent) && secret.what.contains(path) == repeated, "{secret}");
        }
    }
}
