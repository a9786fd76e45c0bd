//! Running `nat-probe turn`, and reading its results.

use std::fs;

use serde_json::Value;

use super::coturn::{Coturn, PASSWORD, SECRET, TURN};
use super::probe::{Run, Running};
use super::{ALPHA, Internet, Net, nat};

/// Where the password and the shared secret of the stories are, for `--password-file` and `--secret-file`.
pub(crate) const PASSWORD_FILE: &str = "/run/password";
pub(crate) const SECRET_FILE: &str = "/run/secret";
/// The right user of the static ones.
pub(crate) const ALICE: &str = "-u alice --password-file /run/password";

/// A client behind a home router, coturn with these arguments, and a STUN server elsewhere.
pub(crate) fn world(arguments: &str) -> (Net, Coturn) {
    world_behind(nat::home_router_with_ipv6(), arguments)
}

/// The same behind another gateway.
pub(crate) fn world_behind(gateway: nat::Gateway, arguments: &str) -> (Net, Coturn) {
    let net = Internet::with(&[ALPHA, TURN]).behind(gateway);
    let coturn = Coturn::start(TURN, arguments);
    (net, coturn)
}

impl Net {
    /// Starts `nat-probe turn`, with a STUN server as third party and without measuring quality.
    pub(crate) fn start_turn(&self, arguments: &str) -> Running {
        fs::write(PASSWORD_FILE, PASSWORD).expect("a file");
        fs::write(SECRET_FILE, SECRET).expect("a file");
        let count = if arguments.contains("--count") { "" } else { "--count 0" };
        self.start(&format!("turn --json {count} --server {} {arguments}", ALPHA.at()))
    }

    /// Runs it to its end.
    pub(crate) fn turn(&self, arguments: &str) -> Run {
        self.start_turn(arguments).finish()
    }
}

impl Run {
    /// The result of an entry.
    pub(crate) fn result(&self, index: usize) -> &Value {
        let result = self.at(&format!("/results/{index}"));
        assert!(result.is_object(), "no result {index}\n{self}");
        result
    }

    /// The code and the verdict of an entry; a cause is explained, and where something is wrong there is something to do.
    pub(crate) fn expect_diagnosis(&self, index: usize, code: &str, verdict: &str) {
        let result = self.result(index);
        let seen = [&result["diagnosis"]["code"], &result["verdict"]];
        assert_eq!(seen, [code, verdict], "result {index}\n{self}");
        assert!(result["diagnosis"]["text"].as_str().is_some_and(|text| !text.is_empty()), "explained\n{self}");
        let advice = result["diagnosis"]["fix"].as_str().unwrap_or_default();
        assert!(code == "ok" || !advice.is_empty(), "something to do\n{self}");
        self.expect_released(index);
    }

    /// Whatever was allocated was given back, and the server said so.
    pub(crate) fn expect_released(&self, index: usize) {
        let released = &self.result(index)["released"];
        assert_eq!(released["made"], released["confirmed"], "released\n{self}");
    }

    /// A step's status.
    pub(crate) fn step(&self, index: usize, name: &str) -> &str {
        let steps = self.result(index)["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
        steps.iter().find(|step| step["name"] == name).and_then(|step| step["status"].as_str()).unwrap_or("absent")
    }

    /// A step that failed, and that those after it which need it were skipped.
    pub(crate) fn expect_stopped_at(&self, index: usize, name: &str) {
        assert_eq!(self.step(index, name), "failed", "{name}\n{self}");
        let steps = self.result(index)["steps"].as_array().cloned().unwrap_or_default();
        let after = steps.iter().skip_while(|step| step["name"] != name).skip(1);
        for step in after {
            assert_ne!(step["status"], "ok", "after {name} failed\n{self}");
            assert!(step["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "skipped because\n{self}");
        }
    }

    /// What the three views of a relay came to: third party, to a peer, from a peer, between allocations.
    pub(crate) fn views(&self, index: usize) -> [&str; 4] {
        let relay = &self.result(index)["relay"];
        ["third_party", "to_peer", "from_peer", "between_allocations"]
            .map(|view| relay[view]["outcome"].as_str().unwrap_or("absent"))
    }
}
