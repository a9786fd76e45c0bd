//! Ctrl-C: the first one asks the run to stop, the second one ends the process.

use tokio::signal::ctrl_c;
use tokio::sync::mpsc::Sender;

use crate::engine::Input;

/// The exit code of a process that SIGINT ended, by the convention of shells.
const INTERRUPTED: i32 = 130;

/// Starts to watch. A thread of its own, so that a second Ctrl-C works even while this program is stuck elsewhere, for example
/// writing to a pager; once nobody takes inputs any more, the first one ends the process.
pub(super) fn watch(inputs: Sender<Input>) {
    // Without the thread, Ctrl-C keeps its usual effect.
    let _ = std::thread::Builder::new().name("ctrl-c".into()).spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        let heard = runtime.block_on(async {
            ctrl_c().await?;
            tokio::select! {
                sent = inputs.send(Input::Interrupted) => if sent.is_ok() { ctrl_c().await } else { Ok(()) },
                again = ctrl_c() => again,
            }
        });
        if heard.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    });
}
