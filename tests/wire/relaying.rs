//! Through an allocation and back, on datagrams and streams.

use std::net::SocketAddr;

use nat_probe::wire::stun::relay::{channel_data, data_indication, is_channel_data, wrap};
use nat_probe::wire::{Framer, Message, Relay, Request, TransactionId};
use proptest::collection::vec;
use proptest::prelude::*;

const ID: TransactionId = TransactionId([9; 12]);

proptest! {
    #[test]
    fn what_is_wrapped_is_unwrapped(
        peer in any::<SocketAddr>(),
        channel in prop::option::of(0x4000u16..0x5000),
        data in vec(any::<u8>(), 0..1500),
        stream in any::<bool>(),
    ) {
        let peer = SocketAddr::new(peer.ip(), peer.port());
        let mut bytes = wrap(&Relay { peer, channel }, ID, &data, stream);
        prop_assert_eq!(is_channel_data(&bytes), channel.is_some());
        if stream {
            prop_assert!(bytes.len().is_multiple_of(4));
        }
        if let Some(number) = channel {
                prop_assert_eq!(channel_data(&bytes), Some((number, &data[..])));
                prop_assert_eq!(channel_data(&bytes[..3 + data.len()]), None);
            } else {
                prop_assert!(data_indication(&Message::read(&bytes).unwrap()).is_none());
                // The server turns Send into Data.
                bytes[1] = 0x17;
                let message = Message::read(&bytes).unwrap();
                prop_assert_eq!(&message.faults, &[""; 0]);
                prop_assert_eq!(data_indication(&message), Some((peer, &data[..])));
        }
    }

    #[test]
    fn segments_fall_anywhere(
        parts in vec(prop::option::of((0x4000u16..0x5000, vec(any::<u8>(), 0..200))), 0..12),
        sizes in vec(1usize..90, 1..40),
        cut in 0usize..20,
    ) {
        let peer = "192.0.2.1:1".parse().unwrap();
        let hello = Request::default().encode(ID);
        let mut stream = hello.clone();
        let mut expected = vec![hello.clone()];
        for part in parts {
            let Some((number, data)) = part else {
                stream.extend(&hello);
                expected.push(hello.clone());
                continue;
            };
            let relay = Relay { peer, channel: Some(number) };
            stream.extend(wrap(&relay, ID, &data, true));
            expected.push(wrap(&relay, ID, &data, false));
        }
        let whole = stream.len();
        stream.truncate(whole - cut.min(whole));
        let (mut framer, mut found, mut rest) = (Framer::new(), Vec::new(), stream.as_slice());
        for size in sizes.into_iter().cycle() {
            let (segment, after) = rest.split_at(size.min(rest.len()));
            framer.push(segment);
            found.extend(framer.by_ref().map(Result::unwrap));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert!(expected.starts_with(&found));
        let complete = found.iter().map(|message| message.len().next_multiple_of(4)).sum::<usize>();
        prop_assert_eq!(framer.finish().is_some(), complete < stream.len());
        prop_assert_eq!(found.len() == expected.len(), complete == whole);
    }
}
