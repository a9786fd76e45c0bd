//! What `turn` promises.

use super::finding::FeatureName;
use super::{DiagnosisCode, DiagnosisSide};
use crate::measure::spec::{FAILURES, FAMILY_WORDS, INTERRUPTED, Key, Spec, TURN_ENVIRONMENT, Takes, USAGE};
use crate::wire::RemarkCode;

/// `nat-probe turn`.
pub(crate) const TURN: Spec = Spec {
    name: "turn",
    question: "Does this TURN server work, and if not, which step fails and why?",
    how: "Climbs the ladder that every application climbs - reach the server, be challenged, allocate, let data through the relay, \
          renew, release - for each server, transport and address family at once, and names the cause of what fails with what to \
          change. STUN servers are asked through the relay: third parties that see from where it sends.",
    exit: &[
        (
            "0",
            "Every entry works, if degraded; with --require turn=..., as many as it wants, and everything else required is so.",
        ),
        (
            "1",
            "An entry does not work or, beside others that do, could not be told; something required is not so; or a configuration has no TURN entry.",
        ),
        USAGE,
        ("3", "Nothing could be told of any entry, or not what a requirement needs."),
        INTERRUPTED,
    ],
    keys: &[WORKS, RELAY_FAMILY, ROUND_TRIP],
    grammar: "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will; turn-rtt-ms with < or <=.",
    requirements: "turn=any, relay-family=ipv6, turn-rtt-ms<150",
    environment: TURN_ENVIRONMENT,
    simulates: "turn-",
    codes: &[
        ("DIAGNOSES", DiagnosisCode::listed),
        ("SIDES", DiagnosisSide::listed),
        ("REMARKS", RemarkCode::listed),
        ("FEATURES", FeatureName::listed),
        FAILURES,
    ],
    examples: &[
        ("nat-probe turn turn:turn.example.org -u alice", "One server; the password is asked for."),
        (
            "nat-probe turn turn.example.org --secret-file secret.txt --rest-user bob",
            "With credentials made from the secret shared with the server.",
        ),
        ("nat-probe turn turn.example.org -u alice --transport udp,tcp,tls", "One server in three ways."),
        (
            "nat-probe turn --ice-servers config.json --require turn=any",
            "An application's servers, of which one suffices.",
        ),
    ],
};

const WORKS: Key = Key {
    name: "turn",
    takes: Takes::Words(&["any", "all", "udp", "tcp", "tls", "dtls"]),
    per_family: false,
    meaning: "any: one TURN entry suffices; all: each has to work; udp, tcp, tls or dtls: one over one of these. It replaces the rule \
              that all must work. STUN entries never count.",
};

const RELAY_FAMILY: Key = Key {
    name: "relay-family",
    takes: Takes::Words(FAMILY_WORDS),
    per_family: false,
    meaning: "ipv4 or ipv6: an entry that works relays for it (ipv6 needs --features where clients have to ask for it).",
};

const ROUND_TRIP: Key = Key {
    name: "turn-rtt-ms",
    takes: Takes::Bound,
    per_family: false,
    meaning: "turn-rtt-ms<150: the shortest median round trip to an entry that works.",
};
