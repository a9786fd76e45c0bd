//! What packets and the logs of servers tell: checks, steps of a relay, DTLS, data. Packets that say the same are one event with a
//! count, so that an hour of them is no more to look at than a second.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::turnserver::PeerRange;
use crate::wire::CandidateTransport;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it skips by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// From which socket to which packets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Flow {
    /// The sender's; that of a relay, where the packet was seen on its way from or to its client.
    pub from: SocketAddr,
    /// The receiver's.
    pub to: SocketAddr,
    /// What carried them.
    pub transport: CandidateTransport,
    /// The TURN server that they went through, where they were seen between it and its client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<SocketAddr>,
}

impl Flow {
    /// The way back.
    #[must_use]
    pub fn back(self) -> Self {
        Self { from: self.to, to: self.from, ..self }
    }
}

/// How often, and when for the last time; for the first time is when the event happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Times {
    /// How many packets.
    pub count: u64,
    /// When the last came, on the clock of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ms: Option<u64>,
}

impl Times {
    /// One more.
    pub fn add(&mut self, at_ms: Option<u64>) {
        self.count += 1;
        self.last_ms = at_ms.or(self.last_ms);
    }
}

/// Connectivity checks from one socket to another: Binding requests with a user name (RFC 8445 section 7), and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checks {
    /// Which way the requests went.
    #[serde(flatten)]
    pub flow: Flow,
    /// The user name fragment of the sender. Escaped.
    pub from_ufrag: String,
    /// The user name fragment of the receiver. Escaped.
    pub to_ufrag: String,
    /// In which role the sender says that it is (RFC 8445 section 7.1.3); absent where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<AgentRole>,
    /// The priority that the sender announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Whether one of them chose the pair (USE-CANDIDATE).
    pub nominating: bool,
    /// The requests.
    pub requests: Times,
    /// The success responses to them.
    pub answers: Times,
    /// The codes of error responses to them, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<u16>,
    /// How many requests came again long after their answer had passed: it did not arrive, or was not taken.
    #[serde(skip_serializing_if = "is_zero")]
    pub unheard: u64,
    /// The sender's address as the receiver saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapped: Option<SocketAddr>,
    /// Another socket than the one that was asked, where answers came from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_from: Option<SocketAddr>,
    /// The sender's socket beyond a NAT, where the same request was seen on both sides of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translated_to: Option<SocketAddr>,
}

impl Checks {
    /// Checks of which no more is known.
    #[must_use]
    pub fn new(flow: Flow, from_ufrag: String, to_ufrag: String) -> Self {
        Self {
            flow,
            from_ufrag,
            to_ufrag,
            role: None,
            priority: None,
            nominating: false,
            requests: Times::default(),
            answers: Times::default(),
            errors: Vec::new(),
            unheard: 0,
            mapped: None,
            answered_from: None,
            translated_to: None,
        }
    }
}

/// Who decides which pair is taken (RFC 8445 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgentRole {
    /// It does.
    Controlling,
    /// The other end does.
    Controlled,
}

/// What a client asked of a STUN or TURN server, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelayStep {
    /// What was asked.
    pub step: RelayRequest,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: RelayOutcome,
    /// How often the same came of the same.
    pub times: Times,
    /// Whether the request had a user name and a signature: the first has none, and is refused with 401 as a rule.
    pub authenticated: bool,
    /// How many requests came again long after their answer had passed: it did not arrive, or was not taken.
    #[serde(skip_serializing_if = "is_zero")]
    pub unheard: u64,
    /// The client's socket as it was seen where the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<SocketAddr>,
    /// The server's socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<SocketAddr>,
    /// What carried it between the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<CandidateTransport>,
    /// What the server calls the session, in its log. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The peer that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
    /// The range of peers that the server denies, where its log tells that it refused because of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<PeerRange>,
    /// The relayed address that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relayed: Option<SocketAddr>,
    /// The client's address as the server saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapped: Option<SocketAddr>,
    /// How long it is granted, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u32>,
    /// The user name. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The realm of the server. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// What the server says that it is. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
}

impl RelayStep {
    /// A step of which no more is known.
    #[must_use]
    pub fn new(step: RelayRequest, outcome: RelayOutcome) -> Self {
        Self {
            step,
            outcome,
            times: Times { count: 1, last_ms: None },
            authenticated: false,
            unheard: 0,
            client: None,
            server: None,
            transport: None,
            session: None,
            peer: None,
            denied: None,
            relayed: None,
            mapped: None,
            lifetime_s: None,
            user: None,
            realm: None,
            software: None,
        }
    }

    /// The error code that the server answered with.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self.outcome {
            RelayOutcome::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// What is asked of a STUN or TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RelayRequest {
    /// Its address as the server sees it (Binding, without a user name).
    Binding,
    /// A relayed address (Allocate).
    Allocate,
    /// To let a peer in (CreatePermission).
    Permission,
    /// A number for a peer (ChannelBind).
    Channel,
    /// More time, or none any more (Refresh).
    Refresh,
    /// A TCP connection to a peer (Connect, RFC 6062).
    Connect,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum RelayOutcome {
    /// It was granted.
    Granted,
    /// It was refused.
    Refused {
        /// The error code.
        code: u16,
        /// The reason in the words of the server. Escaped.
        reason: String,
    },
    /// No answer is in the file.
    Unanswered,
    /// It ended: deleted, expired, or closed by the server.
    Ended {
        /// Why, in the words of the file. Escaped.
        reason: String,
    },
}

/// Handshake records and alerts of DTLS (RFC 6347, RFC 9147) from one socket to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dtls {
    /// Which way.
    #[serde(flatten)]
    pub flow: Flow,
    /// What.
    #[serde(flatten)]
    pub message: DtlsMessage,
    /// How often: a handshake that is not answered is sent again.
    pub times: Times,
    /// The bytes of the largest packet with one.
    pub largest: usize,
}

/// What a DTLS record says that is not encrypted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "message", rename_all = "kebab-case")]
pub enum DtlsMessage {
    /// The client begins.
    ClientHello,
    /// The server wants a cookie first.
    HelloVerifyRequest,
    /// The server answers.
    ServerHello,
    /// A certificate, or part of one.
    Certificate,
    /// Another message of the handshake.
    OtherHandshake,
    /// What follows is encrypted.
    ChangeCipherSpec,
    /// A message of the handshake, encrypted: Finished.
    EncryptedHandshake,
    /// Application data: the handshake was successful for the sender.
    ApplicationData,
    /// Something is wrong, or it ends.
    Alert {
        /// Whether the sender gives up.
        fatal: bool,
        /// Its number (RFC 8446 section 6), where it is not encrypted.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<u8>,
    },
}

/// Data from one socket to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Data {
    /// Which way.
    #[serde(flatten)]
    pub flow: Flow,
    /// What kind.
    pub kind: DataKind,
    /// The packets.
    pub times: Times,
    /// The bytes in them.
    pub bytes: u64,
}

/// What data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DataKind {
    /// Sound and pictures (RTP and RTCP).
    Media,
    /// ChannelData of which the channel's beginning was not seen.
    Channel,
    /// Something else.
    Other,
}

/// Packets that could not be delivered: ICMP errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Undelivered {
    /// Of which packets.
    #[serde(flatten)]
    pub flow: Flow,
    /// Who says so.
    pub by: std::net::IpAddr,
    /// Why: `port unreachable`, `prohibited`, `too big` ...
    pub reason: String,
    /// How often.
    pub times: Times,
}

/// How many packets a relay passed on, as far as its server counted them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelayedPackets {
    /// What the server calls the session. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The client's socket as the server saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<SocketAddr>,
    /// The relayed address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relayed: Option<SocketAddr>,
    /// Packets that came from the client, requests among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_client: Option<u64>,
    /// Packets that went to the client, answers among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_client: Option<u64>,
    /// Packets that came from peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_peers: Option<u64>,
    /// Packets that went to peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_peers: Option<u64>,
}

/// Something wrong with a server itself, as its log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServerTrouble {
    /// A line of its configuration is ignored.
    ConfigurationNotUnderstood,
    /// An address in its configuration is ignored.
    AddressNotUnderstood,
    /// A second public address is ignored.
    ExternalIpTwice,
    /// TLS and DTLS are not started.
    TlsNotStarted,
    /// The key is not that of the certificate, or its password is missing.
    KeyNotOfCertificate,
    /// A port on which it is to listen is another program's.
    PortTaken,
    /// An address that it is to use is not one of its host.
    AddressNotOfHost,
    /// No relay port is free.
    NoPorts,
    /// It answers a client no more, which asked too often without a login.
    RateLimited,
    /// It knows no address to relay from.
    NoRelayAddress,
}

impl ServerTrouble {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::ConfigurationNotUnderstood => (
                "the server does not understand a line of its configuration, and ignores it",
                "nat-probe turn lint with its configuration",
            ),
            Self::AddressNotUnderstood => (
                "the server does not understand an address in its configuration, and ignores that line",
                "nat-probe turn lint with its configuration",
            ),
            Self::ExternalIpTwice => {
                ("a second external-ip is ignored", "PUBLIC/PRIVATE on each line, where the host has several addresses")
            }
            Self::TlsNotStarted => (
                "the server did not start TLS and DTLS: its certificate or key is missing or not for it to read",
                "cert and pkey, readable for the server's user",
            ),
            Self::KeyNotOfCertificate => (
                "the server's key is not that of its certificate, or its password is missing: every handshake of TLS fails",
                "cert and pkey that belong together, and pkey-pwd where the key has a password",
            ),
            Self::PortTaken => (
                "a port on which the server is to listen is taken: it does not listen there, and another program answers",
                "stop the other program, which may be the same server started before, or give it another port",
            ),
            Self::AddressNotOfHost => (
                "an address that the server is to use is not one of its host: it does not listen there, or allocations fail with 508",
                "relay-ip and listening-ip have to be addresses of the host itself, not those of a NAT in front of it",
            ),
            Self::NoPorts => ("the server has no free relay port", "a larger range: min-port and max-port"),
            Self::RateLimited => (
                "the server answers an address no more that asked too often without a login; behind a carrier's NAT many share one",
                "a higher unauthorized-ratelimit-rps",
            ),
            Self::NoRelayAddress => {
                ("the server has no address to relay from: TURN is off", "relay_ipv4_addr in its configuration")
            }
        }
    }
}
