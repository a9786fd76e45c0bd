//! The terms of the craft that the pages use, in a sentence each: nobody has to read an RFC to understand a page.

use crate::measure::spec::Term;

/// What `--explain` and the manual say of each.
const TERMS: &[Term] = &[
    (
        "alg",
        "Application-level gateway: a part of a router that rewrites addresses inside packets, those of SIP above all, and often breaks them.",
    ),
    (
        "allocation",
        "What a TURN server keeps for a client: an address and port of the server's, which relay to and from the client.",
    ),
    ("binding", "The request of STUN that asks from which address and port it came, and its answer."),
    (
        "candidate",
        "An address and port at which one end of a call may be reached: its own, the one beyond its NAT, or one of a relay.",
    ),
    (
        "cgnat",
        "Carrier-grade NAT: the provider's, behind which many customers share an address; routers behind it have one of 100.64.0.0/10 or another private one.",
    ),
    (
        "cone",
        "RFC 3489's word for a NAT whose mapping is the same for every destination: full, restricted and port-restricted ones differ in whom they let in.",
    ),
    (
        "filtering",
        "Whose packets a NAT or a firewall lets in to a mapping: anybody's, or only those of addresses, or addresses and ports, that were sent to (RFC 4787 section 5).",
    ),
    (
        "hairpinning",
        "Whether two hosts behind the same NAT reach each other by its external address (RFC 4787 section 6).",
    ),
    ("ice", "How two ends try every pair of their candidates until one works, as WebRTC does (RFC 8445)."),
    (
        "mapping",
        "The external address and port that a NAT gives to a port inside. Where it is the same for every destination, a peer can know it beforehand (RFC 4787 section 4.1).",
    ),
    (
        "nat",
        "Network address translation: a router sends what comes from inside under an address and port of its own, and remembers whose the answers are.",
    ),
    ("nat-pmp", "A protocol by which a program asks its router to map a port, the forerunner of PCP (RFC 6886)."),
    ("nat64", "A translator by which hosts with IPv6 alone reach IPv4 (RFC 6146)."),
    (
        "nonce",
        "What a server has each login computed anew with; it goes stale after a while, and then the client is told the next one.",
    ),
    ("pcp", "Port Control Protocol, by which a program asks its router to map a port (RFC 6887)."),
    (
        "permission",
        "What lets a peer's address send to an allocation: the client asks its TURN server for it (RFC 8656 section 9).",
    ),
    ("realm", "The name, told by the server, of what a password is for; it counts in the computation of a login."),
    ("relay", "A TURN server that passes everything on between two ends that have no direct way."),
    ("round trip", "How long a question and its answer take together."),
    (
        "stun",
        "The protocol by which a host asks a server on the internet what address and port its packets come from (RFC 8489).",
    ),
    (
        "symmetric nat",
        "RFC 3489's word for a NAT that takes another port for each destination, so that a peer cannot know the one to send to.",
    ),
    ("turn", "The protocol by which a host has a server relay for it where no direct way exists (RFC 8656)."),
    ("upnp", "The protocol by which most home routers are asked to map a port."),
];

/// The list, as commands list their codes.
#[must_use]
pub(super) fn listed() -> Vec<(String, &'static str)> {
    TERMS.iter().map(|(term, meaning)| ((*term).to_owned(), *meaning)).collect()
}
