//! Two live agents in one simulated internet: each gathers what an ICE agent has, they exchange it, and something comes of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nat_probe::engine::{Command, Input, Network, Time};
use nat_probe::evidence::{Role, Session};
use nat_probe::peer::{Agent, Setup};
use nat_probe::sim::Internet;
use nat_probe::wire::Transport;

use super::pair_gathering::{DEADLINE, Gathering, Turn, token};
use super::pair_worlds::{STUN, TURN, World};

/// The internet as one of its hosts sees it, while the others are silent.
struct OneHost<'a> {
    internet: &'a mut Internet,
    host: usize,
}

impl Network for OneHost<'_> {
    fn now(&self) -> Time {
        self.internet.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        self.internet.host_addresses(self.host)
    }

    fn perform(&mut self, command: Command) {
        self.internet.perform(self.host, command);
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        let (host, input) = self.internet.wait(until)?;
        assert_eq!(host, self.host, "the other one is silent");
        Some(input)
    }
}

fn gathered(internet: &mut Internet, host: usize, turn: bool) -> Setup {
    let at: SocketAddr = TURN.parse().unwrap();
    let turn = turn.then_some(Turn { udp: at, stream: (Transport::Tcp, at), user: "demo", password: "demo" });
    let role = if host == 0 { Role::Controlling } else { Role::Controlled };
    let network = &mut OneHost { internet, host };
    Gathering { network, stun: STUN.parse().unwrap(), turn, role }.setup(host as u64 + 1)
}

/// What both saw of their meeting, with and without a TURN server for both.
pub(crate) fn meet(world: &World, turn: bool) -> [Session; 2] {
    let mut internet = Internet::new(&[&world.a, &world.b], world.shared, 3);
    let [a, b] = [0, 1].map(|host| gathered(&mut internet, host, turn));
    let (of_a, of_b) = (token(&a, false), token(&b, true));
    let (mut a, mut b) = (Agent::new(a), Agent::new(b));
    // Who answers a token has it before the other one has the answer.
    b.learn(internet.now(), &of_a);
    let later = internet.now() + Duration::from_millis(500);
    internet.drive(&mut [&mut a, &mut b], later);
    a.learn(internet.now(), &of_b);
    let end = internet.now() + DEADLINE + Duration::from_secs(10);
    internet.drive(&mut [&mut a, &mut b], end);
    assert_eq!(internet.live_allocations(), 0, "{}: an allocation is left behind", world.name);
    [a.session(), b.session()]
}
