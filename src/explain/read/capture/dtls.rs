//! What DTLS records say in the clear (RFC 6347 section 4, RFC 9147 section 4).

use crate::explain::traffic::DtlsMessage;

/// The most records of one datagram that are looked at.
const MOST: usize = 16;
/// The bytes of a record's header.
const HEADER: usize = 13;

/// Whether the bytes begin like a DTLS record: a known type, and a version that counts down from 254.255.
pub(super) fn is_record(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=26, 0xfe, 0xfc..=0xff, ..])
}

/// Whether they begin like an encrypted record of DTLS 1.3, which is only believed where DTLS is spoken.
pub(super) fn is_unified(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0xe0 == 0x20)
}

/// What the records of a datagram say, in order, and whether it begins there: large messages come in several fragments.
pub(super) fn messages(mut bytes: &[u8]) -> Vec<(DtlsMessage, bool)> {
    let mut found = Vec::new();
    while found.len() < MOST {
        if is_unified(bytes) {
            found.push((unified(bytes), true));
            break;
        }
        if !is_record(bytes) || bytes.len() < HEADER {
            break;
        }
        let length = usize::from(u16::from_be_bytes([bytes[11], bytes[12]]));
        let end = bytes.len().min(HEADER + length);
        let (kind, epoch, body) = (bytes[0], u16::from_be_bytes([bytes[3], bytes[4]]), &bytes[HEADER..end]);
        // Type, length and number of a handshake message stand before the place of the fragment (RFC 6347 section 4.2.2).
        let begins = kind != 22 || epoch > 0 || body.get(6..9).is_none_or(|offset| offset == [0; 3]);
        found.push((message(kind, epoch, body), begins));
        bytes = &bytes[end..];
    }
    found
}

/// An encrypted record of DTLS 1.3 (RFC 9147 section 4): what it is, is encrypted too, but an alert is as long as nothing else in a
/// handshake: two bytes, the type, and a tag of 16.
fn unified(bytes: &[u8]) -> DtlsMessage {
    // Without a connection id, with 16 bits of the number and a length, as browsers write it.
    match bytes {
        [0x2c..=0x2f, _, _, 0, 19, rest @ ..] if rest.len() == 19 => DtlsMessage::Alert { fatal: false, code: None },
        _ => DtlsMessage::ApplicationData,
    }
}

fn message(kind: u8, epoch: u16, body: &[u8]) -> DtlsMessage {
    match kind {
        20 => DtlsMessage::ChangeCipherSpec,
        21 if epoch == 0 && body.len() >= 2 => DtlsMessage::Alert { fatal: body[0] == 2, code: Some(body[1]) },
        // How grave it is, is encrypted too.
        21 => DtlsMessage::Alert { fatal: false, code: None },
        22 if epoch > 0 => DtlsMessage::EncryptedHandshake,
        22 => match body.first() {
            Some(1) => DtlsMessage::ClientHello,
            Some(2) => DtlsMessage::ServerHello,
            Some(3) => DtlsMessage::HelloVerifyRequest,
            Some(11) => DtlsMessage::Certificate,
            _ => DtlsMessage::OtherHandshake,
        },
        _ => DtlsMessage::ApplicationData,
    }
}

#[cfg(test)]
mod tests {
    use DtlsMessage::{
        Alert, ApplicationData, Certificate, ChangeCipherSpec, ClientHello, EncryptedHandshake, ServerHello,
    };

    use super::*;

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0], &length[..], body].concat()
    }

    #[test]
    fn records_of_one_datagram_are_told_in_order() {
        let flight = [record(22, 0, &[2; 30]), record(22, 0, &[11; 30]), record(20, 0, &[1]), record(22, 1, &[9; 40])];
        let said = |bytes: &[u8]| messages(bytes).into_iter().map(|(message, _)| message).collect::<Vec<_>>();
        assert_eq!(said(&flight.concat()), [ServerHello, Certificate, ChangeCipherSpec, EncryptedHandshake]);
        assert_eq!(said(&record(21, 0, &[2, 40])), [Alert { fatal: true, code: Some(40) }]);
        assert_eq!(said(&record(21, 1, &[7; 20])), [Alert { fatal: false, code: None }]);
        assert_eq!(said(&[0x2e, 1, 2, 3]), [ApplicationData]);
        assert_eq!(said(&[&[0x2f, 1, 2, 0, 19], &[7; 19][..]].concat()), [Alert { fatal: false, code: None }]);
        let fragment = |offset| record(22, 0, &[1, 0, 6, 0, 0, 0, 0, offset, 0, 0, 4, 0, 7]);
        assert_eq!(messages(&fragment(0)), [(ClientHello, true)]);
        assert_eq!(messages(&fragment(4)), [(ClientHello, false)]);
        assert_eq!(messages(&record(22, 0, &[])).len(), 1, "records without a body end too");
        assert_eq!(messages(&record(23, 1, &[]).repeat(100)).len(), MOST);
        assert_eq!(messages(b"\x16\xfe\xfd\x00"), []);
    }
}
