//! A STUN server of a few lines, with whatever habit a story wants of it.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;

use super::netns::within;
use super::servers::{Host, endpoint};
use super::turn_client::{measure, put};

const BINDING: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const OTHER_ADDRESS: u16 = 0x802c;

/// What a server makes of a request and where it came from.
pub(crate) type Habit = fn(&[u8], SocketAddr) -> Option<Vec<u8>>;

/// Answers at all of the host's addresses.
pub(crate) fn serve(host: Host, habit: Habit) {
    for address in host.addresses() {
        let socket = within(host.name, || UdpSocket::bind(endpoint(address))).expect("a free port");
        thread::spawn(move || {
            let mut packet = [0; 1500];
            while let Ok((length, source)) = socket.recv_from(&mut packet) {
                let request = &packet[..length];
                if let Some(reply) = request.starts_with(&BINDING).then(|| habit(request, source)).flatten() {
                    let _ = socket.send_to(&reply, source);
                }
            }
        });
    }
}

/// A success response that tells this mapped address, and perhaps another address of the server's.
pub(crate) fn success(request: &[u8], mapped: Option<SocketAddr>, other: Option<SocketAddr>) -> Option<Vec<u8>> {
    let mut reply = BINDING_SUCCESS.to_vec();
    reply.extend([0, 0]);
    reply.extend(request.get(4..20)?);
    if let Some(mapped) = mapped {
        put(&mut reply, XOR_MAPPED_ADDRESS, &value(mapped, request.get(4..20)?));
    }
    if let Some(other) = other {
        put(&mut reply, OTHER_ADDRESS, &value(other, &[0; 16]));
    }
    measure(&mut reply, 0);
    Some(reply)
}

/// The value of MAPPED-ADDRESS and its like (RFC 8489 sections 14.1 and 14.2): `mask` is zeros, or the cookie and id.
fn value(address: SocketAddr, mask: &[u8]) -> Vec<u8> {
    let (family, octets) = match address.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let port = address.port().to_be_bytes();
    let masked = port.iter().zip(mask).chain(octets.iter().zip(mask)).map(|(byte, mask)| byte ^ mask);
    [0, family].into_iter().chain(masked).collect()
}
