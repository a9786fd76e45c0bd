//! Connectivity checks at their barest, as an independent word on who can meet whom: two hosts behind every pair of NATs learn what a
//! STUN server sees of them, exchange it, and send to whatever they know of each other until an answer comes from where they asked
//! (RFC 8445 section 7). Nothing of the agent or of the prediction is in here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use nat_probe::engine::{Command, Input, Machine, SocketId, SocketSpec, Time};
use nat_probe::evidence::Behavior;
use nat_probe::sim::{FilterScope, Hairpin, Internet, NatConfig};
use nat_probe::wire::{Message, Request, TransactionId, Transport};

use super::bench::nine_nats;
use super::pair_worlds::{STUN, World, behind, neighbors, no_nat, one_carrier};

const SOCKET: SocketId = SocketId(1);
/// Between two checks (RFC 8445 section 14.2).
const PACE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(5);

/// One of the two: a socket, and what it knows of the other.
struct Checker {
    name: u8,
    own: Vec<SocketAddr>,
    remotes: Vec<SocketAddr>,
    turn: usize,
    due: Time,
    begun: bool,
    asked: BTreeMap<u32, SocketAddr>,
    answers: Vec<(SocketAddr, Vec<u8>)>,
    /// Remotes that answered from where they were asked.
    valid: BTreeSet<SocketAddr>,
}

impl Checker {
    fn new(name: u8) -> Self {
        Self {
            name,
            own: Vec::new(),
            remotes: Vec::new(),
            turn: 0,
            due: Time::ZERO,
            begun: false,
            asked: BTreeMap::new(),
            answers: Vec::new(),
            valid: BTreeSet::new(),
        }
    }

    /// Whom it sends to next: every address it knows, in turn.
    fn next(&mut self) -> Option<SocketAddr> {
        let remote = self.remotes.get(self.turn % self.remotes.len().max(1)).copied();
        self.turn += 1;
        remote
    }
}

/// What one says to the other: a question or an answer, who asks, and its number.
fn words(kind: u8, asker: u8, number: u32) -> Vec<u8> {
    let mut bytes = vec![kind, asker];
    bytes.extend(number.to_be_bytes());
    bytes
}

impl Machine for Checker {
    fn poll(&mut self, now: Time) -> Vec<Command> {
        let stun: SocketAddr = STUN.parse().unwrap();
        let mut commands = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            let local_ports = vec![40_000 + u16::from(self.name)];
            let spec = SocketSpec { local_ports, ..SocketSpec::new(Transport::Udp, stun) };
            commands.push(Command::Open { socket: SOCKET, spec });
            let bytes = Request::default().encode(TransactionId([self.name; 12]));
            commands.push(Command::Send { socket: SOCKET, remote: stun, bytes });
        }
        for (remote, bytes) in std::mem::take(&mut self.answers) {
            commands.push(Command::Send { socket: SOCKET, remote, bytes });
        }
        if now >= self.due {
            self.due = now + PACE;
            if let Some(remote) = self.next() {
                let number = u32::try_from(self.turn).unwrap();
                self.asked.insert(number, remote);
                commands.push(Command::Send { socket: SOCKET, remote, bytes: words(b'?', self.name, number) });
            }
        }
        commands
    }

    fn handle(&mut self, _: Time, input: Input) {
        match input {
            Input::Local { local, .. } if !self.own.contains(&local) => self.own.push(local),
            Input::Received { source, bytes, .. } => match bytes[..] {
                // Its own question, come back: its address is somebody else's as well.
                [_, asker, ..] if bytes.len() == 6 && (bytes[0] == b'?') == (asker == self.name) => {}
                [b'?', asker, a, b, c, d] => {
                    let number = u32::from_be_bytes([a, b, c, d]);
                    self.answers.push((source, words(b'!', asker, number)));
                    // A source that nobody told of is a peer-reflexive candidate: it is asked in its turn (section 7.3.1.3).
                    if !self.remotes.contains(&source) {
                        self.remotes.push(source);
                    }
                }
                [b'!', _, a, b, c, d] => {
                    let number = u32::from_be_bytes([a, b, c, d]);
                    if self.asked.get(&number) == Some(&source) {
                        self.valid.insert(source);
                    }
                }
                _ => self.own.extend(Message::read(&bytes).ok().and_then(|message| message.mapped())),
            },
            _ => {}
        }
    }

    fn next_wake(&self) -> Time {
        if self.answers.is_empty() { self.due } else { Time::ZERO }
    }

    fn is_finished(&self) -> bool {
        false
    }
}

/// Whether the two of that world can talk to each other without a relay.
pub(crate) fn meet(world: &World) -> bool {
    let mut internet = Internet::new(&[&world.a, &world.b], world.shared, 3);
    let (mut a, mut b) = (Checker::new(1), Checker::new(2));
    let gathered = Duration::from_secs(1);
    internet.drive(&mut [&mut a, &mut b], gathered);
    (a.remotes, b.remotes) = (b.own.clone(), a.own.clone());
    internet.drive(&mut [&mut a, &mut b], gathered + PATIENCE);
    !a.valid.is_empty() || !b.valid.is_empty()
}

/// Who meets whom: rows and columns are the nine NATs, mapping by mapping. `?` is met where a filter is kept for each inside endpoint
/// (as RFC 4787 section 5 words it) and not where it is kept for each external port.
const NINE: [&str; 9] = [
    "YYYYYYYYY",
    "YYYYYYYYY",
    "YYY......",
    "YY.YY.YY.",
    "YY.Y?.Y?.",
    "YY.......",
    "YY.YY....",
    "YY.Y?....",
    "YY.......",
];

#[test]
fn every_pair_of_nats_lets_those_meet_whom_the_standards_let() {
    let mut found = Vec::new();
    for scope in [FilterScope::PerMapping, FilterScope::Host] {
        let nats: Vec<NatConfig> =
            nine_nats().into_iter().map(|nat| NatConfig { filter_scope: scope, ..nat }).collect();
        for (row, a) in nats.iter().enumerate() {
            for (column, b) in nats.iter().enumerate() {
                let expected = match (NINE[row].as_bytes()[column], scope) {
                    (b'?', FilterScope::Host) | (b'Y', _) => true,
                    (b'.', FilterScope::Host) => continue,
                    _ => false,
                };
                let world = World::of(behind(1, vec![a.clone()]), behind(2, vec![b.clone()]));
                if meet(&world) != expected {
                    found.push(format!("{}, {scope:?}: not {expected}", world.name));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_firewall_without_nat_counts_as_the_nat_with_one_mapping() {
    for (row, filtering) in Behavior::ALL.into_iter().enumerate() {
        for (column, nat) in nine_nats().into_iter().enumerate() {
            let world = World::of(no_nat(1, filtering), behind(2, vec![nat]));
            assert_eq!(meet(&world), NINE[row].as_bytes()[column] == b'Y', "{filtering:?} {column}");
        }
    }
}

#[test]
fn neighbors_meet_on_their_network_and_two_homes_by_the_hairpin_of_their_carrier() {
    for nat in nine_nats() {
        assert!(meet(&neighbors(&nat)), "{nat:?}");
        for hairpin in [Hairpin::No, Hairpin::ExternalSource] {
            let (home, carrier) = (NatConfig::default(), NatConfig { hairpin, ..nat.clone() });
            // A carrier that maps by destination shows each home another port than the STUN server saw: the other home's NAT, which
            // filters by port, knows it not.
            let is_known = nat.mapping == Some(Behavior::EndpointIndependent);
            assert_eq!(meet(&one_carrier(&home, &carrier)), hairpin != Hairpin::No && is_known, "{nat:?} {hairpin:?}");
        }
    }
}
