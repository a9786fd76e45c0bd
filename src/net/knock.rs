//! Whether somebody refuses what stays without an answer, where a system tells only connected sockets of ICMP errors. A connected socket
//! would lose the answers from a server's other addresses, so one beside it knocks: with an empty datagram, which no server answers, and
//! which a closed port refuses like any other.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::{Socket, Type};
use tokio::time::sleep;

use super::binding::Binding;
use super::icmp::Refusal;
use crate::evidence::FailureCode;

/// How long somebody may be silent before he is knocked at: whoever answers is not bothered, and what is asked beside later has not been
/// given up by the time that he refuses.
const SILENT: Duration = Duration::from_millis(500);

/// How often, and how long a refusal is waited for: the last one ends before whoever asked gives up.
const KNOCKS: u32 = 3;
const WAIT: Duration = Duration::from_millis(400);

/// Who has answered in this run.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<BTreeSet<SocketAddr>>>);

impl Heard {
    /// Notes that something came from there.
    pub(super) fn note(&self, remote: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(remote);
    }

    fn has(&self, remote: SocketAddr) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&remote)
    }
}

/// A socket that is ready to knock there; nothing is sent. Without one, silence stays what it is.
pub(super) fn socket(binding: &Binding, remote: SocketAddr) -> Option<Socket> {
    let socket = binding.socket(remote, Type::DGRAM).ok()?;
    binding.bind(&socket, remote, None, &[]).ok()?;
    socket.connect(&remote.into()).ok()?;
    Some(socket)
}

/// The refusal of whoever has been silent for a while, if it is one. The socket is only looked at now and then: a runtime that waited
/// for it would, on some systems, take the pending error away from whoever asks for it.
pub(super) async fn refusal(socket: Socket, remote: SocketAddr, heard: Heard) -> Option<Refusal> {
    sleep(SILENT).await;
    for _ in 0..KNOCKS {
        if heard.has(remote) {
            return None;
        }
        let mut refused = socket.send(&[]).is_err_and(|error| is_refusal(&error));
        if !refused {
            sleep(WAIT).await;
            refused = socket.recv(&mut [MaybeUninit::uninit()]).is_err_and(|error| is_refusal(&error));
        }
        if refused {
            // Who said so is not told, and a missing route is not told from one of this host's.
            let (code, text) = (FailureCode::ConnectionRefused, "refused".to_owned());
            return Some(Refusal { destination: remote, code, text, by: None });
        }
    }
    None
}

/// Windows has a reset for what others call a refusal: nothing was connected that could be reset.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_port_refuses_and_an_open_one_is_only_silent() {
        let open = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        // Where nobody else takes the port meanwhile; macOS has one loopback address only.
        let elsewhere = if cfg!(target_os = "macos") { "127.0.0.1:0" } else { "127.0.0.2:0" };
        let closed = std::net::UdpSocket::bind(elsewhere).unwrap().local_addr().unwrap();
        let (silent, heard) = (open.local_addr().unwrap(), Heard::default());
        let (binding, _) = Binding::new(None, None).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let knock = |remote, heard: &Heard| refusal(socket(&binding, remote).unwrap(), remote, heard.clone());
            let known = Heard::default();
            known.note(closed);
            let (silence, refused, unasked) =
                tokio::join!(knock(silent, &heard), knock(closed, &heard), knock(closed, &known));
            assert_eq!(
                (silence, unasked),
                (None, None),
                "an open port says nothing, and nobody knocks at whom he has heard"
            );
            let refused = refused.expect("a closed port refuses");
            assert_eq!((refused.destination, refused.code, refused.by), (closed, FailureCode::ConnectionRefused, None));
        });
    }
}
