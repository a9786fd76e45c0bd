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
        // From the level notice on it does not tell of permissions, so that nothing follows from none.
        ("Creating TURN allocation (lifetime: 600 seconds)", vec![]),
        ("Rejecting allocation request: Client address is blacklisted", vec!["turn-refused/certain"]),
        ("Rejecting request: Method not allowed", vec!["turn-refused/certain"]),
        (
            "Rejecting channel binding request: Peer already bound to a different channel (4001)",
            vec!["turn-refused/certain"],
        ),
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

/// As ejabberd 23.01 wrote them: a line says where in the source it was written, and no permission is told.
#[test]
fn the_log_of_ejabberd_is_one_too() {
    let text = "2026-11-27 04:35:17.090092+00:00 [info] <0.330.0>@ejabberd_listener:init/4:127 Start accepting UDP connections at 198.51.100.5:3478 for ejabberd_stun\n\
        2026-11-27 04:35:22.340430+00:00 [notice] <0.466.0>@turn:wait_for_allocate/2:219 Creating TURN allocation (lifetime: 600 seconds) [UDP, session 0plfj0lyqjgt, user alice, client 198.51.100.9:59780, relay 198.51.100.5:54656]\n\
        2026-11-27 04:35:22.751140+00:00 [notice] <0.466.0>@turn:terminate/3:482 Relayed 20 KiB (in 10020 B / 45 packets, out 10040 B / 46 packets), duration: 0 seconds [UDP, session 0plfj0lyqjgt, user alice, client 198.51.100.9:59780, relay 198.51.100.5:54656]\n";
    let explanation = log(text);
    assert_eq!(
        (explanation.format, codes(&explanation)),
        (Format::EturnalLog, Vec::<String>::new()),
        "{explanation:?}"
    );
    let why = "2026-11-27 04:35:22.1+00:00 [info] Have no password for: bob [UDP, session a, user bob, client 198.51.100.9:1]\n\
        2026-11-27 04:35:22.1+00:00 [notice] Failed long-term STUN/TURN authentication [UDP, session a, user bob, client 198.51.100.9:1]\n";
    assert!(log(why).findings[0].text.contains("does not know the user"), "{:?}", log(why).findings);
}

/// Threads of a server write between each other's lines.
#[test]
fn each_login_has_its_own_reason() {
    let session = |number: u32, user: &str, rest: &str| {
        format!(
            "1: : session {number:03}000000000000001: realm <ex> user <{user}>: incoming packet message processed, {rest}\n"
        )
    };
    let text = [
        session(1, "", "error 401: Unauthorized"),
        session(2, "", "error 401: Unauthorized"),
        "1: : ERROR: check_stun_auth: user alice credentials are incorrect\n".to_owned(),
        "1: : ERROR: check_stun_auth: Cannot find credentials of user <bob>\n".to_owned(),
        session(1, "alice", "error 401: Unauthorized"),
        session(2, "bob", "error 401: Unauthorized"),
    ]
    .concat();
    let reasons: Vec<String> = steps(&log(&text))
        .into_iter()
        .filter(|step| step.authenticated)
        .map(|step| match step.outcome {
            RelayOutcome::Refused { reason, .. } => format!("{}: {reason}", step.user.unwrap_or_default()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(reasons, ["alice: the user's credentials are incorrect", "bob: Cannot find credentials of the user"]);
}

#[test]
fn a_time_limited_name_is_compared_with_the_clock_of_the_log() {
    let refused = |prefix: &str, user: &str| {
        format!(
            "{prefix}ERROR: check_stun_auth: Cannot find credentials of user <{user}>\n\
             {prefix}session 001000000000000001: realm <ex> user <{user}>: incoming packet message processed, error 401: Unauthorized\n"
        )
    };
    let dated = "2023-11-14T22:13:20+0000: ";
    for (prefix, user, told) in [
        (dated, "1699999999:alice", ": they have expired"),
        (dated, "1700000001:alice", "signed with another secret"),
        ("12: : ", "1699999999:alice", "has expired, or is signed"),
        (dated, "alice", "does not know the user"),
    ] {
        let explanation = log(&refused(prefix, user));
        assert!(explanation.findings[0].text.contains(told), "{prefix}{user}: {:?}", explanation.findings[0].text);
    }
}

#[test]
fn what_a_logger_put_into_json_is_read_as_it_was() {
    let lines = [
        "0: : session 001000000000000001: new, realm=<ex>, username=<alice>, lifetime=600",
        "0: : ERROR: A peer IP 10.20.0.5 denied in the range: 10.0.0.0-10.255.255.255",
        "0: : session 001000000000000001: realm <ex> user <alice>: incoming packet CREATE_PERMISSION processed, error 403: Forbidden IP",
        "0: : session 001000000000000001: closed (2nd stage), user <alice> realm <ex> origin <>, local 203.0.113.9:3478, remote 192.0.2.7:40000, reason: allocation timeout",
    ];
    let plain = log(&lines.join("\n"));
    let docker = |line: &str| serde_json::json!({ "log": format!("{line}\n"), "stream": "stdout", "time": "2023-11-14T22:13:20.5Z" });
    let journal = |line: &str| serde_json::json!({ "MESSAGE": line, "__REALTIME_TIMESTAMP": "1700000000500000" });
    for wrapped in [lines.map(|line| docker(line).to_string()), lines.map(|line| journal(line).to_string())] {
        let read = log(&wrapped.join("\n"));
        assert_eq!((read.format, codes(&read)), (plain.format, codes(&plain)));
        assert_eq!(read.events.iter().map(|event| &event.what).collect::<Vec<_>>().len(), plain.events.len());
        assert_eq!(read.events[0].time_ms, Some(1_700_000_000_500));
        let last = |explanation: &Explanation| steps(explanation).last().and_then(|step| step.client);
        assert_eq!(last(&read), last(&plain));
    }
}

#[test]
fn what_is_wrong_with_the_server_is_told_from_what_follows_from_it() {
    let bind = "0: : bind: Cannot assign requested address\n";
    let none = "0: : create_relay_ioa_sockets: no available ports 3\n";
    let refused = "0: : session 001000000000000001: realm <ex> user <alice>: incoming packet ALLOCATE processed, error 508: Cannot create socket\n";
    let troubles = |text: &str| {
        let explanation = log(text);
        let told = explanation.findings.iter().filter(|found| found.code == CauseCode::ServerMisconfigured);
        told.map(|found| found.text.clone()).collect::<Vec<_>>()
    };
    let own = troubles(&[bind, bind, none, refused].concat());
    assert!(own.len() == 1 && own[0].contains("not one of its host"), "{own:?}");
    let ports = troubles(&[none, refused].concat());
    assert!(ports.len() == 1 && ports[0].contains("no free relay port"), "{ports:?}");
    let key = troubles(&format!("0: : ERROR: TLS1.2: ERROR: invalid private key\n{refused}"));
    assert!(key.len() == 1 && key[0].contains("not that of its certificate"), "{key:?}");
    let realm = log(
        "0: : ERROR: check_stun_auth: wrong realm: my realm\n0: : session 001000000000000001: realm <my realm> user <>: incoming packet message processed, error 400: Bad Request\n",
    );
    assert!(realm.findings[0].text.contains("wrong realm"), "{:?}", realm.findings);
    let user = log(
        "0: : ERROR: check_stun_auth: wrong username: John Smith\n0: : session 001000000000000001: realm <x> user <>: incoming packet message processed, error 400: Bad Request\n",
    );
    assert!(user.findings[0].text.contains("no user name with a blank"), "{:?}", user.findings);
}

/// However long the log is, what was refused at its end is told, and nobody is taken for refused who was let in before.
#[test]
fn of_a_long_log_what_was_refused_counts() {
    let mut lines = Vec::new();
    let mut add = |session: usize, rest: &str| lines.push(format!("1: : session 001{session:015}: {rest}\n"));
    for session in 0..60_000 {
        add(session, "new, realm=<ex>, username=<alice>, lifetime=600");
        add(session, "realm <ex> user <alice>: incoming packet CREATE_PERMISSION processed, success");
        add(session, "peer usage: realm=<ex>, username=<alice>, rp=1, rb=1, sp=1, sb=1");
    }
    add(59_999, "realm <ex> user <alice>: incoming packet message processed, error 401: Unauthorized");
    add(70_000, "realm <ex> user <bob>: incoming packet ALLOCATE processed, error 486: Allocation Quota Reached");
    let explanation = log(&lines.concat());
    assert_eq!(codes(&explanation), ["turn-quota-reached/certain"], "{:?}", explanation.findings);
    assert!(explanation.events.len() < 100_000 && explanation.notes.iter().any(|note| note.contains("left out")));
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

/// Which version reads it is not in the file.
#[test]
fn a_configuration_is_read_by_old_and_new_rules() {
    let explanation = log("user=a:b\nrealm=x\ndenied-peer-ip=10.0.0.0/8\nstateless-nonce\nlistening-port=3478\n");
    let told = |code: &str| {
        let of = |found: &&Finding| found.text.contains(&format!("[{code}]"));
        explanation.findings.iter().find(of).map(|found| found.text.as_str()).unwrap_or_default()
    };
    let peers = told("peers-malformed");
    assert!(peers.contains("with coturn 4.6.1, the rule does not work") && peers.contains("does not start"), "{peers}");
    assert!(told("key-of-another-version").contains("with coturn 4.6.1, stateless-nonce came with"), "{explanation:?}");
}
