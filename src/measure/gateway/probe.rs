//! Which gateway answers what, and with `--map` one mapping: made, asked for once more, deleted.
//!
//! Each question has a socket of its own: answers of NAT-PMP and UPnP carry no identity, and an answer that comes twice must not be taken
//! for that to the next question.

use super::judge::service;
use super::mapping::{self, Dialect, Way};
use super::options::{GatewayOptions, MapOptions};
use super::upnp;
use crate::evidence::key::{GatewayKey, GatewayStep};
use crate::evidence::{Ask, Evidence, Exchange, Gateway, Key, Outcome, Probe, SocketName, Step, Terms};
use crate::wire::{Control, Question, Request, nat_pmp, pcp};

/// The port of DNS: a home router answers there, or says that it does not.
const DNS: u16 = 53;
/// After so many sends of the first question the next ones are asked too.
const SILENT_SENDS: u32 = 4;

/// The probe of `gateway`.
pub struct GatewayProbe {
    /// What to ask of whom.
    pub options: GatewayOptions,
}

/// A question to a gateway, from a socket of its own.
fn ask(number: usize, gateway: &Gateway, step: GatewayStep, port: u16, request: Question) -> Ask {
    let key = GatewayKey { gateway: number, step };
    // Left to itself, the system sends to a link-local address from another one, and no mapping is for that (RFC 6887 section 8.1).
    let local_address = gateway.scope.map(|_| gateway.local);
    let terms = Terms { local_address, ..Terms::default() };
    Ask { request, terms, ..Ask::binding(Key::Gateway(key), number, SocketName::Gateway(key), gateway.at(port)) }
}

impl GatewayProbe {
    /// What tells whether a gateway speaks PCP or NAT-PMP, and, where neither, whether it is there.
    fn discovery(number: usize, gateway: &Gateway, seen: &Evidence) -> Vec<Ask> {
        let announce = pcp::Request::announce(gateway.local).into();
        let mut asks = vec![ask(number, gateway, GatewayStep::Announce, pcp::PORT, announce)];
        let late = |exchange: &Exchange| exchange.settled() || exchange.sends >= SILENT_SENDS;
        let announced = seen.find(&GatewayStep::Announce.of(number));
        // RFC 6886 section 3.1: one question at a time, as long as they are answered.
        if !announced.is_some_and(late) {
            return asks;
        }
        // NAT-PMP knows no IPv6 (RFC 6886 section 1).
        if gateway.address.is_ipv4() {
            let address = nat_pmp::Request::ExternalAddress.into();
            asks.push(ask(number, gateway, GatewayStep::Address, pcp::PORT, address));
        }
        let asked: Vec<_> = asks.iter().map(|ask| seen.find(&ask.key)).collect();
        let unanswered = |exchange: &Exchange| {
            late(exchange) && matches!(exchange.outcome, Outcome::Pending | Outcome::Silence { .. })
        };
        // Silence alone does not tell a router without such a server from one that is not there.
        if asked.iter().all(|one| one.is_some_and(unanswered)) {
            let dns = Request { control: Some(Control::Dns), ..Request::default() };
            asks.push(ask(number, gateway, GatewayStep::Alive, DNS, dns.into()));
        }
        asks
    }

    /// The mapping by that gateway, step by step.
    fn mapping(number: usize, gateway: &Gateway, wish: MapOptions, way: Way, seen: &Evidence) -> Vec<Ask> {
        let steps = mapping::steps(way);
        let Some(port) = mapping::internal_port(seen, number, wish, way) else { return Vec::new() };
        let find = |step: GatewayStep| seen.find(&step.of(number));
        let nonce = find(steps.map).map(|exchange| exchange.request.nonce()).unwrap_or_default();
        let wish = mapping::Wish { protocol: wish.protocol, port, nonce, lifetime_s: wish.lifetime_s };
        let Way::By(dialect) = way else { return upnp::mapping(number, gateway, &wish, seen) };
        let made = |step, question| ask(number, gateway, step, pcp::PORT, question);
        let deletion = made(steps.delete, wish.deletion(dialect, gateway.local));
        // The same number outside is what a person expects.
        let mut asks = vec![made(steps.map, wish.request(dialect, gateway.local, port))];
        if let Some(granted) = find(steps.map).and_then(mapping::granted) {
            asks.push(made(steps.again, wish.request(dialect, gateway.local, granted.port)));
            asks.extend(find(steps.again).is_some_and(Exchange::settled).then_some(deletion));
        } else if find(steps.map).is_some_and(|asked| asked.settled() && mapping::may_hold(asked)) {
            // Nobody answered, and the mapping may have been made all the same.
            asks.push(deletion);
        }
        asks
    }

    /// The end of a mapping that the run would leave behind.
    fn release(&self, number: usize, gateway: &Gateway, way: Way, seen: &Evidence) -> Option<Ask> {
        let wish = self.options.map?;
        let Way::By(dialect) = way else { return upnp::release(number, seen) };
        let steps = mapping::steps(way);
        let find = |step: GatewayStep| seen.find(&step.of(number));
        let made = find(steps.map).filter(|made| mapping::may_hold(made))?;
        if find(steps.delete).is_some_and(mapping::deleted) {
            return None;
        }
        let port = mapping::internal_port(seen, number, wish, way)?;
        let nonce = made.request.nonce();
        let wish = mapping::Wish { protocol: wish.protocol, port, nonce, lifetime_s: 0 };
        Some(ask(number, gateway, steps.release, pcp::PORT, wish.deletion(dialect, gateway.local)))
    }
}

impl Probe for GatewayProbe {
    fn next(&self, seen: &Evidence) -> Vec<Step> {
        let settled = |asks: &[Ask]| asks.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
        let gateways = || self.options.gateways.iter().enumerate();
        // The names have to be there: each gateway is a server of the run.
        if seen.servers.iter().any(|server| server.lookups.is_empty()) {
            return vec![Step::default()];
        }
        let mut asks: Vec<Ask> =
            gateways().flat_map(|(number, gateway)| Self::discovery(number, gateway, seen)).collect();
        let messages = settled(&asks);
        let speaks = |number| Dialect::BOTH.into_iter().any(|dialect| service(seen, number, dialect).answers());
        let mut searched = true;
        for (number, gateway) in gateways() {
            let (more, known) = upnp::discovery(number, gateway, seen);
            asks.extend(more);
            searched &= known || speaks(number) && upnp::is_late(seen, number);
        }
        let mut done = messages && searched;
        // Whoever can be asked by a better protocol is not kept waiting by a search.
        let ready = messages && (searched || gateways().next().is_some_and(|(number, _)| speaks(number)));
        if let (Some(wish), true) = (self.options.map, ready) {
            let mapper = gateways().find_map(|(number, gateway)| {
                let speaks = |way: &Way| match way {
                    Way::By(dialect) => service(seen, number, *dialect).answers(),
                    Way::Upnp => upnp::service(seen, number, gateway).answers(),
                };
                Some((number, gateway, Way::ALL.into_iter().find(speaks)?))
            });
            if let Some((number, gateway, way)) = mapper {
                let mapping = Self::mapping(number, gateway, wish, way, seen);
                done &= settled(&mapping);
                asks.extend(mapping);
            }
        }
        vec![Step { asks, done, ..Step::default() }]
    }

    /// A mapping that was made, or may have been, is deleted.
    fn farewell(&self, seen: &Evidence) -> Vec<Ask> {
        let gateways = self.options.gateways.iter().enumerate();
        let all = gateways.flat_map(|(number, gateway)| Way::ALL.map(|way| (number, gateway, way)));
        all.filter_map(|(number, gateway, way)| self.release(number, gateway, way, seen)).collect()
    }
}
