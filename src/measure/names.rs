//! What the answers of DNS show together: a resolver that knows no name at all, or leads every one to the same place.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::evidence::{Evidence, FailureCode, Server};
use crate::wire::Scope;

/// Names that it takes to say something of the resolver.
const SEVERAL: usize = 2;

/// The names that were looked up, each once, with the servers that have them.
fn named(seen: &Evidence) -> BTreeMap<&str, Vec<&Server>> {
    let mut names: BTreeMap<&str, Vec<&Server>> = BTreeMap::new();
    for server in seen.servers.iter().filter(|server| !server.lookups.is_empty()) {
        let host = host(&server.name);
        if host.trim_start_matches('[').split(']').next().is_none_or(|text| text.parse::<IpAddr>().is_err()) {
            names.entry(host).or_default().push(server);
        }
    }
    names
}

/// The host of a server as it was written: without the scheme, the port and whatever follows.
fn host(name: &str) -> &str {
    let rest =
        ["stuns:", "stun:", "turns:", "turn:"].iter().find_map(|scheme| name.strip_prefix(scheme)).unwrap_or(name);
    let rest = rest.split('?').next().unwrap_or(rest);
    if rest.starts_with('[') { rest } else { rest.split(':').next().unwrap_or(rest) }
}

/// How many names there are, where the resolver says of each of them that it does not exist: it may know none.
#[must_use]
pub(crate) fn none_known(seen: &Evidence) -> Option<usize> {
    let names = named(seen);
    let unknown = |server: &&Server| {
        server
            .lookups
            .iter()
            .all(|lookup| lookup.failure.as_ref().is_some_and(|failure| failure.code == FailureCode::NameNotFound))
    };
    let all = names.values().flatten().all(unknown);
    (names.len() > SEVERAL && all).then_some(names.len())
}

/// The one address of this network that all names lead to, and how many there are: a captive portal answers so, or a filter.
#[must_use]
pub(crate) fn one_place(seen: &Evidence) -> Option<(IpAddr, usize)> {
    let names = named(seen);
    let found = names.values().flatten().flat_map(|server| &server.lookups);
    let places: BTreeSet<IpAddr> = found.flat_map(|lookup| &lookup.addresses).map(SocketAddr::ip).collect();
    let inner =
        |ip: &&IpAddr| matches!(Scope::of(**ip), Scope::Private | Scope::Shared | Scope::Link | Scope::Loopback);
    // Servers of one organization may share a host.
    let domain = |name: &&str| name.rsplitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let domains: BTreeSet<String> = names.keys().map(domain).collect();
    let only = places.first().filter(inner).filter(|_| places.len() == 1 && domains.len() >= SEVERAL)?;
    Some((*only, names.len()))
}

/// The same in words.
#[must_use]
pub(crate) fn place_in_words((ip, count): (IpAddr, usize)) -> String {
    format!(
        "{count} of {count} names lead to {ip}, an address of this network, as where a captive portal or a filter answers DNS"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Failure, Lookup};
    use crate::wire::Transport;

    fn seen(names: &[(&str, Option<&str>)]) -> Evidence {
        let lookup = |address: Option<&str>| Lookup {
            transport: Transport::Udp,
            addresses: address.map(|ip| format!("{ip}:3478").parse().unwrap()).into_iter().collect(),
            failure: address.is_none().then(|| Failure {
                code: FailureCode::NameNotFound,
                text: "no such name".to_owned(),
                by: None,
            }),
            refused: Vec::new(),
            duration_ms: 1.0,
        };
        let server = |(name, address): &(&str, Option<&str>)| Server {
            name: (*name).to_owned(),
            lookups: vec![lookup(*address)],
        };
        Evidence { servers: names.iter().map(server).collect(), ..Evidence::default() }
    }

    #[test]
    fn a_resolver_that_knows_no_name_says_nothing_of_one() {
        let (a, b, c) = (("turn:a.example", None), ("b.example:3478", None), ("stun:c.example", None));
        assert_eq!(none_known(&seen(&[a, b, c])), Some(3));
        assert_eq!(none_known(&seen(&[a, b, ("198.51.100.1", Some("198.51.100.1"))])), None, "too few names");
        assert_eq!(none_known(&seen(&[a, b, ("c.example", Some("198.51.100.1"))])), None, "it knows one");
    }

    #[test]
    fn names_of_several_owners_that_lead_to_one_inner_address_are_a_portals() {
        let at = |ip| Some(ip);
        let portal = "10.0.0.1";
        let of = |names: &[(&str, Option<&str>)]| one_place(&seen(names)).map(|(ip, count)| (ip.to_string(), count));
        let both = [("turn:turn.example.org", at(portal)), ("stun.example.net:3478", at(portal))];
        assert_eq!(of(&both), Some((portal.to_owned(), 2)));
        assert_eq!(of(&[("a.example.org", at(portal)), ("b.example.org", at(portal))]), None, "one owner's");
        assert_eq!(of(&[("a.example.org", at("198.51.100.1")), ("b.example.net", at("198.51.100.1"))]), None, "public");
        assert_eq!(of(&[both[0], ("stun.example.net", at("10.0.0.2"))]), None, "two places");
    }
}
