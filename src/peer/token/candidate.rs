//! A candidate in a few bytes.
//!
//! ```text
//! head        two bits each: kind, form of the address, transport with tcptype; then: priority is near, a related address follows
//! priority    how far the local preference is below 65535, where near; else 4 bytes
//! foundation  a small number; or 0x80 and its length, and its characters
//! address     4 or 16 bytes; or its length and a name
//! port        2 bytes
//! related     which candidate of the token has that address and port; or 0xfe for the hidden ones, 0xff and form, address, port
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bytes::{Reader, push_number};
use crate::wire::ice;
use crate::wire::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType};

const KINDS: [CandidateKind; 4] =
    [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Prflx, CandidateKind::Relay];
/// UDP first, then TCP by who connects.
const TRANSPORTS: [Option<TcpType>; 4] = [None, Some(TcpType::Active), Some(TcpType::Passive), Some(TcpType::So)];
const NEAR: u8 = 0x40;
const RELATED: u8 = 0x80;
const HIDDEN_V4: u8 = 0xfd;
const HIDDEN_V6: u8 = 0xfe;
const SPELLED: u8 = 0xff;
/// The component that a token is for.
pub(super) const COMPONENT: u16 = 1;
/// Where a foundation is spelled and no number.
const SPELLED_FOUNDATION: u8 = 0x80;
/// The longest that a name or a foundation may be.
const LONGEST: usize = 255;

type SocketName = (CandidateAddress, u16);

/// Appends the candidates.
pub(super) fn push_all(bytes: &mut Vec<u8>, candidates: &[Candidate]) {
    let candidates: Vec<_> = candidates.iter().filter(|candidate| candidate.component == COMPONENT).collect();
    for candidate in &candidates {
        let place = |related: &SocketName| {
            let mut known = candidates.iter().take(usize::from(HIDDEN_V4));
            known.position(|other| (&other.address, other.port) == (&related.0, related.1))
        };
        push(bytes, candidate, candidate.related.as_ref().and_then(place));
    }
}

fn push(bytes: &mut Vec<u8>, candidate: &Candidate, related: Option<usize>) {
    let steps = near(candidate);
    let place = |index: Option<usize>| index.and_then(|index| u8::try_from(index).ok()).unwrap_or_default();
    let tcp_type = match candidate.transport {
        CandidateTransport::Udp => None,
        CandidateTransport::Tcp => candidate.tcp_type.or(Some(TcpType::Passive)),
    };
    let kind = place(KINDS.iter().position(|kind| *kind == candidate.kind));
    let transport = place(TRANSPORTS.iter().position(|known| *known == tcp_type));
    let flags = if steps.is_some() { NEAR } else { 0 } | if candidate.related.is_some() { RELATED } else { 0 };
    bytes.push(kind | form(&candidate.address) << 2 | transport << 4 | flags);
    match steps {
        Some(steps) => bytes.push(steps),
        None => bytes.extend(candidate.priority.to_be_bytes()),
    }
    let number = candidate.foundation.parse::<u8>().ok().filter(|number| *number < SPELLED_FOUNDATION);
    if let Some(number) = number.filter(|number| number.to_string() == candidate.foundation) {
        bytes.push(number);
    } else {
        bytes.push(SPELLED_FOUNDATION);
        push_text(bytes, &candidate.foundation);
    }
    push_address(bytes, &candidate.address);
    bytes.extend(candidate.port.to_be_bytes());
    match (&candidate.related, related) {
        (None, _) => {}
        (Some((CandidateAddress::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), 9)), _) => bytes.push(HIDDEN_V4),
        (Some((CandidateAddress::Ip(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), 9)), _) => bytes.push(HIDDEN_V6),
        (Some(_), Some(index)) => bytes.push(place(Some(index))),
        (Some((address, port)), None) => {
            bytes.extend([SPELLED, form(address)]);
            push_address(bytes, address);
            bytes.extend(port.to_be_bytes());
        }
    }
}

/// By how much the local preference is below the highest, where the priority is that of RFC 8445 and the difference small.
fn near(candidate: &Candidate) -> Option<u8> {
    (0..=u8::MAX).find(|steps| near_priority(candidate.kind, *steps) == candidate.priority)
}

fn near_priority(kind: CandidateKind, steps: u8) -> u32 {
    ice::priority(ice::type_preference(kind), ice::ONLY_LOCAL_PREFERENCE - u16::from(steps), COMPONENT)
}

fn form(address: &CandidateAddress) -> u8 {
    match address {
        CandidateAddress::Ip(IpAddr::V4(_)) => 0,
        CandidateAddress::Ip(IpAddr::V6(_)) => 1,
        CandidateAddress::Name(_) => 2,
    }
}

fn push_address(bytes: &mut Vec<u8>, address: &CandidateAddress) {
    match address {
        CandidateAddress::Ip(IpAddr::V4(ip)) => bytes.extend(ip.octets()),
        CandidateAddress::Ip(IpAddr::V6(ip)) => bytes.extend(ip.octets()),
        CandidateAddress::Name(name) => push_text(bytes, name),
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    push_number(bytes, text.len());
    bytes.extend(text.bytes());
}

/// A related address before all candidates are known.
enum Related {
    Of(usize),
    Spelled(SocketName),
}

/// Reads candidates to the end.
pub(super) fn take_all(reader: &mut Reader) -> Option<Vec<Candidate>> {
    let (mut candidates, mut relations) = (Vec::new(), Vec::new());
    while !reader.rest.is_empty() {
        let (candidate, related) = take(reader)?;
        candidates.push(candidate);
        relations.push(related);
    }
    for (index, related) in relations.into_iter().enumerate() {
        candidates[index].related = match related {
            None => None,
            Some(Related::Spelled(related)) => Some(related),
            Some(Related::Of(other)) => candidates.get(other).map(|other| Some((other.address.clone(), other.port)))?,
        };
    }
    Some(candidates)
}

fn take(reader: &mut Reader) -> Option<(Candidate, Option<Related>)> {
    let head = reader.byte()?;
    let kind = KINDS[usize::from(head & 3)];
    let tcp_type = TRANSPORTS[usize::from(head >> 4 & 3)];
    let priority = if head & NEAR == 0 { reader.u32()? } else { near_priority(kind, reader.byte()?) };
    let foundation = match reader.byte()? {
        SPELLED_FOUNDATION => take_text(reader, |byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))?,
        number if number < SPELLED_FOUNDATION => number.to_string(),
        _ => return None,
    };
    let address = take_address(reader, head >> 2 & 3)?;
    let port = reader.u16()?;
    let related = if head & RELATED == 0 { None } else { Some(take_related(reader)?) };
    let transport = if tcp_type.is_some() { CandidateTransport::Tcp } else { CandidateTransport::Udp };
    let candidate = Candidate {
        foundation,
        component: COMPONENT,
        transport,
        priority,
        address,
        port,
        kind,
        related: None,
        tcp_type,
        extensions: Vec::new(),
    };
    Some((candidate, related))
}

fn take_related(reader: &mut Reader) -> Option<Related> {
    let hidden = |ip: IpAddr| Related::Spelled((CandidateAddress::Ip(ip), 9));
    Some(match reader.byte()? {
        HIDDEN_V4 => hidden(Ipv4Addr::UNSPECIFIED.into()),
        HIDDEN_V6 => hidden(Ipv6Addr::UNSPECIFIED.into()),
        SPELLED => {
            let form = reader.byte()?;
            Related::Spelled((take_address(reader, form)?, reader.u16()?))
        }
        index => Related::Of(index.into()),
    })
}

fn take_address(reader: &mut Reader, form: u8) -> Option<CandidateAddress> {
    Some(match form {
        0 => CandidateAddress::Ip(reader.array::<4>()?.into()),
        1 => CandidateAddress::Ip(reader.array::<16>()?.into()),
        2 => CandidateAddress::Name(take_text(reader, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))?),
        _ => return None,
    })
}

fn take_text(reader: &mut Reader, allowed: fn(u8) -> bool) -> Option<String> {
    let length = reader.number().filter(|length| *length <= LONGEST)?;
    let text = reader.take(length)?;
    String::from_utf8(text.to_vec()).ok().filter(|text| text.bytes().all(allowed))
}
