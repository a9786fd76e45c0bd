//! What a simulated TLS or DTLS handshake shows.

use super::certificate::Certificate;
use super::config::ServerConfig;
use crate::evidence::{CertificateFacts, Failure, FailureCode, TlsFacts};
use crate::wire::Transport;

/// What a handshake comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// What it showed, if it came so far.
    pub facts: Option<TlsFacts>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

impl ServerConfig {
    /// The handshake of the connection with that number. The name is what the certificate is verified against.
    #[must_use]
    pub fn handshake(&self, transport: Transport, name: Option<&str>, number: usize) -> Handshake {
        let is_dtls = transport == Transport::Dtls;
        let word = if is_dtls { "DTLS" } else { "TLS" };
        let expected = name.unwrap_or(&self.name).to_owned();
        let failure = |code, text: String| Failure { code, text: format!("{word} handshake: {text}"), by: None };
        if self.certificate == Certificate::HandshakeFailed {
            let failure = failure(FailureCode::TlsHandshakeFailed, "received a fatal alert: HandshakeFailure".into());
            return Handshake { facts: None, failure: Some(failure) };
        }
        let own = if self.certificate == Certificate::NameMismatch { "other.example.net" } else { self.name.as_str() };
        let intermediate = "Example Intermediate CA, Example Trust";
        let issuer = match self.certificate {
            Certificate::SelfSigned => own,
            Certificate::Intercepted => "Fortinet CA, Fortinet",
            Certificate::Inspected if number % 2 == 1 => "Corporate Inspection CA, Example Corp",
            _ => intermediate,
        };
        let expired = self.certificate == Certificate::Expired;
        let leaf = CertificateFacts {
            subject: own.to_owned(),
            issuer: issuer.to_owned(),
            names: vec![own.to_owned()],
            not_before: Some("2023-01-01T00:00:00Z".into()),
            not_after: Some(if expired { "2023-06-01T00:00:00Z".into() } else { "2033-01-01T00:00:00Z".into() }),
            self_issued: self.certificate == Certificate::SelfSigned,
        };
        let above = CertificateFacts {
            subject: issuer.to_owned(),
            // Who reads along has an authority of its own.
            issuer: if issuer == intermediate {
                "Example Root CA, Example Trust"
            } else {
                "Example Corp Root, Example Corp"
            }
            .to_owned(),
            not_before: Some("2015-01-01T00:00:00Z".into()),
            not_after: Some("2040-01-01T00:00:00Z".into()),
            ..CertificateFacts::default()
        };
        let alone = matches!(self.certificate, Certificate::SelfSigned | Certificate::Untrusted);
        let is_address = expected.parse::<std::net::IpAddr>().is_ok();
        let problem = match self.certificate {
            Certificate::Expired => Some((FailureCode::TlsExpired, "the certificate expired on 2023-06-01".into())),
            Certificate::SelfSigned => Some((FailureCode::TlsUntrusted, "the certificate is self-signed".into())),
            Certificate::ClientDemanded => {
                Some((FailureCode::TlsHandshakeFailed, "the server demands a client certificate".into()))
            }
            Certificate::Untrusted | Certificate::Intercepted => {
                Some((FailureCode::TlsUntrusted, format!("the issuer {issuer} is not trusted here")))
            }
            _ if !is_address && !expected.trim_end_matches('.').eq_ignore_ascii_case(own) => {
                Some((FailureCode::TlsNameMismatch, format!("the certificate is for {own}, not for {expected}")))
            }
            _ => None,
        };
        let problem = problem.map(|(code, text)| failure(code, text));
        let demands = self.certificate == Certificate::ClientDemanded;
        let facts = TlsFacts {
            protocol: Some(if is_dtls { "DTLS 1.2".into() } else { "TLS 1.3".into() }),
            cipher: Some(if is_dtls {
                "ECDHE-ECDSA-AES128-GCM-SHA256".into()
            } else {
                "TLS_AES_128_GCM_SHA256".into()
            }),
            alpn: None,
            server_name: expected,
            chain: if alone { vec![leaf] } else { vec![leaf, above] },
            client_certificate_wanted: demands,
            problem: problem.clone().filter(|_| !demands),
        };
        Handshake { facts: Some(facts), failure: problem }
    }
}
