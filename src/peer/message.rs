//! Connectivity checks and their answers as bytes (RFC 8445 sections 7.1 and 7.3, RFC 8489 section 9.1).

use std::net::SocketAddr;

use crate::evidence::Role;
use crate::wire::stun::attribute::{
    ICE_CONTROLLED, ICE_CONTROLLING, PRIORITY, SOFTWARE, UNKNOWN_ATTRIBUTES, USE_CANDIDATE, USERNAME,
    XOR_MAPPED_ADDRESS,
};
use crate::wire::stun::message::BINDING;
use crate::wire::{Class, Key, Message, TransactionId, Writer};

fn attribute(role: Role) -> u16 {
    match role {
        Role::Controlling => ICE_CONTROLLING,
        Role::Controlled => ICE_CONTROLLED,
    }
}

/// What stands in a check.
pub(super) struct Check<'c> {
    /// `theirs:ours` (RFC 8445 section 7.2.2).
    pub(super) username: &'c str,
    /// Their password.
    pub(super) key: &'c Key,
    /// What the priority of a peer-reflexive candidate would be that this check leads to.
    pub(super) priority: u32,
    pub(super) role: Role,
    pub(super) tiebreaker: u64,
    /// Whether it nominates the pair.
    pub(super) nominates: bool,
    /// Which test packet it is, of how many.
    pub(super) test: Option<(u32, u32)>,
}

impl Check<'_> {
    /// The bytes of the request.
    pub(super) fn encode(&self, id: TransactionId) -> Vec<u8> {
        let mut writer = Writer::new(Class::Request, BINDING, id, None)
            .attribute(USERNAME, self.username.as_bytes())
            .attribute(PRIORITY, &self.priority.to_be_bytes())
            .attribute(attribute(self.role), &self.tiebreaker.to_be_bytes());
        if self.nominates {
            writer = writer.attribute(USE_CANDIDATE, &[]);
        }
        if let Some((number, total)) = self.test {
            writer = writer.attribute(SOFTWARE, format!("{TEST}{number}/{total}").as_bytes());
        }
        writer.integrity(self.key, false).fingerprint(true).finish()
    }
}

/// How a test packet is numbered: in SOFTWARE, which no agent acts on (RFC 8489 section 14.14).
const TEST: &str = "nat-probe test ";

/// A check of the other side.
pub(super) struct Asked {
    pub(super) priority: u32,
    /// The role it claims, with its tiebreaker.
    pub(super) role: Option<(Role, u64)>,
    pub(super) nominates: bool,
    /// Which test packet it is, of how many.
    pub(super) test: Option<(u32, u32)>,
}

impl Asked {
    /// Reads an authenticated Binding request; `None` without what every check has.
    pub(super) fn read(message: &Message) -> Option<Self> {
        let tiebreaker = |ty| Some(u64::from_be_bytes(*message.attribute(ty)?.value.first_chunk()?));
        let role = [Role::Controlling, Role::Controlled]
            .into_iter()
            .find_map(|role| Some((role, tiebreaker(attribute(role))?)));
        Some(Self {
            priority: message.attribute(PRIORITY)?.number()?,
            role,
            nominates: message.attribute(USE_CANDIDATE).is_some(),
            test: message.software().as_deref().and_then(number),
        })
    }
}

fn number(software: &str) -> Option<(u32, u32)> {
    let (number, total) = software.strip_prefix(TEST)?.split_once('/')?;
    Some((number.parse().ok()?, total.parse().ok()?))
}

/// The halves of USERNAME: whom it is for, and who sent it.
pub(super) fn names(message: &Message) -> Option<(String, String)> {
    let text = message.username()?;
    let (to, from) = text.split_once(':')?;
    Some((to.to_owned(), from.to_owned()))
}

/// The answer to a check that came from there.
pub(super) fn success(id: TransactionId, source: SocketAddr, key: &Key, sha256: bool) -> Vec<u8> {
    Writer::new(Class::Success, BINDING, id, None)
        .xor_address(XOR_MAPPED_ADDRESS, source)
        .integrity(key, sha256)
        .fingerprint(true)
        .finish()
}

/// A refusal; signed where the request was found to be the other side's.
pub(super) fn refusal(id: TransactionId, code: u16, unknown: &[u16], key: Option<&Key>) -> Vec<u8> {
    let reason = crate::wire::error_name(code).unwrap_or_default();
    let mut writer = Writer::new(Class::Error, BINDING, id, None).error(code, reason);
    if !unknown.is_empty() {
        let types: Vec<u8> = unknown.iter().flat_map(|ty| ty.to_be_bytes()).collect();
        writer = writer.attribute(UNKNOWN_ATTRIBUTES, &types);
    }
    if let Some(key) = key {
        writer = writer.integrity(key, false);
    }
    writer.fingerprint(true).finish()
}

/// What keeps a mapping alive and wants a fresh look at it: a plain Binding request to a STUN server.
pub(super) fn plain(id: TransactionId) -> Vec<u8> {
    Writer::new(Class::Request, BINDING, id, None).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Secret;

    const ID: TransactionId = TransactionId([7; 12]);

    fn check(key: &Key) -> Check<'_> {
        Check {
            username: "theirs:ours",
            key,
            priority: 1_862_270_975,
            role: Role::Controlled,
            tiebreaker: 0x0102_0304_0506_0708,
            nominates: false,
            test: None,
        }
    }

    #[test]
    fn a_check_is_read_as_it_was_written() {
        let key = Key::short_term(&Secret::new("VOkJxbRl1RmTxUk/WvJxBt"));
        let bytes = Check { nominates: true, test: Some((3, 50)), ..check(&key) }.encode(ID);
        let message = Message::read(&bytes).unwrap();
        assert_eq!(message.faults, [""; 0]);
        assert_eq!((key.check(&message, &bytes), message.fingerprint()), (Some(true), Some(true)));
        assert_eq!(names(&message), Some(("theirs".into(), "ours".into())));
        let asked = Asked::read(&message).unwrap();
        assert_eq!(asked.role, Some((Role::Controlled, 0x0102_0304_0506_0708)));
        assert!(asked.nominates && asked.priority == 1_862_270_975);
        assert_eq!(asked.test, Some((3, 50)));
        let plain = check(&key).encode(ID);
        let asked = Asked::read(&Message::read(&plain).unwrap()).unwrap();
        assert!(!asked.nominates && asked.test.is_none());
    }

    #[test]
    fn the_software_of_others_numbers_no_test() {
        for text in ["", "nat-probe test ", "nat-probe test 1", "nat-probe test x/y", "libnice 3/50"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_signed_for_a_known_peer_only() {
        let key = Key::short_term(&Secret::new("VOkJxbRl1RmTxUk/WvJxBt"));
        let bytes = refusal(ID, 487, &[], Some(&key));
        let message = Message::read(&bytes).unwrap();
        assert_eq!(message.error().unwrap().0, 487);
        assert_eq!(key.check(&message, &bytes), Some(true));
        let bytes = refusal(ID, 420, &[0x7777], None);
        let message = Message::read(&bytes).unwrap();
        assert_eq!((message.unknown_attributes(), key.check(&message, &bytes)), (vec![0x7777], None));
    }
}
