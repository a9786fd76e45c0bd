//! The certificate itself, where the file is here: until when it holds, and whether it is for the host that clients are told.

use std::net::IpAddr;

use crate::explain::turnserver::configuration::{Certified, Configuration};
use crate::explain::turnserver::finding::{Fault, LintCode};
use crate::wire::{EntryKind, Host, Transport, escape};

/// How many of its names a sentence has.
const MOST_NAMES: usize = 3;

pub(super) fn certificate(configuration: &Configuration) -> Vec<Fault> {
    let Some(setting) = configuration.given("cert").filter(|_| configuration.on("no-tls").is_none()) else {
        return Vec::new();
    };
    let Some(facts) = (configuration.certificate)(&setting.value) else { return Vec::new() };
    let mut found = Vec::new();
    let expiry = facts.not_after.as_deref().and_then(|date| humantime::parse_rfc3339(date).ok());
    let expiry = expiry.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    let expiry_s = expiry.and_then(|since| i64::try_from(since.as_secs()).ok());
    if expiry_s.zip(configuration.now_unix_s).is_some_and(|(expiry, now)| expiry < now) {
        let text = format!("the certificate expired on {}", escape(facts.not_after.as_deref().unwrap_or_default()));
        let fault = Fault::warning(LintCode::CertificateExpired, text).at(setting);
        found.push(
            fault.effect("clients that check it refuse TLS and DTLS").fix("a new one, and coturn told of it (SIGUSR2)"),
        );
    }
    for entry in configuration.clients.iter().filter(|entry| entry.kind == EntryKind::Turn) {
        let Some((spec, Transport::Tls | Transport::Dtls)) = &entry.server else { continue };
        let fits = match &spec.host {
            Host::Address(ip) => facts.names.iter().any(|name| name.parse::<IpAddr>().is_ok_and(|own| own == *ip)),
            Host::Name(host) => facts.names.iter().any(|name| covers(name, host)),
        };
        if fits || found.iter().any(|fault: &Fault| fault.code == LintCode::ClientNameNotCertified) {
            continue;
        }
        let text = format!("clients are told of {}, and the certificate is for {}", entry.uri, names(&facts));
        let fault = Fault::warning(LintCode::ClientNameNotCertified, text).at(setting);
        found.push(
            fault
                .effect("browsers refuse it, and say only that the server cannot be reached")
                .fix("a certificate for that name, or the name of the certificate in what clients are told"),
        );
    }
    found
}

/// Whether a name of a certificate is for a host (RFC 6125 section 6.4.3).
fn covers(name: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match name.strip_prefix("*.") {
        Some(rest) => {
            host.split_once('.').is_some_and(|(first, own)| !first.is_empty() && own.eq_ignore_ascii_case(rest))
        }
        None => name.eq_ignore_ascii_case(host),
    }
}

fn names(facts: &Certified) -> String {
    let all: Vec<String> = facts.names.iter().take(MOST_NAMES).map(|name| escape(name)).collect();
    match facts.names.len() {
        0 => "no name at all (subjectAltName)".to_owned(),
        count if count > MOST_NAMES => format!("{} and {} more", all.join(", "), count - MOST_NAMES),
        _ => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_is_for_one_label() {
        for (name, host, fits) in [
            ("turn.example.org", "TURN.example.org", true),
            ("*.example.org", "turn.example.org", true),
            ("*.example.org", "a.turn.example.org", false),
            ("*.example.org", "example.org", false),
            ("example.org", "turn.example.org", false),
        ] {
            assert_eq!(covers(name, host), fits, "{name} {host}");
        }
    }
}
