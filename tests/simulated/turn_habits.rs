//! What servers of different makers do with the same mistake, and that each is told as what it is, in the words of that server.

use nat_probe::measure::turn::DiagnosisCode as Code;
use nat_probe::measure::turn::finding::{FeatureName, FeatureStatus, TurnVerdict};
use nat_probe::sim::{SIM_UNIX_START_S, TurnFault};
use nat_probe::wire::{Secret, Transport};

use super::turn_bench::Bench;

/// How servers refuse a login: by the name in SOFTWARE, and with what faults of the simulator.
const HABITS: [(&str, &[TurnFault]); 6] = [
    ("Coturn-4.6.1 'Gorst'", &[TurnFault::OddName400, TurnFault::Realm437]),
    ("", &[TurnFault::OddName400, TurnFault::Wordless]),
    ("", &[TurnFault::Login400, TurnFault::Wordless]),
    ("eturnal", &[]),
    ("node-turn", &[]),
    ("some other server", &[TurnFault::Login400]),
];

fn server(software: &str, faults: &[TurnFault]) -> Bench {
    Bench::new()
        .server(|server| server.software = software.into())
        .turn(|config| config.faults.extend(faults.iter().copied()))
}

#[test]
fn every_mistake_with_the_credentials_is_told_whatever_the_server_answers() {
    let shared = |bench: Bench| bench.turn(|config| config.secret = Some(Secret::new("shared")));
    let (past, future) = (SIM_UNIX_START_S - 60, SIM_UNIX_START_S + 3_600);
    for (software, faults) in HABITS {
        let bench = || server(software, faults);
        let named = |text: &str| format!("{software:?} {faults:?}: {text}");
        for (code, step, tried) in [
            (Code::UnknownUserOrPassword, "allocate", bench().login("demo", "wrong")),
            (Code::UnknownUserOrPassword, "allocate", bench().login("nobody", "demo")),
            (Code::CredentialsExpired, "credentials", shared(bench()).login(&format!("{past}:alice"), "any")),
            (Code::CredentialsExpired, "credentials", shared(bench()).rest("shared", -60)),
            (Code::UsernameReversed, "credentials", shared(bench()).login(&format!("alice:{future}"), "any")),
            (Code::ExpiryInMilliseconds, "credentials", shared(bench()).login(&format!("{future}000:alice"), "any")),
            (Code::SecretMismatch, "allocate", shared(bench()).rest("another", 3_600)),
            (
                Code::ClockSkew,
                "allocate",
                shared(bench()).rest("shared", 3_600).turn(|config| config.clock_skew_s = 7_200),
            ),
        ] {
            for transport in [Transport::Udp, Transport::Tcp] {
                let result = tried.clone().over(transport).fails(code, step);
                assert_eq!(result.diagnosis.code, code, "{}", named(&result.diagnosis.text));
            }
        }
        bench().expect(TurnVerdict::Ok, Code::Ok, None);
    }
}

#[test]
fn a_user_name_that_coturn_takes_in_no_case_is_told_from_a_wrong_login() {
    for name in ["alice smith", "o'neill", "DOMAIN\\alice", "a\"b", "alice\n"] {
        for (software, faults) in HABITS {
            let coturns = faults.contains(&TurnFault::OddName400);
            let code = if coturns { Code::UsernameRefused } else { Code::UnknownUserOrPassword };
            let result = server(software, faults).login(name, "wrong").fails(code, "allocate");
            assert!(!coturns || result.diagnosis.text.contains(" in it"), "{}", result.diagnosis.text);
        }
    }
}

#[test]
fn a_bad_request_is_a_refused_login_only_where_strangers_are_refused_so() {
    let refused = Bench::new().fault(TurnFault::Allocate400).fails(Code::ProtocolError, "allocate");
    assert!(refused.diagnosis.text.contains("not as it refuses wrong ones"), "{}", refused.diagnosis.text);
    let untried = Bench::new().fault(TurnFault::Allocate400).options(|options| options.stranger = None);
    untried.fails(Code::UnknownUserOrPassword, "allocate");
    let eturnal = server("eturnal", &[TurnFault::Allocate400]).options(|options| options.stranger = None);
    eturnal.fails(Code::ProtocolError, "allocate");
    let result = server("reTURNServer (RFC5389)", &[TurnFault::Nonce400]).fails(Code::StaleNonceLoop, "allocate");
    assert!(result.diagnosis.fix.contains("source ports"), "{}", result.diagnosis.fix);
}

#[test]
fn a_stun_server_is_told_from_a_turn_server_that_refuses() {
    for fault in [TurnFault::Bare400, TurnFault::Bare405, TurnFault::Bare420] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let result = Bench::new().over(transport).fault(fault).fails(Code::StunOnly, "challenge");
            assert!(result.diagnosis.text.contains("Binding"), "{}", result.diagnosis.text);
        }
        Bench::new().fault(fault).anonymous().fails(Code::StunOnly, "challenge");
        Bench::new().fault(fault).fault(TurnFault::NoBinding).fails(Code::ProtocolError, "binding");
    }
}

#[test]
fn cures_name_the_options_of_the_server_that_answers() {
    let fix = |software: &str, fault| server(software, &[fault]).run().0.diagnosis.fix;
    assert!(fix("Coturn-4.6.1 'Gorst'", TurnFault::Capacity).contains("relay-ip, external-ip; min-port to max-port"));
    assert!(fix("", TurnFault::Capacity).contains("(coturn: relay-ip"), "the most common one, by its name");
    assert!(fix("eturnal", TurnFault::Capacity).contains("(eturnal: relay_ipv4_addr, relay_ipv6_addr; relay_min_port"));
    assert!(fix("ejabberd", TurnFault::Forbidden).contains("turn_blacklist"));
    let other = fix("TurnServer 0.7.3", TurnFault::Quota);
    assert!(!other.contains("quota,") && !other.contains("coturn"), "nobody's option: {other}");
    let livekit = Bench::new().server(|server| server.software = String::new());
    let livekit = livekit.turn(|config| config.realm = "livekit".into()).login("demo", "wrong");
    let livekit = livekit.fault(TurnFault::Login400).fails(Code::UnknownUserOrPassword, "allocate");
    assert!(livekit.diagnosis.fix.contains("LiveKit"), "{}", livekit.diagnosis.fix);
}

#[test]
fn a_code_without_words_is_told_by_its_name() {
    for (fault, name) in [
        (TurnFault::Quota, "(486 Allocation Quota Reached)"),
        (TurnFault::UnsupportedTransport, "(442 Unsupported Transport Protocol)"),
        (TurnFault::Forbidden, "(403 Forbidden)"),
    ] {
        let result = Bench::new().fault(fault).fault(TurnFault::Wordless).run().0;
        assert!(result.diagnosis.text.contains(name), "{}", result.diagnosis.text);
        assert!(result.steps.iter().any(|step| name.contains(&step.detail)), "{:#?}", result.steps);
    }
}

#[test]
fn the_password_is_tried_as_browsers_do_and_sha256_is_a_feature() {
    for (fault, status) in [
        (None, FeatureStatus::Offered),
        (Some(TurnFault::Sha256Refused), FeatureStatus::Broken),
        (Some(TurnFault::Sha256AnsweredWithSha1), FeatureStatus::Broken),
    ] {
        let bench = || {
            let bench = Bench::new().turn(|config| config.sha256 = true);
            fault.into_iter().fold(bench, Bench::fault)
        };
        let plain = bench().expect(TurnVerdict::Ok, Code::Ok, None);
        assert!(plain.features.is_empty());
        let asked = bench().options(|options| options.features = true).expect(TurnVerdict::Ok, Code::Ok, None);
        let found = asked.features.iter().find(|feature| feature.name == FeatureName::Sha256).unwrap();
        assert_eq!(found.status, status, "{fault:?}: {}", found.text);
        let wrong = bench().login("demo", "wrong");
        wrong.fails(Code::UnknownUserOrPassword, "allocate");
    }
    let strict = || Bench::new().fault(TurnFault::Md5Refused);
    let result = strict().fails(Code::Sha256Only, "allocate");
    assert!(result.diagnosis.text.contains("SHA-256"), "{}", result.diagnosis.text);
    strict().login("demo", "wrong").fails(Code::UnknownUserOrPassword, "allocate");
}

#[test]
fn a_server_that_takes_tokens_too_may_have_refused_the_password() {
    let too = || Bench::new().fault(TurnFault::OauthToo);
    too().expect(TurnVerdict::Ok, Code::Ok, None);
    let result = too().login("demo", "wrong").fails(Code::UnknownUserOrPassword, "allocate");
    assert!(result.diagnosis.text.contains("auth.example.org"), "{}", result.diagnosis.text);
    too().anonymous().fails(Code::CredentialsNeeded, "allocate");
}

#[test]
fn a_proxy_whose_backend_is_silent_is_told_from_a_silent_host() {
    let silent = |transport| Bench::new().over(transport).fault(TurnFault::NoBinding).fault(TurnFault::StunOnly);
    let result = silent(Transport::Tls).fails(Code::NoAnswer, "binding");
    assert!(result.diagnosis.text.contains("a TLS proxy whose backend is silent"), "{}", result.diagnosis.text);
}

#[test]
fn a_password_that_is_made_otherwise_is_told_with_how_it_was_made() {
    use nat_probe::wire::{Look, Making};
    let name = format!("{}:alice", SIM_UNIX_START_S + 3_600);
    let secret = Secret::new("shared");
    let hexadecimal = "6b1c6c4cd9a6f4a4aa8ff2bf4b1a5c3a07f0a2d1";
    for (password, known, code, words) in [
        (hexadecimal, false, Code::PasswordEncoding, "looks like an HMAC-SHA1 in hexadecimal"),
        ("shared", false, Code::PasswordEncoding, "the text of no HMAC"),
        ("shared", true, Code::PasswordEncoding, "is the secret itself"),
        (hexadecimal, true, Code::SecretMismatch, "is not the HMAC-SHA1"),
    ] {
        let mut bench = Bench::new().turn(|config| config.secret = Some(secret.clone())).login(&name, password);
        let typed = Secret::new(password);
        let login = bench.login.as_mut().unwrap();
        login.look = Some(Look::of(&typed));
        login.matches_secret = known.then_some(false);
        login.made = Making::of(&secret, &name, &typed).filter(|_| known);
        let result = bench.fails(code, if known { "credentials" } else { "allocate" });
        assert!(result.diagnosis.text.contains(words), "{}", result.diagnosis.text);
    }
}
