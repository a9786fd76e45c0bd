//! What is predicted of a pair, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::codes::codes;
use crate::wire::{Family, Transport};

codes! {
    /// How two sides connect.
    pub enum Answer {
        /// Without a relay.
        Direct,
        /// Inside the local network that both are in.
        DirectOnLan,
        /// By the NAT that both are behind, which turns packets for its own addresses back.
        DirectAfterHairpin,
        /// Without a relay if what it hangs on is so, else by a relay.
        Possible,
        /// Only by a relay (TURN).
        Relay,
        /// Not at all.
        Impossible,
        /// Could not be told: what is not known decides it.
        Inconclusive,
        /// An answer that only another version knows.
        #[serde(other)]
        Unknown,
    }
}

impl Answer {
    /// Whether no relay is needed.
    #[must_use]
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Direct | Self::DirectOnLan | Self::DirectAfterHairpin)
    }
}

codes! {
    /// Why a prediction is what it is.
    pub enum PredictionCode {
        /// Each end knows the port that the other sends from.
        PortsKnown,
        /// A NAT takes another port for each destination; the filter at the other end lets it in.
        NewPortLetIn,
        /// Both are in one local network.
        OneNetwork,
        /// Both are behind one NAT, which turns packets for its own addresses back.
        Hairpinned,
        /// It depends on how a NAT keeps whom it sent to.
        FilterState,
        /// It depends on which of its external addresses a NAT takes.
        AddressPool,
        /// It depends on whether a NAT answers a packet that it let in unasked from the port that this came to.
        AdmittedSession,
        /// The port that a NAT takes can be guessed, which ICE does not do.
        PortPrediction,
        /// UDP does not get out at one end; the other can be reached over TCP if its agent listens (RFC 6544).
        Tcp,
        /// It depends on whether the agent makes IPv6 addresses of the other end's IPv4 ones (RFC 6052).
        Nat64,
        /// The NAT that both are behind turns packets back with an internal source, against RFC 4787 REQ-9a.
        HairpinSource,
        /// Both are behind one NAT that turns nothing back: it depends on a route between their networks.
        InternalRoute,
        /// A NAT takes another port for each destination, and the filter at the other end lets in only known ones.
        NewPortShutOut,
        /// Both NATs take another port for each destination, and a filter lets in only known ones.
        NeitherPortKnown,
        /// Both are behind one NAT that turns nothing back.
        NotHairpinned,
        /// UDP does not get out at one end.
        UdpBlocked,
        /// STUN, which ICE checks connections with (RFC 8445), does not get out at one end.
        StunBlocked,
        /// One end lacks the address family.
        NoCommonFamily,
        /// One end has no address at all.
        NoAddress,
        /// A relay is needed, and none of the servers named serves both ends.
        NoRelay,
        /// Whether UDP gets out is not known at one end.
        ReachUnknown,
        /// A mapping is not known.
        MappingUnknown,
        /// A filtering is not known.
        FilteringUnknown,
        /// How a NAT chooses ports is not known.
        PortsUnknown,
        /// Whether a NAT keeps to one external address is not known.
        PoolingUnknown,
        /// Whether the NAT that both are behind turns packets back is not known.
        HairpinningUnknown,
        /// Whether both are behind one NAT, or in one network, is not known.
        PlaceUnknown,
        /// Nothing is known of a family that decides.
        FamilyUnknown,
        /// A reason that only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The one that is named first.
    A,
    /// The other.
    B,
}

impl Which {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// As sentences call it.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PredictionReason {
    /// For programs.
    pub code: PredictionCode,
    /// For people, in the NATs' terms.
    pub text: String,
}

/// What is predicted of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// How they connect, by whatever address family does best.
    pub prediction: Answer,
    /// Why.
    pub reason: PredictionReason,
    /// The same for each address family that is known of a side.
    pub families: FamilyPredictions,
    /// The answers that remain possible, where it could not be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be: Vec<Answer>,
    /// What makes it direct, where it is only possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hangs_on: Vec<Condition>,
    /// What to measure, where it could not be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measure: Vec<Measure>,
    /// What would make it direct, each alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Which TURN transports each side needs, where a relay is needed or may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// What else is worth knowing of the pair.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The predictions of the families.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyPredictions {
    /// IPv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<FamilyPrediction>,
    /// IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<FamilyPrediction>,
}

impl FamilyPredictions {
    /// Those there are, IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &FamilyPrediction)> {
        [(Family::Ipv4, &self.ipv4), (Family::Ipv6, &self.ipv6)]
            .into_iter()
            .filter_map(|(family, found)| Some((family, found.as_ref()?)))
    }
}

/// What is predicted over one address family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyPrediction {
    /// How they connect.
    pub prediction: Answer,
    /// Why.
    pub reason: PredictionReason,
    /// The answers that remain possible, where it could not be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be: Vec<Answer>,
    /// What makes it direct, where it is only possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hangs_on: Vec<Condition>,
    /// How well the ports that stand in the way could be guessed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guesses: Vec<PortGuess>,
}

codes! {
    /// What a direct connection hangs on.
    pub enum HangsOn {
        /// That the filter remembers for each internal endpoint whom it sent to (RFC 4787 section 5), not for each external port.
        FilterState,
        /// That the NAT takes the external address that the other end expects.
        AddressPool,
        /// That the NAT answers a packet that it let in unasked from the port that this came to, as those that keep sessions do.
        AdmittedSession,
        /// That somebody guesses the port, which ICE does not do.
        PortPrediction,
        /// That the agents use TCP, and the one that can be reached listens (RFC 6544).
        Tcp,
        /// That the agent makes IPv6 addresses of IPv4 ones (RFC 6052).
        Nat64,
        /// That the internal source of packets that were turned back can be answered.
        HairpinSource,
        /// That the networks behind the common NAT are routed to each other.
        InternalRoute,
        /// What only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// What a direct connection hangs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// For programs.
    pub code: HangsOn,
    /// How likely it is, in percent, where that can be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odds_percent: Option<f64>,
    /// For people.
    pub text: String,
}

/// How well the port that a NAT will take can be guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PortGuess {
    /// Whose NAT.
    pub side: Which,
    /// The chance of one guess, in percent.
    pub odds_percent: f64,
    /// The chance with 256 sockets at this end and 256 guesses at the other, in percent, where ports are drawn by lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odds_of_256_percent: Option<f64>,
    /// For people.
    pub text: String,
}

codes! {
    /// What to measure.
    pub enum Missing {
        /// Whether UDP gets out.
        Reach,
        /// The mapping.
        Mapping,
        /// The filtering.
        Filtering,
        /// The address that others see.
        Addresses,
        /// The host's own address, with the length of its prefix.
        Hosts,
        /// How ports are chosen.
        Ports,
        /// Whether every socket gets the same external address.
        Pooling,
        /// Whether packets for the NAT's own addresses are turned back.
        Hairpinning,
        /// Anything over that address family.
        Family,
        /// What only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// Something that is not known and would decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// Where.
    pub side: Which,
    /// What.
    pub what: Missing,
    /// The address family.
    pub family: Family,
    /// The command that measures it there.
    #[serde(rename = "try")]
    pub command: String,
}

codes! {
    /// What one side could change.
    pub enum ChangeCode {
        /// Let UDP out.
        LetUdpOut,
        /// Map a port on the router by hand, or by PCP or NAT-PMP: endpoint-independent mapping and filtering for it.
        MapPort,
        /// Have the NAT map endpoint-independently.
        EndpointIndependentMapping,
        /// Have the NAT or firewall let in whom was sent to from any port, or anybody.
        OpenFiltering,
        /// Have the NAT turn packets for its own addresses back.
        Hairpinning,
        /// Get an address of the family that the other side has.
        AddressFamily,
        /// What only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// What one side could change to make it direct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Whose change.
    pub side: Which,
    /// For programs.
    pub code: ChangeCode,
    /// The address family that it is about.
    pub family: Family,
    /// For people.
    pub text: String,
}

/// What one side needs of a TURN server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Need {
    /// Which side.
    pub side: Which,
    /// The transports to the TURN server that get out there, the best first.
    pub transports: Vec<Transport>,
    /// Whether the relay has to carry the other address family too (RFC 8656, ADDITIONAL-ADDRESS-FAMILY).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub both_families: bool,
    /// Whether a relay serves it: one of the servers named, or one of its own candidates; absent where none was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<bool>,
    /// The servers that do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// For people.
    pub text: String,
}
