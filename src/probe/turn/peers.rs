//! Who can be at the other end of the relay: STUN servers, and the plain socket of ours.

use std::net::SocketAddr;

use super::session::Session;
use crate::probe::{Exchange, Family};
use crate::stun::Transport;

/// A STUN server to be asked through the relay.
pub(super) struct ThirdParty {
    /// Where it is.
    pub(super) address: SocketAddr,
    /// It answered us directly.
    pub(super) alive: bool,
}

impl Session<'_> {
    /// STUN servers to ask through the relay, with their number among the third parties, in the family of relayed addresses.
    pub(super) fn third_addresses(&self) -> Vec<(usize, usize, SocketAddr)> {
        let family = self.relay_family();
        let server = |&server: &usize| {
            let lookups = &self.seen.servers.get(server)?.lookups;
            let mut addresses =
                lookups.iter().filter(|one| one.transport == Transport::Udp).flat_map(|one| &one.addresses);
            addresses.find(|address| family.has(address.ip())).map(|&address| (server, address))
        };
        let numbered = self.options.third_parties.iter().enumerate();
        let others = numbered.filter_map(|(number, index)| server(index).map(|(server, ip)| (number, server, ip)));
        // The TURN server's own second address, where it has one (RFC 5780), is the last resort.
        let own = self.reply("x/binding").and_then(|reply| reply.other);
        let own = own.filter(|own| own.ip() != self.remote.ip() && family.has(own.ip()));
        others.chain(own.map(|own| (self.options.third_parties.len(), self.server, own))).collect()
    }

    fn relay_family(&self) -> Family {
        self.first().map_or(Family::Ipv4, |(_, allocation)| Family::of(allocation.relayed))
    }

    /// The third party that is known to be alive. Where none answers us, UDP may be blocked here and not there: then the first one is
    /// asked through the relay all the same, and its silence means nothing.
    pub(super) fn third_party(&self) -> Option<ThirdParty> {
        let addresses = self.third_addresses();
        let asked = |number: usize| self.find(&format!("x/third/{number}"));
        let alive = addresses.iter().find(|(number, ..)| asked(*number).is_some_and(|one| one.answer().is_some()));
        if let Some(&(_, _, address)) = alive {
            return Some(ThirdParty { address, alive: true });
        }
        let hopeless = addresses.iter().all(|(number, ..)| asked(*number).is_some_and(Exchange::settled));
        let (_, allocation) = self.first()?;
        let alone = self.peer_mapped(allocation.relayed).is_none();
        let &(_, _, address) = addresses.first().filter(|_| hopeless && alone)?;
        Some(ThirdParty { address, alive: false })
    }

    /// The address of the plain socket as servers see it, in the family of the relayed address.
    pub(super) fn peer_mapped(&self, relayed: SocketAddr) -> Option<SocketAddr> {
        let thirds = self.third_addresses().into_iter().map(|(number, ..)| format!("x/third/{number}"));
        let steps = std::iter::once("x/binding".to_owned()).chain(thirds);
        let mut seen = steps.filter_map(|step| self.find(&step)?.mapped());
        seen.find(|mapped| Family::of(*mapped) == Family::of(relayed))
    }
}
