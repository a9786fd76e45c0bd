//! What the program costs itself: messages, a whole simulated classification, the start of the binary.

#![expect(clippy::disallowed_methods, reason = "what something takes is told by the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use nat_probe::engine::{Engine, Settings};
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::{self, ClassifyOptions};
use nat_probe::sim::{Scenario, SimNetwork};
use nat_probe::wire::{Change, Family, Message, Request, ServerSpec, TransactionId};

fn main() {
    // `cargo test --benches` runs this too: once is enough there.
    let long = std::env::args().any(|argument| argument == "--bench");
    let time = if long { Duration::from_secs(1) } else { Duration::ZERO };
    let request = Request { change: Change::AddressAndPort, response_port: Some(51034), ..Request::default() };
    measure("encode a request", time, || black_box(&request).encode(TransactionId([7; 12])));
    let answer = bytes(ANSWER);
    measure("decode a response", time, || Message::read(black_box(&answer)));
    for preset in ["home-router", "symmetric", "lossy-wifi", "full-cone"] {
        let scenario = Scenario::preset(preset).expect("a preset");
        measure(&format!("simulated classification, {preset}"), time, || classify(&scenario));
    }
    let mut binary = std::process::Command::new(env!("CARGO_BIN_EXE_nat-probe"));
    binary.arg("--version");
    measure("start of the binary", time, || binary.output().expect("it starts"));
}

/// Does it again and again for that time, and prints the least and the median of what it took.
fn measure<T>(name: &str, time: Duration, mut work: impl FnMut() -> T) {
    let begun = Instant::now();
    let mut took = Vec::new();
    while took.is_empty() || begun.elapsed() < time {
        let before = Instant::now();
        black_box(work());
        took.push(before.elapsed());
    }
    took.sort_unstable();
    println!("{name}: {:?}, median {:?} of {}", took[0], took[took.len() / 2], took.len());
}

/// An answer of coturn with every attribute that the classification reads.
const ANSWER: &str = "010100482112a4424e5062696e64696e672e2e2e00200008000186d2e721c043000100080001a7c0c6336401802b000800010d96\
                      c6336401802c000800010d97c633640280220014436f7475726e2d342e362e312027476f72737427";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn classify(scenario: &Scenario) -> impl Sized {
    let servers: Vec<ServerSpec> =
        scenario.server_names().iter().map(|name| ServerSpec::parse(name).expect("a server")).collect();
    let options =
        ClassifyOptions { families: vec![Family::Ipv4], local_port: None, hairpin: false, tcp: false, thorough: false };
    let engine = Engine::new(Settings::default(), servers, plan::classify(&options));
    let seen = nat_probe::net::drive(engine, &mut SimNetwork::new(scenario, 1), &mut |_| ());
    judge::classify(&seen, &options)
}
