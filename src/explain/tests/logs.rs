//! Logs of servers: every age of coturn, with and without what stands in front of its lines, and eturnal.

use super::super::*;
use super::codes;
use traffic::{RelayOutcome, RelayRequest};

fn log(text: &str) -> Explanation {
    explain(read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn steps(explanation: &Explanation) -> Vec<traffic::RelayStep> {
    let pick = |event: &event::Event| match &event.what {
        event::What::Relay(step) => Some((**step).clone()),
        _ => None,
    };
    explanation.events.iter().filter_map(pick).collect()
}

#[test]
fn every_age_of_coturn_says_the_same() {
    let lines = [
        (
            "session 002000000000000007: realm <ex> user <>: incoming packet message processed, error 401: Unauthorized",
            "",
        ),
        ("IPv4. Local relay addr: 203.0.113.9:50000", ""),
        ("session 002000000000000007: new, realm=<ex>, username=<1700003600:alice>, lifetime=600", ""),
        (
            "session 002000000000000007: realm <ex> user <1700003600:alice>: incoming packet ALLOCATE processed, success",
            "",
        ),
        ("A peer IP 10.20.0.5 denied in the range: 10.0.0.0-10.255.255.255", "ERROR: "),
        (
            "session 002000000000000007: realm <ex> user <1700003600:alice>: incoming packet CREATE_PERMISSION processed, error 403: Forbidden IP",
            "",
        ),
        (
            "session 002000000000000007: closed (2nd stage), user <1700003600:alice> realm <ex> origin <>, local 203.0.113.9:3478, remote 192.0.2.7:40000, reason: allocation timeout",
            "",
        ),
    ];
    let plain = |prefix: &str| {
        lines.iter().map(|(line, level)| format!("{prefix}{level}{line}\n")).collect::<Vec<_>>().concat()
    };
    let first = log(&plain("12: : "));
    assert_eq!(codes(&first), ["relay-permission-refused/certain"]);
    let refused = steps(&first).into_iter().find(|step| step.step == RelayRequest::Permission).unwrap();
    assert_eq!(refused.code(), Some(403));
    assert_eq!(refused.peer.map(|peer| peer.ip().to_string()).as_deref(), Some("10.20.0.5"));
    assert_eq!(refused.relayed.map(|it| it.to_string()).as_deref(), Some("203.0.113.9:50000"));
    assert_eq!(refused.client.map(|it| it.to_string()).as_deref(), Some("192.0.2.7:40000"));
    for prefix in [
        "12: (31): INFO: ",
        "2026-08-02T12:00:00.123+0000 INFO ",
        "Nov 14 22:13:20 host turnserver[9]: 12: : ",
        "turn-1  | 2026-08-02T12:00:00.123+0000 INFO ",
        "> 12: : ",
    ] {
        let other = log(&plain(prefix));
        assert_eq!((other.format, codes(&other)), (Format::CoturnLog, codes(&first)), "{prefix}");
        assert_eq!(steps(&other).len(), steps(&first).len(), "{prefix}");
    }
    let new = "2026-08-02T12:00:00.1+0000 ERROR session 002000000000000007: A peer IP 10.20.0.5 denied in the range: 10.0.0.0-10.255.255.255 in server 1 \n\
               2026-08-02T12:00:00.1+0000 INFO session 002000000000000007: realm <ex> user <a>: incoming packet CREATE_PERMISSION processed, error 403: Forbidden IP\n";
    assert_eq!(steps(&log(new))[0].peer.map(|peer| peer.ip().to_string()).as_deref(), Some("10.20.0.5"));
}

#[test]
fn the_log_says_why_a_login_was_refused() {
    let refused = |why: &str| {
        format!(
            "1: : session 001000000000000001: realm <ex> user <>: incoming packet message processed, error 401: Unauthorized\n\
             1: : ERROR: check_stun_auth: {why}\n\
             1: : session 001000000000000001: realm <ex> user <alice>: incoming packet message processed, error 401: Unauthorized\n"
        )
    };
    for (why, told) in [
        ("user alice credentials are incorrect", "the password is wrong"),
        ("Cannot find credentials of user <alice>", "it does not know the user"),
    ] {
        let explanation = log(&refused(why));
        assert_eq!(codes(&explanation), ["turn-credentials-refused/certain"]);
        assert!(explanation.findings[0].text.contains(told), "{:?}", explanation.findings);
    }
    // The first 401 is usual, and one that is followed by an allocation too.
    let usual = "1: : session 001000000000000001: realm <ex> user <>: incoming packet message processed, error 401: Unauthorized\n\
                 1: : session 001000000000000001: new, realm=<ex>, username=<alice>, lifetime=600\n";
    assert_eq!((codes(&log(usual)).len(), log(usual).outcome), (1, Outcome::NothingWrong), "{:?}", codes(&log(usual)));
}

#[test]
fn each_refusal_of_a_server_is_named() {
    for (line, code) in [
        ("incoming packet ALLOCATE processed, error 486: Allocation Quota Reached", "turn-quota-reached"),
        ("incoming packet ALLOCATE processed, error 508: Cannot create socket", "turn-refused"),
        ("incoming packet ALLOCATE processed, error 442: Unsupported Transport Protocol", "turn-refused"),
        ("incoming packet ALLOCATE processed, error 437: Wrong TID", "turn-allocation-mismatch"),
        ("incoming packet REFRESH processed, error 437: Invalid allocation", "turn-allocation-mismatch"),
        ("incoming packet CREATE_PERMISSION processed, error 443: Peer Address Family Mismatch", "turn-refused"),
        ("incoming packet CHANNEL_BIND processed, error 403: Forbidden IP", "relay-permission-refused"),
    ] {
        let explanation = log(&format!("1: : session 001000000000000001: realm <ex> user <alice>: {line}\n"));
        assert_eq!(codes(&explanation), [format!("{code}/certain")], "{line}");
    }
    let stale = "1: : session 001000000000000001: realm <ex> user <alice>: incoming packet message processed, error 438: Wrong nonce\n";
    assert_eq!(codes(&log(stale)), [""; 0], "now and then it is usual");
    assert_eq!(codes(&log(&stale.repeat(10))), ["nonce-stale/certain"]);
    let usage = "9: : session 001000000000000001: usage: realm=<ex>, username=<alice>, rp=9, rb=1, sp=9, sb=1\n9: : session 001000000000000001: peer usage: realm=<ex>, username=<alice>, rp=0, rb=0, sp=40, sb=9\n";
    assert_eq!(codes(&log(usage)), ["relay-unanswered/certain"]);
    let silent = log("0: : IPv4. UDP listener opened on: 192.0.2.2:3478\n");
    assert!(silent.notes[0].contains("verbose") && silent.outcome == Outcome::CouldNotTell, "{silent:?}");
}

#[test]
fn a_log_of_an_hour_is_no_more_than_its_sessions() {
    let line = "1: : session 001000000000000001: realm <ex> user <alice>: incoming packet CREATE_PERMISSION processed, error 403: Forbidden IP\n";
    let explanation = log(&line.repeat(100_000));
    let all = steps(&explanation);
    assert_eq!((all.len(), all[0].times.count), (1, 100_000));
}

#[test]
fn eturnal_is_read_by_its_own_texts() {
    let about = "[UDP, session abc, user bob, client 192.0.2.7:40000, relay 203.0.113.9:50000]";
    let line = |text: &str| format!("2023-11-14 22:13:20.123456+00:00 [notice] {text} {about}\n");
    for (text, expected) in [
        ("Creating TURN allocation (lifetime: 600 seconds)", vec!["(permission-missing/certain)"]),
        ("Failed long-term STUN/TURN authentication", vec!["turn-credentials-refused/certain"]),
        ("Rejecting request: credentials expired", vec!["turn-credentials-refused/certain"]),
        ("Rejecting permission creation request: Forbidden", vec!["relay-permission-refused/certain"]),
        ("Rejecting request: Allocation quota reached", vec!["turn-quota-reached/certain"]),
        (
            "Relayed 4 KiB (in 0 B / 0 packets, out 900 B / 9 packets), duration: 20 seconds",
            vec!["relay-unanswered/certain"],
        ),
        ("Rejecting request: Missing realm and nonce", vec![]),
    ] {
        let explanation = log(&line(text));
        assert_eq!(
            (explanation.format, codes(&explanation)),
            (Format::EturnalLog, expected.iter().map(|&code| code.to_owned()).collect()),
            "{text}"
        );
    }
    let step = &steps(&log(&line("Creating TURN allocation (lifetime: 600 seconds)")))[0];
    assert_eq!(
        (step.outcome.clone(), step.lifetime_s, step.user.as_deref()),
        (RelayOutcome::Granted, Some(600), Some("bob"))
    );
}

#[test]
fn a_configuration_is_explained_by_the_rules_of_turn_lint() {
    let explanation =
        log("use-auth-secret\nstatic-auth-secret=hunter2 # ours\nrealm=example.org\nno-tls\nlistening-port=3478\n");
    assert_eq!((explanation.format, explanation.outcome), (Format::TurnserverConf, Outcome::FaultFound));
    let found = &explanation.findings[0];
    assert!(
        found.code == CauseCode::ServerMisconfigured
            && found.text.contains("comment-in-value")
            && found.because == ["line 2"],
        "{found:?}"
    );
    assert!(!format!("{explanation:?}").contains("hunter2"));
}
