//! What came of the mapping that was to be made.

use std::net::{IpAddr, SocketAddr};

use super::finding::{
    GatewayCode, GatewayFinding, GatewaySide, MappingCode, MappingFinding, MappingRemark, MappingRemarkCode,
};
use super::mapping::{self, Dialect, Granted, Way, granted, reply, steps};
use super::options::MapOptions;
use super::upnp;
use crate::evidence::{Evidence, Exchange, FailureCode, GatewayReply, Outcome};
use crate::wire::upnp::Response;
use crate::wire::{nat_pmp, pcp};

/// A day: what clients take longer lifetimes for (RFC 6887 section 15).
const DAY_S: u32 = 86_400;

/// Code, side, words, and what to do.
type Told = (MappingCode, GatewaySide, String, &'static str);

/// What came of it.
pub(super) fn judge(seen: &Evidence, wish: MapOptions, gateways: &[GatewayFinding]) -> MappingFinding {
    let spoken = |finding: &GatewayFinding| {
        Way::ALL.into_iter().find(|way| match way {
            Way::By(Dialect::Pcp) => finding.pcp.answers(),
            Way::By(Dialect::NatPmp) => finding.nat_pmp.answers(),
            Way::Upnp => finding.upnp.answers(),
        })
    };
    let mapper = gateways.iter().enumerate().find_map(|(number, finding)| Some((number, finding, spoken(finding)?)));
    let Some((number, gateway, way)) = mapper else {
        let told = if seen.stopped.is_some() { interrupted() } else { no_server() };
        return finding(wish, told);
    };
    let steps = steps(way);
    let find = |step: crate::evidence::key::GatewayStep| seen.find(&step.of(number));
    let asked = find(steps.map);
    let given = asked.and_then(granted);
    let again = find(steps.again);
    let ends = [find(steps.delete), find(steps.release)];
    let deleted = ends.into_iter().flatten().any(mapping::deleted);
    let kept = again.and_then(granted).zip(given).is_some_and(|(again, first)| same(again, first));
    let told = match (asked, given) {
        (None, _) => upnp::taken(seen, number).map_or_else(interrupted, taken),
        (Some(asked), None) => refused(asked, wish, gateway),
        (Some(_), Some(given)) => held(given, again, kept, deleted, ends),
    };
    let external = given.and_then(|given| {
        let address: IpAddr = given.address.or(gateway.external_address)?;
        Some(SocketAddr::new(address, given.port))
    });
    let internal_port = mapping::internal_port(seen, number, wish, way);
    let because = [asked, again].into_iter().chain(ends).flatten().map(|exchange| exchange.id.clone());
    MappingFinding {
        gateway: Some(gateway.gateway.address),
        internal_port,
        external,
        lifetime_s: given.map(|given| given.lifetime_s),
        kept,
        deleted,
        remarks: given.map(|given| remarks(given, wish, internal_port)).unwrap_or_default(),
        because: because.collect(),
        ..finding(wish, told)
    }
}

fn finding(wish: MapOptions, (code, side, text, fix): Told) -> MappingFinding {
    MappingFinding {
        code,
        side,
        text,
        fix: fix.to_owned(),
        gateway: None,
        protocol: wish.protocol,
        internal_port: wish.port,
        external: None,
        lifetime_s: None,
        kept: false,
        deleted: false,
        remarks: Vec::new(),
        because: Vec::new(),
    }
}

fn same(a: Granted, b: Granted) -> bool {
    (a.address, a.port) == (b.address, b.port)
}

fn interrupted() -> Told {
    let text = "The run ended before the mapping was made.".to_owned();
    (MappingCode::NotMeasured, GatewaySide::Unknown, text, "")
}

fn no_server() -> Told {
    let text = "No mapping was asked for: no gateway showed a server of port mappings.".to_owned();
    (MappingCode::NoServer, GatewaySide::Gateway, text, "")
}

/// It was not asked for, since it would have taken the place of another (`WANIPConnection:1` section 2.4.16).
fn taken(entry: &Response) -> Told {
    let text = format!("The port outside is taken, and was left as it is ({entry}).");
    (
        MappingCode::Conflict,
        GatewaySide::Gateway,
        text,
        "Name another port with --map, or delete that mapping in the router.",
    )
}

/// It was made: what became of it.
fn held(given: Granted, again: Option<&Exchange>, kept: bool, deleted: bool, ends: [Option<&Exchange>; 2]) -> Told {
    let seconds = given.lifetime_s.min(DAY_S);
    if !deleted {
        let refused = ends.into_iter().flatten().find_map(reply);
        return match refused {
            Some(said) => (
                MappingCode::NotDeleted,
                GatewaySide::Gateway,
                format!("It was made, and the gateway does not delete it ({}).", result(said)),
                "Delete it in the router, or wait until it ends by itself.",
            ),
            None => (
                MappingCode::DeletionUnanswered,
                GatewaySide::Unknown,
                format!("It was made, and nothing answered its deletion: it may be there for {seconds} s more."),
                "Look into the router's list of mappings.",
            ),
        };
    }
    let Some(again) = again.filter(|again| !matches!(again.outcome, Outcome::Pending | Outcome::Abandoned { .. }))
    else {
        let text = "It was made and deleted; the run ended before it was asked for once more.".to_owned();
        return (MappingCode::NotMeasured, GatewaySide::Unknown, text, "");
    };
    if kept {
        return (
            MappingCode::Ok,
            GatewaySide::Nobody,
            "It was made, was there when asked for once more, and was deleted.".to_owned(),
            "",
        );
    }
    let then = match granted(again) {
        Some(other) => format!("external port {} and not {}", other.port, given.port),
        None => reply(again).map_or_else(|| "no answer".to_owned(), result),
    };
    let text =
        format!("It was made, and asked for once more the gateway gave {then}: it does not keep what it promises.");
    (
        MappingCode::NotKept,
        GatewaySide::Gateway,
        text,
        "Update the router's firmware, or forward the port there by hand.",
    )
}

/// It was not made, and why.
fn refused(asked: &Exchange, wish: MapOptions, gateway: &GatewayFinding) -> Told {
    let what = format!("{} mapping", wish.protocol);
    match &asked.outcome {
        Outcome::Reply(said) if said.source != asked.remote => (
            MappingCode::AnswersFromElsewhere,
            GatewaySide::Gateway,
            format!("The answer came from {}, which was not asked: clients ignore it.", said.source),
            "",
        ),
        Outcome::Reply(_) => match reply(asked) {
            Some(said) => told(said, &what, gateway),
            None => (MappingCode::Unsupported, GatewaySide::Gateway, "The answer is none to a mapping.".to_owned(), ""),
        },
        Outcome::Silence { .. } => match &asked.strays {
            Some(strays) => (
                MappingCode::ForeignAnswer,
                GatewaySide::Gateway,
                format!("No answer belongs to the request; what came is {strays}."),
                "Something answers in the gateway's place, or mixes up its clients: look for a second router or a proxy.",
            ),
            None => (
                MappingCode::NoAnswer,
                GatewaySide::Gateway,
                "The gateway answers, and not to a request for a mapping.".to_owned(),
                "Allow mappings for this host in the router.",
            ),
        },
        Outcome::Failed(failure) if failure.code == FailureCode::ConnectionRefused => (
            MappingCode::Unreachable,
            GatewaySide::Gateway,
            "The gateway answered before, and now nothing listens there: its server has stopped.".to_owned(),
            "Restart the router.",
        ),
        Outcome::Failed(failure) => (
            MappingCode::Unreachable,
            GatewaySide::ThisHost,
            format!("It could not be asked for: {}.", failure.text),
            "",
        ),
        Outcome::Pending | Outcome::Abandoned { .. } | Outcome::Looped { .. } => interrupted(),
    }
}

/// What an answer says that grants no mapping.
fn told(said: &GatewayReply, what: &str, gateway: &GatewayFinding) -> Told {
    use nat_pmp::ResultCode as Pmp;
    use pcp::ResultCode as Pcp;

    let (name, local) = (result(said), gateway.gateway.local);
    let nowhere = matches!(gateway.verdict.code, GatewayCode::SecondNat | GatewayCode::NoExternalAddress);
    let policy = || {
        (
            MappingCode::NotAuthorized,
            GatewaySide::Gateway,
            format!("The gateway refuses a {what} by its policy ({name})."),
            "Allow port mappings (PCP, NAT-PMP, UPnP) for this host in the router, and look whether the port is allowed.",
        )
    };
    let full = || {
        if nowhere {
            let text = format!("The gateway makes no mapping ({name}), having no external address of the internet.");
            return (MappingCode::NetworkFailure, GatewaySide::Provider, text, "Do first what is said of the gateway.");
        }
        (
            MappingCode::OutOfResources,
            GatewaySide::Gateway,
            format!("The gateway can make no more mappings now ({name})."),
            "Delete mappings that nobody needs in the router, or restart it.",
        )
    };
    let down = || {
        (
            MappingCode::NetworkFailure,
            GatewaySide::Gateway,
            format!("The gateway has no external address or no network now ({name})."),
            "Look at the router's line to the provider.",
        )
    };
    let unsupported = || {
        (
            MappingCode::Unsupported,
            GatewaySide::Gateway,
            format!("The gateway does not make a {what} ({name})."),
            "Forward the port in the router by hand.",
        )
    };
    let hollow = || {
        (
            MappingCode::Hollow,
            GatewaySide::Gateway,
            "The gateway says that it made the mapping, and names no port or no time.".to_owned(),
            "Update the router's firmware, or forward the port there by hand.",
        )
    };
    match said {
        GatewayReply::Upnp(Response::Refused { code, .. }) => match *code {
            606 => policy(),
            718 | 729 => (
                MappingCode::Conflict,
                GatewaySide::Gateway,
                format!("The gateway has the port for another mapping, or a rule of its own ({name})."),
                "Name another port with --map, or look at the router's list of forwarded ports and at its rules.",
            ),
            725 => (
                MappingCode::Unsupported,
                GatewaySide::Gateway,
                format!(
                    "The gateway makes only mappings that never end ({name}), which this does not ask for: one might stay behind."
                ),
                "Applications that ask for such mappings can have them; else forward the port in the router by hand.",
            ),
            728 => full(),
            501 if nowhere => full(),
            _ => unsupported(),
        },
        GatewayReply::Upnp(_) => unsupported(),
        GatewayReply::Pcp(said) => match said.result {
            Pcp::Success => hollow(),
            Pcp::NotAuthorized => policy(),
            Pcp::NoResources | Pcp::UserExQuota | Pcp::CannotProvideExternal => full(),
            Pcp::NetworkFailure => down(),
            Pcp::AddressMismatch => (
                MappingCode::AddressMismatch,
                GatewaySide::Gateway,
                format!("The gateway sees another address than {local} ({name}): a NAT lies between this host and it."),
                "Ask the router nearest to this host, with --gateway; a container, a virtual machine or a VPN translates too.",
            ),
            _ => unsupported(),
        },
        GatewayReply::NatPmp(said) => match said.result {
            Pmp::Success => hollow(),
            Pmp::NotAuthorized => policy(),
            Pmp::OutOfResources => full(),
            Pmp::NetworkFailure => down(),
            _ => unsupported(),
        },
    }
}

/// The result of an answer by its name.
fn result(said: &GatewayReply) -> String {
    match said {
        GatewayReply::Pcp(said) => said.result.to_string(),
        GatewayReply::NatPmp(said) => said.result.to_string(),
        GatewayReply::Upnp(said) => said.to_string(),
    }
}

fn remarks(given: Granted, wish: MapOptions, internal_port: Option<u16>) -> Vec<MappingRemark> {
    let mut remarks = Vec::new();
    let mut add = |code, text| remarks.push(MappingRemark { code, text });
    if internal_port.is_some_and(|port| port != given.port) {
        let text = format!("The port outside is {}, another than the one inside: peers have to be told.", given.port);
        add(MappingRemarkCode::OtherExternalPort, text);
    }
    if given.lifetime_s > DAY_S {
        let text = format!("It was granted for {} s; clients take more than a day for a day.", given.lifetime_s);
        add(MappingRemarkCode::LifetimeAbsurd, text);
    } else if given.lifetime_s < wish.lifetime_s {
        let text = format!("It was granted for {} s and not for {}.", given.lifetime_s, wish.lifetime_s);
        add(MappingRemarkCode::LifetimeShortened, text);
    }
    remarks
}
