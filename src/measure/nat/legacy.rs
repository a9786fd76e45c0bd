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

#[cfg(test)]
mod tests {
    use super::*;
    use Connectivity::{Firewalled, Inconclusive, Nat, Open, UdpBlocked};

    /// The types of RFC 3489 section 5 in the terms of RFC 4787, and what that RFC has no word for.
    #[test]
    fn the_words_of_rfc_3489_are_given_only_where_they_fit() {
        use Rfc3489Type as T;
        let (own, any, address, port) =
            (M::EndpointIndependent, F::EndpointIndependent, F::AddressDependent, F::AddressAndPortDependent);
        for (connectivity, mapping, filtering, expected) in [
            (Open, M::None, any, Some(T::OpenInternet)),
            (Firewalled, M::None, port, Some(T::SymmetricUdpFirewall)),
            // A firewall that opens by address is no symmetric one.
            (Firewalled, M::None, address, None),
            (Nat, own, any, Some(T::FullCone)),
            (Nat, own, address, Some(T::RestrictedCone)),
            (Nat, own, port, Some(T::PortRestrictedCone)),
            (Nat, M::AddressDependent, port, Some(T::Symmetric)),
            (Nat, M::AddressAndPortDependent, address, Some(T::Symmetric)),
            // Symmetric and open: the flow chart of RFC 3489 calls it a full cone, which it is not.
            (Nat, M::AddressDependent, any, None),
            (Nat, M::AddressAndPortDependent, any, None),
        ] {
            assert_eq!(name(connectivity, mapping, filtering), expected, "{mapping:?} {filtering:?}");
        }
    }

    #[test]
    fn half_a_verdict_has_no_name() {
        for filtering in [F::EndpointIndependent, F::AddressDependent, F::AddressAndPortDependent] {
            assert_eq!(name(Nat, M::Inconclusive, filtering), None);
        }
        for mapping in [M::None, M::EndpointIndependent, M::AddressDependent, M::AddressAndPortDependent] {
            assert_eq!(name(Nat, mapping, F::Inconclusive), None);
        }
        assert_eq!(name(Inconclusive, M::Inconclusive, F::Inconclusive), None);
        // Where UDP is blocked nothing else could be told, and the type is known all the same.
        assert_eq!(name(UdpBlocked, M::Inconclusive, F::Inconclusive), Some(Rfc3489Type::UdpBlocked));
    }
}
