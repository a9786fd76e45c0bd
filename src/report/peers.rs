//! Which peers connect directly: the matrix of mapping and filtering against mapping and filtering.
//!
//! Both ends are taken to do what ICE does (RFC 8445): they know each other's STUN-learnt address, keep sending to it in both
//! directions, and learn a new one from what arrives (peer-reflexive candidates). Each NAT has one external address.

use crate::evidence::Behavior;
use crate::measure::nat::finding::{FamilyFindings, MappingBehavior, PoolingBehavior};

use super::possible;

/// A mapping with a filtering: one kind of NAT. A host without NAT has endpoint-independent mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What the mapping depends on.
    pub mapping: Behavior,
    /// What the filtering depends on.
    pub filtering: Behavior,
}

/// Whether two ends connect without a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direct {
    /// They do.
    Yes,
    /// It depends on the implementation, or on what could not be measured.
    Maybe,
    /// They need a relay.
    No,
}

use Direct::{Maybe as M, No as N, Yes as Y};

/// Rows and columns in the order of [`Pair::all`]. The matrix is symmetric. `M`: works where the NAT keeps the addresses that were
/// sent to for each internal endpoint (the wording of RFC 4787 section 5), fails where it keeps them for each external port.
const MATRIX: [[Direct; 9]; 9] = [
    [Y, Y, Y, Y, Y, Y, Y, Y, Y],
    [Y, Y, Y, Y, Y, Y, Y, Y, Y],
    [Y, Y, Y, N, N, N, N, N, N],
    [Y, Y, N, Y, Y, N, Y, Y, N],
    [Y, Y, N, Y, M, N, Y, M, N],
    [Y, Y, N, N, N, N, N, N, N],
    [Y, Y, N, Y, Y, N, N, N, N],
    [Y, Y, N, Y, M, N, N, N, N],
    [Y, Y, N, N, N, N, N, N, N],
];

impl Pair {
    /// All nine, by mapping and then by filtering.
    #[must_use]
    pub fn all() -> [Self; 9] {
        std::array::from_fn(|index| Self { mapping: Behavior::ALL[index / 3], filtering: Behavior::ALL[index % 3] })
    }

    fn index(self) -> usize {
        self.mapping as usize * 3 + self.filtering as usize
    }
}

/// Whether this pair of ends connects without a relay.
#[must_use]
pub fn direct(local: Pair, remote: Pair) -> Direct {
    MATRIX[local.index()][remote.index()]
}

/// The nine kinds of peers, sorted by whether they connect directly with this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// They connect.
    pub direct: Vec<Pair>,
    /// It depends.
    pub maybe: Vec<Pair>,
    /// They need a relay.
    pub relay: Vec<Pair>,
}

/// The outlook for this host; `None` when UDP does not get out, or is not known to.
#[must_use]
pub fn outlook(found: &FamilyFindings) -> Option<Outlook> {
    let mappings = possible::peer_mappings(found);
    let filterings = possible::peer_filterings(found);
    let own: Vec<Pair> = Pair::all()
        .into_iter()
        .filter(|pair| mappings.contains(&pair.mapping) && filterings.contains(&pair.filtering))
        .collect();
    if own.is_empty() {
        return None;
    }
    let pooled = found.pooling.as_ref().is_some_and(|pooling| pooling.behavior == PoolingBehavior::Arbitrary);
    // Another external address for each destination does not pass a filter that looks at the address.
    let shut_out = |local: Pair, remote: Pair| {
        pooled && local.mapping != Behavior::EndpointIndependent && remote.filtering != Behavior::EndpointIndependent
    };
    let meet = |local: Pair, remote: Pair| if shut_out(local, remote) { Direct::No } else { direct(local, remote) };
    let mut outlook = Outlook::default();
    for remote in Pair::all() {
        if own.iter().all(|local| meet(*local, remote) == Direct::Yes) {
            outlook.direct.push(remote);
        } else if own.iter().all(|local| meet(*local, remote) == Direct::No) {
            outlook.relay.push(remote);
        } else {
            outlook.maybe.push(remote);
        }
    }
    Some(outlook)
}

/// What the mapping over TCP means for peers; `None` where it was not tested. Two ends behind NATs connect over TCP only by opening at
/// the same moment (RFC 6544, RFC 5382 REQ-2), and for that each must know the port that the other will have.
#[must_use]
pub fn over_tcp(found: &FamilyFindings) -> Option<String> {
    let tcp = found.tcp_mapping.as_ref()?;
    let text = match (tcp.behavior, tcp.endpoint_independent) {
        (MappingBehavior::None, _) => {
            "this host's own address and port: peers can connect where no firewall stops them, or by opening at the same moment"
        }
        (MappingBehavior::EndpointIndependent, _) | (MappingBehavior::Inconclusive, Some(true)) => {
            "one external port for every destination: peers whose port is known too can connect by opening at the same moment (ICE-TCP)"
        }
        (MappingBehavior::Inconclusive, None) => "whether peers can connect could not be told",
        (
            MappingBehavior::AddressDependent
            | MappingBehavior::AddressAndPortDependent
            | MappingBehavior::ConnectionDependent
            | MappingBehavior::Inconclusive,
            _,
        ) => {
            "another external port for each destination, which peers cannot know: those behind a NAT or a firewall connect over UDP or need a relay (TURN)"
        }
    };
    Some(format!("{text}."))
}

impl Outlook {
    /// One sentence for each of the three sorts that there are.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        if self.direct.len() == 9 {
            return vec!["Every peer connects directly, whatever its NAT.".to_owned()];
        }
        let mut sentences = Vec::new();
        for (peers, before, word, after) in [
            (&self.direct, "Connects directly", "with", ""),
            (&self.maybe, "Perhaps", "with", ": that depends on details that could not be measured"),
            (&self.relay, "Needs a relay (TURN)", "for", ""),
        ] {
            if !peers.is_empty() {
                sentences.push(format!("{before} {word} {}{after}.", describe(peers, word)));
            }
        }
        sentences
    }
}

/// Peers in words, each phrase after the same word: mappings with the same filterings share a phrase.
fn describe(peers: &[Pair], word: &str) -> String {
    let filterings = |mapping: Behavior| -> Vec<Behavior> {
        peers.iter().filter(|pair| pair.mapping == mapping).map(|pair| pair.filtering).collect()
    };
    let mut groups: Vec<(Vec<Behavior>, Vec<Behavior>)> = Vec::new();
    for mapping in Behavior::ALL {
        let filterings = filterings(mapping);
        match groups.last_mut() {
            _ if filterings.is_empty() => {}
            // Endpoint-independent mapping has words of its own and stands alone.
            Some((mappings, same)) if *same == filterings && mappings[0] != Behavior::EndpointIndependent => {
                mappings.push(mapping);
            }
            _ => groups.push((vec![mapping], filterings)),
        }
    }
    let phrases: Vec<String> = groups.iter().map(|(mappings, filterings)| phrase(mappings, filterings)).collect();
    phrases.join(&format!("; and {word} "))
}

fn phrase(mappings: &[Behavior], filterings: &[Behavior]) -> String {
    let who = match mappings {
        [Behavior::EndpointIndependent] => {
            "peers without NAT or with endpoint-independent mapping (cone NATs)".to_owned()
        }
        [one] => format!("peers behind {} mapping (symmetric NATs)", one.name()),
        _ => "peers behind address-dependent or address-and-port-dependent mapping (symmetric NATs)".to_owned(),
    };
    if filterings.len() == Behavior::ALL.len() {
        return who;
    }
    let names: Vec<&str> = filterings.iter().map(|filtering| filtering.name()).collect();
    format!("{who}, if their filtering is {}", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::{Direct, Pair, direct, outlook, over_tcp};
    use crate::evidence::Behavior::{
        self, AddressAndPortDependent as APD, AddressDependent as AD, EndpointIndependent as EI,
    };
    use crate::evidence::ReasonCode;
    use crate::measure::nat::finding::PoolingBehavior;
    use crate::report::sample;

    fn meet(a: (Behavior, Behavior), b: (Behavior, Behavior)) -> Direct {
        direct(Pair { mapping: a.0, filtering: a.1 }, Pair { mapping: b.0, filtering: b.1 })
    }

    #[test]
    fn both_ends_agree() {
        for a in Pair::all() {
            for b in Pair::all() {
                assert_eq!(direct(a, b), direct(b, a), "{a:?} {b:?}");
            }
        }
    }

    /// The three rules that the matrix was derived from.
    #[test]
    fn the_matrix_follows_its_rules() {
        for a in Pair::all() {
            for b in Pair::all() {
                if a.mapping == EI && b.mapping == EI {
                    assert_eq!(direct(a, b), Direct::Yes, "one known port each");
                }
                if a.mapping == EI && b.mapping != EI {
                    let expected = if a.filtering == APD { Direct::No } else { Direct::Yes };
                    assert_eq!(direct(a, b), expected, "an unknown port gets through {a:?} or not");
                }
                if a.mapping != EI && b.mapping != EI && (a.filtering == APD || b.filtering == APD) {
                    assert_eq!(direct(a, b), Direct::No);
                }
            }
        }
    }

    #[test]
    fn cells_of_the_table() {
        assert_eq!(meet((AD, AD), (AD, AD)), Direct::Maybe);
        assert_eq!(meet((APD, EI), (AD, AD)), Direct::Yes);
        assert_eq!(meet((APD, EI), (APD, EI)), Direct::No);
        assert_eq!(meet((APD, AD), (AD, AD)), Direct::Maybe);
        assert_eq!(meet((APD, APD), (EI, AD)), Direct::Yes);
        assert_eq!(meet((APD, APD), (EI, APD)), Direct::No);
        assert_eq!(meet((AD, EI), (AD, EI)), Direct::Yes);
    }

    #[test]
    fn words_for_the_common_kinds() {
        let words = |mapping, filtering| outlook(&sample::nat(mapping, filtering)).unwrap().sentences();
        assert_eq!(words(EI, EI), ["Every peer connects directly, whatever its NAT."]);
        assert_eq!(
            words(EI, APD),
            [
                "Connects directly with peers without NAT or with endpoint-independent mapping (cone NATs).",
                "Needs a relay (TURN) for peers behind address-dependent or address-and-port-dependent mapping (symmetric NATs)."
            ]
        );
        assert_eq!(words(APD, APD).len(), 2);
        assert!(words(APD, APD)[0].ends_with("if their filtering is endpoint-independent or address-dependent."));
        for pair in Pair::all() {
            let outlook = outlook(&sample::nat(pair.mapping, pair.filtering)).unwrap();
            assert_eq!(outlook.direct.len() + outlook.maybe.len() + outlook.relay.len(), 9);
            assert!(!outlook.sentences().is_empty());
        }
    }

    #[test]
    fn the_mapping_over_tcp_is_part_of_what_it_means() {
        let mut found = sample::nat(EI, EI);
        assert_eq!(over_tcp(&found), None, "not tested, not told");
        found.tcp_mapping = Some(sample::nat(APD, APD).mapping);
        assert!(over_tcp(&found).unwrap().contains("need a relay"));
        found.tcp_mapping = Some(sample::nat(EI, EI).mapping);
        assert!(over_tcp(&found).unwrap().contains("same moment"));
        found.tcp_mapping = Some(sample::inconclusive(ReasonCode::NoAnswer, "x").mapping);
        assert!(over_tcp(&found).unwrap().contains("could not be told"));
    }

    #[test]
    fn a_pool_of_addresses_leaves_only_peers_without_a_filter() {
        let mut found = sample::nat(APD, APD);
        found.pooling.as_mut().unwrap().behavior = PoolingBehavior::Arbitrary;
        let pooled = outlook(&found).unwrap();
        assert_eq!(pooled.direct, [Pair { mapping: EI, filtering: EI }]);
        assert_eq!(pooled.relay.len(), 8);
    }

    #[test]
    fn what_is_not_known_is_not_promised() {
        let mut found = sample::nat(EI, APD);
        found.filtering = sample::inconclusive(ReasonCode::NoSecondAddress, "x").filtering;
        let open = outlook(&found).unwrap();
        assert_eq!(open.direct.len(), 3, "endpoint-independent peers connect whatever the filter");
        assert_eq!(open.maybe.len(), 6);
        assert!(open.relay.is_empty());
        assert!(outlook(&sample::inconclusive(ReasonCode::NoAnswer, "x")).is_none());
        assert!(outlook(&sample::udp_blocked()).is_none());
        assert_eq!(outlook(&sample::firewalled(AD)).unwrap().direct.len(), 9);
    }
}
