//! The NAT Port Mapping Protocol (RFC 6886) as values and bytes. Reading never panics, whatever arrives.
//!
//! No message has an identity: a response repeats the opcode and the internal port, and that is all that tells which request it
//! answers (section 3.5).

use std::fmt;
use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of RFC 6886 (section 3).
pub const VERSION: u8 = 0;
/// The bit of the opcode that makes it a response.
const RESPONSE: u8 = 0x80;

/// What is mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// A UDP port.
    #[default]
    Udp,
    /// A TCP port.
    Tcp,
}

impl Protocol {
    /// Its number in an IP header, which PCP uses.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Udp => 17,
            Self::Tcp => 6,
        }
    }

    /// The one of that number.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        [Self::Udp, Self::Tcp].into_iter().find(|protocol| protocol.number() == number)
    }

    /// The opcode that maps it (section 3.3).
    fn opcode(self) -> u8 {
        match self {
            Self::Udp => 1,
            Self::Tcp => 2,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "opcode", rename_all = "kebab-case")]
pub enum Request {
    /// What is the external address? (section 3.2)
    ExternalAddress,
    /// Let in what comes for this port, or with the lifetime 0 no longer (sections 3.3 and 3.4).
    Map(Mapping),
}

/// A mapping: asked for in a request, made in a response (section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    /// What is mapped.
    pub protocol: Protocol,
    /// The port of the host.
    pub internal_port: u16,
    /// The port outside: suggested in a request, 0 without a wish; assigned in a response, 0 where there is none.
    pub external_port: u16,
    /// For how long in seconds.
    pub lifetime_s: u32,
}

/// A response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// What came of the request.
    pub result: ResultCode,
    /// Seconds since the server lost its state, if it ever did (section 3.6).
    pub epoch_s: u32,
    /// What was asked, and what is answered to it.
    #[serde(flatten)]
    pub body: Body,
}

/// The opcode of a response with its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "opcode", rename_all = "kebab-case")]
pub enum Body {
    /// The external address; 0.0.0.0 where there is none.
    ExternalAddress {
        /// The address.
        address: Ipv4Addr,
    },
    /// The mapping that was made or deleted.
    Map(Mapping),
    /// An error without more than the header: another version, another opcode.
    Unread {
        /// The opcode.
        number: u8,
    },
}

/// What came of a request (section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResultCode {
    /// It was done.
    Success,
    /// The server speaks no such version.
    UnsupportedVersion,
    /// Mapping is switched off, or not for this client.
    NotAuthorized,
    /// The server has no external address.
    NetworkFailure,
    /// The server can make no more mappings now.
    OutOfResources,
    /// The server does not know the opcode.
    UnsupportedOpcode,
    /// Any other: a fatal error of the request.
    Unknown(u16),
}

const CODES: [(ResultCode, &str); 6] = [
    (ResultCode::Success, "success"),
    (ResultCode::UnsupportedVersion, "unsupported version"),
    (ResultCode::NotAuthorized, "not authorized"),
    (ResultCode::NetworkFailure, "network failure"),
    (ResultCode::OutOfResources, "out of resources"),
    (ResultCode::UnsupportedOpcode, "unsupported opcode"),
];

impl ResultCode {
    /// The code of that number.
    #[must_use]
    pub fn of(number: u16) -> Self {
        CODES.get(usize::from(number)).map_or(Self::Unknown(number), |(code, _)| *code)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Unknown(number) => number,
            known => (0..).zip(CODES).find(|(_, (code, _))| *code == known).map_or(0, |(number, _)| number),
        }
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, CODES.iter().find(|(code, _)| code == self)) {
            (_, Some((_, name))) => f.write_str(name),
            (code, None) => write!(f, "result {}", code.number()),
        }
    }
}

/// Why bytes are no message of NAT-PMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It breaks off.
    #[error("{0} bytes are no NAT-PMP message")]
    Length(usize),
    /// Of another version: a server answers that it does not speak it (section 3.5).
    #[error("a message of version {0}, which is not NAT-PMP's 0")]
    Version(u8),
    /// A response where a request belongs, or the other way round: to be ignored (section 3.5).
    #[error("a NAT-PMP message in the wrong direction")]
    Direction,
    /// Of an opcode that is not known here.
    #[error("NAT-PMP opcode {0}")]
    Opcode(u8),
}

impl Request {
    /// The number in the header.
    #[must_use]
    pub fn opcode(&self) -> u8 {
        match self {
            Self::ExternalAddress => 0,
            Self::Map(mapping) => mapping.protocol.opcode(),
        }
    }

    /// The bytes of the request.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.opcode()];
        if let Self::Map(mapping) = self {
            bytes.extend([0, 0]);
            mapping.write(&mut bytes);
        }
        bytes
    }

    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let [version, opcode, data @ ..] = bytes else { return Err(Malformed::Length(bytes.len())) };
        match (*version, *opcode) {
            (_, RESPONSE..) => Err(Malformed::Direction),
            (VERSION, 0) => Ok(Self::ExternalAddress),
            (VERSION, 1 | 2) => {
                let data = data.get(2..).unwrap_or_default();
                let mapping = Mapping::read(*opcode, data).ok_or(Malformed::Length(bytes.len()))?;
                Ok(Self::Map(mapping))
            }
            (VERSION, number) => Err(Malformed::Opcode(number)),
            (version, _) => Err(Malformed::Version(version)),
        }
    }
}

impl Response {
    /// The bytes of the response. That of another version has the opcode of a request (section 3.5).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let opcode = match self.body {
            Body::ExternalAddress { .. } => RESPONSE,
            Body::Map(mapping) => RESPONSE | mapping.protocol.opcode(),
            Body::Unread { number: 0 } if self.result == ResultCode::UnsupportedVersion => 0,
            Body::Unread { number } => RESPONSE | number,
        };
        let mut bytes = vec![VERSION, opcode];
        bytes.extend(self.result.number().to_be_bytes());
        bytes.extend(self.epoch_s.to_be_bytes());
        match self.body {
            Body::ExternalAddress { address } => bytes.extend(address.octets()),
            Body::Map(mapping) => mapping.write(&mut bytes),
            Body::Unread { .. } => {}
        }
        bytes
    }

    /// Reads a response. Bytes after its end are ignored: an error may repeat the request (section 3.5).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let [version, opcode, high, low, a, b, c, d, data @ ..] = bytes else {
            return Err(match bytes {
                [version, ..] if *version != VERSION => Malformed::Version(*version),
                _ => Malformed::Length(bytes.len()),
            });
        };
        if *version != VERSION {
            return Err(Malformed::Version(*version));
        }
        let result = ResultCode::of(u16::from_be_bytes([*high, *low]));
        // Not every server sets the bit in the answer to another version: the figure of section 3.5 does not.
        if opcode & RESPONSE == 0 && result != ResultCode::UnsupportedVersion {
            return Err(Malformed::Direction);
        }
        let number = opcode & !RESPONSE;
        let about_the_request = !matches!(result, ResultCode::UnsupportedVersion | ResultCode::UnsupportedOpcode);
        let body = match (number, data) {
            (0, [a, b, c, d, ..]) if about_the_request => {
                Body::ExternalAddress { address: Ipv4Addr::new(*a, *b, *c, *d) }
            }
            (1 | 2, data) if about_the_request && data.len() >= MAPPING => match Mapping::read(number, data) {
                Some(mapping) => Body::Map(mapping),
                None => Body::Unread { number },
            },
            // A success has to say what succeeded.
            _ if result == ResultCode::Success => return Err(Malformed::Length(bytes.len())),
            _ => Body::Unread { number },
        };
        Ok(Self { result, epoch_s: u32::from_be_bytes([*a, *b, *c, *d]), body })
    }
}

/// The bytes of a mapping.
const MAPPING: usize = 8;

impl Mapping {
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.internal_port.to_be_bytes());
        bytes.extend(self.external_port.to_be_bytes());
        bytes.extend(self.lifetime_s.to_be_bytes());
    }

    fn read(opcode: u8, data: &[u8]) -> Option<Self> {
        let [internal_high, internal_low, external_high, external_low, seconds @ ..] = data.get(..MAPPING)? else {
            return None;
        };
        let protocol = [Protocol::Udp, Protocol::Tcp].into_iter().find(|protocol| protocol.opcode() == opcode)?;
        Some(Self {
            protocol,
            internal_port: u16::from_be_bytes([*internal_high, *internal_low]),
            external_port: u16::from_be_bytes([*external_high, *external_low]),
            lifetime_s: u32::from_be_bytes(seconds.try_into().ok()?),
        })
    }
}

impl fmt::Display for Request {
    /// In words: "NAT-PMP external address", "NAT-PMP map, UDP port 40000, for 120 s".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Map(mapping) = self else { return f.write_str("NAT-PMP external address") };
        write!(f, "NAT-PMP map, {} port {}", mapping.protocol, mapping.internal_port)?;
        match mapping.lifetime_s {
            0 => f.write_str(", to be deleted"),
            seconds => write!(f, ", for {seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn map(external_port: u16, lifetime_s: u32) -> Mapping {
        Mapping { protocol: Protocol::Udp, internal_port: 40_000, external_port, lifetime_s }
    }

    #[test]
    fn golden_requests() {
        let tcp = Mapping { protocol: Protocol::Tcp, ..map(80, 7200) };
        for (request, bytes) in [
            (Request::ExternalAddress, &[0, 0][..]),
            (Request::Map(map(0, 120)), &[0, 1, 0, 0, 0x9c, 0x40, 0, 0, 0, 0, 0, 0x78]),
            (Request::Map(map(0, 0)), &[0, 1, 0, 0, 0x9c, 0x40, 0, 0, 0, 0, 0, 0]),
            (Request::Map(tcp), &[0, 2, 0, 0, 0x9c, 0x40, 0, 80, 0, 0, 0x1c, 0x20]),
        ] {
            assert_eq!(request.encode(), bytes, "{request}");
            assert_eq!(Request::read(bytes), Ok(request));
        }
    }

    #[test]
    fn golden_responses() {
        let response = |result, epoch_s, body| Response { result, epoch_s, body };
        let address = Body::ExternalAddress { address: Ipv4Addr::new(203, 0, 113, 7) };
        for (value, bytes) in [
            (response(ResultCode::Success, 3600, address), &[0, 0x80, 0, 0, 0, 0, 0x0e, 0x10, 203, 0, 113, 7][..]),
            (
                response(ResultCode::Success, 3601, Body::Map(map(61_000, 120))),
                &[0, 0x81, 0, 0, 0, 0, 0x0e, 0x11, 0x9c, 0x40, 0xee, 0x48, 0, 0, 0, 0x78],
            ),
            (
                response(ResultCode::NotAuthorized, 1, Body::Map(map(0, 0))),
                &[0, 0x81, 0, 2, 0, 0, 0, 1, 0x9c, 0x40, 0, 0, 0, 0, 0, 0],
            ),
            (
                response(ResultCode::UnsupportedVersion, 3600, Body::Unread { number: 0 }),
                &[0, 0, 0, 1, 0, 0, 0x0e, 0x10],
            ),
        ] {
            assert_eq!(value.encode(), bytes);
            assert_eq!(Response::read(bytes), Ok(value));
        }
        // With the bit set, as some servers have it.
        let version = Response::read(&[0, 0x80, 0, 1, 0, 0, 0, 9]).unwrap();
        assert_eq!(version.result, ResultCode::UnsupportedVersion);
    }

    #[test]
    fn what_is_no_message_has_its_reason() {
        assert_eq!(Request::read(&[0]), Err(Malformed::Length(1)));
        assert_eq!(Request::read(&[0, 1, 0, 0, 1]), Err(Malformed::Length(5)));
        assert_eq!(Request::read(&[2, 1]), Err(Malformed::Version(2)));
        assert_eq!(Request::read(&[0, 9, 0, 0]), Err(Malformed::Opcode(9)));
        assert_eq!(Request::read(&[0, 0x81, 0, 0]), Err(Malformed::Direction));
        assert_eq!(Response::read(&[0, 1, 0, 0, 0, 0, 0, 0]), Err(Malformed::Direction));
        assert_eq!(Response::read(&[0, 0x80, 0, 0, 0, 0, 0, 0]), Err(Malformed::Length(8)));
        assert_eq!(Response::read(&[0, 0x81, 0, 0, 0, 0, 0, 0, 1, 2]), Err(Malformed::Length(10)));
        assert_eq!(Response::read(&[2, 0x81]), Err(Malformed::Version(2)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            tcp in any::<bool>(),
            (internal_port, external_port, lifetime_s) in any::<(u16, u16, u32)>(),
            result in 0u16..9,
            epoch_s in any::<u32>(),
        ) {
            let protocol = if tcp { Protocol::Tcp } else { Protocol::Udp };
            let mapping = Mapping { protocol, internal_port, external_port, lifetime_s };
            let request = Request::Map(mapping);
            prop_assert_eq!(Request::read(&request.encode()), Ok(request));
            let result = ResultCode::of(result);
            let response = Response { result, epoch_s, body: Body::Map(mapping) };
            let read = Response::read(&response.encode()).unwrap();
            prop_assert_eq!((read.result, read.epoch_s), (result, epoch_s));
            if !matches!(result, ResultCode::UnsupportedVersion | ResultCode::UnsupportedOpcode) {
                prop_assert_eq!(read, response);
            }
        }

        #[test]
        fn any_bytes_are_survived(bytes in vec(prop_oneof![Just(0u8), Just(0x81), any::<u8>()], 0..24)) {
            if let Ok(request) = Request::read(&bytes) {
                prop_assert_eq!(Request::read(&request.encode()), Ok(request));
            }
            if let Ok(response) = Response::read(&bytes) {
                prop_assert_eq!(Response::read(&response.encode()), Ok(response));
            }
        }
    }
}
