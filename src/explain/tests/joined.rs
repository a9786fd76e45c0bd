//! What a server's log and configuration are put together with, and what is told by that.

use super::super::*;
use super::calls::file_of;

fn input(name: &str, bytes: &[u8]) -> Input {
    let reading = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    Input { name: name.to_owned(), reading }
}

fn of_call(call: &str, files: &[&str]) -> Vec<Input> {
    let one = |file: &&str| input(file.trim_end_matches(".gz"), &file_of(call, file));
    files.iter().map(one).collect()
}

fn of_code(explanation: &Explanation, code: CauseCode) -> Vec<&Finding> {
    explanation.findings.iter().filter(|finding| finding.code == code).collect()
}

const FORBIDDING: &str = "chromium-home-symmetric-forbidding";
const DENY: &str =
    "# nobody\nrealm=lab.example\nuser=alice:secret\nlistening-port=3478\ndenied-peer-ip=0.0.0.0-255.255.255.255\n";

#[test]
fn a_log_and_a_configuration_are_of_the_call_that_used_the_server() {
    let mut files = of_call(FORBIDDING, &["here.internals.json.gz", "coturn.log.gz"]);
    files.push(input("turnserver.conf", DENY.as_bytes()));
    let all = explain_together(files);
    assert_eq!((all.calls.len(), &*all.calls[0].joined_by), (1, &["the realm lab.example".to_owned()][..]));
    let refused = of_code(&all, CauseCode::RelayPermissionRefused);
    assert_eq!((refused.len(), refused[0].certainty), (1, Certainty::Certain));
    let line = "turnserver.conf: line 5 (denied-peer-ip=0.0.0.0-255.255.255.255) denies it";
    assert!(refused[0].fix.starts_with(line), "{}", refused[0].fix);
    assert_eq!(refused[0].because[0], "turnserver.conf: line 5");
    // Both ends asked that server, and what is certain is told first.
    let parties: std::collections::BTreeSet<_> = all
        .events
        .iter()
        .filter(|event| matches!(event.what, event::What::Relay(_)))
        .map(|event| event.party)
        .collect();
    assert_eq!(parties.len(), 2, "the sessions of the other end are of this call too");
    assert!(all.calls[0].sentence.contains("refused to relay to"), "{}", all.calls[0].sentence);
}

#[test]
fn without_its_configuration_the_range_of_the_log_is_named() {
    let all = explain_together(of_call(FORBIDDING, &["coturn.log.gz"]));
    let refused = of_code(&all, CauseCode::RelayPermissionRefused);
    assert!(refused[0].fix.starts_with("take denied-peer-ip=0.0.0.0-255.255.255.255 out of"), "{}", refused[0].fix);
}

#[test]
fn a_configuration_that_is_not_the_running_one_is_found_out() {
    let log = || of_call(FORBIDDING, &["here.internals.json.gz", "coturn.log.gz"]);
    let with = |conf: &str| {
        let mut files = log();
        files.push(input("turnserver.conf", conf.as_bytes()));
        explain_together(files)
    };
    let other =
        with("realm=lab.example\nuser=alice:secret\nlistening-port=3478\ndenied-peer-ip=10.0.0.0-10.255.255.255\n");
    let refused = of_code(&other, CauseCode::RelayPermissionRefused);
    assert!(refused[0].fix.contains("no line of the configuration that was given denies it"), "{}", refused[0].fix);
    let stranger = with("realm=other.example\nuser=alice:secret\nlistening-port=3478\n");
    assert_eq!(stranger.calls.len(), 2);
    let told = "turnserver.conf: its realm is other.example, and that of the server that was used is lab.example";
    assert!(stranger.notes.iter().any(|note| note.starts_with(told)), "{:?}", stranger.notes);
}

/// A dump alone only guesses at the 403: the configuration says whether it can be.
#[test]
fn a_configuration_speaks_for_or_against_a_guess() {
    let with = |conf: &str| {
        let mut files = of_call(FORBIDDING, &["here.internals.json.gz"]);
        files.push(input("turnserver.conf", conf.as_bytes()));
        let all = explain_together(files);
        let refused = of_code(&all, CauseCode::RelayPermissionRefused);
        (all.calls.len(), refused[0].certainty, refused[0].fix.clone())
    };
    let (calls, certainty, fix) = with(DENY);
    assert_eq!((calls, certainty), (1, Certainty::Likely));
    assert!(fix.starts_with("turnserver.conf: line 5"), "{fix}");
    assert_eq!(with("realm=lab.example\nuser=alice:secret\nlistening-port=3478\n").1, Certainty::Possible);
    let allowed = format!("{DENY}allowed-peer-ip=203.0.113.0-203.0.113.255\n");
    assert_eq!(with(&allowed).1, Certainty::Possible, "what is allowed wins");
}

/// A login that is refused has no relayed address, and a NAT may have changed the port.
#[test]
fn refused_logins_are_joined_by_port_address_and_time() {
    let all =
        explain_together(of_call("chromium-home-symmetric-refusing", &["here.internals.json.gz", "coturn.log.gz"]));
    let refused = of_code(&all, CauseCode::TurnCredentialsRefused);
    assert!(refused[0].text.contains("of 4 of 4 clients") && refused[0].certainty == Certainty::Certain, "{refused:?}");
    assert!(all.notes.iter().any(|note| note.contains("by their time and their client's address")), "{:?}", all.notes);
    assert_eq!(all.calls.len(), 1);
}

/// Nothing of the call is in the log but that a login was refused when the browser was told so.
#[test]
fn a_login_refused_at_that_time_is_taken_for_the_calls() {
    let dump = |at: u64| {
        let error = serde_json::json!({ "url": "turn:turn.example.org:3478", "error_code": 401, "error_text": "Unauthorized", "host_candidate": "10.0.0.x:9" });
        let log = serde_json::json!([{ "type": "onicecandidateerror", "value": error.to_string(), "timestamp": at }]);
        let connection = serde_json::json!({ "url": "https://call.example", "rtcConfiguration": "{\"iceServers\":[{\"urls\":[\"turn:turn.example.org\"]}],\"iceTransportPolicy\":\"relay\"}", "updateLog": log, "stats": {} });
        serde_json::json!({ "PeerConnections": { "1-1": connection } }).to_string()
    };
    let line = |time: &str, session: u32, text: &str| format!("{time} INFO session {session:018}: realm <ex> {text}\n");
    let log = |time: &str| {
        line(time, 7, "user <>: incoming packet message processed, error 401: Unauthorized")
            + &line(time, 7, "user <bob>: incoming packet message processed, error 401: Unauthorized")
    };
    // 2023-11-14T22:13:20Z
    let together = |at: u64, time: &str| {
        explain_together(vec![input("a.json", dump(at).as_bytes()), input("c.log", log(time).as_bytes())])
    };
    let joined = together(1_700_000_001_000, "2023-11-14T22:13:20.000+0000");
    assert_eq!(joined.calls.len(), 1, "{:?}", joined.notes);
    let apart = together(1_700_000_901_000, "2023-11-14T22:13:20.000+0000");
    assert!(apart.calls.len() == 2 && !apart.notes.is_empty(), "{:?}", apart.notes);
}

/// What is wrong with the server stands in no session.
#[test]
fn what_is_wrong_with_the_server_comes_with_the_sessions() {
    let mut text = String::from_utf8(super::redaction::unpacked(&file_of(FORBIDDING, "coturn.log.gz"))).unwrap();
    text.push_str("253: : ERROR: create_relay_ioa_sockets: no available ports 3\n");
    let mut files = of_call(FORBIDDING, &["here.internals.json.gz"]);
    files.push(input("coturn.log", text.as_bytes()));
    let all = explain_together(files);
    let trouble = of_code(&all, CauseCode::ServerMisconfigured);
    assert!(trouble.len() == 1 && trouble[0].text.contains("no free relay port"), "{trouble:?}");
}

/// What one host of a private network did all day is not all of one call.
#[test]
fn an_earlier_login_of_the_same_host_is_not_the_calls() {
    let event = |kind: &str, value: &str, ms: u64| serde_json::json!({ "type": kind, "value": value, "timestamp": ms });
    let found = serde_json::json!({ "sdpMid": "0", "candidate": "candidate:1 1 udp 2113937151 6a1c0000-0000-4000-8000-00000000beef.local 50000 typ host ufrag aBcD" });
    let dump = serde_json::json!({ "PeerConnections": { "1-1": {
        "rtcConfiguration": "{\"iceServers\":[{\"urls\":[\"turn:10.0.0.9:3478\"]}]}",
        "updateLog": [
            event("onicecandidate", &found.to_string(), 1_700_000_000_000),
            event("oniceconnectionstatechange", "\"checking\"", 1_700_000_000_100),
            event("oniceconnectionstatechange", "\"failed\"", 1_700_000_015_000),
        ],
        "stats": {},
    } } });
    let session = |at: u64, number: u64, port: u16, said: &[&str]| -> String {
        let closed = format!(
            "closed (2nd stage), user <alice> realm <lab.example> origin <>, local 10.0.0.9:3478, remote 10.0.0.5:{port}, reason: allocation timeout"
        );
        let lines = said.iter().copied().chain([closed.as_str()]);
        lines.map(|line| format!("{at}: : session 00000000000000000{number}: {line}\n")).collect::<Vec<_>>().concat()
    };
    let refused = [
        "realm <lab.example> user <>: incoming packet message processed, error 401: Unauthorized",
        "realm <lab.example> user <alice>: incoming packet message processed, error 401: Unauthorized",
    ];
    let granted = [
        "new, realm=<lab.example>, username=<alice>, lifetime=600",
        "realm <lab.example> user <alice>: incoming packet ALLOCATE processed, success",
    ];
    for (at, theirs) in [(10, false), (7_199, true)] {
        let log = session(at, 1, 40_000, &refused) + &session(7_200, 2, 50_000, &granted);
        let files = vec![input("here.json", dump.to_string().as_bytes()), input("coturn.log", log.as_bytes())];
        let all = explain_together(files);
        let own = all.events.iter().filter(|event| event.file == 1 && event.connection == 0).count();
        assert!(own > 0, "{:?}", all.notes);
        let refused = of_code(&all, CauseCode::TurnCredentialsRefused);
        assert_eq!(refused.iter().any(|finding| finding.connection == 0), theirs, "{at}: {:?}", all.notes);
    }
}
