//! What the exchanges of `discover` are called.

use std::fmt;
use std::net::SocketAddr;

use super::{Key, transport, words};
use crate::wire::Transport;

/// `discover/SERVER/...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiscoverKey {
    /// The server, numbered as in the evidence.
    pub server: usize,
    /// What is asked of it.
    pub ask: Discovery,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discovery {
    /// `TRANSPORT/REMOTE/NUMBER`, and with an empty CHANGE-REQUEST `/empty-change-request` after it.
    Binding {
        /// What carries it.
        transport: Transport,
        /// The address asked.
        remote: SocketAddr,
        /// How often it was asked before.
        number: u32,
        /// With an empty CHANGE-REQUEST.
        empty_change_request: bool,
    },
    /// `capabilities/STEP/REMOTE`.
    Capability(Capability, SocketAddr),
}

/// What shows whether a server answers from its second address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// A Binding to the second address, which opens this host's filter for it.
    Prime,
    /// A CHANGE-REQUEST to the first.
    Change,
}

words!(Capability { Prime => "prime", Change => "change", });

const EMPTY: &str = "empty-change-request";

impl Discovery {
    /// The name of that question to a server.
    #[must_use]
    pub fn of(self, server: usize) -> Key {
        Key::Discover(DiscoverKey { server, ask: self })
    }
}

impl DiscoverKey {
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let [first, server, ref rest @ ..] = *parts else { return None };
        let ask = match *rest {
            ["capabilities", step, remote] => Discovery::Capability(Capability::read(step)?, remote.parse().ok()?),
            [carrier, remote, number] | [carrier, remote, number, EMPTY] => Discovery::Binding {
                transport: transport(carrier)?,
                remote: remote.parse().ok()?,
                number: number.parse().ok()?,
                empty_change_request: rest.len() > 3,
            },
            _ => return None,
        };
        (first == "discover").then_some(Self { server: server.parse().ok()?, ask })
    }
}

impl fmt::Display for DiscoverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "discover/{}/", self.server)?;
        match self.ask {
            Discovery::Binding { transport, remote, number, empty_change_request } => {
                write!(f, "{}/{remote}/{number}", transport.name())?;
                if empty_change_request { write!(f, "/{EMPTY}") } else { Ok(()) }
            }
            Discovery::Capability(step, remote) => write!(f, "capabilities/{}/{remote}", step.word()),
        }
    }
}
