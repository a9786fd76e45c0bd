//! What was, or will be, asked: a request of one of the protocols.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pcp::Nonce;
use super::{Auth, Change, Control, Framing, Method, Relay, Request, TransactionId, TurnAttribute, nat_pmp, pcp, upnp};

/// A request of one of the protocols. A STUN request is written as it is; any other below the name of its protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Question {
    /// Of PCP (RFC 6887).
    Pcp {
        /// The request.
        pcp: pcp::Request,
    },
    /// Of NAT-PMP (RFC 6886).
    NatPmp {
        /// The request.
        nat_pmp: nat_pmp::Request,
    },
    /// Of UPnP.
    Upnp {
        /// The request.
        upnp: upnp::Request,
    },
    /// Of STUN or TURN, and what controls such a request.
    Stun(Request),
}

impl Default for Question {
    fn default() -> Self {
        Self::Stun(Request::default())
    }
}

impl From<Request> for Question {
    fn from(request: Request) -> Self {
        Self::Stun(request)
    }
}

impl From<pcp::Request> for Question {
    fn from(pcp: pcp::Request) -> Self {
        Self::Pcp { pcp }
    }
}

impl From<nat_pmp::Request> for Question {
    fn from(nat_pmp: nat_pmp::Request) -> Self {
        Self::NatPmp { nat_pmp }
    }
}

impl From<upnp::Request> for Question {
    fn from(upnp: upnp::Request) -> Self {
        Self::Upnp { upnp }
    }
}

impl Question {
    /// How what is answered is told apart on a stream.
    #[must_use]
    pub fn framing(&self) -> Framing {
        match self {
            Self::Upnp { .. } => Framing::Http,
            Self::Stun(_) | Self::Pcp { .. } | Self::NatPmp { .. } => Framing::Stun,
        }
    }

    /// The request of UPnP.
    #[must_use]
    pub fn upnp(&self) -> Option<&upnp::Request> {
        match self {
            Self::Upnp { upnp } => Some(upnp),
            _ => None,
        }
    }

    /// The request of STUN or TURN.
    #[must_use]
    pub fn stun(&self) -> Option<&Request> {
        match self {
            Self::Stun(request) => Some(request),
            Self::Pcp { .. } | Self::NatPmp { .. } | Self::Upnp { .. } => None,
        }
    }

    /// What it controls, where it is a control and no question of its own.
    #[must_use]
    pub fn control(&self) -> Option<Control> {
        self.stun()?.control
    }

    /// The CHANGE-REQUEST it carries.
    #[must_use]
    pub fn change(&self) -> Change {
        self.stun().map(|request| request.change).unwrap_or_default()
    }

    /// The RESPONSE-PORT it carries.
    #[must_use]
    pub fn response_port(&self) -> Option<u16> {
        self.stun()?.response_port
    }

    /// What a STUN or TURN request asks for.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.stun().map(|request| request.method)
    }

    /// The TURN attributes it carries.
    #[must_use]
    pub fn attributes(&self) -> &[TurnAttribute] {
        self.stun().map_or(&[], |request| &request.attributes)
    }

    /// The credentials it is signed with.
    #[must_use]
    pub fn auth(&self) -> Option<&Auth> {
        self.stun()?.auth.as_ref()
    }

    /// The credentials it is signed with.
    pub fn auth_mut(&mut self) -> Option<&mut Auth> {
        match self {
            Self::Stun(request) => request.auth.as_mut(),
            Self::Pcp { .. } | Self::NatPmp { .. } | Self::Upnp { .. } => None,
        }
    }

    /// The allocation's peer it goes to, where it goes through an allocation.
    #[must_use]
    pub fn relay(&self) -> Option<Relay> {
        self.stun()?.relay
    }

    /// The same with an identity that has to be known later on, if it has none yet: the nonce of a mapping.
    #[must_use]
    pub fn identified(mut self, id: TransactionId) -> Self {
        if let Self::Pcp { pcp } = &mut self
            && let Some(mapping) = pcp.body.mapping_mut()
        {
            mapping.nonce.0.get_or_insert(id.0);
        }
        self
    }

    /// The nonce of the mapping that it asks for.
    #[must_use]
    pub fn nonce(&self) -> Nonce {
        match self {
            Self::Pcp { pcp } => pcp.body.mapping().map(|mapping| mapping.nonce).unwrap_or_default(),
            Self::Stun(_) | Self::NatPmp { .. } | Self::Upnp { .. } => Nonce::default(),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stun(request) => request.fmt(f),
            Self::Pcp { pcp } => pcp.fmt(f),
            Self::NatPmp { nat_pmp } => nat_pmp.fmt(f),
            Self::Upnp { upnp } => upnp.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stun_request_is_written_as_it_always_was() {
        let request = Request::change(Change::Port);
        let (old, new) = (serde_json::to_value(&request), serde_json::to_value(Question::from(request.clone())));
        assert_eq!(old.unwrap(), new.unwrap());
        assert_eq!(serde_json::from_str::<Question>("{}").unwrap(), Question::default());
        let read: Question = serde_json::from_str(r#"{"change":"port"}"#).unwrap();
        assert_eq!(read, Question::from(request));
    }

    #[test]
    fn other_protocols_are_told_by_their_name_and_read_back() {
        let announce = Question::from(pcp::Request::announce([192, 168, 1, 10].into()));
        let address = Question::from(nat_pmp::Request::ExternalAddress);
        let search = Question::from(upnp::Request::Search { gateway: [192, 168, 1, 1].into(), group: true });
        for (question, json) in [
            (announce, r#"{"pcp":{"client":"192.168.1.10","lifetime_s":0,"opcode":"announce"}}"#),
            (address, r#"{"nat_pmp":{"opcode":"external-address"}}"#),
            (search, r#"{"upnp":{"step":"search","gateway":"192.168.1.1","group":true}}"#),
        ] {
            assert_eq!(serde_json::to_string(&question).unwrap(), json);
            assert_eq!(serde_json::from_str::<Question>(json).unwrap(), question);
        }
    }
}
