//! Every combination that the table tells apart, with the code it leads to.

use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::software::Software;
use crate::measure::turn::judge::refusal::table::{Meaning, Refused, meaning, odd};

fn refused(signed: bool, number: u16, software: Software) -> Refused<'static> {
    Refused { signed, number, reason: "", software, binds: true, odd: None, odd_realm: None, stranger: None }
}

/// The code of a cause, or the name of what decides further.
fn leads_to(refused: &Refused) -> String {
    match meaning(refused) {
        Meaning::Cause { code, .. } => code.to_string(),
        other => format!("{other:?}").to_lowercase(),
    }
}

const ALL: [Software; 13] = [
    Software::Coturn,
    Software::Eturnal,
    Software::Ejabberd,
    Software::Restund,
    Software::ReTurn,
    Software::TurnRs,
    Software::Libjuice,
    Software::NodeTurn,
    Software::Pion,
    Software::Livekit,
    Software::Stunner,
    Software::Other,
    Software::Unknown,
];

#[test]
fn most_codes_mean_the_same_to_every_server() {
    for software in ALL {
        for (number, signed, bare) in [
            (300, "elsewhere", "elsewhere"),
            (401, "login", "challenge"),
            (403, "forbidden", "forbidden"),
            (437, "allocation-mismatch", "allocation-mismatch"),
            (438, "stale-nonce-loop", "stale-nonce-loop"),
            (440, "unsupported-family", "unsupported-family"),
            (442, "unsupported-transport", "unsupported-transport"),
            (486, "quota-reached", "quota-reached"),
            (500, "server-error", "server-error"),
            (508, "insufficient-capacity", "insufficient-capacity"),
            (405, "protocol-error", "stun-only"),
            (420, "protocol-error", "stun-only"),
            (0, "protocol-error", "stun-only"),
            (600, "protocol-error", "stun-only"),
            (700, "protocol-error", "protocol-error"),
        ] {
            assert_eq!(leads_to(&refused(true, number, software)), signed, "{software:?} {number}");
            assert_eq!(leads_to(&refused(false, number, software)), bare, "{software:?} {number}");
        }
    }
}

#[test]
fn a_bad_request_is_a_bad_login_where_the_server_refuses_logins_so() {
    for software in ALL {
        let usual = match software {
            Software::Pion | Software::Livekit | Software::Stunner | Software::Other | Software::Unknown => "login",
            _ => "protocol-error",
        };
        assert_eq!(leads_to(&refused(true, 400, software)), usual, "{software:?}");
    }
    for software in [Software::Other, Software::Unknown] {
        for (stranger, meaning) in [(Some(400), "login"), (Some(401), "protocol-error"), (None, "login")] {
            let tried = Refused { stranger, ..refused(true, 400, software) };
            assert_eq!(leads_to(&tried), meaning, "{software:?} {stranger:?}");
        }
    }
}

#[test]
fn a_user_name_is_refused_where_it_is_odd_and_others_are_refused_otherwise() {
    let a_space =
        |software, stranger| leads_to(&Refused { odd: odd("alice smith"), stranger, ..refused(true, 400, software) });
    assert_eq!(a_space(Software::Coturn, None), "username-refused");
    assert_eq!(a_space(Software::Unknown, Some(401)), "username-refused", "coturn that does not name itself");
    assert_eq!(a_space(Software::Unknown, Some(400)), "login");
    assert_eq!(a_space(Software::Unknown, None), "login", "which of the two nobody knows");
    assert_eq!(a_space(Software::Pion, None), "login");
    assert_eq!(a_space(Software::Eturnal, None), "protocol-error");
    let realm = |software| leads_to(&Refused { odd_realm: odd("my realm"), ..refused(true, 400, software) });
    assert_eq!(realm(Software::Coturn), "no-realm");
    assert_eq!(realm(Software::Pion), "login");
    for (name, is_odd) in [
        ("alice", false),
        ("1700000000:alice@example.org", false),
        ("o'neill", true),
        ("a\"b", true),
        ("DOMAIN\\alice", true),
        ("alice\n", true),
        ("a\tb", true),
        ("credit-Union-SELECT", true),
        ("union", false),
    ] {
        assert_eq!(odd(name).is_some(), is_odd, "{name:?}");
    }
}

#[test]
fn a_server_without_turn_refuses_before_it_asks() {
    let silent = |number| Refused { binds: false, ..refused(false, number, Software::Unknown) };
    for number in [400, 405, 420] {
        assert_eq!(leads_to(&refused(false, number, Software::Unknown)), "stun-only", "{number}");
        assert_eq!(leads_to(&silent(number)), "protocol-error", "{number}, and Binding unanswered");
    }
    let nonce = Refused { reason: "BadRequest (Invalid Nonce)", ..refused(true, 400, Software::ReTurn) };
    assert_eq!(leads_to(&nonce), Code::StaleNonceLoop.to_string());
}
