//! What is private in the evidence that every report rests on.

use super::visitor::Visitor;
use crate::evidence::{
    CertificateFacts, Connection, ErrorReply, Exchange, Failure, LogEvent, Lookup, Outcome, Reply, Server, TlsFacts,
    TurnReply,
};
use crate::report::document::Report;

/// Everything of a report but its findings.
pub(super) fn report(report: &mut Report, visitor: &mut Visitor) {
    visitor.words(&report.event);
    visitor.words([&report.tool.name, &report.tool.version, &report.started_at]);
    visitor.texts(&mut report.scenario);
    visitor
        .texts(report.advice.iter_mut().flat_map(|advice| [&mut advice.text].into_iter().chain(&mut advice.command)));
    for requirement in &mut report.requirements {
        visitor.texts([&mut requirement.requirement, &mut requirement.text]);
    }
    report.evidence.iter_mut().for_each(|one| exchange(one, visitor));
    for bound in &mut report.bound {
        visitor.word(&bound.socket);
        visitor.texts(bound.failure.iter_mut().map(|failure| &mut failure.text));
    }
    report.connections.iter_mut().for_each(|one| connection(one, visitor));
    report.lookups.iter_mut().chain(&mut report.names).for_each(|one| server(one, visitor));
}

/// An event of the log.
pub(super) fn event(event: &mut LogEvent, visitor: &mut Visitor) {
    match event {
        LogEvent::Resolved { server, failure, .. } => {
            visitor.text(server);
            visitor.texts(failure.iter_mut().map(|failure| &mut failure.text));
        }
        LogEvent::Sent { exchange, ask, .. } => {
            visitor.word(exchange);
            visitor.word(ask);
        }
        LogEvent::Settled { server, exchange: settled, .. } => {
            visitor.text(server);
            exchange(settled, visitor);
        }
        LogEvent::Stray { text, .. } => visitor.text(text),
        LogEvent::Pair { pair, .. } => {
            visitor.texts(pair.failure.iter_mut().map(|failure| &mut failure.text));
            visitor.texts(pair.refused.iter_mut().map(|refusal| &mut refusal.text));
        }
        LogEvent::StraysLeftOut { .. } | LogEvent::Stopped { .. } => {}
    }
}

fn exchange(exchange: &mut Exchange, visitor: &mut Visitor) {
    visitor.word(&exchange.id);
    visitor.word(&exchange.socket);
    visitor.word(&exchange.ask);
    if let Some(auth) = exchange.request.auth_mut() {
        visitor.user(&mut auth.username);
        visitor.text(&mut auth.realm);
    }
    visitor.texts(&mut exchange.not_stun);
    visitor.texts(exchange.strays.iter_mut().map(|strays| &mut strays.what));
    match &mut exchange.outcome {
        Outcome::Reply(answer) => reply(answer, visitor),
        Outcome::Looped { socket, .. } => visitor.word(socket),
        Outcome::Failed(cause) => failure(cause, visitor),
        Outcome::Pending | Outcome::Silence { .. } | Outcome::Abandoned { .. } => {}
    }
}

fn reply(reply: &mut Reply, visitor: &mut Visitor) {
    visitor.texts(&mut reply.software);
    visitor.texts(&mut reply.faults);
    reply.error.iter_mut().for_each(|one| error(one, visitor));
    reply.turn.iter_mut().for_each(|one| turn(one, visitor));
}

/// The first bytes of a message that something is wrong with are not shown here: nobody knows what they are.
fn turn(reply: &mut TurnReply, visitor: &mut Visitor) {
    visitor.texts(&mut reply.realm);
    visitor.texts(&mut reply.third_party_authorization);
    visitor.texts(&mut reply.alternate_domain);
    reply.address_error.iter_mut().for_each(|one| error(one, visitor));
}

/// The server's own words may repeat whom it refuses.
fn error(error: &mut ErrorReply, visitor: &mut Visitor) {
    visitor.text(&mut error.reason);
}

fn failure(failure: &mut Failure, visitor: &mut Visitor) {
    visitor.text(&mut failure.text);
}

fn connection(connection: &mut Connection, visitor: &mut Visitor) {
    visitor.word(&connection.socket);
    connection.tls.iter_mut().for_each(|one| tls(one, visitor));
    connection.failure.iter_mut().for_each(|one| failure(one, visitor));
}

/// What a handshake showed.
pub(crate) fn tls(facts: &mut TlsFacts, visitor: &mut Visitor) {
    visitor.texts([&mut facts.protocol, &mut facts.cipher, &mut facts.alpn].into_iter().flatten());
    visitor.text(&mut facts.server_name);
    for CertificateFacts { subject, issuer, names, not_before, not_after, .. } in &mut facts.chain {
        visitor.texts([subject, issuer].into_iter().chain(names));
        visitor.words([not_before, not_after].into_iter().flatten().map(|time| &*time));
    }
    facts.problem.iter_mut().for_each(|one| failure(one, visitor));
}

fn server(server: &mut Server, visitor: &mut Visitor) {
    visitor.text(&mut server.name);
    for Lookup { failure: cause, refused, .. } in &mut server.lookups {
        visitor.texts(cause.iter_mut().map(|one| &mut one.text));
        visitor.texts(refused.iter_mut().map(|one| &mut one.text));
    }
}
