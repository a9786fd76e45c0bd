//! What the four points of one server with a second address saw of one socket.

use std::net::SocketAddr;

use super::first;
use super::servers::Capable;
use crate::evidence::key::{NatTest, Point};
use crate::evidence::{Evidence, Exchange};
use crate::measure::witness::Camp;
use crate::wire::Family;

/// What the four points of one server saw (RFC 5780 section 4.3); `None` where a point did not answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    primary: Option<SocketAddr>,
    alternate_same_port: Option<SocketAddr>,
    alternate: Option<SocketAddr>,
    primary_other_port: Option<SocketAddr>,
    /// Every point has been waited for.
    pub settled: bool,
}

impl Group {
    /// What the server's points saw so far of the socket under test.
    #[must_use]
    pub(super) fn of(seen: &Evidence, family: Family, server: &Capable) -> Self {
        let first = first::exchanges(seen, family).into_iter().find(|exchange| exchange.server == server.server);
        let asked = |point| match point {
            Point::Primary => first,
            _ => seen.find(&NatTest::Mapping { server: server.server, point }.over(family)),
        };
        let saw = |point| asked(point).and_then(Exchange::mapped);
        Self {
            primary: saw(Point::Primary),
            alternate_same_port: saw(Point::AlternateSamePort),
            alternate: saw(Point::Alternate),
            primary_other_port: saw(Point::PrimaryOtherPort),
            settled: Point::EVERY.into_iter().all(|point| asked(point).is_some_and(Exchange::settled)),
        }
    }

    /// Whether no other server saw the address that this one saw, though others answered.
    #[must_use]
    pub(super) fn alone(&self, camps: &[Camp]) -> bool {
        let told = |camp: &Camp| self.primary.is_some_and(|primary| camp.addresses.contains(&primary.ip()));
        camps.len() > 1 && camps.iter().any(|camp| camp.machines == 1 && told(camp))
    }

    /// Both ports of the second address answered: the behavior follows.
    #[must_use]
    pub(super) fn complete(&self) -> bool {
        self.primary.is_some() && self.alternate.is_some() && self.alternate_same_port.is_some()
    }

    /// The points to be asked once more from a fresh socket, where two ports of one address saw two mappings and those of the other
    /// address did not answer: one stray packet on its way in makes some routers give a later flow another port (FIELD trap 2), and
    /// nothing else would tell that from a mapping for each port.
    #[must_use]
    pub(super) fn doubtful(&self) -> Vec<Point> {
        let [one, other] = [(self.primary, self.primary_other_port), (self.alternate_same_port, self.alternate)]
            .map(|(one, other)| one.zip(other).map(|(one, other)| one != other));
        match (one, other) {
            (Some(true), None) => vec![Point::Primary, Point::PrimaryOtherPort],
            (None, Some(true)) => vec![Point::AlternateSamePort, Point::Alternate],
            _ => Vec::new(),
        }
    }
}
