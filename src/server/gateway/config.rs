//! What a gateway's server of port mappings is told to do, and what it gets wrong.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

/// A server of port mappings on the inside address of a NAT. What is left out is a home router that speaks PCP and NAT-PMP.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Its address inside, where hosts ask it.
    pub address: IpAddr,
    /// What it speaks; nothing at all is a router without such a server.
    pub protocols: Vec<GatewayProtocol>,
    /// The external address it tells; left out, the NAT's first one.
    pub external: Option<IpAddr>,
    /// How many seconds it was on when the run began.
    pub epoch_s: u32,
    /// The longest that a mapping lasts, in seconds.
    pub longest_s: u32,
    /// How long it takes to answer, in milliseconds.
    pub rtt_ms: f64,
    /// What it gets wrong.
    pub faults: Vec<GatewayFault>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::new(192, 168, 1, 1).into(),
            protocols: vec![GatewayProtocol::Pcp, GatewayProtocol::NatPmp],
            external: None,
            epoch_s: 3600,
            longest_s: 7200,
            rtt_ms: 1.0,
            faults: Vec::new(),
        }
    }
}

impl GatewayConfig {
    /// A router without a server of port mappings.
    #[must_use]
    pub fn without_server(address: IpAddr) -> Self {
        Self { address, protocols: Vec::new(), ..Self::default() }
    }
}

/// A protocol of port mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayProtocol {
    /// RFC 6887.
    Pcp,
    /// RFC 6886.
    NatPmp,
    /// The Internet Gateway Device.
    Upnp,
}

/// What such a server gets wrong, each as a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayFault {
    /// It hears and never answers.
    Silent,
    /// No packet to the router itself is answered, with ICMP neither.
    Quiet,
    /// Every mapping is refused by policy.
    Refuses,
    /// Every mapping is refused for want of ports.
    OutOfResources,
    /// It has no external address yet.
    NoExternalAddress,
    /// It answers every request with another version than was asked.
    WrongVersion,
    /// It finds another source than the request names: a NAT between.
    AddressMismatch,
    /// It grants mappings for longer than anybody lives.
    AbsurdLifetime,
    /// Its answers carry another mapping nonce than the request.
    OtherNonce,
    /// Its answers come from another address.
    OtherSource,
    /// Its time runs backwards.
    EpochBackwards,
    /// It gives another external port than was suggested.
    OtherPort,
    /// It does not delete.
    Keeps,
    /// Asked again for the same mapping, it makes another one.
    Forgets,
    /// By UPnP: its description is at another address.
    DescribedElsewhere,
    /// By UPnP: its description names no line out.
    NoLine,
    /// By UPnP: it makes only mappings that never end.
    OnlyPermanent,
    /// By UPnP: every port outside is somebody's.
    Taken,
}
