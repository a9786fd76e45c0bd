//! The network of this host. One thread does everything. Commands act at once, so that what is sent is sent when the engine says so;
//! what takes time runs as tasks while [`RealNetwork::wait`] waits. Nothing is opened before it is needed: the resolver, certificate
//! authorities and interfaces cost nothing where only literal addresses are asked.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::task::JoinSet;

use super::binding::Binding;
use super::clock::Clock;
#[cfg(feature = "dtls")]
use super::dtls;
#[cfg(not(feature = "dtls"))]
use super::failure;
use super::knock::Heard;
use super::resolve::Names;
use super::setup::{Config, NetError};
use super::tcp::{self, Stream};
use super::tls::Tls;
use super::udp::{self, Udp};
use super::{host, platform, route};
use crate::engine::{Command, Input, Network, SocketId, SocketSpec, Time};
#[cfg(not(feature = "dtls"))]
use crate::evidence::FailureCode;
use crate::evidence::{Failure, Gateway, Interface, PlatformLimit};
use crate::wire::Transport;

/// Inputs that wait for the engine. When it is full, sockets are not read; so a flood stays in the kernel's buffers.
const WAITING_INPUTS: usize = 256;

/// Real sockets.
pub struct RealNetwork {
    clock: Clock,
    binding: Binding,
    notes: Vec<String>,
    names: Arc<Names>,
    tls: Arc<Tls>,
    connect_timeout: Duration,
    /// Every socket that was not closed, dead ones included: inputs of others are of no interest any more.
    sockets: BTreeMap<SocketId, Socket>,
    lookups: JoinSet<()>,
    buffer: udp::Buffer,
    heard: Heard,
    /// What commands led to at once.
    events: VecDeque<Input>,
    inputs: Receiver<Input>,
    /// For tasks, which add to `inputs`.
    tell: Sender<Input>,
    /// Requests to stop, which no flood of inputs holds up, and for whoever makes them.
    interrupts: UnboundedReceiver<()>,
    interrupt: Option<UnboundedSender<()>>,
    runtime: Runtime,
}

/// What became of an `Open`.
enum Socket {
    Udp(Udp),
    Stream(Stream),
    /// It listens, and nobody is let in.
    Passive(#[expect(dead_code, reason = "it is there to be open")] socket2::Socket),
    Dead,
}

impl RealNetwork {
    /// A network for one run, whose time begins now.
    ///
    /// # Errors
    /// When the source address or the interface cannot be used, or the system refuses a runtime.
    pub fn new(config: Config) -> Result<Self, NetError> {
        let clock = Clock::start();
        platform::reserve().map_err(NetError::Shortage)?;
        let (binding, notes) = Binding::new(config.source, config.interface.as_deref())?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(NetError::Shortage)?;
        let (tell, inputs) = channel(WAITING_INPUTS);
        let (interrupt, interrupts) = unbounded_channel();
        Ok(Self {
            clock,
            binding,
            notes,
            names: Arc::new(Names::new(&config)),
            connect_timeout: config.connect_timeout,
            tls: Arc::new(Tls::new(config.tls, config.insecure)),
            sockets: BTreeMap::new(),
            lookups: JoinSet::new(),
            buffer: udp::buffer(),
            heard: Heard::default(),
            events: VecDeque::new(),
            inputs,
            tell,
            interrupts,
            interrupt: Some(interrupt),
            runtime,
        })
    }

    /// What could not be done as asked and is done otherwise, in words for the user.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn resolve(&mut self, server: usize, spec: crate::wire::ServerSpec, transport: Transport) {
        if let Some(result) = self.names.literal(&spec, transport) {
            self.events.push_back(Input::Resolved { server, transport, result: result.map(Into::into) });
            return;
        }
        while self.lookups.try_join_next().is_some() {}
        let (names, tell) = (Arc::clone(&self.names), self.tell.clone());
        self.lookups.spawn_on(
            async move {
                let result = names.resolve(spec, transport).await;
                // Nobody is left to tell where this fails: the network was dropped.
                let _ = tell.send(Input::Resolved { server, transport, result }).await;
            },
            self.runtime.handle(),
        );
    }

    fn open(&mut self, id: SocketId, spec: SocketSpec) -> Result<Socket, Failure> {
        let tell = self.tell.clone();
        if spec.transport == Transport::Udp {
            let (buffer, heard) = (Arc::clone(&self.buffer), self.heard.clone());
            let (socket, local) = Udp::open(id, &spec, &self.binding, tell, buffer, heard)?;
            self.events.push_back(Input::Opened { socket: id, local });
            return Ok(Socket::Udp(socket));
        }
        if spec.passive {
            let (socket, local) = tcp::listen(&spec, &self.binding)?;
            self.events.push_back(Input::Opened { socket: id, local });
            return Ok(Socket::Passive(socket));
        }
        let transport = spec.transport;
        let (tls, patience) = (Arc::clone(&self.tls), self.connect_timeout);
        let session = tcp::Session { id, spec, tls, patience, inputs: tell };
        let opened = match transport {
            #[cfg(feature = "dtls")]
            Transport::Dtls => dtls::open(session, &self.binding),
            #[cfg(not(feature = "dtls"))]
            Transport::Dtls => {
                let text = format!("DTLS handshake with {}: this build of nat-probe has no DTLS", session.spec.remote);
                Err(failure::failure(FailureCode::DtlsNotBuilt, text))
            }
            _ => Stream::open(session, &self.binding),
        };
        opened.map(Socket::Stream)
    }

    fn send(&mut self, id: SocketId, remote: SocketAddr, bytes: Vec<u8>) {
        match self.sockets.get_mut(&id) {
            Some(Socket::Udp(socket)) => socket.send(remote, bytes, &mut self.binding, &mut self.events),
            Some(Socket::Stream(stream)) => {
                if let Err(failure) = stream.send(bytes) {
                    self.fail(id, Some(remote), failure);
                }
            }
            // The engine was told when it died; on one that listens there is nobody to send to.
            Some(Socket::Dead | Socket::Passive(_)) | None => {}
        }
    }

    fn fail(&mut self, socket: SocketId, remote: Option<SocketAddr>, failure: Failure) {
        self.events.push_back(Input::Failed { socket, remote, failure });
    }

    /// The next input of the tasks, at most until then.
    fn receive(&mut self, until: Time) -> Option<Input> {
        /// Turns of the scheduler in which what has arrived becomes an input: the reactor, the socket's task, this one.
        const TURNS: usize = 3;
        let deadline = self.clock.moment(until);
        let (inputs, interrupts) = (&mut self.inputs, &mut self.interrupts);
        let expired = async {
            tokio::time::sleep_until(deadline).await;
            // Even an engine that is late, and never waits, hears what has arrived.
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                Some(()) = interrupts.recv() => Some(Input::Interrupted),
                input = inputs.recv() => input,
                () = expired => None,
            }
        })
    }

    /// Whether the input concerns a socket that was closed since.
    fn is_stale(&self, input: &Input) -> bool {
        match input {
            Input::Connected { socket, .. }
            | Input::Handshake { socket, .. }
            | Input::Opened { socket, .. }
            | Input::Local { socket, .. }
            | Input::Received { socket, .. }
            | Input::Failed { socket, .. } => !self.sockets.contains_key(socket),
            Input::Resolved { .. } | Input::NameServers(_) | Input::Interrupted => false,
        }
    }
}

impl Network for RealNetwork {
    fn now(&self) -> Time {
        self.clock.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        host::addresses()
    }

    fn platform_limits(&self) -> &[PlatformLimit] {
        platform::LIMITS
    }

    fn interfaces(&self) -> Vec<Interface> {
        let all = platform::interfaces().into_iter();
        all.filter(|interface| !interface.addresses.is_empty()).collect()
    }

    fn gateways(&self, named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        if named.is_empty() {
            route::gateways()
        } else {
            named.iter().map(|&address| route::gateway(address)).collect()
        }
    }

    fn perform(&mut self, command: Command) {
        if let Some(interrupt) = self.interrupt.take() {
            platform::watch_interrupts(interrupt);
        }
        match command {
            Command::NameServers => self.events.push_back(Input::NameServers(self.names.servers())),
            Command::Resolve { server, spec, transport } => self.resolve(server, spec, transport),
            Command::Open { socket, spec } => {
                let handle = self.runtime.handle().clone();
                let _context = handle.enter();
                let opened = self.open(socket, spec).unwrap_or_else(|failure| {
                    self.fail(socket, None, failure);
                    Socket::Dead
                });
                self.sockets.insert(socket, opened);
            }
            Command::Send { socket, remote, bytes } => {
                let handle = self.runtime.handle().clone();
                let _context = handle.enter();
                self.send(socket, remote, bytes);
            }
            Command::Close { socket } => {
                self.sockets.remove(&socket);
            }
        }
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        loop {
            let input = match self.events.pop_front() {
                Some(event) => event,
                None => self.receive(until)?,
            };
            if !self.is_stale(&input) {
                return Some(input);
            }
        }
    }
}
