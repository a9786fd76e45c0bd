//! A simulated internet as plain data: a host, the NATs before it, the links, the servers. Written in TOML or built in a test.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use serde::Deserialize;

use super::link::LinkConfig;
use super::nat::NatConfig;
use crate::evidence::{Behavior, FailureCode, Interface, InterfaceAddress, InterfaceKind, PlatformLimit};
use crate::server::gateway::GatewayConfig;
use crate::server::{Certificate, ServerConfig, Style};
use crate::wire::{Family, host_name};

/// A simulated internet. What is left out is a host with a public address on a good line and the default servers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// One sentence about it; nothing depends on it.
    pub description: String,
    /// The host that nat-probe runs on.
    pub host: HostConfig,
    /// The NATs and firewalls from the host outwards: the outermost comes last.
    pub nats: Vec<NatConfig>,
    /// The link between the host and its first NAT.
    #[serde(deserialize_with = "super::link::local")]
    pub lan: LinkConfig,
    /// The link between the outermost NAT and the internet.
    pub link: LinkConfig,
    /// The servers, in the order in which a run asks them.
    pub servers: Vec<ServerConfig>,
    /// Routers far away that have no way to some address.
    pub routers: Vec<RouterConfig>,
    /// How names are looked up.
    pub resolver: ResolverConfig,
    /// When somebody presses Ctrl-C.
    pub interrupt_ms: Option<f64>,
}

/// The host that nat-probe runs on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostConfig {
    /// Its addresses; the first of a family is the one it sends from. Left out, it has one IPv4 address that suits: private behind
    /// a NAT, else public. An empty list is a host without a network.
    pub addresses: Option<Vec<IpAddr>>,
    /// Its interfaces, with those addresses and more; left out, it has a loopback and one to the network.
    pub interfaces: Vec<Interface>,
    /// Whose packets its own firewall lets in; left out, it has none.
    pub firewall: Option<Behavior>,
    /// What its system does not tell a program.
    pub platform_limits: Vec<PlatformLimit>,
    /// Destinations that it sends to from another of its addresses: a VPN, a second interface.
    pub routes: BTreeMap<IpAddr, IpAddr>,
}

/// How names are looked up.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResolverConfig {
    /// How long a look-up takes, in milliseconds.
    pub delay_ms: f64,
    /// Whether it can be reached at all.
    pub works: bool,
    /// DNS64 (RFC 6147): the prefix, of 96 bits, of IPv6 addresses for servers that have IPv4 ones only.
    pub dns64: Option<Ipv6Addr>,
    /// The name server that this host is set up to ask, if it can be asked over UDP.
    pub address: Option<SocketAddr>,
    /// What it answers for some names in place of the truth, as a filter does.
    pub answers: BTreeMap<String, Vec<IpAddr>>,
    /// Where the SRV records of some names lead (RFC 8489 section 8).
    pub services: BTreeMap<String, Vec<SocketAddr>>,
}

/// A router that answers what is for one address with ICMP.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterConfig {
    /// What is for this address.
    pub destination: IpAddr,
    /// The router.
    pub by: IpAddr,
    /// It has no way to that host, rather than to its network.
    #[serde(default)]
    pub host: bool,
}

impl RouterConfig {
    /// What it says.
    #[must_use]
    pub fn code(&self) -> FailureCode {
        if self.host { FailureCode::HostUnreachable } else { FailureCode::NetworkUnreachable }
    }
}

impl Default for ResolverConfig {
    fn default() -> Self {
        let (answers, services) = (BTreeMap::new(), BTreeMap::new());
        Self { delay_ms: 10.0, works: true, address: None, answers, services, dns64: None }
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            description: String::new(),
            host: HostConfig::default(),
            nats: Vec::new(),
            lan: LinkConfig::perfect(),
            link: LinkConfig::default(),
            servers: default_servers(),
            routers: Vec::new(),
            resolver: ResolverConfig::default(),
            interrupt_ms: None,
        }
    }
}

/// The host's address on its link, where it has IPv6.
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x23);

/// How many servers one run asks at most.
const MOST_SERVERS: usize = 1_000;

/// How many NATs one packet passes at most; two are common, four are a curiosity.
const MOST_NATS: usize = 32;

/// Why a text is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// No TOML, or not the TOML of a scenario. The line itself is not shown: it may hold a password.
    #[error("line {line}: {problem}")]
    Syntax {
        /// In which line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// It can be read and makes no sense.
    #[error("{0}")]
    Contradiction(String),
}

impl Scenario {
    /// Reads a scenario from TOML.
    ///
    /// # Errors
    ///
    /// When it is not TOML, has a property that no scenario has, or contradicts itself.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ScenarioError::Syntax { line: 1 + before.matches('\n').count(), problem: without_value(error.message()) }
        })?;
        scenario.name_in_ascii();
        scenario.check().map_err(ScenarioError::Contradiction)?;
        Ok(scenario)
    }

    /// The servers that a run asks by default, as people write them.
    #[must_use]
    pub fn server_names(&self) -> Vec<String> {
        self.servers.iter().map(ServerConfig::written).collect()
    }

    /// Those of them that relay; where that is what the scenario is about, over TLS as well.
    #[must_use]
    pub fn turn_server_names(&self, over_tls: bool) -> Vec<String> {
        let relaying = self.servers.iter().filter(|server| server.turn.is_some());
        let odd = |server: &&ServerConfig| over_tls && server.certificate != Certificate::Valid;
        let secure = relaying.clone().filter(odd).map(|server| format!("turns:{}", server.name));
        relaying.map(ServerConfig::written).chain(secure).collect()
    }

    /// The addresses of the host: those given, else one that suits.
    #[must_use]
    pub fn host_addresses(&self) -> Vec<IpAddr> {
        let is_inside = self.nats.iter().any(|nat| nat.translates(Family::Ipv4));
        let suitable = if is_inside { Ipv4Addr::new(192, 168, 1, 23) } else { Ipv4Addr::new(203, 0, 113, 10) };
        self.host.addresses.clone().unwrap_or_else(|| vec![suitable.into()])
    }

    /// The interfaces of the host: those given, else a loopback and one with its addresses.
    #[must_use]
    pub fn host_interfaces(&self) -> Vec<Interface> {
        if !self.host.interfaces.is_empty() {
            return self.host.interfaces.clone();
        }
        let own = self.host_addresses();
        let (mut here, mut link) = (vec![IpAddr::V4(Ipv4Addr::LOCALHOST)], Vec::new());
        if own.iter().any(IpAddr::is_ipv6) {
            here.push(Ipv6Addr::LOCALHOST.into());
            link.push(IpAddr::V6(LINK_LOCAL));
        }
        let interface = |name: &str, kind, addresses: Vec<IpAddr>| Interface {
            name: name.to_owned(),
            kind,
            addresses: addresses.into_iter().map(InterfaceAddress::from).collect(),
        };
        let out = [link, own].concat();
        let all = [interface("lo", InterfaceKind::Loopback, here), interface("eth0", InterfaceKind::Other, out)];
        all.into_iter().filter(|interface| !interface.addresses.is_empty()).collect()
    }

    /// The NATs from the host outwards; the first one is a router whose own address the host knows.
    #[must_use]
    pub fn nats_with_gateways(&self) -> Vec<NatConfig> {
        let mut nats = self.nats.clone();
        let first = nats.iter_mut().find(|nat| nat.translates(Family::Ipv4));
        if let (Some(nat), Some(local)) = (first, self.host_ipv4()) {
            let [a, b, c, _] = local.octets();
            let router = || GatewayConfig::without_server(Ipv4Addr::new(a, b, c, 1).into());
            nat.gateway.get_or_insert_with(router);
        }
        nats
    }

    /// The default gateway of the host: its first router, and where there is none the one of its network, which is silent.
    #[must_use]
    pub fn default_gateway(&self) -> Option<IpAddr> {
        let [a, b, c, _] = self.host_ipv4()?.octets();
        let known = self.nats_with_gateways().into_iter().find_map(|nat| nat.gateway).map(|gateway| gateway.address);
        Some(known.unwrap_or_else(|| Ipv4Addr::new(a, b, c, 1).into()))
    }

    fn host_ipv4(&self) -> Option<Ipv4Addr> {
        self.host_addresses().into_iter().find_map(|ip| match ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        })
    }

    /// What cannot be, in words: probabilities out of range, addresses that two have, a NAT without an external address.
    /// Gives international names the form in which they are looked up and stand in certificates. What is no name stays, to be told.
    fn name_in_ascii(&mut self) {
        let ascii = |name: &str| host_name(name).unwrap_or_else(|_| name.to_owned());
        for server in &mut self.servers {
            server.name = ascii(&server.name);
        }
        let ResolverConfig { answers, services, .. } = &mut self.resolver;
        *answers = std::mem::take(answers).into_iter().map(|(name, all)| (ascii(&name), all)).collect();
        *services = std::mem::take(services).into_iter().map(|(name, all)| (ascii(&name), all)).collect();
    }

    fn check(&self) -> Result<(), String> {
        for (name, link) in [("lan", &self.lan), ("link", &self.link)] {
            check_link(link).map_err(|problem| format!("[{name}]: {problem}"))?;
        }
        if self.nats.len() > MOST_NATS {
            return Err(format!("[[nats]]: at most {MOST_NATS}, not {}", self.nats.len()));
        }
        if self.servers.len() > MOST_SERVERS {
            return Err(format!("[[servers]]: at most {MOST_SERVERS}, not {}", self.servers.len()));
        }
        let mut externals = BTreeMap::new();
        for (index, nat) in self.nats.iter().enumerate() {
            let second = index + 1;
            nat.check().map_err(|problem| format!("[[nats]] number {second}: {problem}"))?;
            for &ip in nat.external.iter().filter(|_| nat.mapping.is_some()) {
                let first = *externals.entry(ip).or_insert(second);
                if first != second {
                    return Err(format!("[[nats]] numbers {first} and {second} have the same `external` address {ip}"));
                }
            }
        }
        let mut names = BTreeSet::new();
        for (index, server) in self.servers.iter().enumerate() {
            server.check().map_err(|problem| format!("[[servers]] number {}: {problem}", index + 1))?;
            if !names.insert(server.name.to_ascii_lowercase()) {
                return Err(format!("[[servers]] number {}: there is another one called {:?}", index + 1, server.name));
            }
        }
        if let Some(ip) = self.host.addresses.iter().flatten().find(|ip| ip.is_unspecified() || ip.is_multicast()) {
            return Err(format!("[host]: {ip} is no address for a host"));
        }
        let milliseconds = [("resolver.delay_ms", Some(self.resolver.delay_ms)), ("interrupt_ms", self.interrupt_ms)];
        for (name, ms) in milliseconds {
            check_ms(name, ms.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// What serde says of a wrong type, without the value that has it: it may be a password.
fn without_value(message: &str) -> String {
    for wrong in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = message.strip_prefix(wrong)
            && let (Some(value), Some(expected)) = (rest.find(['`', '"']), rest.rfind(", expected "))
            && value < expected
        {
            return format!("{wrong}{}{}", rest[..value].trim_end(), &rest[expected..]);
        }
    }
    message.lines().collect::<Vec<_>>().join("; ")
}

fn check_link(link: &LinkConfig) -> Result<(), String> {
    check_ms("rtt_ms", link.rtt_ms)?;
    check_ms("jitter_ms", link.jitter_ms)?;
    check_ms("wake_ms", link.wake_ms)?;
    for (name, ms) in link.outage.iter().flat_map(|out| [("every_ms", out.every_ms), ("mean_ms", out.mean_ms)]) {
        check_ms(&format!("outage.{name}"), ms)?;
        if ms < 1.0 {
            return Err(format!("`outage.{name}` must be at least 1 millisecond, not {ms}"));
        }
    }
    let outage = link.outage.iter().map(|outage| ("outage.loss", outage.loss));
    let burst = link
        .burst
        .iter()
        .flat_map(|burst| [("burst.start", burst.start), ("burst.end", burst.end), ("burst.loss", burst.loss)]);
    for (name, probability) in
        [("loss", link.loss), ("duplicate", link.duplicate)].into_iter().chain(burst).chain(outage)
    {
        if !(0.0..=1.0).contains(&probability) {
            return Err(format!("`{name}` is a probability, from 0 to 1, not {probability}"));
        }
    }
    Ok(())
}

fn check_ms(name: &str, ms: f64) -> Result<(), String> {
    if (0.0..=3_600_000.0).contains(&ms) {
        Ok(())
    } else {
        Err(format!("`{name}` must be from 0 to 3600000 milliseconds, not {ms}"))
    }
}

/// Two servers fit for behavior discovery and two plain ones, run by nobody in the documentation networks.
fn default_servers() -> Vec<ServerConfig> {
    let server = |number: u16, network: [u8; 3], style| {
        let at = |last, port| SocketAddrV4::new(Ipv4Addr::new(network[0], network[1], network[2], last), port);
        let at6 = |last, port| SocketAddrV6::new([0x2001, 0xdb8, number, 0, 0, 0, 0, last].into(), port, 0, 0);
        let first = u8::try_from(number * 10).unwrap_or(u8::MAX);
        let is_full = style == Style::Rfc5780;
        ServerConfig {
            name: format!("stun{number}.example.net"),
            ipv4: Some(at(first, 3478)),
            ipv4_alternate: is_full.then(|| at(first.saturating_add(1), 3479)),
            ipv6: Some(at6(1, 3478)),
            ipv6_alternate: is_full.then(|| at6(2, 3479)),
            style,
            rtt_ms: f64::from(number - 1) * 4.0,
            ..ServerConfig::default()
        }
    };
    vec![
        server(1, [192, 0, 2], Style::Rfc5780),
        server(2, [198, 51, 100], Style::Rfc5780),
        server(3, [192, 0, 2], Style::Rfc8489Plain),
        server(4, [198, 51, 100], Style::Rfc8489Plain),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Scenario::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn nothing_said_is_a_public_host_and_four_servers() {
        let scenario = Scenario::from_toml("").unwrap();
        assert_eq!(scenario, Scenario::default());
        assert_eq!(scenario.host_addresses(), ["203.0.113.10".parse::<IpAddr>().unwrap()]);
        let names = [1, 2, 3, 4].map(|number| format!("stun{number}.example.net:3478"));
        assert_eq!(scenario.server_names(), names);
        assert!(scenario.check().is_ok());
    }

    #[test]
    fn what_is_left_out_suits_the_rest() {
        let scenario = Scenario::from_toml(
            "[lan]\nloss = 0.1\n[link]\nloss = 0.1\n[[nats]]\nports = { sequential = { step = 2 } }",
        )
        .unwrap();
        assert_eq!(scenario.lan, LinkConfig { loss: 0.1, ..LinkConfig::perfect() });
        assert_eq!(scenario.link, LinkConfig { loss: 0.1, ..LinkConfig::default() });
        assert_eq!(scenario.host_addresses(), ["192.168.1.23".parse::<IpAddr>().unwrap()]);
        assert_eq!(scenario.nats[0].ports, crate::sim::PortRule::Sequential { step: 2 });
        assert_eq!(Scenario::from_toml("[[nats]]\nmapping = \"none\"").unwrap().nats[0].mapping, None);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let text = problem("[link]\nrtt_ms = 5\n\n[[nats]]\nmapping = \"symetric\"\n");
        assert!(text.contains("line 5") && text.contains("symetric") && text.contains("address-dependent"), "{text}");
        let text = problem("[[servers]]\nname = \"a\"\nfaults = [\"ded\"]\n");
        assert!(text.contains("line 3") && text.contains("`dead`"), "{text}");
        let text = problem("[[servers]]\nname = \"a\"\nipv4 = \"192.0.2.1\"\n");
        assert!(text.contains("line 3") && text.contains("socket address"), "{text}");
        assert!(problem("[[nat]]\n").contains("`nats`"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_repeated() {
        let text = |turn: &str| format!("[[servers]]\nname = \"a\"\n[servers.turn]\n{turn}\n");
        for turn in ["users = \"demo:1234567\"", "secret = 1234567", "secret = 1234567.5", "users = [\"1234567\"]"] {
            let problem = problem(&text(turn));
            assert!(problem.starts_with("line 4: invalid type: ") && problem.contains(", expected "), "{problem}");
            assert!(!problem.contains("1234567"), "{problem}");
        }
    }

    #[test]
    fn crowds_are_refused_at_once() {
        let servers: Vec<_> = (0..20_000).map(|number| format!("[[servers]]\nname = \"s{number}\"\n")).collect();
        assert!(problem(&servers.concat()).contains("at most 1000, not 20000"));
        assert!(problem(&"[[nats]]\nmapping = \"none\"\n".repeat(33)).contains("at most 32, not 33"));
    }

    #[test]
    fn contradictions_are_named() {
        for (text, expected) in [
            ("[[nats]]\nexternal = []", "[[nats]] number 1: `external` has no ipv4 address"),
            ("[[nats]]\nfamilies = [\"ipv6\"]", "`external` has no ipv6 address"),
            ("[[nats]]\n[[nats]]", "[[nats]] numbers 1 and 2 have the same `external` address 203.0.113.7"),
            ("[[nats]]\ntimeout_s = 0", "`timeout_s` must be at least 1"),
            (
                "[[servers]]\nname = \"a\"\n[[servers]]\nname = \"A\"",
                "[[servers]] number 2: there is another one called \"A\"",
            ),
            ("[host]\naddresses = [\"0.0.0.0\"]", "[host]: 0.0.0.0 is no address for a host"),
            ("[link]\nrtt_ms = -1", "[link]: `rtt_ms` must be from 0"),
            ("[lan]\nburst = { start = 2, end = 0.1 }", "[lan]: `burst.start` is a probability"),
            ("interrupt_ms = nan", "`interrupt_ms` must be from 0"),
        ] {
            let problem = problem(text);
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn a_turn_table_makes_a_turn_server() {
        let text = |turn: &str| format!("[[servers]]\nname = \"a\"\n[servers.turn]\n{turn}\n");
        let scenario = Scenario::from_toml(&text("secret = \"north\"\nfaults = [\"error-500\"]")).unwrap();
        let turn = scenario.servers[0].turn.as_ref().unwrap();
        assert!(turn.has(crate::sim::TurnFault::Error500) && turn.secret.is_some());
        assert!(!format!("{scenario:?}").contains("north"));
        assert!(problem(&text("faults = [\"error-501\"]")).contains("line 4"));
        assert!(problem(&text("user = []")).contains("`users`"));
        assert!(problem(&text("faults = [\"redirect\"]")).contains("`turn.alternate_server` is missing"));
        assert!(problem(&text("ports = [2, 1]")).contains("`turn.ports`"));
        assert!(problem(&text("relay_loss = 2")).contains("`turn.relay_loss`"));
    }
}
