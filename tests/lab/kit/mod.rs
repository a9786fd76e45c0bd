//! The lab: real kernels' NATs and real servers in network namespaces, for the tests in `tests/lab.rs` and the race in
//! `benches/lab_speed.rs`.
//!
//! ```text
//! client ── gateway (── carrier) ── internet ─┬─ alpha: coturn, two addresses
//!                                             ├─ beta: coturn, two addresses
//!                                             └─ ...
//! ```
#![allow(dead_code, unused_imports, unused_macros, reason = "the tests and the benchmark use different parts")]
#![allow(
    clippy::unused_self,
    reason = "a network is built step by step, even where the step needs nothing of the one before"
)]
#![allow(clippy::zombie_processes, reason = "servers end with the cage")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the lab is made of real time")]

pub(crate) mod cage;
pub(crate) mod certs;
pub(crate) mod coturn;
pub(crate) mod delay;
pub(crate) mod front;
pub(crate) mod miniupnpd;
pub(crate) mod names;
pub(crate) mod nat;
pub(crate) mod nat64;
pub(crate) mod net;
pub(crate) mod netns;
pub(crate) mod other_turn;
pub(crate) mod pair;
pub(crate) mod probe;
pub(crate) mod prober;
pub(crate) mod servers;
pub(crate) mod stun_script;
pub(crate) mod tls_server;
pub(crate) mod turn_client;
pub(crate) mod turn_run;
pub(crate) mod turn_script;

pub(crate) use net::{Internet, Net};
pub(crate) use servers::{ALPHA, BETA, OLD_TIMER, PLAIN, PLAIN_TOO};

/// A test that is a story played in the lab.
#[macro_export]
macro_rules! story {
    ($(#[$doc:meta])* fn $name:ident() $body:block) => {
        $(#[$doc])*
        #[test]
        fn $name() {
            // the harness knows a test by its path without the crate
            let path = concat!(module_path!(), "::", stringify!($name));
            let test = path.split_once("::").map_or(path, |(_, test)| test);
            $crate::kit::cage::play(test, || $body);
        }
    };
}
