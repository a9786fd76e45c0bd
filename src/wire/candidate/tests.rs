//! Every dialect, what is wrong with those that are none, and that no text does harm.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Candidate {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The candidates of a text, as lines.
fn lines(text: &str) -> Vec<String> {
    let list = read_candidates(text);
    assert_eq!(list.errors, [], "{text}");
    list.candidates.iter().map(|listed| listed.candidate.to_string()).collect()
}

const SRFLX: &str = "candidate:2 1 udp 1677729535 203.0.113.9 61000 typ srflx raddr 192.0.2.1 rport 50000 generation 0 network-cost 999";

#[test]
fn the_line_of_the_rfc_is_read_and_written() {
    let candidate = read(SRFLX);
    assert_eq!(candidate.foundation, "2");
    assert_eq!((candidate.component, candidate.priority, candidate.port), (1, 1_677_729_535, 61000));
    assert_eq!(candidate.address.ip(), Some("203.0.113.9".parse().unwrap()));
    assert_eq!(candidate.kind, CandidateKind::Srflx);
    assert_eq!(candidate.related_ip(), Some("192.0.2.1".parse().unwrap()));
    assert_eq!(candidate.extension("network-cost"), Some("999"));
    assert_eq!(candidate.to_string(), SRFLX);
    let tcp = "candidate:3 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active";
    assert_eq!(read(tcp).tcp_type, Some(TcpType::Active));
    assert_eq!(read(tcp).to_string(), tcp);
}

#[test]
fn every_way_to_write_the_line() {
    let plain = "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host";
    for text in [
        "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n",
        "candidate:1 1 UDP 2130706431 192.0.2.1 50000 typ host",
        "1 1 udp 2130706431 192.0.2.1 50000 typ host",
        "a=1 1 udp 2130706431 192.0.2.1 50000 typ host",
        "  candidate: 1 1 udp4 2130706431  192.0.2.1\t50000 TYP local ",
        "A=Candidate:1 1 udp 2130706431 [192.0.2.1] 50000 typ HOST",
    ] {
        assert_eq!(read(text).to_string(), plain, "{text}");
    }
    assert_eq!(read("candidate:foundation 1 udp 1 192.0.2.1 1 typ host").foundation, "foundation");
    assert_eq!(read("candidate:1 udp 5 192.0.2.1 7 typ host").to_string(), "candidate:0 1 udp 5 192.0.2.1 7 typ host");
    assert_eq!(read("1 1 udp 1 fe80::1%eth0 5 typ host").address.to_string(), "fe80::1");
    // GStreamer: the type of TCP before the rest, a related port of 0.
    let gstreamer = read("candidate:5 1 TCP 1015022079 192.0.2.1 9 typ srflx tcptype active raddr 10.0.0.1 rport 0");
    assert_eq!(gstreamer.related, Some((CandidateAddress::Ip("10.0.0.1".parse().unwrap()), 0)));
    assert!(gstreamer.related_ip().is_some());
    // pion's log.
    let pion = read("udp4 srflx 203.0.113.1:5000 related 192.0.2.1:4000");
    assert_eq!(pion.to_string(), "candidate:0 1 udp 0 203.0.113.1 5000 typ srflx raddr 192.0.2.1 rport 4000");
    assert_eq!(read("udp6 host [2001:db8::1]:5000").address.to_string(), "2001:db8::1");
}

#[test]
fn names_and_hidden_addresses_are_told_apart() {
    let hidden = read("candidate:1 1 udp 1 6a1c0000-0000-4000-8000-00000000beef.local 5 typ host");
    assert!(hidden.address.is_mdns());
    assert!(!read("candidate:1 1 udp 1 relay.example.org 5 typ relay").address.is_mdns());
    for (text, related) in [
        ("raddr 0.0.0.0 rport 0", None),
        ("raddr 0.0.0.0 rport 9", None),
        ("raddr :: rport 9", None),
        ("raddr 192.0.2.1 rport 9", Some("192.0.2.1")),
        ("", None),
    ] {
        let candidate = read(&format!("candidate:1 1 udp 1 203.0.113.1 5 typ srflx {text}"));
        assert_eq!(candidate.related_ip(), related.map(|ip| ip.parse().unwrap()), "{text}");
    }
}

#[test]
fn objects_are_read_whatever_is_wrapped_around_them() {
    let line = "candidate:1 1 udp 5 192.0.2.1 7 typ host";
    for text in [
        format!(r#"{{"candidate":"{line}","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}}"#),
        format!(r#"{{"candidate":{{"candidate":"{line}","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}}}}"#),
        format!(r#"{{"type":"candidate","label":0,"id":"0","candidate":"{line}","usernameFragment":"abcd"}}"#),
        format!(
            r#"{{"janus":"trickle","candidate":{{"candidate":"{line}","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}}}}"#
        ),
        format!(
            r#"{{"candidateInit":"{{\"candidate\":\"{line}\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"abcd\"}}"}}"#
        ),
    ] {
        let list = read_candidates(&text);
        assert_eq!(list.candidates.len(), 1, "{text}");
        let listed = &list.candidates[0];
        assert_eq!(listed.candidate.to_string(), line);
        let place = CandidatePlace { mid: Some("0".into()), m_line_index: Some(0), ufrag: Some("abcd".into()) };
        assert_eq!(listed.belongs, place, "{text}");
    }
    let fields = r#"[{"foundation":"1","component":"rtp","protocol":"udp","priority":5,"address":"192.0.2.1","port":7,"type":"host"}]"#;
    assert_eq!(lines(fields), [line]);
    let statistics = r#"{"a":{"type":"local-candidate","candidateType":"srflx","ip":"192.0.2.1","port":7,"protocol":"udp","priority":5}}"#;
    assert_eq!(lines(statistics), ["candidate:0 1 udp 5 192.0.2.1 7 typ srflx"]);
}

#[test]
fn the_end_is_told_in_every_dialect() {
    for text in [
        "a=end-of-candidates",
        r#"{"candidate":""}"#,
        r#"{"candidate":null}"#,
        r#"{"janus":"trickle","candidate":{"completed":true}}"#,
    ] {
        let list = read_candidates(text);
        assert!(list.complete && list.candidates.is_empty() && list.errors.is_empty(), "{text}");
    }
    assert!(!read_candidates(SRFLX).complete);
    let named = read_candidates(&format!("sdpMid: 0, candidate: {SRFLX}, url: stun:x"));
    assert!(!named.complete && named.candidates.len() == 1 && named.errors.is_empty(), "{named:?}");
}

#[test]
fn jingle_is_read() {
    let text = "<transport>\n<candidate component='1' foundation='1' generation='0' ip='192.0.2.1' port='7' priority='5' \
                protocol='udp' type='srflx'\n rel-addr='10.0.0.1' rel-port='8' network='0' id='x'/>\n\
                <candidate component=\"1\" ip=\"2001:db8::1\" port=\"7\" priority=\"5\" protocol=\"udp\" type=\"host\"/>";
    assert_eq!(
        lines(text),
        [
            "candidate:1 1 udp 5 192.0.2.1 7 typ srflx raddr 10.0.0.1 rport 8",
            "candidate:0 1 udp 5 2001:db8::1 7 typ host"
        ]
    );
    assert_eq!(read_candidates(text).candidates[1].line, 4);
}

#[test]
fn logs_mails_and_mixtures_are_read() {
    let line = "candidate:1 1 udp 5 192.0.2.1 7 typ host";
    let text = format!(
        "> a={line}\n[12:00:01] onicecandidate {{candidate: \"{line}\", sdpMid: '0'}}\nnothing here\n{{\"candidate\":\"{line}\"}},\n\
         a=ice-ufrag:abcd\nwebrtc: ICE \"a={line}\\r\\na={line}\\r\\n\""
    );
    assert_eq!(lines(&text), [line; 5]);
    let places: Vec<_> = read_candidates(&text).candidates.iter().map(|listed| listed.line).collect();
    assert_eq!(places, [1, 2, 4, 6, 6]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, column, words) in [
        ("", 1, "it is empty"),
        ("hello", 1, "has no \"candidate:\" and no \"typ\""),
        ("candidate:", 1, "ends before its foundation"),
        ("candidate:1 1 udp", 18, "ends before its priority: was it cut off?"),
        ("candidate:1 300 udp 5 192.0.2.1 7 typ host", 13, "its component, \"300\", is not a number from 1 to 256"),
        ("candidate:1 1 sctp 5 192.0.2.1 7 typ host", 15, "its transport, \"sctp\""),
        ("candidate:1 1 udp -5 192.0.2.1 7 typ host", 19, "its priority, \"-5\""),
        ("candidate:1 1 udp 4294967296 192.0.2.1 7 typ host", 19, "its priority, \"4294967296\""),
        ("candidate:1 1 udp 5 256.1.1.1 7 typ host", 21, "its address, \"256.1.1.1\""),
        ("candidate:1 1 udp 5 192.0.2.1 65536 typ host", 31, "its port, \"65536\""),
        ("candidate:1 1 udp 5 192.0.2.1 7 type host", 33, "\"type\" stands where \"typ\" has to"),
        ("candidate:1 1 udp 5 192.0.2.1 7 typ server", 37, "its type, \"server\""),
        ("candidate:1 1 udp 5 192.0.2.1 7 typ host raddr x/y rport 1", 48, "its related address, \"x/y\""),
        ("candidate:1 1 udp 5 192.0.2.1 7 typ host raddr ::1 rport +1", 58, "its related port, \"+1\""),
        ("candidate:1 1 tcp 5 192.0.2.1 7 typ host tcptype open", 50, "its tcptype, \"open\""),
        ("candidate:1 1 udp 5 \u{1b}[2J 7 typ host", 21, "\"\\x1b[2J\""),
    ] {
        let error = text.parse::<Candidate>().expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert_eq!(error.column(), column, "{text}");
    }
}

#[test]
fn ten_thousand_candidates_take_no_time() {
    let mut text = String::new();
    for port in 0..10_000 {
        write!(text, "a=candidate:1 1 udp 5 192.0.2.1 {port} typ host ").unwrap();
    }
    assert_eq!(read_candidates(&text).candidates.len(), 10_000);
    assert_eq!(read_candidates(&text.replace("host ", "host\n")).candidates.len(), 10_000);
    assert!(read_candidates(&"<candidate a='".repeat(10_000)).candidates.is_empty());
}

fn any_address() -> impl Strategy<Value = CandidateAddress> {
    prop_oneof![
        any::<IpAddr>().prop_map(CandidateAddress::Ip),
        "[a-z][a-z0-9-]{0,20}\\.local".prop_map(CandidateAddress::Name),
    ]
}

pub(crate) fn any_candidate() -> impl Strategy<Value = Candidate> {
    let kinds = [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Prflx, CandidateKind::Relay];
    let tcp_types = [TcpType::Active, TcpType::Passive, TcpType::So];
    let head = ("[A-Za-z0-9+/]{1,32}", 1u16..=256, any::<bool>(), any::<u32>(), any_address(), any::<u16>());
    let extensions = prop::collection::vec(("x-[a-z]{1,8}", "[a-z0-9]{1,8}"), 0..3);
    let tail = (prop::sample::select(kinds.to_vec()), prop::option::of((any_address(), any::<u16>())), extensions);
    (head, tail, prop::sample::select(tcp_types.to_vec())).prop_map(
        |((foundation, component, tcp, priority, address, port), (kind, related, extensions), tcp_type)| Candidate {
            foundation,
            component,
            transport: if tcp { CandidateTransport::Tcp } else { CandidateTransport::Udp },
            priority,
            address,
            port,
            kind,
            related,
            tcp_type: tcp.then_some(tcp_type),
            extensions,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(candidate in any_candidate()) {
        let line = candidate.to_string();
        prop_assert_eq!(line.parse::<Candidate>(), Ok(candidate.clone()));
        let json = serde_json::json!({ "candidate": line }).to_string();
        for text in [format!("a={line}\r\n"), json, format!("> \"{line}\"")] {
            prop_assert_eq!(&read_candidates(&text).candidates[0].candidate, &candidate);
        }
    }

    #[test]
    fn no_text_does_harm(text in "\\PC{0,200}", words in prop::collection::vec("candidate:|[0-9]{1,6}|udp|typ|host|raddr|rport|[{}\"<>=':,]|\\PC", 0..30)) {
        let _ = read_candidates(&text);
        let _ = text.parse::<Candidate>().map_err(|error| error.to_string());
        let joined = words.join(" ");
        let _ = joined.parse::<Candidate>().map_err(|error| error.to_string());
        let _ = read_candidates(&joined);
        let _ = read_candidates(&words.concat());
    }
}
