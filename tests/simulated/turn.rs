//! `turn` against the simulator's TURN servers: each fault has its diagnosis, the step that fails, and leaves nothing behind.

use std::time::Duration;

use nat_probe::measure::turn::finding::TurnVerdict;
use nat_probe::measure::turn::{DiagnosisCode as Code, Login};
use nat_probe::sim::{Certificate, Fault, SIM_UNIX_START_S, TurnFault};
use nat_probe::wire::{Family, Secret, Transport};

use super::turn_bench::Bench;

#[test]
fn every_preset_has_its_diagnosis_and_leaves_no_allocation() {
    for (preset, code) in [
        ("turn-server", Code::Ok),
        ("turn-wrong-password", Code::UnknownUserOrPassword),
        ("turn-udp-blocked", Code::UdpBlockedUseTcp),
        ("turn-private-relay", Code::RelayAddressPrivate),
        ("turn-wrong-external", Code::RelayAddressMismatch),
        ("turn-range-closed", Code::RelayRangeClosed),
        ("turn-hairpin-denied", Code::RelayHairpinDenied),
        ("turn-quota", Code::QuotaReached),
    ] {
        let (result, left) = Bench::preset(preset).run();
        assert_eq!(result.diagnosis.code, code, "{preset}: {}", result.diagnosis.text);
        assert_eq!(left, 0, "{preset}");
    }
}

#[test]
fn wherever_the_run_is_cut_short_its_allocations_are_released() {
    for ms in (20..400).step_by(10) {
        let (result, left) = Bench { deadline: Duration::from_millis(ms), ..Bench::new() }.run();
        assert_eq!(left, 0, "stopped after {ms} ms: {}", result.diagnosis.text);
    }
}

#[test]
fn what_works_is_said_to_over_every_transport() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls] {
        Bench::new().over(transport).expect(TurnVerdict::Ok, Code::Ok, None);
    }
    Bench::new().turn(|config| config.sha256 = true).expect(TurnVerdict::Ok, Code::Ok, None);
    Bench::new().turn(|config| config.secret = Some(Secret::new("s"))).rest("s", 3_600).expect(
        TurnVerdict::Ok,
        Code::Ok,
        None,
    );
    Bench::new().fault(TurnFault::OftenStale).expect(TurnVerdict::Ok, Code::Ok, None);
}

#[test]
fn what_cannot_be_reached_is_told_apart() {
    Bench::new().server_fault(Fault::NoSuchName).fails(Code::NameNotFound, "resolve");
    Bench::new().server_fault(Fault::Refused).fails(Code::ConnectionRefused, "binding");
    Bench::new().server_fault(Fault::Refused).over(Transport::Tcp).fails(Code::ConnectionRefused, "connect");
    Bench::new().server_fault(Fault::Dead).fails(Code::NoAnswer, "binding");
    let plain = || Bench { uri: "turns:turn.example.org:3478?transport=udp", ..Bench::new().over(Transport::Dtls) };
    // Where UDP to others passes it is this server; where it does not, the way; without anybody else it is not told.
    Bench::new().fault(TurnFault::UdpDead).fails(Code::NoAnswer, "binding");
    plain().fault(TurnFault::UdpDead).fails(Code::NoAnswer, "handshake");
    for bench in [Bench::new().fault(TurnFault::UdpDead), plain().fault(TurnFault::UdpDead)] {
        let alone = bench.clone().options(|options| options.third_parties.clear());
        let (result, _) = alone.run();
        assert_eq!(result.diagnosis.code, Code::NoAnswer);
        assert!(result.diagnosis.text.contains("could not be told"), "{}", result.diagnosis.text);
        let mut dead = bench;
        dead.scenario.servers[0].faults.push(Fault::Dead);
        let (result, _) = dead.run();
        assert_eq!(result.diagnosis.code, Code::UdpBlockedUseTcp, "{}", result.diagnosis.text);
    }
    Bench::new().server_fault(Fault::Http).over(Transport::Tcp).fails(Code::NotStun, "binding");
    let noise = Bench::new().server_fault(Fault::RandomBytes).fault(TurnFault::StunOnly);
    noise.fails(Code::NotStun, "binding");
    Bench::new().fault(TurnFault::StunOnly).fails(Code::StunOnly, "challenge");
    let ipv6 = Bench::new().options(|options| options.families = vec![Family::Ipv6]);
    ipv6.fails(Code::NameNotFound, "resolve");
}

#[test]
fn schemes_for_the_wrong_port_are_told_apart() {
    let secure = Bench { uri: "turn:turn.example.org:5349?transport=tcp", transport: Transport::Tcp, ..Bench::new() };
    secure.clone().fails(Code::TlsExpected, "binding");
    secure.server(|server| server.tls_alert = true).fails(Code::TlsExpected, "binding");
    let plain = Bench { uri: "turns:turn.example.org:3478", transport: Transport::Tls, ..Bench::new() };
    let plain = plain.server(|server| server.transports = vec![Transport::Udp, Transport::Tcp]);
    plain.fails(Code::PlainExpected, "handshake");
}

#[test]
fn certificates_are_told_apart() {
    let with = |certificate| Bench::new().over(Transport::Tls).server(|server| server.certificate = certificate);
    for (certificate, code, word) in [
        (Certificate::NameMismatch, Code::TlsNameMismatch, "other.example.net"),
        (Certificate::Expired, Code::TlsExpired, "expired"),
        (Certificate::SelfSigned, Code::TlsUntrusted, "self-signed"),
        (Certificate::Untrusted, Code::TlsUntrusted, "intermediate"),
        (Certificate::HandshakeFailed, Code::TlsHandshakeFailed, "alert"),
        (Certificate::ClientDemanded, Code::TlsHandshakeFailed, "client certificate"),
        (Certificate::Intercepted, Code::TlsIntercepted, "Fortinet"),
    ] {
        let result = with(certificate).fails(code, "handshake");
        assert!(result.diagnosis.text.contains(word), "{}", result.diagnosis.text);
        if code != Code::TlsHandshakeFailed {
            let passed_over = with(certificate).options(|options| options.insecure = true);
            passed_over.expect(TurnVerdict::Degraded, code, None);
        }
    }
    with(Certificate::Inspected).expect(TurnVerdict::Degraded, Code::TlsIntercepted, None);
}

#[test]
fn challenges_that_nobody_can_answer_are_told() {
    Bench::new().fault(TurnFault::NoRealm).fails(Code::NoRealm, "challenge");
    Bench::new().fault(TurnFault::NoNonce).fails(Code::NoRealm, "challenge");
    Bench::new().fault(TurnFault::OauthOnly).fails(Code::OauthOnly, "challenge");
    Bench::new().anonymous().fails(Code::CredentialsNeeded, "allocate");
    Bench::new().options(|options| options.realm = Some("other.example".into())).fails(Code::WrongRealm, "challenge");
    Bench::new().fault(TurnFault::NoAuth).expect(TurnVerdict::Degraded, Code::OpenRelay, None);
    Bench::new().anonymous().fault(TurnFault::NoAuth).expect(TurnVerdict::Degraded, Code::OpenRelay, None);
}

#[test]
fn credentials_that_are_not_taken_are_told_apart() {
    let result = Bench::new().login("demo", "wrong").fails(Code::UnknownUserOrPassword, "allocate");
    assert!(result.diagnosis.text.contains("does not say whether"), "{}", result.diagnosis.text);
    let shared = || Bench::new().turn(|config| config.secret = Some(Secret::new("shared")));
    shared().rest("another", 3_600).fails(Code::SecretMismatch, "allocate");
    let ahead = shared().rest("shared", 3_600).turn(|config| config.clock_skew_s = 7_200);
    ahead.fails(Code::ClockSkew, "allocate");
    let over = shared().rest("shared", -3_600).fails(Code::CredentialsExpired, "credentials");
    assert!(over.diagnosis.text.contains("1 h"), "by this host's clock too: {}", over.diagnosis.text);
    let expired = format!("{}:alice", SIM_UNIX_START_S - 60);
    shared().login(&expired, "any").fails(Code::CredentialsExpired, "credentials");
    let reversed = format!("alice:{}", SIM_UNIX_START_S + 3_600);
    shared().login(&reversed, "any").fails(Code::UsernameReversed, "credentials");
    let fresh = format!("{}:alice", SIM_UNIX_START_S + 3_600);
    let mut mismatch = shared().login(&fresh, "any");
    mismatch.login = mismatch.login.map(|login| Login { matches_secret: Some(false), ..login });
    mismatch.fails(Code::SecretMismatch, "credentials");
    Bench::new().fault(TurnFault::StaleNonceLoop).fails(Code::StaleNonceLoop, "allocate");
    Bench::new().fault(TurnFault::UnsignedSuccess).fails(Code::IntegrityMissingOrBad, "allocate");
    Bench::new().fault(TurnFault::WrongIntegrity).fails(Code::IntegrityMissingOrBad, "allocate");
}

#[test]
fn refusals_are_told_apart() {
    for (fault, code) in [
        (TurnFault::Quota, Code::QuotaReached),
        (TurnFault::Capacity, Code::InsufficientCapacity),
        (TurnFault::Mismatch437, Code::AllocationMismatch),
        (TurnFault::UnsupportedTransport, Code::UnsupportedTransport),
        (TurnFault::UnsupportedFamily, Code::UnsupportedFamily),
        (TurnFault::Forbidden, Code::Forbidden),
        (TurnFault::Error500, Code::ServerError),
        (TurnFault::Allocate400, Code::ProtocolError),
        (TurnFault::NoRelayedAddress, Code::ProtocolError),
    ] {
        for transport in [Transport::Udp, Transport::Tcp] {
            Bench::new().over(transport).fault(fault).fails(code, "allocate");
        }
    }
}

#[test]
fn what_makes_no_sense_is_shown_in_bytes() {
    let faults = [TurnFault::GarbageAllocate, TurnFault::NoRelayedAddress];
    for (transport, fault) in
        [Transport::Udp, Transport::Tcp].into_iter().flat_map(|one| faults.map(|fault| (one, fault)))
    {
        let result = Bench::new().over(transport).fault(fault).fails(Code::ProtocolError, "allocate");
        let bytes = result.diagnosis.text.split_whitespace().filter(|word| {
            let word = word.trim_matches(['(', ')', '.']);
            word.len() == 8 && u32::from_str_radix(word, 16).is_ok()
        });
        assert!(bytes.count() >= 2, "{}", result.diagnosis.text);
    }
}

#[test]
fn a_redirection_is_followed_once() {
    let redirected = || {
        let mut bench = Bench::new().fault(TurnFault::Redirect);
        let server = bench.scenario.servers.iter().find(|server| server.turn.is_some()).unwrap();
        let mut other = server.clone();
        other.name = "other.example.org".into();
        other.ipv4 = Some("198.51.100.40:3478".parse().unwrap());
        other.turn.as_mut().unwrap().faults.clear();
        bench.scenario.servers.push(other);
        bench.turn(|config| config.alternate_server = Some("198.51.100.40:3478".parse().unwrap()))
    };
    let result = redirected().expect(TurnVerdict::Ok, Code::Ok, None);
    assert_eq!(result.address, Some("198.51.100.40:3478".parse().unwrap()));
    assert_eq!(result.redirected_from, Some("198.51.100.30:3478".parse().unwrap()));
    let late = redirected().turn(|config| config.faults = vec![TurnFault::RedirectSigned]);
    let late = late.expect(TurnVerdict::Ok, Code::Ok, None);
    assert_eq!(late.redirected_from, Some("198.51.100.30:3478".parse().unwrap()));
    Bench::new().fault(TurnFault::RedirectLoop).fails(Code::Redirected, "challenge");
    let result = redirected().options(|options| options.follow = false).fails(Code::Redirected, "challenge");
    assert!(result.diagnosis.text.contains("198.51.100.40:3478"), "{}", result.diagnosis.text);
    let mut dead = redirected();
    dead.scenario.servers.last_mut().unwrap().faults.push(Fault::Refused);
    let result = dead.fails(Code::ConnectionRefused, "binding");
    let from = "198.51.100.30:3478 sends its clients to 198.51.100.40:3478 (300 Try Alternate): nothing listens on";
    assert!(result.diagnosis.text.starts_with(from), "{}", result.diagnosis.text);
}

#[test]
fn relays_that_do_not_relay_are_told_apart() {
    for (fault, code, step) in [
        (TurnFault::PeerForbidden, Code::PeerForbidden, "permission"),
        (TurnFault::PrivateRelay, Code::RelayAddressPrivate, "relayed-address"),
        (TurnFault::WrongExternal, Code::RelayAddressMismatch, "relayed-address"),
        (TurnFault::RelayDead, Code::RelayDead, "data"),
    ] {
        Bench::new().fault(fault).fails(code, step);
    }
    Bench::new().fault(TurnFault::RangeClosed).fails(Code::RelayRangeClosed, "data");
    Bench::new().fault(TurnFault::RangeFiltered).expect(TurnVerdict::Degraded, Code::RelayRangeClosed, Some("data"));
    Bench::new().fault(TurnFault::PermissionCapacity).fails(Code::InsufficientCapacity, "permission");
    Bench::new().fault(TurnFault::NoChannelBind).expect(TurnVerdict::Degraded, Code::ProtocolError, Some("channel"));
    for fault in [TurnFault::HairpinDenied, TurnFault::OwnPeerForbidden] {
        Bench::new().fault(fault).expect(TurnVerdict::Degraded, Code::RelayHairpinDenied, None);
    }
    Bench::new().fault(TurnFault::ShortLifetime).expect(TurnVerdict::Degraded, Code::ShortLifetime, None);
}

#[test]
fn what_is_granted_and_not_done_is_no_ok() {
    for (fault, code, step) in [
        (TurnFault::ChannelBindMute, Code::ProtocolError, "channel"),
        (TurnFault::ChannelDataLost, Code::ProtocolError, "channel"),
        (TurnFault::RefreshMute, Code::AllocationLost, "refresh"),
    ] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let bench = Bench::new().over(transport).fault(fault);
            bench.clone().options(|options| options.count = 0).expect(TurnVerdict::Degraded, code, Some(step));
            bench.options(|options| options.count = 20).expect(TurnVerdict::Degraded, code, Some(step));
        }
    }
    let (result, left) = Bench::new().over(Transport::Tcp).fault(TurnFault::ClosesEarly).run();
    assert_eq!((result.verdict, result.diagnosis.code), (TurnVerdict::Failed, Code::ConnectionClosed));
    assert_eq!(left, 0);
    let elapsed_ms = Bench::new().over(Transport::Tcp).fault(TurnFault::ClosesEarly).watch().elapsed_ms;
    assert!(elapsed_ms < 5_000.0, "a closed connection is not waited for: {elapsed_ms}");
    let open = Bench::new().fault(TurnFault::NoAuth).fault(TurnFault::RefreshMute);
    open.expect(TurnVerdict::Degraded, Code::OpenRelay, Some("refresh"));
    Bench::new().fault(TurnFault::UnsignedLater).fails(Code::IntegrityMissingOrBad, "permission");
}

#[test]
fn a_refusal_that_nobody_signed_is_told_with_that_doubt() {
    let refused = Bench::new().fault(TurnFault::Quota);
    let signed = refused.clone().fails(Code::QuotaReached, "allocate");
    let unsigned = refused.fault(TurnFault::UnsignedErrors).fails(Code::QuotaReached, "allocate");
    assert!(!signed.diagnosis.text.contains("not signed"), "{}", signed.diagnosis.text);
    assert!(unsigned.diagnosis.text.contains("not signed"), "{}", unsigned.diagnosis.text);
}

#[test]
fn what_the_server_keeps_is_said_not_to_be_released() {
    let (result, left) = Bench::new().fault(TurnFault::DeleteIgnored).run();
    assert_eq!((result.diagnosis.code, left), (Code::Ok, 2), "the server says that it deleted them");
    let (result, left) = Bench::new().fault(TurnFault::RefreshFails).run();
    assert_eq!((result.verdict, result.diagnosis.code), (TurnVerdict::Degraded, Code::AllocationLost));
    assert_eq!((left, result.released.map(|one| (one.made, one.confirmed))), (2, Some((2, 0))));
}
