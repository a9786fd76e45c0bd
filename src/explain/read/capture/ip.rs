//! IP packets (RFC 791, RFC 8200) and what they carry, tunnels in the clear included.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::link;

/// How deep tunnels are followed.
const DEEPEST: usize = 3;
/// The port of VXLAN (RFC 7348).
const VXLAN: u16 = 4789;

/// What an IP packet carries.
#[derive(Debug, PartialEq)]
pub(super) enum Carried<'a> {
    /// A datagram.
    Udp(Segment<'a>),
    /// A piece of a stream, from this number on; `start` where the connection begins with it.
    Tcp { segment: Segment<'a>, number: u32, start: bool },
    /// An ICMP error about a packet that had been sent.
    Undelivered { by: IpAddr, reason: &'static str, from: SocketAddr, to: SocketAddr, tcp: bool },
    /// A fragment that is not the first: nothing tells what it belongs to.
    LaterFragment,
    /// Something else, or too little of it.
    Other,
}

/// What goes from one socket to another.
#[derive(Debug, PartialEq)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: &'a [u8],
    /// How many bytes it had when it was sent.
    pub(super) length: usize,
    /// Whether the packet is the first of several fragments.
    pub(super) fragmented: bool,
}

/// An IP packet without its header.
struct Body<'a> {
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    bytes: &'a [u8],
    /// How many bytes there were when it was sent.
    length: usize,
    /// The place of a fragment, and whether more follow.
    fragment: Option<(u16, bool)>,
}

/// Reads an IP packet.
pub(super) fn carried(bytes: &[u8]) -> Carried<'_> {
    within(bytes, 0).unwrap_or(Carried::Other)
}

fn within(bytes: &[u8], depth: usize) -> Option<Carried<'_>> {
    let body = body(bytes)?;
    if body.fragment.is_some_and(|(offset, _)| offset > 0) {
        return Some(Carried::LaterFragment);
    }
    match body.protocol {
        17 => {
            let segment = udp(&body)?;
            if depth < DEEPEST && segment.to.port() == VXLAN && segment.bytes.first() == Some(&0x08) {
                return within(link::ethernet(segment.bytes.get(8..)?)?, depth + 1);
            }
            Some(Carried::Udp(segment))
        }
        6 => tcp(&body),
        1 if body.from.is_ipv4() => undelivered(&body),
        58 if body.from.is_ipv6() => undelivered(&body),
        4 | 41 if depth < DEEPEST => within(body.bytes, depth + 1),
        47 if depth < DEEPEST => within(gre(body.bytes)?, depth + 1),
        _ => None,
    }
}

fn body(bytes: &[u8]) -> Option<Body<'_>> {
    match bytes.first()? >> 4 {
        4 => ipv4(bytes),
        6 => ipv6(bytes),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn ipv4(bytes: &[u8]) -> Option<Body<'_>> {
    let header = usize::from(bytes[0] & 0x0f) * 4;
    let rest = bytes.get(header..).filter(|_| header >= 20)?;
    let (total, place) = (usize::from(word(bytes, 2)?), word(bytes, 6)?);
    // Without a length the network card was to cut it into segments.
    let length = if total == 0 { rest.len() } else { total.checked_sub(header)? };
    let address = |at: usize| Some(Ipv4Addr::from(*bytes.get(at..)?.first_chunk::<4>()?));
    let (offset, more) = (place & 0x1fff, place & 0x2000 != 0);
    Some(Body {
        from: address(12)?.into(),
        to: address(16)?.into(),
        protocol: bytes[9],
        bytes: &rest[..rest.len().min(length)],
        length,
        fragment: (offset > 0 || more).then_some((offset, more)),
    })
}

fn ipv6(bytes: &[u8]) -> Option<Body<'_>> {
    let rest = bytes.get(40..)?;
    let address = |at: usize| Some(Ipv6Addr::from(*bytes.get(at..)?.first_chunk::<16>()?));
    let (from, to) = (address(8)?.to_canonical(), address(24)?.to_canonical());
    let total = usize::from(word(bytes, 4)?);
    let length = if total == 0 { rest.len() } else { total };
    let mut body =
        Body { from, to, protocol: bytes[6], bytes: &rest[..rest.len().min(length)], length, fragment: None };
    // Extension headers (RFC 8200 section 4); each has eight bytes at least, so that they end.
    loop {
        let skip = match body.protocol {
            0 | 43 | 60 | 135 => (usize::from(*body.bytes.get(1)?) + 1) * 8,
            51 => (usize::from(*body.bytes.get(1)?) + 2) * 4,
            44 => {
                let place = word(body.bytes, 2)?;
                body.fragment = (place & 0xfff9 != 0).then_some((place >> 3, place & 1 != 0));
                8
            }
            _ => return Some(body),
        };
        body.protocol = *body.bytes.first()?;
        body.bytes = body.bytes.get(skip..)?;
        body.length = body.length.checked_sub(skip)?;
        if body.fragment.is_some_and(|(offset, _)| offset > 0) {
            return Some(body);
        }
    }
}

fn ports(body: &Body<'_>) -> Option<(SocketAddr, SocketAddr)> {
    let (from, to) = (word(body.bytes, 0)?, word(body.bytes, 2)?);
    Some((SocketAddr::new(body.from, from), SocketAddr::new(body.to, to)))
}

fn udp<'a>(body: &Body<'a>) -> Option<Segment<'a>> {
    let (from, to) = ports(body)?;
    let rest = body.bytes.get(8..)?;
    let announced = usize::from(word(body.bytes, 4)?);
    let length = if announced == 0 { body.length } else { announced }.checked_sub(8)?;
    Some(Segment { from, to, bytes: &rest[..rest.len().min(length)], length, fragmented: body.fragment.is_some() })
}

fn tcp<'a>(body: &Body<'a>) -> Option<Carried<'a>> {
    let (from, to) = ports(body)?;
    let header = usize::from(*body.bytes.get(12)? >> 4) * 4;
    let flags = *body.bytes.get(13)?;
    let number = u32::from_be_bytes(*body.bytes.get(4..)?.first_chunk()?);
    let (bytes, length) = (body.bytes.get(header..).filter(|_| header >= 20)?, body.length.checked_sub(header)?);
    // A SYN takes a number of its own (RFC 9293 section 3.4).
    let start = flags & 0x02 != 0;
    let number = if start { number.wrapping_add(1) } else { number };
    let segment = Segment { from, to, bytes, length, fragmented: body.fragment.is_some() };
    Some(Carried::Tcp { segment, number, start })
}

/// The packet in a GRE header (RFC 2784, RFC 2890): an IP packet or an Ethernet frame.
fn gre(bytes: &[u8]) -> Option<&[u8]> {
    let (flags, kind) = (*bytes.first()?, word(bytes, 2)?);
    let optional = [0x80, 0x20, 0x10].into_iter().filter(|flag| flags & flag != 0).count() * 4;
    let rest = bytes.get(4 + optional..)?;
    match kind {
        0x0800 | 0x86dd => Some(rest),
        0x6558 => link::ethernet(rest),
        _ => None,
    }
}

/// An ICMP error with the beginning of the packet that it is about (RFC 792, RFC 4443).
fn undelivered<'a>(body: &Body<'a>) -> Option<Carried<'a>> {
    let (kind, code) = (*body.bytes.first()?, *body.bytes.get(1)?);
    let reason = match (body.from.is_ipv4(), kind, code) {
        (true, 3, 0 | 6) | (false, 1, 0) => "network unreachable",
        (true, 3, 1 | 7) | (false, 1, 3) => "host unreachable",
        (true, 3, 3) | (false, 1, 4) => "port unreachable",
        (true, 3, 4) | (false, 2, _) => "too big",
        (true, 3, 9 | 10 | 13) | (false, 1, 1 | 5 | 6) => "prohibited",
        (true, 3, _) | (false, 1, _) => "unreachable",
        (true, 11, _) | (false, 3, _) => "too many hops",
        _ => return None,
    };
    let sent = self::body(body.bytes.get(8..)?)?;
    let (from, to) = ports(&sent)?;
    let tcp = sent.protocol == 6;
    matches!(sent.protocol, 6 | 17).then_some(Carried::Undelivered { by: body.from, reason, from, to, tcp })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn socket(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn datagram(length: u16, payload: &[u8]) -> Vec<u8> {
        [&[0x9c, 0x40, 0x0d, 0x96], &length.to_be_bytes()[..], &[0, 0], payload].concat()
    }

    fn v4(protocol: u8, place: u16, payload: &[u8]) -> Vec<u8> {
        let total = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let place = place.to_be_bytes();
        let mut packet = vec![0x45, 0, total[0], total[1], 0, 7, place[0], place[1], 64, protocol, 0, 0];
        packet.extend([192, 0, 2, 1, 198, 51, 100, 7]);
        packet.extend(payload);
        packet
    }

    fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
        packet.extend("2001:db8::1".parse::<Ipv6Addr>().unwrap().octets());
        packet.extend("2001:db8::2".parse::<Ipv6Addr>().unwrap().octets());
        packet.extend(payload);
        packet
    }

    #[test]
    fn datagrams_are_found_in_whatever_carries_them() {
        let plain = v4(17, 0, &datagram(11, b"abc"));
        let (from, to) = (socket("192.0.2.1:40000"), socket("198.51.100.7:3478"));
        let expected = |length, fragmented| Carried::Udp(Segment { from, to, bytes: b"abc", length, fragmented });
        let padded = [&plain[..], &[0; 20]].concat();
        assert_eq!(carried(&plain), expected(3, false));
        assert_eq!(carried(&padded), expected(3, false), "Ethernet fills short frames up");
        assert_eq!(carried(&v4(17, 0, &datagram(100, b"abc"))), expected(92, false), "cut by the snap length");
        assert_eq!(carried(&v4(17, 0x2000, &datagram(2000, b"abc"))), expected(1992, true));
        assert_eq!(carried(&v4(17, 0x0010, b"abc")), Carried::LaterFragment);
        assert_eq!(carried(&v4(4, 0, &plain)), expected(3, false), "IP in IP");
        assert_eq!(
            carried(&v4(47, 0, &[&[0x20, 0, 8, 0, 0, 0, 0, 9], &plain[..]].concat())),
            expected(3, false),
            "GRE"
        );
        let frame = [&[0; 12][..], &[8, 0], &plain].concat();
        let vxlan = [&[0x08, 0, 0, 0, 0, 0, 1, 0], &frame[..]].concat();
        let mut outer = datagram(u16::try_from(8 + vxlan.len()).unwrap(), &vxlan);
        outer[2..4].copy_from_slice(&VXLAN.to_be_bytes());
        assert_eq!(carried(&v4(17, 0, &outer)), expected(3, false), "VXLAN");
        let (from, to) = (socket("[2001:db8::1]:40000"), socket("[2001:db8::2]:3478"));
        let expected = |fragmented| Carried::Udp(Segment { from, to, bytes: b"abc", length: 3, fragmented });
        let options = [&[17, 0, 1, 4, 0, 0, 0, 0], &datagram(11, b"abc")[..]].concat();
        assert_eq!(carried(&v6(17, &datagram(11, b"abc"))), expected(false));
        assert_eq!(carried(&v6(0, &options)), expected(false));
        assert_eq!(carried(&v6(44, &[&[17, 0, 0, 1, 0, 0, 0, 9], &datagram(11, b"abc")[..]].concat())), expected(true));
        assert_eq!(carried(&v6(44, &[17, 0, 0, 8, 0, 0, 0, 9, 1, 2])), Carried::LaterFragment);
    }

    #[test]
    fn streams_and_errors_are_found() {
        let mut segment = vec![0x9c, 0x40, 0x0d, 0x96, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0];
        segment.extend(b"abc");
        let read = |segment: &[u8]| match carried(&v4(6, 0, segment)) {
            Carried::Tcp { segment, number, start } => (segment.bytes.to_vec(), number, start),
            other => panic!("{other:?}"),
        };
        assert_eq!(read(&segment), (b"abc".to_vec(), 9, false));
        segment[13] = 0x02;
        assert_eq!(read(&segment), (b"abc".to_vec(), 10, true));
        let sent = v4(17, 0, &datagram(11, b"abc"));
        let error = v4(1, 0, &[&[3, 3, 0, 0, 0, 0, 0, 0], &sent[..28]].concat());
        let (from, to) = (socket("192.0.2.1:40000"), socket("198.51.100.7:3478"));
        let by = "192.0.2.1".parse().unwrap();
        assert_eq!(carried(&error), Carried::Undelivered { by, reason: "port unreachable", from, to, tcp: false });
    }

    proptest! {
        #[test]
        fn no_packet_does_harm(first in prop::sample::select(vec![0x45_u8, 0x46, 0x4f, 0x60]), rest in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = carried(&[&[first], &rest[..]].concat());
        }
    }
}
