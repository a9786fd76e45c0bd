//! The RFC 3489 types: people search for them, and half of the behaviors have none.

use super::finding::{Connectivity, FilteringBehavior as F, MappingBehavior as M, Rfc3489Type};

/// The RFC 3489 section 5 type of a pair of behaviors, `None` where that RFC has no word for it (STANDARDS 2.12).
#[must_use]
pub(crate) fn name(connectivity: Connectivity, mapping: M, filtering: F) -> Option<Rfc3489Type> {
    match (connectivity, mapping, filtering) {
        (Connectivity::UdpBlocked, ..) => Some(Rfc3489Type::UdpBlocked),
        (_, M::None, F::EndpointIndependent) => Some(Rfc3489Type::OpenInternet),
        (_, M::None, F::AddressAndPortDependent) => Some(Rfc3489Type::SymmetricUdpFirewall),
        (_, M::EndpointIndependent, F::EndpointIndependent) => Some(Rfc3489Type::FullCone),
        (_, M::EndpointIndependent, F::AddressDependent) => Some(Rfc3489Type::RestrictedCone),
        (_, M::EndpointIndependent, F::AddressAndPortDependent) => Some(Rfc3489Type::PortRestrictedCone),
        (_, M::AddressDependent | M::AddressAndPortDependent, F::AddressDependent | F::AddressAndPortDependent) => {
            Some(Rfc3489Type::Symmetric)
        }
        _ => None,
    }
}
