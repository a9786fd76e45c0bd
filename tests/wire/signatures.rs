//! What we sign stun-rs accepts, and the other way round.

use nat_probe::wire::{
    Algorithm, Auth, Credential, Echo, Key, Message, Method, PasswordForm, Request, Secret, TransactionId,
    TurnAttribute,
};
use proptest::prelude::*;
use stun_rs::attributes::stun as strict;
use stun_rs::attributes::turn::RequestedTrasport;
use stun_rs::{
    AlgorithmId, DecoderContextBuilder, HMACKey, MessageClass, MessageDecoderBuilder, MessageEncoder,
    StunMessageBuilder, protocols,
};

proptest! {
    #[test]
    fn stun_rs_agrees(
        id in any::<[u8; 12]>(),
        username in "[a-z0-9:.@-]{1,30}",
        realm in "[a-z0-9.-]{1,30}",
        password in "[!-~]{1,40}",
        nonce in "[a-zA-Z0-9+/=]{1,60}",
        sha256 in any::<bool>(),
    ) {
        let (algorithm, theirs) = if sha256 { (Algorithm::Sha256, AlgorithmId::SHA256) } else { (Algorithm::Md5, AlgorithmId::MD5) };
        let credential = Credential { username: username.clone(), password: Secret::new(&password) };
        let their_key = HMACKey::new_long_term(&username, &realm, &password, stun_rs::Algorithm::from(theirs)).unwrap();

        let offered = sha256.then(|| vec![0, 2, 0, 0, 0, 1, 0, 0]);
        let echo = Echo { realm: realm.clone().into(), nonce: nonce.clone().into(), password_algorithms: offered };
        let auth = Auth {
            credential: 0,
            username: username.clone(),
            realm: realm.clone(),
            algorithm,
            form: PasswordForm::AsTyped,
            anonymous: false,
            echo,
        };
        let request = Request {
            auth: Some(auth),
            ..Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)])
        };
        let bytes = request.message(TransactionId(id), Some(&credential));
        let decode = |key: &HMACKey, bytes: &[u8]| {
            let context = DecoderContextBuilder::default().with_key(key.clone()).with_validation().build();
            MessageDecoderBuilder::default().with_context(context).build().decode(bytes).map(|(message, _)| message)
        };
        let message = decode(&their_key, &bytes).unwrap();
        prop_assert_eq!(message.get::<strict::UserName>().unwrap().expect_user_name().as_str(), &username);
        prop_assert_eq!(message.get::<strict::Nonce>().unwrap().expect_nonce().as_str(), &nonce);
        let other = HMACKey::new_long_term(&username, &realm, format!("{password}x"), stun_rs::Algorithm::from(theirs)).unwrap();
        prop_assert!(decode(&other, &bytes).is_err());

        let builder = StunMessageBuilder::new(stun_rs::methods::ALLOCATE, MessageClass::Request)
            .with_transaction_id(id.into())
            .with_attribute(RequestedTrasport::new(protocols::UDP))
            .with_attribute(strict::UserName::new(&username).unwrap())
            .with_attribute(strict::Realm::new(&realm).unwrap())
            .with_attribute(strict::Nonce::new(&nonce).unwrap());
        let builder = if sha256 {
            builder.with_attribute(strict::MessageIntegritySha256::new(their_key))
        } else {
            builder.with_attribute(strict::MessageIntegrity::new(their_key))
        };
        let mut theirs = vec![0; 512];
        let length = MessageEncoder::default().encode(&mut theirs, &builder.build()).unwrap();
        theirs.truncate(length);
        if !sha256 {
            prop_assert_eq!(&theirs, &bytes);
        }
        let key = Key::new(&credential, realm.as_bytes(), algorithm, PasswordForm::AsTyped);
        prop_assert_eq!(key.check(&Message::read(&theirs).unwrap(), &theirs), Some(true));
        theirs[25] ^= 1;
        prop_assert_eq!(key.check(&Message::read(&theirs).unwrap(), &theirs), Some(false));
    }
}
