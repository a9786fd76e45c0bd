//! What a TURN server's response says, as evidence.

use crate::evidence::{Bearer, ErrorReply, Integrity, TurnReply};
use crate::wire::stun::attribute;
use crate::wire::stun::message::{ALLOCATE, BINDING};
use crate::wire::{Algorithm, Class, Echo, Message, Question, excerpt};

/// What the response to that request says beyond plain STUN; `None` where a Binding response says nothing of it.
pub(super) fn read(message: &Message, question: &Question, bytes: &[u8], integrity: Integrity) -> Option<TurnReply> {
    let challenged = message.realm().is_some() || message.nonce().is_some();
    if message.method == BINDING && !challenged && message.alternate_servers().is_empty() {
        return None;
    }
    let (password_algorithms_bit, anonymity_bit) = message.nonce_features().unwrap_or_default();
    // An Allocate success without a relayed address: the bytes tell what the server sent in its place.
    let hollow =
        message.method == ALLOCATE && message.class == Class::Success && message.relayed_addresses().is_empty();
    let doubtful = integrity == Integrity::Wrong || !message.faults.is_empty() || hollow;
    let text = attribute::readable;
    Some(TurnReply {
        realm: message.realm().map(text),
        nonce: message.nonce().is_some(),
        nonce_renewed: message.nonce().is_some_and(|nonce| question.auth().is_none_or(|auth| auth.echo.nonce != nonce)),
        password_algorithms_bit,
        anonymity_bit,
        algorithms: message.password_algorithms().map(|numbers| numbers.into_iter().filter_map(algorithm).collect()),
        third_party_authorization: message.third_party_authorization(),
        relayed: message.relayed_addresses(),
        lifetime_s: message.lifetime(),
        address_error: message.address_error().map(|(_, code, reason)| ErrorReply { code, reason }),
        alternate_servers: message.alternate_servers(),
        alternate_domain: message.alternate_domain(),
        unknown_attributes: message.unknown_attributes(),
        connection_id: message.connection_id(),
        reservation: message.reservation_token().is_some(),
        ticket: message.mobility_ticket().is_some(),
        integrity,
        excerpt: doubtful.then(|| excerpt(bytes)),
        echo: Echo {
            realm: message.realm().unwrap_or_default().to_vec(),
            nonce: message.nonce().unwrap_or_default().to_vec(),
            password_algorithms: message
                .attribute(crate::wire::stun::attribute::PASSWORD_ALGORITHMS)
                .map(|offered| offered.value.clone()),
        },
        reservation_token: Bearer(message.reservation_token().unwrap_or_default().to_vec()),
        mobility_ticket: Bearer(message.mobility_ticket().unwrap_or_default().to_vec()),
    })
}

/// The registered algorithms that are known here (RFC 8489 section 18.5).
fn algorithm(number: u16) -> Option<Algorithm> {
    match number {
        1 => Some(Algorithm::Md5),
        2 => Some(Algorithm::Sha256),
        _ => None,
    }
}
