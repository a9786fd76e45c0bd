//! A life of an allocation, and who may have one.

use crate::server::turn::tests::*;
use crate::wire::{Algorithm, Key, PasswordForm};

#[test]
fn an_allocation_is_challenged_made_signed_and_deleted() {
    let mut world = World::with(&[]);
    let challenge = world.challenge(CLIENT);
    assert_eq!((challenge.class, code(&challenge)), (Class::Error, 401));
    assert!(challenge.attribute(MESSAGE_INTEGRITY).is_none());
    let (answer, bytes) = world.signed(CLIENT, Method::Allocate, allocate()).unwrap();
    assert_eq!((answer.class, answer.method), (Class::Success, ALLOCATE));
    let key = Key::new(&world.credential, b"example.org", Algorithm::Md5, PasswordForm::AsTyped);
    assert_eq!(key.check(&answer, &bytes), Some(true));
    let relayed = answer.relayed_addresses();
    assert_eq!(relayed.len(), 1);
    assert!(relayed[0].ip() == address(SERVER).ip() && relayed[0].port() >= 49_152);
    assert_eq!((answer.lifetime(), answer.xor_mapped_address()), (Some(600), Some(address(CLIENT))));
    assert_eq!((world.server.live(world.now), world.server.made()), (1, 1));
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![TurnAttribute::LifetimeS(0)]), 0);
    assert_eq!(world.server.live(world.now), 0);
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![TurnAttribute::LifetimeS(0)]), 437);
}

#[test]
fn a_repeated_allocate_gets_the_same_answer_and_another_one_437() {
    let mut world = World::with(&[]);
    world.challenge(CLIENT);
    let bytes = world.sign(Method::Allocate, allocate());
    let first = world.say(CLIENT, &bytes).unwrap();
    assert_eq!(world.say(CLIENT, &bytes), Some(first));
    assert_eq!((world.code(CLIENT, Method::Allocate, allocate()), world.server.made()), (437, 1));
}

#[test]
fn without_refresh_an_allocation_ends() {
    let mut world = World::with(&[]);
    world.allocated(CLIENT);
    world.pass(590);
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![]), 0);
    world.pass(590);
    assert_eq!(world.server.live(world.now), 1);
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![]), 438, "the nonce is ten minutes old");
    world.pass(11);
    assert_eq!(world.server.live(world.now), 0);
}

#[test]
fn data_pass_both_ways_for_permitted_peers_only() {
    let mut world = World::with(&[]);
    let relayed = world.allocated(CLIENT);
    assert_eq!(world.send(CLIENT, address(PEER), b"early"), []);
    assert_eq!(world.code(CLIENT, Method::CreatePermission, vec![TurnAttribute::Peer(address(PEER))]), 0);
    let out = world.send(CLIENT, address(PEER), b"hello");
    assert_eq!((out[0].source, out[0].destination, out[0].bytes.as_slice()), (relayed, address(PEER), &b"hello"[..]));
    assert_eq!((out.len(), out[0].after), (1, Duration::from_millis(5)));
    // A permission is for an address, whatever the port.
    let back = world.arrive("192.0.2.10:9", relayed, b"answer");
    assert_eq!(back[0].destination, address(CLIENT));
    assert_eq!(unwrapped(&back[0]), (address("192.0.2.10:9"), b"answer".to_vec()));
    assert_eq!(world.arrive("192.0.2.11:3478", relayed, b"stranger"), []);
    world.pass(301);
    assert_eq!(world.send(CLIENT, address(PEER), b"late"), []);
    assert_eq!(world.arrive(PEER, relayed, b"late"), []);
}

#[test]
fn a_channel_carries_data_both_ways() {
    let mut world = World::with(&[]);
    let relayed = world.allocated(CLIENT);
    let bind = |number, peer: &str| vec![TurnAttribute::Channel(number), TurnAttribute::Peer(address(peer))];
    assert_eq!(world.code(CLIENT, Method::ChannelBind, bind(0x3FFF, PEER)), 400);
    assert_eq!(world.code(CLIENT, Method::ChannelBind, bind(0x4000, PEER)), 0);
    assert_eq!(world.code(CLIENT, Method::ChannelBind, bind(0x4000, "192.0.2.11:1")), 400);
    assert_eq!(world.code(CLIENT, Method::ChannelBind, bind(0x4001, PEER)), 400);
    let out = world.receive(CLIENT, b"\x40\x00\x00\x02hi");
    assert_eq!((out[0].source, out[0].destination, out[0].bytes.as_slice()), (relayed, address(PEER), &b"hi"[..]));
    assert_eq!(world.arrive(PEER, relayed, b"ho")[0].bytes, b"\x40\x00\x00\x02ho");
    assert_eq!(world.receive(CLIENT, b"\x40\x01\x00\x02hi"), []);
    assert_eq!(world.receive(CLIENT, b"\x40\x00\x00\x09hi"), []);
}

#[test]
fn two_allocations_reach_each_other_within_the_server() {
    let mut world = World::with(&[]);
    let first = world.permitted(CLIENT, SERVER);
    let second = world.permitted(OTHER, SERVER);
    let out = world.send(CLIENT, second, b"across");
    assert_eq!((out.len(), out[0].destination, out[0].after), (1, address(OTHER), Duration::from_millis(10)));
    assert_eq!(unwrapped(&out[0]), (first, b"across".to_vec()));
}

#[test]
fn wrong_names_passwords_realms_and_nonces_are_refused() {
    let mut world = World::with(&[]);
    world.challenge(CLIENT);
    let right = (world.credential.clone(), world.echo.clone());
    world.credential.password = Secret::new("wrong");
    assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), 401);
    world.credential = Credential { username: "nobody".into(), password: Secret::new("demo") };
    assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), 401);
    world.credential = right.0;
    world.echo.realm = b"elsewhere".to_vec();
    assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), 401);
    world.echo = right.1;
    assert_eq!(world.code(OTHER, Method::Allocate, allocate()), 438, "a nonce is one client's");
    assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), 0);
}

#[test]
fn rest_credentials_are_good_until_they_expire_by_the_servers_clock() {
    let secret = Secret::new("north");
    let name = |expiry: i64| crate::wire::credential::rest::make(&secret, Some("alice"), expiry);
    let config = TurnConfig { secret: Some(secret.clone()), ..TurnConfig::default() };
    for (expiry, skew, expected) in [(10, 0, 0), (0, 0, 0), (-1, 0, 401), (3_600, 7_200, 401), (-10, -60, 0)] {
        let mut world = World::new(&TurnConfig { clock_skew_s: skew, ..config.clone() });
        world.challenge(CLIENT);
        world.credential = name(SIM_UNIX_START_S + expiry);
        assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), expected, "{expiry} {skew}");
    }
    let mut world = World::new(&config);
    world.challenge(CLIENT);
    assert_eq!(world.code(CLIENT, Method::Allocate, allocate()), 401, "static users do not count");
}

#[test]
fn sha_256_and_hidden_names_are_understood_where_offered() {
    let mut world = World::new(&TurnConfig { sha256: true, ..TurnConfig::default() });
    let challenge = world.challenge(CLIENT);
    assert_eq!(challenge.nonce_features(), Some((true, true)));
    assert_eq!(challenge.password_algorithms(), Some(vec![2, 1]));
    let (answer, bytes) = world.signed(CLIENT, Method::Allocate, allocate()).unwrap();
    let key = Key::new(&world.credential, b"example.org", Algorithm::Sha256, PasswordForm::AsTyped);
    assert_eq!((answer.class, key.check(&answer, &bytes)), (Class::Success, Some(true)));
    assert!(answer.attribute(crate::wire::stun::attribute::MESSAGE_INTEGRITY_SHA256).is_some());
}

#[test]
fn the_checks_of_allocate_come_in_their_order() {
    use TurnAttribute as A;
    let poor = TurnConfig {
        dont_fragment: false,
        tcp_relay: false,
        families: vec![Family::Ipv4],
        both_families: false,
        ..TurnConfig::default()
    };
    for (attributes, expected) in [
        (vec![], 400),
        (vec![A::RequestedTransport(6)], 442),
        (vec![A::RequestedTransport(99)], 442),
        (vec![A::RequestedTransport(17), A::DontFragment], 420),
        (vec![A::RequestedTransport(17), A::RequestedAddressFamily(Family::Ipv6)], 440),
        (vec![A::RequestedTransport(17), A::ReservationToken(vec![1; 8]), A::EvenPort(false)], 400),
        (vec![A::RequestedTransport(17), A::ReservationToken(vec![1; 8])], 508),
        (vec![A::RequestedTransport(17), A::MobilityTicket(vec![])], 405),
        (vec![A::RequestedTransport(17), A::EvenPort(false)], 0),
    ] {
        let mut world = World::new(&poor);
        world.challenge(CLIENT);
        assert_eq!(world.code(CLIENT, Method::Allocate, attributes.clone()), expected, "{attributes:?}");
    }
    let mut world = World::new(&poor);
    world.challenge(CLIENT);
    let both = vec![A::RequestedTransport(17), A::AdditionalAddressFamily(Family::Ipv6)];
    let (answer, _) = world.signed(CLIENT, Method::Allocate, both.clone()).unwrap();
    assert_eq!(answer.relayed_addresses().len(), 1);
    assert_eq!(answer.address_error().map(|(family, code, _)| (family, code)), Some((Some(Family::Ipv6), 440)));
    let mut world = World::with(&[]);
    world.challenge(CLIENT);
    assert_eq!(world.signed(CLIENT, Method::Allocate, both).unwrap().0.relayed_addresses().len(), 2);
}

#[test]
fn a_reserved_port_is_the_next_one() {
    use TurnAttribute as A;
    let mut world = World::with(&[]);
    world.challenge(CLIENT);
    let (first, _) =
        world.signed(CLIENT, Method::Allocate, vec![A::RequestedTransport(17), A::EvenPort(true)]).unwrap();
    let token = first.reservation_token().unwrap().to_vec();
    world.challenge(OTHER);
    let second = world.signed(OTHER, Method::Allocate, vec![A::RequestedTransport(17), A::ReservationToken(token)]);
    let port = first.relayed_addresses()[0].port();
    assert_eq!((port % 2, second.unwrap().0.relayed_addresses()[0].port()), (0, port + 1));
}

#[test]
fn a_ticket_lets_a_client_move() {
    let mut world = World::new(&TurnConfig { mobility: true, ..TurnConfig::default() });
    world.challenge(CLIENT);
    let wish = vec![TurnAttribute::RequestedTransport(17), TurnAttribute::MobilityTicket(vec![])];
    let (answer, _) = world.signed(CLIENT, Method::Allocate, wish).unwrap();
    let ticket = TurnAttribute::MobilityTicket(answer.mobility_ticket().unwrap().to_vec());
    assert_eq!(world.code(CLIENT, Method::Refresh, vec![ticket.clone()]), 400, "it has not moved");
    world.challenge(OTHER);
    assert_eq!(world.code(OTHER, Method::Refresh, vec![ticket]), 0);
    assert_eq!(world.code(OTHER, Method::Refresh, vec![TurnAttribute::LifetimeS(0)]), 0);
    assert_eq!(world.server.live(world.now), 0);
}

#[test]
fn a_connection_takes_its_allocation_with_it() {
    let mut world = World::with(&[]);
    world.allocated(CLIENT);
    world.server.closed(tuple(OTHER));
    assert_eq!(world.server.live(world.now), 1);
    world.server.closed(tuple(CLIENT));
    assert_eq!(world.server.live(world.now), 0);
}
