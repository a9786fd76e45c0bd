//! What came of a PCP request (RFC 6887 section 7.4).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResultCode {
    /// It was done.
    Success,
    /// The server speaks another version.
    UnsuppVersion,
    /// The server's policy forbids it to this client, or the mapping belongs to another nonce.
    NotAuthorized,
    /// The server could not read the request.
    MalformedRequest,
    /// The server does not know the opcode.
    UnsuppOpcode,
    /// The server does not know an option that it must know.
    UnsuppOption,
    /// The server could not read an option.
    MalformedOption,
    /// The server has no external address, or no network.
    NetworkFailure,
    /// The server is out of ports or memory.
    NoResources,
    /// The server does not map that protocol.
    UnsuppProtocol,
    /// The client has as many mappings as it may.
    UserExQuota,
    /// The suggested external address and port are not to be had.
    CannotProvideExternal,
    /// The request came from another address than it names: a NAT lies between.
    AddressMismatch,
    /// The server cannot filter for so many peers.
    ExcessiveRemotePeers,
    /// Any other.
    Unknown(u8),
}

/// Each with its number and registered name.
const CODES: [(ResultCode, u8, &str); 14] = [
    (ResultCode::Success, 0, "SUCCESS"),
    (ResultCode::UnsuppVersion, 1, "UNSUPP_VERSION"),
    (ResultCode::NotAuthorized, 2, "NOT_AUTHORIZED"),
    (ResultCode::MalformedRequest, 3, "MALFORMED_REQUEST"),
    (ResultCode::UnsuppOpcode, 4, "UNSUPP_OPCODE"),
    (ResultCode::UnsuppOption, 5, "UNSUPP_OPTION"),
    (ResultCode::MalformedOption, 6, "MALFORMED_OPTION"),
    (ResultCode::NetworkFailure, 7, "NETWORK_FAILURE"),
    (ResultCode::NoResources, 8, "NO_RESOURCES"),
    (ResultCode::UnsuppProtocol, 9, "UNSUPP_PROTOCOL"),
    (ResultCode::UserExQuota, 10, "USER_EX_QUOTA"),
    (ResultCode::CannotProvideExternal, 11, "CANNOT_PROVIDE_EXTERNAL"),
    (ResultCode::AddressMismatch, 12, "ADDRESS_MISMATCH"),
    (ResultCode::ExcessiveRemotePeers, 13, "EXCESSIVE_REMOTE_PEERS"),
];

impl ResultCode {
    /// The code of that number.
    #[must_use]
    pub fn of(number: u8) -> Self {
        CODES.iter().find(|(_, known, _)| *known == number).map_or(Self::Unknown(number), |(code, ..)| *code)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unknown(number) => number,
            known => CODES.iter().find(|(code, ..)| *code == known).map_or(0, |(_, number, _)| *number),
        }
    }
}

impl fmt::Display for ResultCode {
    /// The registered name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, CODES.iter().find(|(code, ..)| code == self)) {
            (_, Some((.., name))) => f.write_str(name),
            (code, None) => write!(f, "result {}", code.number()),
        }
    }
}
