//! What `discover` promises.

use crate::measure::nat::spec::{CONNECTIVITY, FAMILY, GRAMMAR, PUBLIC_ADDRESS};
use crate::measure::spec::{EXIT, STUN_CODES, STUN_ENVIRONMENT, Spec};

/// `nat-probe discover`.
pub(crate) const DISCOVER: Spec = Spec {
    name: "discover",
    question: "What address do others see?",
    how: "Asks every server at once and shows the address that each one saw, how long it took, and how the answers agree.",
    exit: EXIT,
    keys: &[CONNECTIVITY, FAMILY, PUBLIC_ADDRESS],
    grammar: GRAMMAR,
    requirements: "family=ipv6, public-address=203.0.113.0/24",
    environment: STUN_ENVIRONMENT,
    simulates: "",
    codes: STUN_CODES,
    examples: &[
        ("nat-probe discover", "The address that each of the public servers sees."),
        ("nat-probe discover stun.example.org '[2001:db8::1]:3478' --count 5", "Two servers, each asked five times."),
        (
            "nat-probe discover --transport udp,tcp,tls --servers-file servers.txt",
            "The servers of a file, in three ways.",
        ),
        ("nat-probe discover --server stuns:stun.example.org --transport tls", "Over TLS, the port found by SRV."),
    ],
};
