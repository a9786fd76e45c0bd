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
pub fn refuse(host: Host, code: u16) {
    let socket = within(host.name, || UdpSocket::bind(host.endpoint())).expect("a free port");
    thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, source)) = socket.recv_from(&mut packet) {
            if let Some(reply) = answer(&packet[..length], source, code) {
                let _ = socket.send_to(&reply, source);
            }
        }
    });
}

fn answer(request: &[u8], source: SocketAddr, code: u16) -> Option<Vec<u8>> {
    let method = u16::from_be_bytes([*request.first()?, *request.get(1)?]);
    let mut attributes = Vec::new();
    let class = match method {
        BINDING => {
            put(&mut attributes, XOR_MAPPED_ADDRESS, &mapped(source)?);
            SUCCESS
        }
        ALLOCATE if attribute(request, MESSAGE_INTEGRITY).is_some() => {
            put(&mut attributes, ERROR_CODE, &error(code));
            ERROR
        }
        ALLOCATE => {
            put(&mut attributes, ERROR_CODE, &error(401));
            put(&mut attributes, REALM, b"script.example");
            put(&mut attributes, NONCE, b"once upon a time");
            ERROR
        }
        _ => return None,
    };
    let mut reply = (method | class).to_be_bytes().to_vec();
    reply.extend([0, 0]);
    reply.extend(request.get(4..20)?);
    reply.extend(attributes);
    measure(&mut reply, 0);
    Some(reply)
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
