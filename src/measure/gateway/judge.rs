//! What the evidence says of each gateway: which protocols it speaks, and what stands behind it.

use std::net::IpAddr;

use super::finding::{
    ExternalScope, GatewayCode, GatewayFinding, GatewayFindings, GatewaySide, GatewayVerdict, Service, ServiceStatus,
};
use super::mapping::{Dialect, Way, granted, reply, steps};
use super::mapping_judge;
use super::options::GatewayOptions;
use super::upnp;
use crate::evidence::key::GatewayStep;
use crate::evidence::{Evidence, Exchange, Failure, FailureCode, Gateway, GatewayReply, Outcome, span};
use crate::measure::nat::refusal::Refuser;
use crate::wire::{Scope, nat_pmp, pcp};

/// The finding that evidence and options support.
#[must_use]
pub fn judge(seen: &Evidence, options: &GatewayOptions) -> GatewayFindings {
    let gateways: Vec<GatewayFinding> =
        options.gateways.iter().enumerate().map(|(number, gateway)| finding(seen, number, gateway)).collect();
    let reason = gateways.is_empty().then(|| {
        let why = options.failure.as_ref().map_or("none was named".to_owned(), |failure| failure.text.clone());
        GatewayVerdict {
            code: GatewayCode::NoGateway,
            side: GatewaySide::ThisHost,
            text: format!("No gateway could be asked: {why}."),
            fix: "Name the router with --gateway ADDRESS, if there is one.".to_owned(),
        }
    });
    let mapping = options.map.map(|wish| mapping_judge::judge(seen, wish, &gateways));
    GatewayFindings { gateways, reason, mapping }
}

/// Whether the gateway of that number speaks that protocol.
pub(super) fn service(seen: &Evidence, number: usize, dialect: Dialect) -> Service {
    let name = dialect.name();
    let Some(exchange) = seen.find(&dialect.discovery().of(number)) else {
        let announced = seen.find(&Dialect::Pcp.discovery().of(number));
        let (status, text) = match dialect {
            Dialect::NatPmp if announced.is_some_and(|announced| announced.remote.is_ipv6()) => {
                (ServiceStatus::NotAsked, "knows no IPv6")
            }
            _ if seen.stopped.is_some() => (ServiceStatus::NotMeasured, "was not asked"),
            _ => (ServiceStatus::NotAsked, "was not asked"),
        };
        return Service { status, version: None, epoch_s: None, text: text.to_owned(), because: Vec::new() };
    };
    let (status, version, text) = match &exchange.outcome {
        Outcome::Reply(said) if said.source != exchange.remote => {
            (ServiceStatus::FromElsewhere, None, format!("an answer came from {}, which was not asked", said.source))
        }
        Outcome::Reply(said) => match said.gateway.as_deref() {
            Some(said) => spoken(said, dialect),
            None => (ServiceStatus::OtherVersion, None, format!("the answer is none of {name}")),
        },
        Outcome::Failed(failure) => failed(failure, exchange),
        Outcome::Silence { waited_ms } => {
            let strays = exchange.strays.as_ref().map(|strays| format!(", but {strays}")).unwrap_or_default();
            let sends = if exchange.sends == 1 { "once".to_owned() } else { format!("{} times", exchange.sends) };
            let text = format!("no answer in {} (sent {sends}){strays}", span(*waited_ms));
            (ServiceStatus::NoAnswer, None, text)
        }
        Outcome::Looped { .. } | Outcome::Pending | Outcome::Abandoned { .. } => {
            (ServiceStatus::NotMeasured, None, "the run ended before an answer came".to_owned())
        }
    };
    let epoch_s = reply(exchange).and_then(GatewayReply::epoch_s).filter(|_| status == ServiceStatus::Answers);
    Service { status, version, epoch_s, text, because: vec![exchange.id.clone()] }
}

/// What an answer says of the protocol that was asked.
fn spoken(said: &GatewayReply, dialect: Dialect) -> (ServiceStatus, Option<u8>, String) {
    let other = |version: u8, text: String| (ServiceStatus::OtherVersion, Some(version), text);
    match (said, dialect) {
        (GatewayReply::Pcp(said), Dialect::Pcp) if said.result == pcp::ResultCode::UnsuppVersion => {
            other(said.version, format!("it speaks version {} of PCP and not 2", said.version))
        }
        (GatewayReply::Pcp(said), Dialect::Pcp) => {
            // Whoever does not know ANNOUNCE is a server all the same.
            let result = match said.result {
                pcp::ResultCode::Success => String::new(),
                result => format!(" ({result})"),
            };
            (ServiceStatus::Answers, Some(said.version), format!("answers{result}"))
        }
        (GatewayReply::NatPmp(said), Dialect::NatPmp) => match said.result {
            nat_pmp::ResultCode::UnsupportedVersion => other(nat_pmp::VERSION, "it refuses the version 0".to_owned()),
            nat_pmp::ResultCode::Success => (ServiceStatus::Answers, Some(nat_pmp::VERSION), "answers".to_owned()),
            result => (ServiceStatus::Answers, Some(nat_pmp::VERSION), format!("answers ({result})")),
        },
        (GatewayReply::Upnp(_), _) => (ServiceStatus::OtherVersion, None, "the answer is one of UPnP".to_owned()),
        (GatewayReply::NatPmp(_), Dialect::Pcp) => {
            other(nat_pmp::VERSION, "not spoken: it answers that it speaks NAT-PMP".to_owned())
        }
        (GatewayReply::Pcp(said), Dialect::NatPmp) => {
            other(said.version, "not spoken: it answers that it speaks PCP".to_owned())
        }
    }
}

fn failed(failure: &Failure, exchange: &Exchange) -> (ServiceStatus, Option<u8>, String) {
    let itself = failure.by.is_none_or(|by| by == exchange.remote.ip());
    if failure.code == FailureCode::ConnectionRefused && itself {
        let text = format!("nothing listens on port {} (ICMP port unreachable)", exchange.remote.port());
        return (ServiceStatus::NotListening, None, text);
    }
    (ServiceStatus::Unreachable, None, failure.text.clone())
}

fn finding(seen: &Evidence, number: usize, gateway: &Gateway) -> GatewayFinding {
    let (pcp, nat_pmp) = (service(seen, number, Dialect::Pcp), service(seen, number, Dialect::NatPmp));
    let upnp = upnp::service(seen, number, gateway);
    let told = external(seen, number);
    let external_address = told.filter(|ip| !ip.is_unspecified());
    let mut verdict = verdict(seen, number, gateway, [&pcp, &nat_pmp, &upnp], told);
    if let Some(from) = gateway.passed_by {
        let beside = format!(
            " What this host sends to the internet does not pass it: those packets leave from {from} (a VPN, or another uplink), and a mapping \
             here is of no use to them."
        );
        verdict.text.push_str(&beside);
    }
    GatewayFinding {
        gateway: gateway.clone(),
        verdict,
        external_scope: external_address.map(scope),
        external_address,
        epoch_went_back: went_back(seen, number),
        pcp,
        nat_pmp,
        upnp,
    }
}

/// The external address that the gateway tells: by NAT-PMP, with a mapping, or by UPnP. Unspecified where it says that it has none.
fn external(seen: &Evidence, number: usize) -> Option<IpAddr> {
    let told = match seen.find(&GatewayStep::Address.of(number)).and_then(reply) {
        Some(GatewayReply::NatPmp(said)) => match (said.result, said.body) {
            (nat_pmp::ResultCode::Success, nat_pmp::Body::ExternalAddress { address }) => Some(address.into()),
            (nat_pmp::ResultCode::NetworkFailure, _) => Some(IpAddr::from([0, 0, 0, 0])),
            _ => None,
        },
        _ => None,
    };
    let asked = seen.find(&steps(Way::By(Dialect::Pcp)).map.of(number));
    let mapped = || granted(asked?)?.address;
    // miniupnpd makes no mappings behind another NAT, says that it has no external address, and names it as it refuses one.
    let refused = || match asked.and_then(reply)? {
        GatewayReply::Pcp(said) => said.body.mapping().map(|mapping| mapping.external.ip()),
        GatewayReply::NatPmp(_) | GatewayReply::Upnp(_) => None,
    };
    let by_upnp = upnp::external(seen, number);
    let known = |ip: &IpAddr| !ip.is_unspecified();
    let spoken = told.filter(known).or_else(mapped).or_else(|| refused().filter(known));
    spoken.or(by_upnp.filter(known)).or(told).or(by_upnp)
}

/// How far the address reaches, as an external one.
fn scope(ip: IpAddr) -> ExternalScope {
    match Scope::of(ip) {
        Scope::Public => ExternalScope::Public,
        Scope::Private => ExternalScope::Private,
        Scope::Shared => ExternalScope::Shared,
        Scope::Loopback | Scope::Link | Scope::Invalid => ExternalScope::Unusable,
    }
}

/// Whether the server's time ran backwards between two of its answers (RFC 6887 section 8.5 allows for one second).
fn went_back(seen: &Evidence, number: usize) -> bool {
    Dialect::BOTH.into_iter().any(|dialect| {
        let steps = steps(Way::By(dialect));
        let asked = [dialect.discovery(), steps.map, steps.again, steps.delete];
        let answered = asked.into_iter().filter_map(|step| seen.find(&step.of(number)).and_then(reply));
        let epochs: Vec<u32> = answered.filter_map(GatewayReply::epoch_s).collect();
        epochs.windows(2).any(|pair| pair[1].saturating_add(1) < pair[0])
    })
}

fn verdict(
    seen: &Evidence,
    number: usize,
    gateway: &Gateway,
    services: [&Service; 3],
    external: Option<IpAddr>,
) -> GatewayVerdict {
    let make = |code, side, text: String, fix: &str| GatewayVerdict { code, side, text, fix: fix.to_owned() };
    let any = |status| services.iter().find(|service| service.status == status);
    let address = gateway.address;
    if any(ServiceStatus::Answers).is_some() {
        return served(gateway, external);
    }
    if let Some(elsewhere) = any(ServiceStatus::FromElsewhere) {
        let text = format!("{address} was asked, and {}: clients ignore that.", elsewhere.text);
        let fix =
            "Ask the address that answers, with --gateway, if it is the router's; another one may be an attacker's.";
        return make(GatewayCode::AnswersFromElsewhere, GatewaySide::Gateway, text, fix);
    }
    if let Some(incomplete) = any(ServiceStatus::Incomplete) {
        let text = format!("Nothing can be asked of {address} but a search of UPnP: it {}.", incomplete.text);
        let fix = "Look whether UPnP is switched on in the router; restart it, or update its firmware.";
        return make(GatewayCode::Incomplete, GatewaySide::Gateway, text, fix);
    }
    if any(ServiceStatus::NotMeasured).is_some() {
        let text = "The run ended before it was known what the gateway speaks.".to_owned();
        return make(GatewayCode::NotMeasured, GatewaySide::Unknown, text, "");
    }
    if any(ServiceStatus::NotListening).is_some() {
        let text = format!(
            "{address} is there and has no server of port mappings: it refuses port {} (PCP, NAT-PMP), and answers no search of UPnP.",
            pcp::PORT
        );
        return make(GatewayCode::NotListening, GatewaySide::Gateway, text, SWITCH_ON);
    }
    if any(ServiceStatus::OtherVersion).is_some() {
        let text = format!("{address} answers, and speaks no version of PCP or NAT-PMP that is known here, nor UPnP.");
        return make(GatewayCode::OtherVersion, GatewaySide::Gateway, text, "Update the router's firmware.");
    }
    if let Some(failed) = any(ServiceStatus::Unreachable) {
        let text = format!("{address} could not be asked: {}.", failed.text);
        if refuses_itself(seen, number) {
            let fix = "Let this host ask the router, in the router's own firewall: PCP and NAT-PMP are UDP port 5351.";
            return make(GatewayCode::Unreachable, GatewaySide::Gateway, text, fix);
        }
        let fix = "Look at this host's routes, and at its firewall's rules for what goes out.";
        return make(GatewayCode::Unreachable, GatewaySide::ThisHost, text, fix);
    }
    if is_alive(seen, number) {
        let text = format!(
            "{address} is there and answers neither on port {} (PCP, NAT-PMP) nor a search of UPnP: it has no server of port mappings, or one that is switched off or filtered.",
            pcp::PORT
        );
        return make(GatewayCode::NoServer, GatewaySide::Gateway, text, SWITCH_ON);
    }
    let text = format!("{address} answers nothing at all: whether it has a server of port mappings could not be told.");
    let fix = "Look whether a firewall on this host drops packets to or from the router, and whether that is the router's address.";
    make(GatewayCode::NothingAnswers, GatewaySide::Unknown, text, fix)
}

/// Whether it is the gateway that forbids to be asked, and not this host or its own network.
fn refuses_itself(seen: &Evidence, number: usize) -> bool {
    let mut asked = Dialect::BOTH.into_iter().filter_map(|dialect| seen.find(&dialect.discovery().of(number)));
    asked.any(|one| Refuser::of(one, &seen.host_addresses) == Some(Refuser::Server))
}

/// What to do where a router has no such server.
const SWITCH_ON: &str =
    "Switch on PCP, NAT-PMP or UPnP in the router (often one switch, called UPnP), or forward the port there by hand.";

/// How to tell a line that is down from another NAT.
const WHICH_LINE: &str = "Look at the router's status page: a private address or 100.64.x.x towards the provider means another NAT, none at all that the line is down.";

/// What it means where the gateway has a server, and tells that external address.
fn served(gateway: &Gateway, external: Option<IpAddr>) -> GatewayVerdict {
    let make = |code, side, text: String, fix: &str| GatewayVerdict { code, side, text, fix: fix.to_owned() };
    let Some(ip) = external else {
        let text = if gateway.address.is_ipv4() {
            "It has a server of port mappings; its external address it tells only with a mapping."
        } else {
            "It has a server that opens ports of this host's IPv6 address; which, it tells only with a mapping."
        };
        return make(GatewayCode::AddressUntold, GatewaySide::Nobody, text.to_owned(), "");
    };
    match scope(ip) {
        ExternalScope::Public => {
            let text = format!("It has a server of port mappings, and its external address {ip} is a public one.");
            make(GatewayCode::Ok, GatewaySide::Nobody, text, "")
        }
        ExternalScope::Private => {
            let text = format!(
                "Its external address {ip} is private: a second NAT stands behind this router, and a mapping here opens nothing there."
            );
            let fix = "Make one of the two a mere bridge or access point, or forward ports on the outer one too.";
            make(GatewayCode::SecondNat, GatewaySide::Provider, text, fix)
        }
        ExternalScope::Shared => {
            let text = format!(
                "Its external address {ip} lies in 100.64.0.0/10: a carrier-grade NAT of the provider stands behind this router, and a mapping here opens nothing there."
            );
            let fix = "Ask the provider for a public IPv4 address, or use IPv6 or a TURN server.";
            make(GatewayCode::SecondNat, GatewaySide::Provider, text, fix)
        }
        ExternalScope::Unusable => {
            let text = if ip.is_unspecified() {
                "It has a server of port mappings, and says that it has no external address: its own line is down, or it stands behind another NAT, where common servers (miniupnpd) say so too."
                    .to_owned()
            } else {
                format!("It has a server of port mappings, and {ip}, which it calls its external address, can be none.")
            };
            make(GatewayCode::NoExternalAddress, GatewaySide::Gateway, text, WHICH_LINE)
        }
    }
}

/// Whether the gateway showed that it is there: it answered a question of DNS, or refused it itself.
fn is_alive(seen: &Evidence, number: usize) -> bool {
    let Some(control) = seen.find(&GatewayStep::Alive.of(number)) else { return false };
    match &control.outcome {
        Outcome::Reply(reply) => reply.source == control.remote,
        Outcome::Failed(failure) => {
            failure.code == FailureCode::ConnectionRefused && failure.by == Some(control.remote.ip())
        }
        _ => false,
    }
}
