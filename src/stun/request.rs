//! The Binding requests that nat-probe sends.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stun_rs::attributes::discovery::ChangeRequestFlags::{ChangeIp, ChangePort};
use stun_rs::attributes::discovery::{ChangeRequest, ResponsePort};
use stun_rs::methods::BINDING;
use stun_rs::{MessageClass, MessageEncoder, StunMessageBuilder};

use super::TransactionId;

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

/// A Binding request as a value: what was, or will be, asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The CHANGE-REQUEST it carries.
    pub change: Change,
    /// The RESPONSE-PORT it carries (RFC 5780 section 7.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_port: Option<u16>,
}

impl Request {
    /// The bytes to send.
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

impl fmt::Display for Request {
    /// In words: "Binding, change address and port, response port 51034".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.change {
            Change::Nothing => "Binding",
            Change::Empty => "Binding, empty change request",
            Change::Port => "Binding, change port",
            Change::AddressAndPort => "Binding, change address and port",
        })?;
        match self.response_port {
            Some(port) => write!(f, ", response port {port}"),
            None => Ok(()),
        }
    }
}
