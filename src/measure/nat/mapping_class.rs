//! What each kind of mapping allows and forbids: pairs of a destination and what it saw, of one socket.
//!
//! | what two destinations of one socket saw | allowed by |
//! |---|---|
//! | both the same | endpoint-independent, several exits; address-dependent if they share the address; address-and-port-dependent never |
//! | another port of the same address | address-dependent if their addresses differ; address-and-port-dependent |
//! | another address | several exits; address-dependent if their addresses differ; address-and-port-dependent |
//!
//! Several exits, each with one port for every destination, look like a mapping by destination until two destinations share what they
//! saw, or one external address shows two ports: then it is one or the other. Coincidences: a NAT that chooses ports at random for each
//! destination chooses the same twice once in some 60,000; one that keeps the local port for the first destination and has a pool may
//! keep it on several addresses, which is then not told from several exits; behind two exits that go by the whole flow, one server's
//! four points look address-dependent once in eight runs, and are told from it only by rule.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A kind of mapping (RFC 4787 section 4.1), or what may be taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One external address and port, whatever the destination.
    EndpointIndependent,
    /// One external address and port on each of several exits.
    SeveralExits,
    /// Another one for each destination address.
    AddressDependent,
    /// Another one for each destination address and port.
    AddressAndPortDependent,
}

/// What a destination saw of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// The destination.
    pub destination: SocketAddr,
    /// What it saw.
    pub external: SocketAddr,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 4] =
        [Self::EndpointIndependent, Self::SeveralExits, Self::AddressDependent, Self::AddressAndPortDependent];

    /// The kinds that what was seen of one socket does not refute. Going by pairs would take for ever where somebody saved many.
    #[must_use]
    pub(super) fn possible(seen: &[Sight]) -> Vec<Self> {
        let fits = |kind: &Self| match kind {
            Self::EndpointIndependent => one_for_each(seen, |_| (), |sight| sight.external),
            Self::SeveralExits => one_for_each(seen, |sight| sight.external.ip(), |sight| sight.external),
            Self::AddressDependent => {
                one_for_each(seen, |sight| sight.destination.ip(), |sight| sight.external)
                    && one_for_each(seen, |sight| sight.external, |sight| sight.destination.ip())
            }
            Self::AddressAndPortDependent => {
                one_for_each(seen, |sight| sight.destination, |sight| sight.external)
                    && one_for_each(seen, |sight| sight.external, |sight| sight.destination)
            }
        };
        Self::ALL.into_iter().filter(fits).collect()
    }
}

/// Whether what is the same by one measure is the same by the other.
fn one_for_each<K: Ord, V: PartialEq + Copy>(
    seen: &[Sight],
    key: impl Fn(&Sight) -> K,
    value: impl Fn(&Sight) -> V,
) -> bool {
    let mut known = BTreeMap::new();
    seen.iter().all(|sight| *known.entry(key(sight)).or_insert_with(|| value(sight)) == value(sight))
}

#[cfg(test)]
mod tests {
    use super::Kind::{
        self, AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei, SeveralExits as Exits,
    };
    use super::Sight;

    const POINTS: [&str; 4] = ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "192.0.2.2:2"];
    const SEEN: [&str; 8] = [
        "203.0.113.7:1",
        "203.0.113.7:2",
        "203.0.113.7:3",
        "203.0.113.7:4",
        "203.0.113.8:5",
        "203.0.113.8:6",
        "203.0.113.8:7",
        "203.0.113.8:8",
    ];

    fn sights(external: [usize; 4]) -> Vec<Sight> {
        let sight = |(point, seen): (&str, usize)| Sight {
            destination: point.parse().unwrap(),
            external: SEEN[seen].parse().unwrap(),
        };
        POINTS.into_iter().zip(external).map(sight).collect()
    }

    /// Every combination of what the four points of a server can see on two external addresses with four ports each.
    fn all() -> impl Iterator<Item = [usize; 4]> {
        (0..8_usize.pow(4)).map(|number| [number / 512, number / 64 % 8, number / 8 % 8, number % 8])
    }

    #[test]
    fn no_verdict_is_one_that_its_evidence_refutes() {
        for seen in all() {
            let [a, b, c, d] = seen;
            let kinds = Kind::possible(&sights(seen));
            assert_eq!(kinds.contains(&Ei), a == b && b == c && c == d, "{seen:?}");
            let shared_across = [(a, c), (a, d), (b, c), (b, d)].into_iter().any(|(one, other)| one == other);
            assert_eq!(kinds.contains(&Ad), a == b && c == d && !shared_across, "{seen:?}");
            assert_eq!(kinds.contains(&Apd), !shared_across && a != b && c != d, "{seen:?}");
            let two_ports = |first: usize, last: usize| {
                let mut on: Vec<usize> = seen.into_iter().filter(|seen| (first..=last).contains(seen)).collect();
                on.sort_unstable();
                on.dedup();
                on.len() > 1
            };
            assert_eq!(kinds.contains(&Exits), !two_ports(0, 3) && !two_ports(4, 7), "{seen:?}");
            if shared_across {
                assert!(
                    !kinds.contains(&Ad) && !kinds.contains(&Apd),
                    "two addresses that share what they saw: {seen:?}"
                );
            }
        }
    }

    #[test]
    fn what_each_kind_of_nat_shows() {
        for (seen, kinds) in [
            ([0, 0, 0, 0], vec![Ei, Exits]),
            ([0, 0, 1, 1], vec![Ad]),
            ([0, 0, 4, 4], vec![Exits, Ad]),
            ([0, 1, 2, 3], vec![Apd]),
            ([0, 4, 1, 5], vec![Apd]),
            ([0, 4, 0, 4], vec![Exits]),
            ([0, 1, 1, 1], vec![]),
            ([0, 0, 1, 2], vec![]),
        ] {
            assert_eq!(Kind::possible(&sights(seen)), kinds, "{seen:?}");
        }
    }
}
