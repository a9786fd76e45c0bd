//! A TURN server that both sides may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::Transport;

/// A TURN server that both sides may use: one entry of a configuration, over one transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnServer {
    /// Its URI.
    pub uri: String,
    /// What carries requests to it.
    pub transport: Transport,
}
