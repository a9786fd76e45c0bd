//! A TLS server that is no TURN server and takes nothing else than TLS, unlike coturn.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection};

use super::certs;
use super::netns::within;
use super::servers::Host;

/// What the server does with a visitor who does not greet as TLS does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It says with an alert that this is no TLS.
    Alert,
    /// It says nothing.
    Silence,
    /// It takes nobody without a certificate that the authority has signed.
    KnowsItsClients,
}

/// The first byte of a TLS record that carries a handshake (RFC 8446 section 5.1).
const HANDSHAKE: u8 = 22;

/// Serves TLS on a host's port with the chain made last.
pub(crate) fn serve(host: Host, port: u16, manners: Manners) {
    let listener = within(host.name, || TcpListener::bind((host.at(), port))).expect("a free port");
    let chain = CertificateDer::pem_file_iter(certs::CHAIN).expect("a chain").map(|one| one.expect("a certificate"));
    let key = PrivateKeyDer::from_pem_file(certs::KEY).expect("a key");
    let builder = ServerConfig::builder();
    let builder = if manners == Manners::KnowsItsClients {
        let mut trusted = RootCertStore::empty();
        trusted.add_parsable_certificates(
            CertificateDer::pem_file_iter(certs::AUTHORITY).expect("an authority").flatten(),
        );
        let verifier = WebPkiClientVerifier::builder(Arc::new(trusted)).build().expect("a verifier");
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let config = builder.with_single_cert(chain.collect(), key);
    let config = Arc::new(config.expect("a chain and its key"));
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || converse(visitor, config, manners));
        }
    });
}

/// Shakes hands, or says with an alert why not, and listens until the visitor leaves.
fn converse(mut visitor: TcpStream, config: Arc<ServerConfig>, manners: Manners) -> Option<()> {
    visitor.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut first = [0];
    visitor.peek(&mut first).ok()?;
    if manners == Manners::Silence && first != [HANDSHAKE] {
        while visitor.read(&mut [0; 512]).ok()? > 0 {}
        return None;
    }
    let mut tls = ServerConnection::new(config).ok()?;
    loop {
        while tls.wants_write() {
            tls.write_tls(&mut visitor).ok()?;
        }
        if tls.read_tls(&mut visitor).ok()? == 0 {
            return None;
        }
        if tls.process_new_packets().is_err() {
            while tls.wants_write() {
                tls.write_tls(&mut visitor).ok()?;
            }
            return None;
        }
    }
}
