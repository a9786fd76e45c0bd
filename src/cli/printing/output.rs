//! Standard output, where a reader that left early is no error.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use crate::cli::destination::{followed, is_written_through, left_by_shell, open_through};
use crate::cli::error::{CliError, words};

/// Writes until the reader leaves, and then swallows the rest: the exit code stays that of the measurement.
pub(in crate::cli) struct Output {
    writer: BufWriter<Box<dyn Write>>,
    name: String,
    terminal: bool,
    closed: bool,
    /// Written beside the place where it belongs, and moved there when it is whole.
    aside: Option<Aside>,
}

/// A file that is not whole yet, and where it belongs.
struct Aside {
    written: PathBuf,
    place: PathBuf,
}

impl Drop for Aside {
    /// What was not moved is worth nothing.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.written);
    }
}

impl Output {
    /// Standard output.
    #[must_use]
    pub(in crate::cli) fn stdout() -> Self {
        Self::to(Box::new(io::stdout()), io::stdout().is_terminal())
    }

    /// A file, made anew, by the name that may be shown; what is no regular file is written as it is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(in crate::cli) fn file(path: &Path, name: String) -> Result<Self, CliError> {
        let made = if is_written_through(path) { open_through(path) } else { File::create(path) };
        let made = made.map_err(|error| refused(path, &name, &error))?;
        Ok(Self { name, ..Self::to(Box::new(made), false) })
    }

    /// A file that appears, or takes the place of the one before, at once and whole: for whoever reads it at any moment. What is no
    /// regular file is written as it is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(in crate::cli) fn whole_file(path: &Path, name: String) -> Result<Self, CliError> {
        if is_written_through(path) {
            return Self::file(path, name);
        }
        let place = followed(path);
        let mut written = place.as_os_str().to_owned();
        // One name for each process: two runs at the same time do not write into each other's file.
        written.push(format!(".{}.tmp", std::process::id()));
        let aside = Aside { written: written.into(), place };
        let made = File::create(&aside.written).map_err(|error| refused(path, &name, &error))?;
        Ok(Self { name, aside: Some(aside), ..Self::to(Box::new(made), false) })
    }

    /// Any writer.
    #[must_use]
    pub(in crate::cli) fn to(writer: Box<dyn Write>, terminal: bool) -> Self {
        Self {
            writer: BufWriter::new(writer),
            name: "standard output".to_owned(),
            terminal,
            closed: false,
            aside: None,
        }
    }

    /// Whether somebody looks at it directly.
    #[must_use]
    pub(in crate::cli) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes a text and ends its line.
    ///
    /// # Errors
    /// When the output cannot be written for another reason than a reader that left.
    pub(in crate::cli) fn line(&mut self, text: &str) -> Result<(), CliError> {
        self.bytes(text.as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { self.bytes(b"\n") }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub(in crate::cli) fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        if self.closed {
            return Ok(());
        }
        let written = self.writer.write_all(bytes);
        self.judge(written)
    }

    /// Hands everything on to the reader.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub(in crate::cli) fn finish(&mut self) -> Result<(), CliError> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.writer.flush();
        self.judge(flushed)
    }

    /// Ends it: what was written aside is moved to its place.
    ///
    /// # Errors
    /// As [`Output::line`], and where it cannot be moved.
    pub(in crate::cli) fn end(&mut self) -> Result<(), CliError> {
        self.finish()?;
        let Some(aside) = self.aside.take() else { return Ok(()) };
        fs::rename(&aside.written, &aside.place).map_err(|error| refused(&aside.place, &self.name, &error))
    }

    fn judge(&mut self, result: io::Result<()>) -> Result<(), CliError> {
        match result {
            Ok(()) => Ok(()),
            Err(error) => {
                self.closed = true;
                if error.kind() == ErrorKind::BrokenPipe {
                    return Ok(());
                }
                Err(CliError::usage(format!("cannot write to {}: {}", self.name, words(&error)))
                    .advise("another place for the output, or more room there"))
            }
        }
    }
}

fn refused(path: &Path, name: &str, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot write to {name}: {}", words(error)))
        .advise(left_by_shell(path).unwrap_or("a place where you may write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_never_seen_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("nat.prom");
        fs::write(&place, "before").unwrap();
        let mut out = Output::whole_file(&place, "nat.prom".to_owned()).unwrap();
        out.line("after").and_then(|()| out.finish()).unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "before");
        out.end().unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "after\n");
        drop(Output::whole_file(&place, "nat.prom".to_owned()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of a run that ended early");
        assert_eq!(fs::read_to_string(&place).unwrap(), "after\n");
    }

    #[test]
    fn what_only_takes_bytes_is_written_as_it_is() {
        let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
        let mut out = Output::whole_file(Path::new(nowhere), nowhere.to_owned()).unwrap();
        assert_eq!(out.line("away").and_then(|()| out.end()), Ok(()));
    }

    #[test]
    fn a_place_where_nothing_can_be_is_told_without_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("there-is-none").join("x");
        let told = Output::whole_file(&place, "x".to_owned()).map(drop).unwrap_err();
        assert!(told.what.starts_with("cannot write to x: ") && !told.what.contains("os error"), "{told}");
    }

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_error() {
        let mut out = Output::to(Box::new(Broken(ErrorKind::BrokenPipe)), false);
        assert_eq!(out.line("one").and_then(|()| out.finish()), Ok(()));
        assert_eq!(out.line("two").and_then(|()| out.finish()), Ok(()));
    }

    #[test]
    fn a_full_disk_is_told_once() {
        let mut out = Output::to(Box::new(Broken(ErrorKind::StorageFull)), false);
        let told = out.line("one").and_then(|()| out.finish());
        assert!(told.is_err_and(|error| error.what.contains("standard output")));
        assert_eq!(out.finish(), Ok(()));
    }
}
