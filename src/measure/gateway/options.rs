//! What `gateway` was asked to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Failure, Gateway};
use crate::wire::nat_pmp::Protocol;

/// What was asked of whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayOptions {
    /// The gateways that were asked: the default ones of this host, or those that the user named.
    pub gateways: Vec<Gateway>,
    /// Why no default gateway is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The mapping that was to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<MapOptions>,
}

/// A mapping to be made, looked at and deleted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MapOptions {
    /// What is mapped.
    pub protocol: Protocol,
    /// The port of this host; absent, that of a socket of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// For how long, in seconds.
    pub lifetime_s: u32,
}
