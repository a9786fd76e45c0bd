//! The single values of a candidate as different writers spell them.

use std::net::IpAddr;

use super::{CandidateAddress, CandidateKind, CandidateProblem, CandidateTransport, TcpType, mask};

/// The longest name of DNS, and more than anything that hides an address.
const LONGEST_NAME: usize = 255;

/// `udp`, `UDP`, and `udp4` as pion says it.
pub(super) fn transport(word: &str) -> Result<CandidateTransport, CandidateProblem> {
    match word.to_ascii_lowercase().trim_end_matches(['4', '6']) {
        "udp" => Ok(CandidateTransport::Udp),
        "tcp" => Ok(CandidateTransport::Tcp),
        _ => Err(CandidateProblem::Transport(word.to_owned())),
    }
}

/// The types of RFC 8839, and the words that old libraries and statistics have for them.
pub(super) fn kind(word: &str) -> Result<CandidateKind, CandidateProblem> {
    match word.to_ascii_lowercase().as_str() {
        "host" | "local" => Ok(CandidateKind::Host),
        "srflx" | "stun" | "serverreflexive" | "server-reflexive" => Ok(CandidateKind::Srflx),
        "prflx" | "peerreflexive" | "peer-reflexive" => Ok(CandidateKind::Prflx),
        "relay" | "relayed" => Ok(CandidateKind::Relay),
        _ => Err(CandidateProblem::Kind(word.to_owned())),
    }
}

pub(super) fn tcp_type(word: &str) -> Result<TcpType, CandidateProblem> {
    match word.to_ascii_lowercase().as_str() {
        "active" => Ok(TcpType::Active),
        "passive" => Ok(TcpType::Passive),
        "so" | "simultaneous-open" => Ok(TcpType::So),
        _ => Err(CandidateProblem::TcpType(word.to_owned())),
    }
}

/// `1`, `2`, and the words of `RTCIceCandidate`.
pub(super) fn component(word: &str) -> Result<u16, CandidateProblem> {
    match word {
        "rtp" => return Ok(1),
        "rtcp" => return Ok(2),
        _ => {}
    }
    digits(word)
        .filter(|component| (1..=256).contains(component))
        .ok_or_else(|| CandidateProblem::Component(word.to_owned()))
}

pub(super) fn priority(word: &str) -> Result<u32, CandidateProblem> {
    digits(word).ok_or_else(|| CandidateProblem::Priority(word.to_owned()))
}

pub(super) fn port(word: &str) -> Result<u16, CandidateProblem> {
    digits(word).ok_or_else(|| CandidateProblem::Port(word.to_owned()))
}

/// A number without a sign, which the standard library would take.
fn digits<N: std::str::FromStr>(word: &str) -> Option<N> {
    word.parse().ok().filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An address, in brackets or with a zone if need be, or a name.
pub(super) fn address(word: &str) -> Result<CandidateAddress, CandidateProblem> {
    let bare = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(CandidateAddress::Ip(ip));
    }
    // Of an address that is none a name would be a wrong guess.
    let numeric = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-*()<>[]".contains(&byte);
    let written = word.bytes().all(of_a_name) || mask::is_masked_v6(word);
    if word.is_empty() || word.len() > LONGEST_NAME || numeric || !written {
        return Err(CandidateProblem::Address(word.to_owned()));
    }
    Ok(CandidateAddress::Name(word.to_owned()))
}
