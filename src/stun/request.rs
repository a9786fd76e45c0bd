//! The Binding requests that nat-probe sends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
