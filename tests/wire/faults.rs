//! Broken messages: each fault is told and costs only itself.

use nat_probe::wire::stun::attribute::{OTHER_ADDRESS, XOR_MAPPED_ADDRESS};
use nat_probe::wire::{Class, Message, Writer, excerpt};

use crate::{ID, address, followed};

fn faults(bytes: &[u8]) -> Vec<String> {
    Message::read(bytes).unwrap().faults
}

fn response() -> Writer {
    Writer::new(Class::Success, 1, ID, None).xor_address(XOR_MAPPED_ADDRESS, address("203.0.113.7:54321"))
}

#[test]
fn each_is_told_and_costs_only_itself() {
    let mut longer = response().finish();
    longer.extend([1, 2, 3, 4]);
    let mut shorter = response().attribute(0x8022, b"software").finish();
    shorter.truncate(shorter.len() - 4);
    let mut unpadded = followed(response().finish(), &[0x80, 0x22, 0, 1, b'x']);
    let unaligned = unpadded.clone();
    unpadded[3] += 3;
    for (bytes, expected) in [
        (longer, &["4 bytes follow the message"][..]),
        (
            shorter,
            &[
                "the header announces 24 bytes of attributes and 20 arrived",
                "SOFTWARE is truncated: 4 of 8 bytes arrived",
            ],
        ),
        (
            unpadded,
            &[
                "the header announces 20 bytes of attributes and 17 arrived",
                "SOFTWARE is not padded to a multiple of 4 bytes",
            ],
        ),
        (unaligned, &["the length 17 is not a multiple of 4", "SOFTWARE is not padded to a multiple of 4 bytes"]),
        (
            response().attribute(0x802C, &[0, 7, 1, 1, 1, 1, 1, 1]).finish(),
            &["OTHER-ADDRESS has the unknown address family 0x07"],
        ),
        (response().attribute(0x802C, &[0, 1, 1]).finish(), &["OTHER-ADDRESS is 3 bytes long instead of 8"]),
        (response().attribute(0x8022, b"\xff\x1b[2J").finish(), &["SOFTWARE is not valid UTF-8"]),
        (
            response().fingerprint(false).finish(),
            &["FINGERPRINT is wrong: the message was changed on its way or badly written"],
        ),
        (
            response().fingerprint(true).attribute(0x8022, b"late").finish(),
            &[
                "FINGERPRINT is wrong: the message was changed on its way or badly written",
                "FINGERPRINT is not the last attribute",
            ],
        ),
        (
            followed(response().finish(), &[0x80, 0x22]),
            &["the length 14 is not a multiple of 4", "2 bytes after the last attribute are too few for another"],
        ),
    ] {
        let message = Message::read(&bytes).unwrap();
        assert_eq!(message.faults, expected);
        assert_eq!(message.mapped(), Some(address("203.0.113.7:54321")), "{expected:?}");
    }
}

#[test]
fn responses_that_say_nothing_are_told() {
    let nothing = Writer::new(Class::Success, 1, ID, None).finish();
    assert_eq!(faults(&nothing), ["a Binding success response without a readable mapped address"]);
    let nothing = Writer::new(Class::Error, 1, ID, None).finish();
    assert_eq!(faults(&nothing), ["an error response without ERROR-CODE"]);
}

#[test]
fn error_codes_out_of_range_are_clamped_and_told() {
    let bytes = Writer::new(Class::Error, 1, ID, None).attribute(0x0009, &[0xff, 0xff, 0xff, 0xff, b'!']).finish();
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.error(), Some((799, "!".into())));
    assert_eq!(message.faults, ["ERROR-CODE has class 7 and number 255, outside 300 to 699"]);
}

#[test]
fn faults_without_number_are_told_in_part() {
    let broken = [0x80, 0x2C, 0, 0].repeat(1000);
    assert_eq!(faults(&followed(response().finish(), &broken)).len(), 17);
}

#[test]
fn what_follows_the_integrity_is_kept_and_not_believed() {
    let bytes = response()
        .attribute(0x0008, &[0; 20])
        .address(OTHER_ADDRESS, address("198.51.100.1:3479"))
        .attribute(0x001C, &[0; 32])
        .fingerprint(true)
        .finish();
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.other_address(), None);
    assert!(message.attributes().iter().any(|attribute| attribute.ty == OTHER_ADDRESS && attribute.ignored));
    assert!(message.attribute(0x001C).is_some());
    assert_eq!(message.fingerprint(), Some(true));
}

#[test]
fn the_first_of_two_counts() {
    let bytes = response().xor_address(XOR_MAPPED_ADDRESS, address("192.0.2.9:9")).finish();
    assert_eq!(Message::read(&bytes).unwrap().mapped(), Some(address("203.0.113.7:54321")));
}

#[test]
fn text_of_the_server_reaches_no_terminal_raw() {
    let bytes = response().attribute(0x8022, b"evil\x1b[2J\xff\xe2\x80\xae\\\0\0").finish();
    assert_eq!(Message::read(&bytes).unwrap().software().unwrap(), "evil\x1b[2J\u{fffd}\u{202e}\\");
    for text in [excerpt(&bytes), faults(&bytes).concat()] {
        assert!(text.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{text:?}");
    }
}

#[test]
fn what_is_no_stun_is_named() {
    for (bytes, words) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "the first two bits are not zero; it looks like an HTTP response"),
        (b"hi", "2 bytes are too few for a header; it looks like plain text"),
        (b"", "0 bytes are too few for a header"),
        (&[0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "no magic cookie"),
    ] {
        let error = Message::read(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
