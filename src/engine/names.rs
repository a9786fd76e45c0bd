//! What a name led to, as evidence: which of its addresses are asked, and why the others are not.

use super::Found;
use crate::evidence::{Failure, FailureCode, Lookup, Refused, gate};
use crate::wire::{ServerSpec, Transport, escape};

/// The look-up as it stands in the evidence.
pub(super) fn lookup(
    spec: &ServerSpec,
    transport: Transport,
    result: Result<Found, Failure>,
    duration_ms: f64,
) -> Lookup {
    let mut lookup = Lookup { transport, addresses: Vec::new(), failure: None, refused: Vec::new(), duration_ms };
    let found = match result {
        Ok(found) => found,
        Err(failure) => {
            lookup.failure = Some(failure);
            return lookup;
        }
    };
    for address in found.addresses {
        match found.own.as_ref().map_or(Ok(()), |own| gate::check_record(own, address)) {
            Ok(()) => lookup.addresses.push(address),
            Err(text) => lookup.refused.push(Refused { address, text }),
        }
    }
    let refused = lookup.refused.first().filter(|_| lookup.addresses.is_empty());
    lookup.failure = refused.map(|refused| {
        let text = format!("look up {}: {}", escape(&spec.text), refused.text);
        Failure { code: FailureCode::Withheld, text, by: None }
    });
    gate::sift(&spec.text, &mut lookup);
    lookup
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sifted(spec: &str, addresses: &[&str], own: Option<&[&str]>) -> (usize, usize, Option<Failure>) {
        let found = Found {
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            own: own.map(|own| own.iter().map(|ip| ip.parse().unwrap()).collect()),
        };
        let lookup = lookup(&ServerSpec::parse(spec).unwrap(), Transport::Udp, Ok(found), 1.0);
        (lookup.addresses.len(), lookup.refused.len(), lookup.failure)
    }

    #[test]
    fn what_a_filter_answers_is_not_asked_and_is_named() {
        for zero in ["0.0.0.0:3478", "[::]:3478"] {
            let (asked, refused, failure) = sifted("stun.example.org", &[zero], None);
            let failure = failure.unwrap();
            assert_eq!((asked, refused, failure.code), (0, 1, FailureCode::NameFiltered));
            assert!(failure.text.contains("a DNS filter answers"), "{}", failure.text);
        }
        assert_eq!(sifted("stun.example.org", &["0.0.0.0:3478", "192.0.2.1:3478"], None), (1, 1, None));
    }

    #[test]
    fn a_literal_that_no_host_has_is_no_filters_work() {
        let (asked, _, failure) = sifted("0.0.0.0:3478", &["0.0.0.0:3478"], None);
        assert_eq!((asked, failure.unwrap().code), (0, FailureCode::NoAddress));
        // Looked up to find NAT64: its own addresses are no host's.
        let (asked, _, failure) = sifted("ipv4only.arpa", &["192.0.0.170:3478", "192.0.0.171:3478"], None);
        assert_eq!((asked, failure.unwrap().code), (0, FailureCode::NoAddress));
    }

    #[test]
    fn names_of_this_host_are_the_users_wish_and_records_are_not() {
        assert_eq!(sifted("localhost", &["127.0.0.1:3478", "[::1]:3478"], None), (2, 0, None));
        let (asked, refused, failure) = sifted("stun.example.org", &["127.0.0.1:22"], Some(&["192.0.2.1"]));
        assert_eq!((asked, refused, failure.unwrap().code), (0, 1, FailureCode::Withheld));
    }
}
