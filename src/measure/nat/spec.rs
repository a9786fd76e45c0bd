//! What `classify` promises, and the keys that it shares with `discover`.

use crate::measure::spec::{EXIT, FAMILY_WORDS, Key, STUN_CODES, STUN_ENVIRONMENT, Spec, Takes};

/// `nat-probe classify`.
pub(crate) const CLASSIFY: Spec = Spec {
    name: "classify",
    question: "What does the NAT do?",
    how: "Finds out for each address family whether this host is open, firewalled or behind a NAT, what the NAT's mapping and \
          filtering depend on, how it chooses ports, and what that means for peers.",
    exit: EXIT,
    keys: &[CONNECTIVITY, MAPPING, FILTERING, FAMILY, PUBLIC_ADDRESS, RFC3489],
    grammar: GRAMMAR,
    requirements: "mapping=endpoint-independent, connectivity=open,nat",
    environment: STUN_ENVIRONMENT,
    simulates: "",
    codes: STUN_CODES,
    examples: &[
        ("nat-probe classify", "The verdict, what it rests on, and what it means."),
        ("nat-probe classify --simulate home-router", "How it looks on a network that is only simulated."),
        (
            "nat-probe classify --json --require mapping=endpoint-independent",
            "For a script: JSON on standard output, exit code 1 where the NAT is stricter than that.",
        ),
        ("nat-probe classify --json --redact", "A report without addresses, to paste into a public place."),
        ("nat-probe classify --from report.json -v", "What was saved with --json, judged again, with every exchange."),
    ],
};

/// How the requirements of an address family are written.
pub(crate) const GRAMMAR: &str = "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will. It has to hold \
                                  of every address family that this host has; ipv4.KEY or ipv6.KEY asks about one, of which \
                                  KEY=VALUE is not met where this host lacks it.";

pub(crate) const CONNECTIVITY: Key = Key {
    name: "connectivity",
    takes: Takes::Words(&["open", "firewalled", "direct", "nat", "udp-blocked", "unavailable"]),
    per_family: true,
    meaning: "open, firewalled, direct, nat, udp-blocked or unavailable.",
};

const MAPPING: Key = Key {
    name: "mapping",
    takes: Takes::Words(&["none", "endpoint-independent", "address-dependent", "address-and-port-dependent"]),
    per_family: true,
    meaning: "none, endpoint-independent, address-dependent or address-and-port-dependent.",
};

const FILTERING: Key = Key {
    name: "filtering",
    takes: Takes::Words(&["endpoint-independent", "address-dependent", "address-and-port-dependent"]),
    per_family: true,
    meaning: "endpoint-independent, address-dependent or address-and-port-dependent.",
};

pub(crate) const FAMILY: Key = Key {
    name: "family",
    takes: Takes::Words(FAMILY_WORDS),
    per_family: false,
    meaning: "ipv4 or ipv6: the family works.",
};

pub(crate) const PUBLIC_ADDRESS: Key = Key {
    name: "public-address",
    takes: Takes::Network,
    per_family: true,
    meaning: "An address or a network such as 203.0.113.0/24: the public address is in it.",
};

const RFC3489: Key = Key {
    name: "rfc3489",
    takes: Takes::Words(&[
        "open-internet",
        "full-cone",
        "restricted-cone",
        "port-restricted-cone",
        "symmetric",
        "symmetric-udp-firewall",
        "udp-blocked",
        "none",
    ]),
    per_family: true,
    meaning: "The RFC 3489 name with hyphens, such as full-cone or symmetric, or none.",
};
