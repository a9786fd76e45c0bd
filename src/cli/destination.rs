//! Places to read from and to write to, by the names that people and systems have for them: standard output, what only takes bytes (a device,
//! a pipe, a descriptor), and files, of which only these can be replaced as a whole.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf, Prefix};
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long a pipe may have nobody who reads from it.
const OPENING: Duration = Duration::from_secs(10);

/// Whether that is standard output. Its name on Unix would open what stands behind it anew, or not at all where that is a socket.
#[must_use]
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
        || cfg!(unix) && ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new).contains(&path)
}

/// Whether what is there takes bytes and cannot be replaced. What is not there at all will be a file.
#[must_use]
pub(super) fn is_written_through(path: &Path) -> bool {
    is_device(path) || is_descriptor(path) || {
        match fs::metadata(path) {
            Ok(found) => !found.is_file(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}

/// Whether Windows knows a device by this name (`NUL`, `con`, `\\.\COM1`, a named pipe), in which folder ever, and may call it a file.
/// A drive is written like one (`\\.\C:\report.json`), and has files.
fn is_device(path: &Path) -> bool {
    let whole = std::path::absolute(path).unwrap_or_default();
    let Some(Component::Prefix(prefix)) = whole.components().next() else { return false };
    matches!(prefix.kind(), Prefix::DeviceNS(device) if !device.to_string_lossy().ends_with(':'))
}

/// Whether Unix has an open file by this name (`/dev/stderr`, `/dev/fd/3`), which may be a regular one: beside the name is no place for
/// another, and whoever may write there as root would replace the name itself.
fn is_descriptor(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok()).unwrap_or_default();
    cfg!(unix) && (folder.starts_with("/proc") || ["/dev", "/dev/fd"].map(Path::new).contains(&folder.as_path()))
}

/// Opens what only takes bytes; nothing of it is made, emptied or overwritten. A pipe that nobody reads lets nobody go: it is opened
/// elsewhere.
///
/// # Errors
/// When it cannot be opened, or nobody reads from it.
pub(super) fn open_through(path: &Path) -> io::Result<File> {
    let (tell, told) = channel();
    let path = path.to_owned();
    let open = move || {
        // Fails only where nobody waited so long.
        let _ = tell.send(File::options().write(true).append(cfg!(unix)).open(path));
    };
    std::thread::Builder::new().name("output".into()).spawn(open)?;
    let nobody = || io::Error::other(format!("nobody reads from it in {} s", OPENING.as_secs()));
    told.recv_timeout(OPENING).unwrap_or_else(|_| Err(nobody()))
}

/// Where a file that takes the place of this one has to stand: a link keeps pointing to it, be it there or not.
#[must_use]
pub(super) fn followed(path: &Path) -> PathBuf {
    let Ok(target) = fs::read_link(path) else { return path.to_owned() };
    fs::canonicalize(path).unwrap_or_else(|_| path.with_file_name(target))
}

/// What to try where there is no such file and the shell was to make another name of it: those of Windows leave `*` to the program, bash
/// leaves the tilde in `--from=~/report.json`.
#[must_use]
pub(super) fn left_by_shell(path: &Path) -> Option<&'static str> {
    let text = path.to_string_lossy();
    let left = text.starts_with("~/") || text.starts_with(r"~\") || text.contains(['*', '?']);
    (left && fs::symlink_metadata(path).is_err()).then_some("the name in full: the shell left ~, * or ? in it as it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_open_file_is_not_replaced_by_its_name() {
        use std::io::Write as _;
        use std::os::fd::AsRawFd as _;

        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("log");
        fs::write(&place, "before\n").unwrap();
        assert!(!is_written_through(&place));
        let open = File::options().append(true).open(&place).unwrap();
        let name = PathBuf::from(format!("/dev/fd/{}", open.as_raw_fd()));
        assert!(is_written_through(&name) && is_written_through(Path::new("/dev/stderr")));
        open_through(&name).unwrap().write_all(b"after\n").unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "before\nafter\n");
    }

    #[cfg(windows)]
    #[test]
    fn devices_have_their_names_in_every_folder() {
        for name in ["NUL", "nul", "CON", "COM1", r"\\.\NUL", r"\\.\pipe\there-is-none", r".\NUL"] {
            assert!(is_written_through(Path::new(name)), "{name}");
        }
        for name in ["NULL", "report.json", r"C:\report.json", r"\\.\C:\report.json", r"\\?\C:\report.json"] {
            assert!(!is_written_through(Path::new(name)), "{name}");
        }
    }
}
