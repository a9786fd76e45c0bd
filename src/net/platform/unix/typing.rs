//! While a password is typed the terminal shows nothing; whatever signal comes then, it shows again what is typed before anything else.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::thread::JoinHandleExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::pthread::{Pthread, pthread_kill};
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::Pid;

/// Tells the thread that listens, and it alone, that the work is done.
const DONE: Signal = Signal::SIGUSR2;

/// Does something that keeps the terminal from showing what is typed. A signal that ends or stops this program meanwhile finds the
/// terminal as it was; after a stop the question is put again.
///
/// # Errors
/// What the work says, or that there is no terminal or no way to listen for signals.
pub(crate) fn unseen<T>(question: &str, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let before = tcgetattr(&terminal)?;
    let held = held();
    held.thread_block()?;
    let done = Arc::new(AtomicBool::new(false));
    let keeper = Keeper { terminal, before, question: question.to_owned(), done: Arc::clone(&done) };
    let listening = std::thread::Builder::new().name("typing".into()).spawn(move || keeper.listen(&held));
    let listening = listening.inspect_err(|_| {
        let _ = held.thread_unblock();
    })?;
    let outcome = work();
    done.store(true, Ordering::SeqCst);
    // It ends now, or has ended.
    // A number to glibc, a pointer to musl.
    let _ = pthread_kill(listening.as_pthread_t() as Pthread, DONE);
    let _ = listening.join();
    // A Ctrl-C that the reader of the password found has waited for this.
    held.thread_unblock()?;
    outcome
}

/// Everything that ends or stops a program by default, but for faults of its own and what keeps it off a terminal that is not its.
fn held() -> SigSet {
    let others = [
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGABRT,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGSEGV,
        Signal::SIGSYS,
        Signal::SIGTTIN,
        Signal::SIGTTOU,
        Signal::SIGCHLD,
        Signal::SIGURG,
        Signal::SIGWINCH,
        Signal::SIGKILL,
        Signal::SIGSTOP,
    ];
    Signal::iterator().filter(|signal| !others.contains(signal)).collect()
}

/// Waits for signals while somebody types.
struct Keeper {
    terminal: File,
    before: Termios,
    question: String,
    done: Arc<AtomicBool>,
}

impl Keeper {
    fn listen(mut self, held: &SigSet) {
        while let Ok(signal) = held.wait() {
            if self.done.load(Ordering::SeqCst) {
                return;
            }
            match signal {
                Signal::SIGCONT => self.resume(),
                Signal::SIGTSTP => {
                    self.restore();
                    let _ = kill(Pid::this(), Signal::SIGSTOP);
                }
                // Rust has it ignored: a pipe that closed is told by the write.
                Signal::SIGPIPE => {}
                fatal => {
                    self.restore();
                    let _ = writeln!(self.terminal);
                    let _ = SigSet::from(fatal).thread_unblock();
                    let _ = raise(fatal);
                }
            }
        }
    }

    fn restore(&self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
    }

    /// As the reader of the password has set it, which cannot know that a shell had the terminal meanwhile.
    fn resume(&mut self) {
        let mut unseen = self.before.clone();
        unseen.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ECHONL | LocalFlags::ISIG);
        unseen.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        unseen.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &unseen);
        let _ = write!(self.terminal, "{}", self.question);
    }
}
