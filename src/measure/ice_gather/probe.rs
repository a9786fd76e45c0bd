//! What is asked to gather candidates: a socket a base, and from it every STUN and TURN server (RFC 8445 section 5.1.1.2).

use super::bases::{Base, bases};
use super::options::GatherOptions;
use crate::evidence::{Ask, Bind, BoundSocket, Evidence, Probe, Step};
use crate::measure::nat64;
use crate::measure::turn::gather;
use crate::wire::Transport;

/// The probe of `ice gather`.
pub struct GatherProbe {
    options: GatherOptions,
    bases: Vec<Base>,
}

/// The sockets of a base.
fn binds(base: &Base, tcp: bool) -> impl Iterator<Item = Bind> {
    let transports = [Some(Transport::Udp), tcp.then_some(Transport::Tcp)];
    transports.into_iter().flatten().map(|transport| Bind::new(transport, base.address))
}

impl GatherProbe {
    /// The probe of these options.
    #[must_use]
    pub fn new(options: GatherOptions) -> Self {
        let (bases, _) = bases(&options.interfaces, &options.families);
        Self { options, bases }
    }

    fn step(&self, seen: &Evidence) -> Step {
        let options = &self.options;
        let binds: Vec<Bind> = self.bases.iter().flat_map(|base| binds(base, options.tcp)).collect();
        let open = binds.iter().all(|bind| seen.bound(&bind.socket).is_some_and(BoundSocket::settled));
        if !open {
            return Step { binds, ..Step::default() };
        }
        // What is behind the network's NAT64 is asked too, once that is known.
        let known = |name: &&crate::evidence::Server| name.lookups.is_empty();
        let mut done = !seen.servers.iter().chain(&seen.names).any(|name| known(&name));
        let mut asks = Vec::new();
        for target in gather::targets(seen, &options.servers) {
            let (more, over) = gather::next(&target);
            asks.extend(more);
            done &= over;
        }
        if done {
            for target in gather::targets(seen, &options.servers) {
                let released = gather::release(&target, options.hand_over);
                asks.extend(released.asks);
                done &= released.done;
            }
        }
        let step = Step { asks, binds, done, ..Step::default() };
        if gather::has_ipv6_alone(&options.servers) { nat64::with_prefix(seen, step) } else { step }
    }
}

impl Probe for GatherProbe {
    fn next(&self, seen: &Evidence) -> Vec<Step> {
        vec![self.step(seen)]
    }

    /// Every allocation that was made, or may have been, is given back.
    fn farewell(&self, seen: &Evidence) -> Vec<Ask> {
        gather::targets(seen, &self.options.servers).flat_map(|target| gather::farewell(&target)).collect()
    }
}
