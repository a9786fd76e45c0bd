//! TLS sockets, against servers with certificates made here.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nat_probe::engine::Input;
use nat_probe::evidence::{Failure, FailureCode};
use nat_probe::net::{Config, RealNetwork, TlsConfig};
use nat_probe::wire::Transport;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::{FIRST, expect, failed, message, open, opened, received, send, spec};

/// A certificate authority of our own.
pub(crate) struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test \u{1b}[31mAuthority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A certificate for this name, and its key.
    pub(crate) fn issue(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    /// A server for this name that answers every request with message 1.
    fn serve(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> SocketAddr {
        let (certificate, key) = self.issue(name, change);
        serve(certificate, &key)
    }

    pub(crate) fn network(&self) -> RealNetwork {
        let tls = TlsConfig { also: vec![self.certificate.clone()] };
        RealNetwork::new(Config { tls, ..Config::default() }).unwrap()
    }

    /// Why connecting to that server under that name failed.
    fn failure(&self, server: SocketAddr, name: Option<&str>) -> Failure {
        let mut network = self.network();
        let mut wish = spec(Transport::Tls, server);
        wish.server_name = name.map(str::to_owned);
        open(&mut network, FIRST, wish);
        failed(&mut network).1
    }
}

fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    accept(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // A client that refuses the certificate ends it here.
        if stream.read_exact(&mut [0; 20]).is_ok() {
            stream.write_all(&message(1)).unwrap();
            let _ = stream.read(&mut [0]);
        }
    })
}

/// A server that does this with its first connection.
fn accept(serving: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = listener.local_addr().unwrap();
    thread::spawn(move || serving(listener.accept().unwrap().0));
    local
}

pub(crate) fn assert_failure(failure: &Failure, code: FailureCode, words: &[&str]) {
    assert_eq!(failure.code, code, "{}", failure.text);
    for word in words {
        assert!(failure.text.contains(word), "{word:?} is not in {:?}", failure.text);
    }
    assert!(!failure.text.contains(char::is_control), "{:?}", failure.text);
}

#[test]
fn a_good_certificate_opens_the_connection() {
    let authority = Authority::new();
    for (name, called) in
        [("stun.example", Some("stun.example")), ("dot.example", Some("dot.example.")), ("127.0.0.1", None)]
    {
        let server = authority.serve(name, |_| {});
        let mut network = authority.network();
        let mut wish = spec(Transport::Tls, server);
        wish.server_name = called.map(str::to_owned);
        open(&mut network, FIRST, wish);
        opened(&mut network, FIRST);
        send(&mut network, FIRST, server, &message(9));
        assert_eq!(received(&mut network), (server, message(1)));
    }
}

#[test]
fn another_name_is_told_with_both_names() {
    let authority = Authority::new();
    let server = authority.serve("other.example", |_| {});
    let failure = authority.failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::TlsNameMismatch, &["for other.example", "not for stun.example"]);
    let server = authority.serve("other.example", |_| {});
    assert_failure(&authority.failure(server, None), FailureCode::TlsNameMismatch, &["not for 127.0.0.1"]);
}

#[test]
fn an_expired_certificate_is_told_with_its_date() {
    let authority = Authority::new();
    let server = authority.serve("stun.example", |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 3);
    });
    let failure = authority.failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::TlsExpired, &["expired on 2020-02-03"]);
    let server = authority.serve("stun.example", |params| params.not_before = date_time_ymd(4000, 1, 1));
    let failure = authority.failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::TlsExpired, &["not valid before 4000-01-01"]);
}

#[test]
fn an_unknown_issuer_is_named_without_its_escape_sequences() {
    let server = Authority::new().serve("stun.example", |_| {});
    let failure = Authority::new().failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::TlsUntrusted, &["Authority"]);
}

#[test]
fn a_self_signed_certificate_is_untrusted() {
    let mut params = CertificateParams::new(vec!["stun.example".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a router");
    let key = KeyPair::generate().unwrap();
    let server = serve(params.self_signed(&key).unwrap().der().clone(), &key);
    let failure = Authority::new().failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::TlsUntrusted, &["by itself", "a router"]);
}

#[test]
fn a_server_without_tls_is_told() {
    let authority = Authority::new();
    let server = accept(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let failure = authority.failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::NotTls, &["does not speak TLS"]);
}

#[test]
fn a_server_that_hangs_up_or_stays_silent_is_told() {
    let authority = Authority::new();
    let server = accept(|mut stream| drop(stream.read(&mut [0; 1024])));
    let failure = authority.failure(server, Some("stun.example"));
    assert_failure(&failure, FailureCode::ConnectionClosed, &["TLS handshake with 127.0.0.1"]);

    let server = accept(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let connect_timeout = Duration::from_millis(50);
    let mut network = RealNetwork::new(Config { connect_timeout, ..Config::default() }).unwrap();
    open(&mut network, FIRST, spec(Transport::Tls, server));
    assert_failure(&failed(&mut network).1, FailureCode::NoAnswer, &["no answer within 0.05 s"]);
}

#[test]
fn a_name_no_certificate_can_have_is_told() {
    let authority = Authority::new();
    let server = authority.serve("stun.example", |_| {});
    let failure = authority.failure(server, Some("not a\u{1b}name"));
    assert_failure(&failure, FailureCode::TlsHandshakeFailed, &["not a name"]);
}

/// A certificate that signs itself and says of itself that it may sign others, as `openssl req -x509` makes them.
fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> (CertificateDer<'static>, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().der().clone(), key)
}

/// What becomes of connecting under that name where these certificates are trusted.
fn trusting(given: Vec<CertificateDer<'static>>, server: SocketAddr, name: &str) -> Result<(), Failure> {
    let tls = TlsConfig { also: given };
    let mut network = RealNetwork::new(Config { tls, ..Config::default() }).unwrap();
    let mut wish = spec(Transport::Tls, server);
    wish.server_name = Some(name.to_owned());
    open(&mut network, FIRST, wish);
    ended_or_opened(&mut network)
}

fn ended_or_opened(network: &mut RealNetwork) -> Result<(), Failure> {
    expect(network, "opened or failed socket", |input| match input {
        Input::Opened { .. } => Some(Ok(())),
        Input::Failed { failure, .. } => Some(Err(failure.clone())),
        _ => None,
    })
}

#[test]
fn an_end_certificate_that_is_given_is_trusted_for_its_name_and_time() {
    let refused = |given, server, name, code| assert_eq!(trusting(given, server, name).unwrap_err().code, code);
    let (certificate, key) = self_signed("stun.example", |_| {});
    let given = || vec![certificate.clone()];
    trusting(given(), serve(certificate.clone(), &key), "stun.example").unwrap();
    refused(given(), serve(certificate.clone(), &key), "other.example", FailureCode::TlsUntrusted);
    let (other, _) = self_signed("stun.example", |_| {});
    refused(vec![other], serve(certificate.clone(), &key), "stun.example", FailureCode::TlsUntrusted);
    let (old, old_key) = self_signed("stun.example", |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 3);
    });
    refused(vec![old.clone()], serve(old, &old_key), "stun.example", FailureCode::TlsExpired);
    // One that somebody else issued, given itself.
    let (leaf, leaf_key) = Authority::new().issue("stun.example", |_| {});
    trusting(vec![leaf.clone()], serve(leaf, &leaf_key), "stun.example").unwrap();
}

#[test]
fn a_server_that_wants_a_certificate_of_ours_is_told() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let (certificate, key) = authority.issue("stun.example", |_| {});
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let server = accept(move |stream| {
            let connection = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let _ = stream.read(&mut [0; 20]);
            let _ = stream.flush();
            // A reset would overtake the alert.
            let _ = stream.sock.read_to_end(&mut Vec::new());
        });
        let failure = authority.failure(server, Some("stun.example"));
        assert_failure(&failure, FailureCode::TlsHandshakeFailed, &["client certificate"]);
    }
}
