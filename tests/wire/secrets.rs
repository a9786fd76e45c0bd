//! What must be in no output is in none, however the message is broken.

use nat_probe::wire::{Class, Message, TransactionId, Writer, excerpt};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::followed;

/// USERNAME, PASSWORD, MESSAGE-INTEGRITY, NONCE, ACCESS-TOKEN, MESSAGE-INTEGRITY-SHA256, USERHASH, RESERVATION-TOKEN, MOBILITY-TICKET.
const SECRET: [u16; 9] = [0x0006, 0x0007, 0x0008, 0x0015, 0x001B, 0x001C, 0x001E, 0x0022, 0x8030];

/// The bytes of secrets are 0xe0 to 0xef and no others are, so that three in a row are found wherever they are printed.
fn shows_a_secret(text: &str) -> bool {
    let text: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let hex = |six: &[char]| six.iter().step_by(2).all(|&c| c == 'e') && six.iter().all(char::is_ascii_hexdigit);
    let joined: String = text.iter().collect();
    let numbers: Vec<Option<u8>> = joined.split([',', '[', ']']).map(|number| number.parse().ok()).collect();
    let decimal = |three: &[Option<u8>]| three.iter().all(|number| number.is_some_and(|number| number >= 0xe0));
    text.windows(6).any(hex) || joined.contains("\\xe") || numbers.windows(3).any(decimal)
}

fn attribute() -> impl Strategy<Value = (u16, Vec<u8>)> {
    prop_oneof![
        (prop::sample::select(SECRET.to_vec()), vec(0xe0u8..=0xef, 0..48)),
        (prop_oneof![Just(0x0014u16), Just(0x0009), Just(0x8022), Just(0x000D), Just(0xC123)], vec(0u8..10, 0..24)),
    ]
}

fn message(attributes: &[(u16, Vec<u8>)], padded: bool) -> Vec<u8> {
    let writer = Writer::new(Class::Error, 3, TransactionId([1; 12]), None);
    if padded {
        return attributes.iter().fold(writer, |writer, (ty, value)| writer.attribute(*ty, value)).finish();
    }
    attributes.iter().fold(writer.finish(), |message, (ty, value)| {
        let length = u16::try_from(value.len()).unwrap();
        followed(message, &[&ty.to_be_bytes(), &length.to_be_bytes(), value.as_slice()].concat())
    })
}

proptest! {
    #[test]
    fn no_output_shows_one(attributes in vec(attribute(), 0..8), cut in any::<prop::sample::Index>()) {
        let bytes = message(&attributes, true);
        for bytes in [&bytes[..], &bytes[..20 + cut.index(bytes.len() - 19)]] {
            for text in [excerpt(bytes), format!("{:?}", Message::read(bytes).unwrap())] {
                prop_assert!(!shows_a_secret(&text), "{}", text);
            }
        }
    }

    /// A server that forgets to pad a realm puts what follows out of step.
    #[test]
    fn nor_where_attributes_are_out_of_step(
        realm in vec(0u8..10, 0..9),
        nonce in vec(0xe0u8..=0xef, 8..40),
        proof in vec(0xe0u8..=0xef, 20),
    ) {
        let bytes = message(&[(0x0014, realm), (0x0015, nonce), (0x0008, proof)], false);
        let text = excerpt(&bytes);
        prop_assert!(!shows_a_secret(&text), "{}", text);
    }
}

#[test]
fn the_search_finds_them() {
    assert!(shows_a_secret("0015e0e1 e2"));
    assert!(shows_a_secret("\"\\xe0\""));
    assert!(shows_a_secret("[1, 224, 225, 239]"));
    assert!(!shows_a_secret("0015 .. 00080014"));
}
