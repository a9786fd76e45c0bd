//! The questions to name servers, and to the hosts file before them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::errno::is_shortage;
use super::failure::{failure, message, printable};
use super::platform::{NAME_SERVER_LIST, NO_NAME_SERVERS};
use super::setup::Config;
use super::{clock, naptr, srv};
use crate::evidence::{Failure, FailureCode};
use crate::wire::Family;

/// How long the other family is waited for once one has answered: long enough for one lost packet, and some resolvers never
/// answer a question for AAAA.
const GRACE: Duration = Duration::from_secs(1);

/// Where name servers listen.
const DNS_PORT: u16 = 53;

/// How often one question is repeated.
const REPEATS: u32 = 3;

/// A resolver that reads the system's configuration when the first name is looked up.
pub(super) struct Dns {
    name_servers: Vec<SocketAddr>,
    limit: Duration,
    resolver: OnceCell<Setup>,
}

/// The resolver, and why it knows no name server (it answers from the hosts file even then).
struct Setup {
    resolver: Option<TokioResolver>,
    trouble: Option<String>,
}

impl Dns {
    pub(super) fn new(config: &Config) -> Self {
        Self { name_servers: config.name_servers.clone(), limit: config.lookup_timeout, resolver: OnceCell::new() }
    }

    /// The name servers that would be asked over UDP: those given, else those of the system.
    pub(super) fn servers(&self) -> Vec<SocketAddr> {
        if !self.name_servers.is_empty() {
            return self.name_servers.clone();
        }
        match read_system_conf() {
            Ok((config, _)) => {
                config.name_servers().iter().map(|server| SocketAddr::new(server.ip, DNS_PORT)).collect()
            }
            Err(_) => listed(),
        }
    }

    /// The addresses of a name, the families taking turns so that neither has to wait for all of the other.
    pub(super) async fn addresses(
        &self,
        name: &str,
        families: &[Family],
        limit: Duration,
    ) -> Result<Vec<IpAddr>, Failure> {
        let object = format!("look up {}", printable(name, 100));
        let mut deadline = clock::after(limit);
        let query =
            question(name).map_err(|reason| failure(FailureCode::NameNotFound, format!("{object}: {reason}")))?;
        let setup = self.setup().await;
        let mut lookups = JoinSet::new();
        for (index, family) in families.iter().enumerate() {
            let Some(resolver) = setup.resolver.clone() else { break };
            let (query, kind) = (query.clone(), if *family == Family::Ipv4 { RecordType::A } else { RecordType::AAAA });
            lookups.spawn(async move { (index, resolver.lookup(query, kind).await) });
        }
        let mut answers: Vec<Option<Result<Vec<IpAddr>, NetError>>> = families.iter().map(|_| None).collect();
        while let Ok(Some(ended)) = timeout_at(deadline, lookups.join_next()).await {
            let Ok((index, answer)) = ended else { continue };
            if answer.is_ok() {
                deadline = deadline.min(clock::after(GRACE));
            }
            let addresses = |lookup: hickory_resolver::lookup::Lookup| {
                lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect()
            };
            answers[index] = Some(answer.map(addresses));
        }
        conclude(&object, setup.trouble.as_deref(), answers)
    }

    /// The SRV records of a service; `None` where there are none or nobody answers in time.
    pub(super) async fn services(&self, service: &str, limit: Duration) -> Option<Vec<srv::Record>> {
        self.records(service, RecordType::SRV, limit, |data| match data {
            RData::SRV(srv) => {
                let target = srv.target.to_utf8();
                Some(srv::Record { priority: srv.priority, weight: srv.weight, port: srv.port, target })
            }
            _ => None,
        })
        .await
    }

    /// The NAPTR records of a domain; `None` where there are none or nobody answers in time.
    pub(super) async fn pointers(&self, domain: &str, limit: Duration) -> Option<Vec<naptr::Record>> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.records(domain, RecordType::NAPTR, limit, |data| match data {
            RData::NAPTR(naptr) => Some(naptr::Record {
                order: naptr.order,
                preference: naptr.preference,
                flags: text(&naptr.flags),
                services: text(&naptr.services),
                has_pattern: !naptr.regexp.is_empty(),
                replacement: naptr.replacement.to_utf8(),
            }),
            _ => None,
        })
        .await
    }

    async fn records<R>(
        &self,
        name: &str,
        kind: RecordType,
        limit: Duration,
        read: impl Fn(&RData) -> Option<R>,
    ) -> Option<Vec<R>> {
        let deadline = clock::after(limit);
        let resolver = self.setup().await.resolver.clone()?;
        let mut name = Name::from_ascii(name).ok()?;
        name.set_fqdn(true);
        let lookup = timeout_at(deadline, resolver.lookup(name, kind)).await.ok()?.ok()?;
        let records = lookup.answers().iter().filter_map(|record| read(&record.data)).collect::<Vec<_>>();
        Some(records).filter(|records| !records.is_empty())
    }

    async fn setup(&self) -> &Setup {
        self.resolver.get_or_init(|| async { self.make() }).await
    }

    fn make(&self) -> Setup {
        let mut trouble = None;
        let mut builder = if self.name_servers.is_empty() {
            TokioResolver::builder_tokio().unwrap_or_else(|error| {
                let listed: Vec<_> = listed().into_iter().map(name_server).collect();
                trouble = listed.is_empty().then(|| words(&error));
                let config = ResolverConfig::from_name_servers(listed);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            })
        } else {
            let servers = self.name_servers.iter().copied().map(name_server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = self.limit / REPEATS;
        options.attempts = REPEATS as usize - 1;
        match builder.build() {
            Ok(resolver) => Setup { resolver: Some(resolver), trouble },
            Err(error) => Setup { resolver: None, trouble: Some(words(&error)) },
        }
    }
}

/// The name servers in a file that the system keeps beside, for where the resolver cannot read what it asks the system for.
fn listed() -> Vec<SocketAddr> {
    NAME_SERVER_LIST.and_then(|path| std::fs::read_to_string(path).ok()).map_or_else(Vec::new, |text| in_list(&text))
}

/// Those in a resolv.conf (resolver(5)). An address on a link, which has a scope behind it, is left to the others.
fn in_list(text: &str) -> Vec<SocketAddr> {
    let addresses = text.lines().filter_map(|line| line.trim_start().strip_prefix("nameserver"));
    let addresses = addresses.filter(|rest| rest.starts_with([' ', '\t'])).filter_map(|rest| rest.trim().parse().ok());
    addresses.map(|address: IpAddr| SocketAddr::new(address, DNS_PORT)).collect()
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// A name with a dot is meant as it stands; only a single label is tried in the search domains.
fn question(name: &str) -> Result<Name, &'static str> {
    // Not by the rules for international names (RFC 5891), which know no underscore: hosts in containers have them, and browsers ask.
    let mut query = Name::from_ascii(name).map_err(|_| "not a host name")?;
    if query.is_root() || query.num_labels() == 0 {
        return Err("not a host name");
    }
    if query.num_labels() > 1 {
        query.set_fqdn(true);
    }
    Ok(query)
}

/// One answer from those of the families. A name that does not exist has no family; a question without an answer hides
/// whether there is an address.
fn conclude(
    object: &str,
    trouble: Option<&str>,
    answers: Vec<Option<Result<Vec<IpAddr>, NetError>>>,
) -> Result<Vec<IpAddr>, Failure> {
    let mut found = Vec::new();
    let mut refused = None;
    let mut missing = false;
    for answer in answers {
        match answer {
            Some(Ok(addresses)) => found.push(addresses),
            Some(Err(error)) if error.is_nx_domain() => missing = true,
            Some(Err(error)) if error.is_no_records_found() => {}
            Some(Err(NetError::Io(error))) if is_shortage(&error) => {
                return Err(failure(FailureCode::LocalShortage, format!("{object}: {}", message(&error))));
            }
            Some(Err(error)) => refused = Some(words(&error)),
            None => refused = refused.or(Some("no answer from the name server".into())),
        }
    }
    let addresses = interleave(&found);
    if !addresses.is_empty() {
        return Ok(addresses);
    }
    Err(match (trouble, refused) {
        (Some(trouble), _) => {
            failure(FailureCode::ResolverFailed, format!("{object}: no name server to ask: {trouble}"))
        }
        (None, _) if missing => failure(FailureCode::NameNotFound, format!("{object}: no such name")),
        (None, Some(reason)) => failure(FailureCode::ResolverFailed, format!("{object}: {reason}")),
        (None, None) => {
            failure(FailureCode::NoAddress, format!("{object}: the name has no address of the families asked for"))
        }
    })
}

/// The first of each list, then the second of each (RFC 8305 section 4).
fn interleave(lists: &[Vec<IpAddr>]) -> Vec<IpAddr> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let mut mixed = Vec::new();
    for address in (0..longest).flat_map(|rank| lists.iter().filter_map(move |list| list.get(rank))) {
        if !mixed.contains(address) {
            mixed.push(*address);
        }
    }
    mixed
}

fn words(error: &NetError) -> String {
    match error {
        NetError::Io(error) if error.kind() == io::ErrorKind::NotFound => NO_NAME_SERVERS.into(),
        NetError::Io(error) => message(error),
        NetError::Timeout => "no answer from the name server".into(),
        NetError::NoConnections => "the name server cannot be reached".into(),
        other => printable(&other.to_string(), 200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(addresses: &[&str]) -> Vec<IpAddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns() {
        let mixed = interleave(&[list(&["192.0.2.1", "192.0.2.2", "192.0.2.1"]), list(&["2001:db8::1"])]);
        assert_eq!(mixed, list(&["192.0.2.1", "2001:db8::1", "192.0.2.2"]));
    }

    #[test]
    fn one_family_without_an_answer_does_not_hide_the_other() {
        assert_eq!(conclude("x", None, vec![Some(Ok(list(&["192.0.2.1"]))), None]), Ok(list(&["192.0.2.1"])));
        assert_eq!(
            conclude("x", None, vec![Some(Ok(Vec::new())), None]).unwrap_err().code,
            FailureCode::ResolverFailed,
            "an address may hide behind the question that nobody answered"
        );
    }

    #[test]
    fn a_name_server_on_a_link_leaves_the_others_in_a_list() {
        let text = "# of macOS\nsearch example.org\nnameserver fe80::1%en0\n nameserver\t192.0.2.53 \nnameserver 2001:db8::53\nnameservers 192.0.2.1\n";
        let found: Vec<String> = in_list(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.53:53", "[2001:db8::53]:53"]);
    }

    #[test]
    fn without_a_name_server_the_cause_is_told() {
        let failure = conclude("look up x", Some(NO_NAME_SERVERS), vec![None, None]).unwrap_err();
        assert_eq!(failure.code, FailureCode::ResolverFailed);
        assert!(failure.text.contains(NO_NAME_SERVERS), "{}", failure.text);
    }

    #[test]
    fn what_is_no_host_name_is_not_asked_for() {
        for name in ["", ".", "a..b", &"x".repeat(64)] {
            assert!(question(name).is_err(), "{name:?}");
        }
        assert!(question("stun.example").unwrap().is_fqdn());
        assert_eq!(question("turn_server.example.").unwrap().to_string(), "turn_server.example.");
        assert!(!question("router").unwrap().is_fqdn());
    }
}
