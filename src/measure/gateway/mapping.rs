//! One mapping: what is asked for it in each protocol, and what the answers say of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::options::MapOptions;
use crate::evidence::key::GatewayStep;
use crate::evidence::{Evidence, Exchange, GatewayReply, Outcome};
use crate::wire::Question;
use crate::wire::nat_pmp::{self, Protocol};
use crate::wire::pcp::{self, Nonce};
use crate::wire::upnp;

/// One of the two protocols that share a port and ask for a mapping alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RFC 6887.
    Pcp,
    /// RFC 6886.
    NatPmp,
}

impl Dialect {
    /// Both, the better one first.
    pub(super) const BOTH: [Self; 2] = [Self::Pcp, Self::NatPmp];

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pcp => "PCP",
            Self::NatPmp => "NAT-PMP",
        }
    }

    /// What shows whether a gateway speaks it.
    pub(super) fn discovery(self) -> GatewayStep {
        match self {
            Self::Pcp => GatewayStep::Announce,
            Self::NatPmp => GatewayStep::Address,
        }
    }
}

/// By which protocol a gateway is asked for a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One of those two.
    By(Dialect),
    /// The Internet Gateway Device of UPnP.
    Upnp,
}

impl Way {
    /// All, the better ones first.
    pub(super) const ALL: [Self; 3] = [Self::By(Dialect::Pcp), Self::By(Dialect::NatPmp), Self::Upnp];

    /// The question whose socket stays open for the run.
    fn discovery(self) -> GatewayStep {
        match self {
            Self::By(dialect) => dialect.discovery(),
            Self::Upnp => GatewayStep::UpnpSearch,
        }
    }
}

/// The steps of a mapping.
pub(super) struct Steps {
    /// It is asked for.
    pub map: GatewayStep,
    /// It is asked for, or looked at, once more.
    pub again: GatewayStep,
    /// It is deleted.
    pub delete: GatewayStep,
    /// It is deleted, since the run was stopped.
    pub release: GatewayStep,
}

/// The steps of a mapping in that protocol.
pub(super) fn steps(way: Way) -> Steps {
    match way {
        Way::By(Dialect::Pcp) => Steps {
            map: GatewayStep::PcpMap,
            again: GatewayStep::PcpAgain,
            delete: GatewayStep::PcpDelete,
            release: GatewayStep::PcpRelease,
        },
        Way::By(Dialect::NatPmp) => Steps {
            map: GatewayStep::NatPmpMap,
            again: GatewayStep::NatPmpAgain,
            delete: GatewayStep::NatPmpDelete,
            release: GatewayStep::NatPmpRelease,
        },
        Way::Upnp => Steps {
            map: GatewayStep::UpnpMap,
            again: GatewayStep::UpnpAgain,
            delete: GatewayStep::UpnpDelete,
            release: GatewayStep::UpnpRelease,
        },
    }
}

/// What is wished of a gateway.
pub(super) struct Wish {
    /// What is mapped.
    pub protocol: Protocol,
    /// The port of this host.
    pub port: u16,
    /// By whom it may be deleted; none before it was asked for.
    pub nonce: Nonce,
    /// For how long.
    pub lifetime_s: u32,
}

impl Wish {
    /// The request, which suggests that external port.
    pub(super) fn request(&self, dialect: Dialect, client: IpAddr, external_port: u16) -> Question {
        let (protocol, internal_port, lifetime_s) = (self.protocol, self.port, self.lifetime_s);
        match dialect {
            Dialect::Pcp => {
                // Without a wish the address is unspecified, of the family that is wished for (section 11.1).
                let any = if client.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
                let external = SocketAddr::new(any, external_port);
                let mapping = pcp::Mapping { nonce: self.nonce, protocol: protocol.number(), internal_port, external };
                pcp::Request::map(client, lifetime_s, mapping).into()
            }
            Dialect::NatPmp => {
                nat_pmp::Request::Map(nat_pmp::Mapping { protocol, internal_port, external_port, lifetime_s }).into()
            }
        }
    }

    /// The request that ends it: without a lifetime, and without a suggestion (RFC 6887 section 15, RFC 6886 section 3.4).
    pub(super) fn deletion(&self, dialect: Dialect, client: IpAddr) -> Question {
        Self { lifetime_s: 0, ..*self }.request(dialect, client, 0)
    }
}

/// The port of this host that is mapped: the one that was asked for, else that of the socket which asked first; it stays open for the
/// whole run, so that nobody else gets what arrives there.
pub(super) fn internal_port(seen: &Evidence, gateway: usize, wish: MapOptions, way: Way) -> Option<u16> {
    let own = || seen.find(&way.discovery().of(gateway))?.local;
    wish.port.or_else(|| Some(own()?.port()))
}

/// A mapping that was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    /// The address outside, where the protocol tells it.
    pub address: Option<IpAddr>,
    /// The port outside.
    pub port: u16,
    /// For how many seconds.
    pub lifetime_s: u32,
}

/// The reply of the gateway itself.
pub(super) fn reply(exchange: &Exchange) -> Option<&GatewayReply> {
    exchange.reply().filter(|reply| reply.source == exchange.remote)?.gateway.as_deref()
}

/// What the gateway says that it granted.
pub(super) fn success(exchange: &Exchange) -> Option<Granted> {
    match reply(exchange)? {
        GatewayReply::Pcp(response) if response.result == pcp::ResultCode::Success => {
            let external = response.body.mapping()?.external;
            Some(Granted { address: Some(external.ip()), port: external.port(), lifetime_s: response.lifetime_s })
        }
        GatewayReply::NatPmp(response) if response.result == nat_pmp::ResultCode::Success => match response.body {
            nat_pmp::Body::Map(mapping) => {
                Some(Granted { address: None, port: mapping.external_port, lifetime_s: mapping.lifetime_s })
            }
            _ => None,
        },
        GatewayReply::Upnp(response) => granted_by_upnp(exchange, response),
        _ => None,
    }
}

/// UPnP names in an answer nothing of what was asked.
fn granted_by_upnp(exchange: &Exchange, response: &upnp::Response) -> Option<Granted> {
    let upnp::Request::Call { action, .. } = exchange.request.upnp()? else { return None };
    let gone = Granted { address: None, port: 0, lifetime_s: 0 };
    match (action, response) {
        (upnp::Action::Add { external_port, lease_s, .. }, upnp::Response::Done) => {
            Some(Granted { port: *external_port, lifetime_s: *lease_s, ..gone })
        }
        (upnp::Action::Look { external_port, .. }, upnp::Response::Entry { client, lease_s, .. }) => {
            // A lease of 0 is one for ever.
            let lifetime_s = if *lease_s == 0 { u32::MAX } else { *lease_s };
            let ours = *client == Some(exchange.local?.ip());
            ours.then_some(Granted { port: *external_port, lifetime_s, ..gone })
        }
        (upnp::Action::Delete { .. }, upnp::Response::Done | upnp::Response::Refused { code: NO_SUCH_ENTRY, .. }) => {
            Some(gone)
        }
        _ => None,
    }
}

/// Nothing is there that could be deleted.
const NO_SUCH_ENTRY: u16 = 714;

/// A mapping that a request made: one without a port or a time is none.
pub(super) fn granted(exchange: &Exchange) -> Option<Granted> {
    success(exchange).filter(|granted| granted.port != 0 && granted.lifetime_s != 0)
}

/// Whether a request may have made a mapping: it was granted, or nobody knows.
pub(super) fn may_hold(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        // Whoever answered from elsewhere may be the gateway all the same.
        Outcome::Reply(reply) => granted(exchange).is_some() || reply.source != exchange.remote,
        Outcome::Silence { .. } | Outcome::Abandoned { .. } | Outcome::Pending => exchange.sends > 0,
        Outcome::Failed(_) | Outcome::Looped { .. } => false,
    }
}

/// Whether a deletion was confirmed.
pub(super) fn deleted(exchange: &Exchange) -> bool {
    success(exchange).is_some()
}
