//! TCP and TLS sockets: connect, shake hands, then messages both ways until either end closes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::binding::Binding;
use super::errno::is_in_progress;
use super::failure::{failure, io_failure, message, unsent};
use super::tls::{self, Tls};
use super::{clock, icmp, platform};
use crate::engine::{Input, SocketId, SocketSpec};
use crate::evidence::{Failure, FailureCode, TlsFacts};
use crate::wire::{Messages, NotStun, Transport};

/// Messages that wait for the connection or for room in its send buffer.
const WAITING_SENDS: usize = 64;

/// Bytes read at once.
const CHUNK: usize = 4096;

/// An open or opening connection; dropping it closes it.
pub(super) struct Stream {
    outgoing: Sender<Vec<u8>>,
    _task: JoinSet<()>,
}

/// What a connection needs to know.
pub(super) struct Session {
    pub(super) id: SocketId,
    pub(super) spec: SocketSpec,
    pub(super) tls: Arc<Tls>,
    /// How long to wait for each part of the opening.
    pub(super) patience: Duration,
    /// Whom to tell.
    pub(super) inputs: Sender<Input>,
}

impl Stream {
    /// Binds and starts to connect; the rest goes on by itself and is told as input.
    pub(super) fn open(session: Session, binding: &Binding) -> Result<Self, Failure> {
        let spec = &session.spec;
        let socket = binding.socket(spec.remote, Type::STREAM)?;
        if spec.share_port {
            platform::share_port(&socket).map_err(|error| io_failure("share a local TCP port", &error))?;
        }
        binding.bind(&socket, spec.remote, spec.local_address, &spec.local_ports)?;
        let stream = start(socket, spec.remote)?;
        let (id, inputs) = (session.id, session.inputs.clone());
        Ok(Self::spawn(id, inputs, |messages| async move { session.run(stream, messages).await }))
    }

    /// A connection whose messages are carried by what `run` makes, until the end, whose reason it returns.
    pub(super) fn spawn<F>(id: SocketId, inputs: Sender<Input>, run: impl FnOnce(Receiver<Vec<u8>>) -> F) -> Self
    where
        F: Future<Output = Failure> + Send + 'static,
    {
        let (outgoing, messages) = channel(WAITING_SENDS);
        let running = run(messages);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let failure = running.await;
            // Nobody is left to tell where this fails: the network was dropped.
            let _ = inputs.send(Input::Failed { socket: id, remote: None, failure }).await;
        });
        Self { outgoing, _task: task }
    }

    /// Sends as soon as the connection is there. A connection that ended has told so itself.
    pub(super) fn send(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        match self.outgoing.try_send(bytes) {
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
            Err(TrySendError::Full(_)) => {
                Err(failure(FailureCode::Other, "send on a connection: the peer takes nothing more"))
            }
        }
    }
}

/// A socket that listens, and its address and port. Nobody who connects is let in: the system keeps one waiting.
pub(super) fn listen(spec: &SocketSpec, binding: &Binding) -> Result<(Socket, SocketAddr), Failure> {
    let socket = binding.socket(spec.remote, Type::STREAM)?;
    binding.bind(&socket, spec.remote, spec.local_address, &spec.local_ports)?;
    let listen = || {
        socket.listen(1)?;
        socket.local_addr()?.as_socket().ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))
    };
    let local = listen().map_err(|error| io_failure("listen on a TCP port", &error))?;
    Ok((socket, local))
}

/// The first packet of the handshake leaves here, not when the runtime comes to it.
fn start(socket: Socket, remote: SocketAddr) -> Result<TcpStream, Failure> {
    let begin = || {
        socket.set_tcp_nodelay(true)?;
        match socket.connect(&remote.into()) {
            Err(error) if !is_in_progress(&error) => Err(error),
            _ => TcpStream::from_std(socket.into()),
        }
    };
    begin().map_err(|error| unsent(&format!("connect to {remote}"), &error))
}

impl Session {
    /// From connecting to the end, whose reason it returns.
    async fn run(&self, stream: TcpStream, messages: Receiver<Vec<u8>>) -> Failure {
        let remote = self.spec.remote;
        let local = match self.connect(&stream).await {
            Ok(local) => local,
            Err(failure) => return failure,
        };
        let opened = Input::Opened { socket: self.id, local };
        if self.spec.transport != Transport::Tls {
            return self.talk(stream, opened, messages).await;
        }
        if self.inputs.send(Input::Connected { socket: self.id, local }).await.is_err() {
            return gone();
        }
        let limit = clock::after(self.patience);
        let mut facts = TlsFacts::default();
        let name = self.spec.server_name.as_deref();
        let shaken = timeout_at(limit, self.tls.connect(stream, remote, name, &mut facts)).await;
        let told = Input::Handshake { socket: self.id, facts: Box::new(facts) };
        if self.inputs.send(told).await.is_err() {
            return gone();
        }
        match shaken {
            Ok(Ok(stream)) => self.talk(stream, opened, messages).await,
            Ok(Err(failure)) => failure,
            Err(_) => self.silent(&format!("TLS handshake with {remote}")),
        }
    }

    async fn connect(&self, stream: &TcpStream) -> Result<SocketAddr, Failure> {
        let remote = self.spec.remote;
        let operation = format!("connect to {remote}");
        let established = async {
            stream.writable().await?;
            match stream.take_error()? {
                Some(error) => Err(error),
                None => stream.local_addr(),
            }
        };
        match timeout_at(clock::after(self.patience), established).await {
            Ok(Ok(local)) => {
                // From here on an ICMP message, which anybody can forge, must not break the connection (RFC 5461).
                let _ = platform::forget_errors(stream, remote.is_ipv6());
                Ok(local)
            }
            Ok(Err(error)) => Err(refusal(stream).unwrap_or_else(|| not_connected(&operation, &error))),
            Err(_) => Err(refusal(stream).unwrap_or_else(|| self.silent(&operation))),
        }
    }

    pub(super) fn silent(&self, operation: &str) -> Failure {
        failure(FailureCode::NoAnswer, format!("{operation}: no answer within {} s", self.patience.as_secs_f64()))
    }

    /// Messages both ways until the end, whose reason it returns.
    async fn talk<S>(&self, mut stream: S, opened: Input, mut messages: Receiver<Vec<u8>>) -> Failure
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let remote = self.spec.remote;
        let mut incoming = Messages::new(self.spec.framing);
        let mut chunk = [0; CHUNK];
        let mut received = 0_u64;
        if self.inputs.send(opened).await.is_err() {
            return gone();
        }
        loop {
            let read = tokio::select! {
                read = stream.read(&mut chunk) => read,
                message = messages.recv() => {
                    let Some(message) = message else { return gone() };
                    match timeout_at(clock::after(self.patience), write(&mut stream, &message)).await {
                        Ok(Ok(())) => continue,
                        Ok(Err(error)) => return tls::broken(&format!("send to {remote}"), &error),
                        Err(_) => return self.silent(&format!("send to {remote}")),
                    }
                }
            };
            let length = match read {
                Ok(0) => {
                    let left = match incoming.finish() {
                        Some(Ok(bytes)) => {
                            let told = Input::Received { socket: self.id, source: remote, bytes };
                            if self.inputs.send(told).await.is_err() {
                                return gone();
                            }
                            None
                        }
                        Some(Err(stranger)) => Some(stranger),
                        None => None,
                    };
                    return ended(remote, received, left);
                }
                Ok(length) => length,
                Err(error) => return tls::broken(&format!("receive from {remote}"), &error),
            };
            received += length as u64;
            incoming.push(&chunk[..length]);
            for message in incoming.by_ref() {
                let bytes = match message {
                    Ok(bytes) => bytes,
                    Err(stranger) => return failure(FailureCode::NotStun, format!("{remote}: {stranger}")),
                };
                if self.inputs.send(Input::Received { socket: self.id, source: remote, bytes }).await.is_err() {
                    return gone();
                }
            }
        }
    }
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, message: &[u8]) -> io::Result<()> {
    stream.write_all(message).await?;
    stream.flush().await
}

/// The end of the stream, with what it left unfinished. A stranger may say too little to be told before he hangs up.
fn ended(remote: SocketAddr, received: u64, left: Option<NotStun>) -> Failure {
    match left {
        Some(stranger) if stranger.guess().is_some() => failure(FailureCode::NotStun, format!("{remote}: {stranger}")),
        Some(_) => {
            let text = format!("{remote} closed the connection in the middle of a message, after {received} bytes");
            failure(FailureCode::ConnectionClosed, text)
        }
        None => {
            let text = format!("{remote} closed the connection after {received} bytes");
            failure(FailureCode::ConnectionClosed, text)
        }
    }
}

/// A reset while connecting is a refusal: nothing was established that could be closed.
fn not_connected(operation: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused => {
            failure(FailureCode::ConnectionRefused, format!("{operation}: {}", message(error)))
        }
        _ => io_failure(operation, error),
    }
}

/// The ICMP error that ended the attempt, which says more than the system's error number, and who sent it.
fn refusal(stream: &TcpStream) -> Option<Failure> {
    let mut last = None;
    icmp::drain(stream, platform::next_error, |refusal| last = Some(refusal.failure("connect to")));
    last
}

/// The engine closed the socket or the network was dropped: nobody reads this.
pub(super) fn gone() -> Failure {
    failure(FailureCode::ConnectionClosed, "the connection was closed here")
}
