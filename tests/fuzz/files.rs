//! Files that people explain: genuine ones of browsers, captures and logs, damaged.

use std::path::Path;
use std::sync::LazyLock;

use nat_probe::explain::{Format, explain, read, read_from};

use crate::dice::{Dice, fuzz};

/// Genuine files, the large ones cut; what was compressed is there both ways.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let mut paths: Vec<_> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    let mut found: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for bytes in &mut found {
        bytes.truncate(MOST);
    }
    let texts = [
        "RTCStatsDump\n{\"fileFormat\":3}\n[39,\"pc\",{\"iceServers\":[{\"urls\":\"turn:a\"}]},1700000000000]\n[\"g\",\"pc\",{\"0\":{\"type\":6,\"118\":\"failed\"},\"t\":1},9]\n",
        "2026-11-27 10:00:00 app: {\"candidate\": \"candidate:1 1 udp 1 192.0.2.1 1 typ host\"}\n",
        "Map(1) { 'a' => { id: 'a', type: 'candidate-pair', timestamp: 1, state: 'failed' } }",
        "{\"event\":\"sent\",\"at_ms\":1}\n{\"event\":\"report\",\"schema_version\":1,\"tool\":{},\"families\":{\"ipv4\":{\"connectivity\":\"nat\"}}}\n",
    ];
    found.extend(texts.map(|text| text.as_bytes().to_vec()));
    assert!(found.len() > 12, "{}", found.len());
    found
});

/// Of a large file the beginning has everything that its reader reads.
const MOST: usize = 6_000;

const WORDS: [&[u8]; 16] = [
    b"{",
    b"]",
    b"\"",
    b"\\",
    b",",
    b"candidate:",
    b"v=0\r\n",
    b"\xff\xfe",
    b"\x1f\x8b\x08",
    b"\n> ",
    b"```\n",
    b"=>",
    b"\x21\x12\xa4\x42",
    b"\x40\x01\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x06\x00\x00\x00",
];

pub(crate) fn case(dice: &mut Dice) {
    let (seed, other) = (dice.pick(&FILES), dice.pick(&FILES));
    let bytes = dice.mutate(seed, other, &WORDS);
    let read = if dice.one_in(8) { read_from(&bytes[..], Some(*dice.pick(&Format::ALL))) } else { read(&bytes) };
    match read {
        Ok(reading) => {
            let told = |text: &str| assert!(!text.chars().any(char::is_control), "{text:?}");
            reading.events.iter().for_each(|event| told(&event.place));
            reading.notes.iter().chain(&reading.connections).for_each(|text| told(text));
            let _ = explain(reading);
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}

#[test]
fn files() {
    fuzz(case);
}

/// The ten million of the release notes: `NAT_PROBE_FUZZ_CASES=10000000 cargo test --test fuzz -- --ignored many_files`.
#[test]
#[ignore = "takes an hour"]
fn many_files() {
    let number = |name: &str, other: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(other);
    let first = number("NAT_PROBE_FUZZ_CASE", 0);
    for case in first..first + number("NAT_PROBE_FUZZ_CASES", 1000) {
        if case % 100_000 == 0 {
            eprintln!("case {case}");
        }
        self::case(&mut Dice::new(case));
    }
}
