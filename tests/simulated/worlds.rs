//! Random worlds: chains of NATs and firewalls, poor links, odd servers, any moment of being cut off. The truth is computed
//! from what the world is made of; a verdict may be withheld, but it must not be wrong.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use nat_probe::engine::{Engine, Network, Settings};
use nat_probe::evidence::{Behavior, Evidence};
use nat_probe::measure::nat::finding::{
    Connectivity, FamilyFindings, FilteringBehavior, MappingBehavior, PortBehavior,
};
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::{self, ClassifyOptions};
use nat_probe::net::drive;
use nat_probe::server::Random;
use nat_probe::sim::{
    BurstConfig, Fault, FilterScope, Hairpin, HostConfig, LinkConfig, NatConfig, OutageConfig, Pooling, PortRule,
    Scenario, ServerConfig, SimNetwork, Style,
};
use nat_probe::wire::{Family, Transport};

use super::again;
use super::bench::{Run, specs, story};

/// What a world is drawn with.
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.bits() % bound
    }
    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.unit()
    }
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// A world and how it is measured.
struct World {
    scenario: Scenario,
    options: ClassifyOptions,
    deadline: Duration,
}

fn world(seed: u64) -> World {
    let mut dice = Dice::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let dice = &mut dice;
    let dual = dice.one_in(4);
    let nats: Vec<NatConfig> = {
        let count = dice.pick(&[0, 1, 1, 1, 1, 2, 2, 3]);
        (0..count)
            .map(|place| {
                let nat = nat(dice, place, dual);
                odd(dice, nat)
            })
            .collect()
    };
    let nats = published(nats);
    let inside = nats.iter().any(|nat| nat.translates(Family::Ipv4));
    let mut addresses: Vec<IpAddr> = vec![(if inside { [192, 168, 1, 23] } else { [203, 0, 113, 10] }).into()];
    if dual {
        addresses.push("2001:db8:cafe::23".parse().unwrap());
    }
    let host = HostConfig {
        addresses: Some(addresses),
        firewall: dice.one_in(6).then(|| dice.pick(&Behavior::ALL)),
        ..HostConfig::default()
    };
    let poor = dice.one_in(2);
    let mut scenario = Scenario { nats, host, link: link(dice, poor), ..Scenario::default() };
    if poor && dice.one_in(4) {
        scenario.lan = LinkConfig { rtt_ms: 4.0, jitter_ms: 8.0, loss: 0.02, ..LinkConfig::default() };
    }
    // A limit on strangers is told where they are let in. Before or behind another filter, or where the packet that it lets in is lost,
    // nothing is seen of it.
    let strict = |nat: &NatConfig| nat.filtering != Behavior::EndpointIndependent;
    if scenario.nats.iter().any(strict) || scenario.host.firewall.is_some() || scenario.lan != LinkConfig::perfect() {
        scenario.nats.iter_mut().for_each(|nat| nat.strangers_every_ms = 0.0);
    }
    scenario.servers = servers(dice, dual);
    // An ALG that rewrites MAPPED-ADDRESS turns the only address of an RFC 3489 answer into what this host expects to see:
    // nothing in the answer tells it from a path without translation.
    if scenario.servers.iter().any(tells_plain_address_only) {
        scenario.nats.iter_mut().for_each(|nat| nat.alg = false);
    }
    // One that rewrites XOR-MAPPED-ADDRESS too makes every honest server's word a private address; who then tells a public one is
    // believed, whatever it is.
    if scenario.servers.iter().any(|server| has(server, Fault::RewritesSourcePublic)) {
        scenario.nats.iter_mut().for_each(|nat| nat.alg_xor = false);
    }
    let cut = dice.one_in(3);
    let deadline = Duration::from_millis(if cut { 1 + dice.below(3000) } else { 10_000 });
    if dice.one_in(12) {
        scenario.interrupt_ms = Some(dice.unit() * 3000.0);
    }
    let families = if dual { vec![Family::Ipv4, Family::Ipv6] } else { vec![Family::Ipv4] };
    let options = ClassifyOptions {
        families,
        local_port: dice.one_in(8).then_some(40_000),
        hairpin: dice.one_in(8),
        tcp: dice.one_in(8),
        thorough: dice.one_in(8),
    };
    World { scenario, options, deadline }
}

/// Now and then exits that share nothing, packets that leave through any of them, and an ALG that knows XOR-MAPPED-ADDRESS.
fn odd(dice: &mut Dice, nat: NatConfig) -> NatConfig {
    match dice.below(12) {
        // Which of its strangers an exit lets in is not seen at another.
        0 => NatConfig { pooling: Pooling::SeparateExits, strangers_every_ms: 0.0, ..nat },
        1 => NatConfig { pooling: Pooling::PerPacket, strangers_every_ms: 0.0, ..nat },
        2 => NatConfig { alg_xor: true, ..nat },
        _ => nat,
    }
}

/// The outermost NAT of a chain has public addresses, the others have addresses between it and the host. Exits are the outermost one's:
/// whoever stands behind the exits of another sees several hosts, and what the two make together depends on the destination.
pub(crate) fn published(mut nats: Vec<NatConfig>) -> Vec<NatConfig> {
    let mut outermost = true;
    for nat in nats.iter_mut().rev().filter(|nat| nat.mapping.is_some()) {
        if !outermost {
            let exits = [Pooling::PerDestination, Pooling::SeparateExits, Pooling::PerPacket].contains(&nat.pooling);
            nat.pooling = if exits { Pooling::Paired } else { nat.pooling };
            continue;
        }
        outermost = false;
        // One that changed only the port would show an address from inside.
        nat.port_rewrite = false;
        for ip in &mut nat.external {
            if let IpAddr::V4(v4) = ip {
                *ip = [203, 0, 113, v4.octets()[3]].into();
            }
        }
    }
    nats
}

/// A NAT or a firewall of any kind.
pub(crate) fn nat(dice: &mut Dice, place: u8, dual: bool) -> NatConfig {
    let filtering = dice.pick(&Behavior::ALL);
    let filter_scope = if dice.one_in(3) { FilterScope::Host } else { FilterScope::PerMapping };
    if dice.one_in(4) {
        return NatConfig { filter_scope, ..NatConfig::firewall(filtering) };
    }
    let mapping = dice.pick(&Behavior::ALL);
    let pool = dice.pick(&[1, 1, 1, 2, 3]);
    let mut external: Vec<IpAddr> = (0..pool).map(|n| [100, 64 + place, 0, 7 + n].into()).collect();
    let both = dual && dice.one_in(4);
    if both {
        external.push(format!("2001:db8:{place}::7").parse().unwrap());
    }
    let port_rewrite = dice.one_in(12);
    let ports = dice.pick(&[
        PortRule::Preserved,
        PortRule::Preserved,
        PortRule::Parity,
        PortRule::Random,
        PortRule::Sequential { step: 1 },
        PortRule::Sequential { step: -2 },
    ]);
    NatConfig {
        families: if both { vec![Family::Ipv4, Family::Ipv6] } else { Vec::new() },
        mapping: Some(mapping),
        filtering,
        filter_scope,
        // One that keeps address and port does nothing.
        ports: if port_rewrite { PortRule::Random } else { ports },
        external,
        pooling: dice.pick(&[Pooling::Paired, Pooling::Paired, Pooling::Arbitrary, Pooling::PerDestination]),
        port_rewrite,
        hairpin: dice.pick(&[Hairpin::No, Hairpin::ExternalSource, Hairpin::InternalSource]),
        timeout_s: dice.pick(&[30, 120]),
        inbound_refresh: !dice.one_in(4),
        strangers_every_ms: if dice.one_in(12) { 1000.0 } else { 0.0 },
        alg: dice.one_in(8),
        linux_conntrack_quirk: dice.one_in(3),
        ..NatConfig::default()
    }
}

fn link(dice: &mut Dice, poor: bool) -> LinkConfig {
    let rtt_ms = dice.pick(&[1.0, 20.0, 40.0, 90.0, 180.0, 400.0]);
    if !poor {
        return LinkConfig { rtt_ms, ..LinkConfig::default() };
    }
    let burst = dice.one_in(4).then_some(BurstConfig { start: 0.02, end: 0.3, loss: 0.8 });
    let outage = dice.one_in(6).then_some(OutageConfig { every_ms: 600.0, mean_ms: 150.0, loss: 1.0 });
    LinkConfig {
        rtt_ms,
        jitter_ms: dice.pick(&[0.0, 5.0, 40.0, 120.0]),
        loss: dice.pick(&[0.0, 0.02, 0.05, 0.1, 0.15]),
        burst,
        duplicate: dice.pick(&[0.0, 0.0, 0.05]),
        outage,
        wake_ms: dice.pick(&[0.0, 0.0, 0.0, 300.0, 1200.0]),
    }
}

fn servers(dice: &mut Dice, dual: bool) -> Vec<ServerConfig> {
    let count = 1 + u8::try_from(dice.below(5)).unwrap();
    let mut list: Vec<ServerConfig> = (0..count).map(|number| server(dice, number, dual)).collect();
    if count > 1 && dice.one_in(5) {
        let first = list[0].clone();
        let twin = list.last_mut().expect("there are several");
        match dice.below(4) {
            // Both addresses of one machine under two names.
            0 => {
                (twin.ipv4, twin.ipv4_alternate) =
                    (first.ipv4_alternate.or(first.ipv4), first.ipv4_alternate.and(first.ipv4));
            }
            // One address under two names.
            1 => (twin.ipv4, twin.ipv4_alternate) = (first.ipv4, first.ipv4_alternate),
            // The second address of one is the first of the other.
            2 => twin.ipv4 = first.ipv4_alternate.map(|other| SocketAddrV4::new(*other.ip(), 3478)).or(twin.ipv4),
            // They share the second address.
            _ => twin.ipv4_alternate = twin.ipv4_alternate.and(first.ipv4_alternate),
        }
        let clash = |a: Option<SocketAddrV4>, b: Option<SocketAddrV4>| {
            a.zip(b).is_some_and(|(a, b)| a.ip() == b.ip() || a.port() == b.port())
        };
        if clash(twin.ipv4, twin.ipv4_alternate) {
            twin.ipv4_alternate = None;
        }
        // One address has one network before it.
        twin.faults.retain(|fault| !HIDING.contains(fault));
        twin.faults.extend(first.faults.iter().filter(|fault| HIDING.contains(fault)));
    }
    list
}

fn server(dice: &mut Dice, number: u8, dual: bool) -> ServerConfig {
    let style = dice.pick(&[Style::Rfc5780, Style::Rfc5780, Style::Rfc5780, Style::Rfc8489Plain, Style::Rfc3489]);
    let network = dice.pick(&[[192, 0, 2], [198, 51, 100]]);
    let at = |last: u8, port| Some(SocketAddrV4::new([network[0], network[1], network[2], last].into(), port));
    let at6 = |last, port| {
        Some(SocketAddrV6::new([0x2001, 0xdb8, 0x100 + u16::from(number), 0, 0, 0, 0, last].into(), port, 0, 0))
    };
    let full = style != Style::Rfc8489Plain && !dice.one_in(8);
    let six = dual && !dice.one_in(4);
    let port = dice.pick(&[3478, 3478, 19302]);
    let mut faults = Vec::new();
    let mut sometimes = BTreeMap::new();
    match dice.below(8) {
        0 | 1 => faults.push(dice.pick(&Fault::ALL)),
        2 => faults.push(dice.pick(&HIDING)),
        _ => {}
    }
    if dice.one_in(6) {
        let fault = dice.pick(&Fault::ALL);
        let often: f64 = dice.pick(&[0.1, 0.3, 0.6, 0.9]);
        // A lie told now and then looks like a mapping that depends on the destination; no other question would show it.
        if !HIDING.contains(&fault) && fault != Fault::WrongMapped {
            sometimes.insert(fault, if silences(fault) { often.min(0.3) } else { often });
        }
    }
    ServerConfig {
        name: format!("s{number}.example.net"),
        ipv4: at(10 + number * 10, port),
        ipv4_alternate: full.then(|| at(11 + number * 10, port + 1)).flatten(),
        ipv6: six.then(|| at6(1, port)).flatten(),
        ipv6_alternate: (six && full).then(|| at6(2, port + 1)).flatten(),
        style,
        transports: dice
            .pick(&[&[Transport::Udp, Transport::Tcp][..], &[Transport::Udp], &[Transport::Udp, Transport::Tcp]])
            .to_vec(),
        response_port: !dice.one_in(4),
        rtt_ms: dice.pick(&[0.0, 4.0, 30.0, 120.0]),
        faults,
        sometimes,
        late_ms: dice.pick(&[100.0, 400.0, 1000.0, 3000.0]),
        ..ServerConfig::default()
    }
}

/// What hides who asks from a server.
const HIDING: [Fault; 4] = [Fault::Proxied, Fault::ProxiedToIpv4, Fault::RewritesSource, Fault::RewritesSourcePublic];

fn has(server: &ServerConfig, fault: Fault) -> bool {
    server.faults.contains(&fault) || server.sometimes.contains_key(&fault)
}

/// A server that leaves most questions of one kind unanswered, and then answers the control, cannot be told from a filter.
fn silences(fault: Fault) -> bool {
    use Fault as F;
    matches!(
        fault,
        F::DeadAlternate
            | F::DeadAlternatePath
            | F::DeadAlternatePort
            | F::WrongSource
            | F::WrongTransactionId
            | F::TruncatedAttributes
            | F::RandomBytes
            | F::Late
            | F::Dead
    ) || withholds(fault)
}

/// A server that keeps its answers back and sends the control cannot be told from a filter, unless another server can be asked.
fn withholds(fault: Fault) -> bool {
    matches!(fault, Fault::StatefulEgress | Fault::LateChangeRequest | Fault::ChangeRequestForKnown)
}

fn tells_plain_address_only(server: &ServerConfig) -> bool {
    server.style == Style::Rfc3489 || has(server, Fault::MappedAddressOnly)
}

/// What is true of a family in a world.
struct Truth {
    translated: bool,
    mapping: MappingBehavior,
    filtering: Behavior,
}

/// Every NAT and firewall sees the contacts of the test socket: a packet from elsewhere has to pass each filter, so the strictest
/// decides. A mapping behind another one is as dependent as the more dependent of them, for no NAT joins what another one split.
fn truth(scenario: &Scenario, family: Family) -> Truth {
    let chain: Vec<&NatConfig> = scenario.nats.iter().filter(|nat| nat.sees(family)).collect();
    let filters = chain.iter().map(|nat| nat.filtering).chain(scenario.host.firewall);
    let translating = chain.iter().filter(|nat| nat.mapping.is_some());
    let mapping = translating.filter_map(|nat| nat.mapping).max();
    Truth {
        translated: mapping.is_some(),
        mapping: mapping.map_or(MappingBehavior::None, MappingBehavior::from),
        filtering: filters.max().unwrap_or(Behavior::EndpointIndependent),
    }
}

fn measure(world: &World, seed: u64) -> (Evidence, f64) {
    let settings = Settings { seed, deadline: world.deadline, ..Settings::default() };
    let engine = Engine::new(settings, specs(&world.scenario), plan::classify(&world.options));
    let mut network = SimNetwork::new(&world.scenario, seed);
    let evidence = drive(engine, &mut network, &mut |_| ());
    let took_ms = network.now().as_secs_f64() * 1e3;
    (evidence, took_ms)
}

/// Whether everybody who saw this host's main socket saw it through a balancer with a public address: one machine's word, or that of
/// several at one site, cannot be told from the truth.
fn nobody_honest(world: &World, family: Family, seen: &Evidence) -> bool {
    // Of two names for one address the first server listens there.
    let at = |ip: IpAddr, server: &ServerConfig| {
        let ipv4 = [server.ipv4, server.ipv4_alternate].into_iter().flatten().map(|one| IpAddr::V4(*one.ip()));
        let ipv6 = [server.ipv6, server.ipv6_alternate].into_iter().flatten().map(|one| IpAddr::V6(*one.ip()));
        ipv4.chain(ipv6).any(|own| own == ip)
    };
    let told = seen.exchanges.iter().filter(|one| family.has(one.remote.ip()) && one.mapped().is_some());
    let who = told.filter_map(|one| world.scenario.servers.iter().find(|server| at(one.remote.ip(), server)));
    let hidden = |server: &ServerConfig| HIDING.into_iter().chain([Fault::WrongMapped]).any(|fault| has(server, fault));
    who.clone().any(|server| has(server, Fault::RewritesSourcePublic)) && who.clone().all(hidden)
}

/// What is wrong in the findings of a family, in words.
fn errors(world: &World, family: Family, seen: &Evidence, found: &FamilyFindings) -> Vec<String> {
    let truth = truth(&world.scenario, family);
    let mut errors = Vec::new();
    if nobody_honest(world, family, seen) {
        return errors;
    }
    let mapping = found.mapping.behavior;
    if mapping != MappingBehavior::Inconclusive && mapping != truth.mapping {
        errors.push(format!("mapping {mapping:?}"));
    }
    let independent = matches!(truth.mapping, MappingBehavior::None | MappingBehavior::EndpointIndependent);
    if found.mapping.endpoint_independent.is_some_and(|said| said != independent) {
        errors.push(format!("endpoint_independent {:?}", found.mapping.endpoint_independent));
    }
    let filtering = found.filtering.behavior;
    let withholding =
        world.scenario.servers.iter().filter(|server| server.faults.iter().any(|fault| withholds(*fault)));
    // Then as many servers show the silence as there are that keep answers back: one, and it says so, or all that were asked.
    let withheld = found.filtering.witnesses.is_some_and(|witnesses| witnesses <= withholding.count())
        && stricter(filtering, truth.filtering);
    if filtering != FilteringBehavior::Inconclusive && filtering != truth.filtering.into() && !withheld {
        errors.push(format!("filtering {filtering:?}"));
    }
    let connectivity_right = match found.connectivity {
        Connectivity::Inconclusive => true,
        Connectivity::Nat => truth.translated,
        Connectivity::Open => !truth.translated && truth.filtering == Behavior::EndpointIndependent,
        Connectivity::Firewalled => !truth.translated && (truth.filtering != Behavior::EndpointIndependent || withheld),
        Connectivity::Direct => !truth.translated,
        Connectivity::UdpBlocked | Connectivity::Unavailable => false,
    };
    if !connectivity_right {
        errors.push(format!("connectivity {:?}", found.connectivity));
    }
    if found.alg.as_ref().is_some_and(|alg| alg.detected) && world.scenario.nats.iter().all(|nat| !nat.alg) {
        errors.push("alg".to_owned());
    }
    // Who lies is found out when a second socket asks; a run cut short before that tells what it was told.
    let lies = |server| has(server, Fault::WrongMapped) || has(server, Fault::RewritesSourcePublic);
    let liars = world.scenario.servers.iter().any(lies);
    let rules: Vec<PortRule> =
        world.scenario.nats.iter().filter(|nat| nat.translates(family)).map(|nat| nat.ports).collect();
    if let (Some(ports), [rule], false) = (&found.port_assignment, rules.as_slice(), liars) {
        let right = match ports.behavior {
            PortBehavior::Inconclusive => true,
            PortBehavior::Preserved => *rule == PortRule::Preserved,
            PortBehavior::Sequential => matches!(rule, PortRule::Sequential { .. }),
            PortBehavior::Random => matches!(rule, PortRule::Random | PortRule::Parity),
        };
        if !right {
            errors.push(format!("ports {:?} for {rule:?}", ports.behavior));
        }
    }
    if let Some(tcp) = &found.tcp_mapping
        && tcp.behavior != MappingBehavior::Inconclusive
        && tcp.behavior != truth.mapping
    {
        errors.push(format!("tcp {:?}", tcp.behavior));
    }
    let legitimate = |ip: &IpAddr| {
        world.scenario.nats.iter().any(|nat| nat.external.contains(ip)) || world.scenario.host_addresses().contains(ip)
    };
    if !liars && !found.public_addresses.iter().all(legitimate) {
        errors.push("public address".to_owned());
    }
    errors
}

/// Whether the verdict is a filter that lets in fewer than the true one.
fn stricter(found: FilteringBehavior, truth: Behavior) -> bool {
    Behavior::ALL.into_iter().any(|behavior| FilteringBehavior::from(behavior) == found && behavior > truth)
}

fn describe(world: &World) -> String {
    format!("{:#?}\n{:?} {:?}", world.scenario, world.options, world.deadline)
}

/// Which worlds are looked at; more for a hunt (`WORLDS=20000` or `WORLDS=20000..40000 cargo test --test simulated worlds`).
pub(crate) fn seeds(usually: u64) -> std::ops::Range<u64> {
    let text = std::env::var("WORLDS").unwrap_or_default();
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    from.parse().unwrap_or(0)..to.parse().unwrap_or(usually)
}

/// Worlds that were once named wrong.
const FOUND: [u64; 8] = [4894, 13_521, 13_688, 14_344, 17_143, 35_204, 506_076, 513_796];

/// Writing a report and reading it back takes as long as measuring: one in so many is judged again.
const JUDGED_AGAIN: u64 = 8;

#[test]
fn random_worlds_are_named_right_or_not_at_all() {
    for seed in seeds(2_000).chain(FOUND) {
        let world = world(seed);
        let (evidence, took_ms) = measure(&world, seed);
        if seed % JUDGED_AGAIN == 0 {
            again::classify(&evidence, &world.options);
        }
        for (family, found) in judge::classify(&evidence, &world.options) {
            let errors = errors(&world, family, &evidence, &found);
            let run = Run { evidence: evidence.clone(), v4: found, took_ms };
            assert!(errors.is_empty(), "seed {seed} {family:?}: {errors:?}\n{}\n{}", describe(&world), story(&run));
        }
        assert!(took_ms <= world.deadline.as_secs_f64() * 1e3 + 1.0, "seed {seed} took {took_ms} ms");
    }
}
