//! One side of a pair, as far as it is known. Whatever is not known is every value that it may have, and an answer is certain only
//! where it is the same for all of them.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::closed::{Closed, Possible, closed};
use crate::evidence::Behavior;
use crate::wire::{Family, Transport};

/// One side of a pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// What it is called: the file or the description that it was read from.
    pub name: String,
    /// What it was read from.
    pub source: SideSource,
    /// It is in a network of its own, and its addresses are not told: so a description is meant, and those of a simulation are in no
    /// network. Else addresses tell whether both sides are behind one NAT.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apart: bool,
    /// It was measured in a simulated network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// IPv4; absent where nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<FamilySide>,
    /// IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<FamilySide>,
    /// The relayed candidates that it has, by the transport to the TURN server (absent where that is not known); absent where nobody
    /// looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relays: Option<Vec<RelayedCandidate>>,
    /// What whoever reads the answer should know of this side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

closed! {
    /// What a side was read from.
    #[derive(Default)]
    pub enum SideSource {
        /// A report of this program.
        Report,
        /// A description in words.
        #[default]
        Description,
        /// Candidates, alone or in SDP.
        Candidates,
        /// What `tailscale netcheck` printed.
        Netcheck,
    }
}

/// A relayed candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RelayedCandidate {
    /// The relayed address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// What carries it to the TURN server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
}

/// One side over one address family. A behavior that is absent is not known; several values are those that remain possible.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FamilySide {
    /// Whether UDP gets out.
    #[serde(default, skip_serializing_if = "Possible::is_unknown")]
    pub reach: Possible<Reach>,
    /// What the mapping depends on.
    #[serde(default, skip_serializing_if = "Possible::is_unknown")]
    pub mapping: Possible<Translation>,
    /// What the filtering depends on.
    #[serde(default, skip_serializing_if = "Possible::is_unknown")]
    pub filtering: Possible<Behavior>,
    /// Whether every socket gets the same external address.
    #[serde(default, skip_serializing_if = "Possible::is_unknown")]
    pub pooling: Possible<AddressPooling>,
    /// How external ports are chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Ports>,
    /// Whether packets for the NAT's own addresses are turned back.
    #[serde(default, skip_serializing_if = "Possible::is_unknown")]
    pub hairpinning: Possible<Hairpin>,
    /// The addresses that others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<IpAddr>>,
    /// The addresses of the host itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<HostAddress>>,
    /// More than one NAT stands in front of it, one of them perhaps the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub several_nats: Option<bool>,
    /// It is IPv4 through NAT64 of a host that has none itself (RFC 6052).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nat64: bool,
    /// What the mapping of TCP connections depends on.
    #[serde(default, skip_serializing_if = "Possible::is_unknown")]
    pub tcp_mapping: Possible<Translation>,
    /// How long a mapping lasts without packets, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
}

/// An address of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostAddress {
    /// The address.
    pub address: IpAddr,
    /// How many of its bits are those of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u8>,
}

closed! {
    /// Whether UDP gets out.
    pub enum Reach {
        /// It does.
        Passes,
        /// UDP is dead while TCP works.
        UdpBlocked,
        /// STUN, which ICE checks connections with (RFC 8445), is dead, other UDP is not.
        StunBlocked,
        /// There is no address or route of the family.
        Unavailable,
    }
}

closed! {
    /// What the mapping depends on.
    pub enum Translation {
        /// There is no NAT.
        None,
        /// On nothing: one external port for every destination.
        EndpointIndependent,
        /// On the destination's address.
        AddressDependent,
        /// On the destination's address and port.
        AddressAndPortDependent,
    }
}

impl Translation {
    /// As a peer meets it: a host without NAT has one port for everybody.
    #[must_use]
    pub fn behavior(self) -> Behavior {
        match self {
            Self::None | Self::EndpointIndependent => Behavior::EndpointIndependent,
            Self::AddressDependent => Behavior::AddressDependent,
            Self::AddressAndPortDependent => Behavior::AddressAndPortDependent,
        }
    }
}

impl From<Behavior> for Translation {
    fn from(behavior: Behavior) -> Self {
        match behavior {
            Behavior::EndpointIndependent => Self::EndpointIndependent,
            Behavior::AddressDependent => Self::AddressDependent,
            Behavior::AddressAndPortDependent => Self::AddressAndPortDependent,
        }
    }
}

impl Closed for Behavior {
    const ALL: &'static [Self] = &Self::ALL;
}

closed! {
    /// Whether every socket gets the same external address (RFC 4787 section 4.1).
    pub enum AddressPooling {
        /// It does.
        Paired,
        /// It does not.
        Arbitrary,
    }
}

closed! {
    /// Whether packets for the NAT's own addresses are turned back (RFC 4787 section 6).
    pub enum Hairpin {
        /// They are, and come from the sender's external address.
        Works,
        /// They are, and come from the sender's internal address, against RFC 4787 REQ-9a.
        InternalSource,
        /// They are not.
        Fails,
    }
}

/// How external ports are chosen, with the samples that show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ports {
    /// The model.
    pub choice: PortChoice,
    /// From one mapping to the next, where sequential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    /// So many samples fit the model.
    pub fit: u32,
    /// Of so many.
    pub samples: u32,
}

closed! {
    /// How external ports are chosen.
    pub enum PortChoice {
        /// The local port's number is kept.
        Preserved,
        /// One after the other.
        Sequential,
        /// By lot, or by no rule that was seen.
        Random,
    }
}

impl Ports {
    /// The model without samples, as a description names it.
    #[must_use]
    pub fn described(choice: PortChoice) -> Self {
        Self { choice, step: (choice == PortChoice::Sequential).then_some(1), fit: 0, samples: 0 }
    }
}

impl Side {
    /// Puts it into a network of its own, with addresses that nobody else has.
    pub fn part(&mut self) {
        for found in [&mut self.ipv4, &mut self.ipv6].into_iter().flatten() {
            (found.addresses, found.hosts) = (None, None);
        }
        self.apart = true;
    }

    /// What is known of one family.
    #[must_use]
    pub fn family(&self, family: Family) -> Option<&FamilySide> {
        match family {
            Family::Ipv4 => self.ipv4.as_ref(),
            Family::Ipv6 => self.ipv6.as_ref(),
        }
    }

    /// The same, to be changed.
    pub fn family_mut(&mut self, family: Family) -> &mut Option<FamilySide> {
        match family {
            Family::Ipv4 => &mut self.ipv4,
            Family::Ipv6 => &mut self.ipv6,
        }
    }
}

impl FamilySide {
    /// A family that the host does not have.
    #[must_use]
    pub fn unavailable() -> Self {
        Self { reach: Possible::known(Reach::Unavailable), ..Self::default() }
    }

    /// Behind a NAT that is described by its mapping and filtering; what is not said is as it is most often: one external address,
    /// ports by lot.
    #[must_use]
    pub fn described(mapping: Translation, filtering: Behavior) -> Self {
        Self {
            reach: Possible::known(Reach::Passes),
            mapping: Possible::known(mapping),
            filtering: Possible::known(filtering),
            pooling: Possible::known(AddressPooling::Paired),
            ports: Some(Ports::described(PortChoice::Random)),
            ..Self::default()
        }
    }
}
