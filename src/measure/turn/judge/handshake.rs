//! What TLS says of the server: why a handshake failed, and whether somebody reads along.

use crate::evidence::{Connection, Failure, FailureCode, TlsFacts};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::TurnVerdict;
use crate::measure::turn::judge::verdict::{Cause, cause, failed};
use crate::wire::{Transport, escape};

/// Makers of boxes and programs that open TLS to read along, as their certificates name them.
const INSPECTORS: [&str; 15] = [
    "fortinet",
    "fortigate",
    "zscaler",
    "palo alto",
    "blue coat",
    "sophos",
    "netskope",
    "cisco umbrella",
    "check point",
    "barracuda",
    "watchguard",
    "kaspersky",
    "eset ssl filter",
    "avast",
    "bitdefender",
];

/// The first connection of the target.
pub fn connection<'a>(target: &Target<'a>) -> Option<&'a Connection> {
    of(target, "a")
}

fn of<'a>(target: &Target<'a>, socket: &str) -> Option<&'a Connection> {
    let name = target.label(socket);
    target.seen.connections.iter().find(|connection| connection.socket == name)
}

/// Whether the server took the first connection, whatever came of it then.
pub fn connected(target: &Target) -> bool {
    connection(target).is_some_and(|connection| connection.connected_ms.is_some())
}

/// Whether what was tried on that socket shows a server that speaks TLS. A certificate need not be good for that, nor be the name's,
/// and who refuses the handshake with an alert speaks it too.
pub fn speaks_tls(target: &Target, socket: &str) -> bool {
    let Some(connection) = of(target, socket) else { return false };
    // Without a name to greet with nothing was said to the server: the failure is our own.
    let greeted = connection.tls.as_ref().is_some_and(|facts| !facts.server_name.is_empty());
    let spoken = |failure: &Failure| match failure.code {
        FailureCode::TlsNameMismatch | FailureCode::TlsExpired | FailureCode::TlsUntrusted => true,
        FailureCode::TlsHandshakeFailed => greeted,
        _ => false,
    };
    connection.opened_ms.is_some() || connection.failure.as_ref().is_some_and(spoken)
}

/// Whether what was tried on that socket was answered by what is no TLS.
pub fn speaks_no_tls(target: &Target, socket: &str) -> bool {
    let failure = of(target, socket).and_then(|connection| connection.failure.as_ref());
    failure.is_some_and(|failure| failure.code == FailureCode::NotTls)
}

/// Why there is no secure connection; `None` if there is, or if TCP failed already.
pub fn judge(target: &Target) -> Option<Cause> {
    let connection = connection(target).filter(|connection| unshaken(connection).is_some() || !opened(connection))?;
    let facts = connection.tls.as_ref();
    if let Some(text) = facts.and_then(inspector) {
        return Some(intercepted(TurnVerdict::Failed, text));
    }
    // TCP beside a silent DTLS says nothing of the port: UDP may be blocked.
    if target.transport == Transport::Tls && !speaks_tls(target, "a") && target.reply("tcp").is_some() {
        let text = format!("{} speaks no TLS: it answers without", target.remote);
        return Some(failed(
            Code::PlainExpected,
            text,
            "write turn: in place of turns:, or use the server's TLS port (5349)",
        ));
    }
    if let Some(text) = unshaken(connection) {
        let fix = "let the server, or the proxy before it, ask clients for no certificate: those of TURN have none";
        return Some(failed(Code::TlsHandshakeFailed, text, fix));
    }
    certificate(TurnVerdict::Failed, connection.failure.as_ref()?, facts)
}

fn opened(connection: &Connection) -> bool {
    connection.opened_ms.is_some()
}

/// Whether the secure connection stood.
pub fn stood(target: &Target) -> bool {
    target.transport.is_secure() && connection(target).is_some_and(opened)
}

/// Why the handshake failed although it seemed over: with TLS 1.3 the server looks for the client's certificate last, and says that it
/// wants one, or only hangs up.
pub fn unshaken(connection: &Connection) -> Option<String> {
    let failure = connection.failure.as_ref()?;
    let wanted = connection.tls.as_ref().is_some_and(|facts| facts.client_certificate_wanted);
    match failure.code {
        FailureCode::TlsHandshakeFailed if wanted || opened(connection) => Some(escape(&failure.text)),
        FailureCode::ConnectionClosed if wanted && opened(connection) => {
            let said = escape(&failure.text);
            Some(format!("the server asked for a client certificate, none was shown, and then: {said}"))
        }
        _ => None,
    }
}

/// A certificate problem that was passed over, or an inspector whom this host trusts.
pub fn passed_over(target: &Target) -> Option<Cause> {
    let facts = connection(target)?.tls.as_ref()?;
    if let Some(text) = inspector(facts).or_else(|| two_issuers(target, facts)) {
        return Some(intercepted(TurnVerdict::Degraded, text));
    }
    certificate(TurnVerdict::Degraded, facts.problem.as_ref()?, Some(facts))
}

fn intercepted(verdict: TurnVerdict, text: String) -> Cause {
    cause(verdict, Code::TlsIntercepted, text, "exempt the TURN server from TLS inspection")
}

fn inspector(facts: &TlsFacts) -> Option<String> {
    let known = |name: &&String| INSPECTORS.iter().any(|maker| name.to_lowercase().contains(maker));
    let name = facts.chain.iter().map(|one| &one.issuer).find(known)?;
    Some(format!("the certificate comes from {}, which inspects TLS", escape(name)))
}

fn two_issuers(target: &Target, facts: &TlsFacts) -> Option<String> {
    let other = of(target, "b")?.tls.as_ref()?;
    let (one, other) = (&facts.chain.first()?.issuer, &other.chain.first()?.issuer);
    (one != other).then(|| format!("two connections showed certificates of {} and of {}", escape(one), escape(other)))
}

fn certificate(verdict: TurnVerdict, failure: &Failure, facts: Option<&TlsFacts>) -> Option<Cause> {
    let text = escape(&failure.text);
    let (code, text, fix) = match failure.code {
        FailureCode::TlsNameMismatch => {
            (Code::TlsNameMismatch, text, "use the name of the certificate in the URI, or issue one for this name")
        }
        FailureCode::TlsExpired => {
            (Code::TlsExpired, text, "renew the certificate and restart or reload the server; check this host's clock")
        }
        FailureCode::TlsUntrusted => {
            let chain = facts.map_or(&[][..], |facts| &facts.chain);
            let kind = match chain {
                [only] if only.self_issued => "self-signed",
                [_] => "intermediate certificate missing, or a private authority",
                _ => "a private authority",
            };
            let fix = "serve the full chain of a public authority, or trust this one with --ca";
            (Code::TlsUntrusted, format!("{kind}: {text}"), fix)
        }
        FailureCode::NotTls => (Code::NotStun, text, "check the port: what answers there is neither TLS nor TURN"),
        FailureCode::TlsHandshakeFailed => (
            Code::TlsHandshakeFailed,
            text,
            "look into the server's TLS settings: protocol versions, ciphers, key file",
        ),
        _ => return None,
    };
    Some(cause(verdict, code, text, fix))
}
