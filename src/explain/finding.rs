//! What is said of a file: causes with their certainty and whose side they lie on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::codes::codes;

/// Something that follows from a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// A stable code.
    pub code: CauseCode,
    /// Which of the connections, from 0.
    pub connection: usize,
    /// Whether it hinders the connection, and is not only good to know.
    pub fault: bool,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where to look for it.
    pub side: FaultSide,
    /// In a sentence.
    pub text: String,
    /// What it rests on: places in the file.
    pub because: Vec<String>,
    /// What to do; empty where nothing has to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// What would settle it; empty where it is settled.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub settle: String,
}

/// How sure something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// It follows from the file alone.
    Certain,
    /// The usual cause of what the file shows.
    Likely,
    /// One cause of several.
    Possible,
}

/// Where a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultSide {
    /// At the end that wrote the file: its host, its NAT, its firewall.
    Here,
    /// At the other end.
    There,
    /// At a STUN or TURN server.
    Server,
    /// Between the two.
    Path,
    /// In the application or its signaling.
    Application,
    /// It cannot be told.
    Unknown,
}

impl Certainty {
    /// The word in JSON and on the page.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

impl FaultSide {
    /// The word in JSON and on the page.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::There => "there",
            Self::Server => "server",
            Self::Path => "path",
            Self::Application => "application",
            Self::Unknown => "unknown",
        }
    }
}

codes! {
    /// What a file can show, in the order in which it is told.
    pub enum CauseCode {
        /// No camera or microphone was granted, and no connection was made.
        DeviceRefused,
        /// The offer got no answer.
        NeverAnswered,
        /// A description was refused.
        DescriptionRefused,
        /// Candidates of the other end came before its description, and were refused.
        CandidatesTooEarly,
        /// A candidate of the other end was refused.
        CandidateRefused,
        /// Candidates of the other end belong to another attempt: their user name fragment stands in no description.
        StaleCandidates,
        /// The other end has no candidates in this file.
        NoRemoteCandidates,
        /// Both ends only answer checks (ICE lite), so that nobody begins.
        BothLite,
        /// Both ends wait for the other to begin DTLS, or both begin.
        SetupConflict,
        /// A description has no fingerprint of a certificate.
        FingerprintMissing,
        /// Something on the way changed the addresses of a description.
        IceMismatch,
        /// Every section of an answer is refused.
        SectionsRefused,
        /// TURN refused the user name or the password.
        TurnCredentialsRefused,
        /// TURN refused another allocation: its quota is reached.
        TurnQuotaReached,
        /// A TURN server refused an allocation.
        TurnRefused,
        /// A TURN server is configured without a user name or a password.
        TurnWithoutCredentials,
        /// No answer came from a TURN server.
        TurnUnreachable,
        /// No answer came from a STUN server.
        StunUnreachable,
        /// No server answered this end over UDP.
        UdpBlocked,
        /// The name of a STUN or TURN server does not resolve.
        NameUnresolved,
        /// Only relays are allowed, and no TURN server gave one.
        RelayOnlyWithoutRelay,
        /// ICE works and DTLS failed.
        DtlsFailed,
        /// It was connected, and the connection was lost.
        LostAfterConnected,
        /// It is connected, and this end sends no sound and no pictures.
        NoMediaSent,
        /// It is connected, and no sound and no pictures come from the other end.
        NoMediaReceived,
        /// Candidates of one end never came to the other.
        CandidatesLost,
        /// The server is not set up right, as its log or its configuration tells.
        ServerMisconfigured,
        /// An allocation is another user's, or there is one on that port already, or none any more.
        TurnAllocationMismatch,
        /// Nonces became stale again and again.
        NonceStale,
        /// No permission was asked for a relay.
        PermissionMissing,
        /// A relay sent to peers, and nothing came back to it.
        RelayUnanswered,
        /// Both ends are in the same role.
        RoleConflict,
        /// Packets could not be delivered: somebody on the way, or the host itself, says so.
        Undelivered,
        /// Answers came from another address than was asked.
        AnsweredElsewhere,
        /// The NATs of both ends give each destination another port, and nobody relays.
        BothMappingsDepend,
        /// The two ends have no address family in common.
        NoCommonFamily,
        /// The TURN server refused to relay to the other end's address (403): a log or a capture says so, or the pairs with the relay vanished.
        RelayPermissionRefused,
        /// Checks of the other end came, and none of this end's was answered.
        OneWay,
        /// No check of the other end came, and none of this end's was answered.
        NothingArrived,
        /// No check of this end succeeded.
        NothingAnswered,
        /// The NAT of this end gives each destination another port or address.
        MappingDependsHere,
        /// The NAT of the other end gives each destination another port or address.
        MappingDependsThere,
        /// This end has no address that is reachable from elsewhere.
        OnlyLocalHere,
        /// The other end has no address that is reachable from elsewhere.
        OnlyLocalThere,
        /// Both ends are behind the same public address.
        SamePublicAddress,
        /// A server-reflexive address is not public: the STUN server stands within the NAT.
        ReflexiveNotPublic,
        /// A relayed address is not public.
        RelayNotPublic,
        /// Both ends have a relay of one server, and nothing passed from one to the other.
        RelaysOfOneServer,
        /// No TURN server is configured.
        NoTurnConfigured,
        /// No TURN server gave a relay, and the file does not say why; of bare statistics, none may be configured.
        NoRelay,
        /// No STUN or TURN server is configured.
        NoServersConfigured,
        /// The file was written before the result was known.
        TooEarly,
        /// A line could not be understood.
        NotUnderstood,
    }
}
