//! The race: nat-probe beside coturn's `turnutils_natdiscovery -m -f` and Debian's `stun`, behind every NAT of the kernel lab at
//! 40 ms round trip, and `nat-probe turn` beside coturn's `turnutils_uclient`. Seconds and verdict each, held against the bars the
//! project has set itself. A bar missed or a verdict wrong is an error where `NAT_PROBE_LAB=require`. With the argument `turn` the
//! TURN race is run alone.

#[cfg(target_os = "linux")]
#[path = "../tests/lab/kit/mod.rs"]
mod kit;

#[cfg(target_os = "linux")]
#[path = "../tests/lab/race.rs"]
mod race;

#[cfg(target_os = "linux")]
#[path = "../tests/lab/turn_race.rs"]
mod turn_race;

fn main() {
    // `cargo test --benches` runs this too, with another flag: that is no time for a race.
    if std::env::args().any(|argument| argument == "--bench") {
        #[cfg(target_os = "linux")]
        {
            // first: the other one ends the process where a bar was missed
            let missed = turn_race::run();
            if !std::env::args().any(|argument| argument == "turn") {
                race::run();
            }
            std::process::exit(i32::from(missed && kit::cage::required()));
        }
        #[cfg(not(target_os = "linux"))]
        println!("LAB SKIPPED: the kernel lab is made of Linux namespaces");
    }
}
