//! The vocabulary of NAT behavior (RFC 4787), shared by mapping, filtering and the simulator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a NAT's mapping or filtering depends on (RFC 4787 sections 4.1 and 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Behavior {
    /// On nothing of the remote end.
    EndpointIndependent,
    /// On the remote address.
    AddressDependent,
    /// On the remote address and port.
    AddressAndPortDependent,
}

impl Behavior {
    /// Every behavior, from the most open to the strictest.
    pub const ALL: [Self; 3] = [Self::EndpointIndependent, Self::AddressDependent, Self::AddressAndPortDependent];

    /// The RFC 4787 name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EndpointIndependent => "endpoint-independent",
            Self::AddressDependent => "address-dependent",
            Self::AddressAndPortDependent => "address-and-port-dependent",
        }
    }
}
