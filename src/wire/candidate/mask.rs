//! Addresses that people and tools mask before they show a file: what stands in their place, and what is left of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `x:x:x:x:x:x:x:x`, `2001:db8::xxxx`: an address of IPv6 of which something is masked.
pub(super) fn is_masked_v6(word: &str) -> bool {
    let masked = |byte: u8| matches!(byte, b'x' | b'X' | b'*');
    word.bytes().filter(|byte| *byte == b':').count() > 1
        && word.bytes().any(masked)
        && word.bytes().all(|byte| masked(byte) || byte.is_ascii_hexdigit() || b":[].".contains(&byte))
}

/// The first address of the network that a masked one is of, where enough is left to tell: two labels of IPv4, one of IPv6.
pub(super) fn network(name: &str) -> Option<IpAddr> {
    let masked = |label: &str| !label.is_empty() && label.bytes().all(|byte| matches!(byte, b'x' | b'X' | b'*'));
    if name.contains(':') {
        let first = name.trim_start_matches('[').split(':').next()?;
        let first = u16::from_str_radix(first, 16).ok().filter(|_| is_masked_v6(name))?;
        return Some(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0).into());
    }
    let labels: Vec<&str> = name.split('.').collect();
    let known = labels.iter().take_while(|label| label.bytes().all(|byte| byte.is_ascii_digit())).count();
    if labels.len() != 4 || known < 2 || !labels[known..].iter().all(|label| masked(label)) {
        return None;
    }
    let mut octets = [0; 4];
    for (octet, label) in octets.iter_mut().zip(&labels[..known]) {
        *octet = label.parse().ok()?;
    }
    Some(Ipv4Addr::from(octets).into())
}

/// Words that stand in the place of an address.
const MASKS: [&str; 8] = ["redacted", "removed", "hidden", "masked", "censored", "anonymized", "obfuscated", "ip"];

/// Whether what looks like a name stands in the place of an address: marks that no name has, labels that are numbers or one letter again
/// and again, or a word that says so.
pub(super) fn is_mask(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let stands_in = |label: &str| {
        let first = label.bytes().next();
        label.bytes().all(|byte| byte.is_ascii_digit()) || label.bytes().all(|byte| Some(byte) == first)
    };
    let says = |word: &str| MASKS.contains(&word);
    lower.contains(['*', '<', '>', '(', ')', '[', ']', ':'])
        || lower.split('.').all(stands_in)
        || !lower.contains('.') && lower.split(['-', '_']).any(says)
}
