//! What the exchanges of `gateway` are called.

use std::fmt;

use super::{Key, words};

/// `gateway/NUMBER/STEP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GatewayKey {
    /// The gateway, numbered as in the options.
    pub gateway: usize,
    /// What is asked of it.
    pub step: GatewayStep,
}

/// What is asked of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatewayStep {
    /// PCP ANNOUNCE.
    Announce,
    /// The external address, by NAT-PMP.
    Address,
    /// Whether it is there at all: a question of DNS.
    Alive,
    /// A mapping, by PCP.
    PcpMap,
    /// The same once more: whether it is kept.
    PcpAgain,
    /// The end of the mapping.
    PcpDelete,
    /// The end of the mapping, where the run was stopped.
    PcpRelease,
    /// A mapping, by NAT-PMP.
    NatPmpMap,
    /// The same once more.
    NatPmpAgain,
    /// The end of the mapping.
    NatPmpDelete,
    /// The end of the mapping, where the run was stopped.
    NatPmpRelease,
    /// Who is a gateway of UPnP? Asked of the whole network.
    UpnpSearch,
    /// The same, asked of the gateway alone.
    UpnpSearchAlone,
    /// Its description.
    UpnpDescribe,
    /// The external address, by UPnP.
    UpnpAddress,
    /// That of its next line out.
    UpnpNextAddress,
    /// Whether the port outside is anybody's, by UPnP.
    UpnpLook,
    /// A mapping, by UPnP.
    UpnpMap,
    /// Whether it is there.
    UpnpAgain,
    /// The end of the mapping.
    UpnpDelete,
    /// The end of the mapping, where the run was stopped.
    UpnpRelease,
}

words!(GatewayStep {
    Announce => "announce",
    Address => "address",
    Alive => "alive",
    PcpMap => "pcp-map",
    PcpAgain => "pcp-again",
    PcpDelete => "pcp-delete",
    PcpRelease => "pcp-release",
    NatPmpMap => "nat-pmp-map",
    NatPmpAgain => "nat-pmp-again",
    NatPmpDelete => "nat-pmp-delete",
    NatPmpRelease => "nat-pmp-release",
    UpnpSearch => "upnp-search",
    UpnpSearchAlone => "upnp-search-alone",
    UpnpDescribe => "upnp-describe",
    UpnpAddress => "upnp-address",
    UpnpNextAddress => "upnp-next-address",
    UpnpLook => "upnp-look",
    UpnpMap => "upnp-map",
    UpnpAgain => "upnp-again",
    UpnpDelete => "upnp-delete",
    UpnpRelease => "upnp-release",
});

impl GatewayStep {
    /// The name of that question to a gateway.
    #[must_use]
    pub fn of(self, gateway: usize) -> Key {
        Key::Gateway(GatewayKey { gateway, step: self })
    }
}

impl GatewayKey {
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let ["gateway", number, step] = *parts else { return None };
        Some(Self { gateway: number.parse().ok()?, step: GatewayStep::read(step)? })
    }
}

impl fmt::Display for GatewayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gateway/{}/{}", self.gateway, self.step.word())
    }
}
