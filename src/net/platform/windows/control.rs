//! Ctrl-C, Ctrl-Break, and a console that is closed: the first asks the run to stop, the second ends the process.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tokio::sync::mpsc::UnboundedSender;

/// The exit code of a process that Ctrl-C ended, by the convention of shells.
const INTERRUPTED: i32 = 130;

/// Every way in which this system asks a program to end. After the last three it ends the program by itself some seconds later.
struct Requests(CtrlC, CtrlBreak, CtrlClose, CtrlLogoff, CtrlShutdown);

impl Requests {
    fn listen() -> io::Result<Self> {
        Ok(Self(ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?))
    }

    async fn next(&mut self) {
        let Self(typed, broken, closed, left, shut) = self;
        poll_fn(|context| {
            let polled = [
                typed.poll_recv(context),
                broken.poll_recv(context),
                closed.poll_recv(context),
                left.poll_recv(context),
                shut.poll_recv(context),
            ];
            if polled.iter().any(Poll::is_ready) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Starts to watch, on a thread of its own: a second request works even while this program is stuck elsewhere. Where that cannot be
/// done, they keep their usual effect.
pub(in crate::net) fn watch_interrupts(run: UnboundedSender<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let Ok(mut requests) = runtime.block_on(async { Requests::listen() }) else { return };
    let _ = std::thread::Builder::new().name("control".into()).spawn(move || {
        runtime.block_on(async {
            requests.next().await;
            if run.send(()).is_ok() {
                requests.next().await;
            }
        });
        std::process::exit(INTERRUPTED);
    });
}
