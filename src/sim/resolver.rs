//! Names within the simulated internet.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::host::failure;
use super::nat::embed;
use super::scenario::ResolverConfig;
use crate::engine::Found;
use crate::evidence::{Failure, FailureCode};
use crate::server::Servers;
use crate::server::time::millis;
use crate::wire::{Family, Host, ServerSpec, Transport};

/// The addresses of a server as it was written, and how long it takes to learn them.
pub(super) fn resolve(
    config: &ResolverConfig,
    servers: &Servers,
    families: &[Family],
    spec: &ServerSpec,
    transport: Transport,
) -> (Duration, Result<Found, Failure>) {
    let port = spec.port.unwrap_or_else(|| spec.default_port(transport));
    let name = match &spec.host {
        Host::Address(ip) if families.iter().any(|family| family.has(*ip)) => {
            return (Duration::ZERO, Ok(vec![SocketAddr::new(*ip, port)].into()));
        }
        Host::Address(ip) => {
            let text = format!("{ip} is not of a family that is asked for");
            return (Duration::ZERO, Err(failure(FailureCode::NoAddress, text)));
        }
        Host::Name(name) => name,
    };
    if config.works && name == "ipv4only.arpa" {
        return (millis(config.delay_ms), ipv4_only(config, families));
    }
    if !config.works {
        let text = format!("look up {name:?}: no name server can be reached");
        return (Duration::ZERO, Err(failure(FailureCode::ResolverFailed, text)));
    }
    let is_wanted = |ip: IpAddr| families.iter().any(|family| family.has(ip));
    let own = config.answers.get(name).map(|all| all.iter().copied().filter(|ip| is_wanted(*ip)).collect::<Vec<_>>());
    if let Some(all) = config.services.get(name).filter(|_| spec.uri && spec.port.is_none()) {
        let addresses = all.iter().copied().filter(|address| is_wanted(address.ip())).collect();
        return (millis(config.delay_ms), Ok(Found { addresses, own: Some(own.unwrap_or_default()) }));
    }
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        let addresses: Vec<SocketAddr> = own.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        return (millis(config.delay_ms), Ok(addresses.into()));
    }
    let Some(server) = servers.named(name) else {
        let text = format!("look up {name:?}: there is no such name in the simulated network");
        return (millis(config.delay_ms), Err(failure(FailureCode::NameNotFound, text)));
    };
    let address = |&family| {
        let synthesized = || {
            let prefix = config.dns64.filter(|_| family == Family::Ipv6)?;
            let (mut primary, _) = server.endpoints(Family::Ipv4)?;
            primary = SocketAddr::new(embed(prefix, primary.ip()), primary.port());
            Some(primary)
        };
        let primary = server.endpoints(family).map(|(primary, _)| primary).or_else(synthesized)?;
        // A URI without port asks for SRV records, which tell the port (RFC 8489 section 8).
        let own = if transport.is_secure() { server.tls_port } else { primary.port() };
        Some(SocketAddr::new(primary.ip(), if spec.uri { spec.port.unwrap_or(own) } else { port }))
    };
    let addresses: Vec<SocketAddr> = families.iter().filter_map(address).collect();
    let result = if addresses.is_empty() {
        Err(failure(FailureCode::NoAddress, format!("look up {name:?}: it has no address of the families asked for")))
    } else {
        Ok(addresses.into())
    };
    (millis(config.delay_ms), result)
}

/// The name that has IPv4 addresses only, others where they are made up (RFC 7050).
fn ipv4_only(config: &ResolverConfig, families: &[Family]) -> Result<Found, Failure> {
    let own = [170, 171].map(|last| IpAddr::from([192, 0, 0, last]));
    let made_up = config.dns64.map(|prefix| own.map(|ip| embed(prefix, ip)));
    let all = own.into_iter().chain(made_up.into_iter().flatten());
    let wanted = all.filter(|ip| families.iter().any(|family| family.has(*ip)));
    let addresses: Vec<SocketAddr> = wanted.map(|ip| SocketAddr::new(ip, 3478)).collect();
    if addresses.is_empty() {
        return Err(failure(FailureCode::NoAddress, "look up \"ipv4only.arpa\": it has no IPv6 address".to_owned()));
    }
    Ok(addresses.into())
}

/// What a name server says to a query: that it will not answer, which is an answer (RFC 1035 section 4.1.1).
pub(super) fn answer_query(query: &[u8]) -> Option<Vec<u8>> {
    const RESPONSE: u8 = 0x80;
    const REFUSED: u8 = 5;
    let is_query = query.len() >= 12 && query.get(4..6) == Some(&[0, 1]);
    let mut answer = query.to_vec();
    let flags = answer.get_mut(2..4).filter(|_| is_query)?;
    flags[0] |= RESPONSE;
    flags[1] |= REFUSED;
    Some(answer)
}
