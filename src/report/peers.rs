//! Who connects directly with this host and who needs a relay: the one table that the page, the advice and the JSON read, so that
//! they cannot contradict each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::possible;
use crate::evidence::{Behavior, ReasonCode};
use crate::measure::nat::finding::{Connectivity, FamilyFindings, MappingBehavior, PoolingBehavior};
use crate::predict::rules::{Direct, Nat, direct};
use crate::wire::Family;
use crate::wire::codes::codes;

use Behavior::{AddressAndPortDependent, AddressDependent, EndpointIndependent};

/// Whether peers of one kind connect directly with this host over UDP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerRow {
    /// The family that both ends use.
    pub family: Family,
    /// What the peer is behind.
    pub kind: PeerKind,
    /// What its mapping may depend on (RFC 4787); a peer without NAT keeps one address and port for everybody.
    pub mapping: Vec<Behavior>,
    /// What its filtering may depend on.
    pub filtering: Vec<Behavior>,
    /// How the two connect.
    pub outcome: PeerOutcome,
    /// Why.
    pub reason: PeerReason,
}

/// What a peer is behind: the words of RFC 3489, which people search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PeerKind {
    /// Neither NAT nor firewall.
    Open,
    /// Endpoint-independent mapping and filtering.
    FullCone,
    /// Endpoint-independent mapping, address-dependent filtering; a firewall that filters so counts too.
    RestrictedCone,
    /// Endpoint-independent mapping, address-and-port-dependent filtering; a firewall that lets in only answers counts too.
    PortRestrictedCone,
    /// Another external port for each destination.
    Symmetric,
}

/// How this host and a peer connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PeerOutcome {
    /// Without a relay.
    Direct,
    /// Only by a relay (TURN).
    Relay,
    /// Some peers of the kind connect directly, others do not.
    Depends,
    /// What it depends on could not be measured here.
    CouldNotTell,
}

/// Why an outcome is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerReason {
    /// For programs.
    pub code: PeerReasonCode,
    /// For people.
    pub text: String,
}

codes! {
    /// Why an outcome is what it is. "Here" is this host's NAT or firewall.
    pub enum PeerReasonCode {
        /// Each end knows the port that the other sends from.
        PortsKnown,
        /// The peer's port cannot be known; the filter here lets it in.
        LetInHere,
        /// This host's port cannot be known; the peer's filter lets it in.
        LetInThere,
        /// The peer's port cannot be known, and the filter here lets in only known ports.
        ShutOutHere,
        /// This host's port cannot be known, and the peer's filter lets in only known ports.
        ShutOutThere,
        /// Both ends take new ports, and a filter lets in only known ones.
        NeitherPortKnown,
        /// This host appears under another address at each destination, and the peer's filter lets in only known addresses.
        AddressChanges,
        /// It depends on the peer's filtering, and on how its NAT keeps it.
        PeerFiltering,
        /// UDP does not get out of this network.
        UdpBlocked,
        /// STUN, which ICE checks connections with (RFC 8445), does not get out of this network.
        StunBlocked,
        /// How the NAT here maps could not be told.
        MappingUnknown,
        /// What the filter here lets in could not be told.
        FilteringUnknown,
        /// Neither could be told.
        MappingAndFilteringUnknown,
        /// No port of the servers answered but those that were named: whether others pass is not known, and peers have any.
        OtherPortsSilent,
        /// Nothing could be measured.
        NotMeasured,
        /// The servers are in a private network: what peers on the internet meet was not measured.
        NotTheInternet,
        /// A reason that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

impl PeerReasonCode {
    /// In a few words, as they stand in the last column of a table.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::PortsKnown => "each end knows the other's port",
            Self::LetInHere => "its new port is let in here",
            Self::LetInThere => "it lets this host's new port in",
            Self::ShutOutHere => "its new port is not let in here",
            Self::ShutOutThere => "it does not let this host's new port in",
            Self::NeitherPortKnown => "neither end can know the other's port",
            Self::AddressChanges => "it does not let this host's other addresses in",
            Self::PeerFiltering => "most of them need a relay, a few do not",
            Self::UdpBlocked => "UDP does not get out here",
            Self::StunBlocked => "STUN does not get out here",
            Self::MappingUnknown => "how ports are mapped here is not known",
            Self::FilteringUnknown => "whom the filter here lets in is not known",
            Self::MappingAndFilteringUnknown => "neither mapping nor filtering here is known",
            Self::OtherPortsSilent => "other ports than the servers' may be blocked here",
            Self::NotMeasured => "nothing could be measured",
            Self::NotTheInternet => "no server on the internet saw this host",
            Self::Unknown => "a reason of another version",
        }
    }
}

impl From<PeerReasonCode> for PeerReason {
    fn from(code: PeerReasonCode) -> Self {
        Self { code, text: code.text().to_owned() }
    }
}

impl PeerKind {
    /// From the most open to the strictest.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::FullCone, Self::RestrictedCone, Self::PortRestrictedCone, Self::Symmetric];

    /// The kind of NAT that such a peer is behind.
    #[must_use]
    pub fn behind(self) -> &'static str {
        match self {
            Self::Open => "no",
            Self::FullCone => "full cone",
            Self::RestrictedCone => "restricted cone",
            Self::PortRestrictedCone => "port-restricted cone",
            Self::Symmetric => "symmetric",
        }
    }

    fn mapping(self) -> &'static [Behavior] {
        match self {
            Self::Symmetric => &[AddressDependent, AddressAndPortDependent],
            _ => &[EndpointIndependent],
        }
    }

    fn filtering(self) -> &'static [Behavior] {
        match self {
            Self::Open | Self::FullCone => &[EndpointIndependent],
            Self::RestrictedCone => &[AddressDependent],
            Self::PortRestrictedCone => &[AddressAndPortDependent],
            Self::Symmetric => &[AddressDependent, AddressAndPortDependent],
        }
    }

    fn nats(self) -> impl Iterator<Item = Nat> {
        let filterings = self.filtering().iter();
        self.mapping()
            .iter()
            .flat_map(move |&mapping| filterings.clone().map(move |&filtering| Nat::new(mapping, filtering)))
    }
}

/// The rows of every family.
#[must_use]
pub(super) fn table<'a>(families: impl Iterator<Item = (Family, &'a FamilyFindings)>) -> Vec<PeerRow> {
    families.flat_map(|(family, found)| rows(family, found)).collect()
}

/// The rows of one family, a row a kind; none where the family is not available or was not asked about peers.
#[must_use]
pub(super) fn rows(family: Family, found: &FamilyFindings) -> Vec<PeerRow> {
    let not_asked = found.filtering.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::NotAsked);
    if not_asked || found.connectivity == Connectivity::Unavailable {
        return Vec::new();
    }
    let row = |kind: PeerKind| {
        let (outcome, code) = alike(found).unwrap_or_else(|| match by_kind(found, kind) {
            (PeerOutcome::Direct | PeerOutcome::Depends, _) if possible::only_named_ports(found) => {
                (PeerOutcome::CouldNotTell, PeerReasonCode::OtherPortsSilent)
            }
            told => told,
        });
        PeerRow {
            family,
            kind,
            mapping: kind.mapping().to_vec(),
            filtering: kind.filtering().to_vec(),
            outcome,
            reason: code.into(),
        }
    };
    PeerKind::ALL.map(row).to_vec()
}

/// What holds for every peer, whatever it is behind.
fn alike(found: &FamilyFindings) -> Option<(PeerOutcome, PeerReasonCode)> {
    let stun_blocked = found.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::StunBlocked);
    match found.connectivity {
        Connectivity::UdpBlocked => Some((PeerOutcome::Relay, PeerReasonCode::UdpBlocked)),
        Connectivity::Inconclusive if stun_blocked => Some((PeerOutcome::Relay, PeerReasonCode::StunBlocked)),
        Connectivity::Inconclusive | Connectivity::Unavailable => {
            Some((PeerOutcome::CouldNotTell, PeerReasonCode::NotMeasured))
        }
        _ if possible::in_private(found).is_some() => Some((PeerOutcome::CouldNotTell, PeerReasonCode::NotTheInternet)),
        _ => None,
    }
}

/// What follows for every pair of mapping and filtering that this host may have.
fn by_kind(found: &FamilyFindings, kind: PeerKind) -> (PeerOutcome, PeerReasonCode) {
    let mappings = possible::peer_mappings(found);
    let filterings = possible::peer_filterings(found);
    let pooled = found.pooling.as_ref().is_some_and(|pooling| pooling.behavior == PoolingBehavior::Arbitrary);
    let own = |mapping: Behavior| filterings.iter().map(move |&filtering| Nat::new(mapping, filtering));
    let mut met = mappings.iter().flat_map(|&mapping| own(mapping)).map(|local| meet(local, kind, pooled));
    let unknown = match (mappings.len(), filterings.len()) {
        (..=1, _) => PeerReasonCode::FilteringUnknown,
        (_, ..=1) => PeerReasonCode::MappingUnknown,
        _ => PeerReasonCode::MappingAndFilteringUnknown,
    };
    let could_not_tell = (PeerOutcome::CouldNotTell, unknown);
    let Some(first) = met.next() else { return could_not_tell };
    if met.all(|other| other.0 == first.0) { first } else { could_not_tell }
}

/// How an end whose behaviors are known meets a peer of the kind.
fn meet(local: Nat, kind: PeerKind, pooled: bool) -> (PeerOutcome, PeerReasonCode) {
    let own_port_known = local.keeps_its_port();
    // Another external address for each destination does not pass a filter that looks at the address.
    let strange = |remote: Nat| pooled && !own_port_known && remote.filtering != EndpointIndependent;
    let direct = |remote: Nat| if strange(remote) { Direct::No } else { direct(local, remote) };
    let peer_port_known = kind != PeerKind::Symmetric;
    if kind.nats().all(|remote| direct(remote) == Direct::Yes) {
        let code = match (own_port_known, peer_port_known) {
            (true, true) => PeerReasonCode::PortsKnown,
            (true, false) => PeerReasonCode::LetInHere,
            (false, _) => PeerReasonCode::LetInThere,
        };
        (PeerOutcome::Direct, code)
    } else if kind.nats().all(|remote| direct(remote) == Direct::No) {
        let code = match (own_port_known, peer_port_known) {
            _ if kind.nats().all(strange) => PeerReasonCode::AddressChanges,
            (true, _) => PeerReasonCode::ShutOutHere,
            (false, true) => PeerReasonCode::ShutOutThere,
            (false, false) => PeerReasonCode::NeitherPortKnown,
        };
        (PeerOutcome::Relay, code)
    } else {
        (PeerOutcome::Depends, PeerReasonCode::PeerFiltering)
    }
}

/// What games call it, which each of them tests in its own way; `None` where too little is known.
#[must_use]
pub(super) fn games_word(found: &FamilyFindings) -> Option<&'static str> {
    if found.connectivity == Connectivity::UdpBlocked {
        return Some("strict");
    }
    if possible::in_private(found).is_some() {
        return None;
    }
    match (&possible::peer_mappings(found)[..], &possible::peer_filterings(found)[..]) {
        ([], _) | (_, []) => None,
        ([EndpointIndependent, ..], _) if possible::only_named_ports(found) => None,
        ([EndpointIndependent], [EndpointIndependent]) => Some("open"),
        ([EndpointIndependent], [AddressAndPortDependent]) => Some("moderate"),
        ([EndpointIndependent], _) => Some("open or moderate"),
        (mappings, _) if !mappings.contains(&EndpointIndependent) => Some("strict"),
        _ => None,
    }
}

/// What the mapping over TCP means for peers; `None` where it was not tested. Two ends behind NATs connect over TCP only by opening at
/// the same moment (RFC 6544, RFC 5382 REQ-2), and for that each must know the port that the other will have.
#[must_use]
pub(super) fn over_tcp(found: &FamilyFindings) -> Option<&'static str> {
    let tcp = found.tcp_mapping.as_ref()?;
    Some(match (tcp.behavior, tcp.endpoint_independent) {
        (MappingBehavior::None, _) => {
            "this host's own address and port: peers connect where no firewall stops them, or by opening at the same moment."
        }
        (MappingBehavior::EndpointIndependent, _) | (MappingBehavior::Inconclusive, Some(true)) => {
            "one external port for every destination: peers whose port is known too can connect by opening at the same moment \
             (ICE-TCP)."
        }
        (MappingBehavior::Inconclusive, None) => "whether peers can connect could not be told.",
        (
            MappingBehavior::AddressDependent
            | MappingBehavior::AddressAndPortDependent
            | MappingBehavior::ConnectionDependent,
            _,
        )
        | (MappingBehavior::Inconclusive, Some(false)) => {
            "another external port for each destination: peers behind a NAT or a firewall cannot connect that way."
        }
        // The verdict has said that this host has nothing of the family.
        (MappingBehavior::NotApplicable, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::nat::finding::Mapping;
    use crate::report::sample;

    const EI: Behavior = EndpointIndependent;
    const AD: Behavior = AddressDependent;
    const APD: Behavior = AddressAndPortDependent;

    fn outcomes(found: &FamilyFindings) -> String {
        let letter = |row: PeerRow| match row.outcome {
            PeerOutcome::Direct => 'd',
            PeerOutcome::Relay => 'R',
            PeerOutcome::Depends => '~',
            PeerOutcome::CouldNotTell => '?',
        };
        rows(Family::Ipv4, found).into_iter().map(letter).collect()
    }

    #[test]
    fn the_nine_nats_and_the_five_kinds_of_peers() {
        for (mapping, filtering, expected) in [
            (EI, EI, "ddddd"),
            (EI, AD, "ddddd"),
            (EI, APD, "ddddR"),
            (AD, EI, "dddR~"),
            (AD, AD, "dddR~"),
            (AD, APD, "dddRR"),
            (APD, EI, "dddR~"),
            (APD, AD, "dddR~"),
            (APD, APD, "dddRR"),
        ] {
            assert_eq!(outcomes(&sample::nat(mapping, filtering)), expected, "{mapping:?} {filtering:?}");
        }
        assert_eq!(outcomes(&sample::open()), "ddddd");
        assert_eq!(outcomes(&sample::firewalled(AD)), "ddddd");
        assert_eq!(outcomes(&sample::firewalled(APD)), "ddddR");
    }

    #[test]
    fn what_is_not_known_is_not_promised() {
        let mut found = sample::nat(EI, APD);
        found.filtering = sample::inconclusive(ReasonCode::NoSecondAddress, "x").filtering;
        assert_eq!(outcomes(&found), "dddd?", "endpoint-independent peers connect whatever the filter");
        assert_eq!(rows(Family::Ipv4, &found)[4].reason.code, PeerReasonCode::FilteringUnknown);
        found.mapping = sample::inconclusive(ReasonCode::OneDestination, "x").mapping;
        assert_eq!(outcomes(&found), "ddd??");
        assert_eq!(outcomes(&sample::inconclusive(ReasonCode::NoAnswer, "x")), "?????");
        assert_eq!(outcomes(&sample::unavailable()), "", "no peers without the family");
        let discover = sample::discover();
        assert!(rows(Family::Ipv4, discover.families().ipv4.as_ref().unwrap()).is_empty(), "nobody asked");
    }

    #[test]
    fn what_does_not_get_out_needs_a_relay() {
        assert_eq!(outcomes(&sample::udp_blocked()), "RRRRR");
        assert_eq!(outcomes(&sample::inconclusive(ReasonCode::StunBlocked, "x")), "RRRRR");
    }

    #[test]
    fn servers_in_a_private_network_tell_nothing_of_peers_on_the_internet() {
        let mut found = sample::open();
        found.public_addresses = vec!["127.0.0.1".parse().unwrap()];
        assert_eq!(outcomes(&found), "?????");
        assert_eq!(games_word(&found), None);
    }

    /// Networks let out to 3478 alone: what servers answer there is no promise for a peer's port.
    #[test]
    fn where_only_the_named_ports_answered_nobody_is_promised() {
        let mut found = sample::nat(EI, EI);
        found.filtering = sample::inconclusive(ReasonCode::AlternateDead, "x").filtering;
        assert_eq!(outcomes(&found), "?????");
        assert_eq!(rows(Family::Ipv4, &found)[0].reason.code, PeerReasonCode::OtherPortsSilent);
        assert_eq!(games_word(&found), None);
        found.mapping = sample::nat(APD, APD).mapping;
        assert!(!outcomes(&found).contains('d'), "{}", outcomes(&found));
        assert_eq!(games_word(&found), Some("strict"));
    }

    #[test]
    fn a_pool_of_addresses_shuts_out_whom_a_filter_keeps() {
        let mut found = sample::nat(APD, APD);
        found.pooling.as_mut().unwrap().behavior = PoolingBehavior::Arbitrary;
        assert_eq!(outcomes(&found), "ddRRR");
        assert_eq!(rows(Family::Ipv4, &found)[2].reason.code, PeerReasonCode::AddressChanges);
        let mut found = sample::nat(EI, AD);
        found.pooling.as_mut().unwrap().behavior = PoolingBehavior::Arbitrary;
        assert_eq!(outcomes(&found), "ddddd", "one socket keeps its address");
    }

    #[test]
    fn games_have_words_of_their_own() {
        for (mapping, filtering, word) in
            [(EI, EI, "open"), (EI, AD, "open or moderate"), (EI, APD, "moderate"), (APD, EI, "strict")]
        {
            assert_eq!(games_word(&sample::nat(mapping, filtering)), Some(word));
        }
        assert_eq!(games_word(&sample::udp_blocked()), Some("strict"));
        assert_eq!(games_word(&sample::inconclusive(ReasonCode::NoAnswer, "x")), None);
    }

    #[test]
    fn the_mapping_over_tcp_is_part_of_what_it_means() {
        let mut found = sample::nat(EI, EI);
        assert_eq!(over_tcp(&found), None, "not tested, not told");
        found.tcp_mapping = Some(sample::nat(APD, APD).mapping);
        assert!(over_tcp(&found).unwrap().contains("cannot connect"));
        found.tcp_mapping = Some(sample::nat(EI, EI).mapping);
        assert!(over_tcp(&found).unwrap().contains("same moment"));
        found.tcp_mapping = Some(sample::inconclusive(ReasonCode::NoAnswer, "x").mapping);
        assert!(over_tcp(&found).unwrap().contains("could not be told"));
        let absent = found.tcp_mapping.take().map(|tcp| Mapping { behavior: MappingBehavior::NotApplicable, ..tcp });
        found.tcp_mapping = absent;
        assert_eq!(over_tcp(&found), None, "a family that the host lacks behaves in no way");
    }
}
