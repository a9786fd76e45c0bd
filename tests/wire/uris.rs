//! Servers as people write them: what is advised is right, and no password is repeated.

use nat_probe::wire::{Host, ServerSpec, masked};
use proptest::prelude::*;

/// A password that no advice and no host could contain by chance.
const MARK: &str = "Hunter2Mark";

/// Where a name or an address may stand.
const HOSTS: [&str; 7] =
    ["turn.example.org", "192.0.2.7", "[2001:db8::7]", "2001:db8:1::7", "localhost", "xn--bcher-kva.example", "relay"];

/// What surrounds it, right and wrong; `~` is where the password goes.
const BEFORE: [&str; 18] = [
    "",
    "turn:",
    "turns:",
    "stun:",
    "stuns:",
    "TURN:",
    "turn://",
    "turns://",
    "stun://",
    "http://",
    "https:",
    "sip:",
    "ice:",
    "turn:turn:",
    "turn:https://",
    "stun:turn:",
    "foo://",
    "turn:stun://",
];
const USERS: [&str; 9] = ["", "alice@", "alice:~@", "~@", "1718000000:me:~@", "a@~@", "a:~/x@", "a:~?x@", "alice%3A~@"];
const PORTS: [&str; 11] =
    ["", ":3478", ":443", ":443:443", ":0", ":65536", ":", ":~", ":443:~", ":3478:udp", ":443:80:~"];
const TAILS: [&str; 18] = [
    "",
    "?transport=udp",
    "?transport=tcp",
    "?transport=tls",
    "?transport=dtls",
    "?transport=~",
    "?transport=",
    "?~",
    "?password=~",
    "?transport=udp&password=~",
    "?a=b@~",
    "/",
    "/~",
    "#~",
    "/?transport=tcp",
    " ~",
    "?transport=udp#~",
    "%~",
];

fn one_of(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(choices).prop_map(|part| part.replace('~', MARK))
}

/// What the host alone means, written so that it cannot be mistaken.
fn host(text: &str) -> Host {
    let text =
        if text.matches(':').count() > 1 && !text.starts_with('[') { format!("[{text}]") } else { text.to_owned() };
    ServerSpec::parse(&text).unwrap().host
}

/// Every server that the words advise to write.
fn advised(problem: &str) -> Vec<String> {
    let Some((_, advice)) = problem.split_once("write ") else { return Vec::new() };
    advice.split(" or ").map(str::to_owned).collect()
}

/// Both ways to understand a text.
fn problems(text: &str) -> [Option<(String, String)>; 2] {
    let told = |error: nat_probe::wire::UriError| (error.problem().to_owned(), format!("{error} {error:?}"));
    [ServerSpec::parse(text).err().map(told), ServerSpec::parse_turn(text).err().map(told)]
}

#[test]
fn there_is_advice_to_take() {
    for text in ["turn://h", "turn:h:3478/x", "2001:db8::1:3478"] {
        let told = problems(text).into_iter().flatten();
        assert!(told.map(|(problem, _)| advised(&problem).len()).sum::<usize>() > 0, "{text}: {:?}", problems(text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_advised_is_accepted_and_names_the_same_host(
        before in one_of(&BEFORE), user in one_of(&USERS), name in prop::sample::select(&HOSTS[..]), port in one_of(&PORTS), tail in one_of(&TAILS),
    ) {
        let text = format!("{before}{user}{name}{port}{tail}");
        let bare = name.contains(':') && !name.starts_with('[');
        for (index, problem) in problems(&text).into_iter().enumerate() {
            let Some((problem, told)) = problem else { continue };
            prop_assert!(!told.contains(MARK), "{text}: {told}");
            let mut hosts = Vec::new();
            for advice in advised(&problem) {
                let read = if index == 0 { ServerSpec::parse(&advice) } else { ServerSpec::parse_turn(&advice).map(|(spec, _)| spec) };
                let spec = read.map_err(|error| TestCaseError::fail(format!("{text}: {problem}: {error}")))?;
                hosts.push(spec.host);
            }
            // Where an address without brackets may have a port behind it, one of two ways is the right one.
            prop_assert!(hosts.is_empty() || hosts.contains(&host(name)), "{text}: {problem}");
            prop_assert!(hosts.len() <= 1 || bare, "{text}: {problem}");
        }
    }

    #[test]
    fn a_password_is_shown_nowhere_but_in_place_of_a_host(
        before in one_of(&BEFORE), user in one_of(&USERS), name in prop::sample::select(&HOSTS[..]), port in one_of(&PORTS), tail in one_of(&TAILS),
        noise in "[ -}]{0,6}",
    ) {
        let text = format!("{before}{user}{name}{port}{tail}");
        prop_assert!(!masked(&text).contains(MARK), "{text}: {}", masked(&text));
        // Whatever is put in somewhere: never a panic, and what is accepted hides nothing.
        let at = text.char_indices().nth(noise.len() * 3 % text.len().max(1)).map_or(0, |(at, _)| at);
        let noisy = format!("{}{noise}{}", &text[..at], &text[at..]);
        let _ = problems(&noisy);
        if let Ok((spec, _)) = ServerSpec::parse_turn(&noisy) {
            prop_assert_eq!(masked(&noisy), spec.text);
        }
    }
}

#[test]
fn the_known_ways_to_leak_are_closed() {
    for text in [
        "turn:alice@h?password=~",
        "turn:h?password=se@~",
        "turn:alice:~",
        "turn:alice:~@h",
        "turn://1718000000:me:~@h",
        "stun:alice:~@h",
        "turns:h#~",
        "turn:h?transport=udp&credential=~",
        "turn:alice%3A~%40h",
        "http://alice:~@h/path",
        "http:alice:~@h",
        "alice:~@h",
        "turn:h:3478:alice:~",
        "turn:h;~",
        "turn:h,alice,~",
        "turn:[~]",
        "turn:user=alice,~@h",
        "ice:alice:~@h",
        "turn:h\\~",
        "turn:alice:~@",
    ] {
        let text = text.replace('~', MARK);
        for told in problems(&text).into_iter().flatten().map(|(_, told)| told).chain([masked(&text)]) {
            assert!(!told.contains(MARK), "{text}: {told}");
        }
    }
}
