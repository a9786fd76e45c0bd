//! The connections of a target: how far TCP and TLS came.

use super::target::Target;
use crate::evidence::key::SocketRole;
use crate::evidence::{Connection, Failure, FailureCode};
use crate::wire::escape;

impl<'a> Target<'a> {
    /// The connection of that socket.
    pub(crate) fn connection(&self, role: SocketRole) -> Option<&'a Connection> {
        let name = self.socket(role);
        self.seen.connections.iter().find(|connection| connection.socket == name)
    }

    /// Whether the server took the first connection, whatever came of it then.
    pub(crate) fn connected(&self) -> bool {
        self.connection(SocketRole::First).is_some_and(|connection| connection.connected_ms.is_some())
    }

    /// Whether the secure connection stood.
    pub(crate) fn is_secured(&self) -> bool {
        self.transport.is_secure() && self.connection(SocketRole::First).is_some_and(is_open)
    }

    /// Whether what was tried on that socket shows a server that speaks TLS. A certificate need not be good for that, nor be the name's,
    /// and who refuses the handshake with an alert speaks it too.
    pub(crate) fn speaks_tls(&self, role: SocketRole) -> bool {
        let Some(connection) = self.connection(role) else { return false };
        // Without a name to greet with nothing was said to the server: the failure is our own.
        let greeted = connection.tls.as_ref().is_some_and(|facts| !facts.server_name.is_empty());
        let spoken = |failure: &Failure| match failure.code {
            FailureCode::TlsNameMismatch | FailureCode::TlsExpired | FailureCode::TlsUntrusted => true,
            FailureCode::TlsHandshakeFailed => greeted,
            _ => false,
        };
        is_open(connection) || connection.failure.as_ref().is_some_and(spoken)
    }

    /// Whether what was tried on that socket was answered by what is no TLS.
    pub(crate) fn speaks_no_tls(&self, role: SocketRole) -> bool {
        let failure = self.connection(role).and_then(|connection| connection.failure.as_ref());
        failure.is_some_and(|failure| failure.code == FailureCode::NotTls)
    }
}

/// Whether messages could be sent on it.
pub(crate) fn is_open(connection: &Connection) -> bool {
    connection.opened_ms.is_some()
}

/// Why the handshake failed although it seemed over: with TLS 1.3 the server looks for the client's certificate last, and says that it
/// wants one, or only hangs up.
pub(crate) fn failed_late(connection: &Connection) -> Option<String> {
    let failure = connection.failure.as_ref()?;
    let wanted = connection.tls.as_ref().is_some_and(|facts| facts.client_certificate_wanted);
    match failure.code {
        FailureCode::TlsHandshakeFailed if wanted || is_open(connection) => Some(escape(&failure.text)),
        FailureCode::ConnectionClosed if wanted && is_open(connection) => {
            let said = escape(&failure.text);
            Some(format!("the server asked for a client certificate, none was shown, and then: {said}"))
        }
        _ => None,
    }
}
