//! `turn` over TLS that fails. coturn takes plain TCP on its TLS port and TLS on its plain one, so the wrong scheme is a mistake with
//! other servers only, except where coturn's TLS is off.

use crate::kit::certs::{self, Chain};
use crate::kit::coturn::{Coturn, NO_TLS, TURN, USERS};
use crate::kit::probe::Run;
use crate::kit::tls_server::{self, Manners};
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, Internet, Net, nat, servers};
use crate::story;

/// A client, and coturn that shows this chain for these names.
fn world(names: &[&str], chain: Chain) -> (Net, Coturn) {
    let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
    certs::make(names, chain);
    let coturn = Coturn::start(TURN, &format!("{USERS} {}", certs::ARGUMENTS));
    (net, coturn)
}

/// The handshake fails for this reason, and nothing is allocated.
fn expect_failure(net: &Net, coturn: &Coturn, code: &str) -> Run {
    let run = net.turn(&format!("{ALICE} -4 --ca {} turns:198.51.100.33", certs::AUTHORITY));
    run.expect_diagnosis(0, code, "failed");
    assert_eq!(run.step(0, "connect"), "ok", "{run}");
    run.expect_stopped_at(0, "handshake");
    run.expect_code(1);
    assert_eq!(coturn.allocations(), 0, "{run}");
    run
}

/// The certificate that the server shows is the one that `--ca` names.
fn given(chain: Chain) {
    let (net, coturn) = world(&["198.51.100.33"], chain);
    let run = net.turn(&format!("{ALICE} -4 --ca {} turns:198.51.100.33", certs::CHAIN));
    if run.text("/results/0/verdict") != "ok" {
        let advice = run.text("/results/0/diagnosis/fix");
        assert!(!advice.contains("--ca") && advice.contains("CA"), "{advice}\n{run}");
    }
    coturn.assert_no_allocation_left();
}

story! {
    fn another_name() {
        let (net, coturn) = world(&["turn.example.org", "198.51.100.34"], Chain::Whole);
        let run = expect_failure(&net, &coturn, "tls-name-mismatch");
        let text = run.text("/results/0/diagnosis/text");
        assert!(text.contains("turn.example.org"), "the names it is for are told\n{run}");

        // checks passed over: it works, and is called degraded
        let run = net.turn(&format!("{ALICE} -4 --insecure --ca {} turns:198.51.100.33", certs::AUTHORITY));
        run.expect("/results/0/verdict", "degraded");
        run.expect("/results/0/diagnosis/code", "tls-name-mismatch");

        // told the name, it is right
        let told = format!("{ALICE} -4 --ca {} --server-name turn.example.org", certs::AUTHORITY);
        let run = net.turn(&format!("{told} turns:198.51.100.33"));
        run.expect_diagnosis(0, "ok", "ok");
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn expired() {
        let (net, coturn) = world(&["198.51.100.33"], Chain::Expired);
        expect_failure(&net, &coturn, "tls-expired");
    }
}

story! {
    fn self_signed() {
        let (net, coturn) = world(&["198.51.100.33"], Chain::SelfSigned);
        let run = expect_failure(&net, &coturn, "tls-untrusted");
        assert!(run.text("/results/0/diagnosis/text").contains("self-signed"), "{run}");
    }
}

story! {
    /// Given by `--ca`, a certificate of that kind is trusted, or it is said how it has to be made anew; never to give it by `--ca`.
    fn self_signed_and_given() { given(Chain::SelfSigned); }
}
story! {
    fn own_authority_and_given() { given(Chain::OwnAuthority); }
}

story! {
    /// The commonest mistake: the certificate is right, but what leads from it to the authority is not sent along.
    fn intermediate_missing() {
        let (net, coturn) = world(&["198.51.100.33"], Chain::WithoutIntermediate);
        let run = expect_failure(&net, &coturn, "tls-untrusted");
        assert!(run.text("/results/0/diagnosis/text").contains("intermediate"), "{run}");
    }
}

story! {
    /// A product on the way opens TLS to read along, and names itself as the issuer. Where this host trusts it, it works, and yet.
    fn inspected() {
        let (net, coturn) = world(&["198.51.100.33"], Chain::Inspected);
        let run = net.turn(&format!("{ALICE} -4 --ca {} turns:198.51.100.33", certs::AUTHORITY));
        run.expect_diagnosis(0, "tls-intercepted", "degraded");
        assert!(run.text("/results/0/diagnosis/text").contains("Zscaler"), "{run}");

        let run = net.turn(&format!("{ALICE} -4 turns:198.51.100.33"));
        run.expect_diagnosis(0, "tls-intercepted", "failed");
        run.expect_stopped_at(0, "handshake");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A server configured to old ciphers only.
    fn no_cipher_in_common() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        certs::make(&["198.51.100.33"], Chain::Whole);
        let ciphers = "--cipher-list=ECDHE-ECDSA-AES256-SHA384";
        let coturn = Coturn::start(TURN, &format!("{USERS} {} {ciphers}", certs::ARGUMENTS));
        expect_failure(&net, &coturn, "tls-handshake-failed");
    }
}

story! {
    /// `turns:` to the plain port of a coturn whose TLS is off.
    fn plain_port() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 turns:198.51.100.33:3478 turn:198.51.100.33"));
        run.expect_diagnosis(0, "plain-expected", "failed");
        run.expect_stopped_at(0, "handshake");
        run.expect_diagnosis(1, "ok", "ok");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A server that wants a certificate of its clients.
    fn client_certificate_wanted() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        certs::make(&["198.51.100.65"], Chain::Whole);
        tls_server::serve(servers::BARE, 5349, Manners::KnowsItsClients);
        let run = net.turn(&format!("{ALICE} -4 --ca {} turns:198.51.100.65", certs::AUTHORITY));
        run.expect_diagnosis(0, "tls-handshake-failed", "failed");
        assert!(run.text("/results/0/diagnosis/text").contains("certificate"), "{run}");
    }
}

story! {
    /// `turn:` to ports that take TLS only.
    fn tls_port() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        certs::make(&["198.51.100.65"], Chain::Whole);
        tls_server::serve(servers::BARE, 5349, Manners::Alert);
        tls_server::serve(servers::BARE, 443, Manners::Silence);
        // what shows TLS need not be good: nobody here trusts this certificate
        let uris = "turn:198.51.100.65:5349?transport=tcp turn:198.51.100.65:443?transport=tcp";
        let run = net.turn(&format!("{ALICE} -4 {uris}"));
        for index in 0..2 {
            run.expect_diagnosis(index, "tls-expected", "failed");
            run.expect_stopped_at(index, "challenge");
        }
    }
}

story! {
    /// coturn that takes TLS only, asked without.
    fn tls_only() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        certs::make(&["198.51.100.33"], Chain::Whole);
        let coturn = Coturn::start(TURN, &format!("{USERS} {} --no-tcp", certs::ARGUMENTS));
        let uris = "turn:198.51.100.33:5349?transport=tcp turns:198.51.100.33";
        let run = net.turn(&format!("{ALICE} -4 --ca {} {uris}", certs::AUTHORITY));
        run.expect_diagnosis(0, "tls-expected", "failed");
        run.expect_diagnosis(1, "ok", "ok");
        coturn.assert_no_allocation_left();
    }
}
