//! What each socket of a TURN test is for.

use super::words;

/// A socket's part in the test. Each has a port of its own, and on TCP and TLS a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SocketRole {
    /// Where the first allocation is tried.
    First,
    /// Where it is tried next: each 437 asks for another port (RFC 8656 section 7.4).
    FirstRetry,
    /// Where it is tried last.
    FirstLastRetry,
    /// Where the second allocation is made.
    Second,
    /// Where a user name that expires later is tried.
    LaterExpiry,
    /// Where the password is tried in its normalized form (NFKC).
    NormalizedPassword,
    /// Where a user that nobody has is tried.
    Stranger,
    /// Where credentials are tried with SHA-256.
    Sha256,
    /// A relayed IPv6 address.
    Ipv6Relay,
    /// A relayed address of each family.
    BothFamilies,
    /// An even relayed port.
    EvenPort,
    /// A pair of ports, of which the second is kept.
    Reservation,
    /// Where that second port is asked for.
    Reserved,
    /// DONT-FRAGMENT.
    DontFragment,
    /// Where a mobile allocation is made.
    Mobility,
    /// Where the mobile allocation is moved to.
    Moved,
    /// TCP beyond the relay.
    TcpRelay,
    /// Our plain socket, a peer of the relay.
    Plain,
    /// The same in the family that the way to the server does not have.
    PlainOtherFamily,
    /// Packets straight to the server.
    Direct,
    /// UDP to others, where the server is silent.
    Control,
    /// The server over TCP.
    OverTcp,
    /// The server over TLS.
    OverTls,
}

words!(SocketRole {
    First => "a",
    FirstRetry => "a2",
    FirstLastRetry => "a3",
    Second => "b",
    LaterExpiry => "late",
    NormalizedPassword => "nfkc",
    Stranger => "stranger",
    Sha256 => "sha-256",
    Ipv6Relay => "ipv6-relay",
    BothFamilies => "both-families",
    EvenPort => "even-port",
    Reservation => "reservation",
    Reserved => "reserved",
    DontFragment => "dont-fragment",
    Mobility => "mobility",
    Moved => "moved",
    TcpRelay => "tcp-relay",
    Plain => "x",
    PlainOtherFamily => "y",
    Direct => "direct",
    Control => "control",
    OverTcp => "tcp",
    OverTls => "tls",
});

impl SocketRole {
    /// Its word in names of exchanges and sockets.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.word()
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::read(word)
    }
}
