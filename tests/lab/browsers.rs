//! Real browsers behind real NATs: which pairs connect, directly or by the relay. Runs on request only, `NAT_PROBE_BROWSERS=1`; it takes
//! a quarter of an hour. What came out stands in `tests/browsers/`, which the prediction is held against in every run of the tests
//! (`tests/simulated/pair_browsers.rs`); `NAT_PROBE_BROWSERS=write` writes it anew. `NAT_PROBE_BROWSERS_KEEP` names a folder for what
//! the browsers themselves, a capture in the middle and coturn have to say of each call.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use nat_probe::evidence::Behavior::{
    AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};
use serde_json::{Value, json};

use crate::kit::coturn::{Coturn, NO_TLS, TURN, USERS};
use crate::kit::nat::{self, Gateway};
use crate::kit::netns::within;
use crate::kit::pair::{HERE, Place, THERE};
use crate::kit::{ALPHA, BETA, Internet, cage};

/// The longest that all of it may take.
const LIMIT: Duration = Duration::from_secs(3_600);
/// Chromium gives up after 15 s, Firefox after 11.
const PATIENCE_MS: u32 = 30_000;
const HEAD: &str = "# here\tthere\tturn\toutcome\tcandidate here\tcandidate there\n";

/// The gateways by the names that descriptions of a side have, each with what it filters and maps.
fn gateways() -> Vec<(&'static str, Gateway)> {
    vec![
        ("nat:endpoint-independent,endpoint-independent", nat::nat(Ei, Ei)),
        ("nat:endpoint-independent,address-dependent", nat::nat(Ei, Ad)),
        ("nat:endpoint-independent,address-and-port-dependent", nat::home_router()),
        ("nat:address-and-port-dependent,endpoint-independent", nat::nat(Apd, Ei)),
        ("nat:address-and-port-dependent,address-dependent", nat::nat(Apd, Ad)),
        ("nat:address-and-port-dependent,address-and-port-dependent", nat::fully_random()),
        ("firewall:address-and-port-dependent", nat::firewall()),
        ("udp-blocked", nat::udp_dropped()),
    ]
}

/// A browser in the namespace of a client, with its driver.
struct Browser {
    driver: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    fn start(name: &str, place: &Place) -> Self {
        let script = folder("tests/lab/browsers/driver.py");
        let log = File::create(format!("/run/{name}-{}.log", place.client)).expect("a log");
        let mut command = Command::new("python3");
        command.arg(script).arg(name).env("HOME", "/run").env("TMPDIR", "/run");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut driver = within(place.client, || command.spawn()).expect("python3");
        let (orders, answers) = (driver.stdin.take().expect("piped"), driver.stdout.take().expect("piped"));
        Self { driver, orders, answers: BufReader::new(answers) }
    }

    fn ask(&mut self, order: &Value) -> Value {
        writeln!(self.orders, "{order}").expect("the driver listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the driver answers");
        let mut answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(answer.get("error").is_none(), "{order}: {answer}");
        answer["value"].take()
    }

    fn run(&mut self, expression: &str) -> Value {
        self.ask(&json!({ "run": expression }))
    }

    fn end(mut self) {
        drop(self.orders);
        let _ = self.driver.wait();
    }
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// One call between the two, and what came of it: the last three columns of the table.
fn call(pair: &mut [Browser; 2], turn: bool, keep: Option<&Path>) -> String {
    let stun = json!({ "urls": [format!("stun:{}", ALPHA.at()), format!("stun:{}", BETA.at())] });
    let relay = json!({
        "urls": [format!("turn:{}?transport=udp", TURN.at()), format!("turn:{}?transport=tcp", TURN.at())],
        "username": "alice",
        "credential": "open-sesame",
    });
    let servers = if turn { vec![stun, relay] } else { vec![stun] };
    let configuration = json!({ "iceServers": servers });
    let capture = keep.map(|folder| {
        fs::create_dir_all(folder).expect("a folder");
        let file = folder.join("middle.pcap");
        let mut tcpdump = Command::new("tcpdump");
        tcpdump.args(["-i", "any", "-U", "-w"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        within("internet", || tcpdump.spawn()).expect("tcpdump")
    });
    let [here, there] = pair;
    here.ask(&json!({ "page": true }));
    there.ask(&json!({ "page": true }));
    let offer = here.run(&format!("call.offer({configuration})"));
    let answer = there.run(&format!("call.answer({configuration}, {offer})"));
    here.run(&format!("call.accept({answer})"));
    let outcome = here.run(&format!("call.outcome({PATIENCE_MS})"));
    let theirs = there.run(&format!("call.outcome({PATIENCE_MS})"));
    if let Some(folder) = keep {
        for (name, browser) in [("here", &mut *here), ("there", &mut *there)] {
            let write = |what: &str, value: &Value| {
                fs::write(folder.join(format!("{name}.{what}.json")), value.to_string()).expect("a file");
            };
            write("getstats", &browser.run("call.stats()"));
            write("internals", &browser.ask(&json!({ "internals": true })));
        }
    }
    here.run("call.end()");
    there.run("call.end()");
    if let Some(mut capture) = capture {
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(capture.id()).expect("a process id")),
            nix::sys::signal::Signal::SIGINT,
        );
        let _ = capture.wait();
    }
    // Each knows of its own candidate what it is; of the other's only what it was told in time.
    let (local, remote) = (&outcome["local"], &theirs["local"]);
    let connected = ["connected", "completed"].contains(&outcome["state"].as_str().unwrap_or_default());
    let word = match connected {
        false => "failed",
        true if *local == "relay" || *remote == "relay" => "relay",
        true => "direct",
    };
    let or_none = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!("{word}\t{}\t{}", or_none(local), or_none(remote))
}

fn play(browser: &str, program: &str) {
    let keep = std::env::var_os("NAT_PROBE_BROWSERS_KEEP").map(PathBuf::from);
    for tool in [program, "python3"].into_iter().chain(keep.is_some().then_some("tcpdump")) {
        cage::need(tool, &format!("Debian package {tool}"));
    }
    let internet = Internet::with(&[ALPHA, BETA, TURN]);
    let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
    internet.between_two();
    let gateways = gateways();
    let kept = folder(&format!("tests/browsers/{browser}.tsv"));
    let writes = std::env::var("NAT_PROBE_BROWSERS").is_ok_and(|mode| mode == "write");
    let before = fs::read_to_string(&kept).unwrap_or_default();
    let mut table = HEAD.to_owned();
    for place in [&HERE, &THERE] {
        place.set(&gateways[0].1);
    }
    let mut pair = [&HERE, &THERE].map(|place| Browser::start(browser, place));
    for (number, (here, ours)) in gateways.iter().enumerate() {
        for (there, theirs) in &gateways[number..] {
            for turn in [false, true] {
                HERE.set(ours);
                THERE.set(theirs);
                let turn_word = if turn { "turn" } else { "-" };
                let case = format!("{here}\t{there}\t{turn_word}");
                println!("{case}");
                let name = format!("{browser}_{}", case.replace(['\t', ':', ','], "_"));
                let keep = keep.as_ref().map(|folder| folder.join(name));
                let said = coturn.said().len();
                let outcome = call(&mut pair, turn, keep.as_deref());
                if let Some(folder) = &keep {
                    let log = coturn.said();
                    fs::write(folder.join("coturn.log"), &log[said..]).expect("a file");
                }
                writeln!(table, "{case}\t{outcome}").expect("a string");
                if writes {
                    fs::write(&kept, &table).expect("the table");
                }
            }
        }
    }
    pair.into_iter().for_each(Browser::end);
    if !writes {
        // The same pair of candidates is not taken each time: which one answers first is a race.
        assert!(outcomes(&table).starts_with(&outcomes(&before)), "{browser} does otherwise than before:\n{table}");
    }
}

/// Every pair of gateways, with and without TURN.
fn story(test: &str, browser: &str, program: &str) {
    if cage::inside() || std::env::var_os("NAT_PROBE_BROWSERS").is_some() {
        cage::play_for(test, LIMIT, || play(browser, program));
    } else {
        eprintln!("skipped: NAT_PROBE_BROWSERS=1 lets real browsers call each other");
    }
}

#[test]
fn chromium() {
    story("browsers::chromium", "chromium", "chromium");
}

#[test]
fn firefox() {
    story("browsers::firefox", "firefox", "firefox-esr");
}

/// The table without the candidates.
fn outcomes(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split('\t').take(4).collect()).collect()
}
