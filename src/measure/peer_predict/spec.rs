//! What `peer predict` promises.

use crate::measure::spec::{INTERRUPTED, Key, PAGE_ENVIRONMENT, Spec, Takes, USAGE};
use crate::predict::prediction::{Answer, ChangeCode, HangsOn, Missing, PredictionCode};

/// `nat-probe peer predict`.
pub(crate) const PREDICT: Spec = Spec {
    name: "peer predict",
    question: "Will these two connect, and what would make them?",
    how: "Reads what is known of two sides and says, over each address family and over all, whether two ICE agents that conform to \
          RFC 8445 connect directly, need a relay, or do not connect, and why. Nothing is sent. A side is a file, or - for standard \
          input: a report of classify, discover or ice gather (--json), SDP or candidates, a token of peer connect, a browser's dump \
          (webrtc-internals, about:webrtc, getStats: the end that wrote it), or what tailscale netcheck --format=json prints; \
          or a description, nat:MAPPING,FILTERING with the words of RFC 4787: \
          nat:endpoint-independent,address-and-port-dependent. For short: nat:full-cone, nat:restricted-cone, \
          nat:port-restricted-cone, nat:symmetric, nat:none (neither NAT nor firewall), nat:firewall, nat:udp-blocked. Behind it \
          may stand hairpin=yes|no, ports=preserved|sequential|random, pooling=paired|arbitrary, address=IP and host=IP/PREFIX; \
          ipv6: begins another family, nat:symmetric;ipv6:firewall. What is not known of a side may be anything: the answer is \
          what holds in every case, or inconclusive with what to measure.",
    exit: &[
        ("0", "Predicted, and everything required is so."),
        ("1", "They do not connect at all, or something required is not so."),
        USAGE,
        ("3", "Could not be told, or what a requirement needs could not."),
        INTERRUPTED,
    ],
    keys: &[PREDICTION],
    grammar: "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will; ipv4. or ipv6. before the key \
              asks about that family. With --matrix every pair has to be so.",
    requirements: "prediction=direct, ipv6.prediction=direct, prediction!=impossible",
    environment: PAGE_ENVIRONMENT,
    simulates: "",
    codes: &[
        ("PREDICTIONS", Answer::listed),
        ("REASONS", PredictionCode::listed),
        ("CONDITIONS", HangsOn::listed),
        ("CHANGES", ChangeCode::listed),
        ("MISSING", Missing::listed),
    ],
    examples: &[
        ("nat-probe peer predict alice.json bob.json", "Two reports of nat-probe classify --json, one from each side."),
        (
            "nat-probe peer predict here.json nat:symmetric --turn turns:turn.example.org",
            "Somebody behind a symmetric NAT, with a relay.",
        ),
        ("nat-probe peer predict offer.sdp answer.sdp --json", "What two browsers gathered, for a script."),
        ("nat-probe peer predict --matrix *.json", "Every pair of several reports, as a grid."),
    ],
};

const PREDICTION: Key = Key {
    name: "prediction",
    takes: Takes::Words(&["direct", "direct-on-lan", "direct-after-hairpin", "possible", "relay", "impossible"]),
    per_family: true,
    meaning: "How they connect: direct (without a relay, whatever the way), direct-on-lan, direct-after-hairpin, possible, relay, \
              impossible.",
};
