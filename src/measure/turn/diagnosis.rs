//! The causes, each with its stable code, one line of documentation, and whose it is to change something.

use crate::wire::codes::codes;

codes! {
    /// A cause. The codes are stable: scripts and support threads name them.
    pub enum DiagnosisCode {
        /// It works: data gets through the relay.
        Ok,
        /// The entry makes no sense, so nothing could be asked.
        InvalidEntry,
        /// The name does not exist, or has no address of the families asked for.
        NameNotFound,
        /// A DNS filter answers for the name with an address that no host has.
        NameFiltered,
        /// The name servers did not answer.
        ResolverFailed,
        /// This host itself could not: it has run out of sockets, or its own firewall refuses.
        LocalSocket,
        /// This host has no address or no route of the address family.
        FamilyUnavailable,
        /// TURN over DTLS was asked for, and this build has no DTLS.
        DtlsNotBuilt,
        /// The host is up, and nothing listens on that port.
        ConnectionRefused,
        /// The network on the way says that the server cannot be reached, or may not be (ICMP).
        Unreachable,
        /// Nothing came back from that address and port.
        NoAnswer,
        /// UDP to the server is silent, while the same server answers over TCP or TLS.
        UdpBlockedUseTcp,
        /// Answers come from another address than the one that was asked: clients ignore them.
        AnswersFromElsewhere,
        /// Something that speaks neither STUN nor TURN answers there.
        NotStun,
        /// The connection was closed before the answer.
        ConnectionClosed,
        /// The server answers Binding and grants no allocations: it is a STUN server only.
        StunOnly,
        /// The port speaks TLS and was asked without.
        TlsExpected,
        /// The port speaks no TLS and was asked with.
        PlainExpected,
        /// The certificate is for another name than the one in the URI.
        TlsNameMismatch,
        /// The certificate is expired or not valid yet.
        TlsExpired,
        /// The certificate is self-signed, incomplete, or of an issuer that is not trusted here.
        TlsUntrusted,
        /// The TLS or DTLS handshake failed otherwise, for example because a client certificate is demanded.
        TlsHandshakeFailed,
        /// The certificate is an inspection product's, or differs from connection to connection.
        TlsIntercepted,
        /// The server asks for no credentials: it relays for everybody.
        OpenRelay,
        /// The server wants credentials, and none were given.
        CredentialsNeeded,
        /// The challenge has no nonce, or no realm that the server would take back: nobody can answer it.
        NoRealm,
        /// The server wants OAuth tokens (RFC 7635).
        OauthOnly,
        /// The user name is unknown or the password is wrong; servers do not say which.
        UnknownUserOrPassword,
        /// The server takes no user name of this form, whatever the password.
        UsernameRefused,
        /// The time in the user name (EXPIRY:USER) has passed.
        CredentialsExpired,
        /// The user name is USER:EXPIRY where servers want EXPIRY:USER.
        UsernameReversed,
        /// The time in the user name is in milliseconds where servers want seconds.
        ExpiryInMilliseconds,
        /// The password is no base64 of an HMAC-SHA1, as that of a time-limited user name has to be.
        PasswordEncoding,
        /// The server does not use this shared secret, or the password was not made with it.
        SecretMismatch,
        /// The server's clock is ahead: it takes only credentials that expire later.
        ClockSkew,
        /// The realm of the server is not the one that --realm insists on.
        WrongRealm,
        /// The server takes these credentials signed with SHA-256 only, as browsers do not sign.
        Sha256Only,
        /// The server calls every nonce stale, however fresh.
        StaleNonceLoop,
        /// The server's answers are not signed, or not with the key of these credentials.
        IntegrityMissingOrBad,
        /// The quota of allocations is used up (486).
        QuotaReached,
        /// The server has no relay port or address to give (508).
        InsufficientCapacity,
        /// The server says that every port tried has an allocation already (437).
        AllocationMismatch,
        /// The server does not relay UDP (442).
        UnsupportedTransport,
        /// The server has no relay address of the family that clients ask for (440).
        UnsupportedFamily,
        /// The server sends its clients elsewhere (300), which was not followed, or in vain.
        Redirected,
        /// The server forbids this client allocations (403).
        Forbidden,
        /// The server refuses permission for peers outside.
        PeerForbidden,
        /// The relayed address is not one that peers outside can reach.
        RelayAddressPrivate,
        /// Relayed packets come from another address than the relayed one.
        RelayAddressMismatch,
        /// Packets from outside do not reach the relayed address.
        RelayRangeClosed,
        /// It relays, and whether peers outside reach it could not be tested from within the server's own network.
        TestedFromInside,
        /// It works over one address family, and over the other it fails.
        OneFamilyFails,
        /// The address that the server tells clients of themselves is not theirs: their server-reflexive candidates are useless.
        MappedAddressUseless,
        /// Two allocations on the server cannot reach each other.
        RelayHairpinDenied,
        /// The server takes data for peers, and none arrives anywhere.
        RelayDead,
        /// Too many packets through the relay are lost.
        RelayLossy,
        /// Too many packets are lost, and as many on the way to the server itself.
        PathLossy,
        /// The allocation, or the way through it, does not last as long as it should.
        AllocationLost,
        /// The server grants less than a minute, too short for what clients do to renew.
        ShortLifetime,
        /// It works, and browsers reject the entry as it is written.
        BrowserRejects,
        /// It works, and browsers refuse its port for TURN.
        BrowserPort,
        /// The server reports an error of its own (5xx).
        ServerError,
        /// What the server says makes no sense.
        ProtocolError,
        /// It could not be told: the run ended too early, or what it takes to know was not there.
        Undetermined,
        /// A cause that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

codes! {
    /// Whose it is to change something.
    pub enum DiagnosisSide {
        /// Nobody's: it works.
        Nobody,
        /// This host's.
        ThisHost,
        /// The entry's or the credentials', as they were given.
        Configuration,
        /// The network's between this host and the server.
        Network,
        /// The server's, or of whoever runs it.
        Server,
        /// It could not be told.
        #[serde(other)]
        Unknown,
    }
}

impl DiagnosisSide {
    /// What a report of a version that did not tell leaves open.
    pub(super) fn unknown() -> Self {
        Self::Unknown
    }
}

impl DiagnosisCode {
    /// Whose it is to change something; where a code has several causes of different people it is not told.
    #[must_use]
    pub fn side(self) -> DiagnosisSide {
        match self {
            Self::Ok => DiagnosisSide::Nobody,
            Self::LocalSocket | Self::FamilyUnavailable | Self::DtlsNotBuilt => DiagnosisSide::ThisHost,
            Self::InvalidEntry
            | Self::NameNotFound
            | Self::TlsExpected
            | Self::PlainExpected
            | Self::CredentialsNeeded
            | Self::UnknownUserOrPassword
            | Self::UsernameRefused
            | Self::CredentialsExpired
            | Self::UsernameReversed
            | Self::ExpiryInMilliseconds
            | Self::PasswordEncoding
            | Self::SecretMismatch
            | Self::WrongRealm
            | Self::BrowserRejects
            | Self::BrowserPort => DiagnosisSide::Configuration,
            Self::NameFiltered
            | Self::ResolverFailed
            | Self::Unreachable
            | Self::UdpBlockedUseTcp
            | Self::TlsIntercepted
            | Self::PathLossy => DiagnosisSide::Network,
            Self::AnswersFromElsewhere
            | Self::StunOnly
            | Self::TlsNameMismatch
            | Self::TlsExpired
            | Self::OpenRelay
            | Self::NoRealm
            | Self::OauthOnly
            | Self::ClockSkew
            | Self::Sha256Only
            | Self::QuotaReached
            | Self::InsufficientCapacity
            | Self::UnsupportedTransport
            | Self::UnsupportedFamily
            | Self::Redirected
            | Self::Forbidden
            | Self::PeerForbidden
            | Self::RelayAddressPrivate
            | Self::RelayAddressMismatch
            | Self::RelayRangeClosed
            | Self::MappedAddressUseless
            | Self::RelayHairpinDenied
            | Self::RelayDead
            | Self::ShortLifetime
            | Self::ServerError => DiagnosisSide::Server,
            Self::ConnectionRefused
            | Self::NoAnswer
            | Self::NotStun
            | Self::ConnectionClosed
            | Self::TlsUntrusted
            | Self::TlsHandshakeFailed
            | Self::StaleNonceLoop
            | Self::IntegrityMissingOrBad
            | Self::AllocationMismatch
            | Self::TestedFromInside
            | Self::OneFamilyFails
            | Self::RelayLossy
            | Self::AllocationLost
            | Self::ProtocolError
            | Self::Undetermined
            | Self::Unknown => DiagnosisSide::Unknown,
        }
    }
}
