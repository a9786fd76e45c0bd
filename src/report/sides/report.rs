//! A side as a report of this program says it. Member by member: one that is missing, masked, or of another version's words is not
//! known, and the rest counts.

use std::net::IpAddr;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::discovered;
use super::error::SideError;
use crate::evidence::{Reason, ReasonCode};
use crate::measure::catalog;
use crate::measure::nat::finding::{
    Connectivity, FamilyFindings, Filtering, FilteringBehavior, Hairpinning, Mapping, MappingBehavior, Pooling,
    PoolingBehavior, PortAssignment, PortBehavior,
};
use crate::predict::closed::Possible;
use crate::predict::read::candidates;
use crate::predict::side::{
    AddressPooling, FamilySide, Hairpin, HostAddress, PortChoice, Ports, Reach, Side, SideSource, Translation,
};
use crate::report::document::SCHEMA_VERSION;
use crate::report::{escape, possible};
use crate::wire::Family;

/// Samples from which on it can be said that ports follow no rule.
const SAMPLES: usize = 3;

/// Whether the document is one of ours.
pub(super) fn is_one(value: &Value) -> bool {
    value.pointer("/tool/name").and_then(Value::as_str) == Some("nat-probe") && value.get("schema_version").is_some()
}

/// The side that the report is about.
pub(super) fn read(name: &str, value: &Value) -> Result<Side, SideError> {
    let command = value.get("command").and_then(Value::as_str).unwrap_or_default();
    let mut side = Side { name: name.to_owned(), source: SideSource::Report, ..Side::default() };
    if let Some(families) = value.get("families").and_then(Value::as_object).filter(|_| command != "peer-predict") {
        for family in [Family::Ipv4, Family::Ipv6] {
            let found = families.get(family.name()).filter(|found| found.is_object());
            *side.family_mut(family) = found.map(|found| of_family(value, found, &mut side.remarks, family));
        }
        if families.is_empty() {
            return Err(SideError::NoFamilies);
        }
        through_nat64(&mut side, families.get(Family::Ipv6.name()));
    } else if let Some(gathered) =
        value.get("candidates").and_then(|found| candidates::read(name, &lines(value, found)))
    {
        side = Side { source: SideSource::Report, ..gathered };
        for family in [Family::Ipv4, Family::Ipv6].into_iter().filter(|family| !was_asked(value, *family)) {
            *side.family_mut(family) = None;
        }
        let interfaces = value.pointer("/options/interfaces").cloned().unwrap_or_default();
        let interfaces: Vec<Interface> = serde_json::from_value(interfaces).unwrap_or_default();
        for found in [&mut side.ipv4, &mut side.ipv6].into_iter().flatten() {
            found.hosts.iter_mut().flatten().for_each(|host| host.prefix = prefix(host.address, &interfaces));
        }
    } else {
        let command = catalog::find(command).map_or_else(|| escape::visible(command), |spec| spec.name.to_owned());
        return Err(if command.is_empty() { SideError::NoFamilies } else { SideError::OtherCommand(command) });
    }
    circumstances(value, &mut side);
    Ok(side)
}

/// An interface of the host, as far as it counts here.
#[derive(Deserialize)]
struct Interface {
    addresses: Vec<HostAddress>,
}

/// How long the prefix of an address of the host is.
fn prefix(address: IpAddr, interfaces: &[Interface]) -> Option<u8> {
    interfaces.iter().flat_map(|interface| &interface.addresses).find(|own| own.address == address)?.prefix
}

/// The candidates that `ice gather` offers, a line each, and that there are no more if it came to its end.
fn lines(report: &Value, found: &Value) -> String {
    let offered = found.as_array().into_iter().flatten();
    let offered = offered.filter(|one| one.get("redundant").is_none() && one.get("disbelieved").is_none());
    let lines = offered.filter_map(|one| one.pointer("/init/candidate")?.as_str());
    let end = (!is_cut_short(report)).then_some("a=end-of-candidates");
    lines.chain(end).map(|line| line.to_owned() + "\n").collect()
}

/// Whether candidates of the family were looked for.
fn was_asked(report: &Value, family: Family) -> bool {
    let asked = report.pointer("/options/families").and_then(Value::as_array);
    asked.is_none_or(|asked| asked.iter().any(|one| one.as_str() == Some(family.name())))
}

fn is_cut_short(report: &Value) -> bool {
    report.get("stopped").is_some_and(|stopped| !stopped.is_null())
}

/// What the report says of itself.
fn circumstances(value: &Value, side: &mut Side) {
    let version = value.get("schema_version").and_then(Value::as_u64).unwrap_or_default();
    if version > u64::from(SCHEMA_VERSION) {
        side.remarks.push(format!(
            "a newer nat-probe wrote it (schema_version {version}): what this one does not understand counts as not known"
        ));
    }
    if value.get("network").and_then(Value::as_str) == Some("simulated") {
        side.remarks.push("simulated: it is taken to be in a network of its own, whatever its addresses".to_owned());
        side.part();
        side.simulated = true;
    }
    if value.get("redacted").and_then(Value::as_bool) == Some(true) {
        side.remarks.push(
            "redacted: its addresses are masked, so whether both are behind one NAT cannot be told; --apart says that they are not"
                .to_owned(),
        );
        forget_addresses(side);
    }
    if is_cut_short(value) {
        side.remarks.push("its run ended early: what was not measured until then is not known".to_owned());
    }
}

fn forget_addresses(side: &mut Side) {
    for found in [&mut side.ipv4, &mut side.ipv6].into_iter().flatten() {
        (found.addresses, found.hosts) = (None, None);
    }
}

/// Behind NAT64 the verdicts of IPv6 are about the way to IPv4.
fn through_nat64(side: &mut Side, ipv6: Option<&Value>) {
    if ipv6.and_then(|found| found.get("nat64")).is_none_or(Value::is_null) {
        return;
    }
    if side.ipv4.as_ref().is_none_or(|found| found.reach.only() == Some(Reach::Unavailable)) {
        side.ipv4 = side.ipv6.take().map(|found| FamilySide { nat64: true, ..found });
        side.remarks.push("its IPv4 goes through NAT64; what its IPv6 does was not measured".to_owned());
    }
}

/// A member, where it is there and understood.
fn member<T: DeserializeOwned>(value: &Value, name: &str) -> Option<T> {
    value.get(name).and_then(|member| serde_json::from_value(member.clone()).ok())
}

fn of_family(report: &Value, value: &Value, remarks: &mut Vec<String>, family: Family) -> FamilySide {
    let mut found = findings(value);
    // Of servers behind which there is one, discover says so.
    let why = value.get("mapping").and_then(|mapping| member::<Reason>(mapping, "reason"));
    let one_server = why.is_some_and(|reason| reason.code == ReasonCode::OneDestination);
    let untold =
        found.mapping.behavior == MappingBehavior::Inconclusive && found.mapping.endpoint_independent.is_none();
    if untold && !one_server {
        found.mapping.endpoint_independent = discovered::endpoint_independent(report, &found.mapping.because);
    }
    if let Some(address) = possible::in_private(&found) {
        remarks.push(format!(
            "its servers saw {address}, no address of the internet: what peers meet over {} was not measured",
            crate::report::family_name(family)
        ));
        return FamilySide::default();
    }
    let addresses = Some(found.public_addresses.clone()).filter(|addresses| !addresses.is_empty());
    let host = |address| vec![HostAddress { address, prefix: None }];
    let mut reach = reach(&found);
    if possible::only_named_ports(&found) && reach.only() == Some(Reach::Passes) {
        remarks.push(format!(
            "no port of its servers answered over {} but those that were named: a network that lets only some ports pass looks so too",
            crate::report::family_name(family)
        ));
        reach = Possible::among(&[Reach::Passes, Reach::UdpBlocked]);
    }
    FamilySide {
        reach,
        mapping: Possible::among(&possible::mappings(&found).into_iter().filter_map(translation).collect::<Vec<_>>()),
        filtering: Possible::among(&possible::peer_filterings(&found)),
        pooling: found.pooling.as_ref().map_or_else(Possible::default, |pooling| {
            Possible::known(match pooling.behavior {
                PoolingBehavior::Paired => AddressPooling::Paired,
                PoolingBehavior::Arbitrary => AddressPooling::Arbitrary,
            })
        }),
        ports: found.port_assignment.as_ref().and_then(ports),
        hairpinning: found.hairpinning.as_ref().map_or_else(Possible::default, hairpin),
        addresses,
        hosts: found.local_address.map(host),
        tcp_mapping: found.tcp_mapping.as_ref().map_or_else(Possible::default, |tcp| {
            translation(tcp.behavior).map_or_else(Possible::default, Possible::known)
        }),
        ..FamilySide::default()
    }
}

/// The findings, with what is not told left open.
fn findings(value: &Value) -> FamilyFindings {
    let reason = member::<Reason>(value, "reason");
    let verdict = |name: &str| value.get(name).cloned().unwrap_or_default();
    let mapping = |verdict: &Value| Mapping {
        behavior: member(verdict, "behavior").unwrap_or(MappingBehavior::Inconclusive),
        endpoint_independent: member(verdict, "endpoint_independent"),
        reason: None,
        summary: String::new(),
        because: member(verdict, "because").unwrap_or_default(),
    };
    let addresses: Vec<Value> = member(value, "public_addresses").unwrap_or_default();
    FamilyFindings {
        connectivity: member(value, "connectivity").unwrap_or(Connectivity::Inconclusive),
        reason,
        local_address: member(value, "local_address"),
        public_addresses: addresses.iter().filter_map(|address| address.as_str()?.parse::<IpAddr>().ok()).collect(),
        mapping: mapping(&verdict("mapping")),
        filtering: Filtering {
            behavior: member(&verdict("filtering"), "behavior").unwrap_or(FilteringBehavior::Inconclusive),
            reason: member(&verdict("filtering"), "reason"),
            summary: String::new(),
            witnesses: None,
            withheld_by: Vec::new(),
            because: Vec::new(),
        },
        port_assignment: member::<PortAssignment>(value, "port_assignment"),
        pooling: member::<Pooling>(value, "pooling"),
        alg: None,
        rfc3489_type: None,
        hairpinning: value.get("hairpinning").map(|found| Hairpinning {
            supported: member(found, "supported"),
            source: None,
            external_source: member(found, "external_source"),
            summary: String::new(),
            because: Vec::new(),
        }),
        tcp_mapping: value.get("tcp_mapping").map(mapping),
        nat64: None,
        other_paths: Vec::new(),
        blocked_port: None,
    }
}

fn reach(found: &FamilyFindings) -> Possible<Reach> {
    let stun_blocked = found.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::StunBlocked);
    match found.connectivity {
        Connectivity::Inconclusive if stun_blocked => Possible::known(Reach::StunBlocked),
        _ => {
            let reaches = possible::connectivities(found).into_iter().flat_map(|connectivity| match connectivity {
                Connectivity::UdpBlocked => vec![Reach::UdpBlocked],
                Connectivity::Unavailable => vec![Reach::Unavailable],
                Connectivity::Inconclusive => Vec::new(),
                // Inconclusive, it may be STUN alone that is blocked.
                _ if found.connectivity == Connectivity::Inconclusive => vec![Reach::Passes, Reach::StunBlocked],
                _ => vec![Reach::Passes],
            });
            Possible::among(&reaches.collect::<Vec<_>>())
        }
    }
}

fn translation(mapping: MappingBehavior) -> Option<Translation> {
    match mapping {
        MappingBehavior::None => Some(Translation::None),
        MappingBehavior::EndpointIndependent => Some(Translation::EndpointIndependent),
        MappingBehavior::AddressDependent => Some(Translation::AddressDependent),
        MappingBehavior::AddressAndPortDependent | MappingBehavior::ConnectionDependent => {
            Some(Translation::AddressAndPortDependent)
        }
        MappingBehavior::Inconclusive | MappingBehavior::NotApplicable => None,
    }
}

fn ports(found: &PortAssignment) -> Option<Ports> {
    let samples = &found.samples;
    let count = |fits: &dyn Fn(usize) -> bool| u32::try_from((0..samples.len()).filter(|at| fits(*at)).count()).ok();
    let kept = |at: usize| samples[at].local == samples[at].external;
    let step = found.step.or(found.per_destination_delta);
    let stepped = |at: usize| {
        at.checked_sub(1)
            .is_some_and(|before| Some(i32::from(samples[at].external) - i32::from(samples[before].external)) == step)
    };
    let all = u32::try_from(samples.len()).ok()?;
    match found.behavior {
        PortBehavior::Preserved => {
            Some(Ports { choice: PortChoice::Preserved, step: None, fit: count(&kept)?, samples: all })
        }
        // A delta between destinations is a rule too, for whatever is the reason.
        _ if step.is_some() => {
            Some(Ports { choice: PortChoice::Sequential, step, fit: count(&stepped)?, samples: all.saturating_sub(1) })
        }
        PortBehavior::Random => Some(Ports { choice: PortChoice::Random, step: None, fit: 0, samples: all }),
        PortBehavior::Sequential | PortBehavior::Inconclusive => {
            (samples.len() >= SAMPLES).then_some(Ports { choice: PortChoice::Random, step: None, fit: 0, samples: all })
        }
    }
}

fn hairpin(found: &Hairpinning) -> Possible<Hairpin> {
    match (found.supported, found.external_source) {
        (Some(false), _) => Possible::known(Hairpin::Fails),
        (Some(true), Some(true)) => Possible::known(Hairpin::Works),
        (Some(true), Some(false)) => Possible::known(Hairpin::InternalSource),
        (Some(true), None) => Possible::among(&[Hairpin::Works, Hairpin::InternalSource]),
        (None, _) => Possible::default(),
    }
}
