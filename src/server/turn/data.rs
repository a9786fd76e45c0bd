//! Data through a TURN server: from clients into the internet, and back (RFC 8656 sections 11 and 12).

use std::net::SocketAddr;
use std::time::Duration;

use super::allocation::Allocation;
use super::{FiveTuple, Output, TurnFault, TurnServer, to_client};
use crate::engine::Time;
use crate::server::random::Random;
use crate::wire::stun::attribute::{self, XOR_PEER_ADDRESS};
use crate::wire::stun::message::DATA;
use crate::wire::stun::relay;
use crate::wire::{Class, Family, Message, Relay, Scope, TransactionId, Transport, Writer};

/// How long the fault `reorders` lets data wait.
const WAIT: Duration = Duration::from_millis(60);

impl TurnServer {
    pub(super) fn send_indication(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        message: &Message,
        random: &mut Random,
    ) -> Vec<Output> {
        let peer = message.peer_address();
        let (Some(peer), Some(data)) = (peer, message.attribute(attribute::DATA)) else { return Vec::new() };
        self.pass(now, tuple, peer, &data.value, random)
    }

    pub(super) fn channel_data(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        bytes: &[u8],
        random: &mut Random,
    ) -> Vec<Output> {
        if self.has(TurnFault::ChannelDataLost) {
            return Vec::new();
        }
        let peer = relay::channel_data(bytes)
            .and_then(|(number, data)| Some((self.allocations.get(&tuple)?.peer_of(number, now)?, data)));
        peer.map_or_else(Vec::new, |(peer, data)| self.pass(now, tuple, peer, data, random))
    }

    /// Data leave the relayed address. Without permission they vanish (RFC 8656 section 11.2).
    fn pass(&mut self, now: Time, tuple: FiveTuple, peer: SocketAddr, data: &[u8], random: &mut Random) -> Vec<Output> {
        let Some(allocation) = self.allocations.get_mut(&tuple) else { return Vec::new() };
        let (Some(relayed), true) = (allocation.of(Family::of(peer)), allocation.permits(peer.ip(), now)) else {
            return Vec::new();
        };
        if allocation.tcp || peer.port() == 0 {
            return Vec::new();
        }
        allocation.contacts.insert(peer);
        allocation.passed = allocation.passed.wrapping_add(1);
        let waits = allocation.passed % 3 == 1;
        let mut copies = self.copies(data, random);
        let half = self.distance / 2;
        let after = if waits && self.has(TurnFault::Reorders) { half.saturating_add(WAIT) } else { half };
        let private = self.has(TurnFault::PrivateRelay).then_some(self.config.private.into());
        let is_own = self.relays_at(peer) || private == Some(peer.ip());
        if is_own && self.has(TurnFault::HairpinDenied) {
            copies = 0;
        }
        // Between its own addresses nothing leaves the server, and no address is translated.
        if is_own {
            let all = self.allocations.values().flat_map(|allocation| &allocation.relayed);
            let translated = private.is_some() || self.home().is_some();
            let to = all.copied().find(|other| other.real == peer || (translated && other.told == peer));
            let source = if translated { relayed.told } else { relayed.real };
            let found = (0..copies).filter_map(|_| self.hand_over(now, source, to?.real, data, random));
            let found: Vec<Output> = found.collect();
            return found
                .into_iter()
                .map(|output| Output { after: output.after.saturating_add(after), ..output })
                .collect();
        }
        let leaves = self.home().is_some() && Scope::of(peer.ip()) == Scope::Public;
        let source = if leaves { relayed.told } else { relayed.real };
        let packet = Output { transport: Transport::Udp, source, destination: peer, after, bytes: data.to_vec() };
        vec![packet; copies]
    }

    /// A packet from outside arrives at a relayed address.
    pub(crate) fn arrive(
        &mut self,
        now: Time,
        source: SocketAddr,
        destination: SocketAddr,
        data: &[u8],
        random: &mut Random,
    ) -> Vec<Output> {
        self.sweep(now);
        let destination = match (self.home(), self.relays.get(&Family::Ipv4)) {
            (Some(home), Some(&real)) if destination.ip() == home => SocketAddr::new(real, destination.port()),
            _ => destination,
        };
        let Some(allocation) = self.allocations.values().find(|allocation| allocation.is_at(destination)) else {
            return Vec::new();
        };
        let closed = self.has(TurnFault::RangeClosed)
            || self.half_closed(allocation)
            || (self.has(TurnFault::RangeFiltered) && !allocation.contacts.contains(&source));
        let copies = if closed { 0 } else { self.copies(data, random) };
        (0..copies).filter_map(|_| self.hand_over(now, source, destination, data, random)).collect()
    }

    fn half_closed(&self, allocation: &Allocation) -> bool {
        self.has(TurnFault::RangeHalfClosed) && allocation.number % 2 == 1
    }

    /// Data for the client of a relayed address, if their sender has a permission.
    fn hand_over(
        &self,
        now: Time,
        peer: SocketAddr,
        destination: SocketAddr,
        data: &[u8],
        random: &mut Random,
    ) -> Option<Output> {
        let (&tuple, allocation) = self.allocations.iter().find(|(_, allocation)| allocation.is_at(destination))?;
        if !allocation.permits(peer.ip(), now) || allocation.tcp || self.half_closed(allocation) {
            return None;
        }
        let mut id = TransactionId([0; 12]);
        id.0[..8].copy_from_slice(&random.bits().to_be_bytes());
        let bytes = match allocation.channel_of(peer, now) {
            Some(number) => {
                let way = Relay { peer, channel: Some(number) };
                relay::wrap(&way, id, data, tuple.transport.is_stream())
            }
            None => Writer::new(Class::Indication, DATA, id, None)
                .xor_address(XOR_PEER_ADDRESS, peer)
                .attribute(attribute::DATA, data)
                .finish(),
        };
        Some(to_client(tuple, self.distance / 2, bytes))
    }

    /// How many copies of these data are passed on.
    fn copies(&self, data: &[u8], random: &mut Random) -> usize {
        let too_large = self.has(TurnFault::Mtu) && data.len() > self.config.mtu;
        let lost = self.has(TurnFault::Lossy) && random.chance(self.config.relay_loss);
        match () {
            () if too_large || lost || self.has(TurnFault::RelayDead) => 0,
            () if self.has(TurnFault::Duplicates) => 2,
            () => 1,
        }
    }
}
