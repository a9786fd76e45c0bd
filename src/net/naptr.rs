//! Which way NAPTR records point for a service and a protocol (S-NAPTR, RFC 3958).

use crate::wire::Transport;

/// The application service of TURN servers (RFC 5928 section 3).
const RELAY: &str = "RELAY";

/// One NAPTR record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) order: u16,
    pub(super) preference: u16,
    pub(super) flags: String,
    pub(super) services: String,
    pub(super) has_pattern: bool,
    pub(super) replacement: String,
}

/// Where to ask next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pointer {
    /// At another domain, for its NAPTR records.
    Domain(String),
    /// For the SRV records of this name.
    Service(String),
    /// For the addresses of this name.
    Address(String),
}

/// Where the records point for that transport, in the order to try. A record with a pattern, or with flags that S-NAPTR does not have, is
/// none of S-NAPTR (RFC 3958 section 2.2.3).
pub(super) fn pointers(mut records: Vec<Record>, transport: Transport) -> Vec<Pointer> {
    records.sort_by_key(|record| (record.order, record.preference));
    let suitable = records.into_iter().filter(|record| serves(&record.services, transport) && !record.has_pattern);
    let pointer = |record: Record| match record.flags.to_ascii_uppercase().as_str() {
        "" => Some(Pointer::Domain(record.replacement)),
        "S" => Some(Pointer::Service(record.replacement)),
        "A" => Some(Pointer::Address(record.replacement)),
        _ => None,
    };
    suitable.filter_map(pointer).collect()
}

/// Whether `RELAY:turn.udp:turn.tcp` and the like name the transport (RFC 5928 section 3, RFC 7350 section 4.6.3).
fn serves(services: &str, transport: Transport) -> bool {
    let tag = match transport {
        Transport::Udp => "turn.udp",
        Transport::Tcp => "turn.tcp",
        Transport::Tls => "turn.tls",
        Transport::Dtls => "turn.dtls",
    };
    let mut parts = services.split(':');
    parts.next().is_some_and(|service| service.eq_ignore_ascii_case(RELAY))
        && parts.any(|protocol| protocol.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(order: u16, preference: u16, flags: &str, services: &str, replacement: &str) -> Record {
        let (flags, services, replacement) = (flags.into(), services.into(), replacement.into());
        Record { order, preference, flags, services, has_pattern: false, replacement }
    }

    #[test]
    fn the_example_of_rfc_5928() {
        let records = vec![
            record(200, 10, "", "RELAY:turn.tcp:turn.tls", "stream.example.net."),
            record(100, 10, "", "RELAY:turn.udp", "datagram.example.net."),
        ];
        let to = |name: &str| vec![Pointer::Domain(name.into())];
        assert_eq!(pointers(records.clone(), Transport::Udp), to("datagram.example.net."));
        assert_eq!(pointers(records.clone(), Transport::Tls), to("stream.example.net."));
        assert_eq!(pointers(records, Transport::Dtls), []);
    }

    #[test]
    fn order_before_preference_and_what_is_not_s_naptr_left_out() {
        let records = vec![
            record(2, 1, "a", "relay:TURN.udp", "third."),
            record(1, 9, "S", "RELAY:turn.udp", "second."),
            record(1, 2, "s", "RELAY:turn.udp", "first."),
            record(0, 0, "U", "RELAY:turn.udp", "uri."),
            record(0, 0, "S", "SIP+D2U", "sip."),
            Record { has_pattern: true, ..record(0, 0, "", "RELAY:turn.udp", "pattern.") },
        ];
        let expected =
            [Pointer::Service("first.".into()), Pointer::Service("second.".into()), Pointer::Address("third.".into())];
        assert_eq!(pointers(records, Transport::Udp), expected);
    }
}
