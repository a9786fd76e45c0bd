//! The client's side of an allocation (RFC 8656): permissions, refreshes, Send and Data indications.
//!
//! Indications and no channels: a session sends a few hundred packets, for which the 32 bytes that a channel spares do not pay for
//! one request more that can be refused.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::transaction::{Due, Transaction};
use crate::engine::{Allocation, Chance, Command, Time};
use crate::evidence::{Refusal, RelaySeen, RelayStep};
use crate::wire::stun::attribute::{DATA, ICMP, XOR_PEER_ADDRESS};
use crate::wire::stun::message::DATA as DATA_INDICATION;
use crate::wire::stun::relay;
use crate::wire::{Class, Message, Method, Relay as Envelope, Request, TransactionId, TurnAttribute, error_name};

/// A permission lasts five minutes (RFC 8656 section 9).
const PERMISSION_RENEWED_AFTER: Duration = Duration::from_secs(240);
/// How long before its end an allocation is refreshed (RFC 8656 section 8: about a minute).
const REFRESHED_BEFORE: Duration = Duration::from_secs(60);
/// How often a request is repeated with a new nonce (438) before that counts as a refusal.
const NEW_NONCES: u8 = 3;
/// Longer than any session, so that sums of times do not overflow whatever a server grants.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How far a permission is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// It was asked for, or is about to be.
    Asked,
    /// The relay lets that address in, and is asked again then.
    Granted { renew: Time },
    /// The relay does not.
    Refused(Refusal),
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Permission(IpAddr),
    Refresh,
    Release,
}

struct Pending {
    purpose: Purpose,
    transaction: Transaction,
    new_nonces: u8,
}

/// What came through the relay.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Bytes of a peer.
    Data { peer: SocketAddr, bytes: Vec<u8> },
    /// An ICMP message about packets to a peer (RFC 8656 section 11.5): its type and code.
    Icmp { peer: SocketAddr, icmp: (u8, u8) },
}

/// One allocation at work.
pub(super) struct Relay {
    allocation: Allocation,
    permissions: BTreeMap<IpAddr, Permission>,
    pending: BTreeMap<TransactionId, Pending>,
    refresh_at: Time,
    released: bool,
    /// Why it carries nothing any more.
    dead: Option<Refusal>,
    sent: u32,
    received: u32,
}

impl Relay {
    pub(super) fn new(allocation: Allocation) -> Self {
        let refresh_at = allocation.granted + until_refresh(allocation.lifetime);
        Self {
            allocation,
            permissions: BTreeMap::new(),
            pending: BTreeMap::new(),
            refresh_at,
            released: false,
            dead: None,
            sent: 0,
            received: 0,
        }
    }

    pub(super) fn allocation(&self) -> &Allocation {
        &self.allocation
    }

    pub(super) fn dead(&self) -> Option<&Refusal> {
        self.dead.as_ref()
    }

    /// Its connection ended.
    pub(super) fn fail(&mut self, text: String) {
        self.dead.get_or_insert(Refusal { step: RelayStep::Connection, code: None, text });
        self.pending.clear();
    }

    /// Wants packets of that address let in.
    pub(super) fn want(&mut self, ip: IpAddr) {
        self.permissions.entry(ip).or_insert(Permission::Asked);
    }

    /// How far the permission for that address is.
    pub(super) fn permission(&self, ip: IpAddr) -> Option<&Permission> {
        self.permissions.get(&ip)
    }

    /// The bytes for that peer, as they go to the relay.
    pub(super) fn wrap(&mut self, peer: SocketAddr, bytes: &[u8], id: TransactionId) -> Command {
        self.sent += 1;
        let stream = self.allocation.transport.is_stream();
        self.send(relay::wrap(&Envelope { peer, channel: None }, id, bytes, stream))
    }

    fn send(&self, bytes: Vec<u8>) -> Command {
        Command::Send { socket: self.allocation.socket, remote: self.allocation.server, bytes }
    }

    /// Gives the allocation back (RFC 8656 section 8.1).
    pub(super) fn release(&mut self, now: Time, chance: &mut Chance) {
        self.pending.clear();
        self.permissions.clear();
        if self.dead.is_none() {
            self.ask(now, chance, Purpose::Release, 0);
        }
    }

    /// Whether nothing is left of it here.
    pub(super) fn is_released(&self) -> bool {
        self.released || self.dead.is_some()
    }

    /// Starts what is due and sends what is to be sent again.
    pub(super) fn poll(&mut self, now: Time, chance: &mut Chance) -> Vec<Command> {
        if self.dead.is_some() || self.released {
            return Vec::new();
        }
        self.start(now, chance);
        let mut commands = Vec::new();
        let mut silent = Vec::new();
        for (&id, pending) in &mut self.pending {
            match pending.transaction.due(now) {
                Due::Nothing => {}
                Due::Send(bytes) => {
                    let (socket, remote) = (self.allocation.socket, self.allocation.server);
                    commands.push(Command::Send { socket, remote, bytes });
                }
                Due::Over => silent.push((id, pending.purpose)),
            }
        }
        for (id, purpose) in silent {
            self.pending.remove(&id);
            let server = self.allocation.server;
            self.refused(purpose, None, format!("the TURN server {server} did not answer {}", words(purpose)));
        }
        commands
    }

    fn start(&mut self, now: Time, chance: &mut Chance) {
        let asked = |pending: &BTreeMap<TransactionId, Pending>, purpose| {
            pending.values().any(|pending| pending.purpose == purpose)
        };
        let due = self.permissions.iter().filter(|(_, permission)| match permission {
            Permission::Asked => true,
            Permission::Granted { renew } => *renew <= now,
            Permission::Refused(_) => false,
        });
        let due: Vec<_> = due.map(|(&ip, _)| Purpose::Permission(ip)).collect();
        for purpose in due {
            if !asked(&self.pending, purpose) {
                self.ask(now, chance, purpose, 0);
            }
        }
        let leaving = asked(&self.pending, Purpose::Release);
        if self.refresh_at <= now && !leaving && !asked(&self.pending, Purpose::Refresh) {
            self.ask(now, chance, Purpose::Refresh, 0);
        }
    }

    fn ask(&mut self, now: Time, chance: &mut Chance, purpose: Purpose, new_nonces: u8) {
        let id = chance.transaction_id();
        let request = match purpose {
            // The port counts for nothing (RFC 8656 section 9); one address a request, as one that is forbidden takes all of a
            // request with it.
            Purpose::Permission(ip) => {
                Request::turn(Method::CreatePermission, vec![TurnAttribute::Peer(SocketAddr::new(ip, 0))])
            }
            Purpose::Refresh => Request::turn(Method::Refresh, Vec::new()),
            Purpose::Release => Request::turn(Method::Refresh, vec![TurnAttribute::LifetimeS(0)]),
        };
        let request = Request { auth: self.allocation.auth.clone(), ..request };
        let bytes = request.message(id, self.allocation.credential.as_ref());
        let transaction = Transaction::new(now, bytes, Transaction::RTO, self.allocation.transport.is_stream());
        self.pending.insert(id, Pending { purpose, transaction, new_nonces });
    }

    /// When it has to be asked again.
    pub(super) fn next_wake(&self) -> Option<Time> {
        if self.dead.is_some() || self.released {
            return None;
        }
        let renewals = self.permissions.values().filter_map(|permission| match permission {
            Permission::Granted { renew } => Some(*renew),
            Permission::Asked | Permission::Refused(_) => None,
        });
        // What is under way is not begun again; its own transaction says when to look.
        let transactions = self.pending.values().map(|pending| pending.transaction.next());
        let begun = |purpose| self.pending.values().any(|pending| pending.purpose == purpose);
        let unasked = self
            .permissions
            .iter()
            .filter(|&(&ip, permission)| *permission == Permission::Asked && !begun(Purpose::Permission(ip)));
        let refresh = (!begun(Purpose::Refresh) && !begun(Purpose::Release)).then_some(self.refresh_at);
        let renewals = renewals.filter(|_| !self.pending.values().any(|p| matches!(p.purpose, Purpose::Permission(_))));
        renewals.chain(transactions).chain(unasked.map(|_| Time::ZERO)).chain(refresh).min()
    }

    /// Takes a message of the server; `None` where it is about the allocation itself, or nothing.
    pub(super) fn handle(
        &mut self,
        now: Time,
        message: &Message,
        bytes: &[u8],
        chance: &mut Chance,
    ) -> Option<Delivery> {
        match message.class {
            Class::Indication => self.delivered(message),
            Class::Success | Class::Error => {
                self.answered(now, message, bytes, chance);
                None
            }
            Class::Request => None,
        }
    }

    fn delivered(&mut self, message: &Message) -> Option<Delivery> {
        if message.method != DATA_INDICATION {
            return None;
        }
        let peer = message.xor_address(message.attribute(XOR_PEER_ADDRESS)?)?;
        // A client discards what comes from where it has no permission (RFC 8656 section 11.4).
        self.permissions.get(&peer.ip())?;
        if let Some(data) = message.attribute(DATA) {
            self.received += 1;
            return Some(Delivery::Data { peer, bytes: data.value.clone() });
        }
        // Two reserved bytes, then type and code (RFC 8656 section 18.13).
        match *message.attribute(ICMP)?.value.first_chunk()? {
            [_, _, ty, code] => Some(Delivery::Icmp { peer, icmp: (ty, code) }),
        }
    }

    fn answered(&mut self, now: Time, message: &Message, bytes: &[u8], chance: &mut Chance) {
        let Some(pending) = self.pending.get(&message.id) else { return };
        let (purpose, new_nonces) = (pending.purpose, pending.new_nonces);
        let error = message.error();
        // Answers to signed requests are signed, but for those that say why a signature does not count (RFC 8489 section 9.2.5).
        let unsigned = matches!(&error, Some((400 | 401 | 438, _)));
        if !unsigned && self.is_forged(message, bytes) {
            return;
        }
        self.pending.remove(&message.id);
        match error {
            None if message.class == Class::Success => self.granted(now, purpose, message),
            Some((438, _)) if new_nonces < NEW_NONCES && self.renew(message) => {
                self.ask(now, chance, purpose, new_nonces + 1);
            }
            // A release of what the server does not know any more is done (RFC 8656 section 8.3).
            Some((437, _)) if purpose == Purpose::Release => self.released = true,
            error => {
                let (code, reason) = error.unwrap_or_default();
                let server = self.allocation.server;
                let reason = if reason.is_empty() { error_name(code).unwrap_or_default().to_owned() } else { reason };
                let text = format!("the TURN server {server} answered {} with {code} {reason}", words(purpose));
                self.refused(purpose, Some(code), text.trim_end().to_owned());
            }
        }
    }

    fn is_forged(&self, message: &Message, bytes: &[u8]) -> bool {
        let (Some(auth), Some(credential)) = (&self.allocation.auth, &self.allocation.credential) else { return false };
        let key = crate::wire::Key::new(credential, &auth.echo.realm, auth.algorithm, auth.form);
        key.check(message, bytes) != Some(true)
    }

    /// The new nonce of a 438, perhaps with another realm; `false` where there is none.
    fn renew(&mut self, message: &Message) -> bool {
        let (Some(auth), Some(nonce)) = (&mut self.allocation.auth, message.nonce()) else { return false };
        auth.echo.nonce = nonce.to_vec();
        if let Some(realm) = message.realm() {
            auth.echo.realm = realm.to_vec();
        }
        true
    }

    fn granted(&mut self, now: Time, purpose: Purpose, message: &Message) {
        match purpose {
            Purpose::Permission(ip) => {
                self.permissions.insert(ip, Permission::Granted { renew: now + PERMISSION_RENEWED_AFTER });
            }
            Purpose::Refresh => {
                let lifetime = message.lifetime().map_or(self.allocation.lifetime, |s| Duration::from_secs(s.into()));
                self.refresh_at = now + until_refresh(lifetime);
            }
            Purpose::Release => self.released = true,
        }
    }

    fn refused(&mut self, purpose: Purpose, code: Option<u16>, text: String) {
        match purpose {
            // 437: the allocation is gone (RFC 8656 section 5).
            Purpose::Permission(_) if code == Some(437) => {
                self.dead = Some(Refusal { step: RelayStep::Permission, code, text });
            }
            Purpose::Permission(ip) => {
                let refusal = Refusal { step: RelayStep::Permission, code, text };
                self.permissions.insert(ip, Permission::Refused(refusal));
            }
            Purpose::Refresh => self.dead = Some(Refusal { step: RelayStep::Refresh, code, text }),
            Purpose::Release => self.released = true,
        }
    }

    /// What was seen of it.
    pub(super) fn seen(&self) -> RelaySeen {
        RelaySeen {
            server: self.allocation.server,
            relayed: self.allocation.relayed,
            sent: self.sent,
            received: self.received,
            refused: self.dead.clone(),
        }
    }
}

fn until_refresh(lifetime: Duration) -> Duration {
    let lifetime = lifetime.min(LONGEST);
    lifetime.saturating_sub(REFRESHED_BEFORE).max(lifetime / 2)
}

fn words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Permission(_) => "CreatePermission",
        Purpose::Refresh | Purpose::Release => "Refresh",
    }
}
