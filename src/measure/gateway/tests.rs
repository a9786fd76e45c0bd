//! The judges over evidence that is made by hand: what each answer, each silence and each refusal comes to.

use std::net::{IpAddr, SocketAddr};

use super::finding::{ExternalScope, GatewaySide, MappingRemarkCode, ServiceStatus};
use super::{GatewayCode, GatewayFindings, GatewayOptions, GatewayProbe, MapOptions, MappingCode, judge};
use crate::evidence::key::GatewayStep::{self, Address, Alive, Announce, NatPmpMap, PcpAgain, PcpDelete, PcpMap};
use crate::evidence::{
    Ask, Evidence, Exchange, Failure, FailureCode, Gateway, GatewayReply, Outcome, Probe as _, Reply, Stop, Strays,
};
use crate::wire::nat_pmp::{self, Protocol};
use crate::wire::pcp::{self, Nonce};
use crate::wire::upnp;

const ROUTER: &str = "192.168.1.1:5351";
const WISH: MapOptions = MapOptions { protocol: Protocol::Udp, port: Some(40_000), lifetime_s: 120 };

/// What one run saw of one router.
#[derive(Default)]
struct Seen {
    evidence: Evidence,
    map: Option<MapOptions>,
    gateway: Option<Gateway>,
}

fn router() -> Gateway {
    Gateway { address: [192, 168, 1, 1].into(), local: client(), interface: None, scope: None, passed_by: None }
}

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn client() -> IpAddr {
    [192, 168, 1, 23].into()
}

fn mapping(external: &str) -> pcp::Mapping {
    pcp::Mapping { nonce: Nonce(None), protocol: 17, internal_port: 40_000, external: socket(external) }
}

fn silence() -> Outcome {
    Outcome::Silence { waited_ms: 2_000.0 }
}

fn failed(code: FailureCode, by: Option<&str>) -> Outcome {
    Outcome::Failed(Failure { code, text: "it was refused".to_owned(), by: by.map(|by| by.parse().unwrap()) })
}

fn said(reply: GatewayReply) -> Outcome {
    Outcome::Reply(Reply { gateway: Some(Box::new(reply)), ..Reply::from_source(socket(ROUTER)) })
}

fn pcp(body: pcp::Body, result: pcp::ResultCode, lifetime_s: u32, epoch_s: u32) -> Outcome {
    let response = pcp::Response { version: 2, result, lifetime_s, epoch_s, body, options: Vec::new() };
    said(GatewayReply::Pcp(response))
}

fn announced() -> Outcome {
    pcp(pcp::Body::Announce, pcp::ResultCode::Success, 0, 1_000)
}

fn mapped(external: &str, lifetime_s: u32) -> Outcome {
    pcp(pcp::Body::Map(mapping(external)), pcp::ResultCode::Success, lifetime_s, 1_000)
}

fn refused(result: pcp::ResultCode) -> Outcome {
    pcp(pcp::Body::Map(mapping("0.0.0.0:0")), result, 30, 1_000)
}

fn nat_pmp(body: nat_pmp::Body, result: nat_pmp::ResultCode) -> Outcome {
    said(GatewayReply::NatPmp(nat_pmp::Response { result, epoch_s: 1_000, body }))
}

fn external(address: [u8; 4]) -> Outcome {
    nat_pmp(nat_pmp::Body::ExternalAddress { address: address.into() }, nat_pmp::ResultCode::Success)
}

impl Seen {
    fn with(mut self, step: GatewayStep, outcome: Outcome) -> Self {
        self.add(step, ROUTER, outcome);
        self
    }

    fn add(&mut self, step: GatewayStep, remote: &str, outcome: Outcome) -> &mut Exchange {
        let ask = Ask::binding(step.of(0), 0, &*step.of(0).to_string(), socket(remote));
        let id = format!("e{}", self.evidence.exchanges.iter().count() + 1);
        let local = Some(SocketAddr::new(client(), 51_000));
        let exchange = Exchange { local, sends: 1, outcome, ..Exchange::begun(id, &ask, 0.0) };
        self.evidence.exchanges.push(exchange);
        let last = self.evidence.exchanges.iter().count() - 1;
        &mut self.evidence.exchanges[last]
    }

    fn asking_for_a_mapping(self) -> Self {
        Self { map: Some(WISH), ..self }
    }

    fn judged(&self) -> GatewayFindings {
        let gateway = self.gateway.clone().unwrap_or_else(router);
        judge(&self.evidence, &GatewayOptions { gateways: vec![gateway], failure: None, map: self.map })
    }

    fn code(&self) -> GatewayCode {
        self.judged().gateways[0].verdict.code
    }

    fn mapping(&self) -> (MappingCode, GatewaySide) {
        let found = self.judged().mapping.expect("a mapping was asked for");
        assert!(!found.text.is_empty());
        (found.code, found.side)
    }
}

/// A router with PCP whose mapping went so.
fn mapping_of(outcome: Outcome) -> Seen {
    Seen::default().asking_for_a_mapping().with(Announce, announced()).with(PcpMap, outcome)
}

/// A VPN: what this host sends to the internet does not pass the router, and so no mapping of its.
#[test]
fn a_router_that_is_passed_by_is_told() {
    let seen = || Seen::default().with(Announce, announced()).with(Address, external([203, 0, 113, 7]));
    let from: IpAddr = [10, 8, 0, 2].into();
    let beside = Seen { gateway: Some(Gateway { passed_by: Some(from), ..router() }), ..seen() };
    let text = |seen: &Seen| seen.judged().gateways[0].verdict.text.clone();
    assert!(text(&beside).contains("leave from 10.8.0.2"), "{}", text(&beside));
    assert!(!text(&seen()).contains("leave from"));
}

/// The router's own rules forbid what this host's would: whose they are, the sender of the error tells.
#[test]
fn who_forbids_to_ask_is_told() {
    for (by, side) in [
        (Some("192.168.1.1"), GatewaySide::Gateway),
        (Some("192.168.1.23"), GatewaySide::ThisHost),
        (None, GatewaySide::ThisHost),
    ] {
        let seen = Seen::default().with(Announce, failed(FailureCode::Prohibited, by)).with(Address, silence());
        let verdict = &seen.judged().gateways[0].verdict;
        assert_eq!((verdict.code, verdict.side), (GatewayCode::Unreachable, side), "{by:?}");
    }
}

#[test]
fn what_each_gateway_comes_to() {
    use FailureCode::{ConnectionRefused, HostUnreachable};
    let unsupported = || nat_pmp(nat_pmp::Body::Unread { number: 0 }, nat_pmp::ResultCode::UnsupportedVersion);
    let silent = |alive| {
        let mut seen = Seen::default().with(Announce, silence()).with(Address, silence());
        seen.add(Alive, "192.168.1.1:53", alive);
        seen
    };
    let dns = || Outcome::Reply(Reply::from_source(socket("192.168.1.1:53")));
    for (seen, code) in [
        (Seen::default().with(Announce, announced()).with(Address, external([203, 0, 113, 7])), GatewayCode::Ok),
        (Seen::default().with(Announce, announced()).with(Address, silence()), GatewayCode::AddressUntold),
        (Seen::default().with(Announce, announced()).with(Address, external([10, 0, 0, 2])), GatewayCode::SecondNat),
        (Seen::default().with(Announce, silence()).with(Address, external([100, 64, 0, 2])), GatewayCode::SecondNat),
        (Seen::default().with(Announce, silence()).with(Address, external([0; 4])), GatewayCode::NoExternalAddress),
        (Seen::default().with(Announce, unsupported()).with(Address, silence()), GatewayCode::OtherVersion),
        (
            Seen::default().with(Announce, failed(ConnectionRefused, Some("192.168.1.1"))).with(Address, silence()),
            GatewayCode::NotListening,
        ),
        // A firewall on the way says nothing of the gateway.
        (
            Seen::default().with(Announce, failed(ConnectionRefused, Some("192.168.1.9"))).with(Address, silence()),
            GatewayCode::Unreachable,
        ),
        (Seen::default().with(Announce, failed(HostUnreachable, None)), GatewayCode::Unreachable),
        (silent(dns()), GatewayCode::NoServer),
        (silent(failed(ConnectionRefused, Some("192.168.1.1"))), GatewayCode::NoServer),
        (silent(failed(ConnectionRefused, Some("192.168.1.9"))), GatewayCode::NothingAnswers),
        (silent(silence()), GatewayCode::NothingAnswers),
        (Seen::default().with(Announce, Outcome::Abandoned { waited_ms: 5.0 }), GatewayCode::NotMeasured),
    ] {
        assert_eq!(seen.code(), code, "{:#?}", seen.judged());
    }
}

#[test]
fn an_answer_from_elsewhere_counts_for_nothing() {
    let elsewhere = Outcome::Reply(Reply::from_source(socket("192.168.1.9:5351")));
    let seen = Seen::default().with(Announce, elsewhere.clone()).with(Address, silence());
    assert_eq!(seen.code(), GatewayCode::AnswersFromElsewhere);
    assert!(seen.judged().gateways[0].verdict.text.contains("192.168.1.9"));
    assert_eq!(mapping_of(elsewhere).mapping().0, MappingCode::AnswersFromElsewhere);
}

#[test]
fn what_was_not_asked_was_cut_short_or_not_wanted() {
    let mut seen = Seen::default().with(Announce, announced());
    assert_eq!(seen.judged().gateways[0].nat_pmp.status, ServiceStatus::NotAsked);
    seen.evidence.stopped = Some(Stop::Deadline);
    assert_eq!(seen.judged().gateways[0].nat_pmp.status, ServiceStatus::NotMeasured);
}

#[test]
fn over_ipv6_there_is_no_nat_pmp_and_no_external_address_without_a_mapping() {
    let router = "[fe80::1%3]:5351".parse().unwrap();
    let ask = Ask::binding(Announce.of(0), 0, "s", router);
    let response = pcp::Request::announce(client()).response(pcp::ResultCode::Success, 0, 5);
    let reply = Reply { gateway: Some(Box::new(GatewayReply::Pcp(response))), ..Reply::from_source(router) };
    let mut evidence = Evidence { stopped: Some(Stop::Interrupted), ..Evidence::default() };
    evidence.exchanges.push(Exchange { outcome: Outcome::Reply(reply), ..Exchange::begun("e1".to_owned(), &ask, 0.0) });
    let gateway = Gateway {
        address: router.ip(),
        local: "2001:db8::23".parse().unwrap(),
        interface: Some("eth0".to_owned()),
        scope: Some(3),
        passed_by: None,
    };
    assert_eq!(gateway.at(5351), router);
    let options = GatewayOptions { gateways: vec![gateway.clone()], ..GatewayOptions::default() };
    let asks = GatewayProbe { options: options.clone() }.next(&evidence).remove(0).asks;
    assert!(!asks.is_empty() && asks.iter().all(|ask| ask.terms.local_address == Some(gateway.local)));
    let found = judge(&evidence, &options);
    let [found] = &found.gateways[..] else { panic!("one gateway") };
    assert_eq!(found.verdict.code, GatewayCode::AddressUntold);
    assert_eq!((found.pcp.status, found.nat_pmp.status), (ServiceStatus::Answers, ServiceStatus::NotAsked));
}

#[test]
fn without_a_gateway_the_reason_is_told() {
    let failure = Failure { code: FailureCode::NetworkUnreachable, text: "no route".to_owned(), by: None };
    let options = GatewayOptions { failure: Some(failure), map: Some(WISH), ..GatewayOptions::default() };
    let found = judge(&Evidence::default(), &options);
    let reason = found.reason.unwrap();
    assert_eq!((reason.code, reason.side), (GatewayCode::NoGateway, GatewaySide::ThisHost));
    assert!(reason.text.contains("no route"));
    assert_eq!(found.mapping.unwrap().code, MappingCode::NoServer);
}

#[test]
fn the_time_of_a_server_goes_forward() {
    let at = |epoch_s| pcp(pcp::Body::Announce, pcp::ResultCode::Success, 0, epoch_s);
    for (first, then, back) in [(1_000, 1_000, false), (1_000, 999, false), (1_000, 998, true), (0, 5, false)] {
        let seen = Seen::default().with(Announce, at(first)).with(PcpMap, at(then));
        assert_eq!(seen.judged().gateways[0].epoch_went_back, back, "{first} {then}");
    }
}

#[test]
fn a_mapping_that_names_no_address_has_that_of_the_gateway() {
    let map =
        nat_pmp::Mapping { protocol: Protocol::Udp, internal_port: 40_000, external_port: 61_000, lifetime_s: 60 };
    let seen = Seen::default()
        .asking_for_a_mapping()
        .with(Announce, silence())
        .with(Address, external([203, 0, 113, 7]))
        .with(NatPmpMap, nat_pmp(nat_pmp::Body::Map(map), nat_pmp::ResultCode::Success));
    let found = seen.judged().mapping.unwrap();
    assert_eq!((found.external, found.lifetime_s), (Some(socket("203.0.113.7:61000")), Some(60)));
    let remarks: Vec<MappingRemarkCode> = found.remarks.iter().map(|remark| remark.code).collect();
    assert_eq!(remarks, [MappingRemarkCode::OtherExternalPort, MappingRemarkCode::LifetimeShortened]);
}

#[test]
fn a_mapping_tells_the_external_address_where_nothing_else_does() {
    let gateway = &mapping_of(mapped("192.168.7.7:40000", 120)).judged().gateways[0];
    assert_eq!(gateway.external_scope, Some(ExternalScope::Private));
    // And a refusal does.
    let map = pcp::Body::Map(mapping("100.64.7.7:40000"));
    let refusal = pcp(map, pcp::ResultCode::NoResources, 30, 1_000);
    assert_eq!(mapping_of(refusal).judged().gateways[0].external_scope, Some(ExternalScope::Shared));
}

#[test]
fn why_a_mapping_was_not_made() {
    use pcp::ResultCode as R;
    for (outcome, code, side) in [
        (refused(R::NotAuthorized), MappingCode::NotAuthorized, GatewaySide::Gateway),
        (refused(R::NoResources), MappingCode::OutOfResources, GatewaySide::Gateway),
        (refused(R::UserExQuota), MappingCode::OutOfResources, GatewaySide::Gateway),
        (refused(R::NetworkFailure), MappingCode::NetworkFailure, GatewaySide::Gateway),
        (refused(R::AddressMismatch), MappingCode::AddressMismatch, GatewaySide::Gateway),
        (refused(R::UnsuppProtocol), MappingCode::Unsupported, GatewaySide::Gateway),
        (mapped("203.0.113.7:0", 120), MappingCode::Hollow, GatewaySide::Gateway),
        (mapped("203.0.113.7:40000", 0), MappingCode::Hollow, GatewaySide::Gateway),
        (silence(), MappingCode::NoAnswer, GatewaySide::Gateway),
        (failed(FailureCode::ConnectionRefused, None), MappingCode::Unreachable, GatewaySide::Gateway),
        (failed(FailureCode::Prohibited, None), MappingCode::Unreachable, GatewaySide::ThisHost),
        (Outcome::Abandoned { waited_ms: 5.0 }, MappingCode::NotMeasured, GatewaySide::Unknown),
    ] {
        let seen = mapping_of(outcome);
        assert_eq!(seen.mapping(), (code, side), "{:#?}", seen.judged().mapping);
    }
    let mut foreign = mapping_of(silence());
    let strays = Some(Strays { count: 1, what: "a response with another nonce".to_owned() });
    foreign.evidence.exchanges[1].strays = strays;
    assert_eq!(foreign.mapping().0, MappingCode::ForeignAnswer);
    // Where nothing behind the router is the internet, that is what stands in the way.
    let inner = Seen::default()
        .asking_for_a_mapping()
        .with(Announce, announced())
        .with(Address, external([10, 0, 0, 2]))
        .with(PcpMap, refused(R::NoResources));
    assert_eq!(inner.mapping(), (MappingCode::NetworkFailure, GatewaySide::Provider));
}

#[test]
fn what_became_of_a_mapping_that_was_made() {
    let made = || mapping_of(mapped("203.0.113.7:40000", 120));
    let kept = || made().with(PcpAgain, mapped("203.0.113.7:40000", 120));
    let gone = || mapped("203.0.113.7:40000", 0);
    for (seen, code) in [
        (kept().with(PcpDelete, gone()), MappingCode::Ok),
        (made().with(PcpAgain, mapped("203.0.113.7:40001", 120)).with(PcpDelete, gone()), MappingCode::NotKept),
        (made().with(PcpAgain, silence()).with(PcpDelete, gone()), MappingCode::NotKept),
        (made().with(PcpDelete, gone()), MappingCode::NotMeasured),
        (kept().with(PcpDelete, refused(pcp::ResultCode::NotAuthorized)), MappingCode::NotDeleted),
        (kept().with(PcpDelete, silence()), MappingCode::DeletionUnanswered),
        (made(), MappingCode::DeletionUnanswered),
    ] {
        assert_eq!(seen.mapping().0, code, "{:#?}", seen.judged().mapping);
    }
}

fn upnp(response: upnp::Response, source: &str) -> Outcome {
    let gateway = Some(Box::new(GatewayReply::Upnp(response)));
    Outcome::Reply(Reply { gateway, ..Reply::from_source(socket(source)) })
}

fn located(location: &str) -> Outcome {
    upnp(upnp::Response::Found { location: location.to_owned() }, "192.168.1.1:1900")
}

/// A router without PCP and NAT-PMP, of which the steps of UPnP showed that.
fn by_upnp(steps: &[(GatewayStep, Outcome)]) -> Seen {
    let refused = failed(FailureCode::ConnectionRefused, Some("192.168.1.1"));
    let mut seen = Seen::default().with(Announce, refused.clone()).with(Address, refused);
    for (step, outcome) in steps {
        seen.add(*step, "192.168.1.1:5000", outcome.clone());
    }
    seen
}

#[test]
fn what_a_gateway_of_upnp_comes_to() {
    use GatewayStep::{UpnpAddress, UpnpDescribe, UpnpNextAddress, UpnpSearch, UpnpSearchAlone};
    let line = |path: &str| upnp::Connection {
        service: "urn:schemas-upnp-org:service:WANIPConnection:1".to_owned(),
        control: upnp::Place { host: socket("192.168.1.1:5000"), path: path.to_owned() },
    };
    let web = |response| upnp(response, "192.168.1.1:5000");
    let described = |connections| web(upnp::Response::Described { connections });
    let outside =
        |address: Option<[u8; 4]>| web(upnp::Response::ExternalAddress { address: address.map(IpAddr::from) });
    let odd = || web(upnp::Response::Other { text: "HTTP 404 Not Found".to_owned() });
    let found = || (UpnpSearch, located("http://192.168.1.1:5000/d.xml"));
    let silent = || [(UpnpSearch, silence()), (UpnpSearchAlone, silence())];
    let abandoned = || Outcome::Abandoned { waited_ms: 5.0 };
    for (steps, status, code) in [
        (silent().to_vec(), ServiceStatus::NoAnswer, GatewayCode::NotListening),
        (
            vec![(UpnpSearch, abandoned()), (UpnpSearchAlone, silence())],
            ServiceStatus::NotMeasured,
            GatewayCode::NotMeasured,
        ),
        (vec![(UpnpSearch, located("http://10.0.0.9/d.xml"))], ServiceStatus::Incomplete, GatewayCode::Incomplete),
        (vec![found()], ServiceStatus::NotMeasured, GatewayCode::NotMeasured),
        (vec![found(), (UpnpDescribe, abandoned())], ServiceStatus::NotMeasured, GatewayCode::NotMeasured),
        (vec![found(), (UpnpDescribe, silence())], ServiceStatus::Incomplete, GatewayCode::Incomplete),
        (
            vec![found(), (UpnpDescribe, failed(FailureCode::ConnectionRefused, None))],
            ServiceStatus::Incomplete,
            GatewayCode::Incomplete,
        ),
        (vec![found(), (UpnpDescribe, odd())], ServiceStatus::Incomplete, GatewayCode::Incomplete),
        (vec![found(), (UpnpDescribe, described(Vec::new()))], ServiceStatus::Incomplete, GatewayCode::Incomplete),
        (
            vec![found(), (UpnpDescribe, described(vec![line("/a")])), (UpnpAddress, odd())],
            ServiceStatus::Incomplete,
            GatewayCode::Incomplete,
        ),
        (
            vec![found(), (UpnpDescribe, described(vec![line("/a")])), (UpnpAddress, outside(Some([203, 0, 113, 7])))],
            ServiceStatus::Answers,
            GatewayCode::Ok,
        ),
        (
            vec![found(), (UpnpDescribe, described(vec![line("/a")])), (UpnpAddress, outside(Some([100, 64, 0, 7])))],
            ServiceStatus::Answers,
            GatewayCode::SecondNat,
        ),
        (
            vec![found(), (UpnpDescribe, described(vec![line("/a")])), (UpnpAddress, outside(None))],
            ServiceStatus::Answers,
            GatewayCode::NoExternalAddress,
        ),
        // Of two lines out one is in use.
        (
            vec![
                found(),
                (UpnpDescribe, described(vec![line("/a"), line("/b")])),
                (UpnpAddress, outside(None)),
                (UpnpNextAddress, outside(Some([203, 0, 113, 7]))),
            ],
            ServiceStatus::Answers,
            GatewayCode::Ok,
        ),
    ] {
        let seen = by_upnp(&steps);
        let found = &seen.judged().gateways[0];
        assert_eq!((found.upnp.status, found.verdict.code), (status, code), "{found:#?}");
    }
}

/// The better protocol's word counts where they differ.
#[test]
fn what_pcp_and_nat_pmp_tell_goes_before_upnp() {
    let mut seen = Seen::default().with(Announce, announced()).with(Address, external([203, 0, 113, 7]));
    let other = upnp::Response::ExternalAddress { address: Some([10, 0, 0, 2].into()) };
    seen.add(GatewayStep::UpnpAddress, "192.168.1.1:5000", upnp(other, "192.168.1.1:5000"));
    assert_eq!(seen.code(), GatewayCode::Ok);
}
