//! What gave no candidate and why: in our words, and in those of a browser's `icecandidateerror`.

use super::bases::Base;
use super::finding::{BrowserError, GatherError};
use super::options::GatherOptions;
use crate::evidence::{Evidence, Exchange};
use crate::measure::turn::gather::{self, Target};
use crate::measure::turn::{DiagnosisCode, Entry};
use crate::wire::{EntryKind, Transport, escape};

/// The code of a browser where no server was heard (W3C WebRTC section 4.8.2).
const UNREACHED: u16 = 701;

/// Everything that failed, each once.
pub(super) fn judge(seen: &Evidence, options: &GatherOptions, bases: &[Base]) -> Vec<GatherError> {
    let mut errors: Vec<GatherError> = bases.iter().filter_map(|base| unopened(seen, base)).collect();
    errors.extend(unnamed(seen, options));
    for target in gather::targets(seen, &options.servers) {
        errors.extend(failed(seen, bases, &target));
    }
    errors
}

/// A base whose socket could not be opened.
fn unopened(seen: &Evidence, base: &Base) -> Option<GatherError> {
    let failure = base.socket(seen, Transport::Udp)?.failure.as_ref()?;
    Some(GatherError {
        base: Some(base.address),
        url: None,
        transport: None,
        code: DiagnosisCode::LocalSocket,
        text: escape(&failure.text),
        fix: String::new(),
        icecandidateerror: None,
        took_ms: None,
        because: Vec::new(),
    })
}

/// Servers of which no address is known, and entries that make no sense: once, however many bases would ask.
fn unnamed(seen: &Evidence, options: &GatherOptions) -> Vec<GatherError> {
    let mut errors: Vec<GatherError> = Vec::new();
    for entry in &options.servers.entries {
        let mistake = entry.mistakes.iter().find(|mistake| mistake.error);
        if entry.server.is_none() || mistake.is_some() {
            let (text, fix) = mistake.map_or(("nothing can be asked", ""), |one| (one.text.as_str(), one.fix.as_str()));
            add(&mut errors, entry, None, DiagnosisCode::InvalidEntry, (text, fix), None);
            continue;
        }
        for &transport in &entry.transports {
            let Some(found) = gather::name_failure(seen, entry, transport) else { continue };
            // A name that leads nowhere is all that a browser tells so.
            let told = found.code == DiagnosisCode::NameNotFound || found.code == DiagnosisCode::NameFiltered;
            let words = match entry.kind {
                EntryKind::Stun => "STUN host lookup received error.",
                EntryKind::Turn => "TURN host lookup received error.",
            };
            let browser = told.then(|| BrowserError {
                address: None,
                port: None,
                url: url(entry, transport),
                error_code: UNREACHED,
                error_text: words.to_owned(),
            });
            add(&mut errors, entry, Some(transport), found.code, (&found.text, &found.fix), browser);
        }
    }
    errors
}

fn add(
    errors: &mut Vec<GatherError>,
    entry: &Entry,
    transport: Option<Transport>,
    code: DiagnosisCode,
    (text, fix): (&str, &str),
    icecandidateerror: Option<BrowserError>,
) {
    let url = Some(entry.uri.clone());
    if errors.iter().all(|known| (&known.url, known.transport, known.code) != (&url, transport, code)) {
        let (text, fix) = (text.to_owned(), fix.to_owned());
        errors.push(GatherError {
            base: None,
            url,
            transport,
            code,
            text,
            fix,
            icecandidateerror,
            took_ms: None,
            because: Vec::new(),
        });
    }
}

/// A server that was asked in vain from a base.
fn failed(seen: &Evidence, bases: &[Base], target: &Target) -> Option<GatherError> {
    let (found, last) = gather::failure(target)?;
    let base = bases.iter().find(|base| Some(base.address) == target.entry.base)?;
    // Without a socket nothing was asked: that is told of the base.
    let local = base.socket(seen, Transport::Udp)?.local?;
    let browser = words(target, last).map(|(error_code, error_text)| BrowserError {
        address: Some(local.ip()),
        port: Some(local.port()),
        url: match error_text {
            // Of a server that refuses datagrams Chromium tells only what it would be as a STUN server.
            STUN_SILENT if target.entry.kind == EntryKind::Turn => {
                format!("stun:{}", target.remote)
            }
            _ => url(target.entry, target.transport),
        },
        error_code,
        error_text: error_text.to_owned(),
    });
    Some(GatherError {
        base: Some(base.address),
        url: Some(target.entry.uri.clone()),
        transport: Some(target.transport),
        code: found.code,
        text: found.text,
        fix: found.fix,
        icecandidateerror: browser,
        took_ms: last.and_then(|exchange| exchange.ended_ms),
        because: last.map(|exchange| exchange.id.clone()).into_iter().collect(),
    })
}

const STUN_SILENT: &str = "STUN binding request timed out.";

/// Number and words of Chromium; `None` where it says nothing at all.
fn words(target: &Target, last: Option<&Exchange>) -> Option<(u16, &'static str)> {
    let last = last?;
    if let Some(error) = last.reply().and_then(|reply| reply.error.as_ref()) {
        return Some(match (target.entry.kind, error.code) {
            (EntryKind::Turn, 401) => (401, "Unauthorized."),
            (EntryKind::Turn, code) => (code, "TURN allocate error."),
            (EntryKind::Stun, code) => (code, "STUN binding error."),
        });
    }
    match target.transport {
        Transport::Tls | Transport::Dtls => Some((UNREACHED, "Failed to establish connection")),
        Transport::Tcp => None,
        Transport::Udp if target.entry.kind == EntryKind::Stun || !last.silent() => Some((UNREACHED, STUN_SILENT)),
        Transport::Udp => Some((UNREACHED, "TURN allocate request timed out.")),
    }
}

/// The URL as Chromium writes it: with the scheme, and of a TURN server with the transport.
fn url(entry: &Entry, transport: Transport) -> String {
    let schemes = ["stun:", "stuns:", "turn:", "turns:"];
    let named = schemes.iter().any(|scheme| entry.uri.starts_with(scheme));
    let scheme = match entry.kind {
        _ if named => "",
        EntryKind::Stun => "stun:",
        EntryKind::Turn => "turn:",
    };
    let over = match (entry.kind, transport) {
        (EntryKind::Turn, Transport::Udp | Transport::Dtls) if !entry.uri.contains('?') => "?transport=udp",
        (EntryKind::Turn, Transport::Tcp | Transport::Tls) if !entry.uri.contains('?') => "?transport=tcp",
        _ => "",
    };
    format!("{scheme}{}{over}", entry.uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_written_as_chromium_does() {
        let of = |uri: &str, kind, transport| url(&Entry { uri: uri.to_owned(), kind, ..Entry::default() }, transport);
        assert_eq!(of("stun.example.net:3478", EntryKind::Stun, Transport::Udp), "stun:stun.example.net:3478");
        assert_eq!(of("turn:a.example", EntryKind::Turn, Transport::Udp), "turn:a.example?transport=udp");
        assert_eq!(of("turns:a.example", EntryKind::Turn, Transport::Tls), "turns:a.example?transport=tcp");
        let written = "turn:a.example?transport=tcp";
        assert_eq!(of(written, EntryKind::Turn, Transport::Tcp), written);
    }
}
