//! Real browsers behind real NATs: which pairs connect, directly or by the relay. Runs on request only, `NAT_PROBE_BROWSERS=1`; it takes
//! a quarter of an hour. What came out stands in `tests/browsers/`, which the prediction is held against in every run of the tests
//! (`tests/simulated/pair_browsers.rs`); `NAT_PROBE_BROWSERS=write` adds the rows that it lacks. `NAT_PROBE_BROWSERS_KEEP` names a folder
//! for what the browsers themselves, captures and coturn have to say of each call: so the files came about that `explain` is tried on
//! (`tests/explain/`). `NAT_PROBE_BROWSERS_ONLY` leaves only the calls whose folder would have one of these words in its name.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use nat_probe::evidence::Behavior::{
    AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};
use serde_json::{Value, json};

use crate::kit::coturn::{Coturn, NO_TLS, OTHER_TURN, PASSWORD, TURN, USER, USERS};
use crate::kit::nat::{self, Gateway};
use crate::kit::netns::{rules, within};
use crate::kit::pair::{HERE, Place, THERE};
use crate::kit::servers::{BARE, Host};
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

/// What the two are told of a TURN server.
#[derive(Clone, Copy, PartialEq)]
enum Relay {
    /// Nothing.
    Absent,
    /// One that serves them.
    Serving,
    /// One that has another password for them (401).
    Refusing,
    /// One that gives an address, and no permission for any peer (403).
    Forbidding,
    /// One that is silent.
    Silent,
}

impl Relay {
    const ALL: [Self; 5] = [Self::Absent, Self::Serving, Self::Refusing, Self::Forbidding, Self::Silent];

    /// The word of the tables and of the folders.
    fn word(self) -> &'static str {
        match self {
            Self::Absent => "-",
            Self::Serving => "turn",
            Self::Refusing => "refusing",
            Self::Forbidding => "forbidding",
            Self::Silent => "silent",
        }
    }

    fn server(self) -> Option<Host> {
        match self {
            Self::Absent => None,
            Self::Serving | Self::Refusing => Some(TURN),
            Self::Forbidding => Some(OTHER_TURN),
            Self::Silent => Some(BARE),
        }
    }

    fn configuration(self) -> Value {
        let stun = json!({ "urls": [format!("stun:{}", ALPHA.at()), format!("stun:{}", BETA.at())] });
        let Some(server) = self.server() else { return json!({ "iceServers": [stun] }) };
        let password = if self == Self::Refusing { "of-last-week" } else { PASSWORD };
        let urls = ["udp", "tcp"].map(|transport| format!("turn:{}?transport={transport}", server.at()));
        json!({ "iceServers": [stun, { "urls": urls, "username": USER, "credential": password }] })
    }
}

/// Captures in the middle, at the end that offers, and at the TURN server.
fn capture(folder: &Path, relay: Relay) -> Vec<Child> {
    fs::create_dir_all(folder).expect("a folder");
    let server = relay.server().map(|server| ("turn", server.name));
    let begin = |(name, place): (&str, &str)| {
        let mut tcpdump = Command::new("tcpdump");
        tcpdump.args(["-i", "any", "--immediate-mode", "-U", "-w"]).arg(folder.join(format!("{name}.pcap")));
        tcpdump.stdout(Stdio::null()).stderr(Stdio::null());
        within(place, || tcpdump.spawn()).expect("tcpdump")
    };
    [("middle", "internet"), ("here", HERE.client)].into_iter().chain(server).map(begin).collect()
}

/// One call between the two, and what came of it: the last three columns of the table.
fn call(pair: &mut [Browser; 2], relay: Relay, keep: Option<&Path>) -> String {
    let configuration = relay.configuration();
    let captures = keep.map_or_else(Vec::new, |folder| capture(folder, relay));
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
            let internals = browser.ask(&json!({ "internals": true }));
            for (what, value) in internals.as_object().expect("by their names") {
                match value {
                    Value::String(page) => fs::write(folder.join(format!("{name}.{what}.html")), page).expect("a file"),
                    value => write(what, value),
                }
            }
        }
    }
    here.run("call.end()");
    there.run("call.end()");
    for mut capture in captures {
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

/// The lab with a browser at each end.
struct Stage {
    browser: &'static str,
    keep: Option<PathBuf>,
    servers: Vec<Coturn>,
    pair: [Browser; 2],
    _internet: Internet,
}

impl Stage {
    fn set(browser: &'static str, program: &str) -> Self {
        let keep = std::env::var_os("NAT_PROBE_BROWSERS_KEEP").map(PathBuf::from);
        for tool in [program, "python3"].into_iter().chain(keep.is_some().then_some("tcpdump")) {
            cage::need(tool, &format!("Debian package {tool}"));
        }
        let internet = Internet::with(&[ALPHA, BETA, TURN, OTHER_TURN, BARE]);
        rules(BARE.name, "table inet silent { chain input { type filter hook input priority 0; policy drop; }\n}");
        let servers = vec![
            Coturn::start(TURN, &format!("{USERS} {NO_TLS}")),
            Coturn::start(OTHER_TURN, &format!("{USERS} {NO_TLS} --denied-peer-ip=0.0.0.0-255.255.255.255")),
        ];
        internet.between_two();
        for place in [&HERE, &THERE] {
            place.set(&nat::home_router());
        }
        let pair = [&HERE, &THERE].map(|place| Browser::start(browser, place));
        Self { browser, keep, servers, pair, _internet: internet }
    }

    /// A call through these gateways: its row in the table.
    fn call(&mut self, here: &(&str, Gateway), there: &(&str, Gateway), relay: Relay) -> String {
        HERE.set(&here.1);
        THERE.set(&there.1);
        let case = case(here, there, relay);
        println!("{case}");
        let keep = self.keep.as_ref().map(|folder| folder.join(self.folder(here, there, relay)));
        let said: Vec<usize> = self.servers.iter().map(|server| server.said().len()).collect();
        let outcome = call(&mut self.pair, relay, keep.as_deref());
        if let Some(folder) = &keep {
            let logs = self.servers.iter().zip(said).map(|(server, before)| server.said()[before..].to_owned());
            fs::write(folder.join("coturn.log"), logs.collect::<String>()).expect("a file");
            fs::write(folder.join("outcome"), format!("{case}\t{outcome}\n")).expect("a file");
        }
        format!("{case}\t{outcome}\n")
    }

    /// The name of the folder of a call.
    fn folder(&self, here: &(&str, Gateway), there: &(&str, Gateway), relay: Relay) -> String {
        format!("{}_{}", self.browser, case(here, there, relay).replace(['\t', ':', ','], "_"))
    }

    fn end(self) {
        self.pair.into_iter().for_each(Browser::end);
    }
}

/// The first columns of a row.
fn case(here: &(&str, Gateway), there: &(&str, Gateway), relay: Relay) -> String {
    format!("{}\t{}\t{}", here.0, there.0, relay.word())
}

/// Every pair of gateways, with and without TURN.
fn every_pair(browser: &'static str, program: &str) {
    let mut stage = Stage::set(browser, program);
    let gateways = gateways();
    let kept = folder(&format!("tests/browsers/{browser}.tsv"));
    let writes = std::env::var("NAT_PROBE_BROWSERS").is_ok_and(|mode| mode == "write");
    let before = fs::read_to_string(&kept).unwrap_or_default();
    let mut table = HEAD.to_owned();
    for (number, here) in gateways.iter().enumerate() {
        for there in &gateways[number..] {
            for relay in [Relay::Absent, Relay::Serving] {
                let case = case(here, there, relay);
                let known = before
                    .lines()
                    .find(|row| writes && row.strip_prefix(&case).is_some_and(|rest| rest.starts_with('\t')));
                match known {
                    Some(row) => table.extend([row, "\n"]),
                    None => table.push_str(&stage.call(here, there, relay)),
                }
                if writes {
                    fs::write(&kept, &table).expect("the table");
                }
            }
        }
    }
    stage.end();
    if !writes {
        // The same pair of candidates is not taken each time: which one answers first is a race.
        assert_eq!(outcomes(&table), outcomes(&before), "{browser} does otherwise than before:\n{table}");
    }
}

/// What TURN servers do to calls that cannot go without one, and to one that can.
fn every_relay(browser: &'static str, program: &str) {
    let mut stage = Stage::set(browser, program);
    let home = ("home", nat::home_router());
    let symmetric = ("symmetric", nat::fully_random());
    let blocked = ("udp-blocked", nat::udp_dropped());
    let only = std::env::var("NAT_PROBE_BROWSERS_ONLY").unwrap_or_default();
    let is_left = |name: &str| only.split(',').any(|word| name.contains(word));
    let mut wrong = Vec::new();
    for (here, there) in [(&home, &home), (&home, &symmetric), (&symmetric, &symmetric), (&blocked, &home)] {
        for relay in Relay::ALL {
            if !is_left(&stage.folder(here, there, relay)) {
                continue;
            }
            let row = stage.call(here, there, relay);
            let outcome = row.split('\t').nth(3).expect("a column");
            let expected = match (here.0, there.0, relay) {
                // All is gathered before anything is told: meanwhile the Firefox that answers checks, unanswered, and gives up after 11 s.
                ("home", "home", Relay::Silent) if browser == "firefox" => "failed",
                ("home", "home", _) => "direct",
                (_, _, Relay::Serving) => "relay",
                _ => "failed",
            };
            if outcome != expected {
                wrong.push(format!("{row} expected: {expected}"));
            }
        }
    }
    stage.end();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Runs on request only.
fn story(test: &str, play: fn(&'static str, &str), browser: &'static str, program: &str) {
    if cage::inside() || std::env::var_os("NAT_PROBE_BROWSERS").is_some() {
        cage::play_for(test, LIMIT, || play(browser, program));
    } else {
        eprintln!("skipped: NAT_PROBE_BROWSERS=1 lets real browsers call each other");
    }
}

#[test]
fn chromium() {
    story("browsers::chromium", every_pair, "chromium", "chromium");
}

#[test]
fn firefox() {
    story("browsers::firefox", every_pair, "firefox", "firefox-esr");
}

#[test]
fn chromium_and_relays() {
    story("browsers::chromium_and_relays", every_relay, "chromium", "chromium");
}

#[test]
fn firefox_and_relays() {
    story("browsers::firefox_and_relays", every_relay, "firefox", "firefox-esr");
}

/// The table without the candidates.
fn outcomes(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split('\t').take(4).collect()).collect()
}
