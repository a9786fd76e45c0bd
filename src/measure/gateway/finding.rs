//! What `gateway` finds, as values.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::options::GatewayOptions;
use crate::evidence::Gateway;
use crate::wire::codes::codes;
use crate::wire::nat_pmp::Protocol;

/// What `gateway` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GatewayAsked {
    /// How it was asked.
    pub options: GatewayOptions,
    /// What each gateway speaks, and what came of a mapping.
    #[serde(flatten)]
    pub found: GatewayFindings,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GatewayFindings {
    /// Each gateway, in the order they were asked.
    #[serde(default)]
    pub gateways: Vec<GatewayFinding>,
    /// Why none could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<GatewayVerdict>,
    /// What came of the mapping that was to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingFinding>,
}

/// One gateway.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GatewayFinding {
    /// Which.
    #[serde(flatten)]
    pub gateway: Gateway,
    /// What it comes to.
    pub verdict: GatewayVerdict,
    /// Whether it speaks PCP (RFC 6887).
    pub pcp: Service,
    /// Whether it speaks NAT-PMP (RFC 6886).
    pub nat_pmp: Service,
    /// Whether it is an Internet Gateway Device of UPnP.
    #[serde(default = "Service::not_asked")]
    pub upnp: Service,
    /// The external address that it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_address: Option<IpAddr>,
    /// How far that address reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_scope: Option<ExternalScope>,
    /// Its time went backwards during the run: it lost its mappings, or two servers answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub epoch_went_back: bool,
}

/// A verdict about a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayVerdict {
    /// A stable code.
    pub code: GatewayCode,
    /// Whose it is to change.
    pub side: GatewaySide,
    /// The same in plain words, for this run.
    pub text: String,
    /// What to do; empty where there is nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

/// Whether a gateway speaks one of the protocols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// A stable code.
    pub status: ServiceStatus,
    /// The version that it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
    /// Seconds since it lost its state, if it ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_s: Option<u32>,
    /// The same in plain words, for this run.
    pub text: String,
    /// The exchanges that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

impl Service {
    /// Of a protocol that an older version did not ask.
    fn not_asked() -> Self {
        let (status, text) = (ServiceStatus::NotAsked, "was not asked".to_owned());
        Self { status, version: None, epoch_s: None, text, because: Vec::new() }
    }

    /// Whether it can be asked for mappings.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.status == ServiceStatus::Answers
    }
}

/// The mapping that was to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MappingFinding {
    /// What came of it.
    pub code: MappingCode,
    /// Whose it is to change.
    pub side: GatewaySide,
    /// The same in plain words, for this run.
    pub text: String,
    /// What to do; empty where there is nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// The gateway that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// What was mapped.
    pub protocol: Protocol,
    /// The port of this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_port: Option<u16>,
    /// The address and port outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<SocketAddr>,
    /// For how many seconds it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u32>,
    /// Asked once more, the gateway named the same mapping.
    pub kept: bool,
    /// The gateway confirmed its end.
    pub deleted: bool,
    /// What is out of the ordinary about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<MappingRemark>,
    /// The exchanges that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// Something out of the ordinary about a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MappingRemark {
    /// A stable code.
    pub code: MappingRemarkCode,
    /// The same in plain words, for this run.
    pub text: String,
}

codes! {
    /// What a gateway comes to.
    pub enum GatewayCode {
        /// A server of port mappings answers, and the external address is a public one.
        Ok,
        /// A server of port mappings answers, and the external address is none of the internet: another NAT stands behind it.
        SecondNat,
        /// A server of port mappings answers, and has no external address.
        NoExternalAddress,
        /// A server of port mappings answers, and does not tell its external address without a mapping.
        AddressUntold,
        /// Answers come from another address than the one that was asked: clients ignore them.
        AnswersFromElsewhere,
        /// A server answers, and speaks no version of PCP or NAT-PMP that is known here.
        OtherVersion,
        /// It answers a search of UPnP, and cannot be asked for more.
        Incomplete,
        /// The gateway is there, says itself that nothing listens on the port, and answers no search of UPnP.
        NotListening,
        /// The gateway is there, the port is silent, and no search of UPnP is answered.
        NoServer,
        /// The gateway answers nothing at all: whether it is there could not be told.
        NothingAnswers,
        /// Nothing could be sent to it.
        Unreachable,
        /// This host has no default gateway, or none that could be found.
        NoGateway,
        /// The run ended before it was measured.
        NotMeasured,
        /// A code that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

codes! {
    /// What came of a mapping.
    pub enum MappingCode {
        /// It was made, it was there when asked for once more, and it was deleted.
        Ok,
        /// It was made, and asked for once more it was another.
        NotKept,
        /// It was made, and the gateway refuses to delete it.
        NotDeleted,
        /// It was made, and nothing answered its deletion.
        DeletionUnanswered,
        /// The gateway's policy forbids it.
        NotAuthorized,
        /// The gateway is out of ports or memory, or this host has as many mappings as it may.
        OutOfResources,
        /// The gateway has no external address or no network.
        NetworkFailure,
        /// The gateway sees another source address than this host has: a NAT lies between.
        AddressMismatch,
        /// The gateway does not do what was asked.
        Unsupported,
        /// The answer names no port, or no time.
        Hollow,
        /// The port outside is somebody else's.
        Conflict,
        /// Answers came that belong to another request.
        ForeignAnswer,
        /// Answers came from another address than the one that was asked.
        AnswersFromElsewhere,
        /// Nothing answered.
        NoAnswer,
        /// Nothing could be sent, or the gateway refused the packets.
        Unreachable,
        /// No gateway has a server of port mappings.
        NoServer,
        /// The run ended before it was measured.
        NotMeasured,
        /// A code that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

codes! {
    /// Whether a gateway speaks a protocol.
    pub enum ServiceStatus {
        /// It does.
        Answers,
        /// It says that it speaks another version, or the other protocol.
        OtherVersion,
        /// It says that nothing listens there (ICMP).
        NotListening,
        /// Nothing answered.
        NoAnswer,
        /// An answer came from another address.
        FromElsewhere,
        /// Nothing could be sent, or something on the way refuses.
        Unreachable,
        /// It answers a search of UPnP, and cannot be asked for mappings.
        Incomplete,
        /// It was not asked.
        NotAsked,
        /// The run ended before.
        NotMeasured,
        /// A code that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

codes! {
    /// How far an external address reaches.
    pub enum ExternalScope {
        /// The internet.
        Public,
        /// A private network (RFC 1918): another router's.
        Private,
        /// The network between subscribers and a carrier-grade NAT (RFC 6598).
        Shared,
        /// No address that a NAT could have.
        Unusable,
    }
}

codes! {
    /// Whose it is to change something.
    pub enum GatewaySide {
        /// Nobody's: it is as it should be.
        Nobody,
        /// This host's.
        ThisHost,
        /// The gateway's.
        Gateway,
        /// The provider's, or of whoever runs the next NAT.
        Provider,
        /// It could not be told.
        Unknown,
    }
}

codes! {
    /// What is out of the ordinary about a mapping.
    pub enum MappingRemarkCode {
        /// The port outside is another than the one inside.
        OtherExternalPort,
        /// It lasts shorter than was asked.
        LifetimeShortened,
        /// It lasts longer than a day, which clients take for a day (RFC 6887 section 15).
        LifetimeAbsurd,
        /// A code that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}
