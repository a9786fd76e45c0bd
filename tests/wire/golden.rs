//! What is sent, byte for byte, and what RFC 5780 and TURN servers answer.

use nat_probe::wire::stun::attribute::{MAPPED_ADDRESS, OTHER_ADDRESS, RESPONSE_ORIGIN, XOR_MAPPED_ADDRESS};
use nat_probe::wire::{Change, Class, Request, Writer};

use crate::{ID, address, hex, read};

#[test]
fn requests_are_written_byte_for_byte() {
    for (change, response_port, expected, words) in [
        (Change::Nothing, None, "00010000 2112a442 00010203 04050607 08090a0b", "Binding"),
        (
            Change::AddressAndPort,
            None,
            "00010008 2112a442 00010203 04050607 08090a0b 00030004 00000006",
            "Binding, change address and port",
        ),
        (Change::Port, None, "00010008 2112a442 00010203 04050607 08090a0b 00030004 00000002", "Binding, change port"),
        (
            Change::Nothing,
            Some(40000),
            "00010008 2112a442 00010203 04050607 08090a0b 00270002 9c400000",
            "Binding, response port 40000",
        ),
    ] {
        let request = Request { change, response_port, ..Request::default() };
        assert_eq!(request.encode(ID), hex(expected), "{words}");
        assert_eq!(request.to_string(), words);
        assert_eq!(read(expected).response_port(), response_port);
    }
}

const RESPONSE: &str = "01010030 2112a442 00010203 04050607 08090a0b 00010008 0001d431 cb007107
    00200008 0001f523 ea12d545 802b0008 00010d96 c0000201 802c0008 00010d97 c6336401";
const RESPONSE_V6: &str = "01010020 2112a442 00010203 04050607 08090a0b 00200014 0002f523 0113a9fa
    00010203 04050607 08090a0c 80280004 7346d0c8";
const UNKNOWN: &str = "01110024 2112a442 00010203 04050607 08090a0b 00090015 00000414 556e6b6e
    6f776e20 41747472 69627574 65000000 000a0002 00030000";

#[test]
fn responses_are_read() {
    let message = read(RESPONSE);
    assert_eq!(message.id, ID);
    assert_eq!(message.mapped_address(), Some(address("203.0.113.7:54321")));
    assert_eq!(message.xor_mapped_address(), message.mapped_address());
    assert_eq!(message.response_origin(), Some(address("192.0.2.1:3478")));
    assert_eq!(message.other_address(), Some(address("198.51.100.1:3479")));

    let message = read(RESPONSE_V6);
    assert_eq!(message.mapped(), Some(address("[2001:db8::7]:54321")));
    assert_eq!(message.fingerprint(), Some(true));

    let message = read(UNKNOWN);
    assert_eq!(message.error(), Some((420, "Unknown Attribute".into())));
    assert_eq!(message.unknown_attributes(), [0x0003]);
}

#[test]
fn the_writer_writes_them_byte_for_byte() {
    let success = || Writer::new(Class::Success, 1, ID, None);
    let mapped = address("203.0.113.7:54321");
    let response = success()
        .address(MAPPED_ADDRESS, mapped)
        .xor_address(XOR_MAPPED_ADDRESS, mapped)
        .address(RESPONSE_ORIGIN, address("192.0.2.1:3478"))
        .address(OTHER_ADDRESS, address("198.51.100.1:3479"));
    assert_eq!(response.finish(), hex(RESPONSE));
    let response = success().xor_address(XOR_MAPPED_ADDRESS, address("[2001:db8::7]:54321")).fingerprint(true);
    assert_eq!(response.finish(), hex(RESPONSE_V6));
    let response = Writer::new(Class::Error, 1, ID, None).error(420, "Unknown Attribute").attribute(0x000A, &[0, 3]);
    assert_eq!(response.finish(), hex(UNKNOWN));
    let keepalive = Writer::new(Class::Indication, 1, ID, None).fingerprint(true);
    assert_eq!(keepalive.finish(), hex("00110008 2112a442 00010203 04050607 08090a0b 80280004 484dcdf6"));
}

#[test]
fn turn_messages_are_read() {
    let challenge = read(
        "01130034 2112a442 00010203 04050607 08090a0b 00090010 00000401 556e6175 74686f72 697a6564 00140005 7265616c
         6d000000 00150010 61626364 65663031 32333435 36373839",
    );
    assert_eq!((challenge.class, challenge.method), (Class::Error, 3));
    assert_eq!(challenge.error(), Some((401, "Unauthorized".into())));
    let granted = read(
        "01030038 2112a442 00010203 04050607 08090a0b 00160008 0001e242 e112a64d 00200008 0001f523 ea12d545 000d0004
         00000258 00080014 d09139a0 65628d71 9babc9e1 52022c23 dbcd9857",
    );
    assert_eq!((granted.class, granted.method), (Class::Success, 3));
    assert_eq!(granted.relayed_addresses(), [address("192.0.2.15:50000")]);
    assert_eq!((granted.mapped(), granted.lifetime()), (Some(address("203.0.113.7:54321")), Some(600)));
}

/// Long-term and short-term credentials, relaying, redirection: nothing of it is taken for broken.
#[test]
fn no_packet_of_turn_or_ice_has_a_fault() {
    for (size, packet) in [
        // allocate
        (28, "00030008 2112a442 00010203 04050607 08090a0b 00190004 11000000"),
        // authenticated allocate
        (
            92,
            "00030048 2112a442 00010203 04050607 08090a0b 00190004 11000000 00060004 75736572 00140005
             7265616c 6d000000 00150010 61626364 65663031 32333435 36373839 00080014 79472ff1 63d2b11b
             eac8b8d4 3162ff41 020e7626",
        ),
        // challenge with password algorithms
        (
            92,
            "01130048 2112a442 00010203 04050607 08090a0b 00090013 00000401 556e6175 7468656e 74696361
             74656400 00140005 7265616c 6d000000 00150013 6f624d61 744a6f73 32674141 41616263 64656600
             80020008 00020000 00010000",
        ),
        // answer with SHA-256
        (
            128,
            "0003006c 2112a442 00010203 04050607 08090a0b 00190004 11000000 00060004 75736572 00140005
             7265616c 6d000000 00150013 6f624d61 744a6f73 32674141 41616263 64656600 80020008 00020000
             00010000 001d0004 00020000 001c0020 59bdbb82 8b66fccf 14f0adad 8320fe5b 98a832f5 ad28cdf0
             abe33fe4 e402f443",
        ),
        // short-term request, both integrity attributes
        (
            104,
            "00010054 2112a442 00010203 04050607 08090a0b 00060009 626f623a 616c6963 65000000 00080014
             4c5fe6c7 ee64a34d 5ef10247 b3e30641 564d9e0e 001c0020 9b913634 2af93856 936ad285 87b59727
             9277cdc3 ba29ed45 32efcbee f6f84d28 80280004 8f19d5d9",
        ),
        // create permission
        (
            96,
            "0008004c 2112a442 00010203 04050607 08090a0b 00120008 00012112 e112a6d4 00060004 75736572
             00140005 7265616c 6d000000 00150010 61626364 65663031 32333435 36373839 00080014 102f7f67
             aed849ab 4c614d78 6a65e3e3 6c55c015",
        ),
        // send indication
        (
            44,
            "00160018 2112a442 00010203 04050607 08090a0b 00120008 00015c74 e112a6d4 00130005 68656c6c
             6f000000",
        ),
        // channel bind
        (
            104,
            "00090054 2112a442 00010203 04050607 08090a0b 000c0004 40000000 00120008 0001e135 e112a690
             00060004 75736572 00140005 7265616c 6d000000 00150010 61626364 65663031 32333435 36373839
             00080014 2df85d66 8b4e9b67 23da02c4 0da755f1 b2a07fb8",
        ),
        // refresh to zero
        (
            92,
            "00040048 2112a442 00010203 04050607 08090a0b 000d0004 00000000 00060004 75736572 00140005
             7265616c 6d000000 00150010 61626364 65663031 32333435 36373839 00080014 1beec31a 2b722fe7
             467bcb9e 58ed19b6 86ccde1d",
        ),
        // stale nonce
        (
            72,
            "01130034 2112a442 00010203 04050607 08090a0b 0009000f 00000426 5374616c 65204e6f 6e636500
             00140005 7265616c 6d000000 00150010 39383736 35343332 31306665 64636261",
        ),
        // try alternate
        (
            56,
            "01130024 2112a442 00010203 04050607 08090a0b 00090011 00000300 54727920 416c7465 726e6174
             65000000 80230008 00010d96 c6336414",
        ),
        // keepalive
        (28, "00110008 2112a442 00010203 04050607 08090a0b 80280004 484dcdf6"),
    ] {
        assert_eq!(hex(packet).len(), size);
        let message = read(packet);
        assert!(message.cookie);
        assert_ne!(message.fingerprint(), Some(false));
    }
}
