//! RFC 5769 and RFC 8489 test vectors.

use nat_probe::wire::stun::integrity::userhash;
use nat_probe::wire::{Algorithm, Class, Credential, Key, Message, PasswordForm, Secret};

use crate::{address, hex, read};

#[test]
fn rfc5769_request() {
    let message = read(
        "00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74 00240004 6e0001ff
         80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249
         c1b571a2 80280004 e57a3bcf",
    );
    assert_eq!((message.class, message.method, message.cookie), (Class::Request, 1, true));
    assert_eq!(message.software().as_deref(), Some("STUN test client"));
    assert_eq!(message.attribute(0x0006).unwrap().text(), "evtj:h6vY");
    assert_eq!(message.fingerprint(), Some(true));
}

#[test]
fn rfc5769_ipv4_response() {
    let message = read(
        "0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008 0001a147 e112a643
         00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96",
    );
    assert_eq!(message.class, Class::Success);
    assert_eq!(message.software().as_deref(), Some("test vector"));
    assert_eq!(message.xor_mapped_address(), Some(address("192.0.2.1:32853")));
    assert_eq!(message.fingerprint(), Some(true));
}

#[test]
fn rfc5769_ipv6_response() {
    let message = read(
        "01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014 0002a147 0113a9fa
         a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c",
    );
    assert_eq!(message.mapped(), Some(address("[2001:db8:1234:5678:11:2233:4455:6677]:32853")));
    assert_eq!(message.fingerprint(), Some(true));
}

const LONG_TERM: &str =
    "00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000 0015001c
         662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341 0014000b 6578616d 706c652e 6f726700 00080014
         f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666";

#[test]
fn rfc5769_long_term_request() {
    let message = read(LONG_TERM);
    assert_eq!(message.attribute(0x0006).unwrap().text(), "マトリックス");
    assert_eq!(message.realm(), Some(&b"example.org"[..]));
    assert_eq!(message.nonce_features(), None);
    assert_eq!(message.fingerprint(), None);
    let bytes = hex(LONG_TERM);
    let check = |password: &str, form| matrix(password, Algorithm::Md5, form).check(&message, &bytes);
    assert_eq!(check("TheMatrIX", PasswordForm::AsTyped), Some(true));
    assert_eq!(check("TheM\u{aa}tr\u{2168}", PasswordForm::Nfkc), Some(true));
    assert_eq!(check("TheM\u{aa}tr\u{2168}", PasswordForm::AsTyped), Some(false));
    assert_eq!(check("TheMatrix", PasswordForm::AsTyped), Some(false));
}

/// The user of both RFCs, U+30DE U+30C8 U+30EA U+30C3 U+30AF U+30B9, in example.org.
fn matrix(password: &str, algorithm: Algorithm, form: PasswordForm) -> Key {
    let credential = Credential { username: "マトリックス".into(), password: Secret::new(password) };
    Key::new(&credential, b"example.org", algorithm, form)
}

/// RFC 8489 appendix B.1 as printed announces twenty bytes too many.
#[test]
fn rfc8489_defective_vector_is_read_with_its_fault() {
    let bytes = hex(
        "0001009c 2112a442 78ad3433 c6ad72c0 29da412e 001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2
         05c46e41 407f1704 00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476
         79363473 41000000 0014000b 6578616d 706c652e 6f726700 001c0020 e4686c8f 0edeb590 13e07090 010a93ef ccbccc54
         4c0a45d9 f830aa6d 6f735a01",
    );
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.faults, ["the header announces 156 bytes of attributes and 136 arrived"]);
    assert_eq!(message.attributes().len(), 4);
    // What was signed is the wrong length, so it is not right for the message that it should be.
    assert_eq!(matrix("TheMatrIX", Algorithm::Sha256, PasswordForm::AsTyped).check(&message, &bytes), Some(false));
}

/// RFC 8489 appendix B.1 as erratum 6268 corrects it.
#[test]
fn rfc8489_sha256_request() {
    let text =
        "00010090 2112a442 78ad3433 c6ad72c0 29da412e 001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2
        05c46e41 407f1704 00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476
        79363473 41000000 0014000b 6578616d 706c652e 6f726700 001d0004 00020000 001c0020 b5c7bf00 5b6c52a2 1c51c5e8
        92f81924 136296cb 927c4314 9309278c c6518e65";
    let message = read(text);
    let expected = userhash("マトリックス", message.realm().unwrap());
    assert_eq!(message.attribute(0x001E).unwrap().value, expected);
    let check = |algorithm| matrix("TheMatrIX", algorithm, PasswordForm::AsTyped).check(&message, &hex(text));
    assert_eq!(check(Algorithm::Sha256), Some(true));
    assert_eq!(check(Algorithm::Md5), Some(false));
}
