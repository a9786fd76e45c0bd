//! What stands before the IP packet, by link type.

use super::container::Way;

/// An IP packet, and which way it went where that is told.
pub(super) type Found<'a> = (&'a [u8], Option<Way>);

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// What a frame has.
#[derive(Debug, PartialEq)]
pub(super) enum Frame<'a> {
    /// An IP packet.
    Ip(&'a [u8], Option<Way>),
    /// Something else, or too little of it.
    Other,
    /// The link type is not read.
    Unread,
}

/// Takes off what stands before the IP packet.
pub(super) fn frame(link: u16, bytes: &[u8]) -> Frame<'_> {
    let found = match link {
        0 | 108 => loopback(bytes),
        1 => ethernet(bytes).map(|ip| (ip, None)),
        9 | 50 => ppp(bytes).map(|ip| (ip, None)),
        12 | 14 | 101 | 228 | 229 => Some((bytes, None)),
        105 => wireless(bytes).map(|ip| (ip, None)),
        113 => cooked(bytes),
        127 => radiotap(bytes).map(|ip| (ip, None)),
        149 | 258 => pktap(bytes),
        276 => cooked_v2(bytes),
        _ => return Frame::Unread,
    };
    found.map_or(Frame::Other, |(ip, way)| Frame::Ip(ip, way))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// The address family in the byte order of whoever wrote it: 2 is IPv4 everywhere, IPv6 is 10, 23, 24, 28 or 30.
fn loopback(bytes: &[u8]) -> Option<Found<'_>> {
    let (family, ip) = bytes.split_first_chunk::<4>()?;
    let family = u32::from_le_bytes(*family).min(u32::from_be_bytes(*family));
    matches!(family, 2 | 10 | 23 | 24 | 28 | 30).then_some((ip, None))
}

pub(super) fn ethernet(bytes: &[u8]) -> Option<&[u8]> {
    by_type(word(bytes, 12)?, bytes.get(14..)?)
}

/// What follows an Ethernet type: IP, after any number of VLAN tags (IEEE 802.1Q) or a session of PPP over Ethernet (RFC 2516).
fn by_type(mut kind: u16, mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        match kind {
            IPV4 | IPV6 => return Some(rest),
            0x8100 | 0x88a8 | 0x9100 => (kind, rest) = (word(rest, 2)?, rest.get(4..)?),
            0x8864 => return ppp(rest.get(6..)?),
            _ => return None,
        }
    }
}

fn ppp(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    matches!(word(bytes, 0)?, 0x0021 | 0x0057).then(|| &bytes[2..])
}

/// Linux "cooked": `tcpdump -i any` until 2020.
fn cooked(bytes: &[u8]) -> Option<Found<'_>> {
    Some((by_type(word(bytes, 14)?, bytes.get(16..)?)?, of_type(word(bytes, 0)?)))
}

/// Its second version.
fn cooked_v2(bytes: &[u8]) -> Option<Found<'_>> {
    Some((by_type(word(bytes, 0)?, bytes.get(20..)?)?, of_type(u16::from(*bytes.get(10)?))))
}

/// The packet type of Linux: 4 was sent by the host itself.
fn of_type(kind: u16) -> Option<Way> {
    match kind {
        0 => Some(Way::In),
        4 => Some(Way::Out),
        _ => None,
    }
}

/// macOS: a header with a length and the link type of what follows it, all in the byte order of the host.
fn pktap(bytes: &[u8]) -> Option<Found<'_>> {
    let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let (length, link, flags) = (usize::try_from(number(0)?).ok()?, number(8)?, number(36)?);
    let way = match flags & 3 {
        1 => Some(Way::In),
        2 => Some(Way::Out),
        _ => None,
    };
    let rest = bytes.get(length.max(40)..)?;
    let ip = match link {
        0 | 108 => loopback(rest)?.0,
        1 => ethernet(rest)?,
        12 | 101 => rest,
        _ => return None,
    };
    Some((ip, way))
}

fn radiotap(bytes: &[u8]) -> Option<&[u8]> {
    let length = u16::from_le_bytes([*bytes.get(2)?, *bytes.get(3)?]);
    wireless(bytes.get(length.into()..)?)
}

/// A data frame of IEEE 802.11 that is not encrypted, with LLC and SNAP.
fn wireless(bytes: &[u8]) -> Option<&[u8]> {
    let (kind, flags) = (*bytes.first()?, *bytes.get(1)?);
    if kind & 0x0c != 0x08 || flags & 0x40 != 0 {
        return None;
    }
    let mut header = 24;
    header += if flags & 3 == 3 { 6 } else { 0 };
    header += if kind & 0x80 != 0 { 2 } else { 0 };
    let snap = bytes.get(header..)?.strip_prefix(&[0xaa, 0xaa, 0x03, 0, 0, 0])?;
    by_type(word(snap, 0)?, snap.get(2..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: [u8; 3] = [0x45, 1, 2];

    fn before(head: &[u8]) -> Vec<u8> {
        [head, &IP].concat()
    }

    #[test]
    fn each_link_type_leads_to_its_packet() {
        let ethernet = [&[0; 12][..], &[0x08, 0x00]].concat();
        let tagged = [&[0; 12][..], &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x86, 0xdd]].concat();
        let session = [&[0; 12][..], &[0x88, 0x64, 0x11, 0, 0, 1, 0, 5, 0, 0x21]].concat();
        let cooked = |kind: u8| [&[0, kind, 0, 1, 0, 6][..], &[0; 8], &[0x08, 0x00]].concat();
        let cooked_v2 = |kind: u8| [&[0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, kind, 6][..], &[0; 8]].concat();
        let mut pktap = vec![0; 108];
        (pktap[0], pktap[8], pktap[36]) = (108, 1, 2);
        pktap.extend(&ethernet);
        let wireless = |kind: u8, header: usize| {
            let mut frame = vec![0; header];
            frame[0] = kind;
            [&frame[..], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat()
        };
        let radiotap = [&[0, 0, 8, 0, 0, 0, 0, 0][..], &wireless(0x88, 26)].concat();
        for (link, head, way) in [
            (0, vec![2, 0, 0, 0], None),
            (0, vec![0, 0, 0, 30], None),
            (108, vec![0, 0, 0, 24], None),
            (1, ethernet, None),
            (1, tagged, None),
            (1, session, None),
            (9, vec![0xff, 3, 0, 0x57], None),
            (12, vec![], None),
            (101, vec![], None),
            (229, vec![], None),
            (105, wireless(0x08, 24), None),
            (127, radiotap, None),
            (113, cooked(4), Some(Way::Out)),
            (113, cooked(0), Some(Way::In)),
            (276, cooked_v2(4), Some(Way::Out)),
            (276, cooked_v2(1), None),
            (149, pktap.clone(), Some(Way::Out)),
            (258, pktap, Some(Way::Out)),
        ] {
            let bytes = before(&head);
            assert_eq!(frame(link, &bytes), Frame::Ip(&IP, way), "{link}");
            for cut in 0..head.len() {
                assert!(!matches!(frame(link, &bytes[..cut]), Frame::Ip(ip, _) if ip.len() > cut), "{link}, {cut}");
            }
        }
        assert_eq!(frame(147, &[0; 40]), Frame::Unread);
        assert_eq!(frame(1, &before(&[[0; 12].as_slice(), &[8, 6]].concat())), Frame::Other, "ARP");
    }
}
