//! What the program costs itself: messages, a whole simulated classification, the start of the binary.

use nat_probe::engine::{Engine, Settings};
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::{self, ClassifyOptions};
use nat_probe::sim::{Scenario, SimNetwork};
use nat_probe::wire::{Change, Family, Message, Request, ServerSpec, TransactionId};

fn main() {
    divan::main();
}

/// An answer of coturn with every attribute that the classification reads.
const ANSWER: &str = "010100482112a4424e5062696e64696e672e2e2e00200008000186d2e721c043000100080001a7c0c6336401802b000800010d96\
                      c6336401802c000800010d97c633640280220014436f7475726e2d342e362e312027476f72737427";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

#[divan::bench]
fn encode_request() -> Vec<u8> {
    let request = Request { change: Change::AddressAndPort, response_port: Some(51034), ..Request::default() };
    divan::black_box(request).encode(TransactionId([7; 12]))
}

#[divan::bench]
fn decode_response(bencher: divan::Bencher) {
    let answer = bytes(ANSWER);
    bencher.bench(|| Message::read(divan::black_box(&answer)));
}

#[divan::bench(args = ["home-router", "symmetric", "lossy-wifi", "full-cone"])]
fn simulated_classification(bencher: divan::Bencher, preset: &str) {
    let scenario = Scenario::preset(preset).expect("a preset");
    let servers: Vec<ServerSpec> =
        scenario.server_names().iter().map(|name| ServerSpec::parse(name).expect("a server")).collect();
    let options =
        ClassifyOptions { families: vec![Family::Ipv4], local_port: None, hairpin: false, tcp: false, thorough: false };
    bencher.bench(|| {
        let engine = Engine::new(Settings::default(), servers.clone(), plan::classify(&options));
        let seen = nat_probe::net::drive(engine, &mut SimNetwork::new(&scenario, 1), &mut |_| ());
        judge::classify(&seen, &options)
    });
}

#[divan::bench(sample_count = 30)]
fn start_of_the_binary() -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_nat-probe")).arg("--version").output().expect("it starts")
}
