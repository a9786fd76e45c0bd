//! DTLS sockets, against OpenSSL as server with certificates made here.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use nat_probe::engine::Input;
use nat_probe::evidence::{FailureCode, TlsFacts};
use nat_probe::net::{Config, RealNetwork};
use nat_probe::wire::Transport;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream};
use openssl::x509::X509;
use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::tls::{Authority, assert_failure};
use super::{FIRST, expect, failed, message, open, opened, received, send, spec};

/// A server's socket: one read is one datagram of its only client.
#[derive(Debug)]
struct Datagrams(UdpSocket);

impl Read for Datagrams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buffer)
    }
}

impl Write for Datagrams {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.0.send(datagram)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server with that certificate that answers one message with message 1, in a thread of its own.
fn serve(certificate: &CertificateDer<'static>, key: &KeyPair) -> SocketAddr {
    let mut context = SslContext::builder(SslMethod::dtls_server()).unwrap();
    context.set_certificate(&X509::from_der(certificate).unwrap()).unwrap();
    context.set_private_key(&PKey::private_key_from_der(&key.serialize_der()).unwrap()).unwrap();
    let context = context.build();
    let (socket, local) = socket();
    thread::spawn(move || {
        let (_, client) = socket.peek_from(&mut [0; 2048]).unwrap();
        socket.connect(client).unwrap();
        let mut ssl = Ssl::new(&context).unwrap();
        ssl.set_mtu(1_200).unwrap();
        let mut stream = SslStream::new(ssl, Datagrams(socket)).unwrap();
        // A client that refuses the certificate ends it here or later.
        let mut record = [0; 2048];
        while stream.accept().is_ok() && stream.ssl_read(&mut record).is_ok() {
            stream.ssl_write(&message(1)).unwrap();
        }
    });
    local
}

fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let local = socket.local_addr().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    (socket, local)
}

fn start(network: &mut RealNetwork, server: SocketAddr, name: Option<&str>) {
    let mut wish = spec(Transport::Dtls, server);
    wish.server_name = name.map(str::to_owned);
    open(network, FIRST, wish);
}

fn handshake(network: &mut RealNetwork) -> Box<TlsFacts> {
    expect(network, "handshake", |input| match input {
        Input::Handshake { facts, .. } => Some(facts.clone()),
        _ => None,
    })
}

#[test]
fn a_good_certificate_opens_the_association() {
    let authority = Authority::new();
    for (name, called) in [("turn.example", Some("turn.example")), ("127.0.0.1", None)] {
        let (certificate, key) = authority.issue(name, |_| {});
        let server = serve(&certificate, &key);
        let mut network = authority.network();
        start(&mut network, server, called);
        let facts = handshake(&mut network);
        assert_eq!(facts.protocol.as_deref(), Some("DTLS 1.2"));
        assert_eq!((facts.chain[0].names.as_slice(), &facts.problem), (&[name.to_owned()][..], &None));
        opened(&mut network, FIRST);
        for number in 5..8 {
            send(&mut network, FIRST, server, &message(number));
            assert_eq!(received(&mut network), (server, message(1)));
        }
    }
}

#[test]
fn certificates_are_refused_for_the_same_reasons_as_over_tcp() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("other.example", |_| {});
    let mut network = authority.network();
    start(&mut network, serve(&certificate, &key), Some("turn.example"));
    let words = ["DTLS handshake with", "for other.example", "not for turn.example"];
    assert_failure(&failed(&mut network).1, FailureCode::TlsNameMismatch, &words);

    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["turn.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let mut network = authority.network();
    start(&mut network, serve(&certificate, &key), Some("turn.example"));
    assert_failure(&failed(&mut network).1, FailureCode::TlsUntrusted, &["by itself"]);
}

#[test]
fn a_failed_check_may_be_passed_over() {
    let (certificate, key) = Authority::new().issue("other.example", |_| {});
    let server = serve(&certificate, &key);
    let mut network = RealNetwork::new(Config { insecure: true, ..Config::default() }).unwrap();
    start(&mut network, server, Some("turn.example"));
    assert_eq!(handshake(&mut network).problem.map(|problem| problem.code), Some(FailureCode::TlsUntrusted));
    opened(&mut network, FIRST);
}

#[test]
fn silence_noise_and_nobody_are_told_apart() {
    let network = || {
        let connect_timeout = Duration::from_millis(1_500);
        RealNetwork::new(Config { connect_timeout, ..Config::default() }).unwrap()
    };
    let (silent, server) = socket();
    let mut one = network();
    start(&mut one, server, Some("turn.example"));
    assert_failure(&failed(&mut one).1, FailureCode::NoAnswer, &["no answer within 1.5 s"]);
    // The first flight was sent once more: a single lost datagram ends nothing.
    silent.set_nonblocking(true).unwrap();
    let flights = std::iter::from_fn(|| silent.recv(&mut [0; 2048]).ok()).count();
    assert_eq!(flights, 2);

    let (noisy, server) = socket();
    thread::spawn(move || {
        while let Ok((_, client)) = noisy.recv_from(&mut [0; 2048]) {
            let _ = noisy.send_to(b"HTTP/1.1 400 Bad Request", client);
        }
    });
    let mut one = network();
    start(&mut one, server, Some("turn.example"));
    let (_, failure) = failed(&mut one);
    assert!(matches!(failure.code, FailureCode::NoAnswer | FailureCode::TlsHandshakeFailed), "{}", failure.text);

    let (nobody, server) = socket();
    drop(nobody);
    let mut one = network();
    start(&mut one, server, Some("turn.example"));
    assert_eq!(failed(&mut one).1.code, FailureCode::ConnectionRefused);
}
