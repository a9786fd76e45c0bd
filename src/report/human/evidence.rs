//! With `-v`: every exchange, readable.

use super::page::Page;
use super::tint::Tint;
use crate::probe::{Exchange, Outcome, Reply};
use crate::report::document::Report;
use crate::report::plain::round_ms;
use crate::stun::escape::escape;
use crate::stun::{Change, Request};

pub(super) fn write(page: &mut Page, report: &Report, verbosity: u8) {
    page.heading("Evidence");
    for exchange in &report.evidence {
        let server = report.lookups.get(exchange.server).map_or("", |server| server.name.as_str());
        let local = exchange.local.map_or_else(|| "(nothing sent)".to_owned(), |local| local.to_string());
        page.lines(
            Tint::Strong,
            "",
            "  ",
            &format!("{} {} {local} -> {} ({server})", exchange.id, exchange.transport.name(), exchange.remote),
        );
        let socket = format!("{}, socket {}", exchange.ask, exchange.socket);
        page.lines(Tint::Faint, "  ", "    ", &socket);
        let asked =
            format!("{}, {}, from {:.1} ms", asked(&exchange.request), times(exchange.sends), exchange.started_ms);
        page.lines(Tint::Plain, "  ", "    ", &asked);
        page.lines(tint(&exchange.outcome), "  ", "    ", &outcome(exchange));
        if let (Outcome::Reply(reply), 2..) = (&exchange.outcome, verbosity) {
            for detail in details(reply) {
                page.lines(Tint::Faint, "    ", "      ", &detail);
            }
        }
    }
    if report.strays > 0 {
        page.paragraph(Tint::Plain, &format!("{} datagrams belonged to no exchange.", report.strays));
    }
}

fn asked(request: &Request) -> String {
    let change = match request.change {
        Change::Nothing => "Binding",
        Change::Empty => "Binding with an empty CHANGE-REQUEST",
        Change::Port => "Binding, answer from the alternate port",
        Change::AddressAndPort => "Binding, answer from the alternate address and port",
    };
    let port = request.response_port.map(|port| format!(", to port {port}")).unwrap_or_default();
    format!("asked: {change}{port}")
}

fn times(sends: u32) -> String {
    match sends {
        0 => "not sent".to_owned(),
        1 => "sent once".to_owned(),
        _ => format!("sent {sends} times"),
    }
}

fn tint(outcome: &Outcome) -> Tint {
    match outcome {
        Outcome::Reply(reply) if reply.error.is_none() => Tint::Good,
        Outcome::Reply(_) | Outcome::Looped { .. } | Outcome::Silence { .. } => Tint::Warning,
        Outcome::Failed(_) => Tint::Bad,
        Outcome::Pending | Outcome::Abandoned { .. } => Tint::Faint,
    }
}

fn outcome(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Pending => "no outcome yet".to_owned(),
        Outcome::Reply(reply) => answered(reply),
        Outcome::Looped { source, socket, .. } => format!("arrived at our own socket {socket}, from {source}"),
        Outcome::Silence { waited_ms } => format!("silence for {} ms", round_ms(*waited_ms)),
        Outcome::Failed(failure) => {
            let by = failure.by.map(|by| format!(" (said by {by})")).unwrap_or_default();
            format!("failed: {}{by}", failure.text)
        }
        Outcome::Abandoned { waited_ms } => {
            format!("given up after {} ms, the answer was no longer needed", round_ms(*waited_ms))
        }
    }
}

fn answered(reply: &Reply) -> String {
    let what = match (&reply.error, reply.mapped) {
        (Some(error), _) => format!("error {} {}", error.code, escape(&error.reason)),
        (None, Some(mapped)) => format!("sees {mapped}"),
        (None, None) => "without a mapped address".to_owned(),
    };
    format!("answered by {} after {} ms: {what}", reply.source, round_ms(reply.rtt_ms))
}

fn details(reply: &Reply) -> Vec<String> {
    let address = |name: &str, value: Option<std::net::SocketAddr>| value.map(|value| format!("{name} {value}"));
    let mut details: Vec<String> = [
        address("MAPPED-ADDRESS", reply.plain_mapped),
        address("OTHER-ADDRESS", reply.other),
        address("RESPONSE-ORIGIN", reply.origin),
    ]
    .into_iter()
    .flatten()
    .collect();
    details.extend(reply.software.as_ref().map(|software| format!("SOFTWARE {}", escape(software))));
    details.extend(reply.faults.iter().map(|fault| format!("fault: {}", escape(fault))));
    details
}
