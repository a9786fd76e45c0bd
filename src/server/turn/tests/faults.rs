//! The signature of every fault.

use crate::server::turn::tests::*;
use crate::wire::{Algorithm, Key, PasswordForm};

fn allocating(fault: TurnFault) -> Option<(Message, Vec<u8>)> {
    let alternate_server = Some(address("198.51.100.31:3478"));
    let mut world = World::new(&TurnConfig { faults: vec![fault], alternate_server, ..TurnConfig::default() });
    world.challenge(CLIENT);
    world.signed(CLIENT, Method::Allocate, allocate())
}

#[test]
fn codes_that_allocate_is_refused_with() {
    for (fault, expected) in [
        (TurnFault::StaleNonceLoop, 438),
        (TurnFault::Allocate400, 400),
        (TurnFault::OauthOnly, 401),
        (TurnFault::Quota, 486),
        (TurnFault::Capacity, 508),
        (TurnFault::Mismatch437, 437),
        (TurnFault::UnsupportedTransport, 442),
        (TurnFault::UnsupportedFamily, 440),
        (TurnFault::Redirect, 300),
        (TurnFault::RedirectLoop, 300),
        (TurnFault::Forbidden, 403),
        (TurnFault::Error500, 500),
    ] {
        let (answer, _) = allocating(fault).unwrap();
        assert_eq!(code(&answer), expected, "{fault:?}");
        let is_signed = answer.attribute(MESSAGE_INTEGRITY).is_some();
        assert_eq!(is_signed, ![300, 400, 401, 438].contains(&expected), "{fault:?}");
        let alternate = match fault {
            TurnFault::Redirect => vec![address("198.51.100.31:3478")],
            TurnFault::RedirectLoop => vec![address(SERVER)],
            _ => vec![],
        };
        assert_eq!(answer.alternate_servers(), alternate, "{fault:?}");
    }
}

#[test]
fn challenges_that_cannot_be_answered() {
    let challenge = |fault| World::with(&[fault]).challenge(CLIENT);
    assert_eq!(challenge(TurnFault::NoRealm).realm(), None);
    assert_eq!(challenge(TurnFault::NoNonce).nonce(), None);
    assert!(challenge(TurnFault::OauthOnly).third_party_authorization().is_some());
    assert_eq!(challenge(TurnFault::NoAuth).class, Class::Success);
    let mut world = World::with(&[TurnFault::StunOnly]);
    assert_eq!(world.unsigned(CLIENT, Method::Allocate, allocate()), None);
    assert!(allocating(TurnFault::GarbageAllocate).is_none());
    let mut world = World::with(&[TurnFault::Realm437]);
    world.challenge(CLIENT);
    world.echo.realm = b"elsewhere".to_vec();
    assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), 437);
}

#[test]
fn successes_that_are_none() {
    let key = Key::new(&World::with(&[]).credential, b"example.org", Algorithm::Md5, PasswordForm::AsTyped);
    let check = |fault| allocating(fault).map(|(answer, bytes)| (answer.class, key.check(&answer, &bytes)));
    assert_eq!(check(TurnFault::UnsignedSuccess), Some((Class::Success, None)));
    assert_eq!(check(TurnFault::WrongIntegrity), Some((Class::Success, Some(false))));
    assert_eq!(check(TurnFault::NoRelayedAddress), Some((Class::Success, Some(true))));
    assert!(allocating(TurnFault::NoRelayedAddress).unwrap().0.relayed_addresses().is_empty());
    assert_eq!(allocating(TurnFault::ShortLifetime).unwrap().0.lifetime(), Some(20));
    let relayed = |fault| allocating(fault).unwrap().0.relayed_addresses()[0].ip().to_string();
    assert_eq!(relayed(TurnFault::PrivateRelay), "10.0.0.5");
    assert_eq!(relayed(TurnFault::WrongExternal), "198.51.100.99");
}

#[test]
fn real_quotas_count() {
    for (config, expected) in [
        (TurnConfig { user_quota: Some(1), ..TurnConfig::default() }, 486),
        (TurnConfig { capacity: Some(1), ..TurnConfig::default() }, 508),
        (TurnConfig { ports: (50_000, 50_000), ..TurnConfig::default() }, 508),
    ] {
        let mut world = World::new(&config);
        world.allocated(CLIENT);
        world.challenge(OTHER);
        assert_eq!(world.code(OTHER, Method::Allocate, allocate()), expected);
    }
}

#[test]
fn peers_that_are_refused() {
    let permit = |fault: &[TurnFault], peer: &str| {
        let mut world = World::with(fault);
        world.allocated(CLIENT);
        world.code(CLIENT, Method::CreatePermission, vec![TurnAttribute::Peer(address(peer))])
    };
    assert_eq!(permit(&[], PEER), 0);
    assert_eq!(permit(&[], "127.0.0.1:1"), 403);
    assert_eq!(permit(&[], "[2001:db8::1]:1"), 443);
    assert_eq!(permit(&[TurnFault::PeerForbidden], PEER), 403);
    assert_eq!(permit(&[TurnFault::OwnPeerForbidden], PEER), 0);
    assert_eq!(permit(&[TurnFault::OwnPeerForbidden], SERVER), 403);
    let mut world = World::with(&[TurnFault::NoChannelBind]);
    world.allocated(CLIENT);
    let bind = vec![TurnAttribute::Channel(0x4000), TurnAttribute::Peer(address(PEER))];
    assert_eq!(world.code(CLIENT, Method::ChannelBind, bind), 400);
}

/// How many copies of a datum leave for a peer, come in from a port nothing was sent to, and cross between two allocations.
fn ways(fault: TurnFault) -> [usize; 3] {
    let mut world = World::with(&[fault]);
    let told = world.permitted(CLIENT, PEER);
    let ports = SocketAddr::new(address(SERVER).ip(), told.port());
    let stranger = world.arrive("192.0.2.10:9", ports, b"stranger").len();
    let out = world.send(CLIENT, address(PEER), &[0; 1_200]).len();
    let second = world.allocated(OTHER);
    let own = vec![TurnAttribute::Peer(told)];
    assert_eq!(world.code(OTHER, Method::CreatePermission, own), 0);
    world.challenge(CLIENT);
    assert_eq!(world.code(CLIENT, Method::CreatePermission, vec![TurnAttribute::Peer(second)]), 0);
    let across = world.send(CLIENT, second, b"across");
    let across = across.iter().filter(|output| output.destination == address(OTHER)).count();
    [out, stranger, across]
}

#[test]
fn ways_that_are_closed() {
    for (fault, expected) in [
        (TurnFault::NoBinding, [1, 1, 1]),
        (TurnFault::RangeClosed, [1, 0, 1]),
        (TurnFault::RangeFiltered, [1, 0, 1]),
        (TurnFault::HairpinDenied, [1, 1, 0]),
        (TurnFault::PrivateRelay, [1, 1, 1]),
        (TurnFault::WrongExternal, [1, 1, 0]),
        (TurnFault::RelayDead, [0, 0, 0]),
        (TurnFault::Duplicates, [2, 2, 2]),
        (TurnFault::Mtu, [0, 1, 1]),
    ] {
        assert_eq!(ways(fault), expected, "{fault:?}");
    }
}

#[test]
fn a_lossy_relay_loses_its_share_and_a_reordering_one_none() {
    let mut world = World::with(&[TurnFault::Lossy]);
    world.permitted(CLIENT, PEER);
    let passed: usize = (0..1_000).map(|_| world.send(CLIENT, address(PEER), b"x").len()).sum();
    assert!((750..850).contains(&passed), "{passed}");
    let mut world = World::with(&[TurnFault::Reorders]);
    world.permitted(CLIENT, PEER);
    let delays: Vec<_> = (0..4).map(|_| world.send(CLIENT, address(PEER), b"x")[0].after.as_millis()).collect();
    assert_eq!(delays, [65, 5, 5, 65]);
}

#[test]
fn allocations_and_permissions_that_do_not_last() {
    let mut world = World::with(&[TurnFault::AllocationVanishes]);
    world.allocated(CLIENT);
    world.pass(31);
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![]), 437);
    let mut world = World::with(&[TurnFault::PermissionShort]);
    world.permitted(CLIENT, PEER);
    world.pass(11);
    assert_eq!(world.send(CLIENT, address(PEER), b"x"), []);
    let mut world = World::with(&[TurnFault::RefreshFails]);
    world.allocated(CLIENT);
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![]), 437);
    let mut world = World::with(&[TurnFault::DeleteIgnored]);
    world.allocated(CLIENT);
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![TurnAttribute::LifetimeS(0)]), 0);
    assert_eq!(world.server.live(world.now), 1);
}

#[test]
fn every_second_request_may_meet_a_stale_nonce() {
    let mut world = World::with(&[TurnFault::OftenStale]);
    world.allocated(CLIENT);
    let (answer, _) = world.signed(CLIENT, Method::Refresh, vec![]).unwrap();
    assert_eq!(code(&answer), 438);
    world.echo.nonce = answer.nonce().unwrap().to_vec();
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![]), 0);
    assert!(answer.attribute(ERROR_CODE).is_some());
}
