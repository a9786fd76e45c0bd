//! What TLS says of the server: why a handshake failed, and whether somebody reads along.

use super::cause::{Cause, cause, failed};
use crate::evidence::key::{ServerStep, SocketRole};
use crate::evidence::{CertificateFacts, Failure, FailureCode, TlsFacts};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::connection::{failed_late, is_open};
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::TurnVerdict;
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

/// Why there is no secure connection; `None` if there is, or if TCP failed already.
pub(super) fn judge(target: &Target) -> Option<Cause> {
    let connection = target.connection(SocketRole::First).filter(|one| failed_late(one).is_some() || !is_open(one))?;
    let facts = connection.tls.as_ref();
    if let Some(text) = facts.and_then(inspector) {
        return Some(intercepted(TurnVerdict::Failed, text));
    }
    // TCP beside a silent DTLS says nothing of the port: UDP may be blocked.
    if target.transport == Transport::Tls
        && !target.speaks_tls(SocketRole::First)
        && target.reply(ServerStep::OverTcp).is_some()
    {
        let text = format!("{} speaks no TLS: it answers without", target.remote);
        return Some(failed(
            Code::PlainExpected,
            text,
            "write turn: in place of turns:, or use the server's TLS port (5349)",
        ));
    }
    if let Some(text) = failed_late(connection) {
        let fix = "let the server, or the proxy before it, ask clients for no certificate: those of TURN have none";
        return Some(failed(Code::TlsHandshakeFailed, text, fix));
    }
    certificate(TurnVerdict::Failed, connection.failure.as_ref()?, facts)
}

/// A certificate problem that was passed over, or an inspector whom this host trusts.
pub(super) fn passed_over(target: &Target) -> Option<Cause> {
    let facts = target.connection(SocketRole::First)?.tls.as_ref()?;
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
    let other = target.connection(SocketRole::Second)?.tls.as_ref()?;
    let (one, other) = (authority(&facts.chain)?, authority(&other.chain)?);
    // An authority has several intermediates, and issues by whichever it likes.
    let organization = |name: &str| name.rsplit_once(", ").map(|(_, organization)| organization.to_owned());
    let related = one == other || organization(one).is_some_and(|name| organization(other) == Some(name));
    (!related).then(|| {
        format!(
            "two connections showed certificates of {} and of {}: something on the way reads along, or several servers answer there",
            escape(one),
            escape(other)
        )
    })
}

/// Who issued the last certificate of those that lead from the server's own upwards.
fn authority(chain: &[CertificateFacts]) -> Option<&str> {
    let mut top = chain.first()?;
    for _ in chain {
        let next = chain.iter().find(|one| one.subject == top.issuer && one.subject != top.subject);
        top = next.unwrap_or(top);
    }
    Some(&top.issuer)
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
            let shown =
                authority(chain).is_some_and(|top| chain.iter().any(|one| one.self_issued && one.issuer == top));
            let kind = match chain {
                [only] if only.self_issued => "self-signed",
                _ if shown => "a private authority",
                _ => "intermediate certificate missing, or a private authority",
            };
            let fix = "serve the full chain of a public authority, or trust this one with --ca";
            (Code::TlsUntrusted, format!("{kind}: {text}"), fix)
        }
        FailureCode::NotTls => (Code::NotStun, text, "check the port: what answers there is neither TLS nor TURN"),
        FailureCode::TlsHandshakeFailed => (
            Code::TlsHandshakeFailed,
            text,
            "look into the server's TLS settings: protocol versions, ciphers, certificate and key file",
        ),
        _ => return None,
    };
    Some(cause(verdict, code, text, fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;

    fn code(change: impl FnOnce(&mut Scene)) -> Option<Code> {
        let mut scene = Scene::over(Transport::Tls);
        change(&mut scene);
        judge(&scene.target()).map(|(_, found)| found.code)
    }

    fn facts(issuer: &str) -> TlsFacts {
        let certificate = CertificateFacts { issuer: issuer.to_owned(), ..CertificateFacts::default() };
        TlsFacts { server_name: "turn.example.org".to_owned(), chain: vec![certificate], ..TlsFacts::default() }
    }

    #[test]
    fn a_failed_handshake_says_what_is_wrong_with_the_certificate() {
        for (failure, wanted) in [
            (FailureCode::TlsNameMismatch, Some(Code::TlsNameMismatch)),
            (FailureCode::TlsExpired, Some(Code::TlsExpired)),
            (FailureCode::TlsUntrusted, Some(Code::TlsUntrusted)),
            (FailureCode::NotTls, Some(Code::NotStun)),
            (FailureCode::ConnectionRefused, None),
        ] {
            let found = code(|scene| {
                scene.connection(false, Some(failure));
            });
            assert_eq!(found, wanted, "{failure:?}");
        }
    }

    #[test]
    fn an_inspector_is_known_by_his_certificate() {
        let found = code(|scene| {
            scene.connection(false, Some(FailureCode::TlsUntrusted)).tls = Some(facts("Fortinet CA"));
        });
        assert_eq!(found, Some(Code::TlsIntercepted));
    }

    fn certificate(subject: &str, issuer: &str) -> CertificateFacts {
        let self_issued = subject == issuer;
        CertificateFacts {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            self_issued,
            ..CertificateFacts::default()
        }
    }

    #[test]
    fn what_is_missing_of_a_chain_is_told() {
        let leaf = || certificate("turn.example.org", "Intermediate 2");
        let upper = |issuer| certificate("Intermediate 2", issuer);
        for (chain, word) in [
            (vec![certificate("turn.example.org", "turn.example.org")], "self-signed"),
            (vec![leaf()], "intermediate certificate missing"),
            (vec![leaf(), upper("Intermediate 1")], "intermediate certificate missing"),
            (vec![leaf(), certificate("Another", "Another")], "intermediate certificate missing"),
            (vec![leaf(), upper("Own Root"), certificate("Own Root", "Own Root")], "a private authority"),
        ] {
            let mut scene = Scene::over(Transport::Tls);
            let count = chain.len();
            scene.connection(false, Some(FailureCode::TlsUntrusted)).tls =
                Some(TlsFacts { server_name: "turn.example.org".to_owned(), chain, ..TlsFacts::default() });
            let (_, found) = judge(&scene.target()).expect("it is not trusted");
            assert!(found.text.starts_with(word), "{count}: {}", found.text);
        }
    }

    /// Several servers behind one name have certificates of an authority's several intermediates, and nobody reads along.
    #[test]
    fn two_intermediates_of_one_authority_are_no_inspector() {
        let root = "Root, Authority";
        let chain = |middle: &str, root: &str| vec![certificate("turn", middle), certificate(middle, root)];
        for (one, other, found) in [
            (chain("R10, Authority", root), chain("R11, Authority", root), None),
            (chain("R10", "Root X1"), chain("E5", "Root X1"), None),
            (chain("R10", "Root X1, Authority"), chain("E5", "Root X2, Authority"), None),
            (chain("R10, Authority", root), chain("Inspection, Example", "Example Root, Example"), Some(())),
            (chain("R10", "Root X1"), vec![certificate("turn", "Inspection")], Some(())),
        ] {
            let mut scene = Scene::over(Transport::Tls);
            let with = |chain| Some(TlsFacts { chain, ..TlsFacts::default() });
            scene.connection(true, None).tls = with(one);
            scene.second_connection().tls = with(other);
            let judged = passed_over(&scene.target()).map(|(_, found)| assert_eq!(found.code, Code::TlsIntercepted));
            assert_eq!(judged, found);
        }
    }

    #[test]
    fn a_port_that_answers_without_tls_speaks_none() {
        let found = code(|scene| {
            scene.connection(false, Some(FailureCode::NotTls));
            scene.bound("tcp", "198.51.100.1:40000");
        });
        assert_eq!(found, Some(Code::PlainExpected));
    }

    #[test]
    fn what_was_passed_over_degrades() {
        let mut scene = Scene::over(Transport::Tls);
        let problem = crate::measure::turn::facts::testing::failure(FailureCode::TlsExpired);
        scene.connection(true, None).tls = Some(TlsFacts { problem: Some(problem), ..facts("a public authority") });
        let target = scene.target();
        assert_eq!(judge(&target), None, "the connection stands");
        assert_eq!(passed_over(&target).map(|(_, found)| found.code), Some(Code::TlsExpired));
    }
}
