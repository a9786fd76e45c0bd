//! What `ice gather` promises.

use super::{GatherCode, LeftOutCode};
use crate::measure::spec::{FAILURES, INTERRUPTED, Key, Spec, TURN_ENVIRONMENT, Takes, USAGE};
use crate::measure::turn::DiagnosisCode;
use crate::measure::witness::DoubtCode;

/// `nat-probe ice gather`.
pub const ICE_GATHER: Spec = Spec {
    name: "ice gather",
    question: "Which ICE candidates would an application get here, and from which server?",
    how: "Opens one UDP socket on each address of this host, as RFC 8445 has it, and asks from each of them every STUN server, and every TURN \
          server for an allocation, which is given back at the end. Prints the candidates with their priorities and foundations, which of \
          them are redundant or of no use and why, and what gave none, beside what a browser's icecandidateerror would say of it.",
    exit: &[
        ("0", "Gathered, and everything required is so."),
        ("1", "A TURN server that was named gives no candidate, or something required is not so."),
        USAGE,
        (
            "3",
            "Could not be measured: there is no candidate at all, or no server answered; or what a requirement needs.",
        ),
        INTERRUPTED,
    ],
    keys: &[CANDIDATE, RELAY_TRANSPORT],
    grammar: "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will; ipv4. or ipv6. before the key for one \
              address family.",
    requirements: "candidate=srflx, candidate=relay, relay-transport=tls",
    environment: TURN_ENVIRONMENT,
    simulates: "",
    codes: &[
        ("REMARKS", GatherCode::listed),
        ("LEFT OUT", LeftOutCode::listed),
        ("DIAGNOSES", DiagnosisCode::listed),
        ("DOUBTS", DoubtCode::listed),
        FAILURES,
    ],
    examples: &[
        ("nat-probe ice gather", "The candidates by public STUN servers."),
        ("nat-probe ice gather --turn turn:turn.example.org -u alice", "With those that a TURN server relays."),
        ("nat-probe ice gather --ice-servers config.json --json", "By an application's own servers, for a script."),
        ("nat-probe ice gather --sdp", "The candidate lines alone, to paste into a session description."),
        ("nat-probe ice gather --require candidate=relay", "Exit code 1 where there is no relayed candidate."),
    ],
};

const CANDIDATE: Key = Key {
    name: "candidate",
    takes: Takes::Words(&["host", "srflx", "relay"]),
    per_family: true,
    meaning: "host, srflx, relay: there is a candidate of this type that is believed and not redundant.",
};

const RELAY_TRANSPORT: Key = Key {
    name: "relay-transport",
    takes: Takes::Words(&["udp", "tcp", "tls", "dtls"]),
    per_family: false,
    meaning: "udp, tcp, tls, dtls: there is a relayed candidate of a server that is reached over it.",
};
