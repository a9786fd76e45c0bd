//! How are external ports and addresses chosen? A few fresh sockets, and every mapping that other probes made anyway.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::finding::{MappingBehavior, Pooling, PoolingBehavior, PortAssignment, PortBehavior, PortSample};
use super::look::{Look, NatProbe};
use super::{filtering, first, servers};
use crate::evidence::key::{NatKey, NatTest, Reach};
use crate::evidence::{Ask, Evidence, Exchange, Key, LocalPort, Patience, SocketName, Step, Terms};
use crate::measure::witness;
use crate::wire::{Family, Request, Transport};

/// Fresh sockets asked from where there are servers to spare.
const SAMPLES: usize = 3;
/// Chance keeps the parity of four ports once in sixteen runs; of five once in 32, and that is said with the samples beside it.
const PARITY_SAMPLES: usize = 5;
/// A step between consecutive mappings larger than this is not one.
const LARGEST_STEP: i32 = 16;
/// Steps between two mappings that were seen: one, and a few for mappings that were not.
const MOST_SKIPPED: i32 = 8;
/// Ports that close together were not drawn by lot: three of them are once in 100,000 runs.
const NEAR: i32 = 128;

/// Opens fresh sockets, each for one Binding. Servers other than the one that tests the filter are preferred: new transactions
/// to one server are limited, and there they are needed.
pub(super) struct Ports {
    /// The family sampled.
    pub family: Family,
}

impl NatProbe for Ports {
    fn next(&self, _: &Look, seen: &Look) -> Step {
        let answered: Vec<&Exchange> =
            first::exchanges(seen, self.family).into_iter().filter(|exchange| exchange.mapped().is_some()).collect();
        if answered.iter().all(|exchange| exchange.untranslated() == Some(true)) {
            return Step { done: true, ..Step::default() };
        }
        let tester = servers::capable(seen, self.family).first().map(|server| server.server);
        let all = NatTest::Ports(0).to(NatTest::Ports(usize::MAX), self.family);
        let begun: Vec<&Exchange> = seen.within(&all).collect();
        // Begins when each server has answered or was given up, or when the filter test has ended: dead servers do not delay it longer.
        let heard = seen.within(&NatKey::reach(self.family, Reach::Udp, Reach::Udp)).all(Exchange::settled);
        if begun.is_empty() && !heard && !filtering::closed(seen, self.family) {
            return Step::default();
        }
        let mut spare: Vec<_> = answered.iter().copied().filter(|exchange| Some(exchange.server) != tester).collect();
        // Those whom few others bear out come first: asked from a second socket, a server that lies gives itself away.
        spare.sort_by_key(|exchange| answered.iter().filter(|other| other.mapped() == exchange.mapped()).count());
        let targets: Vec<&Exchange> =
            if begun.is_empty() { spare.into_iter().cycle().take(SAMPLES).collect() } else { Vec::new() };
        let asks = targets
            .iter()
            .enumerate()
            .map(|(number, target)| (NatKey { family: self.family, test: NatTest::Ports(number) }, target))
            .map(|(key, target)| Ask {
                server: target.server,
                socket: SocketName::Nat(key),
                key: Key::Nat(key),
                transport: Transport::Udp,
                remote: target.remote,
                request: Request::change(target.request.change()).into(),
                patience: Patience::Answer,
                local_port: LocalPort::Fresh,
                terms: Terms::default(),
            })
            .collect();
        Step {
            asks,
            // Where only the server with the second address answers, the filter's test has made enough mappings from fresh sockets.
            done: begun.iter().all(|exchange| exchange.settled()) && (!begun.is_empty() || targets.is_empty()),
            ..Step::default()
        }
    }
}

/// One mapping: the first exchange of a socket, or of a socket and a destination where the mapping depends on it.
fn mappings(seen: &Evidence, family: Family, behavior: MappingBehavior) -> Vec<(&Exchange, PortSample)> {
    let per_destination = behavior != MappingBehavior::EndpointIndependent;
    let per_port = behavior == MappingBehavior::AddressAndPortDependent;
    let mut found: Vec<(&Exchange, PortSample)> = Vec::new();
    let mut known = BTreeSet::new();
    for exchange in seen.of(family, Transport::Udp) {
        let (Some(mapped), Some(local)) = (exchange.mapped(), exchange.local) else { continue };
        let destination = per_destination.then(|| exchange.remote.ip());
        if known.insert((&exchange.socket, destination, per_port.then_some(exchange.remote))) {
            found.push((exchange, PortSample { local: local.port(), external: mapped.port() }));
        }
    }
    found
}

/// How external ports are chosen; `None` without translation.
#[must_use]
pub(super) fn judge(seen: &Evidence, family: Family, mapping: MappingBehavior) -> Option<PortAssignment> {
    if mapping == MappingBehavior::None {
        return None;
    }
    let made = mappings(seen, family, mapping);
    let samples: Vec<PortSample> = made.iter().map(|(_, sample)| *sample).collect();
    if samples.is_empty() {
        return None;
    }
    let count = samples.len();
    let per_destination_delta = per_destination_delta(&made, mapping);
    let parity =
        (count >= PARITY_SAMPLES).then(|| samples.iter().all(|sample| sample.local % 2 == sample.external % 2));
    let build = |behavior, step, parity_kept, summary| {
        Some(PortAssignment { behavior, step, per_destination_delta, parity_kept, samples: samples.clone(), summary })
    };
    if count < 2 {
        return build(PortBehavior::Inconclusive, None, None, "only one mapping was seen".to_owned());
    }
    let preserved = samples.iter().filter(|sample| sample.local == sample.external).count();
    if preserved == count {
        return build(PortBehavior::Preserved, None, None, format!("{count} of {count} local ports kept their number"));
    }
    if count < 3 {
        return build(PortBehavior::Inconclusive, None, None, format!("only {count} mappings were seen"));
    }
    // The mapping may depend on the destination: then the local port is free for the first one only.
    let sockets: BTreeSet<&SocketName> = made.iter().map(|(exchange, _)| &exchange.socket).collect();
    let keeping: BTreeSet<&SocketName> = made
        .iter()
        .filter(|(_, sample)| sample.local == sample.external)
        .map(|(exchange, _)| &exchange.socket)
        .collect();
    if keeping == sockets && sockets.len() > 1 {
        let text = format!("{0} of {0} local ports kept their number, once for each", sockets.len());
        return build(PortBehavior::Preserved, None, None, text);
    }
    // That a port was kept is not chance, which does so once in 64,000 times: the NAT prefers it, and did not always get it.
    if preserved > 0 {
        let text = format!("{preserved} of {count} mappings kept the local port, the others were taken or changed");
        return build(PortBehavior::Inconclusive, None, parity, text);
    }
    // One socket's ports for several destinations may also be the free neighbors of a local port that was to be kept.
    if let Some(step) = common_step(&samples).filter(|_| sockets.len() > 1) {
        return build(
            PortBehavior::Sequential,
            Some(step),
            None,
            format!("{count} mappings, {step:+} from one to the next"),
        );
    }
    if steps(&samples).all(|step| step.abs() <= NEAR) {
        let text = format!("{count} mappings close together, without a constant step");
        return build(PortBehavior::Inconclusive, None, parity, text);
    }
    let summary = match parity {
        Some(true) => format!("{count} mappings without order; even stayed even, odd stayed odd"),
        _ => format!("{count} mappings without order"),
    };
    build(PortBehavior::Random, None, parity, summary)
}

/// From each external port to the next one.
fn steps(samples: &[PortSample]) -> impl Iterator<Item = i32> {
    samples.windows(2).map(|pair| i32::from(pair[1].external) - i32::from(pair[0].external))
}

/// The step that leads from one mapping to the next in most cases, once or a few times over: mappings that no server told of, and
/// other hosts behind the NAT, take ports in between.
fn common_step(samples: &[PortSample]) -> Option<i32> {
    let step = steps(samples).min_by_key(|step| step.abs())?;
    if step == 0 || step.abs() > LARGEST_STEP || samples.len() < 3 {
        return None;
    }
    let all = samples.len() - 1;
    let same = steps(samples).filter(|&other| other == step).count();
    let over =
        steps(samples).filter(|&other| other % step == 0 && (1..=MOST_SKIPPED).contains(&(other / step))).count();
    (same * 2 >= all && over * 5 >= all * 4).then_some(step)
}

/// The usual difference between the ports that one socket got for consecutive destinations.
fn per_destination_delta(made: &[(&Exchange, PortSample)], mapping: MappingBehavior) -> Option<i32> {
    if !matches!(mapping, MappingBehavior::AddressDependent | MappingBehavior::AddressAndPortDependent) {
        return None;
    }
    let socket = &made.first()?.0.socket;
    let samples: Vec<PortSample> =
        made.iter().filter(|(exchange, _)| exchange.socket == *socket).map(|(_, sample)| *sample).collect();
    if samples.len() < 3 {
        return None;
    }
    common_step(&samples)
}

/// Whether one host always gets the same external address; `None` without translation or with a single mapping.
#[must_use]
pub(super) fn pooling(seen: &Evidence, family: Family, mapping: MappingBehavior) -> Option<Pooling> {
    if mapping == MappingBehavior::None {
        return None;
    }
    let told = || seen.of(family, Transport::Udp).filter_map(|exchange| Some((exchange, exchange.mapped()?.ip())));
    let sockets: BTreeSet<&SocketName> = told().map(|(exchange, _)| &exchange.socket).collect();
    let addresses: BTreeSet<IpAddr> = told().map(|(_, address)| address).collect();
    let addresses: Vec<IpAddr> = addresses.into_iter().collect();
    // An address that one server alone saw may be that of a proxy before it.
    if addresses.len() > 1
        && witness::camps(seen, family).iter().any(|camp| camp.machines == 1 && camp.addresses.len() == 1)
    {
        return None;
    }
    match (sockets.len(), addresses.as_slice()) {
        (0 | 1, [] | [_]) => None,
        (count, [address]) => Some(Pooling {
            behavior: PoolingBehavior::Paired,
            summary: format!("{count} of {count} local ports appear as {address}"),
        }),
        (count, several) => Some(Pooling {
            behavior: PoolingBehavior::Arbitrary,
            summary: format!("{count} local ports appear as {} different addresses", several.len()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NAT, Scene};
    use super::*;

    const SERVERS: [&str; 4] = ["192.0.2.1:3478", "192.0.2.2:3478", "192.0.2.3:3478", "192.0.2.4:3478"];

    /// A fresh socket for each of these local and external ports.
    fn fresh(ports: &[(u16, u16)]) -> Scene {
        let mut scene = Scene::of(&SERVERS);
        for (number, &(local, external)) in ports.iter().enumerate() {
            let exchange = scene.told(&format!("ipv4/ports/{number}"), SERVERS[0], &format!("{NAT}:{external}"));
            exchange.local.iter_mut().for_each(|at| at.set_port(local));
        }
        scene
    }

    /// One socket, and what each server saw of it.
    fn one_socket(external: [u16; 4]) -> Scene {
        let mut scene = Scene::of(&SERVERS);
        for (number, (server, port)) in SERVERS.into_iter().zip(external).enumerate() {
            scene.told(&format!("ipv4/reach/udp/{number}"), server, &format!("{NAT}:{port}"));
        }
        scene
    }

    fn judged(scene: &Scene, mapping: MappingBehavior) -> PortAssignment {
        judge(&scene.seen, Family::Ipv4, mapping).expect("there are mappings")
    }

    fn of_fresh(ports: &[(u16, u16)]) -> (PortBehavior, Option<i32>) {
        let found = judged(&fresh(ports), MappingBehavior::EndpointIndependent);
        assert_eq!(found.samples.len(), ports.len());
        (found.behavior, found.step)
    }

    #[test]
    fn how_ports_follow_each_other_is_the_behavior() {
        use PortBehavior as B;
        for (ports, expected) in [
            (&[(41_000, 41_000), (42_000, 42_000)][..], (B::Preserved, None)),
            (&[(41_000, 5_000), (42_007, 5_001), (43_021, 5_002)], (B::Sequential, Some(1))),
            (&[(41_000, 5_000), (42_007, 4_998), (43_021, 4_996)], (B::Sequential, Some(-2))),
            // Other hosts behind the NAT take ports in between.
            (&[(41_000, 5_000), (42_007, 5_001), (43_021, 5_002), (44_000, 5_005)], (B::Sequential, Some(1))),
            (&[(41_000, 5_000), (42_007, 61_234), (43_021, 23_456)], (B::Random, None)),
        ] {
            assert_eq!(of_fresh(ports), expected, "{ports:?}");
        }
    }

    #[test]
    fn too_few_or_too_mixed_samples_tell_nothing() {
        use PortBehavior as B;
        for ports in [
            &[(41_000, 41_000)][..],
            &[(41_000, 5_000), (42_007, 61_234)],
            // One port was free, the others were taken.
            &[(41_000, 41_000), (42_007, 61_234), (43_021, 23_456)],
            // Close together is no draw by lot, and no step either.
            &[(41_000, 5_000), (42_007, 5_031), (43_021, 5_054), (44_000, 5_101)],
        ] {
            assert_eq!(of_fresh(ports), (B::Inconclusive, None), "{ports:?}");
        }
    }

    #[test]
    fn parity_is_told_of_five_samples_and_of_no_fewer() {
        let even = [(41_000, 5_000), (42_000, 61_234), (43_000, 23_456), (44_001, 31_111), (45_003, 17_777)];
        let parity = |ports: &[(u16, u16)]| judged(&fresh(ports), MappingBehavior::EndpointIndependent).parity_kept;
        assert_eq!((parity(&even), parity(&even[..4])), (Some(true), None));
        let odd_one = [&even[..4], &[(45_002, 17_777)]].concat();
        assert_eq!(parity(&odd_one), Some(false));
    }

    #[test]
    fn without_translation_or_without_an_answer_there_is_nothing_to_assign() {
        let scene = fresh(&[(41_000, 5_000)]);
        assert!(judge(&scene.seen, Family::Ipv4, MappingBehavior::None).is_none());
        let mut dead = Scene::of(&SERVERS);
        dead.silent("ipv4/ports/0", SERVERS[0]);
        assert!(judge(&dead.seen, Family::Ipv4, MappingBehavior::Inconclusive).is_none());
    }

    /// A packet that was lost is no sample; and the same socket asked twice is one mapping.
    #[test]
    fn one_mapping_is_one_sample() {
        let mut scene = fresh(&[(41_000, 5_000), (42_007, 61_234), (43_021, 23_456)]);
        scene.silent("ipv4/ports/3", SERVERS[1]);
        scene.told("ipv4/reach/udp/0", SERVERS[0], &format!("{NAT}:7000"));
        scene.told("ipv4/mapping/0/primary-again", SERVERS[0], &format!("{NAT}:7000"));
        assert_eq!(judged(&scene, MappingBehavior::EndpointIndependent).samples.len(), 4);
    }

    #[test]
    fn one_socket_has_a_mapping_for_each_destination_where_the_mapping_depends_on_it() {
        let scene = one_socket([5_000, 5_002, 5_004, 5_006]);
        assert_eq!(judged(&scene, MappingBehavior::EndpointIndependent).samples.len(), 1);
        let found = judged(&scene, MappingBehavior::AddressDependent);
        assert_eq!((found.samples.len(), found.per_destination_delta), (4, Some(2)));
        // The free neighbors of a port that was to be kept look alike: one socket alone proves no sequence.
        assert_ne!(found.behavior, PortBehavior::Sequential);
        let lot = judged(&one_socket([5_000, 61_234, 23_456, 40_001]), MappingBehavior::AddressDependent);
        assert_eq!(lot.per_destination_delta, None);
    }

    fn pool(scene: &Scene) -> Option<PoolingBehavior> {
        pooling(&scene.seen, Family::Ipv4, MappingBehavior::EndpointIndependent).map(|found| found.behavior)
    }

    #[test]
    fn one_address_for_all_sockets_is_paired_and_several_are_a_pool() {
        let mut scene = fresh(&[(41_000, 5_000)]);
        assert_eq!(pool(&scene), None, "one socket tells nothing");
        scene.told("ipv4/reach/udp/0", SERVERS[0], &format!("{NAT}:7000"));
        assert_eq!(pool(&scene), Some(PoolingBehavior::Paired));
        // Both servers saw both addresses.
        for (number, server, mapped) in [
            (1, SERVERS[1], "203.0.113.8:6000"),
            (2, SERVERS[0], "203.0.113.8:6001"),
            (3, SERVERS[1], "203.0.113.7:6002"),
        ] {
            scene.told(&format!("ipv4/ports/{number}"), server, mapped);
        }
        assert_eq!(pool(&scene), Some(PoolingBehavior::Arbitrary));
    }

    #[test]
    fn one_servers_word_makes_no_pool() {
        let mut scene = fresh(&[(41_000, 5_000), (42_000, 5_001)]);
        scene.told("ipv4/reach/udp/0", SERVERS[0], &format!("{NAT}:7000"));
        scene.told("ipv4/reach/udp/1", SERVERS[1], "203.0.113.99:7000");
        assert_eq!(pool(&scene), None);
    }
}
