//! The truth check: a STUN prober of its own, a few lines long and sharing nothing with the program under test, that shows a
//! NAT of the lab to behave as its story claims. It leans on what only a lab has: no loss, and servers known to work.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use nat_probe::evidence::Behavior;

/// CHANGE-REQUEST flags (RFC 5780 section 7.2).
const SAME: u8 = 0;
const CHANGE_PORT: u8 = 2;
const CHANGE_BOTH: u8 = 6;
/// Round trips here take well under a millisecond, busy machine or not; three sends make a silence.
const PATIENCE: Duration = Duration::from_millis(150);
const SENDS: u8 = 3;

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply {
    pub source: SocketAddr,
    pub mapped: SocketAddr,
    pub other: Option<SocketAddr>,
}

/// What a NAT was seen to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    pub translated: bool,
    pub mapping: Behavior,
    pub filtering: Behavior,
}

impl Truth {
    /// A NAT.
    pub(crate) const fn nat(mapping: Behavior, filtering: Behavior) -> Self {
        Self { translated: true, mapping, filtering }
    }

    /// No NAT.
    pub(crate) const fn routed(filtering: Behavior) -> Self {
        Self { translated: false, mapping: Behavior::EndpointIndependent, filtering }
    }
}

/// Tries a NAT from the present namespace with an RFC 5780 server. Filtering first and each on its own socket: the NAT may
/// remember whom the host has contacted, and with whom a port has spoken.
pub(crate) fn truth(server: SocketAddr) -> Truth {
    let strangers = socket(server);
    let primary = ask(&strangers, server, SAME).expect("the primary address answers");
    let other = primary.other.expect("the server names its alternate address");
    let filtering = if ask(&strangers, server, CHANGE_BOTH).is_some_and(|reply| reply.source == other) {
        Behavior::EndpointIndependent
    } else if ask(&strangers, server, CHANGE_PORT).is_some_and(|reply| reply.source.port() == other.port()) {
        Behavior::AddressDependent
    } else {
        Behavior::AddressAndPortDependent
    };

    let tourist = socket(server);
    let seen_by = |remote| ask(&tourist, remote, SAME).expect("every address of the server answers").mapped;
    let first = seen_by(server);
    let other_address = seen_by(SocketAddr::new(other.ip(), server.port()));
    let other_port = seen_by(other);
    let mapping = if first == other_address && first == other_port {
        Behavior::EndpointIndependent
    } else if other_address == other_port {
        Behavior::AddressDependent
    } else {
        Behavior::AddressAndPortDependent
    };
    Truth { translated: first.ip() != local_address(server), mapping, filtering }
}

/// Whether anything answers there, and what address it sees.
pub(crate) fn mapped(server: SocketAddr) -> Option<SocketAddr> {
    ask(&socket(server), server, SAME).map(|reply| reply.mapped)
}

/// The address this namespace would send from.
fn local_address(remote: SocketAddr) -> IpAddr {
    let scratch = socket(remote);
    scratch.connect(remote).expect("a route");
    scratch.local_addr().expect("a bound socket").ip()
}

/// A fresh socket of the remote's family.
pub(crate) fn socket(remote: SocketAddr) -> UdpSocket {
    let any = if remote.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).expect("a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

/// One Binding request with all its retransmissions.
pub(crate) fn ask(socket: &UdpSocket, server: SocketAddr, change: u8) -> Option<Reply> {
    // Every question of a socket needs an id of its own; what was asked of whom tells them apart.
    let mut id = *b"lab truth...";
    id[9..11].copy_from_slice(&server.port().to_be_bytes());
    id[11] = change;
    match server.ip() {
        IpAddr::V4(ip) => id[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => id[..4].copy_from_slice(&ip.octets()[12..]),
    }
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    request.extend(id);
    if change != SAME {
        request.extend([0, 3, 0, 4, 0, 0, 0, change]);
        request[3] = 8;
    }
    for _ in 0..SENDS {
        // A refused send is a NAT's answer too, and so is the ICMP error that a send or a receive reports.
        let _ = socket.send_to(&request, server);
        let mut packet = [0; 2048];
        while let Ok((length, source)) = socket.recv_from(&mut packet) {
            if let Some((mapped, other)) = read(&packet[..length], id) {
                return Some(Reply { source, mapped, other });
            }
        }
    }
    None
}

/// The mapped and the other address of a Binding success response to this id.
fn read(packet: &[u8], id: [u8; 12]) -> Option<(SocketAddr, Option<SocketAddr>)> {
    if packet.get(..2)? != [1, 1] || packet.get(8..20)? != id {
        return None;
    }
    let (mut mapped, mut other) = (None, None);
    let mut rest = &packet[20..];
    while let [t0, t1, l0, l1, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let value = tail.get(..length)?;
        match u16::from_be_bytes([*t0, *t1]) {
            0x0020 => mapped = address(value, &packet[4..20]), // XOR-MAPPED-ADDRESS
            0x0001 if mapped.is_none() => mapped = address(value, &[0; 16]), // MAPPED-ADDRESS
            0x802c | 0x0005 => other = address(value, &[0; 16]), // OTHER-ADDRESS, CHANGED-ADDRESS
            _ => {}
        }
        rest = tail.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Some((mapped?, other))
}

/// An address attribute, un-XORed with the cookie and id, or with zeros.
fn address(value: &[u8], mask: &[u8]) -> Option<SocketAddr> {
    let unmasked = |range: std::ops::Range<usize>| -> Vec<u8> {
        value[range].iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
    };
    let ip: IpAddr = match (value.get(1)?, value.len()) {
        (1, 8) => <[u8; 4]>::try_from(unmasked(4..8)).ok()?.into(),
        (2, 20) => <[u8; 16]>::try_from(unmasked(4..20)).ok()?.into(),
        _ => return None,
    };
    let port = unmasked(2..4);
    Some(SocketAddr::new(ip, u16::from_be_bytes([port[0], port[1]])))
}
