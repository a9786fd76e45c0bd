//! Who an X.509 certificate is from and for (RFC 5280 section 4.1): two names out of a structure that is otherwise left to rustls.

/// Issuer and subject, unescaped: whoever prints them must escape them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    pub(super) issuer: String,
    pub(super) subject: String,
}

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// Reads them; nothing if it is no certificate.
pub(super) fn parties(der: &[u8]) -> Option<Parties> {
    let mut outer = Reader(der);
    let mut certificate = Reader(outer.expect(SEQUENCE)?);
    let mut tbs = Reader(certificate.expect(SEQUENCE)?);
    if tbs.0.first() == Some(&VERSION) {
        tbs.expect(VERSION)?;
    }
    tbs.expect(INTEGER)?;
    tbs.expect(SEQUENCE)?;
    let issuer = tbs.expect(SEQUENCE)?;
    tbs.expect(SEQUENCE)?;
    let subject = tbs.expect(SEQUENCE)?;
    Some(Parties { issuer: name(issuer), subject: name(subject) })
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
        let parties = parties(&certificate()).unwrap();
        assert!(parties.issuer.contains("Example CA") && parties.issuer.contains("Example, Inc."), "{parties:?}");
        assert_eq!(parties.issuer, parties.subject);
    }

    #[test]
    fn nothing_cut_short_or_flipped_is_a_panic() {
        let whole = certificate();
        for end in 0..whole.len() {
            let _ = parties(&whole[..end]);
        }
        for position in 0..whole.len() {
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut broken = whole.clone();
                broken[position] = value;
                let _ = parties(&broken);
            }
        }
    }
}
