//! What is known of a TURN server besides whether it works: what it says of itself, its certificate, and the relay from three sides.

use crate::evidence::{CertificateFacts, TlsFacts};
use crate::measure::turn::TurnResult;
use crate::measure::turn::finding::RelayPath;
use crate::report::view::page::Page;
use crate::report::view::tint::Tint;
use crate::report::view::words;

pub(super) fn write(page: &mut Page, result: &TurnResult) {
    if let Some(tls) = &result.tls {
        self::tls(page, tls);
    }
    let said = [
        result.realm.as_ref().map(|realm| format!("realm \"{realm}\"")),
        result.software.as_ref().map(|software| format!("software {software}")),
        result.lifetime_s.map(|lifetime_s| format!("grants {lifetime_s} s")),
        result.mapped_address.map(|mapped| format!("sees this host as {mapped}")),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if !said.is_empty() {
        page.bullet(&format!("the server: {}", said.join(", ")));
    }
    if let Some(views) = &result.relay {
        for (whose, view) in [
            ("third party -> relay", &views.third_party),
            ("relay -> this host", &views.to_peer),
            ("this host -> relay", &views.from_peer),
            ("between allocations", &views.between_allocations),
        ] {
            self::view(page, whose, view);
        }
    }
}

fn view(page: &mut Page, whose: &str, view: &RelayPath) {
    let (tint, outcome) = words::path(view.outcome);
    let text = format!("{whose}: {outcome}: {}", view.text);
    if tint == Tint::Warning { page.alarm(tint, &text) } else { page.bullet(&text) }
}

fn tls(page: &mut Page, facts: &TlsFacts) {
    let agreed = [facts.protocol.clone(), facts.cipher.clone(), facts.alpn.as_ref().map(|alpn| format!("ALPN {alpn}"))];
    let agreed: Vec<String> = agreed.into_iter().flatten().collect();
    let agreed = if agreed.is_empty() { "nothing was agreed on".to_owned() } else { agreed.join(", ") };
    page.bullet(&format!("handshake: {agreed}; the name to verify is {}", facts.server_name));
    for (index, certificate) in facts.chain.iter().enumerate() {
        page.bullet(&format!("certificate {}: {}", index + 1, self::certificate(certificate)));
    }
    if let Some(problem) = &facts.problem {
        page.alarm(Tint::Bad, &format!("not to be trusted: {}", problem.text));
    }
}

fn certificate(facts: &CertificateFacts) -> String {
    let names = if facts.names.is_empty() { String::new() } else { format!(" for {}", facts.names.join(", ")) };
    let issuer = if facts.self_issued { "itself".to_owned() } else { facts.issuer.clone() };
    let day = |time: &Option<String>| time.as_deref().and_then(|time| time.get(..10)).unwrap_or("?").to_owned();
    format!(
        "{}{names}, issued by {issuer}, valid from {} to {}",
        facts.subject,
        day(&facts.not_before),
        day(&facts.not_after)
    )
}
