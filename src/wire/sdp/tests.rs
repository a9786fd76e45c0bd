//! Descriptions of browsers, fragments, wrappers, and that no text does harm.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const OFFER: &str = "v=0\r\no=- 46117317 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-options:trickle\r\n\
    m=application 46676 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 192.0.2.2\r\n\
    a=candidate:1 1 udp 2113937151 192.0.2.2 46676 typ host generation 0 network-cost 999\r\n\
    a=candidate:1 1 udp x 192.0.2.2 46676 typ host\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
    a=fingerprint:SHA-256 ab:cd\r\na=setup:actpass\r\na=mid:0\r\na=end-of-candidates\r\n\
    m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=rtcp-mux\r\na=ice-lite\r\na=setup:nobody\r\n";

#[test]
fn everything_of_ice_is_found_with_its_line() {
    let found = read_descriptions(OFFER);
    assert_eq!(found.len(), 1);
    let description = &found[0];
    assert!(description.whole);
    assert_eq!(description.bundle, ["0", "1"]);
    assert_eq!(description.session.options, ["trickle"]);
    let [data, audio] = &description.media[..] else { panic!("{description:?}") };
    assert_eq!((data.line, data.kind.as_str(), data.port), (7, "application", 46676));
    assert_eq!(data.ice.connection.as_ref().map(|c| (c.line, c.value.to_string())), Some((8, "192.0.2.2".into())));
    assert_eq!(data.ice.candidates.iter().map(|c| (c.line, c.value.port)).collect::<Vec<_>>(), [(9, 46676)]);
    assert_eq!(data.ice.ufrag, Some(Placed { line: 11, value: "abcd".into() }));
    assert_eq!(data.ice.pwd.as_ref().map(|pwd| pwd.value.expose()), Some("0123456789012345678901"));
    assert_eq!(data.ice.fingerprints, [Placed { line: 13, value: "sha-256 AB:CD".into() }]);
    assert_eq!(data.ice.setup, Some(Placed { line: 14, value: Setup::Actpass }));
    assert_eq!(data.mid, Some(Placed { line: 15, value: "0".into() }));
    assert_eq!(data.ice.end_of_candidates, Some(16));
    assert_eq!((audio.port, audio.rtcp_mux, audio.ice.lite), (0, Some(19), Some(20)));
    let errors: Vec<_> = description.errors.iter().map(|error| (error.line, error.value.to_string())).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].0 == 10 && errors[0].1.contains("its priority, \"x\""), "{errors:?}");
    assert_eq!(errors[1], (21, "the value of its setup cannot be understood".into()));
    assert!(!format!("{description:?}").contains("0123456789"), "a password is not printed");
}

#[test]
fn what_ends_in_a_plus_sign_keeps_it() {
    for text in [
        "v=0\na=ice-ufrag:gn++\n",
        "> v=0\r\n> a=ice-ufrag:gn++\r\n",
        "'v=0\\r\\n' +\n'a=ice-ufrag:gn++\\r\\n' +\n'a=mid:0'",
    ] {
        let found = read_descriptions(text);
        let ufrag = found.first().and_then(|description| description.session.ufrag.as_ref());
        assert_eq!(ufrag.map(|ufrag| ufrag.value.as_str()), Some("gn++"), "{text}");
    }
}

#[test]
fn a_section_takes_from_the_session_what_it_does_not_say() {
    let text = "v=0\na=ice-ufrag:all\nm=audio 9 X 1\na=ice-ufrag:own\nm=video 9 X 1\n";
    let description = read_descriptions(text).remove(0);
    let of = |media| description.of(media, |ice| ice.ufrag.as_ref()).map(|ufrag| ufrag.value.as_str());
    assert_eq!(description.media.iter().map(of).collect::<Vec<_>>(), [Some("own"), Some("all")]);
}

#[test]
fn every_wrapper_is_taken_off() {
    let plain = read_descriptions(OFFER).remove(0);
    let json = serde_json::json!({ "type": "offer", "sdp": OFFER });
    let kind = Some(DescriptionKind::Offer);
    let told = Description { kind, ..plain.clone() };
    for text in [
        json.to_string(),
        serde_json::json!({ "jsep": json }).to_string(),
        serde_json::json!(json.to_string()).to_string(),
        format!("{{type: 'offer', sdp: '{}'}}", OFFER.replace("\r\n", "\\r\\n")),
        format!("type: offer, sdp: {OFFER}"),
    ] {
        assert_eq!(read_descriptions(&text), vec![told.clone()], "{text}");
    }
    let quoted: String = OFFER.lines().fold(String::new(), |text, line| text + "> " + line + "\n");
    assert_eq!(read_descriptions(&quoted), vec![plain.clone()]);
    assert_eq!(read_descriptions(&OFFER.replace("\r\n", "\n")), [plain]);
}

#[test]
fn offer_and_answer_in_one_file_keep_their_lines() {
    let text = format!("Offer:\n{OFFER}Answer:\n{OFFER}");
    let found = read_descriptions(&text);
    let lines: Vec<_> = found.iter().map(|description| description.media[0].line).collect();
    assert_eq!(lines, [8, 8 + 21 + 1]);
    let both = serde_json::json!([{ "type": "offer", "sdp": OFFER }, { "type": "answer", "sdp": OFFER }]).to_string();
    let kinds: Vec<_> = read_descriptions(&both).iter().map(|description| description.kind).collect();
    assert_eq!(kinds, [Some(DescriptionKind::Offer), Some(DescriptionKind::Answer)]);
}

#[test]
fn fragments_are_read_and_other_text_is_none() {
    // RFC 8840 section 9, as WHIP sends it.
    let fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
                    a=candidate:1 1 udp 5 192.0.2.1 7 typ host\r\na=end-of-candidates\r\n";
    let found = read_descriptions(fragment);
    assert_eq!(found.len(), 1);
    assert!(!found[0].whole);
    assert_eq!(found[0].candidates().count(), 1);
    for text in ["", "hello", "{}", "[1]", "key=value\nother=1", "Via: SIP/2.0/UDP host;v=0\n"] {
        assert_eq!(read_descriptions(text), [], "{text}");
    }
}

#[test]
fn ten_thousand_of_everything_take_no_time() {
    let mut text = String::from("v=0\nm=audio 9 X 1\n");
    for port in 0..10_000 {
        writeln!(text, "a=candidate:1 1 udp 5 192.0.2.1 {port} typ host").unwrap();
    }
    assert_eq!(read_descriptions(&text)[0].candidates().count(), 10_000);
    assert_eq!(read_descriptions(&"v=0\n".repeat(10_000)).len(), 10_000);
    assert_eq!(read_descriptions(&"v=0 ".repeat(10_000)).len(), 0);
}

proptest! {
    #[test]
    fn no_text_does_harm(
        text in "\\PC{0,200}",
        lines in prop::collection::vec("(v=0|a=|m=|c=|o=|a=setup:|a=fingerprint:|a=candidate:|\\{\"sdp\":\")\\PC{0,20}", 0..20),
        end in "(\r\n|\n|\\\\r\\\\n)",
    ) {
        let _ = read_descriptions(&text);
        let _ = read_descriptions(&lines.join(&end));
    }

    #[test]
    fn a_description_that_is_cut_off_is_read_as_far_as_it_goes(at in 0..OFFER.len()) {
        for description in read_descriptions(&OFFER[..at]) {
            prop_assert!(description.media.len() <= 2);
        }
    }
}
