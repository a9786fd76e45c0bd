//! Ctrl-C, or a request to end: the first one asks the run to stop, the second one ends the process.

use std::io;

use tokio::sync::mpsc::Sender;

use crate::engine::Input;

/// The exit code of a process that SIGINT ended, by the convention of shells.
const INTERRUPTED: i32 = 130;

/// Starts to watch; from the return on, Ctrl-C is heard, before the first packet leaves. A thread of its own, so that a second
/// Ctrl-C works even while this program is stuck elsewhere, for example writing to a pager; once nobody takes inputs any more,
/// the first one ends the process. Where it cannot be started, Ctrl-C keeps its usual effect.
pub(super) fn watch(inputs: Sender<Input>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let Ok(mut interrupts) = runtime.block_on(async { listen() }) else { return };
    let _ = std::thread::Builder::new().name("ctrl-c".into()).spawn(move || {
        let heard = runtime.block_on(async {
            interrupts.recv().await?;
            tokio::select! {
                sent = inputs.send(Input::Interrupted) => if sent.is_ok() { interrupts.recv().await } else { Some(()) },
                again = interrupts.recv() => again,
            }
        });
        if heard.is_some() {
            std::process::exit(INTERRUPTED);
        }
    });
}

/// The requests to end that this program hears.
#[cfg(unix)]
struct Requests([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
fn listen() -> io::Result<Requests> {
    use tokio::signal::unix::{SignalKind, signal};
    // Scripts and terminals that go away send the other two: what was learnt is worth as much then.
    Ok(Requests([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
}

#[cfg(unix)]
impl Requests {
    async fn recv(&mut self) -> Option<()> {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            heard = interrupt.recv() => heard,
            heard = terminate.recv() => heard,
            heard = hangup.recv() => heard,
        }
    }
}

#[cfg(windows)]
fn listen() -> io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}

/// Does something during which this thread is not interrupted; an interrupt that came meanwhile comes at its end.
///
/// # Errors
/// What the work says, or that interrupts cannot be held back.
#[cfg(unix)]
pub fn uninterrupted<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    use nix::sys::signal::{SigSet, Signal};

    let interrupt = SigSet::from(Signal::SIGINT);
    interrupt.thread_block()?;
    let done = work();
    interrupt.thread_unblock()?;
    done
}

/// Does something; this platform interrupts another thread.
///
/// # Errors
/// What the work says.
#[cfg(not(unix))]
pub fn uninterrupted<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    work()
}
