//! Bytes of a network: STUN messages and stream frames.

use std::path::Path;
use std::sync::LazyLock;

use nat_probe::wire::stun::relay;
use nat_probe::wire::{Framer, Message, excerpt};
use serde_json::Value;

use crate::dice::{Dice, fuzz};

/// What ten real servers answered.
pub(crate) static CAPTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        hex(&serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(), &mut found);
    }
    assert!(found.len() > 40, "{}", found.len());
    found
});

/// Every member called `hex` in the document.
fn hex(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| hex(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                if let Value::String(text) = member
                    && name == "hex"
                {
                    let digits: Vec<u8> =
                        text.chars().filter_map(|c| Some(u8::try_from(c.to_digit(16)?).unwrap())).collect();
                    found.push(
                        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect(),
                    );
                }
                hex(member, found);
            }
        }
        _ => {}
    }
}

pub(crate) fn message(dice: &mut Dice) -> Vec<u8> {
    let (seed, other) = (dice.pick(&CAPTURES).clone(), dice.pick(&CAPTURES).clone());
    let mut bytes = dice.mutate(
        &seed,
        &other,
        &[b"\x80\x22\x00\xff", b"\x00\x12\x00\x08\x00\x01", b"\x00\x09\x00\x04\x00\x00\x04\x01"],
    );
    // Without the right length little else of a message is looked at.
    if bytes.len() >= 20 && !dice.one_in(4) {
        bytes.truncate(bytes.len() & !3);
        let length = u16::try_from(bytes.len() - 20).unwrap_or(0xfffc);
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
    bytes
}

#[test]
fn messages() {
    fuzz(|dice| {
        let bytes = message(dice);
        if let Ok(message) = Message::read(&bytes) {
            assert!(message.faults.len() <= 20);
            let _ = (message.mapped(), message.other_address(), message.response_origin(), message.error());
            let _ = (message.software(), message.unknown_attributes(), message.change_request(), message.realm());
            let _ = (message.nonce_features(), message.password_algorithms(), message.username(), message.lifetime());
            let _ = (message.relayed_addresses(), message.peer_addresses(), message.alternate_servers());
            let _ = (message.alternate_domain(), message.address_error(), message.reservation_token());
            let _ = (message.fingerprint(), relay::data_indication(&message));
        }
        let _ = relay::channel_data(&bytes);
        assert!(excerpt(&bytes).len() <= 200);
        if let Err(error) = Message::read(&bytes) {
            assert!(error.to_string().chars().all(|c| !c.is_control()), "{error}");
        }
    });
}

#[test]
fn frames() {
    fuzz(|dice| {
        let mut stream = Vec::new();
        for _ in 0..=dice.below(4) {
            stream.extend(if dice.one_in(3) { dice.pick(&CAPTURES).clone() } else { message(dice) });
            if dice.one_in(2) {
                let length = dice.below(40);
                stream.extend([0x40, 1, 0, u8::try_from(length).unwrap()]);
                stream.extend(vec![7; length.next_multiple_of(4)]);
            }
        }
        let framed = |segments: &mut dyn Iterator<Item = &[u8]>| {
            let mut framer = Framer::new();
            let mut found = Vec::new();
            for segment in segments {
                framer.push(segment);
                found.extend(framer.by_ref().map(Result::ok));
            }
            found
        };
        let whole = framed(&mut std::iter::once(&stream[..]));
        let size = dice.below(30) + 1;
        let split = framed(&mut stream.chunks(size));
        let read = |frames: &[Option<Vec<u8>>]| frames.iter().flatten().cloned().collect::<Vec<_>>();
        assert_eq!(read(&whole), read(&split), "how a stream is cut changes nothing");
        assert!(read(&whole).concat().len() <= stream.len());
    });
}
