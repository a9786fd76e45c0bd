//! `turn` over TLS that fails. coturn takes plain TCP on its TLS port and TLS on its plain one, so the wrong scheme is a mistake with
//! other servers only, except where coturn's TLS is off.

use crate::kit::certs::{self, Chain};
use crate::kit::coturn::{Coturn, TURN, USERS};
use crate::kit::probe::Run;
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, Internet, Net, nat};
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
    /// The commonest mistake: the certificate is right, but what leads from it to the authority is not sent along.
    fn intermediate_missing() {
        let (net, coturn) = world(&["198.51.100.33"], Chain::WithoutIntermediate);
        let run = expect_failure(&net, &coturn, "tls-untrusted");
        assert!(run.text("/results/0/diagnosis/text").contains("intermediate"), "{run}");
    }
}
