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
    /// Every point has been waited for.
    pub settled: bool,
}

impl Group {
    /// What the server's points saw so far of the socket under test.
    #[must_use]
    pub(super) fn of(seen: &Evidence, family: Family, server: &Capable) -> Self {
        let primary = first::exchanges(seen, family).into_iter().find(|exchange| exchange.server == server.server);
        Self::read(primary, |point| seen.find(&NatTest::Mapping { server: server.server, point }.over(family)))
    }

    /// What they saw of the second socket, where there is one.
    #[must_use]
    pub(super) fn repeated(seen: &Evidence, family: Family, server: &Capable) -> Self {
        let point = |point| seen.find(&NatTest::MappingRepeated { server: server.server, point }.over(family));
        Self::read(point(Point::Primary), point)
    }

    fn read<'a>(primary: Option<&'a Exchange>, point: impl Fn(Point) -> Option<&'a Exchange>) -> Self {
        let points =
            [primary, point(Point::AlternateSamePort), point(Point::Alternate), point(Point::PrimaryOtherPort)];
        let [primary, alternate_same_port, alternate, _] = points.map(|exchange| exchange.and_then(Exchange::mapped));
        let settled = points.iter().all(|point| point.is_some_and(Exchange::settled));
        Self { primary, alternate_same_port, alternate, settled }
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
}
