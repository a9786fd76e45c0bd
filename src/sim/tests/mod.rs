//! The whole network, as the engine sees it.

mod chaos;
mod connections;
mod datagrams;
mod named;
mod relays;
mod several;

use std::net::SocketAddr;
use std::time::Duration;

use super::{Scenario, SimNetwork};
use crate::engine::{Command, Input, Network, SocketId, SocketSpec, Time};
use crate::evidence::{Failure, FailureCode};
use crate::wire::{Change, Message, Request, ServerSpec, TransactionId, Transport};

/// Somebody who asks, without an engine.
struct Client {
    net: SimNetwork,
    sockets: u32,
    asked: u64,
}

impl Client {
    fn new(scenario: &Scenario) -> Self {
        Self { net: SimNetwork::new(scenario, 1), sockets: 0, asked: 0 }
    }

    /// Opens a socket without waiting for what comes of it.
    fn open(&mut self, transport: Transport, remote: &str, local_ports: Vec<u16>, share_port: bool) -> SocketId {
        self.sockets += 1;
        let socket = SocketId(self.sockets);
        let spec = SocketSpec { local_ports, share_port, ..SocketSpec::new(transport, address(remote)) };
        self.net.perform(Command::Open { socket, spec });
        socket
    }

    fn udp(&mut self, port: u16) -> SocketId {
        let socket = self.open(Transport::Udp, "192.0.2.10:3478", vec![port], false);
        assert_eq!(self.next(0), Some(Input::Opened { socket, local: address(&format!("0.0.0.0:{port}")) }));
        socket
    }

    fn send(&mut self, socket: SocketId, remote: &str, request: &Request) -> TransactionId {
        self.asked += 1;
        let mut id = TransactionId(*b"ask ........");
        id.0[4..].copy_from_slice(&self.asked.to_be_bytes());
        self.net.perform(Command::Send { socket, remote: address(remote), bytes: request.encode(id) });
        id
    }

    /// The next input within so many milliseconds from now.
    fn next(&mut self, within_ms: u64) -> Option<Input> {
        let until = self.net.now() + Duration::from_millis(within_ms);
        self.net.wait(until)
    }

    /// Everything that comes within so many milliseconds from now, but where packets leave from.
    fn all(&mut self, within_ms: u64) -> Vec<Input> {
        let until = self.net.now() + Duration::from_millis(within_ms);
        let inputs = std::iter::from_fn(|| self.net.wait(until));
        inputs.filter(|input| !matches!(input, Input::Local { .. })).collect()
    }

    /// The sources of the answers to a Binding.
    fn ask(&mut self, socket: SocketId, remote: &str, change: Change) -> Vec<SocketAddr> {
        self.send(socket, remote, &Request::change(change));
        self.all(3_000).into_iter().filter_map(|input| received(input).map(|(source, _)| source)).collect()
    }

    /// The address that the server saw.
    fn mapped(&mut self, socket: SocketId, remote: &str) -> Option<SocketAddr> {
        self.send(socket, remote, &Request::default());
        let mut answers = self.all(3_000).into_iter().filter_map(received);
        answers.find_map(|(_, bytes)| Message::read(&bytes).ok()?.mapped())
    }

    fn resolve(&mut self, server: &str, transport: Transport) -> Result<Vec<SocketAddr>, Failure> {
        let spec = ServerSpec::parse(server).unwrap();
        self.net.perform(Command::Resolve { server: 7, spec, transport });
        match self.next(5_000) {
            Some(Input::Resolved { server: 7, transport: same, result }) if same == transport => {
                result.map(|found| found.addresses)
            }
            other => panic!("{other:?}"),
        }
    }
}

fn received(input: Input) -> Option<(SocketAddr, Vec<u8>)> {
    match input {
        Input::Received { source, bytes, .. } => Some((source, bytes)),
        _ => None,
    }
}

/// The kinds of failure among the inputs.
fn failures(inputs: &[Input]) -> Vec<FailureCode> {
    let code = |input: &Input| match input {
        Input::Failed { failure, .. } => Some(failure.code),
        _ => None,
    };
    inputs.iter().filter_map(code).collect()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ms(time: Time) -> u128 {
    time.as_millis()
}
