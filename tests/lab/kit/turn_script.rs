//! A TURN server of a few lines that challenges as it should and then refuses with a code that coturn is not known to give.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;

use super::netns::within;
use super::servers::Host;
use super::turn_client::{
    ALLOCATE, COOKIE, ERROR_CODE, MESSAGE_INTEGRITY, NONCE, REALM, SUCCESS, attribute, measure, put,
};

const BINDING: u16 = 0x0001;
const ERROR: u16 = 0x0110;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Answers Binding, challenges Allocate, and refuses those who answer the challenge.
pub(crate) fn refuse(host: Host, code: u16) {
    serve(host, move |request, source| answer(request, source, Some(code)));
}

/// Answers Binding, and refuses Allocate without a challenge: a STUN server that knows no TURN.
pub(crate) fn refuse_at_once(host: Host, code: u16) {
    serve(host, move |request, source| {
        let method = u16::from_be_bytes([*request.first()?, *request.get(1)?]);
        if method == BINDING { answer(request, source, None) } else { reply(request, method | ERROR, &refusal(code)) }
    });
}

fn serve(host: Host, habit: impl Fn(&[u8], SocketAddr) -> Option<Vec<u8>> + Send + 'static) {
    let socket = within(host.name, || UdpSocket::bind(host.endpoint())).expect("a free port");
    thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, source)) = socket.recv_from(&mut packet) {
            if let Some(reply) = habit(&packet[..length], source) {
                let _ = socket.send_to(&reply, source);
            }
        }
    });
}

fn answer(request: &[u8], source: SocketAddr, code: Option<u16>) -> Option<Vec<u8>> {
    let method = u16::from_be_bytes([*request.first()?, *request.get(1)?]);
    match method {
        BINDING => {
            let mut attributes = Vec::new();
            put(&mut attributes, XOR_MAPPED_ADDRESS, &mapped(source)?);
            reply(request, method | SUCCESS, &attributes)
        }
        ALLOCATE if attribute(request, MESSAGE_INTEGRITY).is_some() => reply(request, method | ERROR, &refusal(code?)),
        ALLOCATE => {
            let mut attributes = refusal(401);
            put(&mut attributes, REALM, b"script.example");
            put(&mut attributes, NONCE, b"once upon a time");
            reply(request, method | ERROR, &attributes)
        }
        _ => None,
    }
}

/// A message to answer a request with.
fn reply(request: &[u8], kind: u16, attributes: &[u8]) -> Option<Vec<u8>> {
    let mut reply = kind.to_be_bytes().to_vec();
    reply.extend([0, 0]);
    reply.extend(request.get(4..20)?);
    reply.extend(attributes);
    measure(&mut reply, 0);
    Some(reply)
}

/// ERROR-CODE.
fn refusal(code: u16) -> Vec<u8> {
    let mut attributes = Vec::new();
    put(&mut attributes, ERROR_CODE, &error(code));
    attributes
}

/// The hundreds and the rest (RFC 8489 section 14.8).
fn error(code: u16) -> [u8; 4] {
    [0, 0, (code / 100).to_be_bytes()[1], (code % 100).to_be_bytes()[1]]
}

/// The value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2), for IPv4.
fn mapped(source: SocketAddr) -> Option<Vec<u8>> {
    let IpAddr::V4(ip) = source.ip() else { return None };
    let port = source.port().to_be_bytes();
    let plain = [port.as_slice(), &ip.octets()].concat();
    let mask = [&COOKIE[..2], &COOKIE].concat();
    Some([0, 1].into_iter().chain(plain.iter().zip(mask).map(|(byte, mask)| byte ^ mask)).collect())
}
