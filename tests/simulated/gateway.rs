//! `gateway` against the simulator's routers: each fault has its answer, and no mapping is left behind.

use std::net::IpAddr;
use std::time::Duration;

use nat_probe::engine::{Engine, Network, Settings};
use nat_probe::evidence::key::GatewayStep;
use nat_probe::evidence::{Behavior, Evidence, FailureCode};
use nat_probe::measure::gateway::finding::{ExternalScope, MappingRemarkCode, ServiceStatus};
use nat_probe::measure::gateway::{
    GatewayCode, GatewayFindings, GatewayOptions, GatewayProbe, MapOptions, MappingCode, judge,
};
use nat_probe::net::drive;
use nat_probe::server::gateway::{GatewayConfig, GatewayFault, GatewayProtocol};
use nat_probe::sim::{NatConfig, Scenario, SimNetwork};
use nat_probe::wire::ServerSpec;
use nat_probe::wire::nat_pmp::Protocol;

use crate::again;

/// A router, and how it is asked.
#[derive(Clone)]
struct Bench {
    scenario: Scenario,
    map: Option<MapOptions>,
    deadline: Duration,
    seed: u64,
}

/// How a run ended.
struct Ran {
    found: GatewayFindings,
    seen: Evidence,
    /// Mappings that the routers still have, and those they ever had.
    left: usize,
    made: usize,
}

const MAP: MapOptions = MapOptions { protocol: Protocol::Udp, port: None, lifetime_s: 120 };

impl Bench {
    fn new(config: GatewayConfig) -> Self {
        let nat = NatConfig { gateway: Some(config), ..NatConfig::default() };
        let scenario = Scenario { nats: vec![nat], ..Scenario::default() };
        Self { scenario, map: Some(MAP), deadline: Duration::from_secs(20), seed: 7 }
    }

    fn fault(fault: GatewayFault) -> Self {
        Self::new(GatewayConfig { faults: vec![fault], ..GatewayConfig::default() })
    }

    fn speaking(protocol: GatewayProtocol, fault: GatewayFault) -> Self {
        Self::new(GatewayConfig { protocols: vec![protocol], faults: vec![fault], ..GatewayConfig::default() })
    }

    fn run(&self) -> Ran {
        let mut network = SimNetwork::new(&self.scenario, self.seed);
        let gateways = network.gateways(&[]).expect("the host has a way to its router");
        let servers = gateways.iter().map(|gateway| ServerSpec::parse(&format!("{}:5351", gateway.address)).unwrap());
        let servers: Vec<ServerSpec> = servers.collect();
        let options = GatewayOptions { gateways, failure: None, map: self.map };
        let settings = Settings { seed: self.seed, deadline: self.deadline, ..Settings::default() };
        let engine = Engine::new(settings, servers, vec![Box::new(GatewayProbe { options: options.clone() })]);
        let seen = drive(engine, &mut network, &mut |_| {});
        again::gateway(&seen, &options);
        let (left, made) = (network.live_mappings(), network.mappings_made());
        Ran { found: judge(&seen, &options), seen, left, made }
    }
}

impl Ran {
    fn code(&self) -> GatewayCode {
        self.found.gateways[0].verdict.code
    }

    fn mapping(&self) -> MappingCode {
        self.found.mapping.as_ref().unwrap().code
    }

    fn remarks(&self) -> Vec<MappingRemarkCode> {
        self.found.mapping.as_ref().unwrap().remarks.iter().map(|remark| remark.code).collect()
    }
}

#[test]
fn each_fault_has_its_answer_and_leaves_no_mapping() {
    use GatewayCode as G;
    use GatewayFault as F;
    use MappingCode as M;
    for protocol in [GatewayProtocol::Pcp, GatewayProtocol::NatPmp] {
        let pcp = protocol == GatewayProtocol::Pcp;
        for (fault, code, mapping) in [
            (F::Silent, G::NoServer, M::NoServer),
            (F::Quiet, G::NothingAnswers, M::NoServer),
            (F::Refuses, if pcp { G::AddressUntold } else { G::Ok }, M::NotAuthorized),
            (F::OutOfResources, if pcp { G::AddressUntold } else { G::Ok }, M::OutOfResources),
            (F::NoExternalAddress, if pcp { G::AddressUntold } else { G::NoExternalAddress }, M::NetworkFailure),
            (F::WrongVersion, G::OtherVersion, M::NoServer),
            (F::AbsurdLifetime, G::Ok, M::Ok),
            (F::OtherSource, G::AnswersFromElsewhere, M::NoServer),
            (F::EpochBackwards, G::Ok, M::Ok),
            (F::OtherPort, G::Ok, M::Ok),
            (F::Forgets, G::Ok, M::NotKept),
        ] {
            let ran = Bench::speaking(protocol, fault).run();
            assert_eq!((ran.code(), ran.mapping()), (code, mapping), "{protocol:?} {fault:?}: {:#?}", ran.found);
            assert_eq!(ran.left, 0, "{protocol:?} {fault:?}");
        }
    }
    let mismatch = Bench::fault(F::AddressMismatch).run();
    assert_eq!(mismatch.mapping(), M::AddressMismatch, "{:#?}", mismatch.found);
    // It was made all the same; its end is asked for, and answered with another's nonce too.
    let foreign = Bench::fault(F::OtherNonce).run();
    assert_eq!((foreign.mapping(), foreign.made, foreign.left), (M::ForeignAnswer, 1, 0), "{:#?}", foreign.found);
    let kept = Bench::fault(F::Keeps).run();
    assert_eq!((kept.mapping(), kept.left), (M::NotDeleted, 1), "{:#?}", kept.found);
}

#[test]
fn each_fault_of_upnp_has_its_answer_and_leaves_no_mapping() {
    use GatewayCode as G;
    use GatewayFault as F;
    use MappingCode as M;
    for (fault, code, mapping) in [
        (F::Silent, G::NotListening, M::NoServer),
        (F::Quiet, G::NothingAnswers, M::NoServer),
        (F::OtherSource, G::NotListening, M::NoServer),
        (F::DescribedElsewhere, G::Incomplete, M::NoServer),
        (F::NoLine, G::Incomplete, M::NoServer),
        (F::Refuses, G::Ok, M::NotAuthorized),
        (F::OutOfResources, G::Ok, M::OutOfResources),
        (F::NoExternalAddress, G::NoExternalAddress, M::NetworkFailure),
        (F::OnlyPermanent, G::Ok, M::Unsupported),
        (F::Taken, G::Ok, M::Conflict),
        (F::Forgets, G::Ok, M::NotKept),
    ] {
        let ran = Bench::speaking(GatewayProtocol::Upnp, fault).run();
        assert_eq!((ran.code(), ran.mapping()), (code, mapping), "{fault:?}: {:#?}", ran.found);
        assert_eq!(ran.left, 0, "{fault:?}");
    }
    let kept = Bench::speaking(GatewayProtocol::Upnp, F::Keeps).run();
    assert_eq!((kept.mapping(), kept.left), (M::NotDeleted, 1), "{:#?}", kept.found);
    let elsewhere = Bench::speaking(GatewayProtocol::Upnp, F::OtherSource).run();
    let text = &elsewhere.found.gateways[0].upnp.text;
    assert!(text.contains("192.168.1.8 says that it is a gateway of UPnP"), "{text}");
}

/// A firewall on the host that lets in whom it saw asked knows nothing of what answers a group.
#[test]
fn a_firewall_on_the_host_does_not_hide_upnp() {
    let mut bench = Bench::new(GatewayConfig { protocols: vec![GatewayProtocol::Upnp], ..GatewayConfig::default() });
    bench.scenario.host.firewall = Some(Behavior::AddressAndPortDependent);
    let ran = bench.run();
    let group = GatewayStep::UpnpSearch.of(0);
    assert!(ran.seen.find(&group).unwrap().reply().is_none());
    assert_eq!((ran.code(), ran.mapping(), ran.left), (GatewayCode::Ok, MappingCode::Ok, 0), "{:#?}", ran.found);
}

/// Whoever speaks a better protocol is asked for the mapping by it, and not kept waiting by a search that nobody answers.
#[test]
fn the_best_protocol_makes_the_mapping() {
    let all = [GatewayProtocol::Pcp, GatewayProtocol::NatPmp, GatewayProtocol::Upnp];
    for (protocols, map) in [
        (&all[..], GatewayStep::PcpMap),
        (&all[1..], GatewayStep::NatPmpMap),
        (&all[2..], GatewayStep::UpnpMap),
        (&all[..1], GatewayStep::PcpMap),
    ] {
        let ran = Bench::new(GatewayConfig { protocols: protocols.to_vec(), ..GatewayConfig::default() }).run();
        assert_eq!((ran.mapping(), ran.made, ran.left), (MappingCode::Ok, 1, 0), "{protocols:?}");
        let made = ran.seen.find(&map.of(0)).unwrap();
        assert!(made.started_ms < 200.0, "{protocols:?} {}", made.started_ms);
    }
}

#[test]
fn what_is_odd_about_a_mapping_is_remarked() {
    use GatewayFault as F;
    use MappingRemarkCode as R;
    assert_eq!(Bench::fault(F::OtherPort).run().remarks(), [R::OtherExternalPort]);
    assert_eq!(Bench::fault(F::AbsurdLifetime).run().remarks(), [R::LifetimeAbsurd]);
    assert_eq!(
        Bench::new(GatewayConfig { longest_s: 60, ..GatewayConfig::default() }).run().remarks(),
        [R::LifetimeShortened]
    );
    assert_eq!(Bench::new(GatewayConfig::default()).run().remarks(), []);
    assert!(Bench::fault(F::EpochBackwards).run().found.gateways[0].epoch_went_back);
    assert!(!Bench::new(GatewayConfig::default()).run().found.gateways[0].epoch_went_back);
}

#[test]
fn each_protocol_is_told_from_the_other() {
    use ServiceStatus::{Answers, OtherVersion};
    for (protocols, pcp, nat_pmp) in [
        (vec![GatewayProtocol::Pcp, GatewayProtocol::NatPmp], Answers, Answers),
        (vec![GatewayProtocol::Pcp], Answers, OtherVersion),
        (vec![GatewayProtocol::NatPmp], OtherVersion, Answers),
    ] {
        let ran = Bench::new(GatewayConfig { protocols: protocols.clone(), ..GatewayConfig::default() }).run();
        let gateway = &ran.found.gateways[0];
        assert_eq!((gateway.pcp.status, gateway.nat_pmp.status), (pcp, nat_pmp), "{protocols:?}");
        assert_eq!(gateway.external_address, Some("203.0.113.7".parse().unwrap()), "{protocols:?}");
        assert_eq!((ran.mapping(), ran.made, ran.left), (MappingCode::Ok, 1, 0), "{protocols:?}");
    }
}

#[test]
fn an_external_address_that_is_none_of_the_internet_means_another_nat() {
    for (external, scope) in [("192.168.0.2", ExternalScope::Private), ("100.64.3.4", ExternalScope::Shared)] {
        let external = Some(external.parse().unwrap());
        let ran = Bench::new(GatewayConfig { external, ..GatewayConfig::default() }).run();
        let gateway = &ran.found.gateways[0];
        assert_eq!((ran.code(), gateway.external_scope), (GatewayCode::SecondNat, Some(scope)));
    }
    let ran =
        Bench { scenario: Scenario::preset("gateway-double-nat").unwrap(), ..Bench::new(GatewayConfig::default()) };
    assert_eq!(ran.run().code(), GatewayCode::SecondNat);
}

#[test]
fn wherever_the_run_is_cut_short_its_mapping_is_deleted() {
    let mut cut = 0;
    let messages = GatewayConfig::default().protocols;
    for (rtt_ms, protocols) in [1.0, 40.0, 400.0]
        .into_iter()
        .flat_map(|rtt_ms| [(rtt_ms, messages.clone()), (rtt_ms, vec![GatewayProtocol::Upnp])])
    {
        let config = GatewayConfig { rtt_ms, protocols, ..GatewayConfig::default() };
        let steps: Vec<u32> = (0..60).map(|step| step * 40).collect();
        for ms in steps {
            let mut bench = Bench::new(config.clone());
            bench.scenario.interrupt_ms = Some(f64::from(ms) + 0.5);
            let ran = bench.run();
            assert_eq!(ran.left, 0, "interrupted after {ms} ms at {rtt_ms} ms: {:#?}", ran.found);
            cut += usize::from(ran.made > 0 && ran.seen.stopped.is_some());
            let bench = Bench { deadline: Duration::from_millis(u64::from(ms) + 1), ..Bench::new(config.clone()) };
            assert_eq!(bench.run().left, 0, "deadline of {ms} ms at {rtt_ms} ms");
        }
    }
    assert!(cut > 5, "only {cut} runs were cut short while a mapping was there");
}

#[test]
fn where_packets_are_lost_a_mapping_is_made_and_deleted_all_the_same() {
    for seed in 0..60 {
        let mut bench = Bench { seed, ..Bench::new(GatewayConfig::default()) };
        bench.scenario.lan.loss = 0.1;
        bench.scenario.lan.rtt_ms = 3.0;
        let ran = bench.run();
        assert_eq!((ran.code(), ran.mapping(), ran.left), (GatewayCode::Ok, MappingCode::Ok, 0), "{:#?}", ran.found);
    }
}

#[test]
fn without_a_wish_nothing_is_mapped() {
    let ran = Bench { map: None, ..Bench::new(GatewayConfig::default()) }.run();
    assert!(ran.found.mapping.is_none());
    assert_eq!((ran.code(), ran.made), (GatewayCode::Ok, 0));
}

#[test]
fn what_is_saved_holds_no_nonce() {
    let saved = serde_json::to_string(&Bench::new(GatewayConfig::default()).run().seen).unwrap();
    assert!(saved.contains("pcp-map") && !saved.contains("nonce\":"), "{saved}");
}

#[test]
fn the_network_tells_its_gateways() {
    let network = |scenario: &Scenario| SimNetwork::new(scenario, 1);
    let nat = Scenario { nats: vec![NatConfig::default()], ..Scenario::default() };
    let [router] = &network(&nat).gateways(&[]).unwrap()[..] else { panic!("one router") };
    assert_eq!((router.address.to_string(), router.local.to_string()), ("192.168.1.1".into(), "192.168.1.23".into()));
    let named: IpAddr = "192.168.1.77".parse().unwrap();
    assert_eq!(network(&nat).gateways(&[named]).unwrap()[0].address, named);
    let nowhere = network(&nat).gateways(&["2001:db8::1".parse().unwrap()]).unwrap_err();
    assert_eq!(nowhere.code, FailureCode::NetworkUnreachable);
    let ipv6_only = Scenario::preset("ipv6-only").unwrap();
    assert_eq!(network(&ipv6_only).gateways(&[]).unwrap_err().code, FailureCode::NetworkUnreachable);
}
