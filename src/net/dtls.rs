//! DTLS sockets: OpenSSL shakes hands over datagrams, the verifier of TLS judges the certificates, then one record is one message.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, Ssl, SslContext, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion};
use socket2::{SockRef, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep, timeout_at};

use super::binding::Binding;
use super::failure::{failure, io_failure, printable};
use super::tcp::{Session, Stream, gone};
use super::tls::Tls;
use super::{clock, icmp, platform};
use crate::engine::Input;
use crate::evidence::{Failure, FailureCode, TlsFacts};

/// Datagrams of a handshake are no larger: every path takes them (RFC 8200 section 5, less the headers of IPv6 and UDP).
const MTU: u32 = 1_200;

/// How often OpenSSL is asked whether a flight of the handshake is to be sent again; when it is, after a second and then twice as long
/// each time (RFC 6347 section 4.2.4.1), is its own affair.
const TICK: Duration = Duration::from_millis(100);

/// The largest record.
const RECORD: usize = 1 << 14;

/// An association, and the socket it is on.
struct Association {
    session: Session,
    socket: Arc<UdpSocket>,
}

/// Opens a socket and starts to shake hands; the rest goes on by itself and is told as input.
pub(super) fn open(session: Session, binding: &Binding) -> Result<Stream, Failure> {
    let spec = &session.spec;
    let socket = binding.socket(spec.remote, Type::DGRAM)?;
    binding.bind(&socket, spec.remote, spec.local_address, &spec.local_ports)?;
    let adopt = || {
        socket.connect(&spec.remote.into())?;
        UdpSocket::from_std(socket.into())
    };
    let socket = adopt().map_err(|error| io_failure(&format!("open a UDP socket towards {}", spec.remote), &error))?;
    let (id, inputs) = (session.id, session.inputs.clone());
    let association = Association { session, socket: Arc::new(socket) };
    Ok(Stream::spawn(id, inputs, |messages| async move { association.run(messages).await }))
}

/// The socket as OpenSSL sees it: one read is one datagram, and so is one write.
#[derive(Debug)]
struct Datagrams(Arc<UdpSocket>);

impl Read for Datagrams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_recv(buffer)
    }
}

impl Write for Datagrams {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        // Past tokio, which would first want to hear from the reactor that a new socket can be written to.
        match SockRef::from(&*self.0).send(datagram) {
            // A datagram that finds no room is a lost one; DTLS knows how to live with that.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(datagram.len()),
            sent => sent,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Association {
    /// From the first flight to the end, whose reason it returns.
    async fn run(&self, messages: Receiver<Vec<u8>>) -> Failure {
        let remote = self.session.spec.remote;
        let operation = format!("DTLS handshake with {remote}");
        let local = match self.socket.local_addr() {
            Ok(local) => local,
            Err(error) => return io_failure(&operation, &error),
        };
        let mut facts = TlsFacts::default();
        let limit = clock::after(self.session.patience);
        let shaken = self.shake_hands(&operation, limit, &mut facts).await;
        if self.session.inputs.send(Input::Handshake { socket: self.session.id, facts: Box::new(facts) }).await.is_err()
        {
            return gone();
        }
        let stream = match shaken {
            Ok(stream) => stream,
            Err(failure) => return failure,
        };
        // From here on an ICMP message, which anybody can forge, must not end the association.
        let _ = platform::forget_errors(&*self.socket, remote.is_ipv6());
        if self.session.inputs.send(Input::Opened { socket: self.session.id, local }).await.is_err() {
            return gone();
        }
        self.talk(stream, messages).await
    }

    async fn shake_hands(
        &self,
        operation: &str,
        limit: Instant,
        facts: &mut TlsFacts,
    ) -> Result<SslStream<Datagrams>, Failure> {
        let name = Tls::expected(operation, self.session.spec.server_name.as_deref(), self.session.spec.remote)?;
        facts.server_name = name.to_str().into_owned();
        let broken = |error: ErrorStack| failure(FailureCode::Other, format!("{operation}: {}", words(&error)));
        let mut stream = self.stream(&facts.server_name).map_err(broken)?;
        while let Err(error) = stream.connect() {
            self.wait(operation, limit, error).await?;
        }
        let ssl = stream.ssl();
        facts.protocol = Some(ssl.version_str().replace("DTLSv", "DTLS "));
        facts.cipher = ssl.current_cipher().map(|cipher| cipher.name().to_owned());
        let chain = ssl.peer_cert_chain().into_iter().flatten().filter_map(|one| one.to_der().ok());
        let chain: Vec<Vec<u8>> = chain.collect();
        match self.session.tls.verify(operation, &chain, name, facts).await {
            Ok(()) => Ok(stream),
            Err(failure) => {
                let _ = stream.shutdown();
                Err(failure)
            }
        }
    }

    /// A client that takes any certificate: it is verified afterwards, by the same rules as over TCP.
    fn stream(&self, name: &str) -> Result<SslStream<Datagrams>, ErrorStack> {
        let mut context = SslContext::builder(SslMethod::dtls_client())?;
        context.set_verify(SslVerifyMode::NONE);
        context.set_min_proto_version(Some(SslVersion::DTLS1_2))?;
        context.set_options(SslOptions::NO_QUERY_MTU);
        let mut ssl = Ssl::new(&context.build())?;
        ssl.set_mtu(MTU)?;
        if name.parse::<std::net::IpAddr>().is_err() {
            ssl.set_hostname(name)?;
        }
        SslStream::new(ssl, Datagrams(Arc::clone(&self.socket)))
    }

    /// Waits until the handshake can go on; the failure where it cannot.
    async fn wait(&self, operation: &str, limit: Instant, error: Error) -> Result<(), Failure> {
        if error.code() != ErrorCode::WANT_READ {
            return Err(unshaken(operation, &error));
        }
        let mut refused = None;
        icmp::drain(&*self.socket, platform::next_error, |refusal| {
            refused = Some(refusal.failure("DTLS handshake with"));
        });
        if let Some(refused) = refused {
            return Err(refused);
        }
        let go_on = async {
            tokio::select! {
                ready = self.socket.readable() => ready,
                () = sleep(TICK) => Ok(()),
            }
        };
        match timeout_at(limit, go_on).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(io_failure(operation, &error)),
            Err(_) => Err(self.session.silent(operation)),
        }
    }

    /// Messages both ways until the end, whose reason it returns.
    async fn talk(&self, mut stream: SslStream<Datagrams>, mut messages: Receiver<Vec<u8>>) -> Failure {
        let remote = self.session.spec.remote;
        let mut record = vec![0; RECORD];
        loop {
            tokio::select! {
                ready = self.socket.readable() => {
                    if let Err(error) = ready {
                        return io_failure(&format!("receive from {remote}"), &error);
                    }
                }
                message = messages.recv() => {
                    let Some(message) = message else {
                        let _ = stream.shutdown();
                        return gone();
                    };
                    if let Err(error) = stream.ssl_write(&message) && error.code() != ErrorCode::WANT_READ {
                        return unshaken(&format!("send to {remote}"), &error);
                    }
                    continue;
                }
            }
            loop {
                match stream.ssl_read(&mut record) {
                    Ok(length) => {
                        let bytes = record[..length].to_vec();
                        if self
                            .session
                            .inputs
                            .send(Input::Received { socket: self.session.id, source: remote, bytes })
                            .await
                            .is_err()
                        {
                            return gone();
                        }
                    }
                    Err(error) if error.code() == ErrorCode::WANT_READ => break,
                    Err(error) if error.code() == ErrorCode::ZERO_RETURN => {
                        return failure(FailureCode::ConnectionClosed, format!("{remote} ended the DTLS association"));
                    }
                    Err(error) => return unshaken(&format!("receive from {remote}"), &error),
                }
            }
        }
    }
}

fn unshaken(operation: &str, error: &Error) -> Failure {
    match (error.io_error(), error.ssl_error()) {
        (Some(error), _) => io_failure(operation, error),
        (None, Some(stack)) => failure(FailureCode::TlsHandshakeFailed, format!("{operation}: {}", words(stack))),
        (None, None) => failure(FailureCode::TlsHandshakeFailed, format!("{operation}: it ended without a reason")),
    }
}

/// The last of OpenSSL's reasons.
fn words(stack: &ErrorStack) -> String {
    let reason = stack.errors().last().and_then(openssl::error::Error::reason);
    printable(reason.unwrap_or("OpenSSL gives no reason"), 200)
}
