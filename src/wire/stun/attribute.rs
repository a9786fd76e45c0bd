//! Attributes: their registered types and names (RFC 8489 section 18.3), and reading a value whatever its state.
//!
//! The values are read here and not by stun-rs because a diagnosis needs what a strict codec refuses: text that is not UTF-8, an error
//! class out of range, an address xored in a message without magic cookie.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::wire::Family;

/// MAPPED-ADDRESS.
pub const MAPPED_ADDRESS: u16 = 0x0001;
/// CHANGE-REQUEST (RFC 5780).
pub const CHANGE_REQUEST: u16 = 0x0003;
/// SOURCE-ADDRESS (RFC 3489), RESPONSE-ORIGIN's forerunner.
pub const SOURCE_ADDRESS: u16 = 0x0004;
/// CHANGED-ADDRESS (RFC 3489), OTHER-ADDRESS's forerunner.
pub const CHANGED_ADDRESS: u16 = 0x0005;
/// MESSAGE-INTEGRITY.
pub const MESSAGE_INTEGRITY: u16 = 0x0008;
/// ERROR-CODE.
pub const ERROR_CODE: u16 = 0x0009;
/// UNKNOWN-ATTRIBUTES.
pub const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
/// MESSAGE-INTEGRITY-SHA256.
pub const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
/// XOR-MAPPED-ADDRESS.
pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// PADDING (RFC 5780).
pub const PADDING: u16 = 0x0026;
/// RESPONSE-PORT (RFC 5780).
pub const RESPONSE_PORT: u16 = 0x0027;
/// XOR-MAPPED-ADDRESS under the number that drafts gave it; stuntman still sends it to RFC 3489 clients.
pub const DRAFT_XOR_MAPPED_ADDRESS: u16 = 0x8020;
/// SOFTWARE (SERVER before RFC 5389).
pub const SOFTWARE: u16 = 0x8022;
/// USERNAME.
pub const USERNAME: u16 = 0x0006;
/// CHANNEL-NUMBER.
pub const CHANNEL_NUMBER: u16 = 0x000C;
/// LIFETIME.
pub const LIFETIME: u16 = 0x000D;
/// XOR-PEER-ADDRESS.
pub const XOR_PEER_ADDRESS: u16 = 0x0012;
/// PRIORITY (RFC 8445 section 16.1).
pub const PRIORITY: u16 = 0x0024;
/// USE-CANDIDATE (RFC 8445 section 16.1).
pub const USE_CANDIDATE: u16 = 0x0025;
/// ICMP (RFC 8656 section 18.13).
pub const ICMP: u16 = 0x8004;
/// ICE-CONTROLLED (RFC 8445 section 16.1).
pub const ICE_CONTROLLED: u16 = 0x8029;
/// ICE-CONTROLLING (RFC 8445 section 16.1).
pub const ICE_CONTROLLING: u16 = 0x802A;
/// DATA.
pub const DATA: u16 = 0x0013;
/// REALM.
pub const REALM: u16 = 0x0014;
/// NONCE.
pub const NONCE: u16 = 0x0015;
/// XOR-RELAYED-ADDRESS.
pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
/// REQUESTED-ADDRESS-FAMILY.
pub const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
/// EVEN-PORT.
pub const EVEN_PORT: u16 = 0x0018;
/// REQUESTED-TRANSPORT.
pub const REQUESTED_TRANSPORT: u16 = 0x0019;
/// DONT-FRAGMENT.
pub const DONT_FRAGMENT: u16 = 0x001A;
/// PASSWORD-ALGORITHM.
pub const PASSWORD_ALGORITHM: u16 = 0x001D;
/// USERHASH.
pub const USERHASH: u16 = 0x001E;
/// RESERVATION-TOKEN.
pub const RESERVATION_TOKEN: u16 = 0x0022;
/// CONNECTION-ID (RFC 6062).
pub const CONNECTION_ID: u16 = 0x002A;
/// ADDITIONAL-ADDRESS-FAMILY.
pub const ADDITIONAL_ADDRESS_FAMILY: u16 = 0x8000;
/// ADDRESS-ERROR-CODE.
pub const ADDRESS_ERROR_CODE: u16 = 0x8001;
/// PASSWORD-ALGORITHMS.
pub const PASSWORD_ALGORITHMS: u16 = 0x8002;
/// ALTERNATE-DOMAIN.
pub const ALTERNATE_DOMAIN: u16 = 0x8003;
/// ALTERNATE-SERVER.
pub const ALTERNATE_SERVER: u16 = 0x8023;
/// THIRD-PARTY-AUTHORIZATION (RFC 7635).
pub const THIRD_PARTY_AUTHORIZATION: u16 = 0x802E;
/// MOBILITY-TICKET (RFC 8016).
pub const MOBILITY_TICKET: u16 = 0x8030;
/// FINGERPRINT.
pub const FINGERPRINT: u16 = 0x8028;
/// RESPONSE-ORIGIN (RFC 5780).
pub const RESPONSE_ORIGIN: u16 = 0x802B;
/// OTHER-ADDRESS (RFC 5780).
pub const OTHER_ADDRESS: u16 = 0x802C;

/// What the value of an attribute has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Family, port and address, as they are or xored.
    Address,
    /// UTF-8.
    Text,
    /// Class, number and reason phrase, in one of them behind an address family.
    Error,
    /// A list of attribute types.
    Types,
    /// A 16-bit number, perhaps with padding that counts as value.
    Port,
    /// 32 bits: a number, flags, or less with reserved bytes behind it.
    Word,
    /// Flags in a byte.
    Flags,
    /// Not for output: it would help to guess a password, or is as good as one.
    Secret,
    /// Anything.
    Bytes,
}

/// Every registered attribute by number.
const REGISTRY: &[(u16, &str, Kind)] = &[
    (MAPPED_ADDRESS, "MAPPED-ADDRESS", Kind::Address),
    (0x0002, "RESPONSE-ADDRESS", Kind::Address),
    (CHANGE_REQUEST, "CHANGE-REQUEST", Kind::Word),
    (SOURCE_ADDRESS, "SOURCE-ADDRESS", Kind::Address),
    (CHANGED_ADDRESS, "CHANGED-ADDRESS", Kind::Address),
    (USERNAME, "USERNAME", Kind::Secret),
    (0x0007, "PASSWORD", Kind::Secret),
    (MESSAGE_INTEGRITY, "MESSAGE-INTEGRITY", Kind::Secret),
    (ERROR_CODE, "ERROR-CODE", Kind::Error),
    (UNKNOWN_ATTRIBUTES, "UNKNOWN-ATTRIBUTES", Kind::Types),
    (0x000B, "REFLECTED-FROM", Kind::Address),
    (CHANNEL_NUMBER, "CHANNEL-NUMBER", Kind::Word),
    (LIFETIME, "LIFETIME", Kind::Word),
    (0x0010, "BANDWIDTH", Kind::Word),
    (XOR_PEER_ADDRESS, "XOR-PEER-ADDRESS", Kind::Address),
    (DATA, "DATA", Kind::Bytes),
    (REALM, "REALM", Kind::Text),
    (NONCE, "NONCE", Kind::Secret),
    (XOR_RELAYED_ADDRESS, "XOR-RELAYED-ADDRESS", Kind::Address),
    (REQUESTED_ADDRESS_FAMILY, "REQUESTED-ADDRESS-FAMILY", Kind::Word),
    (EVEN_PORT, "EVEN-PORT", Kind::Flags),
    (REQUESTED_TRANSPORT, "REQUESTED-TRANSPORT", Kind::Word),
    (DONT_FRAGMENT, "DONT-FRAGMENT", Kind::Bytes),
    (0x001B, "ACCESS-TOKEN", Kind::Secret),
    (MESSAGE_INTEGRITY_SHA256, "MESSAGE-INTEGRITY-SHA256", Kind::Secret),
    (PASSWORD_ALGORITHM, "PASSWORD-ALGORITHM", Kind::Bytes),
    (USERHASH, "USERHASH", Kind::Secret),
    (XOR_MAPPED_ADDRESS, "XOR-MAPPED-ADDRESS", Kind::Address),
    (0x0021, "TIMER-VAL", Kind::Bytes),
    (RESERVATION_TOKEN, "RESERVATION-TOKEN", Kind::Secret),
    (PRIORITY, "PRIORITY", Kind::Word),
    (USE_CANDIDATE, "USE-CANDIDATE", Kind::Bytes),
    (PADDING, "PADDING", Kind::Bytes),
    (RESPONSE_PORT, "RESPONSE-PORT", Kind::Port),
    (CONNECTION_ID, "CONNECTION-ID", Kind::Word),
    (ADDITIONAL_ADDRESS_FAMILY, "ADDITIONAL-ADDRESS-FAMILY", Kind::Word),
    (ADDRESS_ERROR_CODE, "ADDRESS-ERROR-CODE", Kind::Error),
    (PASSWORD_ALGORITHMS, "PASSWORD-ALGORITHMS", Kind::Bytes),
    (ALTERNATE_DOMAIN, "ALTERNATE-DOMAIN", Kind::Text),
    (ICMP, "ICMP", Kind::Bytes),
    (DRAFT_XOR_MAPPED_ADDRESS, "XOR-MAPPED-ADDRESS (draft)", Kind::Address),
    (SOFTWARE, "SOFTWARE", Kind::Text),
    (ALTERNATE_SERVER, "ALTERNATE-SERVER", Kind::Address),
    (0x8025, "TRANSACTION-TRANSMIT-COUNTER", Kind::Bytes),
    (0x8027, "CACHE-TIMEOUT", Kind::Word),
    (FINGERPRINT, "FINGERPRINT", Kind::Bytes),
    (ICE_CONTROLLED, "ICE-CONTROLLED", Kind::Bytes),
    (ICE_CONTROLLING, "ICE-CONTROLLING", Kind::Bytes),
    (RESPONSE_ORIGIN, "RESPONSE-ORIGIN", Kind::Address),
    (OTHER_ADDRESS, "OTHER-ADDRESS", Kind::Address),
    (0x802D, "ECN-CHECK", Kind::Bytes),
    (THIRD_PARTY_AUTHORIZATION, "THIRD-PARTY-AUTHORIZATION", Kind::Text),
    (0x802F, "ORIGIN", Kind::Text),
    (MOBILITY_TICKET, "MOBILITY-TICKET", Kind::Secret),
    (0xC057, "GOOG-NETWORK-INFO", Kind::Bytes),
];

/// The registered name of an attribute type.
fn name(ty: u16) -> Option<&'static str> {
    REGISTRY.iter().find(|entry| entry.0 == ty).map(|entry| entry.1)
}

/// The registered name, or the number where there is none.
#[must_use]
pub fn label(ty: u16) -> String {
    name(ty).map_or_else(|| format!("attribute 0x{ty:04x}"), str::to_owned)
}

/// One attribute as it arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct RawAttribute {
    /// Its type.
    pub ty: u16,
    /// The length it claims, without padding.
    pub length: u16,
    /// Its value; shorter than the length where the message ended first.
    pub value: Vec<u8>,
    /// Where its header starts, counted from the first byte of the message.
    pub offset: usize,
    /// Whether it stands after an integrity attribute or the fingerprint and so must not be believed (RFC 8489 sections 14.5 to 14.7).
    pub ignored: bool,
}

/// The longest text that any attribute may hold, in bytes (RFC 8489 sections 14.8, 14.9 and 14.14).
const LONGEST_TEXT: usize = 763;

/// Bytes of others as text that can be kept in a report: 64 KB in each answer would fill it.
#[must_use]
pub fn readable(bytes: &[u8]) -> String {
    match bytes.get(..LONGEST_TEXT) {
        Some(start) if bytes.len() > LONGEST_TEXT => String::from_utf8_lossy(start).into_owned() + "...",
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

impl fmt::Debug for RawAttribute {
    /// Without what is not for output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RawAttribute");
        debug.field("ty", &label(self.ty)).field("length", &self.length).field("offset", &self.offset);
        if !self.is_secret() {
            debug.field("value", &self.value);
        }
        debug.field("ignored", &self.ignored).finish_non_exhaustive()
    }
}

impl RawAttribute {
    fn kind(&self) -> Kind {
        REGISTRY.iter().find(|entry| entry.0 == self.ty).map_or(Kind::Bytes, |entry| entry.2)
    }

    /// Whether its value is not for output.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.kind() == Kind::Secret
    }

    /// Whether its type is not registered.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        name(self.ty).is_none()
    }

    /// Whether the message ended before the value did.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.value.len() < usize::from(self.length)
    }

    /// The value as a plain address.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.xor_address([0; 16])
    }

    /// The value as an address xored with the header's last 16 bytes: the magic cookie and the transaction id, or the 128-bit id of
    /// RFC 3489 (RFC 8489 section 14.2).
    #[must_use]
    pub fn xor_address(&self, key: [u8; 16]) -> Option<SocketAddr> {
        let (&[_, family, high, low], address) = self.value.split_first_chunk()?;
        let port = u16::from_be_bytes([high ^ key[0], low ^ key[1]]);
        let ip = match family {
            1 => IpAddr::V4(Ipv4Addr::from(xor(*address.first_chunk::<4>()?, key))),
            2 => IpAddr::V6(Ipv6Addr::from(xor(*address.first_chunk::<16>()?, key))),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    /// The value as text: what is not UTF-8 replaced, NULs at the end dropped (stund and coturn count theirs as text), what is longer
    /// than any text may be cut off. Not escaped.
    #[must_use]
    pub fn text(&self) -> String {
        readable(self.trimmed())
    }

    fn trimmed(&self) -> &[u8] {
        let end = self.value.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        &self.value[..end]
    }

    /// The value as an error: 100 times the class (of which three bits count) plus the number (0 to 99), and the reason phrase.
    #[must_use]
    pub fn error(&self) -> Option<(u16, String)> {
        let (&[_, _, class, number], reason) = self.value.split_first_chunk()?;
        let code = u16::from(class & 0x07) * 100 + u16::from(number.min(99));
        Some((code, readable(reason).trim_end_matches('\0').to_owned()))
    }

    /// The value as a list of attribute types. RFC 3489 filled it up by repeating the last: each is told once.
    #[must_use]
    pub fn types(&self) -> Vec<u16> {
        let mut seen = BTreeSet::new();
        let pairs = self.value.as_chunks().0.iter();
        pairs.map(|&pair| u16::from_be_bytes(pair)).filter(|&ty| seen.insert(ty)).collect()
    }

    /// The first byte as an address family.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        match self.value.first()? {
            1 => Some(Family::Ipv4),
            2 => Some(Family::Ipv6),
            _ => None,
        }
    }

    /// The value as a list of password algorithms, by number, each with parameters that are padded to 4 bytes (RFC 8489 section 14.11).
    #[must_use]
    pub fn algorithms(&self) -> Vec<u16> {
        let mut rest = self.value.as_slice();
        let mut found = Vec::new();
        while let Some((&[a0, a1, l0, l1], after)) = rest.split_first_chunk() {
            found.push(u16::from_be_bytes([a0, a1]));
            let parameters = usize::from(u16::from_be_bytes([l0, l1])).next_multiple_of(4);
            rest = after.get(parameters..).unwrap_or_default();
        }
        found
    }

    /// The first 32 bits as a number.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.value.first_chunk().map(|&bytes| u32::from_be_bytes(bytes))
    }

    /// The first 16 bits as a port: the length is 2 with two bytes of padding, or 4 (RFC 5780 section 7.5 can be read both ways).
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.value.first_chunk().map(|&bytes| u16::from_be_bytes(bytes))
    }

    /// What is wrong with the value, in words, if it is of a kind that can be wrong.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let name = label(self.ty);
        match self.kind() {
            Kind::Address => {
                let expected = match self.value.get(1) {
                    Some(1) => 8,
                    Some(2) => 20,
                    Some(family) => {
                        return Some(format!("{name} has the unknown address family 0x{family:02x}"));
                    }
                    None => return Some(format!("{name} is too short for an address")),
                };
                let length = self.value.len();
                (length != expected).then(|| format!("{name} is {length} bytes long instead of {expected}"))
            }
            Kind::Error => match self.value.get(2..4) {
                None => Some(format!("{name} is too short for a code")),
                Some(&[class, number]) if !(3..=6).contains(&(class & 0x07)) || number > 99 => {
                    Some(format!("{name} has class {} and number {number}, outside 300 to 699", class & 0x07))
                }
                Some(_) => None,
            },
            Kind::Text => std::str::from_utf8(&self.value).err().map(|_| format!("{name} is not valid UTF-8")),
            Kind::Types if !self.value.len().is_multiple_of(2) => Some(format!("{name} is not a list of 16-bit types")),
            Kind::Port if self.value.len() < 2 => Some(format!("{name} is too short for a port")),
            Kind::Flags if self.value.is_empty() => Some(format!("{name} is empty")),
            Kind::Word if self.value.len() != 4 => {
                Some(format!("{name} is {} bytes long instead of 4", self.value.len()))
            }
            _ => None,
        }
    }
}

fn xor<const N: usize>(mut bytes: [u8; N], key: [u8; 16]) -> [u8; N] {
    // The port and the address are xored with the same bytes from the first on.
    for (byte, key) in bytes.iter_mut().zip(key) {
        *byte ^= key;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_TEXT, readable};

    #[test]
    fn endless_texts_are_cut() {
        assert_eq!(readable("é".as_bytes()), "é");
        assert_eq!(readable("a".repeat(60_000).as_bytes()).len(), LONGEST_TEXT + 3);
        assert!(readable("é".repeat(400).as_bytes()).ends_with("..."));
    }
}
