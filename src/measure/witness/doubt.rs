//! Why what a server says of us is not believed: every reason there is.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::Transport;
use crate::wire::codes::codes;

codes! {
    /// Why a server is not believed.
    pub enum DoubtCode {
        /// An address of another family than the way to the server, which is no NAT64.
        OtherFamily,
        /// The server's own address, or another one of its.
        OwnAddress,
        /// The address of another server that was asked.
        OtherServersAddress,
        /// An address that no packet to this server can come from: loopback, of one link, or of no host at all.
        ImpossibleAddress,
        /// A private or shared address (RFC 1918, RFC 4193, RFC 6598) told by a public server, and nobody bears it out.
        PrivateAddress,
        /// This host's own private address, told by a public server: no internet can have seen it.
        PrivateLocalAddress,
        /// A private address, told alike by public servers: all in one private network with this host, or an ALG rewrites what they say.
        PrivateNetwork,
        /// The same address and port for different sockets.
        SameForAll,
        /// The answer came from another address or port than the one that was asked.
        OtherSource,
        /// Another public address than several servers that agree.
        Disagrees,
        /// A doubt that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

impl DoubtCode {
    /// Whether it speaks of this host's own network rather than the server's.
    #[must_use]
    pub fn is_near(self) -> bool {
        matches!(self, Self::PrivateLocalAddress | Self::PrivateNetwork)
    }
}

/// What a server said and why it is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disbelieved {
    /// The reason, a stable code.
    pub code: DoubtCode,
    /// The address that it told.
    pub told: SocketAddr,
    /// The reason in words, for this run.
    pub text: String,
    /// Ids of the exchanges in which it said so.
    pub because: Vec<String>,
}

/// The same with who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Index of the server.
    pub server: usize,
    /// Its address and port that was asked.
    pub remote: SocketAddr,
    /// Over what.
    pub transport: Transport,
    /// What it said.
    pub what: Disbelieved,
}

impl Doubt {
    /// The reason as a sentence that names the server.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} is not believed: {}", self.remote, self.what.text)
    }
}
