//! What real TURN servers get wrong, each as a switch.

use serde::Deserialize;

macro_rules! faults {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        /// A TURN server's misbehavior.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum TurnFault { $($(#[$meta])* $name,)* }

        impl TurnFault {
            /// Every fault there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

faults! {
    /// The challenge has no REALM.
    NoRealm,
    /// The challenge has no NONCE.
    NoNonce,
    /// Success responses are not signed.
    UnsignedSuccess,
    /// Success responses are signed with another key.
    WrongIntegrity,
    /// Every signed request is answered with 438 and a new nonce: something rewrites source ports.
    StaleNonceLoop,
    /// Binding is answered, nothing else is.
    StunOnly,
    /// Nothing is asked for: whoever comes gets an allocation.
    NoAuth,
    /// Wants OAuth tokens (RFC 7635), and names no realm to log in to.
    OauthOnly,
    /// Allocate with credentials is answered with 400.
    #[serde(rename = "allocate-400")]
    Allocate400,
    /// Allocate is answered with 486.
    Quota,
    /// Allocate is answered with 508.
    Capacity,
    /// Allocate is answered with 437, always.
    #[serde(rename = "mismatch-437")]
    Mismatch437,
    /// Allocate is answered with 442.
    UnsupportedTransport,
    /// Allocate is answered with 440.
    UnsupportedFamily,
    /// Allocate is answered with 300 and the configured alternate server.
    Redirect,
    /// Allocate is answered with 300 and this very server.
    RedirectLoop,
    /// Allocate is answered with 403.
    Forbidden,
    /// Every peer is answered with 403.
    PeerForbidden,
    /// Peers at the server's own addresses are answered with 403.
    OwnPeerForbidden,
    /// The relayed address it tells is a private one: behind a NAT that it was not told of.
    PrivateRelay,
    /// The relayed address it tells is public and not the one that packets leave from.
    WrongExternal,
    /// A firewall drops whatever comes to the relayed ports from outside.
    RangeClosed,
    /// A firewall lets to a relayed port only whom packets left for from it.
    RangeFiltered,
    /// Packets to its own relayed addresses vanish.
    HairpinDenied,
    /// Takes data and never passes it on.
    RelayDead,
    /// Loses `relay_loss` of the data, each way.
    Lossy,
    /// Passes everything on twice.
    Duplicates,
    /// Lets every third packet of data wait, so that later ones overtake it.
    Reorders,
    /// Drops data of more than `mtu` bytes.
    Mtu,
    /// Allocations last 20 s.
    ShortLifetime,
    /// Every request is answered with 500 once it is signed.
    #[serde(rename = "error-500")]
    Error500,
    /// Allocate succeeds without XOR-RELAYED-ADDRESS.
    NoRelayedAddress,
    /// Allocate with credentials is answered with bytes that are no STUN.
    GarbageAllocate,
    /// `ChannelBind` is answered with 400.
    NoChannelBind,
    /// Connections are closed upon the first `CreatePermission`.
    ClosesEarly,
    /// `ChannelBind` is not answered.
    ChannelBindMute,
    /// What comes on a channel vanishes.
    ChannelDataLost,
    /// Refresh is not answered, except to delete.
    RefreshMute,
    /// Success responses to other requests than Allocate are not signed.
    UnsignedLater,
    /// Errors are not signed.
    UnsignedErrors,
    /// `CreatePermission` is answered with 508.
    PermissionCapacity,
    /// Whoever logs in is answered with 300 and the configured alternate server.
    RedirectSigned,
    /// Refresh is answered with 437.
    RefreshFails,
    /// Deleting is answered with success, and the allocation stays.
    DeleteIgnored,
    /// An allocation is gone after `vanishes_after_s`.
    AllocationVanishes,
    /// Permissions last 10 s.
    PermissionShort,
    /// Binding is not answered.
    NoBinding,
    /// Every other signed request is answered with 438 first.
    OftenStale,
    /// A wrong REALM is answered with 437 (coturn) and not with 401.
    #[serde(rename = "realm-437")]
    Realm437,
    /// Silent over UDP, well over TCP: a firewall before it.
    UdpDead,
    /// Who is not known, or has another password, is answered with 400 and no realm (pion).
    #[serde(rename = "login-400")]
    Login400,
    /// User names with a space, a quote or a backslash are answered with 400 (coturn).
    #[serde(rename = "odd-name-400")]
    OddName400,
    /// Its own nonce is answered with 400: something rewrites source ports (reTurn).
    #[serde(rename = "nonce-400")]
    Nonce400,
    /// Errors have no words (pion, coturn since 4.7).
    Wordless,
    /// Allocate is answered with 400 and no realm: no TURN at all (stuntman, libjuice).
    #[serde(rename = "bare-400")]
    Bare400,
    /// Allocate is answered with 405 and no realm: TURN is switched off (eturnal).
    #[serde(rename = "bare-405")]
    Bare405,
    /// Allocate is answered with 420 and no realm: its attributes are unknown (libnice).
    #[serde(rename = "bare-420")]
    Bare420,
    /// The challenge also names an issuer of OAuth tokens (coturn's `oauth`).
    OauthToo,
    /// SHA-256 is offered, in a nonce without the cookie of RFC 8489, and not understood (turn-rs).
    #[serde(rename = "sha256-refused")]
    Sha256Refused,
    /// Requests signed with SHA-256 are answered with signatures by MD5 and SHA-1 (libjuice).
    #[serde(rename = "sha256-answered-with-sha1")]
    Sha256AnsweredWithSha1,
    /// Only SHA-256 is taken.
    #[serde(rename = "md5-refused")]
    Md5Refused,
    /// Refresh is answered with success and LIFETIME 0, and ends the allocation (node-turn).
    RefreshKills,
    /// Refresh is answered with success as it should be, and ends the allocation.
    RefreshEnds,
    /// Refresh is not answered where there is no allocation, and errors are not signed.
    RefreshUnknownMute,
    /// Every peer is refused by an error response without ERROR-CODE (pion).
    PeerRefusedWithoutCode,
    /// Relays between its own allocations only: other peers are answered with 443, port 0 with 403 (turn-rs).
    OwnAllocationsOnly,
    /// Over UDP it answers from another address than it is asked at.
    AnswersFromElsewhere,
    /// A UDP proxy stands before it: it sees every client at its own address.
    Proxied,
    /// Takes `max_bps` bits a second from each client with an allocation, Binding included (coturn's max-bps).
    Throttled,
    /// A firewall lets packets from outside, and from itself, to every other allocation only.
    RangeHalfClosed,
    /// An old connection is closed when its allocation moves (RFC 8016).
    ClosesMoved,
    /// Connections after the first are closed by a proxy upon the first `CreatePermission`.
    ClosesSecond,
}
