//! Names within the simulated internet.

use std::net::SocketAddr;
use std::time::Duration;

use super::host::failure;
use super::link::millis;
use super::scenario::ResolverConfig;
use super::server::Servers;
use crate::probe::{Failure, FailureCode, Family};
use crate::stun::{Host, ServerSpec, Transport};

/// The addresses of a server as it was written, and how long it takes to learn them.
pub(super) fn resolve(
    config: &ResolverConfig,
    servers: &Servers,
    families: &[Family],
    spec: &ServerSpec,
    transport: Transport,
) -> (Duration, Result<Vec<SocketAddr>, Failure>) {
    let port = spec.port.unwrap_or_else(|| spec.default_port(transport));
    let name = match &spec.host {
        Host::Address(ip) if families.iter().any(|family| family.has(*ip)) => {
            return (Duration::ZERO, Ok(vec![SocketAddr::new(*ip, port)]));
        }
        Host::Address(ip) => {
            let text = format!("{ip} is not of a family that is asked for");
            return (Duration::ZERO, Err(failure(FailureCode::NoAddress, text)));
        }
        Host::Name(name) => name,
    };
    if !config.works {
        let text = format!("look up {name:?}: no name server can be reached");
        return (Duration::ZERO, Err(failure(FailureCode::ResolverFailed, text)));
    }
    let Some(server) = servers.named(name) else {
        let text = format!("look up {name:?}: there is no such name in the simulated network");
        return (millis(config.delay_ms), Err(failure(FailureCode::NameNotFound, text)));
    };
    let address = |&family| {
        let (primary, _) = server.endpoints(family)?;
        // A URI without port asks for SRV records, which tell the port (RFC 8489 section 8).
        let own = if transport.is_secure() { server.tls_port } else { primary.port() };
        Some(SocketAddr::new(primary.ip(), if spec.uri { spec.port.unwrap_or(own) } else { port }))
    };
    let addresses: Vec<SocketAddr> = families.iter().filter_map(address).collect();
    let result = if addresses.is_empty() {
        Err(failure(FailureCode::NoAddress, format!("look up {name:?}: it has no address of the families asked for")))
    } else {
        Ok(addresses)
    };
    (millis(config.delay_ms), result)
}
