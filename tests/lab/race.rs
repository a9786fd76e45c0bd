//! The courses, the runners and the table of the race.
#![expect(clippy::disallowed_methods, reason = "a race is timed by the clock on the wall")]

use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

use nat_probe::evidence::Behavior::{
    AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};

use crate::kit::cage::{self, Unplayed};
use crate::kit::probe::{Run, Verdict};
use crate::kit::prober::{self, Truth};
use crate::kit::{ALPHA, BETA, Internet, nat, netns};

/// Half the round trip.
const ONE_WAY: Duration = Duration::from_millis(20);
/// Of these runs of nat-probe the median counts. The others are an order of magnitude from any bar, and run once.
const RUNS: usize = 5;
/// Marks a result on its way out of the cage.
const RESULT: &str = "RESULT\t";

/// A NAT to classify, what it truly does, and the time allowed.
struct Course {
    name: &'static str,
    gateway: fn() -> nat::Gateway,
    /// Absent where UDP is dead.
    truth: Option<Truth>,
    /// The best that any measurement can make of it.
    best: Judgment,
    bar: Duration,
}

/// Every test is answered / some silence has to be waited for / UDP is dead.
const ANSWERED: Duration = Duration::from_millis(600);
const SILENT: Duration = Duration::from_millis(700);
const DEAD: Duration = Duration::from_secs(3);
/// No bar but the deadline.
const DEADLINE: Duration = Duration::from_secs(10);

const COURSES: [Course; 16] = [
    course("no NAT", nat::router, Some(Truth::routed(Ei)), ANSWERED),
    course("stateful firewall", nat::firewall, Some(Truth::routed(Apd)), SILENT),
    course("EIM + EIF", || nat::nat(Ei, Ei), Some(Truth::nat(Ei, Ei)), ANSWERED),
    course("EIM + ADF", || nat::nat(Ei, Ad), Some(Truth::nat(Ei, Ad)), SILENT),
    course("EIM + APDF", || nat::nat(Ei, Apd), Some(Truth::nat(Ei, Apd)), SILENT),
    course("ADM + EIF", || nat::nat(Ad, Ei), Some(Truth::nat(Ad, Ei)), ANSWERED),
    course("ADM + ADF", || nat::nat(Ad, Ad), Some(Truth::nat(Ad, Ad)), SILENT),
    course("ADM + APDF", || nat::nat(Ad, Apd), Some(Truth::nat(Ad, Apd)), SILENT),
    course("APDM + EIF", || nat::nat(Apd, Ei), Some(Truth::nat(Apd, Ei)), ANSWERED),
    course("APDM + ADF", || nat::nat(Apd, Ad), Some(Truth::nat(Apd, Ad)), SILENT),
    course("APDM + APDF", || nat::nat(Apd, Apd), Some(Truth::nat(Apd, Apd)), SILENT),
    course("open WAN input", nat::open_wan_router, Some(Truth::nat(Ei, Apd)), SILENT),
    course("host-wide filter", nat::host_wide_filter, Some(Truth::nat(Ei, Ad)), SILENT),
    // where the address changes with the destination, no control can vouch for the alternate one
    Course {
        best: Judgment::Silent,
        ..course("exit by destination", nat::exit_by_destination, Some(Truth::nat(Ad, Apd)), DEADLINE)
    },
    course("UDP dropped", nat::udp_dropped, None, DEAD),
    course("UDP rejected", nat::udp_rejected, None, DEAD),
];

const fn course(name: &'static str, gateway: fn() -> nat::Gateway, truth: Option<Truth>, bar: Duration) -> Course {
    Course { name, gateway, truth, best: Judgment::Right, bar }
}

/// Outside: runs every course in a cage of its own and prints the table. Inside: runs one.
pub(crate) fn run() {
    if let Some(course) = COURSES.iter().find(|course| cage::inside() && course.name == cage::story()) {
        match course.run() {
            Ok(result) => println!("{RESULT}{result}"),
            Err(why) => println!("{RESULT}SKIP\t{why}"),
        }
        cage::curtain();
    }
    let mut failures = Vec::new();
    for course in &COURSES {
        match cage::reenter(course.name, &["--bench"]) {
            Ok(output) => {
                let result = output.lines().find_map(|line| line.strip_prefix(RESULT)).unwrap_or_default();
                if let Some(why) = result.strip_prefix("SKIP\t") {
                    return cage::skip(why);
                }
                if course.name == COURSES[0].name {
                    header();
                }
                println!("{result}");
                if result.contains('!') {
                    failures.push(course.name);
                }
            }
            Err(Unplayed::Impossible(why)) => return cage::skip(&why),
            Err(Unplayed::Failed(output)) => {
                println!("| {:<19} | failed:\n{output}", course.name);
                failures.push(course.name);
            }
        }
    }
    println!("At {} ms round trip; nat-probe: median of {RUNS}; x: ratio to nat-probe;", 2 * ONE_WAY.as_millis());
    println!(
        "ok: right; ?: not all of it found out; wrong: says something untrue; !: nat-probe wrong or over its bar."
    );
    if !failures.is_empty() {
        println!("Missed: {}", failures.join(", "));
        if cage::required() {
            process::exit(1);
        }
    }
}

fn header() {
    println!("| {:<19} | {:>21} | {:>14} | {:>14} |", "behind", "nat-probe", "natdiscovery", "stun");
    println!("|{}|{}|{2}|{2}|", "-".repeat(21), "-".repeat(23), "-".repeat(16));
}

impl Course {
    /// Everybody's run over this course, as a row of the table.
    fn run(&self) -> Result<String, String> {
        let net = Internet::with(&[ALPHA, BETA]).delayed(ONE_WAY)?.behind((self.gateway)());
        if let Some(truth) = self.truth {
            net.truth(ALPHA, truth);
            self.check_distance();
        }
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            net.forget();
            runs.push(net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1"));
        }
        let worst = runs.iter().map(|run| self.judge(&ours(run))).max().unwrap_or(Judgment::Silent);
        let mut times: Vec<_> = runs.iter().map(|run| run.took).collect();
        times.sort();
        let median = times[RUNS / 2];
        let missed = if worst > self.best || median > self.bar { " !" } else { "" };
        let own = format!("{:.2} of {:.1} s {}{missed}", median.as_secs_f64(), self.bar.as_secs_f64(), worst.sign());

        let others = [("turnutils_natdiscovery", vec!["-m", "-f", ALPHA.at()]), ("stun", vec![ALPHA.at()])];
        let others = others.map(|(program, arguments)| {
            net.forget();
            let (took, said) = timed(program, &arguments);
            let verdict = if program == "stun" { vovida(&said) } else { coturn(&said) };
            let ratio = took.as_secs_f64() / median.as_secs_f64();
            format!("{:.2} x{ratio:.1} {}", took.as_secs_f64(), self.judge(&verdict).sign())
        });
        Ok(format!("| {:<19} | {own:>21} | {:>14} | {:>14} |", self.name, others[0], others[1]))
    }

    /// The detour makes the distance that it promises.
    fn check_distance(&self) {
        let began = Instant::now();
        netns::within("client", || prober::mapped(ALPHA.endpoint())).expect("an answer");
        let round_trip = began.elapsed();
        let fits = round_trip >= 2 * ONE_WAY && round_trip < 3 * ONE_WAY;
        assert!(fits, "{}: {round_trip:?} instead of {:?}", self.name, 2 * ONE_WAY);
    }

    /// Sets a verdict against the truth.
    fn judge(&self, verdict: &[Option<String>; 3]) -> Judgment {
        let truth = self.truth.map(Verdict::from);
        let truth = match truth {
            Some(truth) => [truth.connectivity, truth.mapping, truth.filtering],
            None => ["udp-blocked", "", ""],
        };
        let pairs = || verdict.iter().zip(truth).filter(|(_, truth)| !truth.is_empty());
        if pairs().any(|(said, truth)| said.as_deref().is_some_and(|said| said != truth)) {
            Judgment::Wrong
        } else if pairs().all(|(said, _)| said.is_some()) {
            Judgment::Right
        } else {
            Judgment::Silent
        }
    }
}

/// How a verdict stands to the truth, from best to worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judgment {
    Right,
    Silent,
    Wrong,
}

impl Judgment {
    fn sign(self) -> &'static str {
        match self {
            Self::Right => "ok",
            Self::Silent => "?",
            Self::Wrong => "wrong",
        }
    }
}

/// Connectivity, mapping and filtering in nat-probe's words; what a tool does not say is absent.
fn ours(run: &Run) -> [Option<String>; 3] {
    ["connectivity", "mapping/behavior", "filtering/behavior"].map(|member| {
        let said = run.text(&format!("/families/ipv4/{member}"));
        (!["", "inconclusive", "direct"].contains(&said)).then(|| said.to_owned())
    })
}

/// What `turnutils_natdiscovery` says; the last statement about each counts.
fn coturn(said: &str) -> [Option<String>; 3] {
    let statement = |subject: &str| {
        let line = said.lines().rev().find(|line| line.contains("NAT with") && line.contains(subject));
        line.map(|line| behavior(line.trim_start_matches(|c| c != 'w')))
    };
    // "No NAT!" of the first exchange is overruled by any "NAT with" that follows
    let (mapping, filtering) = (statement("Mapping"), statement("Filtering"));
    let translated = mapping.is_some() || filtering.is_some();
    let connectivity = translated.then(|| "nat".to_owned());
    [connectivity, mapping, filtering]
}

/// What Debian's stun says in its line "Primary: ...".
fn vovida(said: &str) -> [Option<String>; 3] {
    let primary = said.lines().find(|line| line.starts_with("Primary:")).unwrap_or_default();
    let words = |words: [&str; 3]| words.map(|word| (!word.is_empty()).then(|| word.to_owned()));
    if primary.contains("Open") {
        return words(["open", "none", "endpoint-independent"]);
    }
    if primary.contains("Firewall") {
        return words(["firewalled", "none", ""]);
    }
    if primary.contains("Blocked") {
        return words(["udp-blocked", "", ""]);
    }
    if !primary.contains("Mapping") {
        return words(["", "", ""]);
    }
    let filtering = match primary {
        line if line.contains("Independent Filter") => "endpoint-independent",
        line if line.contains("Port Dependent Filter") => "address-and-port-dependent",
        line if line.contains("Address Dependent Filter") || line.contains("Address Dependendent Filter") => {
            "address-dependent"
        }
        _ => "",
    };
    // "Dependent Mapping" leaves open on what
    let mapping = if primary.contains("Independent Mapping") { "endpoint-independent" } else { "" };
    words(["nat", mapping, filtering])
}

/// The behavior named in a sentence.
fn behavior(sentence: &str) -> String {
    let behavior = match sentence.to_lowercase() {
        line if line.contains("endpoint independent") => Ei,
        line if line.contains("address and port dependent") => Apd,
        _ => Ad,
    };
    behavior.name().to_owned()
}

/// Runs another tool on the client.
fn timed(program: &str, arguments: &[&str]) -> (Duration, String) {
    let mut command = Command::new("timeout");
    command.arg("30").arg(program).args(arguments).stdin(Stdio::null());
    let began = Instant::now();
    let output = netns::within("client", || command.output());
    let took = began.elapsed();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    (took, String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}
