//! coturn as a TURN server, set up as a story wants it, and what its own log says of allocations.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::servers::{Host, Service};
use super::turn_client::{self, Held};
use super::{netns, prober};

/// The TURN server of most stories.
pub(crate) const TURN: Host =
    Host { name: "turn", v4: &["198.51.100.33"], v6: &["2001:db8:7::1"], service: Service::Nothing };
/// Another one, elsewhere.
pub(crate) const OTHER_TURN: Host =
    Host { name: "otherturn", v4: &["203.0.113.66"], v6: &[], service: Service::Nothing };
/// One whose host knows only its private address; [`translated`] gives it the public one.
pub(crate) const CLOUD: Host = Host { name: "cloud", v4: &["10.9.0.2"], v6: &[], service: Service::Nothing };
/// The public address of [`CLOUD`].
pub(crate) const CLOUD_PUBLIC: &str = "198.51.100.37";

/// The user of the stories.
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "open-sesame";
pub(crate) const SECRET: &str = "north-by-northwest";
pub(crate) const REALM: &str = "lab.example";

/// Static users.
pub(crate) const USERS: &str = "--lt-cred-mech --user=alice:open-sesame --realm=lab.example";
/// Time-limited user names under a shared secret.
pub(crate) const REST: &str = "--use-auth-secret --static-auth-secret=north-by-northwest --realm=lab.example";
/// Without certificates coturn would complain.
pub(crate) const NO_TLS: &str = "--no-tls --no-dtls";

/// How long coturn may take to write down what it did.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running coturn.
pub(crate) struct Coturn {
    host: Host,
    log: String,
}

impl Coturn {
    /// Starts coturn on all addresses of the host and waits until each answers.
    pub(crate) fn start(host: Host, arguments: &str) -> Self {
        let log = format!("/run/{}-turn.log", host.name);
        let said = File::create(&log).expect("a log");
        let mut turnserver = Command::new("turnserver");
        // no configuration file; verbose: every allocation and its end are written down
        turnserver.args(["-n", "--verbose", "--no-cli", "--log-file=stdout"]);
        turnserver.arg(format!("--pidfile=/run/{}.pid", host.name)).arg(format!("--userdb=/run/{}.db", host.name));
        for address in host.addresses() {
            turnserver.args(["-L", address]);
        }
        turnserver.args(arguments.split_whitespace());
        turnserver.stdin(Stdio::null()).stderr(said.try_clone().expect("a log")).stdout(said);
        let mut server =
            netns::within(host.name, || turnserver.spawn()).unwrap_or_else(|error| panic!("{turnserver:?}: {error}"));
        let patience = Instant::now() + Duration::from_secs(20);
        let coturn = Self { host, log };
        let mut arguments = arguments.split(' ');
        // where it takes plain TCP it does so at one port
        let tcp = match arguments.clone().find_map(|argument| argument.strip_prefix("--tcp-proxy-port=")) {
            Some(port) => port.parse().expect("a port"),
            None if arguments.any(|argument| argument == "--no-tcp") => 5349,
            None => 3478,
        };
        for address in host.addresses() {
            let answers = || {
                let endpoint = super::servers::endpoint(address);
                let stream = SocketAddr::new(endpoint.ip(), tcp);
                netns::within(host.name, || {
                    prober::mapped(endpoint).is_some() && std::net::TcpStream::connect(stream).is_ok()
                })
            };
            while !answers() {
                let alive = server.try_wait().is_ok_and(|ended| ended.is_none());
                assert!(
                    alive && Instant::now() < patience,
                    "no answer at {address}: {turnserver:?}\n{}",
                    coturn.said()
                );
            }
        }
        coturn
    }

    /// Starts coturn on the client itself, at the loopback address of IPv4 alone.
    pub(crate) fn start_on_localhost(arguments: &str) {
        let mut turnserver = Command::new("turnserver");
        turnserver.args(["-n", "--no-cli", "--log-file=stdout", "-L", "127.0.0.1", "--allow-loopback-peers"]);
        turnserver.args(["--pidfile=/run/localhost.pid", "--userdb=/run/localhost.db"]);
        turnserver.args(arguments.split_whitespace()).stdout(Stdio::null());
        netns::within("client", || {
            turnserver.spawn().expect("coturn");
            let patience = Instant::now() + Duration::from_secs(20);
            while prober::mapped(super::servers::endpoint("127.0.0.1")).is_none() {
                assert!(Instant::now() < patience, "no answer: {turnserver:?}");
            }
        });
    }

    /// Everything coturn has written down.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The truth check: what a plain client makes of the server. Allocations are given back at once.
    pub(crate) fn truth(&self, login: Option<(&str, &str)>) -> Result<SocketAddr, u16> {
        self.truth_at(self.host.endpoint(), login)
    }

    /// The same by another of its addresses.
    pub(crate) fn truth_at(&self, server: SocketAddr, login: Option<(&str, &str)>) -> Result<SocketAddr, u16> {
        turn_client::allocate(server, login, &[]).map(|held: Held| {
            let relayed = held.relayed;
            held.release();
            relayed
        })
    }

    /// How many allocations there have been.
    pub(crate) fn allocations(&self) -> usize {
        self.said().lines().filter(|line| line.contains(": new, realm=")).count()
    }

    /// The sessions whose allocation was neither released nor ended with its connection.
    pub(crate) fn left(&self) -> Vec<String> {
        let mut alive = BTreeMap::new();
        for line in self.said().lines() {
            let Some((session, event)) = line.split_once(": session ").and_then(|(_, rest)| rest.split_once(": "))
            else {
                continue;
            };
            let ended =
                (event.starts_with("refreshed, ") && event.ends_with(" lifetime=0")) || event.starts_with("delete: ");
            if event.starts_with("new, ") {
                alive.insert(session.to_owned(), true);
            } else if ended {
                alive.insert(session.to_owned(), false);
            }
        }
        alive.into_iter().filter_map(|(session, alive)| alive.then_some(session)).collect()
    }

    /// Waits until somebody has an allocation.
    pub(crate) fn await_allocation(&self) {
        let patience = Instant::now() + PATIENCE;
        while self.left().is_empty() {
            assert!(Instant::now() < patience, "nobody allocates\n{}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every allocation ever made has been released.
    pub(crate) fn assert_no_allocation_left(&self) {
        self.assert_no_allocation_left_after(Duration::ZERO);
    }

    /// The same where allocations of the lab's own are left to expire in so long.
    pub(crate) fn assert_no_allocation_left_after(&self, lifetime: Duration) {
        let patience = Instant::now() + lifetime + PATIENCE;
        while !self.left().is_empty() {
            assert!(Instant::now() < patience, "left on {}: {:?}\n{}", self.host.name, self.left(), self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The cloud's 1:1 translation of [`CLOUD`], done by the internet's router; nobody reaches the private address itself.
pub(crate) fn translated() {
    let private = CLOUD.v4[0];
    let cable = netns::tool("ip", &format!("-n internet route get {private}"));
    let cable = cable.split_whitespace().skip_while(|word| *word != "dev").nth(1).expect("a cable").to_owned();
    let rules = format!(
        r#"
table ip cloud {{
    chain private {{
        type filter hook prerouting priority raw
        iifname != "{cable}" ip daddr {private} drop
    }}
    chain inwards {{
        type nat hook prerouting priority dstnat
        ip daddr {CLOUD_PUBLIC} dnat to {private}
    }}
    chain outwards {{
        type nat hook postrouting priority srcnat
        ip saddr {private} snat to {CLOUD_PUBLIC}
    }}
}}"#
    );
    netns::rules("internet", &rules);
}

/// A stateless packet filter before the host's relay ports, as an access list of a provider is one.
pub(crate) const RELAY_RANGE_CLOSED: &str = r#"
table inet acl {
    chain input {
        type filter hook input priority filter
        iifname "eth0" udp dport 49152-65535 drop
    }
}"#;
