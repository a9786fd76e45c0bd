//! What a token carries comes back, and whatever happens to it on the way is named.

use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_790_000_000;

fn candidates(lines: &[&str]) -> Vec<Candidate> {
    lines.iter().map(|line| line.parse().unwrap()).collect()
}

/// Candidates of a home user, so many times.
fn many(times: usize) -> Vec<Candidate> {
    std::iter::repeat_n(home().candidates, times).flatten().collect()
}

/// What a home user has: IPv4 and IPv6, a NAT, a relay.
fn home() -> Token {
    Token {
        expires_unix_s: NOW + 600,
        ufrag: "aB3+".into(),
        password: Secret::new("0123456789abcdefghijkl"),
        candidates: candidates(&[
            "candidate:1 1 udp 2130706431 2001:db8:1:2:3:4:5:6 50000 typ host",
            "candidate:2 1 udp 2130706175 192.168.1.23 50001 typ host",
            "candidate:3 1 udp 1694498559 203.0.113.9 61000 typ srflx raddr 192.168.1.23 rport 50001",
            "candidate:4 1 udp 16776959 198.51.100.7 49152 typ relay raddr 203.0.113.9 rport 61000",
        ]),
        answers: None,
        idle_s: 0,
        relay_only: false,
    }
}

fn decode(text: &str) -> Result<Token, TokenError> {
    Token::decode(text, NOW, None)
}

#[test]
fn a_home_users_token_is_short_and_comes_back() {
    let token = home();
    let text = token.encode();
    assert!(text.len() <= 120, "{} characters: {text}", text.len());
    assert!(text.starts_with("np1-") && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    assert_eq!(decode(&text), Ok(token));
}

#[test]
fn everything_that_a_token_can_say_comes_back() {
    let token = Token {
        answers: Some("long/fragment+of-another?kind".into()),
        idle_s: 30,
        relay_only: true,
        password: Secret::new("x".repeat(256)),
        candidates: candidates(&[
            "candidate:foundation 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
            "candidate:00 1 tcp 5 192.0.2.1 50000 typ srflx raddr 10.0.0.1 rport 7 tcptype so",
            "candidate:1 1 udp 7 6a1c0000-0000-4000-8000-00000000beef.local 5 typ host",
            "candidate:2 1 udp 16777215 198.51.100.7 5 typ relay raddr 0.0.0.0 rport 9",
            "candidate:2 1 udp 16777214 2001:db8::7 5 typ prflx raddr :: rport 9",
        ]),
        ..home()
    };
    assert_eq!(decode(&token.encode()), Ok(token));
    let none = Token { candidates: Vec::new(), ..home() };
    assert_eq!(decode(&none.encode()), Ok(none));
    let rtcp = Token { candidates: candidates(&["candidate:1 2 udp 5 192.0.2.1 7 typ host"]), ..home() };
    assert_eq!(decode(&rtcp.encode()).map(|token| token.candidates), Ok(Vec::new()));
}

#[test]
fn what_mails_and_chats_do_to_it_is_no_harm() {
    let text = home().encode();
    let (one, two) = text.split_at(50);
    for pasted in [
        format!("  {text}\r\n"),
        format!("{one}\n{two}"),
        format!("> {one}\n> {two}\n"),
        format!("\"{text}\""),
        format!("\u{201c}{one} {two}\u{201d}"),
        format!("`{one}\u{200b}{two}`"),
        format!("My token: {text}"),
        format!("nat-probe peer connect {text}"),
        format!("{text} bye"),
        format!("{text}\n\nSent from my telephone"),
    ] {
        assert_eq!(decode(&pasted), Ok(home()), "{pasted}");
    }
}

#[test]
fn every_truncation_is_named() {
    let text = home().encode();
    for end in 1..text.len() {
        assert_eq!(decode(&text[..end]), Err(TokenError::CutOff), "{}", &text[..end]);
    }
    let longer = Token { candidates: many(10), ..home() }.encode();
    for end in 1..longer.len() {
        assert_eq!(decode(&longer[..end]), Err(TokenError::CutOff), "{}", &longer[..end]);
    }
}

#[test]
fn what_is_no_token_is_called_what_it_is() {
    let text = home().encode();
    for (pasted, error) in [
        (String::new(), TokenError::Empty),
        (" \n> ".into(), TokenError::Empty),
        (text.replace("np1-", "np2-"), TokenError::Version(2)),
        (text.replace("np1-", "NP1-"), TokenError::Changed),
        (text.replace("np1-", "np1-$"), TokenError::Changed),
        (format!("{text}{text}"), TokenError::Twice),
        (format!("{text}\n{text}"), TokenError::Twice),
        (format!("{text}and"), TokenError::Longer),
        (text[4..].to_owned(), TokenError::Foreign(Foreign::Other)),
        ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n".into(), TokenError::Foreign(Foreign::Sdp)),
        ("candidate:1 1 udp 5 192.0.2.1 7 typ host".into(), TokenError::Foreign(Foreign::Candidate)),
        ("https://call.example/room".into(), TokenError::Foreign(Foreign::Url)),
        ("turn:turn.example.org".into(), TokenError::Foreign(Foreign::Url)),
        ("{\"type\":\"offer\"}".into(), TokenError::Foreign(Foreign::Json)),
        ("nat-probe peer connect".into(), TokenError::Foreign(Foreign::Command)),
        ("hello".into(), TokenError::Foreign(Foreign::Other)),
        (frame::seal(&[]), TokenError::Malformed),
        (frame::seal(&[0xff; 40]), TokenError::Malformed),
    ] {
        assert_eq!(decode(&pasted), Err(error), "{pasted}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn time_passes_and_ones_own_is_noticed() {
    let text = home().encode();
    assert_eq!(Token::decode(&text, NOW + 599, None), Ok(home()));
    assert_eq!(Token::decode(&text, NOW + 600, None), Err(TokenError::Expired { ago_s: 0 }));
    assert_eq!(Token::decode(&text, NOW + 660, None), Err(TokenError::Expired { ago_s: 60 }));
    assert_eq!(Token::decode(&text, NOW, Some("aB3+")), Err(TokenError::Own));
    assert_eq!(Token::decode(&text, NOW, Some("other")), Ok(home()));
}

#[test]
fn ten_thousand_candidates_take_no_time() {
    let token = Token { candidates: many(2500), ..home() };
    let text = token.encode();
    assert_eq!(
        decode(&text).map_err(|error| error.to_string()),
        Err(TokenError::CutOff.to_string()),
        "longer than any"
    );
    let fewer = Token { candidates: many(250), ..home() };
    assert_eq!(decode(&fewer.encode()), Ok(fewer));
}

proptest! {
    #[test]
    fn any_changed_character_is_found(at in 0usize..117, to in "[A-Za-z0-9_. \\-]") {
        let text = home().encode();
        let at = at.min(text.len() - 1);
        prop_assume!(text[at..=at] != to);
        let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
        prop_assert!(decode(&changed).is_err(), "{}", changed);
    }

    #[test]
    fn any_lost_or_doubled_or_exchanged_character_is_found(at in 0usize..116) {
        let text = home().encode();
        let at = at.min(text.len() - 2);
        let (a, b) = (&text[at..=at], &text[at + 1..at + 2]);
        let lost = format!("{}{}", &text[..at], &text[at + 1..]);
        prop_assert!(decode(&lost).is_err(), "{}", lost);
        let doubled = format!("{}{a}{}", &text[..at], &text[at..]);
        // Before the prefix anything may stand.
        prop_assert!(at == 0 || decode(&doubled).is_err(), "{}", doubled);
        let exchanged = format!("{}{b}{a}{}", &text[..at], &text[at + 2..]);
        prop_assert!(a == b || decode(&exchanged).is_err(), "{}", exchanged);
    }

    #[test]
    fn no_text_does_harm(text in "\\PC{0,100}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&text);
        let _ = decode(&format!("np1-{text}"));
        if let Ok(token) = decode(&frame::seal(&bytes)) {
            prop_assert_eq!(decode(&token.encode()), Ok(token));
        }
    }
}
