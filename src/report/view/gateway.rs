//! The page of `gateway`: what each router speaks and what stands behind it, then what came of the mapping.

use super::page::Page;
use super::tint::Tint;
use super::words;
use crate::measure::gateway::finding::{GatewaySide, Service};
use crate::measure::gateway::{GatewayCode, GatewayFinding, GatewayFindings, MappingCode, MappingFinding};
use crate::report::document::Report;

pub(crate) fn write(page: &mut Page, found: &GatewayFindings) {
    for gateway in &found.gateways {
        self::gateway(page, gateway);
    }
    if let Some(reason) = &found.reason {
        page.paragraph(Tint::Warning, &reason.text);
        what_to_do(page, reason.side, &reason.fix);
        if reason.code == GatewayCode::NoGateway {
            page.command("nat-probe gateway --gateway ADDRESS");
        }
    }
    let speaks = |gateway: &GatewayFinding| gateway.verdict.code == GatewayCode::Ok;
    match &found.mapping {
        Some(mapping) => self::mapping(page, mapping),
        None if found.gateways.iter().any(speaks) => {
            page.bullet("Whether it really maps a port is seen by having it map one:");
            page.command("nat-probe gateway --map");
        }
        None => {}
    }
}

pub(crate) fn footer(page: &mut Page, report: &Report) {
    let more = if page.verbosity() == 0 && !report.evidence.is_empty() { " -v lists every exchange." } else { "" };
    page.blank();
    page.paragraph(Tint::Faint, &format!("Done in {}.{more}", words::seconds(report.duration_ms)));
}

fn gateway(page: &mut Page, found: &GatewayFinding) {
    let interface = found.gateway.interface.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
    page.heading(&format!("Gateway {}{interface}, asked from {}", found.gateway.address, found.gateway.local));
    let tint = match found.verdict.code {
        GatewayCode::Ok | GatewayCode::AddressUntold => Tint::Good,
        GatewayCode::SecondNat | GatewayCode::NothingAnswers | GatewayCode::NotMeasured => Tint::Warning,
        _ => Tint::Bad,
    };
    page.paragraph(tint, &found.verdict.text);
    for (name, service) in [("PCP", &found.pcp), ("NAT-PMP", &found.nat_pmp), ("UPnP", &found.upnp)] {
        page.bullet(&format!("{name}: {}", spoken(service)));
    }
    if found.epoch_went_back {
        let text = "Its time went backwards: it lost its mappings meanwhile, or two servers answer in turn.";
        page.alarm(Tint::Warning, text);
    }
    what_to_do(page, found.verdict.side, &found.verdict.fix);
}

/// What is known of a protocol, with how long its server remembers.
fn spoken(service: &Service) -> String {
    let up = service.epoch_s.map(|seconds| {
        let text = match seconds {
            0..120 => format!("{seconds} s"),
            120..7_200 => format!("{} min", seconds / 60),
            7_200..172_800 => format!("{} h", seconds / 3_600),
            _ => format!("{} days", seconds / 86_400),
        };
        format!(", running for {text}")
    });
    format!("{}{}", service.text, up.unwrap_or_default())
}

fn mapping(page: &mut Page, found: &MappingFinding) {
    let inside = found.internal_port.map_or_else(
        || format!("Mapping of a {} port", found.protocol),
        |port| format!("Mapping: {} port {port}", found.protocol),
    );
    let outside = found.external.map(|external| format!(" -> {external}")).unwrap_or_default();
    let lifetime = found.lifetime_s.map(|seconds| format!(", for {seconds} s")).unwrap_or_default();
    page.heading(&format!("{inside}{outside}{lifetime}"));
    let tint = match (found.code, found.side) {
        (MappingCode::Ok, _) => Tint::Good,
        (_, GatewaySide::Unknown) => Tint::Warning,
        _ => Tint::Bad,
    };
    page.paragraph(tint, &found.text);
    for remark in &found.remarks {
        page.bullet(&remark.text);
    }
    what_to_do(page, found.side, &found.fix);
}

fn what_to_do(page: &mut Page, side: GatewaySide, fix: &str) {
    let side = match side {
        GatewaySide::ThisHost => "Side: this host. ",
        GatewaySide::Gateway => "Side: the router. ",
        GatewaySide::Provider => "Side: the provider, or the next router. ",
        GatewaySide::Nobody | GatewaySide::Unknown => "",
    };
    if !fix.is_empty() {
        page.alarm(Tint::Warning, &format!("{side}What to do: {fix}"));
    }
}
