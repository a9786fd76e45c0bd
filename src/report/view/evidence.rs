//! With `-v`: every exchange, readable.

use super::page::Page;
use super::tint::Tint;
use super::words::times;
use crate::evidence::{Exchange, Integrity, Outcome, Reply, TurnReply, span};
use crate::report::document::Report;
use crate::wire::escape::escape;
use crate::wire::{Change, Method, Question};

pub(super) fn write(page: &mut Page, report: &Report, verbosity: u8) {
    page.heading("Evidence");
    let listed = |exchange: &&Exchange| verbosity > 1 || !exchange.ask.is_packet();
    for exchange in report.evidence.iter().filter(listed) {
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
            format!("{}, {}, from {}", asked(&exchange.request), sent(exchange.sends), span(exchange.started_ms));
        page.lines(Tint::Plain, "  ", "    ", &asked);
        page.lines(tint(&exchange.outcome), "  ", "    ", &outcome(exchange));
        if let (Outcome::Reply(reply), 2..) = (&exchange.outcome, verbosity) {
            for detail in details(reply) {
                page.lines(Tint::Faint, "    ", "      ", &detail);
            }
        }
    }
    let packets = report.evidence.iter().filter(|exchange| !listed(exchange)).count();
    if packets > 0 {
        page.paragraph(Tint::Faint, &format!("{packets} packets of the quality are not listed; -vv lists them."));
    }
    connections(page, report);
    if report.strays > 0 {
        page.paragraph(Tint::Plain, &format!("{} datagrams belonged to no exchange.", report.strays));
    }
}

fn asked(question: &Question) -> String {
    let Some(request) = question.stun() else { return format!("asked: {question}") };
    if request.method != Method::Binding || request.relay.is_some() || request.auth.is_some() {
        return format!("asked: {request}");
    }
    let change = match request.change {
        Change::Nothing => "Binding",
        Change::Empty => "Binding with an empty CHANGE-REQUEST",
        Change::Port => "Binding, answer from the alternate port",
        Change::AddressAndPort => "Binding, answer from the alternate address and port",
    };
    let port = request.response_port.map(|port| format!(", to port {port}")).unwrap_or_default();
    format!("asked: {change}{port}")
}

fn sent(sends: u32) -> String {
    if sends == 0 { "not sent".to_owned() } else { format!("sent {}", times(sends)) }
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
        Outcome::Silence { waited_ms } => format!("silence for {}", span(*waited_ms)),
        Outcome::Failed(failure) => {
            let by = failure.by.map(|by| format!(" (said by {by})")).unwrap_or_default();
            format!("failed: {}{by}", failure.text)
        }
        Outcome::Abandoned { waited_ms } => {
            format!("given up after {}, the answer was no longer needed", span(*waited_ms))
        }
    }
}

fn answered(reply: &Reply) -> String {
    let what = match (&reply.error, reply.mapped, &reply.gateway) {
        (Some(error), ..) => format!("error {error}"),
        (None, Some(mapped), _) => format!("sees {mapped}"),
        (None, None, _) if reply.turn.is_some() => "success".to_owned(),
        (None, None, Some(gateway)) => gateway.to_string(),
        (None, None, None) => "without a mapped address".to_owned(),
    };
    format!("answered by {} after {}: {what}", reply.source, span(reply.rtt_ms))
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
    details.extend(reply.turn.iter().flat_map(|turn| said(turn)));
    details.extend(reply.software.as_ref().map(|software| format!("SOFTWARE {}", escape(software))));
    details.extend(reply.faults.iter().map(|fault| format!("fault: {}", escape(fault))));
    details
}

/// What a TURN server said beyond a STUN server.
fn said(turn: &TurnReply) -> Vec<String> {
    let integrity = match turn.integrity {
        Integrity::Unchecked => None,
        Integrity::Missing => Some("not signed"),
        Integrity::Wrong => Some("signed with another key, or changed on its way"),
        Integrity::Valid => Some("signed with our key"),
    };
    let mut said: Vec<String> = turn.realm.iter().map(|realm| format!("REALM {}", escape(realm))).collect();
    said.extend(turn.relayed.iter().map(|relayed| format!("XOR-RELAYED-ADDRESS {relayed}")));
    said.extend(turn.lifetime_s.map(|lifetime| format!("LIFETIME {lifetime} s")));
    said.extend(turn.alternate_servers.iter().map(|server| format!("ALTERNATE-SERVER {server}")));
    said.extend(integrity.map(str::to_owned));
    said.extend(turn.excerpt.iter().map(|bytes| format!("begins with {}", escape(bytes))));
    said
}

fn connections(page: &mut Page, report: &Report) {
    for connection in &report.connections {
        let head = format!(
            "{} connection to {}, socket {}",
            connection.transport.name(),
            connection.remote,
            connection.socket
        );
        page.lines(Tint::Strong, "", "  ", &head);
        match (&connection.failure, connection.opened_ms) {
            (Some(failure), _) => page.lines(Tint::Bad, "  ", "    ", &format!("failed: {}", escape(&failure.text))),
            (None, Some(opened)) => {
                page.lines(Tint::Good, "  ", "    ", &format!("open after {}", span(opened - connection.started_ms)));
            }
            (None, None) => page.lines(Tint::Faint, "  ", "    ", "never open"),
        }
        let Some(tls) = &connection.tls else { continue };
        let agreed: Vec<&str> =
            [&tls.protocol, &tls.cipher, &tls.alpn].into_iter().flatten().map(String::as_str).collect();
        let agreed = format!("{} with {}", escape(&agreed.join(", ")), escape(&tls.server_name));
        page.lines(Tint::Plain, "  ", "    ", &agreed);
        for certificate in &tls.chain {
            let until = certificate.not_after.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
            let text = format!("certificate of {}, issued by {}{until}", certificate.subject, certificate.issuer);
            page.lines(Tint::Faint, "    ", "      ", &escape(&text));
        }
        if let Some(problem) = &tls.problem {
            page.lines(Tint::Bad, "    ", "      ", &escape(&problem.text));
        }
    }
}
