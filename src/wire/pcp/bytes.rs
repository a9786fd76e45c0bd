//! PCP messages as bytes (RFC 6887 sections 7 and 11). Reading never panics, whatever arrives.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Body, Extra, Mapping, Nonce, Request, Response, ResultCode, VERSION};

/// The bytes of a header, of a request as of a response.
const HEADER: usize = 24;
/// The longest message (section 7).
const LONGEST: usize = 1100;
/// The bit of the opcode that makes it a response.
const RESPONSE: u8 = 0x80;
/// The bytes of a mapping.
const MAPPING: usize = 36;

/// Why bytes are no message of PCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Too short, too long, or no multiple of four.
    #[error("{0} bytes are no PCP message")]
    Length(usize),
    /// Of another version.
    #[error("a message of version {0}, which is not PCP's 2")]
    Version(u8),
    /// A response where a request belongs, or the other way round.
    #[error("a PCP message in the wrong direction")]
    Direction,
    /// Its opcode needs more data than there is.
    #[error("a PCP message that breaks off")]
    Cut,
    /// An option is longer than the message.
    #[error("a PCP option that breaks off")]
    Option,
}

impl Malformed {
    /// What a server answers to it (sections 7.3 and 8.2); `None` where it stays silent.
    #[must_use]
    pub fn result(self) -> Option<ResultCode> {
        match self {
            Self::Length(length) if length < 2 => None,
            Self::Direction => None,
            Self::Version(_) => Some(ResultCode::UnsuppVersion),
            Self::Option => Some(ResultCode::MalformedOption),
            Self::Length(_) | Self::Cut => Some(ResultCode::MalformedRequest),
        }
    }
}

impl Request {
    /// The bytes of the request; a mapping without a nonce gets zeros.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.body.opcode() & !RESPONSE, 0, 0];
        bytes.extend(self.lifetime_s.to_be_bytes());
        bytes.extend(octets(self.client));
        write(&mut bytes, &self.body, &self.options);
        bytes
    }

    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        check(bytes, false)?;
        let (body, rest) = read_body(bytes);
        if matches!(body, Body::Unread { number } if number <= 1) {
            return Err(Malformed::Cut);
        }
        // Without knowing the opcode nobody knows where its options begin.
        let options = if matches!(body, Body::Unread { .. }) { Vec::new() } else { read_options(rest)? };
        Ok(Self { client: ip(array(bytes, 8)), lifetime_s: u32::from_be_bytes(array(bytes, 4)), body, options })
    }
}

impl Response {
    /// The bytes of the response.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.version, self.body.opcode() | RESPONSE, 0, self.result.number()];
        bytes.extend(self.lifetime_s.to_be_bytes());
        bytes.extend(self.epoch_s.to_be_bytes());
        bytes.extend([0; 12]);
        write(&mut bytes, &self.body, &self.options);
        bytes
    }

    /// Reads a response. Of another version only the header counts, and only if it is about the version (section 9).
    ///
    /// # Errors
    /// What is wrong with it: it is to be ignored (section 8.3).
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let version = *bytes.first().ok_or(Malformed::Length(0))?;
        let about_the_version = |bytes: &[u8]| {
            let head = bytes.get(..HEADER).map(|head| (head[1] & RESPONSE, head[3]));
            version != 0 && head == Some((RESPONSE, ResultCode::UnsuppVersion.number()))
        };
        match check(bytes, true) {
            Err(Malformed::Version(_)) if about_the_version(bytes) => {}
            checked => checked?,
        }
        let (body, options) = if version == VERSION {
            let (body, rest) = read_body(bytes);
            // What a client does not understand of an error's options it ignores: the error is what counts.
            let failed = bytes[3] != 0;
            let options = if matches!(body, Body::Unread { .. }) { Ok(Vec::new()) } else { read_options(rest) };
            (body, if failed { options.unwrap_or_default() } else { options? })
        } else {
            (Body::Unread { number: bytes[1] & !RESPONSE }, Vec::new())
        };
        Ok(Self {
            version,
            result: ResultCode::of(bytes[3]),
            lifetime_s: u32::from_be_bytes(array(bytes, 4)),
            epoch_s: u32::from_be_bytes(array(bytes, 8)),
            body,
            options,
        })
    }
}

fn check(bytes: &[u8], response: bool) -> Result<(), Malformed> {
    let [version, opcode, ..] = *bytes else { return Err(Malformed::Length(bytes.len())) };
    if version != VERSION {
        return Err(Malformed::Version(version));
    }
    if (opcode & RESPONSE != 0) != response {
        return Err(Malformed::Direction);
    }
    if bytes.len() < HEADER || bytes.len() > LONGEST || !bytes.len().is_multiple_of(4) {
        return Err(Malformed::Length(bytes.len()));
    }
    Ok(())
}

/// The opcode's data and what follows it.
fn read_body(bytes: &[u8]) -> (Body, &[u8]) {
    let number = bytes[1] & !RESPONSE;
    let data = &bytes[HEADER..];
    match number {
        0 => (Body::Announce, data),
        1 if data.len() >= MAPPING => (Body::Map(read_mapping(data)), &data[MAPPING..]),
        _ => (Body::Unread { number }, &[]),
    }
}

fn read_mapping(data: &[u8]) -> Mapping {
    Mapping {
        nonce: Nonce(Some(array(data, 0))),
        protocol: data[12],
        internal_port: u16::from_be_bytes(array(data, 16)),
        external: SocketAddr::new(ip(array(data, 20)), u16::from_be_bytes(array(data, 18))),
    }
}

fn read_options(mut rest: &[u8]) -> Result<Vec<Extra>, Malformed> {
    let mut options = Vec::new();
    while let [code, _, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let data = after.get(..length).ok_or(Malformed::Option)?.to_vec();
        rest = after.get(length.next_multiple_of(4)..).ok_or(Malformed::Option)?;
        options.push(Extra { code: *code, data });
    }
    if rest.is_empty() { Ok(options) } else { Err(Malformed::Option) }
}

fn write(bytes: &mut Vec<u8>, body: &Body, options: &[Extra]) {
    if let Some(mapping) = body.mapping() {
        bytes.extend(mapping.nonce.0.unwrap_or_default());
        bytes.extend([mapping.protocol, 0, 0, 0]);
        bytes.extend(mapping.internal_port.to_be_bytes());
        bytes.extend(mapping.external.port().to_be_bytes());
        bytes.extend(octets(mapping.external.ip()));
    }
    for option in options {
        let length = u16::try_from(option.data.len()).unwrap_or(u16::MAX);
        bytes.extend([option.code, 0]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&option.data[..usize::from(length)]);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
}

/// An address in 128 bits: IPv4 as an IPv4-mapped one, the unspecified one too (section 5).
fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

fn ip(octets: [u8; 16]) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(octets)).to_canonical()
}

/// So many bytes from there on; zeros beyond the end.
fn array<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes.get(from + index).copied().unwrap_or_default())
}
