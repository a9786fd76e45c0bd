//! What the four points of one server with a second address saw of one socket, and which mapping behavior that shows.

use std::net::SocketAddr;

use super::servers::Capable;
use super::{Behavior, Evidence, Exchange, Family, first};

/// What the exchange with a point of a server is called.
#[must_use]
pub fn label(family: Family, server: usize, point: &str) -> String {
    format!("{}/mapping/{server}/{point}", family.name())
}

/// What the same exchange from a second socket is called.
#[must_use]
pub fn repeat_label(family: Family, server: usize, point: &str) -> String {
    format!("{}/mapping-2/{server}/{point}", family.name())
}

/// What the second question to the first server is called.
#[must_use]
pub fn again_label(family: Family, server: usize) -> String {
    label(family, server, "primary-again")
}

/// What the four points of one server saw (RFC 5780 section 4.3); `None` where a point did not answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Group {
    primary: Option<SocketAddr>,
    primary_other_port: Option<SocketAddr>,
    alternate_same_port: Option<SocketAddr>,
    alternate: Option<SocketAddr>,
    /// Every point has been waited for.
    pub settled: bool,
}

impl Group {
    /// What the server's points saw so far of the socket under test.
    #[must_use]
    pub fn of(seen: &Evidence, family: Family, server: &Capable) -> Self {
        let primary = first::exchanges(seen, family).into_iter().find(|exchange| exchange.server == server.server);
        Self::read(primary, |point| seen.find(&label(family, server.server, point)))
    }

    /// What they saw of the second socket, where there is one.
    #[must_use]
    pub fn repeated(seen: &Evidence, family: Family, server: &Capable) -> Self {
        let point = |point: &str| seen.find(&repeat_label(family, server.server, point));
        Self::read(point("primary"), point)
    }

    fn read<'a>(primary: Option<&'a Exchange>, point: impl Fn(&str) -> Option<&'a Exchange>) -> Self {
        let points = [primary, point("alternate-same-port"), point("alternate"), point("primary-other-port")];
        let [primary, alternate_same_port, alternate, primary_other_port] =
            points.map(|exchange| exchange.and_then(Exchange::mapped));
        let settled = points.iter().all(|point| point.is_some_and(Exchange::settled));
        Self { primary, primary_other_port, alternate_same_port, alternate, settled }
    }

    /// Both ports of the second address answered: the behavior follows.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.primary.is_some() && self.alternate.is_some() && self.alternate_same_port.is_some()
    }

    /// The behavior, `None` where the answers fit none of the three; call it on complete groups only.
    #[must_use]
    pub fn behavior(&self) -> Option<Behavior> {
        let (primary, same_port, other_port) = (self.primary?, self.alternate_same_port?, self.alternate?);
        let fourth = self.primary_other_port;
        if same_port == primary && other_port == primary && fourth.is_none_or(|fourth| fourth == primary) {
            Some(Behavior::EndpointIndependent)
        } else if same_port == other_port && same_port != primary && fourth.is_none_or(|fourth| fourth == primary) {
            Some(Behavior::AddressDependent)
        } else if same_port != other_port
            && same_port != primary
            && other_port != primary
            && fourth.is_none_or(|fourth| fourth != primary)
        {
            Some(Behavior::AddressAndPortDependent)
        } else {
            None
        }
    }
}
