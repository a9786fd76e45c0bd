//! The matrix of mapping and filtering against mapping and filtering: which pairs of ends connect directly.
//!
//! Both ends are taken to do what ICE does (RFC 8445): they know each other's STUN-learnt address, keep sending to it in both
//! directions, and learn a new one from what arrives (peer-reflexive candidates). Each NAT has one external address.

use crate::evidence::Behavior;

/// A mapping with a filtering: one kind of NAT. A host without NAT has endpoint-independent mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// What the mapping depends on.
    pub mapping: Behavior,
    /// What the filtering depends on.
    pub filtering: Behavior,
}

/// Whether two ends connect without a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direct {
    /// They do.
    Yes,
    /// It depends on the implementation, or on what could not be measured.
    Maybe,
    /// They need a relay.
    No,
}

use Direct::{Maybe as M, No as N, Yes as Y};

/// Rows and columns by mapping and then by filtering, each from the most open to the strictest. The matrix is symmetric. `M`: works where the NAT keeps the addresses that were
/// sent to for each internal endpoint (the wording of RFC 4787 section 5), fails where it keeps them for each external port.
const MATRIX: [[Direct; 9]; 9] = [
    [Y, Y, Y, Y, Y, Y, Y, Y, Y],
    [Y, Y, Y, Y, Y, Y, Y, Y, Y],
    [Y, Y, Y, N, N, N, N, N, N],
    [Y, Y, N, Y, Y, N, Y, Y, N],
    [Y, Y, N, Y, M, N, Y, M, N],
    [Y, Y, N, N, N, N, N, N, N],
    [Y, Y, N, Y, Y, N, N, N, N],
    [Y, Y, N, Y, M, N, N, N, N],
    [Y, Y, N, N, N, N, N, N, N],
];

impl Pair {
    fn index(self) -> usize {
        self.mapping as usize * 3 + self.filtering as usize
    }
}

/// Whether this pair of ends connects without a relay.
#[must_use]
pub(super) fn direct(local: Pair, remote: Pair) -> Direct {
    MATRIX[local.index()][remote.index()]
}

#[cfg(test)]
mod tests {
    use super::{Direct, Pair, direct};
    use crate::evidence::Behavior::{
        self, AddressAndPortDependent as APD, AddressDependent as AD, EndpointIndependent as EI,
    };

    fn all() -> [Pair; 9] {
        std::array::from_fn(|index| Pair { mapping: Behavior::ALL[index / 3], filtering: Behavior::ALL[index % 3] })
    }

    fn meet(a: (Behavior, Behavior), b: (Behavior, Behavior)) -> Direct {
        direct(Pair { mapping: a.0, filtering: a.1 }, Pair { mapping: b.0, filtering: b.1 })
    }

    #[test]
    fn both_ends_agree() {
        for a in all() {
            for b in all() {
                assert_eq!(direct(a, b), direct(b, a), "{a:?} {b:?}");
            }
        }
    }

    /// The three rules that the matrix was derived from.
    #[test]
    fn the_matrix_follows_its_rules() {
        for a in all() {
            for b in all() {
                if a.mapping == EI && b.mapping == EI {
                    assert_eq!(direct(a, b), Direct::Yes, "one known port each");
                }
                if a.mapping == EI && b.mapping != EI {
                    let expected = if a.filtering == APD { Direct::No } else { Direct::Yes };
                    assert_eq!(direct(a, b), expected, "an unknown port gets through {a:?} or not");
                }
                if a.mapping != EI && b.mapping != EI && (a.filtering == APD || b.filtering == APD) {
                    assert_eq!(direct(a, b), Direct::No);
                }
            }
        }
    }

    #[test]
    fn cells_of_the_table() {
        assert_eq!(meet((AD, AD), (AD, AD)), Direct::Maybe);
        assert_eq!(meet((APD, EI), (AD, AD)), Direct::Yes);
        assert_eq!(meet((APD, EI), (APD, EI)), Direct::No);
        assert_eq!(meet((APD, AD), (AD, AD)), Direct::Maybe);
        assert_eq!(meet((APD, APD), (EI, AD)), Direct::Yes);
        assert_eq!(meet((APD, APD), (EI, APD)), Direct::No);
        assert_eq!(meet((AD, EI), (AD, EI)), Direct::Yes);
    }
}
