//! TURN byte for byte: the golden packets of a whole session, written and read.

use nat_probe::wire::stun::relay::{channel_data, data_indication, wrap};
use nat_probe::wire::stun::{attribute, integrity};
use nat_probe::wire::{
    Algorithm, Auth, Class, Credential, Echo, Family, Key, Method, PasswordForm, Relay, Request, Secret, TurnAttribute,
    Writer, excerpt,
};

use crate::{ID, address, hex, read};

const NONCE: &[u8] = b"abcdef0123456789";
const NONCE_SHA256: &[u8] = b"obMatJos2gAAAabcdef";

fn credential() -> Credential {
    Credential { username: "user".into(), password: Secret::new("pass") }
}

pub(crate) fn key() -> Key {
    Key::new(&credential(), b"realm", Algorithm::Md5, PasswordForm::AsTyped)
}

fn auth() -> Auth {
    Auth {
        credential: 0,
        username: "user".into(),
        realm: "realm".into(),
        algorithm: Algorithm::Md5,
        form: PasswordForm::AsTyped,
        anonymous: false,
        echo: Echo { realm: b"realm".to_vec(), nonce: NONCE.to_vec(), password_algorithms: None },
    }
}

fn signed(method: Method, attributes: Vec<TurnAttribute>) -> Request {
    Request { auth: Some(auth()), ..Request::turn(method, attributes) }
}

const ALLOCATE: &str =
    "00030048 2112a442 00010203 04050607 08090a0b 00190004 11000000 00060004 75736572 00140005 7265616c
    6d000000 00150010 61626364 65663031 32333435 36373839 00080014 79472ff1 63d2b11b eac8b8d4 3162ff41 020e7626";

#[test]
fn requests_are_written_byte_for_byte() {
    let peer = |text| TurnAttribute::Peer(address(text));
    for (request, expected, words) in [
        (
            Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)]),
            "00030008 2112a442 00010203 04050607 08090a0b 00190004 11000000",
            "Allocate, UDP relay",
        ),
        (
            signed(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)]),
            ALLOCATE,
            "Allocate, UDP relay, signed as user",
        ),
        (
            signed(Method::CreatePermission, vec![peer("192.0.2.150:0")]),
            "0008004c 2112a442 00010203 04050607 08090a0b 00120008 00012112 e112a6d4 00060004 75736572 00140005 7265616c
             6d000000 00150010 61626364 65663031 32333435 36373839 00080014 102f7f67 aed849ab 4c614d78 6a65e3e3
             6c55c015",
            "CreatePermission, peer 192.0.2.150:0, signed as user",
        ),
        (
            signed(Method::ChannelBind, vec![TurnAttribute::Channel(0x4000), peer("192.0.2.210:49191")]),
            "00090054 2112a442 00010203 04050607 08090a0b 000c0004 40000000 00120008 0001e135 e112a690 00060004 75736572
             00140005 7265616c 6d000000 00150010 61626364 65663031 32333435 36373839 00080014 2df85d66 8b4e9b67
             23da02c4 0da755f1 b2a07fb8",
            "ChannelBind, channel 0x4000, peer 192.0.2.210:49191, signed as user",
        ),
        (
            signed(Method::Refresh, vec![TurnAttribute::LifetimeS(0)]),
            "00040048 2112a442 00010203 04050607 08090a0b 000d0004 00000000 00060004 75736572 00140005 7265616c 6d000000
             00150010 61626364 65663031 32333435 36373839 00080014 1beec31a 2b722fe7 467bcb9e 58ed19b6 86ccde1d",
            "Refresh, lifetime 0 s, signed as user",
        ),
    ] {
        assert_eq!(request.message(ID, Some(&credential())), hex(expected), "{words}");
        assert_eq!(request.to_string(), words);
        let message = read(expected);
        assert_eq!(key().check(&message, &hex(expected)), request.auth.is_some().then_some(true), "{words}");
        assert_eq!(message.username(), request.auth.map(|auth| auth.username));
    }
}

#[test]
fn requests_are_signed_with_sha256_where_it_is_offered() {
    let mut request = signed(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)]);
    let offered = Some(hex("00020000 00010000"));
    let echo = Echo { realm: b"realm".to_vec(), nonce: NONCE_SHA256.to_vec(), password_algorithms: offered };
    request.auth = Some(Auth { algorithm: Algorithm::Sha256, echo, ..auth() });
    let expected = "0003006c 2112a442 00010203 04050607 08090a0b 00190004 11000000 00060004 75736572 00140005 7265616c
        6d000000 00150013 6f624d61 744a6f73 32674141 41616263 64656600 80020008 00020000 00010000 001d0004 00020000
        001c0020 59bdbb82 8b66fccf 14f0adad 8320fe5b 98a832f5 ad28cdf0 abe33fe4 e402f443";
    assert_eq!(request.message(ID, Some(&credential())), hex(expected));
    assert_eq!(request.to_string(), "Allocate, UDP relay, signed as user (SHA-256)");
    let key = Key::new(&credential(), b"realm", Algorithm::Sha256, PasswordForm::AsTyped);
    assert_eq!(key.check(&read(expected), &hex(expected)), Some(true));
    let hash = hex("6a3029116b47aa98bcaa325399733dc1a23cd57e26b81bef3ff6531ce624e2da");
    assert_eq!(integrity::userhash("user", b"realm"), hash);
}

#[test]
fn a_signature_covers_what_stands_before_it_and_nothing_else() {
    let bytes = hex(ALLOCATE);
    let wrong = Key::new(
        &Credential { password: Secret::new("Pass"), ..credential() },
        b"realm",
        Algorithm::Md5,
        PasswordForm::AsTyped,
    );
    assert_eq!(wrong.check(&read(ALLOCATE), &bytes), Some(false));
    let mut changed = bytes.clone();
    changed[24] = 6;
    assert_eq!(key().check(&nat_probe::wire::Message::read(&changed).unwrap(), &changed), Some(false));
    let rest = nat_probe::wire::Message::read(&bytes)
        .unwrap()
        .attributes()
        .iter()
        .fold(Writer::new(Class::Request, 3, ID, None), |writer, attribute| {
            writer.attribute(attribute.ty, &attribute.value)
        });
    let sealed = rest.fingerprint(true).finish();
    assert_eq!(key().check(&nat_probe::wire::Message::read(&sealed).unwrap(), &sealed), Some(true));
}

#[test]
fn challenges_and_redirections_are_read() {
    let challenge = read(
        "01130034 2112a442 00010203 04050607 08090a0b 00090010 00000401 556e6175 74686f72 697a6564 00140005 7265616c
         6d000000 00150010 61626364 65663031 32333435 36373839",
    );
    assert_eq!((challenge.realm(), challenge.nonce()), (Some(&b"realm"[..]), Some(NONCE)));
    assert_eq!((challenge.nonce_features(), challenge.password_algorithms()), (None, None));
    let challenge = read(
        "01130048 2112a442 00010203 04050607 08090a0b 00090013 00000401 556e6175 7468656e 74696361 74656400 00140005
        7265616c 6d000000 00150013 6f624d61 744a6f73 32674141 41616263 64656600 80020008 00020000 00010000",
    );
    assert_eq!(challenge.nonce(), Some(NONCE_SHA256));
    assert_eq!(challenge.nonce_features(), Some((true, false)));
    assert_eq!(challenge.password_algorithms(), Some(vec![2, 1]));
    let stale = read(
        "01130034 2112a442 00010203 04050607 08090a0b 0009000f 00000426 5374616c 65204e6f 6e636500 00140005 7265616c
         6d000000 00150010 39383736 35343332 31306665 64636261",
    );
    assert_eq!((stale.error().unwrap().0, stale.nonce()), (438, Some(&b"9876543210fedcba"[..])));
    let redirection = read(
        "01130024 2112a442 00010203 04050607 08090a0b 00090011 00000300 54727920 416c7465 726e6174 65000000 80230008
         00010d96 c6336414",
    );
    assert_eq!(redirection.alternate_servers(), [address("198.51.100.20:3478")]);
    assert_eq!(redirection.alternate_domain(), None);
}

#[test]
fn the_features_in_a_nonce_are_counted_from_the_left() {
    for (nonce, expected) in [
        ("obMatJos2gAAA", Some((true, false))),
        ("obMatJos2QAAAx", Some((false, true))),
        ("obMatJos2wAAAx", Some((true, true))),
        ("obMatJos2AAAA", Some((false, false))),
        ("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA", Some((false, false))),
        ("obMatJos2wA", None),
        ("obMatJos2w!AA", None),
        ("obmatjos2wAAA", None),
        ("", None),
    ] {
        let bytes = Writer::new(Class::Error, 3, ID, None).attribute(0x0015, nonce.as_bytes()).finish();
        let message = nat_probe::wire::Message::read(&bytes).unwrap();
        assert_eq!(message.nonce_features(), expected, "{nonce}");
    }
}

#[test]
fn an_allocation_is_read() {
    let text =
        "01030038 2112a442 00010203 04050607 08090a0b 00160008 0001e242 e112a64d 00200008 0001f523 ea12d545 000d0004
        00000258 00080014 d09139a0 65628d71 9babc9e1 52022c23 dbcd9857";
    let message = read(text);
    assert_eq!(message.relayed_addresses(), [address("192.0.2.15:50000")]);
    assert_eq!(message.mapped(), Some(address("203.0.113.7:54321")));
    assert_eq!(message.lifetime(), Some(600));
    assert_eq!(key().check(&message, &hex(text)), Some(true));
    let shown = text.split_once("d09139a0").unwrap().0.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(excerpt(&hex(text)), format!("{shown} .. ... (76 bytes)"));
}

#[test]
fn both_families_and_features_are_read_and_told() {
    let bytes = Writer::new(Class::Success, 3, ID, None)
        .xor_address(0x0016, address("192.0.2.15:50000"))
        .xor_address(0x0016, address("[2001:db8::15]:50001"))
        .attribute(0x8001, &[&[2, 0, 4, 40], &b"No IPv6"[..]].concat())
        .attribute(0x0022, b"TOKENTOK")
        .attribute(0x8030, b"TICKET")
        .attribute(0x002A, &[0, 0, 1, 2])
        .attribute(0x802E, b"auth.example.org")
        .address(0x8023, address("192.0.2.1:1"))
        .address(0x8023, address("[2001:db8::1]:1"))
        .attribute(0x8003, b"turn.example.org")
        .finish();
    let message = nat_probe::wire::Message::read(&bytes).unwrap();
    assert_eq!(message.faults, [""; 0]);
    assert_eq!(message.relayed_addresses(), [address("192.0.2.15:50000"), address("[2001:db8::15]:50001")]);
    assert_eq!(message.address_error(), Some((Some(Family::Ipv6), 440, "No IPv6".into())));
    assert_eq!(message.reservation_token(), Some(&b"TOKENTOK"[..]));
    assert_eq!(message.mobility_ticket(), Some(&b"TICKET"[..]));
    assert_eq!(message.connection_id(), Some(258));
    assert_eq!(message.third_party_authorization().as_deref(), Some("auth.example.org"));
    assert_eq!(message.alternate_servers(), [address("192.0.2.1:1"), address("[2001:db8::1]:1")]);
    assert_eq!(message.alternate_domain().as_deref(), Some("turn.example.org"));
}

#[test]
fn every_attribute_of_a_request_is_read_back() {
    let peers = [address("192.0.2.1:1"), address("[2001:db8::2]:2")];
    let request = Request::turn(
        Method::Allocate,
        vec![
            TurnAttribute::RequestedTransport(6),
            TurnAttribute::LifetimeS(777),
            TurnAttribute::RequestedAddressFamily(Family::Ipv4),
            TurnAttribute::AdditionalAddressFamily(Family::Ipv6),
            TurnAttribute::EvenPort(true),
            TurnAttribute::DontFragment,
            TurnAttribute::ReservationToken(b"TOKENTOK".to_vec()),
            TurnAttribute::MobilityTicket(Vec::new()),
            TurnAttribute::Channel(0x4001),
            TurnAttribute::Peer(peers[0]),
            TurnAttribute::Peer(peers[1]),
            TurnAttribute::ConnectionId(7),
        ],
    );
    let words = "Allocate, TCP relay, lifetime 777 s, IPv4, IPv6 too, even port and the next, unfragmented, reserved port, \
                 mobile, channel 0x4001, peer 192.0.2.1:1, peer [2001:db8::2]:2, connection 7";
    assert_eq!(request.to_string(), words);
    assert!(!format!("{request:?}").contains("84, 79, 75"), "the token is shown");
    let bytes = request.message(ID, None);
    let message = nat_probe::wire::Message::read(&bytes).unwrap();
    assert_eq!(message.faults, [""; 0]);
    let value = |ty| message.attribute(ty).map(|attribute| attribute.value.as_slice());
    for (ty, bytes) in [
        (attribute::REQUESTED_TRANSPORT, &[6, 0, 0, 0][..]),
        (attribute::REQUESTED_ADDRESS_FAMILY, &[1, 0, 0, 0]),
        (attribute::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]),
        (attribute::EVEN_PORT, &[0x80]),
        (attribute::DONT_FRAGMENT, &[]),
        (attribute::RESERVATION_TOKEN, b"TOKENTOK"),
    ] {
        assert_eq!(value(ty), Some(bytes), "{ty:#06x}");
    }
    assert_eq!((message.lifetime(), message.channel_number()), (Some(777), Some(0x4001)));
    assert_eq!((message.peer_address(), message.peer_addresses()), (Some(peers[0]), peers.to_vec()));
    assert_eq!((message.connection_id(), message.mobility_ticket()), (Some(7), Some(&[][..])));
}

#[test]
fn data_is_wrapped_byte_for_byte() {
    let relay = Relay { peer: address("192.0.2.150:32102"), channel: None };
    let send = wrap(&relay, ID, b"hello", false);
    let expected = "00160018 2112a442 00010203 04050607 08090a0b 00120008 00015c74 e112a6d4 00130005 68656c6c 6f000000";
    assert_eq!(send, hex(expected));
    let mut data = send;
    data[1] = 0x17;
    let message = nat_probe::wire::Message::read(&data).unwrap();
    assert_eq!(data_indication(&message), Some((relay.peer, &b"hello"[..])));

    let relay = Relay { channel: Some(0x4000), ..relay };
    assert_eq!(wrap(&relay, ID, b"hello", false), hex("40000005 68656c6c 6f"));
    assert_eq!(wrap(&relay, ID, b"hello", true), hex("40000005 68656c6c 6f000000"));
    assert_eq!(channel_data(&hex("40000005 68656c6c 6f")), Some((0x4000, &b"hello"[..])));
    assert_eq!(channel_data(&hex("40000005 68656c6c")), None);
}

#[test]
fn what_goes_through_the_relay_is_told_in_words() {
    let mut request = Request {
        padding: Some(1176),
        relay: Some(Relay { peer: address("192.0.2.1:3478"), channel: Some(0x4000) }),
        ..Request::default()
    };
    assert_eq!(request.message(ID, None).len(), 1200);
    assert_eq!(request.to_string(), "Binding through the relay to 192.0.2.1:3478 (channel 0x4000), 1200 bytes");
    request = Request { padding: None, relay: Some(Relay { channel: None, ..request.relay.unwrap() }), ..request };
    assert_eq!(request.to_string(), "Binding through the relay to 192.0.2.1:3478");
    request.auth = Some(Auth { username: "a\x1b[2J".into(), anonymous: true, ..auth() });
    assert!(request.to_string().ends_with(", signed as a\\x1b[2J (hashed name)"));
}
