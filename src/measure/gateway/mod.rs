//! Does the router map ports on request (PCP, NAT-PMP, UPnP), what is its external address, and does a mapping hold?

pub mod finding;
mod judge;
mod mapping;
mod mapping_judge;
mod options;
mod probe;
pub(crate) mod spec;
#[cfg(test)]
mod tests;
mod upnp;

pub use finding::{GatewayAsked, GatewayCode, GatewayFinding, GatewayFindings, MappingCode, MappingFinding};
pub use judge::judge;
pub use options::{GatewayOptions, MapOptions};
pub use probe::GatewayProbe;
