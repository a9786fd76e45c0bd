//! What a dump of Chromium means, told in the events and statistics that Chromium writes: each row changes one thing whose meaning is
//! known, and says what has to follow.

use serde_json::{Value, json};

use super::{codes, explained};

const BEGIN_MS: u64 = 1_700_000_000_000;

/// A connection as <chrome://webrtc-internals> saves it.
struct Dump {
    log: Vec<Value>,
    stats: serde_json::Map<String, Value>,
    configuration: String,
    devices: Value,
    now_ms: u64,
}

fn sdp(ufrag: &str, setup: &str, lines: &str) -> String {
    format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:pppppppppppppppppppppppp\r\na=ice-options:trickle\r\na=fingerprint:sha-256 AB:CD\r\na=setup:{setup}\r\na=mid:0\r\n{lines}"
    )
}

fn line(kind: &str, address: &str, port: u16, ufrag: &str) -> String {
    let related = if kind == "host" { "" } else { " raddr 0.0.0.0 rport 0" };
    let priority = if kind == "host" { 2_113_937_151 } else { 1_677_729_535 };
    format!(
        "candidate:77 1 udp {priority} {address} {port} typ {kind}{related} generation 0 ufrag {ufrag} network-cost 999"
    )
}

impl Dump {
    /// An offer was made, and candidates were found.
    fn offered() -> Self {
        let servers = json!([{ "urls": ["stun:198.51.100.7:3478"] }, { "urls": ["turn:198.51.100.7:3478"] }]);
        let configuration = json!({ "iceServers": servers }).to_string();
        let (log, stats, devices) = (Vec::new(), serde_json::Map::new(), json!([]));
        Self { log, stats, configuration, devices, now_ms: BEGIN_MS }
            .event("setLocalDescription", "")
            .event("onsignalingstatechange", "\"have-local-offer\"")
            .event(
                "setLocalDescriptionOnSuccess",
                &json!({ "type": "offer", "sdp": sdp("aBcD", "actpass", "") }).to_string(),
            )
            .event("onicegatheringstatechange", "\"gathering\"")
            .found(&line("host", "6a1c0000-0000-4000-8000-00000000beef.local", 50_000, "aBcD"))
            .found(&line("srflx", "203.0.113.9", 61_000, "aBcD"))
    }

    /// The answer and its candidate came.
    fn answered() -> Self {
        Self::offered().gathered().answer("").added(&line("srflx", "203.0.113.77", 41_000, "wXyZ"))
    }

    fn event(mut self, kind: &str, value: &str) -> Self {
        self.now_ms += 5;
        self.log.push(json!({ "type": kind, "value": value, "timestamp": self.now_ms }));
        self
    }

    fn wait(mut self, ms: u64) -> Self {
        self.now_ms += ms;
        self
    }

    fn answer(self, lines: &str) -> Self {
        self.event(
            "setRemoteDescription",
            &json!({ "type": "answer", "sdp": sdp("wXyZ", "active", lines) }).to_string(),
        )
        .event("onsignalingstatechange", "\"stable\"")
        .event("setRemoteDescriptionOnSuccess", "")
    }

    fn candidate(self, kind: &str, line: &str) -> Self {
        self.event(kind, &json!({ "sdpMid": "0", "sdpMLineIndex": 0, "candidate": line }).to_string())
    }

    fn found(self, line: &str) -> Self {
        self.candidate("onicecandidate", line)
    }

    fn added(self, line: &str) -> Self {
        self.candidate("addIceCandidate", line)
    }

    fn gathered(self) -> Self {
        self.event("onicegatheringstatechange", "\"complete\"")
    }

    fn refused(self, url: &str, code: u16, text: &str, host: &str) -> Self {
        let error = json!({ "url": url, "error_code": code, "error_text": text, "host_candidate": host });
        self.event("onicecandidateerror", &error.to_string())
    }

    fn states(self, ice: &str, connection: &str) -> Self {
        self.event("oniceconnectionstatechange", &format!("\"{ice}\""))
            .event("onconnectionstatechange", &format!("\"{connection}\""))
    }

    fn connected(self) -> Self {
        self.states("checking", "connecting").wait(100).states("connected", "connected")
    }

    /// Checks were sent for fifteen seconds, and nothing came back.
    fn failed(self) -> Self {
        self.states("checking", "connecting")
            .wait(15_000)
            .states("disconnected", "failed")
            .pair("in-progress", 0)
            .object(
                "Ir",
                "remote-candidate",
                &json!({ "candidateType": "srflx", "address": "203.0.113.77", "port": 41_000 }),
            )
    }

    fn failed_without_pairs(self) -> Self {
        self.states("checking", "connecting").wait(15_000).states("disconnected", "failed")
    }

    fn object(mut self, id: &str, kind: &str, members: &Value) -> Self {
        let end =
            humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + std::time::Duration::from_millis(self.now_ms));
        for (name, value) in members.as_object().unwrap() {
            let series = json!({
                "startTime": "x", "endTime": end.to_string(), "statsType": kind, "values": json!([value]).to_string(),
            });
            self.stats.insert(format!("{id}-{name}"), series);
        }
        self
    }

    fn pair(self, state: &str, answers: u64) -> Self {
        let members = json!({
            "localCandidateId": "Il", "remoteCandidateId": "Ir", "state": state, "nominated": answers > 0, "requestsSent": 241,
            "requestsReceived": answers, "responsesReceived": answers, "bytesReceived": answers * 100, "transportId": "T1",
        });
        self.object("CPl_r", "candidate-pair", &members)
    }

    fn transport(self, dtls: &str) -> Self {
        self.object(
            "T1",
            "transport",
            &json!({ "dtlsState": dtls, "iceState": "connected", "selectedCandidatePairId": "CPl_r" }),
        )
    }

    fn told(&self) -> (Vec<String>, String, u8) {
        let connection = json!({
            "url": "https://call.example", "rtcConfiguration": self.configuration, "updateLog": self.log, "stats": self.stats,
        });
        let dump = json!({ "getUserMedia": self.devices, "PeerConnections": { "9-1": connection }, "UserAgent": "x" });
        let explanation = explained(dump.to_string().as_bytes());
        let exit = match explanation.outcome {
            super::Outcome::NothingWrong => 0,
            super::Outcome::FaultFound => 1,
            super::Outcome::CouldNotTell => 3,
        };
        (codes(&explanation), explanation.calls[0].sentence.clone(), exit)
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_changes_the_meaning_changes_what_follows() {
    let stream = |name: &str, count: u64| json!({ "kind": "audio", name: count });
    let with = |mut dump: Dump, configuration: &str| {
        configuration.clone_into(&mut dump.configuration);
        dump
    };
    let devices = |devices: Value, mut dump: Dump| {
        dump.devices = devices;
        dump
    };
    let refused =
        json!({ "rid": 1, "pid": 1, "request_id": 1, "error": "NotReadableError", "error_message": "in use" });
    let granted = json!({ "rid": 1, "pid": 1, "request_id": 2, "stream_id": "x" });
    let screen = json!({ "rid": 1, "pid": 1, "request_id": 1, "request_type": "getDisplayMedia" });
    let empty = || {
        let mut dump = Dump::offered();
        dump.log.clear();
        dump
    };
    for (what, dump, exit, expected, says) in [
        (
            "a healthy call",
            Dump::answered().connected().pair("succeeded", 5).transport("connected"),
            0,
            vec![],
            "It connected.",
        ),
        (
            "nothing came back, and TURN gave no relay",
            Dump::answered().failed(),
            1,
            vec!["nothing-arrived/certain", "no-relay/certain"],
            "no TURN server gave a relay",
        ),
        (
            "a configuration that no reader knows names TURN all the same",
            with(Dump::answered().failed(), "{ servers: [{urls=[turn:turn.example:3478]; username=a}] }"),
            1,
            vec!["nothing-arrived/certain", "no-relay/certain"],
            "no TURN server gave a relay",
        ),
        (
            "only relays are allowed, however that is spelled, and there is no TURN server",
            with(Dump::offered().gathered().answer(""), "{\"iceServers\": [], \"iceTransportPolicy\": \"relay\"}"),
            1,
            vec![
                "relay-only-without-relay/certain",
                "(no-remote-candidates/certain)",
                "(no-servers-configured/certain)",
            ],
            "only relays are allowed",
        ),
        (
            "DTLS fails on a way that ICE found: that was never a connection",
            Dump::answered()
                .states("checking", "connecting")
                .states("connected", "failed")
                .pair("succeeded", 5)
                .transport("failed"),
            1,
            vec!["dtls-failed/certain"],
            "It never connected: the network works",
        ),
        (
            "DTLS goes on for half a minute",
            Dump::answered()
                .states("checking", "connecting")
                .states("connected", "connecting")
                .wait(30_000)
                .pair("succeeded", 5),
            1,
            vec!["dtls-failed/certain"],
            "30 s later DTLS on it had not come to an end",
        ),
        (
            "the connection breaks after a minute",
            Dump::answered()
                .connected()
                .wait(60_000)
                .states("disconnected", "disconnected")
                .wait(20_000)
                .states("failed", "failed"),
            1,
            vec!["lost-after-connected/certain"],
            "the connection was lost",
        ),
        (
            "the other end hangs up, and the application closes",
            Dump::answered().connected().wait(60_000).states("disconnected", "disconnected").event("close", ""),
            3,
            vec!["(lost-after-connected/certain)"],
            "the application closed it",
        ),
        (
            "the offer was made a moment ago",
            Dump::offered(),
            3,
            vec!["(never-answered/certain)", "(too-early/certain)"],
            "It had not begun",
        ),
        (
            "the offer was made a minute ago",
            Dump::offered().gathered().wait(60_000).pair("frozen", 0),
            1,
            vec!["never-answered/certain"],
            "no answer to the offer is in the file",
        ),
        (
            "no candidate came with the answer or after it",
            Dump::offered().gathered().answer("").failed_without_pairs(),
            1,
            vec!["no-remote-candidates/certain", "no-relay/certain"],
            "not one candidate of it",
        ),
        (
            "no candidate came yet",
            Dump::offered().gathered().answer("").states("checking", "connecting"),
            3,
            vec!["(too-early/certain)", "(no-remote-candidates/certain)"],
            "It was still being tried",
        ),
        (
            "a second answer is refused, and the NATs are at fault",
            Dump::answered().event("setRemoteDescriptionOnFailure", "InvalidStateError: wrong state: stable").failed(),
            1,
            vec!["nothing-arrived/certain", "no-relay/certain", "(description-refused/certain)"],
            "not one check",
        ),
        (
            "candidates came too early and were lost",
            Dump::offered()
                .gathered()
                .added(&line("srflx", "203.0.113.77", 41_000, "wXyZ"))
                .event("addIceCandidateFailed", "Error processing ICE candidate")
                .answer("")
                .failed_without_pairs(),
            1,
            vec!["candidates-too-early/certain", "no-relay/certain"],
            "they are lost",
        ),
        (
            "candidates came too early and were added again",
            Dump::offered()
                .gathered()
                .added(&line("srflx", "203.0.113.77", 41_000, "wXyZ"))
                .event("addIceCandidateFailed", "Error processing ICE candidate")
                .answer("")
                .added(&line("srflx", "203.0.113.77", 41_000, "wXyZ"))
                .failed(),
            1,
            vec!["nothing-arrived/certain", "no-relay/certain", "(candidates-too-early/certain)"],
            "not one check",
        ),
        (
            "a browser asks for addresses of IPv6 that a name does not have",
            Dump::offered()
                .refused("stun:198.51.100.7:3478", 701, "STUN host lookup received error.", "[0:0:0:x:x:x:x:x]:50001")
                .gathered()
                .answer("")
                .added(&line("srflx", "203.0.113.77", 41_000, "wXyZ"))
                .failed(),
            1,
            vec!["nothing-arrived/certain", "no-relay/certain", "(name-unresolved/certain)"],
            "not one check",
        ),
        (
            "every way leads to a relay of the other end",
            Dump::offered()
                .gathered()
                .answer("")
                .added(&line("relay", "198.51.100.9", 50_000, "wXyZ"))
                .failed()
                .object(
                    "Ir",
                    "remote-candidate",
                    &json!({ "candidateType": "relay", "address": "198.51.100.9", "port": 50_000 }),
                ),
            1,
            vec!["nothing-arrived/certain", "no-relay/certain"],
            "passed nothing on or is out of reach",
        ),
        (
            "the other end is in a container",
            Dump::offered()
                .gathered()
                .answer(&format!("a={}\r\n", line("host", "172.17.0.2", 50_000, "wXyZ")))
                .failed_without_pairs(),
            1,
            vec!["only-local-there/likely", "no-relay/certain"],
            "the other end has only addresses of its own network",
        ),
        (
            "both ends have the same private address from a STUN server in their network",
            Dump::offered()
                .found(&line("srflx", "10.0.0.5", 61_000, "aBcD"))
                .gathered()
                .answer("")
                .added(&line("srflx", "10.0.0.5", 41_000, "wXyZ"))
                .failed_without_pairs(),
            1,
            vec!["no-relay/certain", "reflexive-not-public/certain", "reflexive-not-public/certain"],
            "",
        ),
        (
            "an answer that refuses every section ends a call that stood",
            Dump::answered().connected().event(
                "setRemoteDescription",
                &json!({ "type": "answer", "sdp": sdp("wXyZ", "active", "").replace("audio 9", "audio 0") })
                    .to_string(),
            ),
            0,
            vec!["(sections-refused/certain)"],
            "It connected.",
        ),
        (
            "the connection stands, and no sound comes",
            Dump::answered()
                .connected()
                .wait(30_000)
                .object("IA", "inbound-rtp", &stream("packetsReceived", 0))
                .object("OA", "outbound-rtp", &stream("packetsSent", 1500)),
            0,
            vec!["(no-media-received/certain)"],
            "It connected.",
        ),
        (
            "the connection stands, and no sound goes",
            Dump::answered()
                .connected()
                .wait(30_000)
                .object("IA", "inbound-rtp", &stream("packetsReceived", 1500))
                .object("OA", "outbound-rtp", &stream("packetsSent", 0)),
            0,
            vec!["(no-media-sent/certain)"],
            "It connected.",
        ),
        (
            "the camera is in use, and the call goes on without",
            devices(json!([refused, granted]), Dump::answered().connected()),
            0,
            vec![],
            "It connected.",
        ),
        (
            "the camera is in use, and no call is made",
            devices(json!([refused]), empty()),
            1,
            vec!["device-refused/certain"],
            "no connection was begun",
        ),
        ("a screen was not shared", devices(json!([screen, refused]), empty()), 3, vec![], ""),
    ] {
        let (found, sentence, found_exit) = dump.told();
        assert_eq!(
            (found_exit, found),
            (exit, expected.into_iter().map(str::to_owned).collect()),
            "{what}: {sentence}"
        );
        assert!(sentence.contains(says), "{what}: {sentence}");
    }
}
