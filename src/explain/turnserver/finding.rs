//! What is wrong with a configuration: codes, how bad, and in which line.

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::codes::codes;

/// Something wrong with a configuration, or good to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// A stable code.
    pub code: LintCode,
    /// How bad it is.
    pub severity: Severity,
    /// The line, from 1; absent where something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The key that it is about; empty where it is about none. Escaped.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What is wrong. Escaped.
    pub text: String,
    /// What comes of it with this version of coturn.
    pub effect: String,
    /// How to mend it. Escaped.
    pub fix: String,
}

impl Fault {
    pub(super) fn new(code: LintCode, severity: Severity, text: impl Into<String>) -> Self {
        let (effect, fix) = (String::new(), String::new());
        Self { code, severity, line: None, key: String::new(), text: text.into(), effect, fix }
    }

    pub(super) fn error(code: LintCode, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, text)
    }

    pub(super) fn warning(code: LintCode, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, text)
    }

    pub(super) fn note(code: LintCode, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, text)
    }

    /// In the line of this setting.
    pub(super) fn at(mut self, setting: &super::read::Setting) -> Self {
        self.line = Some(setting.line);
        self.key = setting.key.map(|key| key.name.to_owned()).unwrap_or_default();
        self
    }

    /// About a key that is missing.
    pub(super) fn of(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    pub(super) fn effect(mut self, effect: impl Into<String>) -> Self {
        self.effect = effect.into();
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// coturn does not start, clients are refused, or anybody may use it.
    Error,
    /// Something does not do what it seems to, or hinders some clients.
    Warning,
    /// Advice.
    Note,
}

impl Severity {
    /// The word in JSON, on the page and in SARIF.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

codes! {
    /// What can be wrong with turnserver.conf, in the order of the rules.
    pub enum LintCode {
        /// A key that no version of coturn has: it is ignored.
        UnknownKey,
        /// A key of another version of coturn: it is ignored.
        KeyOfAnotherVersion,
        /// A key that has no effect any more, or is for what this version does anyway.
        KeyWithoutEffect,
        /// A key that only some builds of coturn know.
        KeyOfSomeBuilds,
        /// What was meant as a comment behind a value belongs to the value: only a line that begins with # is a comment.
        CommentInValue,
        /// A semicolon at the end belongs to the value.
        Semicolon,
        /// A switch has neither yes nor no: coturn does not start.
        SwitchNotUnderstood,
        /// A key that is on because it is there has a value that says no.
        SwitchedOnByPresence,
        /// Single or typographic quotes belong to the value.
        QuotesInValue,
        /// A key that takes a value has none.
        ValueMissing,
        /// No number: coturn takes it for 0.
        NumberMalformed,
        /// A value that somebody was to fill in, or that examples have.
        Placeholder,
        /// The file is the template of a configuration: what it makes was not seen.
        Template,
        /// The configuration is a part of the file: a block of it, or the flags of a command.
        PartOfFile,
        /// A key is set again: only the last one counts.
        SetTwice,
        /// A line is longer than coturn reads.
        LineTooLong,
        /// The file begins with a byte order mark or is UTF-16: coturn does not know the first key, or any.
        ByteOrderMark,
        /// Nobody has to log in: anybody may relay.
        OpenRelay,
        /// no-auth says that nobody has to log in.
        NoAuth,
        /// no-auth stands beside a way to log in: coturn does not start.
        NoAuthConflict,
        /// A shared secret stands beside static users, who can never log in.
        SecretBesideUsers,
        /// A user without a colon, a name or a password is no user; one with a blank, a quote or a backslash is refused.
        UserMalformed,
        /// A key of a user is too short.
        UserKeyMalformed,
        /// A realm is missing: clients are told an empty one.
        NoRealm,
        /// A realm with a blank, a quote or a backslash: coturn refuses every login.
        RealmWithBlank,
        /// An empty shared secret: anybody can make credentials.
        SecretEmpty,
        /// Users or secrets can come only from a database.
        LoginFromDatabase,
        /// No address: neither one nor the name of a host.
        AddressMalformed,
        /// An address to listen on or to relay from is not one of this host.
        AddressNotOfHost,
        /// The public address is a name: it has to resolve when coturn starts.
        ExternalIpName,
        /// The public address is set again: the second one is ignored.
        ExternalIpTwice,
        /// The public address is not public.
        ExternalIpPrivate,
        /// The private address stands in front of the public one.
        ExternalIpSwapped,
        /// A public address is given for a private one from which coturn does not relay.
        ExternalIpUnused,
        /// Peers are no address and no range of two: the rule does not work.
        PeersMalformed,
        /// A range of peers ends before it begins: it is empty.
        PeersReversed,
        /// Every peer is denied.
        PeersAllDenied,
        /// The own address is denied as a peer: two clients of this server cannot talk to each other.
        PeersOwnDenied,
        /// Private networks are not denied as peers: clients reach what is beside the server.
        PeersPrivate,
        /// Multicast addresses are not denied as peers.
        PeersMulticast,
        /// Loopback addresses are allowed as peers.
        LoopbackPeers,
        /// Loopback addresses are allowed as peers while the command line has no password: coturn does not start.
        LoopbackPeersWithoutPassword,
        /// No port.
        PortMalformed,
        /// The range of relay ports ends before it begins.
        PortsReversed,
        /// There are few relay ports.
        PortsFew,
        /// A listening port lies within the range of relay ports.
        PortWithinRelayPorts,
        /// Two listeners want one port.
        PortTwice,
        /// Nothing can be relayed: coturn does not start.
        NothingRelayed,
        /// Nothing listens.
        NothingListens,
        /// It listens on the host's loopback alone.
        LoopbackOnly,
        /// The command line is open to other hosts, without encryption.
        CommandLineOpen,
        /// Only STUN: there is no relay.
        StunOnly,
        /// UDP is off: most clients come over it.
        NoUdp,
        /// Binding requests are refused: browsers find no server-reflexive address.
        StunRefused,
        /// A capacity stands without the bandwidth of a session: coturn does not start.
        CapacityWithoutSession,
        /// The bandwidth of a session is small.
        BandwidthSmall,
        /// A quota is smaller than what a browser asks for.
        QuotaSmall,
        /// A nonce is stale soon.
        NonceShort,
        /// Permissions, channels or allocations end before clients renew them.
        LifetimeShort,
        /// The relay is one that is not standard and dangerous.
        ServerRelay,
        /// TLS is wanted, and a certificate or its key is missing: it is not started.
        TlsWithoutCertificate,
        /// There is no TLS: networks that let only TLS through are shut out.
        NoTls,
        /// The file of a certificate or a key is not there, or not for coturn to read.
        FileUnreadable,
        /// The certificate has expired.
        CertificateExpired,
        /// Old versions of TLS are on.
        TlsOld,
        /// TLS 1.2 is off, which clients need.
        TlsNewOff,
        /// The log tells next to nothing.
        LogSilent,
        /// A client is told of a transport that is off.
        ClientTransportOff,
        /// A client is told of a host that the certificate is not for.
        ClientNameNotCertified,
        /// A client is told of a port on which nothing listens.
        ClientPortClosed,
        /// A client has credentials that this server refuses.
        ClientRefused,
        /// A client has a user whom the file does not know.
        ClientUserUnknown,
        /// A client has a user name that has expired.
        ClientExpired,
        /// A client is told of a host that only the server itself, or a container beside it, finds.
        ClientHostLocal,
    }
}
