//! TLS over a connection, with the reasons a handshake fails told apart: another name, expired, untrusted, or no TLS at all.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{ResolvesClientCert, WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::time_provider::TimeProvider;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, HandshakeType, ProtocolVersion,
    RootCertStore, SignatureScheme,
};

use super::failure::{code, failure, io_failure, message, printable};
use super::setup::TlsConfig;
use super::{certificate, clock};
use crate::evidence::{CertificateFacts, Failure, FailureCode, TlsFacts};

/// Certificates that are looked at in one handshake.
const MOST_CERTIFICATES: usize = 8;

/// TLS for all connections of a run. Certificate authorities are read when the first handshake needs them.
pub(super) struct Tls {
    config: TlsConfig,
    insecure: bool,
    verifier: OnceCell<Result<Arc<WebPkiServerVerifier>, String>>,
}

impl Tls {
    pub(super) fn new(config: TlsConfig, insecure: bool) -> Self {
        Self { config, insecure, verifier: OnceCell::new() }
    }

    /// Shakes hands and verifies the server against the name it was called by, or its address where it has none. What the handshake
    /// showed is told also where it failed.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        name: Option<&str>,
        facts: &mut TlsFacts,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let operation = format!("TLS handshake with {remote}");
        let failed = |text: &str| failure(FailureCode::TlsHandshakeFailed, format!("{operation}: {text}"));
        let expected = Self::expected(&operation, name, remote)?;
        let recorder = Arc::new(self.recorder(&operation).await?);
        facts.server_name = expected.to_str().into_owned();
        let config = ClientConfig::builder_with_details(provider(), Arc::new(HostClock))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&recorder) as Arc<dyn ServerCertVerifier>)
            .with_client_cert_resolver(Arc::clone(&recorder) as Arc<dyn ResolvesClientCert>);
        let shaken = TlsConnector::from(Arc::new(config)).connect(expected, stream).await;
        recorder.tell(&operation, facts);
        match shaken {
            Ok(stream) => {
                let (_, session) = stream.get_ref();
                facts.protocol = session.protocol_version().map(|version| match version {
                    ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
                    ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
                    other => format!("{other:?}"),
                });
                facts.cipher = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
                facts.alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
                Ok(stream)
            }
            Err(error) => {
                let (code, text) = explain(&error, facts);
                Err(failure(code, format!("{operation}: {text}")))
            }
        }
    }

    /// The name, or without one the address, that the certificate has to be for.
    pub(super) fn expected(
        operation: &str,
        name: Option<&str>,
        remote: SocketAddr,
    ) -> Result<ServerName<'static>, Failure> {
        let Some(name) = name.map(|name| name.trim_end_matches('.')) else {
            return Ok(ServerName::IpAddress(remote.ip().into()));
        };
        ServerName::try_from(name.to_owned()).map_err(|_| {
            let text = format!("{operation}: {} is not a name a certificate can have", printable(name, 100));
            failure(FailureCode::TlsHandshakeFailed, text)
        })
    }

    /// Verifies a chain that another handshake than TLS's own brought.
    #[cfg(feature = "dtls")]
    pub(super) async fn verify(
        &self,
        operation: &str,
        chain: &[Vec<u8>],
        name: ServerName<'static>,
        facts: &mut TlsFacts,
    ) -> Result<(), Failure> {
        let recorder = self.recorder(operation).await?;
        let mut chain = chain.iter().map(|der| CertificateDer::from_slice(der));
        let Some(first) = chain.next() else {
            return Err(failure(FailureCode::TlsHandshakeFailed, format!("{operation}: there was no certificate")));
        };
        let rest: Vec<CertificateDer<'_>> = chain.collect();
        let verdict = recorder.verify_server_cert(&first, &rest, &name, &[], now());
        recorder.tell(operation, facts);
        match (verdict, &facts.problem) {
            (Ok(_), _) => Ok(()),
            (Err(_), Some(problem)) => Err(problem.clone()),
            (Err(error), None) => {
                let text = format!("{operation}: {}", printable(&error.to_string(), 200));
                Err(failure(FailureCode::TlsHandshakeFailed, text))
            }
        }
    }

    async fn recorder(&self, operation: &str) -> Result<Recorder, Failure> {
        let verifier = self.verifier.get_or_init(|| self.make_verifier()).await.clone();
        let verifier =
            verifier.map_err(|reason| failure(FailureCode::TlsHandshakeFailed, format!("{operation}: {reason}")))?;
        Ok(Recorder { verifier, given: self.config.also.clone(), insecure: self.insecure, seen: Mutex::default() })
    }

    async fn make_verifier(&self) -> Result<Arc<WebPkiServerVerifier>, String> {
        // Reads some hundred files: not on the thread that times packets.
        let mut roots = tokio::task::spawn_blocking(system_roots).await.map_err(|error| error.to_string())?;
        roots.add_parsable_certificates(self.config.also.iter().cloned());
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|_| "there is no certificate authority to trust".into())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// The real verifier, which also keeps the certificates and what it found wrong with them: rustls tells never the issuer.
#[derive(Debug)]
struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    /// The certificates that the user trusts beside the system's, or alone.
    given: Vec<CertificateDer<'static>>,
    insecure: bool,
    seen: Mutex<Seen>,
}

/// What came with a handshake.
#[derive(Debug, Default)]
struct Seen {
    chain: Vec<CertificateFacts>,
    error: Option<CertificateError>,
    client_certificate_wanted: bool,
}

impl Recorder {
    /// Whether this very certificate is trusted, whatever it says of who may issue what: a self-signed one that calls itself an
    /// authority's, as `openssl req -x509` makes them, is no end certificate to the verifier, nor is one that a stranger issued. Both
    /// it says only after the dates were found good; the name it did not come to.
    fn is_given(&self, end_entity: &CertificateDer<'_>, name: &ServerName<'_>, error: &CertificateError) -> bool {
        use CertificateError::{InvalidPurpose, InvalidPurposeContext, Other, UnknownIssuer};
        let about_issuing = matches!(error, InvalidPurpose | InvalidPurposeContext { .. } | Other(_) | UnknownIssuer);
        let named = || ParsedCertificate::try_from(end_entity).and_then(|parsed| verify_server_name(&parsed, name));
        about_issuing && self.given.iter().any(|given| given == end_entity) && named().is_ok()
    }

    /// Tells the certificates and what is wrong with them.
    fn tell(&self, operation: &str, facts: &mut TlsFacts) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        facts.chain = seen.chain;
        facts.client_certificate_wanted = seen.client_certificate_wanted;
        facts.problem = seen.error.map(|error| {
            let (code, text) = explain_certificate(&error, &facts.chain);
            failure(code, format!("{operation}: {text}"))
        });
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut verdict = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let Err(Error::InvalidCertificate(error)) = &verdict
            && self.is_given(end_entity, server_name, error)
        {
            verdict = Ok(ServerCertVerified::assertion());
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let chain = std::iter::once(end_entity).chain(intermediates).take(MOST_CERTIFICATES);
        seen.chain = chain.filter_map(|one| certificate::facts(one)).collect();
        if let Err(Error::InvalidCertificate(error)) = &verdict {
            seen.error = Some(error.clone());
            if self.insecure {
                return Ok(ServerCertVerified::assertion());
            }
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// No certificate is shown to a server that asks for one: clients of TURN have none. That it asked is worth knowing.
impl ResolvesClientCert for Recorder {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).client_certificate_wanted = true;
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// What broke a connection: after a handshake of TLS 1.3, which is over for the client before the server has looked for its
/// certificate, an alert may be the server's answer to that.
pub(super) fn broken(operation: &str, error: &io::Error) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::AlertReceived(alert)) if is_about_ours(*alert) => {
            failure(FailureCode::TlsHandshakeFailed, format!("{operation}: {}", demanded(*alert)))
        }
        _ => io_failure(operation, error),
    }
}

/// Whether a server says so of the client's certificate, or of there being none.
fn is_about_ours(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(alert, A::CertificateRequired | A::BadCertificate | A::CertificateUnknown | A::UnknownCA | A::AccessDenied)
}

fn demanded(alert: AlertDescription) -> String {
    format!("the server demands a client certificate, and none was shown (alert {alert:?})")
}

fn explain(error: &io::Error, facts: &TlsFacts) -> (FailureCode, String) {
    let wanted = facts.client_certificate_wanted;
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match code(error) {
            FailureCode::ConnectionClosed if wanted => {
                let text = "the server asked for a client certificate, got none, and closed the connection";
                (FailureCode::TlsHandshakeFailed, text.into())
            }
            FailureCode::ConnectionClosed => (FailureCode::ConnectionClosed, "the server closed the connection".into()),
            code => (code, message(error)),
        };
    };
    match inner {
        Error::InvalidCertificate(error) => explain_certificate(error, &facts.chain),
        // With TLS 1.2 many say no more than that the handshake failed.
        Error::AlertReceived(alert)
            if wanted && (is_about_ours(*alert) || *alert == AlertDescription::HandshakeFailure) =>
        {
            (FailureCode::TlsHandshakeFailed, demanded(*alert))
        }
        Error::AlertReceived(alert) => {
            let why = match alert {
                AlertDescription::UnrecognisedName => {
                    ": it has no certificate for that name, or wants a name and was called by an address"
                }
                AlertDescription::ProtocolVersion => ": it speaks neither TLS 1.2 nor 1.3",
                AlertDescription::HandshakeFailure => ": most often it has no cipher in common",
                _ => "",
            };
            (FailureCode::TlsHandshakeFailed, format!("the server refused with the alert {alert:?}{why}"))
        }
        // What comes first from a server that speaks something else is no TLS record.
        Error::InvalidMessage(_) => (
            FailureCode::NotTls,
            format!("the server does not speak TLS there ({})", printable(&inner.to_string(), 100)),
        ),
        // An echo.
        Error::InappropriateHandshakeMessage { got_type: HandshakeType::ClientHello, .. } => {
            (FailureCode::NotTls, "what is sent there comes back as it was: nobody speaks TLS there".into())
        }
        other => (FailureCode::TlsHandshakeFailed, printable(&other.to_string(), 200)),
    }
}

fn explain_certificate(error: &CertificateError, chain: &[CertificateFacts]) -> (FailureCode, String) {
    let parties = chain.first();
    let issuer = parties.map_or_else(String::new, |parties| {
        if parties.self_issued {
            format!(", by itself: {}", printable(&parties.issuer, 100))
        } else {
            format!(", by {}", printable(&parties.issuer, 100))
        }
    });
    match error {
        CertificateError::NotValidForNameContext { expected, presented } => {
            let text = format!("the certificate is for {}, not for {}", names(presented), expected.to_str());
            (FailureCode::TlsNameMismatch, text)
        }
        CertificateError::NotValidForName => {
            (FailureCode::TlsNameMismatch, "the certificate is for another name".into())
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            let whose = whose(chain, |one| one.not_after.as_deref(), *not_after);
            (FailureCode::TlsExpired, format!("{whose} expired on {}", date(*not_after)))
        }
        CertificateError::Expired => (FailureCode::TlsExpired, "the certificate expired".into()),
        CertificateError::NotValidYetContext { not_before, .. } => {
            let whose = whose(chain, |one| one.not_before.as_deref(), *not_before);
            (FailureCode::TlsExpired, format!("{whose} is not valid before {}", date(*not_before)))
        }
        CertificateError::NotValidYet => (FailureCode::TlsExpired, "the certificate is not valid yet".into()),
        CertificateError::BadEncoding => (FailureCode::TlsHandshakeFailed, "the certificate cannot be read".into()),
        CertificateError::UnknownIssuer => {
            (FailureCode::TlsUntrusted, format!("the certificate was issued by nobody this host trusts{issuer}"))
        }
        // An authority that was made anew under its old name, or another one of that name.
        CertificateError::BadSignature if parties.is_none_or(|parties| !parties.self_issued) => {
            let text =
                format!("the certificate is not signed by the authority of that name which this host trusts{issuer}");
            (FailureCode::TlsUntrusted, text)
        }
        CertificateError::Revoked => (FailureCode::TlsUntrusted, format!("the certificate was revoked{issuer}")),
        // A certificate made with `openssl req -x509` is an authority's too, which is what the verifier stumbles over first, even where
        // it is trusted (--ca).
        _ if parties.is_some_and(|parties| parties.self_issued) => (
            FailureCode::TlsUntrusted,
            format!("the certificate is self-signed and an authority's, which no server may show as its own{issuer}"),
        ),
        // Whoever issued it, it is no certificate to show.
        other => {
            let what = other.to_string();
            let what = if what.contains("UnsupportedCertVersion") {
                "it is of X.509 version 1, which names no host: made without subjectAltName".to_owned()
            } else {
                printable(&what, 100)
            };
            (FailureCode::TlsHandshakeFailed, format!("the certificate is not valid ({what}){issuer}"))
        }
    }
}

/// Which certificate of the chain has that date: the server's own, or one that issued it.
fn whose(chain: &[CertificateFacts], its: impl Fn(&CertificateFacts) -> Option<&str>, time: UnixTime) -> String {
    let time = instant(time).map(clock::rfc3339);
    // Certificates have seconds.
    let second = |text: &str| text.get(..19).map(str::to_owned);
    let has_it = |one: &&CertificateFacts| its(one).and_then(second) == time.as_deref().and_then(second);
    let own = chain.first().is_some_and(|one| has_it(&one));
    match chain.iter().skip(1).find(has_it).filter(|_| !own) {
        Some(above) => format!("the certificate of its authority, {},", printable(&above.subject, 100)),
        None => "the certificate".to_owned(),
    }
}

/// The first names of a certificate, which rustls writes as `DnsName("a.example")`.
fn names(presented: &[String]) -> String {
    const SHOWN: usize = 5;
    if presented.is_empty() {
        return "no name at all".into();
    }
    let bare = presented.iter().take(SHOWN).map(|name| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        printable(inner.trim_matches('"'), 100)
    });
    let mut text = bare.collect::<Vec<_>>().join(", ");
    if presented.len() > SHOWN {
        text.push_str(" and others");
    }
    text
}

/// This host's clock for rustls, whose own panics where it is before 1970.
#[derive(Debug)]
struct HostClock;

impl TimeProvider for HostClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(now())
    }
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(clock::now_unix_s()).unwrap_or_default()))
}

fn date(time: UnixTime) -> String {
    instant(time).map_or_else(|| "a date far away".into(), |time| clock::rfc3339(time).chars().take(10).collect())
}

fn instant(time: UnixTime) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::CertificateError;
    use tokio_rustls::rustls::pki_types::UnixTime;

    use super::{explain_certificate, names};
    use crate::evidence::{CertificateFacts, FailureCode};

    fn until(subject: &str, issuer: &str, not_after: &str) -> CertificateFacts {
        CertificateFacts {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            not_after: Some(not_after.to_owned()),
            ..CertificateFacts::default()
        }
    }

    #[test]
    fn it_is_told_whose_certificate_expired() {
        let chain = [
            until("turn.example.org", "Intermediate", "2033-01-01T00:00:00Z"),
            until("Intermediate", "Root", "2021-01-01T00:00:00Z"),
        ];
        let expired = |unix_s| {
            let time = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
            let error = CertificateError::ExpiredContext { time: time(2_000_000_000), not_after: time(unix_s) };
            explain_certificate(&error, &chain)
        };
        let (code, text) = expired(1_609_459_200);
        assert_eq!(code, FailureCode::TlsExpired);
        assert_eq!(text, "the certificate of its authority, Intermediate, expired on 2021-01-01");
        assert_eq!(expired(1_988_150_400).1, "the certificate expired on 2033-01-01");
    }

    /// What is wrong with the certificate itself is no question of who issued it.
    #[test]
    fn a_certificate_that_is_none_is_not_said_to_be_untrusted() {
        let chain = [until("turn.example.org", "Intermediate", "2033-01-01T00:00:00Z")];
        let (code, _) = explain_certificate(&CertificateError::UnknownIssuer, &chain);
        assert_eq!(code, FailureCode::TlsUntrusted);
        let (code, text) = explain_certificate(&CertificateError::BadSignature, &chain);
        assert_eq!(code, FailureCode::TlsUntrusted, "{text}");
        let (code, _) = explain_certificate(&CertificateError::UnhandledCriticalExtension, &chain);
        assert_eq!(code, FailureCode::TlsHandshakeFailed);
    }

    #[test]
    fn names_of_a_certificate_are_bare_few_and_harmless() {
        assert_eq!(names(&[]), "no name at all");
        assert_eq!(names(&["DnsName(\"a.example\")".into(), "b\u{1b}.example".into()]), "a.example, b\\x1b.example");
        let many = (0..9).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&many), "0, 1, 2, 3, 4 and others");
    }
}
