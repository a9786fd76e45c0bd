//! The RFC 3489 names: people search for them, and half of the behaviors have none.

use super::finding::{Connectivity, FilteringBehavior as F, MappingBehavior as M};

/// The RFC 3489 section 5 name of a pair of behaviors, `None` where that RFC has no word for it (STANDARDS 2.12).
#[must_use]
pub fn name(connectivity: Connectivity, mapping: M, filtering: F) -> Option<&'static str> {
    match (connectivity, mapping, filtering) {
        (Connectivity::UdpBlocked, ..) => Some("UDP blocked"),
        (_, M::None, F::EndpointIndependent) => Some("open internet"),
        (_, M::None, F::AddressAndPortDependent) => Some("symmetric UDP firewall"),
        (_, M::EndpointIndependent, F::EndpointIndependent) => Some("full cone"),
        (_, M::EndpointIndependent, F::AddressDependent) => Some("restricted cone"),
        (_, M::EndpointIndependent, F::AddressAndPortDependent) => Some("port restricted cone"),
        (_, M::AddressDependent | M::AddressAndPortDependent, F::AddressDependent | F::AddressAndPortDependent) => {
            Some("symmetric")
        }
        _ => None,
    }
}
