//! The evidence as the questions of one moment look at it: what several of them make of it is made once.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Deref;

use super::servers::{self, Roles};
use crate::evidence::{Evidence, Step};
use crate::measure::witness::Witnesses;
use crate::wire::Family;

/// One look at the evidence.
pub(super) struct Look<'a> {
    seen: &'a Evidence,
    witnesses: OnceCell<Witnesses>,
    ipv4: OfFamily,
    ipv6: OfFamily,
}

/// What is made of a family.
#[derive(Default)]
pub(super) struct OfFamily {
    roles: OnceCell<Roles>,
    /// Whether the filter test asks nothing more.
    pub(super) filtering_closed: OnceCell<bool>,
}

/// A question of `classify`.
pub(super) trait NatProbe {
    /// What to do next, given everything that was seen and what of it is believed.
    fn next(&self, all: &Look, believed: &Look) -> Step;
}

impl<'a> Look<'a> {
    /// A look at that evidence.
    #[must_use]
    pub(super) fn at(seen: &'a Evidence) -> Self {
        Self { seen, witnesses: OnceCell::new(), ipv4: OfFamily::default(), ipv6: OfFamily::default() }
    }

    /// Who is believed.
    #[must_use]
    pub(super) fn witnesses(&self) -> &Witnesses {
        self.witnesses.get_or_init(|| Witnesses::hear(self.seen))
    }

    /// Which servers test what.
    #[must_use]
    pub(super) fn roles(&self, family: Family) -> &Roles {
        self.of(family).roles.get_or_init(|| servers::roles(self.seen, self.witnesses(), family))
    }

    /// A look at what is believed of it; where that is everything, this one.
    pub(super) fn believed<T>(&self, look: impl FnOnce(&Look) -> T) -> T {
        match self.witnesses().believed(self.seen) {
            Cow::Borrowed(_) => look(self),
            Cow::Owned(believed) => look(&Look::at(&believed)),
        }
    }

    pub(super) fn of(&self, family: Family) -> &OfFamily {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }
}

impl Deref for Look<'_> {
    type Target = Evidence;

    fn deref(&self) -> &Evidence {
        self.seen
    }
}
