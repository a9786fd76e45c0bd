//! The courses and the table of the TURN race: `nat-probe turn` beside coturn's own client, against coturn.
#![expect(clippy::disallowed_methods, reason = "a race is timed by the clock on the wall")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::cage::{self, Unplayed};
use crate::kit::coturn::{Coturn, NO_TLS, TURN, USERS};
use crate::kit::{ALPHA, Internet, nat, netns, prober};

/// Half the round trip.
const ONE_WAY: Duration = Duration::from_millis(20);
const RTT: u32 = 2 * 20;
/// Of these runs of nat-probe the median counts; coturn's client runs once.
const RUNS: usize = 5;
/// Marks a result on its way out of the cage.
const RESULT: &str = "RESULT\t";
/// Its client waits without end for a silent server.
const OTHERS_LIMIT: Duration = Duration::from_secs(30);

/// A server to test and the time allowed.
struct Course {
    name: &'static str,
    server: &'static str,
    /// What coturn is told beside its users.
    coturn: &'static str,
    password: &'static str,
    diagnosis: &'static str,
    bar: Duration,
}

/// A server that swallows everything.
const DEAD: &str = "198.51.100.99";

const COURSES: [Course; 4] = [
    Course {
        name: "TURN, working",
        server: "198.51.100.33",
        coturn: "",
        password: "open-sesame",
        diagnosis: "ok",
        bar: bar(8),
    },
    Course {
        name: "TURN, refused (442)",
        server: "198.51.100.33",
        coturn: "--no-udp-relay",
        password: "open-sesame",
        diagnosis: "unsupported-transport",
        bar: bar(4),
    },
    Course {
        name: "TURN, wrong password",
        server: "198.51.100.33",
        coturn: "",
        password: "wrong",
        diagnosis: "unknown-user-or-password",
        bar: bar(4),
    },
    Course {
        name: "TURN, silent",
        server: DEAD,
        coturn: "",
        password: "open-sesame",
        diagnosis: "no-answer",
        bar: Duration::from_secs(5),
    },
];

/// So many round trips and 300 ms.
const fn bar(round_trips: u32) -> Duration {
    Duration::from_millis((round_trips * RTT + 300) as u64)
}

/// Outside: runs every course in a cage of its own, prints the table, and says whether a bar was missed. Inside: runs one.
pub(crate) fn run() -> bool {
    if let Some(course) = COURSES.iter().find(|course| cage::inside() && course.name == cage::story()) {
        match course.run() {
            Ok(result) => println!("{RESULT}{result}"),
            Err(why) => println!("{RESULT}SKIP\t{why}"),
        }
        cage::curtain();
    }
    if cage::inside() {
        return false; // somebody else's course
    }
    let mut missed = false;
    println!("| {:<20} | {:>26} | {:>18} |", "against", "nat-probe turn", "turnutils_uclient");
    println!("|{}|{}|{}|", "-".repeat(22), "-".repeat(28), "-".repeat(20));
    for course in &COURSES {
        match cage::reenter(course.name, &["--bench"]) {
            Ok(output) => {
                let result = output.lines().find_map(|line| line.strip_prefix(RESULT)).unwrap_or_default();
                if let Some(why) = result.strip_prefix("SKIP\t") {
                    cage::skip(why);
                    return false;
                }
                println!("{result}");
                missed |= result.contains('!');
            }
            Err(Unplayed::Impossible(why)) => {
                cage::skip(&why);
                return false;
            }
            Err(Unplayed::Failed(output)) => {
                println!("| {:<20} | failed:\n{output}", course.name);
                missed = true;
            }
        }
    }
    println!(
        "At {RTT} ms round trip; nat-probe: median of {RUNS} runs, quality left out; turnutils_uclient: -y -c -n 1 -m 1;"
    );
    println!("x: ratio to nat-probe; >: stopped after that time; !: over its bar, or another diagnosis.\n");
    missed
}

impl Course {
    /// Everybody's run over this course, as a row of the table.
    fn run(&self) -> Result<String, String> {
        let net = Internet::with(&[ALPHA, TURN]).delayed(ONE_WAY)?.swallowing(DEAD).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS} {}", self.coturn));
        let began = Instant::now();
        netns::within("client", || prober::mapped(TURN.endpoint())).expect("an answer");
        assert!(began.elapsed() >= 2 * ONE_WAY, "the detour makes the distance that it promises");

        fs::write("/run/race-password", self.password).map_err(|error| error.to_string())?;
        let Self { server, .. } = self;
        let mut times = Vec::new();
        let mut right = true;
        for _ in 0..RUNS {
            let run = net.turn(&format!("-u alice --password-file /run/race-password -4 turn:{server}"));
            if run.text("/results/0/diagnosis/code") != self.diagnosis {
                right = false;
                eprintln!("{run}");
            }
            times.push(run.took);
        }
        coturn.assert_no_allocation_left();
        times.sort();
        let median = times[RUNS / 2];
        let sign = if right && median <= self.bar { "ok" } else { "!" };
        let own = format!("{:.2} of {:.2} s {sign}", median.as_secs_f64(), self.bar.as_secs_f64());

        let (took, ended) = uclient(server, self.password);
        let more = if ended { "" } else { ">" };
        let ratio = took.as_secs_f64() / median.as_secs_f64();
        let other = format!("{more}{:.2} s x{more}{ratio:.1}", took.as_secs_f64());
        Ok(format!("| {:<20} | {own:>26} | {other:>18} |", self.name))
    }
}

/// coturn's own client: how long it took, and whether it came to an end by itself.
fn uclient(server: &str, password: &str) -> (Duration, bool) {
    let mut command = Command::new("timeout");
    command.arg(OTHERS_LIMIT.as_secs().to_string()).arg("turnutils_uclient");
    command.args(["-y", "-c", "-n", "1", "-m", "1", "-u", "alice", "-w", password, server]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = netns::within("client", || command.status());
    let took = began.elapsed();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    (took, status.code() != Some(124))
}
