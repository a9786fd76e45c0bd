//! Any bytes are survived, and what is written is read.

use std::net::SocketAddr;

use nat_probe::wire::stun::attribute::{MAPPED_ADDRESS, XOR_MAPPED_ADDRESS};
use nat_probe::wire::stun::relay;
use nat_probe::wire::{Change, Class, Framer, Message, Request, ServerSpec, TransactionId, Writer, excerpt};
use proptest::collection::vec;
use proptest::prelude::*;
use stun_rs::attributes::stun as strict;
use stun_rs::{DecoderContextBuilder, MessageClass, MessageDecoderBuilder, MessageEncoder, StunMessageBuilder};

use crate::turn::key;
use crate::{captures, hex};

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..300), header in any::<bool>()) {
        let bytes = if header { [&hex("0101012c2112a442000102030405060708090a0b")[..], &bytes].concat() } else { bytes };
        survive(&bytes)?;
    }

    /// Of every attribute there is, with any value.
    #[test]
    fn any_value_of_any_attribute_is_survived(
        method in prop::sample::select(vec![1u16, 3, 4, 7, 8, 9, 10, 11]),
        class in prop::sample::select(vec![Class::Request, Class::Indication, Class::Success, Class::Error]),
        attributes in vec((prop_oneof![0u16..0x30, 0x8000u16..0x8032], vec(any::<u8>(), 0..24)), 0..12),
    ) {
        let writer = Writer::new(class, method, TransactionId([7; 12]), None);
        survive(&attributes.iter().fold(writer, |writer, (ty, value)| writer.attribute(*ty, value)).finish())?;
    }

    /// Whatever is written as a server means itself or is an error that repeats no password.
    #[test]
    fn any_server_is_survived(
        scheme in "(turns?:|stuns?:|https?:)?(//)?",
        login in "([a-z]{1,4}(:hun[ -~]{0,6}ter)?@)?",
        host in "[a-c:.\\[\\]0-9]{0,12}|[ -~]{0,12}|\\PC{0,6}",
        query in "([?](transport=)?(udp|tcp|tls|[ -~]{0,4}))?",
    ) {
        let text = format!("{scheme}{login}{host}{query}");
        match ServerSpec::parse_turn(&text) {
            Ok((spec, transport)) => {
                let (again, same) = ServerSpec::parse_turn(&spec.to_string()).unwrap();
                prop_assert_eq!((again.to_string(), same), (spec.to_string(), transport));
                prop_assert_eq!((again.host, again.port, again.secure), (spec.host, spec.port, spec.secure));
            }
            Err(error) => prop_assert!(!error.to_string().contains(":hun"), "{}", error),
        }
        if let Err(error) = ServerSpec::parse(&text) {
            prop_assert!(!error.to_string().contains(":hun"), "{}", error);
        }
    }

    #[test]
    fn mutated_captures_are_survived(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let datagrams = captures::datagrams();
        let mut bytes = which.get(&datagrams).clone();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        survive(&bytes)?;
        survive(&bytes[..cut.index(bytes.len() + 1)])?;
    }

    #[test]
    fn what_is_written_is_read(
        id in any::<[u8; 12]>(),
        head in any::<Option<[u8; 4]>>(),
        method in 0u16..0x1000,
        mapped in any::<SocketAddr>(),
        value in vec(any::<u8>(), 0..40),
    ) {
        let mapped = SocketAddr::new(mapped.ip(), mapped.port());
        let bytes = Writer::new(Class::Success, method, TransactionId(id), head)
            .attribute(0xC123, &value)
            .xor_address(XOR_MAPPED_ADDRESS, mapped)
            .address(MAPPED_ADDRESS, mapped)
            .fingerprint(true)
            .finish();
        let message = Message::read(&bytes).unwrap();
        prop_assert_eq!(&message.faults, &[""; 0]);
        prop_assert_eq!((message.class, message.method, message.id.0), (Class::Success, method, id));
        prop_assert_eq!(message.head, head.unwrap_or([0x21, 0x12, 0xA4, 0x42]));
        prop_assert_eq!(&message.attribute(0xC123).unwrap().value, &value);
        prop_assert_eq!((message.xor_mapped_address(), message.mapped_address()), (Some(mapped), Some(mapped)));
        prop_assert_eq!(message.fingerprint(), Some(true));
    }

    #[test]
    fn requests_are_read_back(id in any::<[u8; 12]>(), change in 0usize..4, response_port in any::<Option<u16>>()) {
        let change = [Change::Nothing, Change::Empty, Change::Port, Change::AddressAndPort][change];
        let message = Message::read(&Request { change, response_port, ..Request::default() }.encode(TransactionId(id))).unwrap();
        let expected = match change {
            Change::Nothing => None,
            Change::Empty => Some((false, false)),
            Change::Port => Some((false, true)),
            Change::AddressAndPort => Some((true, true)),
        };
        prop_assert_eq!(message.change_request(), expected);
        prop_assert_eq!(message.has_change_request(), expected.is_some());
        prop_assert_eq!(message.response_port(), response_port);
        prop_assert_eq!((message.class, message.method, message.id.0), (Class::Request, 1, id));
    }

    /// The strict codec, and we, understand each other.
    #[test]
    fn stun_rs_agrees(id in any::<[u8; 12]>(), mapped in any::<SocketAddr>(), software in "[ -~]{1,40}") {
        let mapped = SocketAddr::new(mapped.ip(), mapped.port());
        let theirs = StunMessageBuilder::new(stun_rs::methods::BINDING, MessageClass::SuccessResponse)
            .with_transaction_id(id.into())
            .with_attribute(strict::Software::new(&software).unwrap())
            .with_attribute(strict::XorMappedAddress::from(mapped))
            .with_attribute(strict::Fingerprint::default())
            .build();
        let mut bytes = vec![0; 256];
        let length = MessageEncoder::default().encode(&mut bytes, &theirs).unwrap();
        bytes.truncate(length);
        let message = Message::read(&bytes).unwrap();
        prop_assert_eq!(&message.faults, &[""; 0]);
        prop_assert_eq!(message.mapped(), Some(mapped));
        prop_assert_eq!(message.software(), Some(software.clone()));
        prop_assert_eq!(message.fingerprint(), Some(true));

        let ours = Writer::new(Class::Success, 1, TransactionId(id), None)
            .attribute(0x8022, software.as_bytes())
            .xor_address(XOR_MAPPED_ADDRESS, mapped)
            .fingerprint(true)
            .finish();
        prop_assert_eq!(&ours, &bytes);
        let context = DecoderContextBuilder::default().with_validation().build();
        prop_assert!(MessageDecoderBuilder::default().with_context(context).build().decode(&ours).is_ok());
    }
}

/// Reads bytes every way there is; what comes out is never much larger than what went in.
fn survive(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(message) = Message::read(bytes) {
        let values: usize = message.attributes().iter().map(|attribute| attribute.value.len() + 4).sum();
        prop_assert!(values <= bytes.len());
        prop_assert!(message.faults.len() <= 20);
        let _ =
            (message.mapped(), message.other_address(), message.response_origin(), message.error(), message.software());
        let _ =
            (message.unknown_attributes(), message.change_request(), message.response_port(), message.padding_len());
        let _ = (message.realm(), message.nonce_features(), message.password_algorithms(), message.username());
        let _ = (message.relayed_addresses(), message.peer_addresses(), message.peer_address(), message.lifetime());
        let _ = (message.alternate_servers(), message.alternate_domain(), message.address_error());
        let _ = (message.reservation_token(), message.mobility_ticket(), message.connection_id());
        let _ = (message.third_party_authorization(), message.channel_number());
        let _ = (relay::data_indication(&message), key().check(&message, bytes));
    }
    let _ = relay::channel_data(bytes);
    prop_assert!(excerpt(bytes).len() <= 200);
    if let Err(error) = Message::read(bytes) {
        prop_assert!(error.to_string().chars().all(|c| !c.is_control()), "{error}");
    }
    let mut framer = Framer::new();
    let mut size_out = 0;
    for segment in bytes.chunks(7) {
        framer.push(segment);
        size_out += framer.by_ref().map(|message| message.map_or(0, |message| message.len())).sum::<usize>();
    }
    prop_assert!(size_out <= bytes.len());
    let _ = framer.finish();
    Ok(())
}
