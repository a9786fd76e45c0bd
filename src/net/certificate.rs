//! What an X.509 certificate says (RFC 5280 section 4.1): names and dates out of a structure that is otherwise left to rustls.

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::evidence::CertificateFacts;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// Names kept of one certificate: some have hundreds.
const MOST_NAMES: usize = 20;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// The largest file of certificates that is read.
const LARGEST: u64 = 1 << 20;

/// Reads the first certificate of a file in PEM (RFC 7468); nothing if there is none.
pub(crate) fn in_file(path: &Path) -> Option<CertificateFacts> {
    let mut text = String::new();
    File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (base64, _) = rest.split_once("-----END CERTIFICATE-----")?;
    facts(&STANDARD.decode(base64.split_whitespace().collect::<String>()).ok()?)
}

/// Reads them; nothing if it is no certificate.
pub(super) fn facts(der: &[u8]) -> Option<CertificateFacts> {
    let mut outer = Reader(der);
    let mut certificate = Reader(outer.expect(SEQUENCE)?);
    let mut tbs = Reader(certificate.expect(SEQUENCE)?);
    if tbs.0.first() == Some(&VERSION) {
        tbs.expect(VERSION)?;
    }
    tbs.expect(INTEGER)?;
    tbs.expect(SEQUENCE)?;
    let issuer = tbs.expect(SEQUENCE)?;
    let mut validity = Reader(tbs.expect(SEQUENCE)?);
    let (not_before, not_after) = (validity.take().and_then(time), validity.take().and_then(time));
    let subject = tbs.expect(SEQUENCE)?;
    let self_issued = issuer == subject;
    let names = extensions(tbs).map(alternative_names).unwrap_or_default();
    Some(CertificateFacts { subject: name(subject), issuer: name(issuer), names, not_before, not_after, self_issued })
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280 section 4.1.2.5) as RFC 3339 has it.
fn time((tag, value): (u8, &[u8])) -> Option<String> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    let full = match tag {
        UTC_TIME if text.len() == 13 => format!("{}{text}", if text < "5" { "20" } else { "19" }),
        GENERALIZED_TIME if text.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    let (date, clock) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?));
    Some(format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2))
}

/// The list of extensions behind the public key.
fn extensions(mut rest: Reader<'_>) -> Option<Reader<'_>> {
    while let Some((tag, value)) = rest.take() {
        if tag == EXTENSIONS {
            return Reader(value).expect(SEQUENCE).map(Reader);
        }
    }
    None
}

/// The host names and addresses of subjectAltName (RFC 5280 section 4.2.1.6).
fn alternative_names(mut extensions: Reader<'_>) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(extension) = extensions.expect(SEQUENCE) {
        let mut extension = Reader(extension);
        if extension.expect(OBJECT_IDENTIFIER) != Some(SUBJECT_ALT_NAME) {
            continue;
        }
        let mut value = extension.take();
        if matches!(value, Some((BOOLEAN, _))) {
            value = extension.take();
        }
        let Some(list) = value.and_then(|(_, value)| Reader(value).expect(SEQUENCE)) else { continue };
        let mut names = Reader(list);
        while let Some((tag, name)) = names.take() {
            match (tag, name.len()) {
                _ if found.len() >= MOST_NAMES => {}
                (DNS_NAME, _) => found.push(String::from_utf8_lossy(name).into_owned()),
                (IP_ADDRESS, 4) => {
                    found.extend(<[u8; 4]>::try_from(name).map(|octets| IpAddr::from(octets).to_string()));
                }
                (IP_ADDRESS, 16) => {
                    found.extend(<[u8; 16]>::try_from(name).map(|octets| IpAddr::from(octets).to_string()));
                }
                _ => {}
            }
        }
    }
    found
}

/// The common name and the organization, as far as there are any.
fn name(distinguished: &[u8]) -> String {
    let mut parts = Vec::new();
    let mut sets = Reader(distinguished);
    while let Some(set) = sets.expect(SET) {
        let mut attributes = Reader(set);
        while let Some(attribute) = attributes.expect(SEQUENCE) {
            let mut attribute = Reader(attribute);
            let kind = attribute.expect(OBJECT_IDENTIFIER);
            if matches!(kind, Some(COMMON_NAME | ORGANIZATION))
                && let Some((_, text)) = attribute.take()
            {
                parts.push(String::from_utf8_lossy(text).into_owned());
            }
        }
    }
    if parts.is_empty() { "an unnamed issuer".into() } else { parts.join(", ") }
}

/// DER values one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next value, if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.take().filter(|&(found, _)| found == tag).map(|(_, value)| value)
    }

    fn take(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // Four bytes of length are more than a handshake carries.
            let count = usize::from(first & 0x7f);
            if count > 4 {
                return None;
            }
            let (bytes, rest) = rest.split_at_checked(count)?;
            (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Example CA");
        params.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn names_are_read_and_a_self_signed_certificate_shows() {
        let parties = facts(&certificate()).unwrap();
        assert!(parties.issuer.contains("Example CA") && parties.issuer.contains("Example, Inc."), "{parties:?}");
        assert!(parties.self_issued);
        assert_eq!(parties.names, ["a.example"]);
        assert!(parties.not_after.is_some_and(|date| date.ends_with('Z') && date.len() == 20));
    }

    #[test]
    fn nothing_cut_short_or_flipped_is_a_panic() {
        let whole = certificate();
        for end in 0..whole.len() {
            let _ = facts(&whole[..end]);
        }
        for position in 0..whole.len() {
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut broken = whole.clone();
                broken[position] = value;
                let _ = facts(&broken);
            }
        }
    }
}
