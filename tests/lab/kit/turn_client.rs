//! The truth check of TURN stories: a client of its own, sharing nothing with the program under test, that allocates once, says what
//! the server made of it, and can keep the allocation for as long as a story needs it taken.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use base64::Engine as _;
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;

use super::netns::within;
use super::prober;

pub(crate) const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
const CREATE_PERMISSION: u16 = 0x0008;
pub(crate) const SUCCESS: u16 = 0x0100;

const USERNAME: u16 = 0x0006;
pub(crate) const MESSAGE_INTEGRITY: u16 = 0x0008;
pub(crate) const ERROR_CODE: u16 = 0x0009;
const LIFETIME: u16 = 0x000d;
const XOR_PEER_ADDRESS: u16 = 0x0012;
pub(crate) const REALM: u16 = 0x0014;
pub(crate) const NONCE: u16 = 0x0015;
const XOR_RELAYED_ADDRESS: u16 = 0x0016;
/// An attribute, ready to be sent: the relayed address is to be an IPv6 one.
pub(crate) const REQUESTED_IPV6: [u8; 8] = [0, 0x17, 0, 4, 2, 0, 0, 0];
/// REQUESTED-TRANSPORT: UDP.
const REQUESTED_UDP: [u8; 8] = [0, 0x19, 0, 4, 17, 0, 0, 0];

pub(crate) const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// What stands in place of an error code where nobody answered.
pub(crate) const SILENCE: u16 = 0;

/// An allocation of the lab's own.
pub(crate) struct Held {
    pub relayed: SocketAddr,
    pub lifetime: u32,
    session: Session,
}

/// A conversation with a server.
struct Session {
    socket: UdpSocket,
    server: SocketAddr,
    login: Option<(String, String)>,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    turn: u8,
}

/// The time-limited password for a user name (draft-uberti-behave-turn-rest-00 section 2.2).
pub(crate) fn rest_password(secret: &str, username: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(username.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// Allocates from the client, and says how that went: the error code of the last response, or [`SILENCE`].
pub(crate) fn allocate(server: SocketAddr, login: Option<(&str, &str)>, wish: &[u8]) -> Result<Held, u16> {
    within("client", || {
        let socket = prober::socket(server);
        socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let mut session = Session { socket, server, login, realm: Vec::new(), nonce: Vec::new(), turn: 0 };
        let wish = [&REQUESTED_UDP, wish].concat();
        let mut reply = session.ask(ALLOCATE, &wish)?;
        if error(&reply) == Some(401) && session.login.is_some() {
            session.realm = attribute(&reply, REALM).unwrap_or_default().to_vec();
            session.nonce = attribute(&reply, NONCE).unwrap_or_default().to_vec();
            reply = session.ask(ALLOCATE, &wish)?;
        }
        if let Some(code) = error(&reply) {
            return Err(code);
        }
        let relayed = attribute(&reply, XOR_RELAYED_ADDRESS).and_then(|value| address(value, &reply[4..20]));
        let lifetime = attribute(&reply, LIFETIME).and_then(|value| Some(u32::from_be_bytes(value.try_into().ok()?)));
        let relayed = relayed.expect("a relayed address");
        Ok(Held { relayed, lifetime: lifetime.unwrap_or_default(), session })
    })
}

impl Held {
    /// What the server says to a permission for a peer: an error code, or nothing.
    pub(crate) fn permission(&mut self, peer: Ipv4Addr) -> Option<u16> {
        let mut value = vec![0, XOR_PEER_ADDRESS.to_be_bytes()[1], 0, 8, 0, 1, 0x21, 0x12];
        value.extend(peer.octets().iter().zip(COOKIE).map(|(byte, mask)| byte ^ mask));
        let reply = self.session.ask(CREATE_PERMISSION, &value);
        reply.map_or_else(Some, |reply| error(&reply))
    }

    /// Gives the allocation back.
    pub(crate) fn release(mut self) {
        let reply = self.session.ask(REFRESH, &[0, LIFETIME.to_be_bytes()[1], 0, 4, 0, 0, 0, 0]);
        assert!(reply.is_ok_and(|reply| error(&reply).is_none()), "the lab's own allocation is not released");
    }
}

impl Session {
    /// A request, signed where there is a challenge to answer, and its response.
    fn ask(&mut self, method: u16, attributes: &[u8]) -> Result<Vec<u8>, u16> {
        self.turn += 1;
        let mut id = *b"lab turn....";
        id[8..10].copy_from_slice(&self.socket.local_addr().expect("an address").port().to_be_bytes());
        id[10..].copy_from_slice(&[method.to_be_bytes()[1], self.turn]);
        let mut message = method.to_be_bytes().to_vec();
        message.extend([0, 0]);
        message.extend(COOKIE);
        message.extend(id);
        message.extend(attributes);
        if let Some((user, password)) = self.login.as_ref().filter(|_| !self.nonce.is_empty()) {
            put(&mut message, USERNAME, user.as_bytes());
            put(&mut message, REALM, &self.realm);
            put(&mut message, NONCE, &self.nonce);
            let key = [user.as_bytes(), b":", &self.realm, b":", password.as_bytes()].concat();
            measure(&mut message, 24);
            let mut mac = Hmac::<Sha1>::new_from_slice(&Md5::digest(key)).expect("any key");
            mac.update(&message);
            put(&mut message, MESSAGE_INTEGRITY, &mac.finalize().into_bytes());
        }
        measure(&mut message, 0);
        for _ in 0..3 {
            let _ = self.socket.send_to(&message, self.server);
            let mut packet = [0; 2048];
            while let Ok((length, _)) = self.socket.recv_from(&mut packet) {
                let reply = &packet[..length];
                if reply.get(8..20) == Some(&id) && u16::from_be_bytes([reply[0], reply[1]]) & SUCCESS != 0 {
                    return Ok(reply.to_vec());
                }
            }
        }
        Err(SILENCE)
    }
}

/// Adds an attribute with its padding.
pub(crate) fn put(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(kind.to_be_bytes());
    message.extend(u16::try_from(value.len()).expect("a short value").to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// Writes the length of the message, with so many bytes to come.
pub(crate) fn measure(message: &mut [u8], to_come: usize) {
    let length = u16::try_from(message.len() - 20 + to_come).expect("a short message");
    message[2..4].copy_from_slice(&length.to_be_bytes());
}

/// The value of an attribute.
pub(crate) fn attribute(message: &[u8], kind: u16) -> Option<&[u8]> {
    let mut rest = message.get(20..)?;
    while let [k0, k1, l0, l1, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let value = tail.get(..length)?;
        if u16::from_be_bytes([*k0, *k1]) == kind {
            return Some(value);
        }
        rest = tail.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

/// The error code of an error response.
fn error(message: &[u8]) -> Option<u16> {
    let value = attribute(message, ERROR_CODE)?;
    Some(u16::from(*value.get(2)?) * 100 + u16::from(*value.get(3)?))
}

/// An address attribute, un-XORed with the cookie and id.
fn address(value: &[u8], mask: &[u8]) -> Option<SocketAddr> {
    let ip: Vec<u8> = value.get(4..)?.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    let ip = match <[u8; 4]>::try_from(ip.as_slice()) {
        Ok(v4) => IpAddr::from(v4),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes([value[2] ^ mask[0], value[3] ^ mask[1]])))
}
