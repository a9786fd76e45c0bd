//! UDP sockets. They stay unconnected: a connected one would drop answers from a server's alternate addresses.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use socket2::{SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use super::binding::Binding;
use super::failure::{self, failure, io_failure};
use super::knock::{self, Heard};
use super::{errno, icmp, platform};
use crate::engine::{Input, SocketId, SocketSpec};
use crate::evidence::{Failure, FailureCode};

/// The largest datagram there is: answers with PADDING are larger than an Ethernet frame (RFC 5780 section 7.6).
const LARGEST: usize = 65_536;

/// What the kernel may keep for a socket while this program is busy; a hundred servers answer at once.
const KERNEL_BUFFER: usize = 1 << 20;

/// Datagrams of one socket that wait for room in a full send buffer.
const WAITING_SENDS: usize = 64;

/// One buffer for all sockets of a run: it is never held while waiting.
pub(super) type Buffer = Arc<Mutex<Box<[u8]>>>;

/// A buffer for the largest datagram.
pub(super) fn buffer() -> Buffer {
    Arc::new(Mutex::new(vec![0; LARGEST].into_boxed_slice()))
}

/// An open UDP socket; dropping it ends its tasks.
pub(super) struct Udp {
    id: SocketId,
    socket: Arc<UdpSocket>,
    /// Its end; unspecified where the system chooses the address for each remote.
    local: SocketAddr,
    /// The remotes whose source address was told already.
    told: BTreeSet<SocketAddr>,
    /// Those that are knocked at while they are silent.
    knocked: BTreeSet<SocketAddr>,
    knocks: JoinSet<()>,
    heard: Heard,
    inputs: Sender<Input>,
    tasks: JoinSet<()>,
}

impl Udp {
    /// Opens a socket and starts to listen. `share_port` is for streams only: two UDP sockets on one port would take each
    /// other's answers.
    pub(super) fn open(
        id: SocketId,
        spec: &SocketSpec,
        binding: &Binding,
        inputs: Sender<Input>,
        buffer: Buffer,
        heard: Heard,
    ) -> Result<(Self, SocketAddr), Failure> {
        let socket = binding.socket(spec.remote, Type::DGRAM)?;
        // Smaller buffers only lose more under load, so a refusal does not matter.
        let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
        let _ = socket.set_send_buffer_size(KERNEL_BUFFER);
        binding.bind(&socket, spec.remote, spec.local_address, &spec.local_ports)?;
        if spec.remote.ip().is_multicast() {
            join_in(&socket, spec.local_address)
                .map_err(|error| io_failure("open a socket towards a group", &error))?;
        }
        let adopt = || {
            let socket = UdpSocket::from_std(socket.into())?;
            let local = socket.local_addr()?;
            Ok((Arc::new(socket), local))
        };
        let (socket, local) = adopt().map_err(|error: io::Error| io_failure("open a UDP socket", &error))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(id, Arc::clone(&socket), heard.clone(), inputs.clone(), buffer));
        let (told, knocked, knocks) = (BTreeSet::new(), BTreeSet::new(), JoinSet::new());
        Ok((Self { id, socket, local, told, knocked, knocks, heard, inputs, tasks }, local))
    }

    /// Sends at once; what comes of it is appended to `events`.
    pub(super) fn send(
        &mut self,
        remote: SocketAddr,
        bytes: Vec<u8>,
        binding: &mut Binding,
        events: &mut VecDeque<Input>,
    ) {
        let socket = self.id;
        if !self.told.contains(&remote) {
            let bound = Some(self.local.ip()).filter(|address| !address.is_unspecified());
            match bound.map_or_else(|| binding.source_towards(remote), |address| Ok(Some(address))) {
                Ok(Some(source)) => {
                    self.told.insert(remote);
                    let local = SocketAddr::new(source, self.local.port());
                    events.push_back(Input::Local { socket, remote, local });
                }
                Ok(None) => {}
                Err(failure) => return events.push_back(Input::Failed { socket, remote: Some(remote), failure }),
            }
        }
        // Of a group nobody refuses (RFC 1122 section 3.2.2).
        if platform::KNOCKS && !remote.ip().is_multicast() && self.knocked.insert(remote) {
            self.knock(remote, binding);
        }
        let sent = self.transmit(remote, &bytes).or_else(|error| {
            if error.kind() == ErrorKind::WouldBlock {
                return Err(error);
            }
            // The error may be an ICMP message about an earlier packet to somebody else: take those out, then ask again.
            icmp::drain(&*self.socket, platform::next_error, |refusal| events.push_back(refused(socket, refusal)));
            self.transmit(remote, &bytes)
        });
        match sent {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if let Err(failure) = self.send_later(remote, bytes) {
                    events.push_back(Input::Failed { socket, remote: Some(remote), failure });
                }
            }
            Err(error) => events.push_back(unsent(socket, remote, &error)),
        }
    }

    /// Finds out beside what is sent whether a silence is a refusal.
    fn knock(&mut self, remote: SocketAddr, binding: &Binding) {
        let Some(socket) = knock::socket(binding, remote) else { return };
        let (id, heard, inputs) = (self.id, self.heard.clone(), self.inputs.clone());
        self.knocks.spawn(async move {
            if let Some(refusal) = knock::refusal(socket, remote, heard).await {
                // Nobody is left to tell where this fails: the network was dropped.
                let _ = inputs.send(refused(id, refusal)).await;
            }
        });
    }

    /// Past tokio, which would first want to hear from the reactor that a new socket can be written to.
    fn transmit(&self, remote: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let sent = SockRef::from(&*self.socket).send_to(bytes, &remote.into()).map(drop);
        // A full queue of this host loses the packet like any other queue on the way: the next send makes up for it.
        sent.or_else(|error| if errno::is_queue_full(&error) { Ok(()) } else { Err(error) })
    }

    fn send_later(&mut self, remote: SocketAddr, bytes: Vec<u8>) -> Result<(), Failure> {
        while self.tasks.try_join_next().is_some() {}
        if self.tasks.len() > WAITING_SENDS {
            return Err(failure(FailureCode::Other, format!("send to {remote}: the send buffer is full")));
        }
        let (id, socket, inputs) = (self.id, Arc::clone(&self.socket), self.inputs.clone());
        self.tasks.spawn(async move {
            if let Err(error) = socket.send_to(&bytes, remote).await {
                // Nobody is left to tell where the send fails: the network was dropped.
                let _ = inputs.send(unsent(id, remote, &error)).await;
            }
        });
        Ok(())
    }
}

/// Sends to a group leave by the interface of that address, and reach one router further (UPnP Device Architecture 1.1 section 1.3.2).
fn join_in(socket: &Socket, address: Option<IpAddr>) -> io::Result<()> {
    socket.set_multicast_ttl_v4(2)?;
    match address {
        Some(IpAddr::V4(address)) => socket.set_multicast_if_v4(&address),
        _ => Ok(()),
    }
}

fn unsent(socket: SocketId, remote: SocketAddr, error: &io::Error) -> Input {
    Input::Failed { socket, remote: Some(remote), failure: failure::unsent(&format!("send to {remote}"), error) }
}

fn refused(socket: SocketId, refusal: icmp::Refusal) -> Input {
    Input::Failed { socket, remote: Some(refusal.destination), failure: refusal.failure("send to") }
}

/// Passes on what arrives until nobody takes it any more. A full queue of inputs makes it wait, and the kernel's buffer behind
/// it fills: a flood costs the flooded socket its datagrams, and no memory.
async fn listen(id: SocketId, socket: Arc<UdpSocket>, heard: Heard, inputs: Sender<Input>, buffer: Buffer) {
    while let Ok(ready) = socket.ready(Interest::READABLE | Interest::ERROR).await {
        if ready.is_error() {
            while let Ok(refusal) = socket.try_io(Interest::ERROR, || platform::next_error(&*socket)) {
                if inputs.send(refused(id, refusal)).await.is_err() {
                    return;
                }
            }
        }
        loop {
            let received = receive(&socket, &buffer);
            match received {
                Ok((source, bytes)) => {
                    heard.note(source);
                    if inputs.send(Input::Received { socket: id, source, bytes }).await.is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // An ICMP error that is pending on the socket; the queue above tells it in full.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }
}

fn receive(socket: &UdpSocket, buffer: &Buffer) -> io::Result<(SocketAddr, Vec<u8>)> {
    let mut buffer = buffer.lock().unwrap_or_else(PoisonError::into_inner);
    let (length, source) = socket.try_recv_from(&mut buffer)?;
    Ok((source, buffer[..length].to_vec()))
}
