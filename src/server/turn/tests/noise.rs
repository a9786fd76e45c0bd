//! No bytes make a server panic.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::server::turn::tests::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_and_changed_messages_are_survived(
        fault in proptest::sample::select(TurnFault::ALL.to_vec()),
        sha256 in any::<bool>(),
        noise in vec(vec(any::<u8>(), 0..80), 0..8),
        changes in vec((0..5_usize, any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let mut world = World::new(&TurnConfig { faults: vec![fault], sha256, mobility: true, ..TurnConfig::default() });
        if world.unsigned(CLIENT, Method::Allocate, allocate()).is_some() {
            world.challenge(CLIENT);
        }
        let peer = TurnAttribute::Peer(address(PEER));
        for (which, at, byte) in changes {
            let mut bytes = match which {
                0 => world.sign(Method::Allocate, allocate()),
                1 => world.sign(Method::CreatePermission, vec![peer.clone()]),
                2 => world.sign(Method::ChannelBind, vec![TurnAttribute::Channel(0x4000), peer.clone()]),
                3 => world.sign(Method::Refresh, vec![TurnAttribute::LifetimeS(byte.into())]),
                _ => relay::wrap(&crate::wire::Relay { peer: address(PEER), channel: None }, TransactionId([7; 12]), &[byte], false),
            };
            if byte % 2 == 0 {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            world.receive(CLIENT, &bytes);
        }
        for bytes in noise {
            world.receive(CLIENT, &bytes);
            world.arrive(PEER, address("198.51.100.30:50000"), &bytes);
        }
        prop_assert!(world.server.live(world.now) <= 1);
    }
}
