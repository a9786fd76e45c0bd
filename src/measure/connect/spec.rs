//! What `peer connect` promises.

use super::{Cause, Side};
use crate::evidence::{End, Progress};
use crate::measure::spec::{FAILURES, INTERRUPTED, Key, Spec, TURN_ENVIRONMENT, Takes};

/// `nat-probe peer connect`.
pub(crate) const CONNECT: Spec = Spec {
    name: "peer connect",
    question: "Do these two hosts connect, by which way, and if not, where does it end?",
    how: "Both sides run it. The first prints a token, which goes to the other side by any chat; that one is started with the token \
          and prints its own, which is pasted here. Then both check every pair of their candidates as WebRTC applications do (ICE, \
          RFC 8445), send each other test packets for five seconds over the pair that is nominated, and say of each pair how far it \
          came. A token names addresses, and whoever has it can be the other side until it expires; as an argument everybody on the host \
          sees it in the list of processes, pasted or in a file nobody does.",
    exit: &[
        ("0", "Connected, and everything required is so."),
        ("1", "Not connected, or something required is not so."),
        ("2", "The arguments, the token, a file or the environment are wrong, or the output could not be written."),
        ("3", "Could not be tried: the other side's token did not come, or nothing could be sent."),
        INTERRUPTED,
    ],
    keys: &[CONNECTED],
    grammar: "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will.",
    requirements: "connected-by=direct",
    environment: TURN_ENVIRONMENT,
    simulates: "",
    codes: &[
        ("CAUSES", Cause::listed),
        ("PROGRESS", Progress::listed),
        ("SIDES", Side::listed),
        ("ENDS", End::listed),
        FAILURES,
    ],
    examples: &[
        ("nat-probe peer connect", "The first side: prints a token, and waits for the other side's."),
        (
            "nat-probe peer connect -",
            "The second side: has the first one's token pasted, and prints the one that the first waits for.",
        ),
        (
            "nat-probe peer connect --turn turn:turn.example.org -u alice",
            "With a relay for this side; the password is asked for.",
        ),
        (
            "nat-probe peer connect --simulate home-router --there symmetric",
            "Both sides in simulated networks, without a packet.",
        ),
        (
            "nat-probe peer connect --token-out a.token --token-in b.token --json",
            "For scripts: tokens in files, the other one waited for.",
        ),
    ],
};

const CONNECTED: Key = Key {
    name: "connected-by",
    takes: Takes::Words(&["direct", "relay"]),
    per_family: false,
    meaning: "direct: the pair that was nominated needs no relay; relay: a relay of one side carries it.",
};
