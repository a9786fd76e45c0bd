//! The servers of the lab: each runs on a host of its own, with all its addresses.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{netns, prober};

/// What runs on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// coturn on all addresses; with two of a family it serves RFC 5780, with one it has no OTHER-ADDRESS to offer.
    Coturn,
    /// Debian's stund, a server of RFC 3489: no magic cookie, CHANGED-ADDRESS.
    Stund,
    /// Nothing yet: the story puts something there.
    Nothing,
}

/// A host on the internet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host {
    pub name: &'static str,
    pub v4: &'static [&'static str],
    pub v6: &'static [&'static str],
    pub service: Service,
}

/// The usual server.
pub(crate) const ALPHA: Host = Host {
    name: "alpha",
    v4: &["198.51.100.1", "198.51.100.2"],
    v6: &["2001:db8:5::1", "2001:db8:5::2"],
    service: Service::Coturn,
};
/// Another like it, elsewhere.
pub(crate) const BETA: Host = Host {
    name: "beta",
    v4: &["203.0.113.1", "203.0.113.2"],
    v6: &["2001:db8:6::1", "2001:db8:6::2"],
    service: Service::Coturn,
};
/// A server with one address.
pub(crate) const PLAIN: Host = Host { name: "plain", v4: &["198.51.100.17"], v6: &[], service: Service::Coturn };
/// Another with one address, elsewhere.
pub(crate) const PLAIN_TOO: Host = Host { name: "plaintoo", v4: &["203.0.113.17"], v6: &[], service: Service::Coturn };
/// A server from 2003.
pub(crate) const OLD_TIMER: Host =
    Host { name: "oldtimer", v4: &["203.0.113.33", "203.0.113.34"], v6: &[], service: Service::Stund };
/// Hosts without a service.
pub(crate) const BARE: Host = Host { name: "bare", v4: &["198.51.100.65"], v6: &[], service: Service::Nothing };
pub(crate) const BARE_TOO: Host = Host { name: "baretoo", v4: &["203.0.113.65"], v6: &[], service: Service::Nothing };

impl Host {
    /// The IPv4 address and STUN port that a client is told, as an argument.
    pub(crate) fn at(self) -> &'static str {
        self.v4[0]
    }

    /// The same as a socket address.
    pub(crate) fn endpoint(self) -> SocketAddr {
        endpoint(self.v4[0])
    }

    /// The IPv6 one.
    pub(crate) fn endpoint_v6(self) -> SocketAddr {
        endpoint(self.v6[0])
    }

    /// Every address.
    pub(crate) fn addresses(self) -> impl Iterator<Item = &'static str> {
        self.v4.iter().chain(self.v6).copied()
    }

    /// Starts the service and waits until every address answers.
    pub(crate) fn start(self) {
        match self.service {
            Service::Coturn => self.launch(self.coturn(), STUN_PORT),
            Service::Stund => self.launch(self.stund(), STUN_PORT),
            Service::Nothing => {}
        }
    }

    /// coturn on another port.
    pub(crate) fn start_on_port(self, port: u16) {
        let mut turnserver = self.coturn();
        turnserver.arg(format!("--listening-port={port}"));
        self.launch(turnserver, port);
    }

    fn launch(self, mut command: Command, port: u16) {
        let log = format!("/run/{}.log", self.name);
        let said = File::create(&log).expect("a log");
        command.stdin(Stdio::null()).stderr(said.try_clone().expect("a log")).stdout(said);
        netns::within(self.name, || {
            let mut server = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            let patience = Instant::now() + Duration::from_secs(20);
            for address in self.addresses() {
                while prober::mapped(SocketAddr::new(endpoint(address).ip(), port)).is_none() {
                    let alive = server.try_wait().is_ok_and(|ended| ended.is_none());
                    let log = || std::fs::read_to_string(&log).unwrap_or_default();
                    assert!(alive && Instant::now() < patience, "{command:?} does not answer at {address}:\n{}", log());
                }
            }
        });
    }

    fn coturn(self) -> Command {
        let mut turnserver = Command::new("turnserver");
        // no configuration file, no users, nothing outside the cage
        turnserver.args(["-n", "--no-auth", "--no-tls", "--no-dtls", "--no-cli", "--log-file", "stdout"]);
        turnserver.arg(format!("--pidfile=/run/{}.pid", self.name)).arg(format!("--userdb=/run/{}.db", self.name));
        for address in self.addresses() {
            turnserver.args(["-L", address]);
        }
        turnserver
    }

    fn stund(self) -> Command {
        let mut stund = Command::new("stund");
        stund.args(["-h", self.v4[0], "-a", self.v4[1]]);
        stund
    }
}

/// STUN's and TURN's own (RFC 8489 section 8.1).
const STUN_PORT: u16 = 3478;

/// An address with the STUN port.
pub(crate) fn endpoint(address: &str) -> SocketAddr {
    let ip: IpAddr = address.parse().expect("an address");
    SocketAddr::new(ip, STUN_PORT)
}
