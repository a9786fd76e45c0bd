//! Ctrl-C, or a request to end: the first one asks the run to stop, the second one ends the process.

use std::sync::{Mutex, Once, PoisonError};

use nix::sys::signal::{SigSet, Signal};
use tokio::sync::mpsc::UnboundedSender;

/// The exit code of a process that SIGINT ended, by the convention of shells.
const INTERRUPTED: i32 = 130;

/// The run that is to hear of the next request.
static RUN: Mutex<Option<UnboundedSender<()>>> = Mutex::new(None);

/// Starts to watch; from the return on, Ctrl-C is heard, before the first packet leaves. A thread of its own, so that a second
/// Ctrl-C works even while this program is stuck elsewhere, for example writing to a pager; once no run hears it any more, the
/// first one ends the process. It waits for signals that are held back, which takes no descriptor. Where that cannot be done,
/// they keep their usual effect.
pub(in crate::net) fn watch_interrupts(run: UnboundedSender<()>) {
    static STARTED: Once = Once::new();
    *RUN.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
    // Scripts and terminals that go away send the other two: what was learnt is worth as much then.
    let requests: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    // Threads that are started later inherit it.
    if requests.thread_block().is_err() {
        return;
    }
    STARTED.call_once(|| {
        let listen = move || {
            while requests.wait().is_ok() {
                let run = RUN.lock().unwrap_or_else(PoisonError::into_inner).take();
                if run.is_none_or(|run| run.send(()).is_err()) {
                    std::process::exit(INTERRUPTED);
                }
            }
        };
        if std::thread::Builder::new().name("signals".into()).spawn(listen).is_err() {
            let _ = requests.thread_unblock();
        }
    });
}
