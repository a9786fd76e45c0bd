//! Logs of libdatachannel (libjuice) and of aioice, of calls between two namespaces behind two NATs: the name is the truth.

use super::super::*;
use super::redaction::unpacked;
use super::{codes, explained, file};

fn log(name: &str) -> String {
    String::from_utf8(unpacked(&file(&format!("{name}.log.gz")))).unwrap()
}

/// Each log with how far it came, and what is told of it.
fn all(folder: &str, format: Format, table: &[(&str, &str, &[&str])]) {
    let mut different = Vec::new();
    for (name, progress, expected) in table {
        let explanation = explained(log(&format!("{folder}/{name}")).as_bytes());
        let found = (explanation.format, explanation.connections[0].progress.as_str(), codes(&explanation));
        if found != (format, *progress, expected.iter().map(|code| (*code).to_owned()).collect()) {
            different.push(format!("{name}: {found:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn the_log_of_libdatachannel_tells_what_was_tried_and_refused() {
    all(
        "juice",
        Format::JuiceLog,
        &[
            ("home-home-none", "connected", &["(no-turn-configured/certain)"]),
            ("home-symmetric-turn", "connected", &[]),
            ("home-symmetric-none", "failed", &["nothing-arrived/certain", "no-turn-configured/certain"]),
            ("home-symmetric-refusing", "failed", &["turn-credentials-refused/certain", "nothing-arrived/certain"]),
            (
                "home-symmetric-forbidding",
                "failed",
                &[
                    "relay-permission-refused/certain",
                    "relays-of-one-server/likely",
                    "nothing-arrived/certain",
                    "mapping-depends-there/certain",
                ],
            ),
            ("home-symmetric-silent", "failed", &["nothing-arrived/certain", "turn-unreachable/certain"]),
            (
                "blocked-home-turn",
                "failed",
                &["nothing-arrived/certain", "only-local-here/certain", "turn-unreachable/certain"],
            ),
            ("wrong-password", "failed", &["stale-candidates/likely", "(no-turn-configured/certain)"]),
            ("consent-lost", "lost", &["lost-after-connected/certain", "(no-turn-configured/certain)"]),
        ],
    );
}

#[test]
fn the_log_of_aioice_tells_what_was_tried_and_refused() {
    all(
        "aioice",
        Format::AioiceLog,
        &[
            ("home-home-none", "connected", &[]),
            ("symmetric-symmetric-turn", "connected", &[]),
            ("home-symmetric-none", "failed", &["nothing-arrived/certain"]),
            ("home-symmetric-refusing", "failed", &["turn-credentials-refused/certain", "nothing-arrived/certain"]),
            ("home-symmetric-forbidding", "failed", &["relay-permission-refused/certain", "nothing-arrived/certain"]),
            // Whoever gave up before that has been told so far.
            ("home-symmetric-silent", "checking", &["turn-unreachable/certain"]),
            ("blocked-home-turn", "failed", &["nothing-arrived/certain", "turn-unreachable/certain"]),
            ("wrong-password", "failed", &["stale-candidates/likely"]),
            ("consent-lost", "lost", &["lost-after-connected/certain"]),
            // On this level nobody counts, and no server speaks.
            ("home-symmetric-refusing.info", "failed", &["nothing-answered/certain"]),
        ],
    );
}

/// On the level of information libdatachannel tells states and servers, and no candidate.
#[test]
fn what_a_level_leaves_out_is_not_missing() {
    let quiet = |name: &str| -> String {
        let levels = [" INFO ", " WARN ", " ERROR "];
        let kept = |line: &&str| levels.iter().any(|level| line.contains(level));
        log(name).lines().filter(kept).flat_map(|line| [line, "\n"]).collect()
    };
    for (name, progress, expected) in [
        ("home-home-none", "connected", vec!["(no-turn-configured/certain)"]),
        ("home-symmetric-turn", "connected", vec![]),
        ("home-symmetric-none", "failed", vec!["no-turn-configured/certain"]),
        ("home-symmetric-refusing", "failed", vec!["turn-credentials-refused/certain"]),
        ("home-symmetric-forbidding", "failed", vec!["relay-permission-refused/certain"]),
        ("home-symmetric-silent", "failed", vec!["turn-unreachable/certain"]),
    ] {
        let explanation = explained(quiet(&format!("juice/{name}")).as_bytes());
        assert_eq!(
            (explanation.connections[0].progress.as_str(), codes(&explanation)),
            (progress, expected.into_iter().map(str::to_owned).collect()),
            "{name}"
        );
    }
}

#[test]
fn passwords_in_logs_are_not_repeated() {
    let text = log("juice/wrong-password");
    assert!(text.contains("jYX5TFeVRxva/f0YP3YFGW"));
    assert!(!format!("{:?}", explained(text.as_bytes())).contains("jYX5TFeVRxva"));
}

#[test]
fn what_hangs_up_is_not_lost() {
    let text = log("juice/home-home-none");
    let open: String = text
        .lines()
        .take_while(|line| !line.contains("state to closed") && !line.contains("SCTP disconnected"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let hung_up =
        "2026-11-27 11:58:10.000 INFO  [1] [rtc::impl::SctpTransport::processNotification@876] SCTP disconnected\n";
    let lost = "2026-11-27 11:58:10.001 INFO  [1] [rtc::impl::PeerConnection::changeState@1356] Changed state to disconnected\n";
    let progress = |text: String| explained(text.as_bytes()).connections[0].progress.clone();
    assert_eq!(progress(open.clone() + hung_up + lost), "connected");
    assert_eq!(progress(open + lost), "lost");
}

#[test]
fn connections_that_no_line_names_are_not_mixed() {
    let both = log("juice/home-symmetric-refusing") + &log("juice/home-home-none");
    let explanation = explained(both.as_bytes());
    assert_eq!(
        (codes(&explanation), explanation.connections[0].progress.as_str()),
        (vec!["turn-credentials-refused/certain".to_owned()], "untold")
    );
    assert!(explanation.notes[0].starts_with("several connections wrote into it"), "{:?}", explanation.notes);
    // aioice numbers its own.
    let both =
        log("aioice/home-home-none") + &log("aioice/home-symmetric-none").replace("Connection(0)", "Connection(1)");
    let told: Vec<String> = explained(both.as_bytes()).connections.into_iter().map(|it| it.progress).collect();
    assert_eq!(told, ["connected", "failed"]);
}

#[test]
fn older_versions_and_other_loggers_say_the_same() {
    let new = log("aioice/home-symmetric-none");
    let told = codes(&explained(new.as_bytes()));
    // Before 0.9 the attributes of messages were not told, and the loggers had other names.
    let bare: Vec<String> = new
        .lines()
        .map(|line| line.split(", attributes=").next().unwrap().replace("aioice.ice:", "ice:") + ")")
        .collect();
    assert_eq!(codes(&explained(bare.join("\n").as_bytes())), told);
    let dated: Vec<String> = new.lines().map(|line| format!("2026-11-27T10:00:00.123Z app-1 {line}")).collect();
    assert_eq!(codes(&explained(dated.join("\n").as_bytes())), told);
}

/// Two public addresses of the other end may be of a server that has both.
#[test]
fn what_aioice_does_not_tell_of_the_other_end_is_not_taken_for_its_nat() {
    let other = "INFO:aioice.ice:Connection(0) Check CandidatePair(('10.0.0.2', 1) -> ('203.0.113.130', 5)) State.IN_PROGRESS -> State.FAILED\nINFO:aioice.ice:Connection(0) ICE failed";
    let text = log("aioice/home-symmetric-none").replace("INFO:aioice.ice:Connection(0) ICE failed", other);
    assert_eq!(codes(&explained(text.as_bytes())), ["nothing-arrived/certain"]);
}
