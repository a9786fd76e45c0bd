//! One gate for every address that came from outside: nothing is sent to where a server, a redirection or a record of DNS points
//! before it has passed here. Otherwise whoever answers us decides to whom we send: to this host, to its network, to a victim.
//!
//! Three rules. The scope follows from the one who names: a public server knows no private address that is ours to ask. A named port
//! is none of another service. And a third party that has not answered gets a handful of datagrams, not a stream.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::{Ask, Evidence, Exchange, Failure, FailureCode, Lookup, Outcome, Refused};
use crate::wire::{Scope, escape, upnp};

/// Datagrams and connections that a named third party gets until it has answered one.
pub const BUDGET: u32 = 8;

/// Ports of other services begin below this one (RFC 6335 section 6: system ports).
const SYSTEM_PORTS: u16 = 1024;
/// The system ports that STUN and TURN servers use all the same, to get through firewalls; browsers allow no others.
const USUAL: [u16; 3] = [53, 80, 443];

/// What is known of one address that somebody named.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// What third parties got that have not answered.
    spent: BTreeMap<IpAddr, u32>,
    /// Third parties that answered.
    consenting: BTreeSet<IpAddr>,
}

/// How an address stands to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The user, or the name that the user wrote, led to it.
    Known,
    /// A server named it.
    Named,
}

impl Gate {
    /// Whether that may be asked, and how the remote stands to the run.
    ///
    /// # Errors
    /// Why nothing is sent there.
    pub fn admit(seen: &Evidence, ask: &Ask) -> Result<Standing, Failure> {
        let remote = ask.remote;
        let of = |server: usize| seen.servers.get(server).into_iter().flat_map(|server| &server.lookups);
        let named = of(ask.server).flat_map(|lookup| &lookup.addresses);
        let all = || seen.servers.iter().flat_map(|server| &server.lookups).flat_map(|lookup| &lookup.addresses);
        let is_it = |address: &SocketAddr| *address == remote;
        if named.clone().any(is_it) || seen.name_servers.iter().flatten().any(is_it) || all().any(is_it) {
            return Ok(Standing::Known);
        }
        // A search goes to the group of the own network, which nobody named (UPnP Device Architecture section 1.3.2).
        if matches!(ask.request.upnp(), Some(upnp::Request::Search { group: true, .. })) && remote == upnp::GROUP {
            return Ok(Standing::Known);
        }
        let same_family = |address: &&SocketAddr| address.is_ipv4() == remote.is_ipv4();
        let by = named.clone().find(same_family).or_else(|| named.clone().next());
        let withheld = |why: String| Failure { code: FailureCode::Withheld, text: not_sent(remote, &why), by: None };
        // Another port of the very server.
        if named.clone().any(|address| address.ip() == remote.ip()) {
            let asked = named.map(SocketAddr::port).collect::<Vec<_>>();
            return port(remote.port(), &asked).map(|()| Standing::Known).map_err(withheld);
        }
        let Some(by) = by else { return Err(withheld("nobody known named it".to_owned())) };
        check(*by, remote).map(|()| Standing::Named).map_err(withheld)
    }

    /// Takes one datagram off the budget of a third party; `false` where nothing is left of it.
    pub fn spend(&mut self, remote: IpAddr) -> bool {
        if self.consenting.contains(&remote) {
            return true;
        }
        let spent = self.spent.entry(remote).or_default();
        *spent = spent.saturating_add(1);
        *spent <= BUDGET
    }

    /// Takes note of what came of an exchange: whoever answers what he was asked himself, or hands it on to us, may be asked more. An
    /// answer from anywhere else proves nothing, for its source is easily forged by the server that was asked.
    pub fn note(&mut self, exchange: &Exchange) {
        let answers = match &exchange.outcome {
            Outcome::Reply(reply) => reply.over.is_none() && reply.source == exchange.remote,
            Outcome::Looped { .. } => exchange.request.relay().is_none(),
            _ => false,
        };
        if answers {
            self.consenting.insert(exchange.remote.ip());
        }
    }

    /// Why a third party that stays silent gets no more.
    #[must_use]
    pub fn exhausted(remote: SocketAddr) -> Failure {
        let why = format!("a server named that address, and {BUDGET} datagrams to it were not answered");
        Failure { code: FailureCode::Withheld, text: not_sent(remote, &why), by: None }
    }
}

fn not_sent(remote: SocketAddr, why: &str) -> String {
    format!("nothing is sent to {remote}: {why}")
}

/// Whether a server may name that address.
///
/// # Errors
/// Why not, in words.
pub fn check(by: SocketAddr, named: SocketAddr) -> Result<(), String> {
    let (own, other) = (Scope::of(by.ip()), Scope::of(named.ip()));
    let follows = match other {
        Scope::Invalid => return Err(format!("{} is no address of a host", named.ip())),
        Scope::Public => true,
        Scope::Loopback => own == Scope::Loopback,
        // Within a site anything but this host may be meant: the other side of a router, an overlay network.
        Scope::Link | Scope::Private | Scope::Shared => own != Scope::Public,
    };
    if !follows {
        return Err(format!("{by}, {}, named it, and it is {}", describe(own), describe(other)));
    }
    port(named.port(), &[by.port()])
}

/// Whether somebody other than the user may name that port.
fn port(named: u16, asked: &[u16]) -> Result<(), String> {
    if named == 0 {
        return Err("0 is no port".to_owned());
    }
    if named >= SYSTEM_PORTS || USUAL.contains(&named) || asked.contains(&named) {
        return Ok(());
    }
    Err(format!("port {named} belongs to another service than STUN or TURN"))
}

/// Whether the records of a name (SRV, NAPTR) may lead to that address; `own` are the addresses that the name has itself.
///
/// # Errors
/// Why not, in words.
pub fn check_record(own: &[IpAddr], target: SocketAddr) -> Result<(), String> {
    const DEFAULTS: [u16; 2] = [3478, 5349];
    let has = |scope| own.iter().any(|ip| Scope::of(*ip) == scope);
    let scope = Scope::of(target.ip());
    let follows = match scope {
        Scope::Invalid | Scope::Public => true,
        Scope::Loopback | Scope::Link => has(scope) || has(Scope::Loopback),
        // Inside an organization names may have no address of their own, and records that lead to private ones.
        Scope::Private | Scope::Shared => !has(Scope::Public),
    };
    if !follows {
        return Err(format!("its records lead to {target}, which is {}", describe(scope)));
    }
    port(target.port(), &DEFAULTS).map_err(|why| format!("its records lead to {target}: {why}"))
}

/// Whether a name may stand for that address. Whoever writes a name that stands for an address of this host or its network wants that;
/// but what no host has was answered by a filter.
fn is_filtered(ip: IpAddr) -> bool {
    Scope::of(ip) == Scope::Invalid || BLOCK_PAGES.contains(&ip.to_canonical().to_string().as_str())
}

/// Takes what a filter answered out of a look-up, as refused; where nothing is left, that is why.
pub fn sift(name: &str, lookup: &mut Lookup) {
    let (filtered, asked): (Vec<SocketAddr>, _) =
        lookup.addresses.iter().partition(|address| is_filtered(address.ip()));
    if filtered.is_empty() {
        return;
    }
    let words: Vec<String> = filtered.iter().map(|address| address.ip().to_string()).collect();
    // Whoever writes such an address has no filter.
    let written = words.iter().any(|word| name.contains(word.as_str()));
    let (code, text) = if written {
        (FailureCode::NoAddress, "no host has that address".to_owned())
    } else if name == IPV4_ONLY {
        (FailureCode::NoAddress, format!("no host has {}: by this name NAT64 is found", words.join(" and ")))
    } else {
        (FailureCode::NameFiltered, format!("a DNS filter answers {} for this name", words.join(" and ")))
    };
    lookup.addresses = asked;
    lookup.refused.extend(filtered.into_iter().map(|address| Refused { address, text: text.clone() }));
    if lookup.addresses.is_empty() {
        let text = format!("look up {}: {text}", escape(name));
        lookup.failure.get_or_insert(Failure { code, text, by: None });
    }
}

/// The name whose addresses are no host's, as long as no NAT64 makes some of them (RFC 7050 section 8.1).
const IPV4_ONLY: &str = "ipv4only.arpa";

/// Where filters of DNS send whom they stop: Cisco Umbrella and Fortinet.
const BLOCK_PAGES: [&str; 8] = [
    "146.112.61.104",
    "146.112.61.105",
    "146.112.61.106",
    "146.112.61.107",
    "146.112.61.108",
    "146.112.61.109",
    "146.112.61.110",
    "208.91.112.55",
];

/// A scope in words.
fn describe(scope: Scope) -> &'static str {
    match scope {
        Scope::Loopback => "this host itself",
        Scope::Link => "an address of this link",
        Scope::Private => "a private address",
        Scope::Shared => "an address behind a carrier's NAT",
        Scope::Public => "a public address",
        Scope::Invalid => "no address of a host",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(by: &str, named: &str) -> bool {
        check(by.parse().unwrap(), named.parse().unwrap()).is_ok()
    }

    #[test]
    fn a_scope_follows_from_the_one_who_names() {
        for (by, named, fit) in [
            ("192.0.2.1:3478", "198.51.100.1:3479", true),
            ("192.0.2.1:3478", "10.0.0.1:3479", false),
            ("192.0.2.1:3478", "127.0.0.1:3479", false),
            ("192.0.2.1:3478", "169.254.1.1:3479", false),
            ("192.0.2.1:3478", "100.64.0.1:3479", false),
            ("192.0.2.1:3478", "[fd00::1]:3479", false),
            ("192.0.2.1:3478", "[::ffff:10.0.0.1]:3479", false),
            ("192.168.1.1:3478", "192.168.1.2:3479", true),
            ("192.168.1.1:3478", "10.0.0.1:3479", true),
            ("192.168.1.1:3478", "198.51.100.1:3479", true),
            ("192.168.1.1:3478", "127.0.0.1:3479", false),
            ("127.0.0.1:3478", "127.0.0.2:3479", true),
            ("127.0.0.1:3478", "192.168.1.2:49152", true),
            ("127.0.0.1:3478", "0.0.0.0:49152", false),
            ("192.168.1.1:3478", "224.0.0.1:3479", false),
            ("[2001:db8::1]:3478", "[2001:db8::2]:3479", true),
            ("[2001:db8::1]:3478", "[fe80::2]:3479", false),
            ("[2001:db8::1]:3478", "[::1]:3479", false),
        ] {
            assert_eq!(may(by, named), fit, "{by} names {named}");
        }
    }

    #[test]
    fn a_named_port_is_none_of_another_service() {
        for (port, fit) in [(0, false), (22, false), (25, false), (53, true), (80, true), (443, true), (1023, false)] {
            assert_eq!(may("192.0.2.1:3478", &format!("192.0.2.2:{port}")), fit, "{port}");
        }
        assert!(may("192.0.2.1:3478", "192.0.2.2:1024"));
        assert!(may("192.0.2.1:700", "192.0.2.2:700"), "the port that was asked");
    }

    #[test]
    fn records_of_a_public_name_stay_public() {
        let record = |own: &[&str], target: &str| {
            let own: Vec<IpAddr> = own.iter().map(|ip| ip.parse().unwrap()).collect();
            check_record(&own, target.parse().unwrap()).is_ok()
        };
        assert!(record(&["192.0.2.1"], "198.51.100.1:3478"));
        assert!(!record(&["192.0.2.1"], "127.0.0.1:22"));
        assert!(!record(&["192.0.2.1"], "127.0.0.1:3478"));
        assert!(!record(&["192.0.2.1"], "10.0.0.1:3478"));
        assert!(!record(&["192.0.2.1"], "198.51.100.1:22"));
        assert!(!record(&[], "127.0.0.1:3478"), "a name without an address leads not to this host either");
        assert!(record(&[], "10.0.0.1:3478"), "a name of an inner network may have records alone");
        assert!(record(&["10.0.0.9"], "10.0.0.1:443"));
        assert!(record(&["127.0.0.1"], "127.0.0.1:3478"), "localhost");
    }

    #[test]
    fn a_third_party_that_stays_silent_gets_a_handful() {
        let victim = "198.51.100.7".parse().unwrap();
        let mut gate = Gate::default();
        let sent = (0..40).filter(|_| gate.spend(victim)).count();
        assert_eq!(sent, BUDGET as usize);
        gate.consenting.insert(victim);
        assert!(gate.spend(victim));
    }

    #[test]
    fn what_no_host_has_was_answered_by_a_filter() {
        for (ip, filtered) in [
            ("0.0.0.0", true),
            ("::", true),
            ("::ffff:0.0.0.0", true),
            ("0.1.2.3", true),
            ("255.255.255.255", true),
            ("146.112.61.106", true),
            ("127.0.0.1", false),
            ("192.168.1.2", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_filtered(ip.parse().unwrap()), filtered, "{ip}");
        }
    }
}
