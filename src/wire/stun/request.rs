//! The requests that nat-probe sends, as values: what was, or will be, asked.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stun_rs::attributes::discovery::ChangeRequestFlags::{ChangeIp, ChangePort};
use stun_rs::attributes::discovery::{ChangeRequest, ResponsePort};
use stun_rs::methods::BINDING;
use stun_rs::{MessageClass, MessageEncoder, StunMessageBuilder};

use crate::wire::{Auth, Family, TransactionId};

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// What is my address? (RFC 8489)
    #[default]
    Binding,
    /// Give me a relayed address (RFC 8656 section 7).
    Allocate,
    /// Keep it, or with the lifetime 0 take it back (section 8).
    Refresh,
    /// Let this peer's packets in (section 10).
    CreatePermission,
    /// Give this peer a short name (section 12).
    ChannelBind,
    /// Connect to this peer over TCP (RFC 6062 section 4.3).
    Connect,
    /// This connection carries that one's data (RFC 6062 section 4.3).
    ConnectionBind,
}

impl Method {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_binding(&self) -> bool {
        *self == Self::Binding
    }
}

/// What a CHANGE-REQUEST asks of the server (RFC 5780 section 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// No CHANGE-REQUEST attribute at all: what a strict server expects (FIELD trap 15).
    #[default]
    Nothing,
    /// An empty CHANGE-REQUEST: the only Binding that jstun answers.
    Empty,
    /// Answer from the same address and the alternate port.
    Port,
    /// Answer from the alternate address and port.
    AddressAndPort,
}

/// What a question is that controls another: it tells the path from the server, and the server from its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The ordinary Binding, to another port of the server.
    OtherPort,
    /// An ordinary Binding once more, after another protocol has shown that the path is awake.
    Again,
    /// A Binding as RFC 3489 has it, without the magic cookie, by which a firewall may know STUN.
    Rfc3489,
    /// No STUN at all: a question to this host's name server, for the SOA of the root (RFC 1035).
    Dns,
}

/// An attribute of a TURN request (RFC 8656 section 18, RFC 6062 section 6, RFC 8016 section 4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(transform = without_hidden_values)]
pub enum TurnAttribute {
    /// REQUESTED-TRANSPORT: 17 for UDP, 6 for TCP relays.
    RequestedTransport(u8),
    /// LIFETIME in seconds.
    LifetimeS(u32),
    /// REQUESTED-ADDRESS-FAMILY.
    RequestedAddressFamily(Family),
    /// ADDITIONAL-ADDRESS-FAMILY.
    AdditionalAddressFamily(Family),
    /// EVEN-PORT, with the wish to reserve the next port too.
    EvenPort(bool),
    /// DONT-FRAGMENT.
    DontFragment,
    /// RESERVATION-TOKEN. Its value is in no output: whoever has it has the port.
    ReservationToken(#[serde(skip)] Vec<u8>),
    /// MOBILITY-TICKET, empty in an Allocate. Whoever has its value has the allocation: it is in no output either.
    MobilityTicket(#[serde(skip)] Vec<u8>),
    /// XOR-PEER-ADDRESS.
    Peer(SocketAddr),
    /// CHANNEL-NUMBER.
    Channel(u16),
    /// CONNECTION-ID.
    ConnectionId(u32),
}

/// An attribute whose value is in no output is written as its name alone; the derived schema still has a member for the value.
fn without_hidden_values(schema: &mut schemars::Schema) {
    let Some(variants) = schema.get_mut("oneOf").and_then(serde_json::Value::as_array_mut) else { return };
    for variant in variants {
        let members = variant["properties"].as_object();
        let hidden = members.and_then(|members| members.iter().find(|(_, value)| value["writeOnly"] == true));
        let Some(name) = hidden.map(|(name, _)| name.clone()) else { continue };
        *variant = serde_json::json!({ "type": "string", "const": name, "description": variant["description"] });
    }
}

/// Through an allocation: the request is not for the TURN server but, by its relayed address, for a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Relay {
    /// The peer that is to get it.
    pub peer: SocketAddr,
    /// As `ChannelData` with this number; else in a Send indication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u16>,
}

/// A request as a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// What for; a Binding where not said.
    #[serde(default, skip_serializing_if = "Method::is_binding")]
    pub method: Method,
    /// What it is, where it is a control and no question of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// The CHANGE-REQUEST it carries.
    #[serde(default)]
    pub change: Change,
    /// The RESPONSE-PORT it carries (RFC 5780 section 7.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_port: Option<u16>,
    /// Bytes of PADDING (RFC 5780 section 7.6), to make it long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<u16>,
    /// The TURN attributes it carries, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<TurnAttribute>,
    /// The credentials it is signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// The allocation's peer it goes to, where it goes through an allocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<Relay>,
}

impl Request {
    /// A Binding request with this CHANGE-REQUEST.
    #[must_use]
    pub fn change(change: Change) -> Self {
        Self { change, ..Self::default() }
    }

    /// A TURN request without credentials.
    #[must_use]
    pub fn turn(method: Method, attributes: Vec<TurnAttribute>) -> Self {
        Self { method, attributes, ..Self::default() }
    }

    /// The bytes of a Binding request.
    ///
    /// CHANGE-REQUEST and RESPONSE-PORT are what RFC 5780 defines, no more: strict servers refuse what they need not know. RESPONSE-PORT
    /// has the attribute length 2, the only one that stuntman honors; coturn takes 2 and 4.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "two attributes of fixed size always fit the buffer")]
    pub fn encode(&self, id: TransactionId) -> Vec<u8> {
        let mut message = StunMessageBuilder::new(BINDING, MessageClass::Request).with_transaction_id(id.0.into());
        let change = match self.change {
            Change::Nothing => None,
            Change::Empty => Some(ChangeRequest::new(None)),
            Change::Port => Some(ChangeRequest::new(Some(ChangePort.into()))),
            Change::AddressAndPort => Some(ChangeRequest::new(Some(ChangeIp | ChangePort))),
        };
        if let Some(change) = change {
            message = message.with_attribute(change);
        }
        if let Some(port) = self.response_port {
            message = message.with_attribute(ResponsePort::from(port));
        }
        let mut bytes = vec![0; 64];
        let length = MessageEncoder::default()
            .encode(&mut bytes, &message.build())
            .expect("a Binding request of at most 36 bytes fits 64");
        bytes.truncate(length);
        bytes
    }
}
