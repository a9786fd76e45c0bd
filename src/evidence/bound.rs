//! Sockets that were opened before anything was sent on them: the bases of ICE's candidates.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, SocketName};
use crate::wire::Transport;

/// A socket to be opened on an address of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Its name: asks with the same name are sent on it.
    pub socket: SocketName,
    /// UDP; or TCP, to listen.
    pub transport: Transport,
    /// The address.
    pub address: IpAddr,
}

impl Bind {
    /// The socket of that address for what is carried so: one for all who ask from there.
    #[must_use]
    pub fn new(transport: Transport, address: IpAddr) -> Self {
        Self { socket: SocketName::Base(transport, address), transport, address }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BoundSocket {
    /// Its name.
    pub socket: SocketName,
    /// UDP; or TCP, that listens.
    pub transport: Transport,
    /// The address that was asked for.
    pub address: IpAddr,
    /// Its address and port; absent where it could not be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// Milliseconds from the start of the run until it was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_ms: Option<f64>,
    /// Why it could not be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl BoundSocket {
    /// Whether it is known what came of it.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.local.is_some() || self.failure.is_some()
    }
}
