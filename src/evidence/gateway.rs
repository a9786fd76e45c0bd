//! A default gateway of this host, and what its server of port mappings says.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::{nat_pmp, pcp, upnp};

/// A router that this host sends to what is not in its own network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gateway {
    /// Its address on this host's network.
    pub address: IpAddr,
    /// The address that this host sends from towards it.
    pub local: IpAddr,
    /// The interface that leads to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The number of that interface, which belongs to a link-local address (RFC 4007 section 11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<u32>,
    /// The address that this host sends to the internet from, where that leads another way than by this gateway, as with a VPN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_by: Option<IpAddr>,
}

impl Gateway {
    /// A port of it.
    #[must_use]
    pub fn at(&self, port: u16) -> SocketAddr {
        match self.address {
            IpAddr::V4(ip) => SocketAddr::new(ip.into(), port),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.scope.unwrap_or_default()).into(),
        }
    }
}

/// A response of one of the protocols: PCP and NAT-PMP share a port, and a server of one may answer a question of the other (RFC 6887
/// section 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayReply {
    /// Of PCP. A mapping's nonce is not kept: had it been another than the request's, this were no reply.
    Pcp(pcp::Response),
    /// Of NAT-PMP.
    NatPmp(nat_pmp::Response),
    /// Of UPnP.
    Upnp(upnp::Response),
}

impl GatewayReply {
    /// The server's time in seconds since it lost its state, if it ever did (RFC 6887 section 8.5, RFC 6886 section 3.6); UPnP tells none.
    #[must_use]
    pub fn epoch_s(&self) -> Option<u32> {
        match self {
            Self::Pcp(response) => Some(response.epoch_s),
            Self::NatPmp(response) => Some(response.epoch_s),
            Self::Upnp(_) => None,
        }
    }
}

impl fmt::Display for GatewayReply {
    /// In words: "PCP MAP SUCCESS, external 203.0.113.7:5000 for 120 s".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pcp(response) => {
                write!(f, "PCP version {} {} {}", response.version, response.body.name(), response.result)?;
                match response.body.mapping() {
                    Some(mapping) => write!(f, ", external {} for {} s", mapping.external, response.lifetime_s),
                    None => Ok(()),
                }
            }
            Self::NatPmp(response) => {
                write!(f, "NAT-PMP {}", response.result)?;
                match response.body {
                    nat_pmp::Body::ExternalAddress { address } => write!(f, ", external address {address}"),
                    nat_pmp::Body::Map(mapping) => {
                        write!(f, ", external port {} for {} s", mapping.external_port, mapping.lifetime_s)
                    }
                    nat_pmp::Body::Unread { .. } => Ok(()),
                }
            }
            Self::Upnp(response) => response.fmt(f),
        }
    }
}
