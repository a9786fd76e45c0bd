//! What a name led to, sifted: which of its addresses are asked, and why the others are not.

use std::net::SocketAddr;

use super::Found;
use crate::probe::{Failure, FailureCode, Refused, gate};
use crate::stun::{Host, ServerSpec, escape};

/// The addresses to ask, those that are not asked, and why there is none to ask.
pub fn sift(spec: &ServerSpec, found: Found) -> (Vec<SocketAddr>, Vec<Refused>, Option<Failure>) {
    let mut refused: Vec<Refused> = Vec::new();
    let mut filtered = Vec::new();
    let mut asked = Vec::new();
    for address in found.addresses {
        let record = found.own.as_ref().map_or(Ok(()), |own| gate::check_record(own, address));
        match record {
            _ if gate::is_filtered(address.ip()) => filtered.push(address),
            Ok(()) => asked.push(address),
            Err(text) => refused.push(Refused { address, text }),
        }
    }
    let object = match &spec.host {
        Host::Name(name) => format!("look up {}", escape(name)),
        Host::Address(ip) => {
            let failure = filtered.first().map(|_| {
                let text = format!("{ip} is no address of a host");
                Failure { code: FailureCode::NoAddress, text, by: None }
            });
            return (asked, refused, failure);
        }
    };
    let words: Vec<String> = filtered.iter().map(|address| address.ip().to_string()).collect();
    let blocked = format!("a DNS filter answers {} for this name", words.join(" and "));
    let failure = match (&filtered[..], &refused[..]) {
        _ if !asked.is_empty() => None,
        ([], []) => None,
        ([], [first, ..]) => Some((FailureCode::Withheld, first.text.clone())),
        _ => Some((FailureCode::NameFiltered, blocked.clone())),
    };
    let failure = failure.map(|(code, text)| Failure { code, text: format!("{object}: {text}"), by: None });
    refused.extend(filtered.into_iter().map(|address| Refused { address, text: blocked.clone() }));
    (asked, refused, failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sifted(spec: &str, addresses: &[&str], own: Option<&[&str]>) -> (usize, usize, Option<Failure>) {
        let found = Found {
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            own: own.map(|own| own.iter().map(|ip| ip.parse().unwrap()).collect()),
        };
        let (asked, refused, failure) = sift(&ServerSpec::parse(spec).unwrap(), found);
        (asked.len(), refused.len(), failure)
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
    }

    #[test]
    fn names_of_this_host_are_the_users_wish_and_records_are_not() {
        assert_eq!(sifted("localhost", &["127.0.0.1:3478", "[::1]:3478"], None), (2, 0, None));
        let (asked, refused, failure) = sifted("stun.example.org", &["127.0.0.1:22"], Some(&["192.0.2.1"]));
        assert_eq!((asked, refused, failure.unwrap().code), (0, 1, FailureCode::Withheld));
    }
}
