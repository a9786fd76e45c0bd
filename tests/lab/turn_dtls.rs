//! `turn` over DTLS, which coturn speaks on its UDP ports: with the feature it works, without it that is said.

use crate::kit::certs::{self, Chain};
use crate::kit::coturn::{Coturn, TURN, USERS};
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, Internet, nat};
use crate::story;

/// Whether this nat-probe was built with DTLS.
const BUILT: bool = cfg!(feature = "dtls");

story! {
    fn over_dtls() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        certs::make(&["198.51.100.33"], Chain::Whole);
        let coturn = Coturn::start(TURN, &format!("{USERS} {}", certs::ARGUMENTS));
        let entry = "turns:198.51.100.33?transport=udp";
        let run = net.turn(&format!("{ALICE} -4 --count 10 --ca {} {entry}", certs::AUTHORITY));
        if BUILT {
            run.expect_diagnosis(0, "ok", "ok");
            run.expect("/results/0/transport", "dtls");
            run.expect("/results/0/tls/protocol", "DTLS 1.2");
            run.expect("/results/0/quality/largest_payload", 1_400);
            assert_eq!(run.step(0, "handshake"), "ok", "{run}");
            assert_eq!(run.views(0), ["works"; 4], "{run}");

            let run = net.turn(&format!("{ALICE} -4 {entry}"));
            run.expect_diagnosis(0, "tls-untrusted", "failed");
            run.expect_stopped_at(0, "handshake");
        } else {
            run.expect_diagnosis(0, "dtls-not-built", "inconclusive");
            run.expect_code(3);
        }
        coturn.assert_no_allocation_left();
    }
}
