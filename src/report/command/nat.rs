//! What was found out about the NATs: what of it is a fact to count, and what is private.

use crate::measure::nat::finding::{
    Alg, BlockedPort, FamilyFindings, Filtering, Hairpinning, Mapping, OtherPath, Pooling, PortAssignment,
};
use crate::report::document::{NatFindings, ServerRow};
use crate::report::fact::{Fact, Value};
use crate::report::privacy::Visitor;

/// What it comes to in names, words and numbers.
pub(super) fn facts(found: &NatFindings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (family, found) in found.families.iter() {
        let words = [
            Fact::word("connectivity", &found.connectivity),
            Fact::word("mapping", &found.mapping),
            Fact::word("filtering", &found.filtering),
        ];
        facts.extend(words.map(|fact| fact.of("family", family.name())));
    }
    let answered = found.servers.iter().filter(|row| row.mapped.is_some()).count();
    facts.push(Fact::number("servers-answered", Value::Count(answered)));
    facts.push(Fact::number("servers-asked", Value::Count(found.servers.len())));
    for row in &found.servers {
        let rtt = row.rtt_ms.map(|ms| Fact::number("round-trip", Value::Millis(ms)));
        let of = |fact: Fact| {
            let fact = fact.of("server", &row.server).of("transport", row.transport.name());
            row.address.iter().fold(fact, |fact, address| fact.of("address", address))
        };
        facts.extend(rtt.map(of));
    }
    facts
}

/// Shows every text of it to the visitor.
pub(super) fn visit_private(found: &mut NatFindings, visitor: &mut Visitor) {
    let families = &mut found.families;
    [&mut families.ipv4, &mut families.ipv6].into_iter().flatten().for_each(|found| family(found, visitor));
    for ServerRow { server, software, error, disbelieved, .. } in &mut found.servers {
        visitor.text(server);
        visitor.texts(software);
        visitor.texts(error.iter_mut().map(|error| &mut error.text));
        if let Some(doubt) = disbelieved {
            visitor.text(&mut doubt.text);
            visitor.words(&doubt.because);
        }
    }
}

fn family(found: &mut FamilyFindings, visitor: &mut Visitor) {
    let FamilyFindings { reason, nat64, other_paths, .. } = found;
    visitor.texts(reason.iter_mut().map(|reason| &mut reason.text));
    visitor.texts(nat64);
    for OtherPath { nat64, because, .. } in other_paths {
        visitor.texts(nat64);
        visitor.words(&*because);
    }
    mapping(&mut found.mapping, visitor);
    found.tcp_mapping.iter_mut().for_each(|found| mapping(found, visitor));
    let Filtering { reason, summary, withheld_by, because, .. } = &mut found.filtering;
    visitor.texts(reason.iter_mut().map(|reason| &mut reason.text));
    visitor.texts([summary].into_iter().chain(withheld_by));
    visitor.words(&*because);
    if let Some(PortAssignment { summary, .. }) = &mut found.port_assignment {
        visitor.text(summary);
    }
    if let Some(Pooling { summary, .. }) = &mut found.pooling {
        visitor.text(summary);
    }
    if let Some(Alg { summary, because, .. }) = &mut found.alg {
        visitor.text(summary);
        visitor.words(&*because);
    }
    if let Some(Hairpinning { summary, because, .. }) = &mut found.hairpinning {
        visitor.text(summary);
        visitor.words(&*because);
    }
    if let Some(BlockedPort { summary, because, .. }) = &mut found.blocked_port {
        visitor.text(summary);
        visitor.words(&*because);
    }
}

fn mapping(found: &mut Mapping, visitor: &mut Visitor) {
    visitor.texts(found.reason.iter_mut().map(|reason| &mut reason.text));
    visitor.text(&mut found.summary);
    visitor.words(&found.because);
}
