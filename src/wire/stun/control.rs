//! Datagrams that control what silence means: they take the way of a Binding and are not known by its cookie.

use super::header::{HEADER, MAGIC_COOKIE};
use crate::wire::TransactionId;

/// The bytes of a DNS header (RFC 1035 section 4.1.1).
const DNS_HEADER: usize = 12;

/// The question for the SOA of the root, which every name server can answer in one small datagram (RFC 1035 section 4.1).
#[must_use]
pub(crate) fn dns_query(id: TransactionId) -> Vec<u8> {
    const RECURSION_DESIRED: [u8; 2] = [0x01, 0x00];
    const ONE_QUESTION: [u8; 8] = [0, 1, 0, 0, 0, 0, 0, 0];
    const ROOT_SOA_IN: [u8; 5] = [0, 0, 6, 0, 1];
    [&id.0[..2], &RECURSION_DESIRED, &ONE_QUESTION, &ROOT_SOA_IN].concat()
}

/// Whether the datagram is the answer to that query, whatever it says.
#[must_use]
pub(crate) fn answers_dns(query: &[u8], bytes: &[u8]) -> bool {
    const RESPONSE: u8 = 0x80;
    bytes.len() >= DNS_HEADER && query.len() >= DNS_HEADER && bytes[..2] == query[..2] && bytes[2] & RESPONSE != 0
}

/// The same message as RFC 3489 has it: a transaction id of 128 bits stands where the cookie was.
#[must_use]
pub(crate) fn without_cookie(mut message: Vec<u8>) -> Vec<u8> {
    if message.len() >= HEADER {
        let head: [u8; 4] = std::array::from_fn(|index| !message[8 + index]);
        message[4..8].copy_from_slice(if head == MAGIC_COOKIE { &[0; 4] } else { &head });
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Message, Request};

    #[test]
    fn a_binding_without_cookie_keeps_what_it_is_matched_by() {
        let id = TransactionId([7; 12]);
        let message = Message::read(&without_cookie(Request::default().encode(id))).unwrap();
        assert!(!message.cookie);
        assert_eq!(message.id, id);
        let unlucky = TransactionId([0xDE, 0xED, 0x5B, 0xBD, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(!Message::read(&without_cookie(Request::default().encode(unlucky))).unwrap().cookie);
    }

    #[test]
    fn a_dns_answer_has_the_querys_id_and_is_an_answer() {
        let query = dns_query(TransactionId([0xAB; 12]));
        assert_eq!(query.len(), 17);
        assert!(!answers_dns(&query, &query));
        let mut answer = query.clone();
        answer[2] |= 0x80;
        answer[3] = 5;
        assert!(answers_dns(&query, &answer), "a refusal is an answer");
        answer[0] ^= 1;
        assert!(!answers_dns(&query, &answer));
        assert!(!answers_dns(&query, &[]));
    }
}
