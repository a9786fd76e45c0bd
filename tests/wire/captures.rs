//! What ten real servers answered (see `tests/captures/README.md`).

use std::net::SocketAddr;
use std::path::Path;

use nat_probe::wire::{Class, Message, excerpt};
use serde_json::Value;

use crate::{address, hex};

/// What one server answered: the case, the source and the bytes.
fn replies(capture: &Value) -> Vec<(&str, SocketAddr, Vec<u8>)> {
    let exchanges = capture["exchanges"].as_array().unwrap().iter();
    let replies = exchanges.flat_map(|exchange| {
        let case = exchange["case"].as_str().unwrap();
        exchange["replies"].as_array().unwrap().iter().map(move |reply| (case, reply))
    });
    replies
        .map(|(case, reply)| (case, address(reply["source"].as_str().unwrap()), hex(reply["hex"].as_str().unwrap())))
        .collect()
}

fn all() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut paths: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert_eq!(paths.len(), 10);
    paths.iter().map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect()
}

pub(crate) fn datagrams() -> Vec<Vec<u8>> {
    all().iter().flat_map(replies).map(|(_, _, bytes)| bytes).collect()
}

/// Every case was sent from one socket, so each server must have seen one address; whichever way it tells it.
#[test]
fn every_reply_is_read_and_agrees_with_itself() {
    for capture in all() {
        let alternate = address(capture["alternate"].as_str().unwrap());
        let mut mapped = Vec::new();
        for (case, source, bytes) in replies(&capture) {
            let what = format!("{} {case}", capture["server"]);
            let message = Message::read(&bytes).unwrap();
            assert_eq!(message.faults, [""; 0], "{what}");
            assert_eq!(message.cookie, !case.contains("rfc3489"), "{what}");
            match message.class {
                Class::Success => {
                    mapped.extend(message.mapped_address());
                    mapped.extend(message.xor_mapped_address());
                    assert!(message.other_address().is_none_or(|other| other == alternate), "{what}");
                    assert!(message.response_origin().is_none_or(|origin| origin == source), "{what}");
                }
                class => {
                    assert_eq!(class, Class::Error, "{what}");
                    assert!(matches!(message.error().unwrap().0, 400 | 401 | 420), "{what}");
                }
            }
        }
        mapped.dedup();
        assert_eq!(mapped.len(), 1, "{}: {mapped:?}", capture["server"]);
        assert_eq!(mapped[0].ip(), address("198.51.100.1:0").ip());
    }
}

#[test]
fn the_servers_say_who_they_are() {
    let software = |name: &str| {
        let all = all();
        let capture = all.iter().find(|capture| capture["server"] == name).unwrap();
        let (_, _, bytes) = &replies(capture)[0];
        Message::read(bytes).unwrap().software()
    };
    assert_eq!(software("vovida").as_deref(), Some("Vovida.org 0.97"));
    assert_eq!(software("coturn").as_deref(), Some("Coturn-4.6.1 'Gorst'"));
    assert_eq!(software("stuntman"), None);
}

/// What each TURN server challenges with, whatever order and padding it has.
#[test]
fn challenges_are_read() {
    let mut challenged = Vec::new();
    for capture in all() {
        for (case, _, bytes) in replies(&capture) {
            let message = Message::read(&bytes).unwrap();
            if message.error().is_none_or(|(code, _)| code != 401) {
                continue;
            }
            let what = format!("{} {case}", capture["server"]);
            let realm = message.realm().unwrap_or_else(|| panic!("{what}"));
            assert!(matches!(realm, b"peers.test" | b"reTurn"), "{what}");
            let nonce = message.nonce().unwrap();
            assert!((7..=37).contains(&nonce.len()), "{what}");
            assert_eq!(message.nonce_features(), None, "{what}");
            let algorithms = (capture["server"] == "turnrs").then(|| vec![1, 2]);
            assert_eq!(message.password_algorithms(), algorithms, "{what}");
            let text = excerpt(&bytes) + &format!("{message:?}");
            assert!(!text.contains(std::str::from_utf8(nonce).unwrap()), "{what}: {text}");
            challenged.push(capture["server"].as_str().unwrap().to_owned());
        }
    }
    challenged.dedup();
    assert_eq!(challenged, ["coturn", "p1stun", "pionturn", "return", "turnrs"]);
}
