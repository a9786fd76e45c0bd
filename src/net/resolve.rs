//! From a server as it was written to addresses and ports: literals, NAPTR (RFC 5928), SRV (RFC 8489 section 8), A and AAAA.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};

use super::dns::Dns;
use super::failure::{failure, printable};
use super::naptr::{self, Pointer};
use super::setup::Config;
use super::srv;
use crate::engine::Found;
use crate::evidence::{Failure, FailureCode};
use crate::wire::{Family, Host, ServerSpec, Service, Transport};

/// Names looked up at once: small routers forward no more than about 150 questions at a time, and a name costs two.
const AT_ONCE: usize = 60;

/// Addresses kept of one server.
const MOST_ADDRESSES: usize = 16;

/// SRV targets looked up for one server.
const MOST_TARGETS: usize = 8;

/// Domains asked for NAPTR records on behalf of one server.
const MOST_DOMAINS: usize = 6;

type Addresses = Result<Vec<IpAddr>, Failure>;

/// Looks up names; equal names only once in a run.
pub(super) struct Names {
    families: Vec<Family>,
    limit: Duration,
    dns: Dns,
    permits: Semaphore,
    known: Mutex<BTreeMap<String, Arc<OnceCell<Addresses>>>>,
}

impl Names {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            families: config.families.clone(),
            limit: config.lookup_timeout,
            dns: Dns::new(config),
            permits: Semaphore::new(AT_ONCE),
            known: Mutex::default(),
        }
    }

    /// The name servers of this host.
    pub(super) fn servers(&self) -> Vec<SocketAddr> {
        self.dns.servers()
    }

    /// The addresses of a server that is written as an address: known without asking anybody.
    pub(super) fn literal(&self, spec: &ServerSpec, transport: Transport) -> Option<Result<Vec<SocketAddr>, Failure>> {
        let Host::Address(address) = spec.host else { return None };
        if self.families.iter().any(|family| family.has(address)) {
            Some(Ok(vec![SocketAddr::new(address, port(spec, transport))]))
        } else {
            let text = format!("{address} is not of a family that is asked for");
            Some(Err(failure(FailureCode::NoAddress, text)))
        }
    }

    /// The addresses of a server, in the order to try them.
    pub(super) async fn resolve(self: Arc<Self>, spec: ServerSpec, transport: Transport) -> Result<Found, Failure> {
        if let Some(known) = self.literal(&spec, transport) {
            return known.map(Found::from);
        }
        let Host::Name(name) = &spec.host else { return Ok(Found::default()) };
        let plain = self.addresses(name, self.limit);
        let found = if spec.uri && spec.port.is_none() {
            // All at once: most names have no such records, and then nothing was lost by asking.
            let pointed = async {
                let asked = spec.service == Service::Turn && !spec.names_transport();
                if asked { self.by_pointers(name, port(&spec, transport), transport).await } else { None }
            };
            let service = service_name(name, spec.service, transport);
            let (pointed, by_service, plain) = tokio::join!(pointed, self.by_service(&service), plain);
            match pointed.or(by_service) {
                Some(found) => found.map(|addresses| Found { addresses, own: Some(plain.unwrap_or_default()) }),
                None => plain.map(|addresses| with_port(addresses, port(&spec, transport)).into()),
            }
        } else {
            plain.await.map(|addresses| with_port(addresses, port(&spec, transport)).into())
        };
        found.map(|mut found| {
            found.addresses.truncate(MOST_ADDRESSES);
            found
        })
    }

    /// What NAPTR records say; `None` where none is for this transport, so that SRV records decide (RFC 5928 section 3, step 5).
    async fn by_pointers(
        self: &Arc<Self>,
        name: &str,
        port: u16,
        transport: Transport,
    ) -> Option<Result<Vec<SocketAddr>, Failure>> {
        let mut domains = VecDeque::from([name.to_owned()]);
        let mut asked = BTreeSet::new();
        let mut ends = Vec::new();
        let limit = self.limit / 4;
        while let Some(domain) = domains.pop_front() {
            // Records that point round in a circle, or on and on, come to an end here.
            if asked.len() >= MOST_DOMAINS || !asked.insert(domain.to_ascii_lowercase()) {
                continue;
            }
            let records = {
                let _permit = self.permits.acquire().await.ok()?;
                self.dns.pointers(&domain, limit).await.unwrap_or_default()
            };
            for pointer in naptr::pointers(records, transport) {
                match pointer {
                    Pointer::Domain(domain) => domains.push_back(domain),
                    end => ends.push(end),
                }
            }
        }
        ends.truncate(MOST_TARGETS);
        let mut found = Vec::new();
        let mut last = None;
        for end in ends {
            let answer = match end {
                Pointer::Service(service) => self.by_service(&service).await,
                Pointer::Address(name) | Pointer::Domain(name) => {
                    Some(self.addresses(&name, limit).await.map(|addresses| with_port(addresses, port)))
                }
            };
            match answer {
                Some(Ok(addresses)) => found.extend(addresses),
                Some(Err(failure)) => last = Some(Err(failure)),
                None => {}
            }
        }
        if found.is_empty() { last } else { Some(Ok(found)) }
    }

    /// What SRV records say; `None` where there are none, so that the plain name decides (RFC 8489 section 8).
    async fn by_service(self: &Arc<Self>, service: &str) -> Option<Result<Vec<SocketAddr>, Failure>> {
        let records = {
            let _permit = self.permits.acquire().await.ok()?;
            self.dns.services(service, self.limit / 2).await?
        };
        // RFC 2782: a single record whose target is the root says that there is no such service.
        if let [only] = records.as_slice()
            && matches!(only.target.as_str(), "." | "")
        {
            let text = format!("look up {}: this domain says that it has no such service", printable(service, 100));
            return Some(Err(failure(FailureCode::NoAddress, text)));
        }
        let mut ordered = srv::order(records, |most| rand::RngExt::random_range(&mut super::entropy::rng(), 0..=most));
        ordered.truncate(MOST_TARGETS);
        let mut lookups = tokio::task::JoinSet::new();
        for (rank, record) in ordered.into_iter().enumerate() {
            let names = Arc::clone(self);
            lookups.spawn(async move {
                let addresses = names.addresses(&record.target, names.limit / 2).await;
                (rank, addresses.map(|addresses| with_port(addresses, record.port)))
            });
        }
        let mut answers = lookups.join_all().await;
        answers.sort_by_key(|(rank, _)| *rank);
        let mut found = Vec::new();
        let mut last = None;
        for (_, answer) in answers {
            match answer {
                Ok(addresses) => found.extend(addresses),
                Err(failure) => last = Some(failure),
            }
        }
        match last {
            Some(failure) if found.is_empty() => Some(Err(failure)),
            _ => Some(Ok(found)),
        }
    }

    /// The addresses of a name, looked up by whoever asks first.
    async fn addresses(&self, name: &str, limit: Duration) -> Addresses {
        let key = name.trim_end_matches('.').to_ascii_lowercase();
        let cell = Arc::clone(self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        cell.get_or_init(|| async {
            // The semaphore is never closed, and a look-up too many would do no harm.
            let _permit = self.permits.acquire().await;
            self.dns.addresses(name, &self.families, limit).await
        })
        .await
        .clone()
    }
}

/// The name under which the SRV records are.
fn service_name(name: &str, service: Service, transport: Transport) -> String {
    // RFC 8489 section 8; RFC 5928 section 3, with RFC 7350 for DTLS.
    let service = match (service, transport) {
        (Service::Stun, Transport::Udp) => "_stun._udp",
        (Service::Stun, Transport::Tcp) => "_stun._tcp",
        (Service::Stun, Transport::Tls) => "_stuns._tcp",
        (Service::Stun, Transport::Dtls) => "_stuns._udp",
        (Service::Turn, Transport::Udp) => "_turn._udp",
        (Service::Turn, Transport::Tcp) => "_turn._tcp",
        (Service::Turn, Transport::Tls) => "_turns._tcp",
        (Service::Turn, Transport::Dtls) => "_turns._udp",
    };
    format!("{service}.{name}")
}

/// The port to ask: as written, else the default of RFC 8489 section 8.
fn port(spec: &ServerSpec, transport: Transport) -> u16 {
    const PLAIN: u16 = 3478;
    const SECURE: u16 = 5349;
    spec.port.unwrap_or(if spec.secure || transport == Transport::Tls { SECURE } else { PLAIN })
}

fn with_port(addresses: Vec<IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect()
}
