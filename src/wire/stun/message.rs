//! Reading a message, however odd: a datagram with a STUN header is a [`Message`], whatever its attributes look like.
//!
//! stun-rs decodes all or nothing and refuses a header without magic cookie; what it refuses is what a diagnosis is about. So every
//! attribute is kept as it arrived and read alone, and what is wrong is told in [`Message::faults`] instead of failing.

use std::fmt;
use std::net::SocketAddr;

use super::attribute::{self, RawAttribute};
use super::header::Header;
pub use super::header::{HEADER, MAGIC_COOKIE};
use crate::wire::{NotStun, TransactionId};

/// The method that asks "what is my address?".
pub const BINDING: u16 = 0x001;
/// Asks for a relayed address (RFC 8656).
pub const ALLOCATE: u16 = 0x003;
/// Keeps or deletes an allocation.
pub const REFRESH: u16 = 0x004;
/// Data for a peer.
pub const SEND: u16 = 0x006;
/// Data from a peer.
pub const DATA: u16 = 0x007;
/// Lets a peer in.
pub const CREATE_PERMISSION: u16 = 0x008;
/// Gives a peer a number.
pub const CHANNEL_BIND: u16 = 0x009;
/// Connects to a peer over TCP (RFC 6062).
pub const CONNECT: u16 = 0x00A;
/// Makes a connection the data connection of another (RFC 6062).
pub const CONNECTION_BIND: u16 = 0x00B;
/// A hostile message could have sixteen thousand faults: this many are told.
const FAULTS_TOLD: usize = 16;

/// The class of a message (RFC 8489 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Wants a response.
    Request,
    /// Wants none.
    Indication,
    /// The response of a server that could.
    Success,
    /// The response of a server that could not, or would not.
    Error,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Indication => "indication",
            Self::Success => "success response",
            Self::Error => "error response",
        })
    }
}

/// The registered name of a method.
#[must_use]
pub fn method_name(method: u16) -> Option<&'static str> {
    Some(match method {
        BINDING => "Binding",
        0x002 => "SharedSecret",
        ALLOCATE => "Allocate",
        REFRESH => "Refresh",
        SEND => "Send",
        DATA => "Data",
        CREATE_PERMISSION => "CreatePermission",
        CHANNEL_BIND => "ChannelBind",
        CONNECT => "Connect",
        CONNECTION_BIND => "ConnectionBind",
        0x00C => "ConnectionAttempt",
        _ => return None,
    })
}

/// Class and method from the header's first 16 bits, in which they are interleaved (RFC 8489 figure 3).
fn split_type(ty: u16) -> (Class, u16) {
    let class = match (ty & 0x0100 != 0, ty & 0x0010 != 0) {
        (false, false) => Class::Request,
        (false, true) => Class::Indication,
        (true, false) => Class::Success,
        (true, true) => Class::Error,
    };
    (class, (ty & 0x3E00) >> 2 | (ty & 0x00E0) >> 1 | ty & 0x000F)
}

/// The header's first 16 bits.
pub(super) fn join_type(class: Class, method: u16) -> u16 {
    let class = match class {
        Class::Request => 0,
        Class::Indication => 0x0010,
        Class::Success => 0x0100,
        Class::Error => 0x0110,
    };
    (method & 0x0F80) << 2 | (method & 0x0070) << 1 | method & 0x000F | class
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Request, indication or response.
    pub class: Class,
    /// The method, 12 bits.
    pub method: u16,
    /// Whether the magic cookie is there; without it this is a message of RFC 3489.
    pub cookie: bool,
    /// What stands where the magic cookie belongs: the first four bytes of RFC 3489's 128-bit transaction id.
    pub head: [u8; 4],
    /// The last 96 bits of the header.
    pub id: TransactionId,
    /// What is wrong with the message, in words. Names of attributes, never text of the sender.
    pub faults: Vec<String>,
    attributes: Vec<RawAttribute>,
    fingerprint: Option<bool>,
    cut: bool,
}

impl Message {
    /// Reads a datagram, or one whole message of a stream. Whatever follows a plausible header, it succeeds.
    ///
    /// # Errors
    /// When the header is not STUN's: too short, the first two bits set, or neither magic cookie nor RFC 3489's forms.
    pub fn read(bytes: &[u8]) -> Result<Self, NotStun> {
        let header = Header::read(bytes)?;
        header.check(Some(bytes.len())).map_err(|reason| NotStun::new(reason, bytes))?;
        let (class, method) = split_type(header.ty);
        let mut message = Self {
            class,
            method,
            cookie: header.has_cookie(),
            head: header.head,
            id: header.id,
            faults: Vec::new(),
            attributes: Vec::new(),
            fingerprint: None,
            cut: false,
        };
        message.check_length(header.length.into(), bytes.len() - HEADER);
        let end = bytes.len().min(HEADER + usize::from(header.length));
        message.walk(&bytes[..end]);
        message.check_content();
        Ok(message)
    }

    fn check_length(&mut self, announced: usize, arrived: usize) {
        if !announced.is_multiple_of(4) {
            self.fault(format!("the length {announced} is not a multiple of 4"));
        }
        if announced > arrived {
            self.fault(format!("the header announces {announced} bytes of attributes and {arrived} arrived"));
        }
        if announced < arrived {
            self.fault(format!("{} bytes follow the message", arrived - announced));
        }
    }

    /// Collects the attributes of a message that was cut to its own length.
    fn walk(&mut self, bytes: &[u8]) {
        let mut offset = HEADER;
        let mut seal = Seal::Open;
        while let Some((&[type_high, type_low, length_high, length_low], rest)) = bytes[offset..].split_first_chunk() {
            let ty = u16::from_be_bytes([type_high, type_low]);
            let length = u16::from_be_bytes([length_high, length_low]);
            let taken = rest.len().min(length.into());
            let attribute =
                RawAttribute { ty, length, value: rest[..taken].to_vec(), offset, ignored: !seal.admits(ty) };
            if attribute.is_truncated() {
                self.fault(format!("{} is truncated: {taken} of {length} bytes arrived", attribute::label(ty)));
            } else {
                self.check_attribute(&attribute, bytes);
            }
            self.attributes.push(attribute);
            let padded = taken.next_multiple_of(4);
            if padded > rest.len() && taken == usize::from(length) {
                self.fault(format!("{} is not padded to a multiple of 4 bytes", attribute::label(ty)));
            }
            offset = bytes.len().min(offset + 4 + padded);
        }
        self.cut = offset < bytes.len();
        if self.cut {
            self.fault(format!("{} bytes after the last attribute are too few for another", bytes.len() - offset));
        }
    }

    fn check_attribute(&mut self, attribute: &RawAttribute, bytes: &[u8]) {
        if let Some(fault) = attribute.fault() {
            self.fault(fault);
        }
        if attribute.ty == attribute::FINGERPRINT && self.fingerprint.is_none() {
            // Over the bytes as they arrived: writing them anew could change the padding (RFC 8489 section 14.7).
            let right = attribute.number() == Some(fingerprint_of(&bytes[..attribute.offset]));
            self.fingerprint = Some(right);
            if !right {
                self.fault("FINGERPRINT is wrong: the message was changed on its way or badly written".into());
            }
            if attribute.offset + 8 < bytes.len() {
                self.fault("FINGERPRINT is not the last attribute".into());
            }
        }
    }

    fn check_content(&mut self) {
        match self.class {
            Class::Error if self.error().is_none() => {
                self.fault("an error response without ERROR-CODE".into());
            }
            Class::Success if self.method == BINDING && self.mapped().is_none() => {
                self.fault("a Binding success response without a readable mapped address".into());
            }
            _ => {}
        }
    }

    fn fault(&mut self, text: String) {
        match self.faults.len() {
            ..FAULTS_TOLD => self.faults.push(text),
            FAULTS_TOLD => self.faults.push("and more".into()),
            _ => {}
        }
    }

    /// Every attribute in the order of arrival, those that must be ignored included.
    #[must_use]
    pub fn attributes(&self) -> &[RawAttribute] {
        &self.attributes
    }

    /// The first attribute of a type, which is the one that counts (RFC 8489 section 14), unless it must be ignored.
    #[must_use]
    pub fn attribute(&self, ty: u16) -> Option<&RawAttribute> {
        self.attributes.iter().find(|attribute| attribute.ty == ty && !attribute.ignored)
    }

    /// The value of an attribute as an xored address.
    ///
    /// Without magic cookie the key is the 128-bit id (stund, stuntman); turn-rs takes the cookie even then, which shows when that
    /// leads to the plain address.
    #[must_use]
    pub fn xor_address(&self, attribute: &RawAttribute) -> Option<SocketAddr> {
        let by_cookie = attribute.xor_address(key(MAGIC_COOKIE, self.id))?;
        if self.mapped_address() == Some(by_cookie) {
            return Some(by_cookie);
        }
        attribute.xor_address(key(self.head, self.id))
    }

    /// XOR-MAPPED-ADDRESS, under its own number or the one that drafts gave it.
    #[must_use]
    pub fn xor_mapped_address(&self) -> Option<SocketAddr> {
        [attribute::XOR_MAPPED_ADDRESS, attribute::DRAFT_XOR_MAPPED_ADDRESS]
            .into_iter()
            .find_map(|ty| self.xor_address(self.attribute(ty)?))
    }

    /// MAPPED-ADDRESS, not xored.
    #[must_use]
    pub fn mapped_address(&self) -> Option<SocketAddr> {
        self.attribute(attribute::MAPPED_ADDRESS)?.address()
    }

    /// The address that the server saw: XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS.
    #[must_use]
    pub fn mapped(&self) -> Option<SocketAddr> {
        self.xor_mapped_address().or_else(|| self.mapped_address())
    }

    /// OTHER-ADDRESS, else CHANGED-ADDRESS.
    #[must_use]
    pub fn other_address(&self) -> Option<SocketAddr> {
        self.either_address(attribute::OTHER_ADDRESS, attribute::CHANGED_ADDRESS)
    }

    /// RESPONSE-ORIGIN, else SOURCE-ADDRESS.
    #[must_use]
    pub fn response_origin(&self) -> Option<SocketAddr> {
        self.either_address(attribute::RESPONSE_ORIGIN, attribute::SOURCE_ADDRESS)
    }

    fn either_address(&self, first: u16, second: u16) -> Option<SocketAddr> {
        [first, second].into_iter().find_map(|ty| self.attribute(ty)?.address())
    }

    /// SOFTWARE, without NULs at its end. Not escaped: see [`escape`](crate::wire::escape::escape).
    #[must_use]
    pub fn software(&self) -> Option<String> {
        Some(self.attribute(attribute::SOFTWARE)?.text())
    }

    /// ERROR-CODE: the code (0 to 799, whatever was sent) and the reason phrase, not escaped.
    #[must_use]
    pub fn error(&self) -> Option<(u16, String)> {
        self.attribute(attribute::ERROR_CODE)?.error()
    }

    /// The types listed in UNKNOWN-ATTRIBUTES.
    #[must_use]
    pub fn unknown_attributes(&self) -> Vec<u16> {
        self.attribute(attribute::UNKNOWN_ATTRIBUTES).map(RawAttribute::types).unwrap_or_default()
    }

    /// The "change IP" and "change port" flags of CHANGE-REQUEST (RFC 5780 section 7.2).
    #[must_use]
    pub fn change_request(&self) -> Option<(bool, bool)> {
        let flags = self.attribute(attribute::CHANGE_REQUEST)?.number()?;
        Some((flags & 0x4 != 0, flags & 0x2 != 0))
    }

    /// Whether there is a CHANGE-REQUEST at all, be it empty or broken.
    #[must_use]
    pub fn has_change_request(&self) -> bool {
        self.attribute(attribute::CHANGE_REQUEST).is_some()
    }

    /// The port of RESPONSE-PORT.
    #[must_use]
    pub fn response_port(&self) -> Option<u16> {
        self.attribute(attribute::RESPONSE_PORT)?.port()
    }

    /// The length of PADDING.
    #[must_use]
    pub fn padding_len(&self) -> Option<usize> {
        Some(self.attribute(attribute::PADDING)?.value.len())
    }

    /// Whether bytes are left behind the last attribute that are too few for another.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether FINGERPRINT is right; `None` where there is none.
    #[must_use]
    pub fn fingerprint(&self) -> Option<bool> {
        self.fingerprint
    }
}

/// The FINGERPRINT of a message up to that attribute (RFC 8489 section 14.7).
pub(super) fn fingerprint_of(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes) ^ 0x5354_554E
}

/// Head and transaction id in one.
pub(super) fn key(head: [u8; 4], id: TransactionId) -> [u8; 16] {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&head);
    key[4..].copy_from_slice(&id.0);
    key
}

/// Which attributes still count: none after an integrity attribute except a stronger one and FINGERPRINT, none after that
/// (RFC 8489 sections 14.5 to 14.7).
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Seal {
    Open,
    Integrity,
    Sha256,
    Fingerprint,
}

impl Seal {
    fn admits(&mut self, ty: u16) -> bool {
        let own = match ty {
            attribute::MESSAGE_INTEGRITY => Self::Integrity,
            attribute::MESSAGE_INTEGRITY_SHA256 => Self::Sha256,
            attribute::FINGERPRINT => Self::Fingerprint,
            _ => return *self == Self::Open,
        };
        let admitted = *self < own;
        if admitted {
            *self = own;
        }
        admitted
    }
}
