//! What ICE computes of candidates: priorities (RFC 8445 section 5.1.2, RFC 6544 section 4.2, RFC 8421 section 4), the priority of a
//! pair (RFC 8445 section 6.1.2.3), and foundations (RFC 8445 section 5.1.1.3).

use std::net::IpAddr;

use super::candidate::{CandidateKind, CandidateTransport, TcpType};
use super::family::Family;

/// The local preference of a host with a single address (RFC 8445 section 5.1.2.1).
pub const ONLY_LOCAL_PREFERENCE: u16 = 65535;
/// The highest of what a TCP candidate's local preference leaves to tell addresses apart (RFC 6544 section 4.2).
pub const MOST_OTHER_PREFERENCE: u16 = 8191;

/// The recommended type preference (RFC 8445 section 5.1.2.2).
#[must_use]
pub fn type_preference(kind: CandidateKind) -> u8 {
    match kind {
        CandidateKind::Host => 126,
        CandidateKind::Prflx => 110,
        CandidateKind::Srflx => 100,
        CandidateKind::Relay => 0,
    }
}

/// The priority of a candidate (RFC 8445 section 5.1.2.1). Components count from 1 to 256.
#[must_use]
pub fn priority(type_preference: u8, local_preference: u16, component: u16) -> u32 {
    (u32::from(type_preference) << 24) + (u32::from(local_preference) << 8) + (256 - u32::from(component.clamp(1, 256)))
}

/// The priority that a check announces for what the peer may see as a new candidate (RFC 8445 section 7.1.1): that of its local
/// candidate with the type preference of a peer-reflexive one.
#[must_use]
pub fn peer_reflexive_priority(local: u32) -> u32 {
    (u32::from(type_preference(CandidateKind::Prflx)) << 24) + (local & 0x00ff_ffff)
}

/// The priority of a pair, from the priorities of the candidates of the controlling and of the controlled agent.
#[must_use]
pub fn pair_priority(controlling: u32, controlled: u32) -> u64 {
    let (low, high) = (controlling.min(controlled), controlling.max(controlled));
    // Priorities are below 2^31 (section 5.1.2); what arrives need not be.
    (u64::from(low) << 32).saturating_add(2 * u64::from(high) + u64::from(controlling > controlled))
}

/// The local preference of a TCP candidate (RFC 6544 section 4.2); `other` tells addresses apart.
#[must_use]
pub fn tcp_local_preference(kind: CandidateKind, tcp_type: TcpType, other: u16) -> u16 {
    let own = matches!(kind, CandidateKind::Host | CandidateKind::Relay);
    let direction = match (own, tcp_type) {
        (true, TcpType::Active) | (false, TcpType::So) => 6,
        (true, TcpType::Passive) | (false, TcpType::Active) => 4,
        (true, TcpType::So) | (false, TcpType::Passive) => 2,
    };
    (direction << 13) + other.min(MOST_OTHER_PREFERENCE)
}

/// Local preferences for addresses of these families, which stand in the order of preference (RFC 6724): where a host has several of
/// both, an IPv4 address comes after every few of IPv6, so that broken IPv6 does not keep all of IPv4 waiting (RFC 8421 section 4).
#[must_use]
pub fn local_preferences(families: &[Family]) -> Vec<u16> {
    let count = |family| families.iter().filter(|one| **one == family).count();
    let head_start = families.len().checked_div(count(Family::Ipv4)).unwrap_or(usize::MAX);
    let places = |family| families.iter().enumerate().filter(move |(_, one)| **one == family).map(|(place, _)| place);
    let (mut six, mut four) = (places(Family::Ipv6), places(Family::Ipv4));
    let mut preferences = vec![0; families.len()];
    let mut since = 0;
    for rank in 0..families.len() {
        let next =
            if since >= head_start { four.next().or_else(|| six.next()) } else { six.next().or_else(|| four.next()) };
        let Some(place) = next else { break };
        since = if families[place] == Family::Ipv6 { since + 1 } else { 0 };
        preferences[place] = ONLY_LOCAL_PREFERENCE.saturating_sub(u16::try_from(rank).unwrap_or(u16::MAX));
    }
    preferences
}

/// Hands out foundations: equal for candidates of one kind, base address, server address and transport, and for no others.
#[derive(Clone, Debug, Default)]
pub struct Foundations {
    known: Vec<(CandidateKind, IpAddr, Option<IpAddr>, CandidateTransport)>,
}

impl Foundations {
    /// The foundation of a candidate with this base, found through this STUN or TURN server.
    pub fn of(
        &mut self,
        kind: CandidateKind,
        base: IpAddr,
        server: Option<IpAddr>,
        transport: CandidateTransport,
    ) -> String {
        let wanted = (kind, base, server, transport);
        let place = self.known.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            self.known.push(wanted);
            self.known.len() - 1
        });
        (place + 1).to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [CandidateKind; 4] =
        [CandidateKind::Host, CandidateKind::Prflx, CandidateKind::Srflx, CandidateKind::Relay];

    #[test]
    fn priorities_of_a_host_with_one_address() {
        let of = |component| KINDS.map(|kind| priority(type_preference(kind), ONLY_LOCAL_PREFERENCE, component));
        assert_eq!(of(1), [2_130_706_431, 1_862_270_975, 1_694_498_815, 16_777_215]);
        assert_eq!(of(2), [2_130_706_430, 1_862_270_974, 1_694_498_814, 16_777_214]);
    }

    #[test]
    fn a_check_announces_its_candidate_as_peer_reflexive() {
        for kind in KINDS {
            assert_eq!(peer_reflexive_priority(priority(type_preference(kind), 65535, 1)), 1_862_270_975);
        }
    }

    #[test]
    fn a_pair_is_of_both_and_of_who_controls() {
        assert_eq!(pair_priority(1, 2), (1 << 32) + 4);
        assert_eq!(pair_priority(2, 1), (1 << 32) + 5);
        assert_eq!(pair_priority(2_130_706_431, 2_130_706_431), (2_130_706_431 << 32) + 2 * 2_130_706_431);
        assert_eq!(pair_priority(u32::MAX, u32::MAX), u64::MAX);
    }

    #[test]
    fn tcp_prefers_the_direction_that_gets_through() {
        use TcpType::{Active, Passive, So};
        let of = |kind| [Active, Passive, So].map(|tcp_type| tcp_local_preference(kind, tcp_type, 0) >> 13);
        assert_eq!(of(CandidateKind::Host), [6, 4, 2]);
        assert_eq!(of(CandidateKind::Relay), [6, 4, 2]);
        assert_eq!(of(CandidateKind::Srflx), [4, 2, 6]);
        assert_eq!(of(CandidateKind::Prflx), [4, 2, 6]);
        assert_eq!(tcp_local_preference(CandidateKind::Host, Active, u16::MAX), (6 << 13) + 8191);
    }

    #[test]
    fn ipv4_comes_after_every_few_of_ipv6() {
        let order = |families: &str| {
            let families: Vec<_> =
                families.chars().map(|c| if c == '6' { Family::Ipv6 } else { Family::Ipv4 }).collect();
            let mut ranked: Vec<_> = local_preferences(&families).into_iter().zip(&families).collect();
            ranked.sort_by_key(|(preference, _)| u16::MAX - preference);
            ranked.iter().map(|(_, family)| if **family == Family::Ipv6 { '6' } else { '4' }).collect::<String>()
        };
        assert_eq!(order("66666644"), "66664664", "RFC 8421 section 4: one after four, of six and two");
        assert_eq!(order("46"), "64");
        assert_eq!(order("4466"), "6644");
        assert_eq!(order("444"), "444");
        assert_eq!(order("666"), "666");
        assert_eq!(local_preferences(&[Family::Ipv4]), [65535]);
        assert_eq!(local_preferences(&[]), [0; 0]);
    }

    #[test]
    fn a_foundation_is_of_kind_base_server_and_transport() {
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap());
        let mut foundations = Foundations::default();
        let mut of = |kind, base, server, transport| foundations.of(kind, base, server, transport);
        let first = of(CandidateKind::Srflx, a, Some(b), CandidateTransport::Udp);
        assert_eq!(of(CandidateKind::Srflx, a, Some(b), CandidateTransport::Udp), first);
        for other in [
            of(CandidateKind::Relay, a, Some(b), CandidateTransport::Udp),
            of(CandidateKind::Srflx, b, Some(b), CandidateTransport::Udp),
            of(CandidateKind::Srflx, a, Some(a), CandidateTransport::Udp),
            of(CandidateKind::Srflx, a, Some(b), CandidateTransport::Tcp),
        ] {
            assert_ne!(other, first);
        }
    }

    proptest! {
        #[test]
        fn preferences_differ_and_keep_the_order_of_each_family(six in prop::collection::vec(any::<bool>(), 0..40)) {
            let families: Vec<_> = six.iter().map(|six| if *six { Family::Ipv6 } else { Family::Ipv4 }).collect();
            let preferences = local_preferences(&families);
            for family in [Family::Ipv4, Family::Ipv6] {
                let of_it: Vec<_> =
                    preferences.iter().zip(&families).filter(|(_, one)| **one == family).map(|(p, _)| *p).collect();
                prop_assert!(of_it.windows(2).all(|two| two[0] > two[1]), "{of_it:?}");
            }
            let mut sorted = preferences.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), preferences.len());
        }

        #[test]
        fn a_higher_candidate_never_makes_a_lower_pair(a in 1u32.., b in 1u32.., more in 0u32..) {
            prop_assert!(pair_priority(a.saturating_add(more), b) >= pair_priority(a, b));
            prop_assert!(pair_priority(b, a.saturating_add(more)) >= pair_priority(b, a));
        }
    }
}
