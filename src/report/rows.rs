//! One row for each server, address and transport: what it said, how fast, and what it was seen to support.

use std::net::{IpAddr, SocketAddr};

use super::document::{Capability, Families, ServerError, ServerRow};
use crate::evidence::{AnswerCode, Evidence, Exchange, Failure, FailureCode, Outcome, Reply, Server, span};
use crate::measure::nat::finding::{Connectivity, FamilyFindings};
use crate::measure::nat::refusal::Refuser;
use crate::measure::witness::{Disbelieved, Witnesses};
use crate::wire::escape::escape;
use crate::wire::{Change, Family, Transport};

/// The rows, in the order in which the servers were named. Where a server has a row of another family, those of a family that
/// this host does not have are left out: they would say the same of every server.
#[must_use]
pub(super) fn rows(seen: &Evidence, families: &Families) -> Vec<ServerRow> {
    let mut exchanges: Vec<Vec<&Exchange>> = vec![Vec::new(); seen.servers.len()];
    for exchange in &seen.exchanges {
        if let Some(of_server) = exchanges.get_mut(exchange.server) {
            of_server.push(exchange);
        }
    }
    let witnesses = Witnesses::hear(seen);
    let mut rows = Vec::new();
    for (server, exchanges) in seen.servers.iter().zip(&exchanges) {
        let mut of_server = rows_of(server, exchanges, &seen.host_addresses);
        for row in &mut of_server {
            row.disbelieved = disbelieved(&witnesses, row);
        }
        if of_server.iter().any(|row| !is_unavailable(row, families)) {
            of_server.retain(|row| !is_unavailable(row, families));
        }
        rows.extend(of_server);
    }
    rows
}

/// Why what the server of the row said is not believed.
fn disbelieved(witnesses: &Witnesses, row: &ServerRow) -> Option<Disbelieved> {
    let ip = row.address?.ip();
    let mut doubts =
        witnesses.doubts.iter().filter(|doubt| doubt.remote.ip() == ip && doubt.transport == row.transport);
    let mut doubt = doubts.find(|doubt| Some(doubt.remote) == row.address || row.mapped.is_some())?.what.clone();
    doubt.text = escape(&doubt.text);
    Some(doubt)
}

fn is_unavailable(row: &ServerRow, families: &Families) -> bool {
    let missing = |(family, found): (Family, &FamilyFindings)| {
        found.connectivity == Connectivity::Unavailable && row.address.is_some_and(|address| family.has(address.ip()))
    };
    families.iter().any(missing)
}

fn rows_of(server: &Server, exchanges: &[&Exchange], host: &[IpAddr]) -> Vec<ServerRow> {
    let empty = |transport| empty_row(&server.name, transport);
    if server.lookups.is_empty() {
        let error = not_waited_for("its name was still being looked up when the run ended".to_owned());
        return vec![ServerRow { error: Some(error), ..empty(Transport::Udp) }];
    }
    let mut rows = Vec::new();
    for lookup in &server.lookups {
        if let Some(failure) = &lookup.failure {
            rows.push(ServerRow { error: Some(failed(failure)), ..empty(lookup.transport) });
        }
    }
    for lookup in server.lookups.iter().filter(|lookup| !lookup.addresses.is_empty()) {
        for refused in &lookup.refused {
            let failure =
                Failure { code: FailureCode::Withheld, text: format!("not asked: {}", refused.text), by: None };
            rows.push(ServerRow {
                address: Some(refused.address),
                error: Some(failed(&failure)),
                ..empty(lookup.transport)
            });
        }
    }
    let asked = asked(server, exchanges);
    if asked.is_empty()
        && let Some((lookup, &address)) =
            server.lookups.iter().find_map(|lookup| Some((lookup, lookup.addresses.first()?)))
    {
        let error = not_waited_for("it was not asked: the result did not need it, or the run ended before".to_owned());
        rows.push(ServerRow { address: Some(address), error: Some(error), ..empty(lookup.transport) });
    }
    let row = |(transport, address)| row(&server.name, transport, address, exchanges, host);
    rows.extend(asked.into_iter().map(row));
    rows
}

/// The addresses of the server's name that were asked, with what carried the question.
fn asked(server: &Server, exchanges: &[&Exchange]) -> Vec<(Transport, SocketAddr)> {
    let mut found = Vec::new();
    for exchange in exchanges {
        let pair = (exchange.transport, exchange.remote);
        let named = server.lookups.iter().any(|lookup| lookup.addresses.contains(&exchange.remote));
        if named && is_plain(exchange) && !found.contains(&pair) {
            found.push(pair);
        }
    }
    found
}

/// Whether it asked for nothing but the mapped address.
fn is_plain(exchange: &Exchange) -> bool {
    let request = &exchange.request;
    request.stun().is_some()
        && matches!(request.change(), Change::Nothing | Change::Empty)
        && request.response_port().is_none()
        && request.control().is_none()
}

fn empty_row(server: &str, transport: Transport) -> ServerRow {
    ServerRow {
        server: server.to_owned(),
        address: None,
        transport,
        mapped: None,
        rtt_ms: None,
        rtt_min_ms: None,
        rtt_max_ms: None,
        software: None,
        capabilities: Vec::new(),
        error: None,
        disbelieved: None,
    }
}

fn row(server: &str, transport: Transport, address: SocketAddr, exchanges: &[&Exchange], host: &[IpAddr]) -> ServerRow {
    let here: Vec<&Exchange> = exchanges
        .iter()
        .copied()
        .filter(|exchange| exchange.remote == address && exchange.transport == transport)
        .collect();
    let plain: Vec<&Exchange> = here.iter().copied().filter(|exchange| is_plain(exchange)).collect();
    let answers: Vec<&Reply> = plain.iter().filter_map(|exchange| exchange.answer()).collect();
    let mapped = plain.iter().find_map(|exchange| exchange.mapped());
    let mut round_trips: Vec<f64> = answers.iter().map(|reply| reply.rtt_ms).collect();
    round_trips.sort_by(f64::total_cmp);
    let software = plain.iter().filter_map(|exchange| exchange.reply()).find_map(|reply| reply.software.as_deref());
    ServerRow {
        address: Some(address),
        mapped,
        rtt_ms: median(&round_trips),
        rtt_min_ms: round_trips.first().copied(),
        rtt_max_ms: round_trips.last().copied(),
        software: software.map(escape),
        capabilities: capabilities(&here, &answers),
        // The question that was put most often tells best how long nobody answered.
        error: plain
            .iter()
            .max_by_key(|exchange| exchange.sends)
            .filter(|_| mapped.is_none())
            .map(|exchange| error(exchange, host)),
        ..empty_row(server, transport)
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(*sorted.get(middle.checked_sub(1)?)?, upper)) }
}

/// What was seen to work, nothing that is only claimed, except for OTHER-ADDRESS, which is a claim.
fn capabilities(here: &[&Exchange], answers: &[&Reply]) -> Vec<Capability> {
    let success = |exchange: &&&Exchange| exchange.reply().is_some_and(|reply| reply.error.is_none());
    let changed = |exchange: &&Exchange| {
        matches!(exchange.request.change(), Change::Port | Change::AddressAndPort)
            && exchange.reply().is_some_and(|reply| reply.source != exchange.remote)
    };
    // The server saw the request come from another port than the one it was asked to answer to, and the answer arrived.
    let redirected = |exchange: &&Exchange| {
        exchange.request.response_port().is_some_and(|port| {
            exchange.reply().and_then(|reply| reply.mapped).is_some_and(|mapped| mapped.port() != port)
        })
    };
    let found = [
        (Capability::OtherAddress, answers.iter().any(|reply| reply.other.is_some())),
        (Capability::ChangeRequest, here.iter().filter(success).any(changed)),
        (Capability::ResponsePort, here.iter().filter(success).any(redirected)),
        (Capability::Rfc3489, answers.iter().any(|reply| reply.rfc3489)),
    ];
    found.into_iter().filter(|(_, seen)| *seen).map(|(capability, _)| capability).collect()
}

/// Why the exchange brought no mapped address.
fn error(exchange: &Exchange, host: &[IpAddr]) -> ServerError {
    let answer = |code: AnswerCode, text: String| ServerError { code: code.into(), text };
    match &exchange.outcome {
        Outcome::Failed(failure) => {
            let forbids = matches!(Refuser::of(exchange, host), Some(Refuser::OwnFirewall | Refuser::Forbids(_)));
            // A firewall that rejects says what a server says on whose port nothing listens.
            let code = if forbids { FailureCode::Prohibited } else { failure.code };
            ServerError { code: code.into(), ..failed(failure) }
        }
        Outcome::Silence { waited_ms } => {
            let other = exchange.strays.as_ref().map(|strays| format!(", but {}", escape(&strays.to_string())));
            let other = other.unwrap_or_default();
            ServerError {
                code: FailureCode::NoAnswer.into(),
                text: format!("no answer in {} ({}){other}", span(*waited_ms), times(exchange.sends)),
            }
        }
        Outcome::Reply(Reply { error: Some(error), .. }) => {
            answer(AnswerCode::ErrorResponse, format!("answered with error {error}"))
        }
        Outcome::Reply(reply) if reply.source != exchange.remote => {
            answer(AnswerCode::OtherSource, format!("answered from {}, which was not asked", reply.source))
        }
        Outcome::Reply(reply) => {
            let faults: Vec<String> = reply.faults.iter().map(|fault| escape(fault)).collect();
            let faults = if faults.is_empty() { String::new() } else { format!(" ({})", faults.join("; ")) };
            answer(
                AnswerCode::NoMappedAddress,
                format!("answered without a mapped address that could be believed{faults}"),
            )
        }
        Outcome::Looped { source, .. } => {
            answer(AnswerCode::OtherSource, format!("the question came back from {source}"))
        }
        Outcome::Abandoned { waited_ms } => {
            not_waited_for(format!("no answer in the {} until the result was clear or the run ended", span(*waited_ms)))
        }
        Outcome::Pending => not_waited_for("no answer until the run ended".to_owned()),
    }
}

fn times(sends: u32) -> String {
    if sends == 0 {
        "the connection did not open".to_owned()
    } else if sends == 1 {
        "sent once".to_owned()
    } else {
        format!("sent {sends} times")
    }
}

fn not_waited_for(text: String) -> ServerError {
    ServerError { code: AnswerCode::NotWaitedFor.into(), text }
}

fn failed(failure: &Failure) -> ServerError {
    ServerError { code: failure.code.into(), text: escape(&failure.text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{ErrorReply, Lookup};
    use crate::wire::Request;

    const SERVER: &str = "192.0.2.1:3478";

    fn server(lookups: Vec<Lookup>) -> Server {
        Server { name: "stun.example.org".to_owned(), lookups }
    }

    fn found(address: &str) -> Lookup {
        let addresses = vec![address.parse().unwrap()];
        Lookup { transport: Transport::Udp, addresses, failure: None, refused: Vec::new(), duration_ms: 1.0 }
    }

    fn exchange(number: usize, change: Change, outcome: Outcome) -> Exchange {
        Exchange {
            id: format!("e{number}"),
            ask: crate::evidence::Key::Other(format!("test/{number}")),
            server: 0,
            socket: "test".into(),
            transport: Transport::Udp,
            local: None,
            remote: SERVER.parse().unwrap(),
            request: Request::change(change).into(),
            sends: 1,
            paced: true,
            started_ms: 0.0,
            ended_ms: Some(1.0),
            sent_ms: Vec::new(),
            arrived_ms: Vec::new(),
            copies: 0,
            not_stun: None,
            strays: None,
            outcome,
        }
    }

    fn reply(rtt_ms: f64) -> Reply {
        Reply {
            rfc3489: false,
            source: SERVER.parse().unwrap(),
            rtt_ms,
            mapped: Some("203.0.113.7:4000".parse().unwrap()),
            plain_mapped: None,
            other: Some("192.0.2.2:3479".parse().unwrap()),
            origin: None,
            software: Some("stund\u{1b}[2J".to_owned()),
            error: None,
            faults: Vec::new(),
            over: None,
            turn: None,
            gateway: None,
        }
    }

    fn seen(lookup: Lookup, exchanges: Vec<Exchange>) -> Vec<ServerRow> {
        rows(
            &Evidence { servers: vec![server(vec![lookup])], exchanges: exchanges.into(), ..Evidence::default() },
            &Families::default(),
        )
    }

    #[test]
    fn round_trips_are_summed_up() {
        let exchanges = [30.0, 10.0, 20.0, 60.0].into_iter().enumerate();
        let exchanges = exchanges.map(|(at, rtt)| exchange(at, Change::Nothing, Outcome::Reply(reply(rtt)))).collect();
        let [row] = &seen(found(SERVER), exchanges)[..] else { panic!("one row expected") };
        assert_eq!((row.rtt_min_ms, row.rtt_ms, row.rtt_max_ms), (Some(10.0), Some(25.0), Some(60.0)));
        assert_eq!(row.mapped, Some("203.0.113.7:4000".parse().unwrap()));
        assert!(row.error.is_none());
        assert!(
            !row.software.as_ref().unwrap().contains('\u{1b}'),
            "what a server wrote cannot reach the terminal as it is"
        );
        assert_eq!(row.capabilities, [Capability::OtherAddress]);
    }

    #[test]
    fn an_answer_from_elsewhere_proves_change_request() {
        let plain = exchange(0, Change::Nothing, Outcome::Reply(reply(1.0)));
        let ignored = exchange(1, Change::AddressAndPort, Outcome::Reply(reply(1.0)));
        let other = "192.0.2.2:3479".parse().unwrap();
        let honored = exchange(2, Change::AddressAndPort, Outcome::Reply(Reply { source: other, ..reply(1.0) }));
        assert_eq!(seen(found(SERVER), vec![plain.clone(), ignored])[0].capabilities, [Capability::OtherAddress]);
        assert_eq!(
            seen(found(SERVER), vec![plain, honored])[0].capabilities,
            [Capability::OtherAddress, Capability::ChangeRequest]
        );
    }

    #[test]
    fn every_failure_has_a_code_and_words() {
        let refused = Failure { code: FailureCode::ConnectionRefused, text: "refused".to_owned(), by: None };
        let error = ErrorReply { code: 420, reason: "Unknown\u{7}".to_owned() };
        let cases = [
            (Outcome::Silence { waited_ms: 900.0 }, "no-answer"),
            (Outcome::Failed(refused), "connection-refused"),
            (Outcome::Reply(Reply { error: Some(error), mapped: None, ..reply(1.0) }), "error-response"),
            (Outcome::Reply(Reply { mapped: None, ..reply(1.0) }), "no-mapped-address"),
            (Outcome::Reply(Reply { source: "192.0.2.9:1".parse().unwrap(), ..reply(1.0) }), "other-source"),
            (Outcome::Abandoned { waited_ms: 5.0 }, "not-waited-for"),
            (Outcome::Pending, "not-waited-for"),
        ];
        for (outcome, code) in cases {
            let rows = seen(found(SERVER), vec![exchange(0, Change::Nothing, outcome)]);
            let error = rows[0].error.as_ref().unwrap();
            assert_eq!(serde_json::to_value(error.code).unwrap(), code);
            assert!(!error.text.is_empty() && !error.text.contains(char::is_control), "{error:?}");
        }
    }

    /// A rule of this host or of a router refuses in the words of a server on whose port nothing listens.
    #[test]
    fn who_refused_decides_the_code() {
        for (by, code) in
            [("192.168.1.23", "prohibited"), ("192.168.1.1", "prohibited"), ("192.0.2.1", "connection-refused")]
        {
            let by = Some(by.parse().unwrap());
            let refused = Failure { code: FailureCode::ConnectionRefused, text: "refused".to_owned(), by };
            let seen = Evidence {
                servers: vec![server(vec![found(SERVER)])],
                exchanges: vec![exchange(0, Change::Nothing, Outcome::Failed(refused))].into(),
                host_addresses: vec!["192.168.1.23".parse().unwrap()],
                ..Evidence::default()
            };
            let error = rows(&seen, &Families::NONE)[0].error.clone().unwrap();
            assert_eq!(serde_json::to_value(error.code).unwrap(), code, "{by:?}");
        }
    }

    #[test]
    fn a_name_that_led_nowhere_has_a_row() {
        let failure = Some(Failure { code: FailureCode::NameNotFound, text: "no such name".to_owned(), by: None });
        let nowhere = Lookup { addresses: Vec::new(), failure, ..found(SERVER) };
        let rows = seen(nowhere, Vec::new());
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].error.as_ref().unwrap().code, FailureCode::NameNotFound.into());
        assert_eq!(seen(found(SERVER), Vec::new())[0].error.as_ref().unwrap().code, AnswerCode::NotWaitedFor.into());
        assert_eq!(
            super::rows(&Evidence { servers: vec![server(Vec::new())], ..Evidence::default() }, &Families::default())
                .len(),
            1
        );
    }
}
