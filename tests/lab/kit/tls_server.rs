//! A TLS server that is no TURN server and takes nothing else than TLS, unlike coturn.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

use super::certs;
use super::netns::within;
use super::servers::Host;

/// Serves TLS on a host's port with the chain made last.
pub fn serve(host: Host, port: u16) {
    let listener = within(host.name, || TcpListener::bind((host.at(), port))).expect("a free port");
    let chain = CertificateDer::pem_file_iter(certs::CHAIN).expect("a chain").map(|one| one.expect("a certificate"));
    let key = PrivateKeyDer::from_pem_file(certs::KEY).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain.collect(), key);
    let config = Arc::new(config.expect("a chain and its key"));
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || converse(visitor, config));
        }
    });
}

/// Shakes hands, or says with an alert why not, and listens until the visitor leaves.
fn converse(mut visitor: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
    visitor.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
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
