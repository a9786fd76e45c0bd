//! Reports made by hand, for tests.

use std::net::SocketAddr;

use super::document::{
    Capability, Classified, Discovered, Families, Findings, NatFindings, NetworkKind, Report, ServerError, ServerRow,
    Tool,
};
use crate::evidence::{Behavior, Exchange, Failure, FailureCode, Lookup, Outcome, Reason, ReasonCode, Reply, Server};
use crate::measure::nat::finding::{
    Alg, Connectivity, FamilyFindings, Filtering, FilteringBehavior, Mapping, MappingBehavior, Pooling,
    PoolingBehavior, PortAssignment, PortBehavior, PortSample, Rfc3489Type,
};
use crate::measure::nat::plan::{ClassifyOptions, DiscoverOptions};
use crate::wire::{Change, Family, Request, Transport};

const LOCAL: &str = "192.168.1.23:40112";
const MAPPED: &str = "203.0.113.7:51034";

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// One of the nine NATs, on IPv4.
pub(crate) fn nat(mapping: Behavior, filtering: Behavior) -> FamilyFindings {
    let independent = mapping == Behavior::EndpointIndependent;
    let name = match (mapping, filtering) {
        (Behavior::EndpointIndependent, Behavior::EndpointIndependent) => Some(Rfc3489Type::FullCone),
        (Behavior::EndpointIndependent, Behavior::AddressDependent) => Some(Rfc3489Type::RestrictedCone),
        (Behavior::EndpointIndependent, _) => Some(Rfc3489Type::PortRestrictedCone),
        (_, Behavior::EndpointIndependent) => None,
        _ => Some(Rfc3489Type::Symmetric),
    };
    let samples =
        [(40112, 51034), (40113, 52990), (40114, 61007)].map(|(local, external)| PortSample { local, external });
    FamilyFindings {
        connectivity: Connectivity::Nat,
        reason: None,
        local_address: Some(socket(LOCAL).ip()),
        public_addresses: vec![socket(MAPPED).ip()],
        mapping: Mapping {
            behavior: mapping.into(),
            endpoint_independent: Some(independent),
            reason: None,
            summary: if independent { "3 of 3 destinations saw port 51034" } else { "3 destinations saw 3 ports" }
                .to_owned(),
            because: vec!["e1".to_owned(), "e2".to_owned()],
        },
        filtering: Filtering {
            behavior: filtering.into(),
            reason: None,
            summary: "silent for 5 sends from another address, control answered".to_owned(),
            witnesses: None,
            withheld_by: Vec::new(),
            because: vec!["e3".to_owned()],
        },
        port_assignment: Some(PortAssignment {
            behavior: PortBehavior::Random,
            step: None,
            per_destination_delta: None,
            parity_kept: None,
            samples: samples.to_vec(),
            summary: "3 sockets, no pattern".to_owned(),
        }),
        pooling: Some(Pooling { behavior: PoolingBehavior::Paired, summary: "3 sockets, one address".to_owned() }),
        alg: Some(Alg {
            detected: false,
            summary: "both address attributes agree".to_owned(),
            because: vec!["e1".to_owned()],
        }),
        rfc3489_type: name,
        hairpinning: None,
        tcp_mapping: None,
        nat64: None,
        other_paths: Vec::new(),
        blocked_port: None,
    }
}

/// No translation and no filter.
pub(crate) fn open() -> FamilyFindings {
    let mut found = nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent);
    found.connectivity = Connectivity::Open;
    found.local_address = Some(socket(MAPPED).ip());
    found.mapping.behavior = MappingBehavior::None;
    found.mapping.summary = "servers saw the address this host sends from".to_owned();
    found.port_assignment = None;
    found.pooling = None;
    found.rfc3489_type = Some(Rfc3489Type::OpenInternet);
    found
}

/// IPv6 without translation behind a firewall.
pub(crate) fn firewalled(filtering: Behavior) -> FamilyFindings {
    let mut found = open();
    found.connectivity = Connectivity::Firewalled;
    found.local_address = Some("2001:db8:1::23".parse().unwrap());
    found.public_addresses = found.local_address.into_iter().collect();
    found.filtering.behavior = filtering.into();
    found.rfc3489_type = None;
    found
}

/// Nothing known.
pub(crate) fn inconclusive(code: ReasonCode, text: &str) -> FamilyFindings {
    let reason = Some(Reason::new(code, text));
    FamilyFindings {
        connectivity: Connectivity::Inconclusive,
        reason: reason.clone(),
        local_address: None,
        public_addresses: Vec::new(),
        mapping: Mapping {
            behavior: MappingBehavior::Inconclusive,
            endpoint_independent: None,
            reason: reason.clone(),
            summary: String::new(),
            because: Vec::new(),
        },
        filtering: Filtering {
            behavior: FilteringBehavior::Inconclusive,
            reason,
            summary: String::new(),
            witnesses: None,
            withheld_by: Vec::new(),
            because: Vec::new(),
        },
        port_assignment: None,
        pooling: None,
        alg: None,
        rfc3489_type: None,
        hairpinning: None,
        tcp_mapping: None,
        nat64: None,
        other_paths: Vec::new(),
        blocked_port: None,
    }
}

/// UDP dead, TCP alive.
pub(crate) fn udp_blocked() -> FamilyFindings {
    let mut found = inconclusive(ReasonCode::UdpBlocked, "2 servers answered over TCP and none over UDP");
    found.connectivity = Connectivity::UdpBlocked;
    found.local_address = Some(socket(LOCAL).ip());
    found
}

/// No address of the family.
pub(crate) fn unavailable() -> FamilyFindings {
    let mut found = inconclusive(ReasonCode::NoAddress, "this host has no IPv6 address");
    found.connectivity = Connectivity::Unavailable;
    found
}

fn row(server: &str, address: &str, mapped: &str) -> ServerRow {
    ServerRow {
        server: server.to_owned(),
        address: Some(socket(address)),
        transport: Transport::Udp,
        mapped: Some(socket(mapped)),
        rtt_ms: Some(40.123_456),
        rtt_min_ms: Some(39.8),
        rtt_max_ms: Some(44.0),
        software: Some("Coturn-4.6.1 'Gorst'".to_owned()),
        capabilities: vec![Capability::OtherAddress, Capability::ChangeRequest],
        error: None,
        disbelieved: None,
    }
}

fn dead(server: &str, address: Option<&str>, code: FailureCode, text: &str) -> ServerRow {
    ServerRow {
        address: address.map(socket),
        mapped: None,
        rtt_ms: None,
        rtt_min_ms: None,
        rtt_max_ms: None,
        software: None,
        capabilities: Vec::new(),
        error: Some(ServerError { code: code.into(), text: text.to_owned() }),
        ..row(server, "192.0.2.1:1", MAPPED)
    }
}

fn exchange(id: &str, ask: &str, remote: &str, change: Change, outcome: Outcome) -> Exchange {
    Exchange {
        id: id.to_owned(),
        ask: ask.into(),
        server: 0,
        socket: "ipv4/mapping".into(),
        transport: Transport::Udp,
        local: Some(socket(LOCAL)),
        remote: socket(remote),
        request: Request::change(change).into(),
        sends: 1,
        paced: true,
        started_ms: 1.5,
        ended_ms: Some(41.623_456_7),
        sent_ms: Vec::new(),
        arrived_ms: Vec::new(),
        copies: 0,
        not_stun: None,
        strays: None,
        outcome,
    }
}

fn reply(source: &str, mapped: &str) -> Outcome {
    Outcome::Reply(Reply {
        rfc3489: false,
        source: socket(source),
        rtt_ms: 40.123_456_7,
        mapped: Some(socket(mapped)),
        plain_mapped: None,
        other: Some(socket("198.51.100.2:3479")),
        origin: Some(socket(source)),
        software: Some("Coturn-4.6.1 'Gorst'".to_owned()),
        error: None,
        faults: Vec::new(),
        over: None,
        turn: None,
        gateway: None,
    })
}

impl Report {
    /// The verdicts of a report that has some.
    pub(crate) fn families_mut(&mut self) -> &mut Families {
        &mut self.nat_mut().families
    }

    /// The rows of a report that has some.
    pub(crate) fn servers_mut(&mut self) -> &mut Vec<ServerRow> {
        &mut self.nat_mut().servers
    }

    fn nat_mut(&mut self) -> &mut NatFindings {
        match &mut self.findings {
            Findings::Classify(found) => &mut found.nat,
            Findings::Discover(found) => &mut found.nat,
            _ => panic!("it judges no NAT"),
        }
    }
}

/// The same findings as a report of `discover`.
pub(crate) fn as_discover(mut report: Report) -> Report {
    let options = DiscoverOptions {
        families: vec![Family::Ipv4, Family::Ipv6],
        transports: vec![Transport::Udp],
        count: 1,
        ..DiscoverOptions::default()
    };
    report.findings = Findings::Discover(Discovered { options, nat: report.nat_mut().clone() });
    report
}

/// The commonest case: endpoint-independent mapping, address-and-port-dependent filtering, a firewall on IPv6.
pub(crate) fn home_router() -> Report {
    let lookup = |addresses: &[&str]| Lookup {
        transport: Transport::Udp,
        addresses: addresses.iter().map(|address| socket(address)).collect(),
        failure: None,
        refused: Vec::new(),
        duration_ms: 3.25,
    };
    let failed = Failure { code: FailureCode::NameNotFound, text: "no such name".to_owned(), by: None };
    Report {
        event: None,
        schema_version: super::document::SCHEMA_VERSION,
        tool: Tool { name: "nat-probe".to_owned(), version: "0.1.0".to_owned() },
        network: NetworkKind::Real,
        scenario: None,
        started_at: "2026-01-02T03:04:05Z".to_owned(),
        duration_ms: 1_312.345_678,
        redacted: false,
        stopped: None,
        findings: Findings::Classify(Classified {
            options: ClassifyOptions { families: vec![Family::Ipv4, Family::Ipv6], ..ClassifyOptions::default() },
            nat: NatFindings {
                families: Families {
                    ipv4: Some(nat(Behavior::EndpointIndependent, Behavior::AddressAndPortDependent)),
                    ipv6: Some(firewalled(Behavior::AddressAndPortDependent)),
                },
                servers: vec![
                    row("stun1.example.org", "198.51.100.1:3478", MAPPED),
                    row("stun2.example.org:3478", "192.0.2.9:3478", MAPPED),
                    dead("stun3.example.org", None, FailureCode::NameNotFound, "no such name"),
                    row("stun1.example.org", "[2001:db8:5::1]:3478", "[2001:db8:1::23]:40200"),
                ],
            },
            peers: Vec::new(),
        }),
        advice: Vec::new(),
        requirements: Vec::new(),
        evidence: vec![
            exchange(
                "e1",
                "ipv4/mapping/0/primary",
                "198.51.100.1:3478",
                Change::Nothing,
                reply("198.51.100.1:3478", MAPPED),
            ),
            exchange(
                "e2",
                "ipv4/mapping/0/alternate",
                "198.51.100.2:3479",
                Change::Nothing,
                reply("198.51.100.2:3479", MAPPED),
            ),
            exchange(
                "e3",
                "ipv4/filtering/0/address-and-port",
                "198.51.100.1:3478",
                Change::AddressAndPort,
                Outcome::Silence { waited_ms: 512.000_49 },
            ),
        ],
        names: vec![Server { name: "ipv4only.arpa".to_owned(), lookups: vec![lookup(&["192.0.0.170:3478"])] }],
        host_addresses: ["127.0.0.1", "192.168.1.23", "::1", "2001:db8:1::23"].map(|ip| ip.parse().unwrap()).to_vec(),
        platform_limits: Vec::new(),
        lookups: vec![
            Server {
                name: "stun1.example.org".to_owned(),
                lookups: vec![lookup(&["198.51.100.1:3478", "[2001:db8:5::1]:3478"])],
            },
            Server { name: "stun2.example.org:3478".to_owned(), lookups: vec![lookup(&["192.0.2.9:3478"])] },
            Server {
                name: "stun3.example.org".to_owned(),
                lookups: vec![Lookup { failure: Some(failed), ..lookup(&[]) }],
            },
        ],
        connections: Vec::new(),
        bound: Vec::new(),
        strays: 0,
    }
}

/// A report about IPv4 alone.
pub(crate) fn ipv4(found: FamilyFindings) -> Report {
    let mut report = home_router();
    *report.families_mut() = Families { ipv4: Some(found), ipv6: None };
    report.servers_mut().truncate(3);
    report
}

/// No server with a second address.
pub(crate) fn plain_servers() -> Report {
    let mut found = nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent);
    found.filtering = inconclusive(ReasonCode::NoSecondAddress, "no server has a second address").filtering;
    found.rfc3489_type = None;
    let mut report = ipv4(found);
    for row in report.servers_mut() {
        row.capabilities.clear();
    }
    report
}

/// What `discover` finds behind the same router.
pub(crate) fn discover() -> Report {
    let mut report = home_router();
    let families = report.families_mut();
    for found in [&mut families.ipv4, &mut families.ipv6].into_iter().flatten() {
        let not_asked = inconclusive(ReasonCode::NotAsked, "discover does not ask");
        found.filtering = not_asked.filtering;
        found.mapping = Mapping { because: found.mapping.because.clone(), ..not_asked.mapping };
        found.port_assignment = None;
        found.pooling = None;
        found.rfc3489_type = None;
    }
    as_discover(report)
}

/// One of every kind.
pub(crate) fn all() -> Vec<Report> {
    let mut reports = vec![home_router(), plain_servers(), discover()];
    for mapping in Behavior::ALL {
        reports.extend(Behavior::ALL.map(|filtering| ipv4(nat(mapping, filtering))));
    }
    reports.extend(
        [open(), udp_blocked(), unavailable(), inconclusive(ReasonCode::NoAnswer, "no server answered")].map(ipv4),
    );
    reports.extend(Behavior::ALL.map(|filtering| ipv4(firewalled(filtering))));
    reports
}
