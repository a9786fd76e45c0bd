//! What the exchanges of `classify` are called.

use std::fmt;
use std::ops::RangeInclusive;

use super::{Key, family, words};
use crate::wire::Family;

/// `FAMILY/TEST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NatKey {
    /// The family asked over.
    pub family: Family,
    /// What is asked, and of whom.
    pub test: NatTest,
}

/// What is asked. Servers are numbered as in the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NatTest {
    /// `reach/udp/SERVER`: the first question to a server.
    Reach(Reach, usize),
    /// `control/...`: what tells a blocked path from other silences.
    Control(ControlKey),
    /// `filtering/SERVER/PORT/STEP`: RFC 5780 section 4.4.
    Filtering {
        /// The server that is to answer from its other addresses.
        server: usize,
        /// The local port that it is to answer to.
        port: FilteringPort,
        /// The question.
        step: FilteringStep,
    },
    /// `mapping/SERVER/POINT`: RFC 5780 section 4.3.
    Mapping {
        /// The server with a second address.
        server: usize,
        /// Which of its points.
        point: Point,
    },
    /// `mapping/SERVER/primary-again`, then `primary-again-2`: the first question once more, and more often where that tells more.
    MappingAgain {
        /// The server.
        server: usize,
        /// From one on.
        number: usize,
    },
    /// `mapping-2/SERVER/POINT`: the points from a second socket.
    MappingRepeated {
        /// The server with a second address.
        server: usize,
        /// Which of its points.
        point: Point,
    },
    /// `ports/NUMBER`: from fresh sockets, to see how ports are chosen.
    Ports(usize),
    /// `hairpin/STEP`: RFC 4787 section 6.
    Hairpin(HairpinStep),
    /// `tcp/SERVER/POINT`: the mapping over TCP, from one local port.
    Tcp {
        /// The server with a second address.
        server: usize,
        /// Which of its points.
        point: Point,
    },
}

/// How the first question to a server is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// A Binding over UDP.
    Udp,
    /// The same with an empty CHANGE-REQUEST.
    EmptyChangeRequest,
    /// A Binding over TCP.
    Tcp,
}

words!(Reach { Udp => "udp", EmptyChangeRequest => "udp-empty-change-request", Tcp => "tcp", });

/// Which control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlKey {
    /// `rfc3489/SERVER`: a Binding without the magic cookie.
    Rfc3489(usize),
    /// `port/SERVER/PORT`: a Binding to another port.
    OtherPort(usize, u16),
    /// `again/SERVER`: the first question, once more.
    Again(usize),
    /// `dns/NUMBER`: a question to one of this host's name servers.
    Dns(usize),
}

/// The points of a server with a second address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The one that it was named by.
    Primary,
    /// The second address with the first port.
    AlternateSamePort,
    /// The second address with the second port.
    Alternate,
    /// The first address with the second port.
    PrimaryOtherPort,
}

impl Point {
    /// All four.
    pub const EVERY: [Self; 4] = [Self::Primary, Self::AlternateSamePort, Self::Alternate, Self::PrimaryOtherPort];
}

words!(Point {
    Primary => "primary",
    AlternateSamePort => "alternate-same-port",
    Alternate => "alternate",
    PrimaryOtherPort => "primary-other-port",
});

/// The local port whose filter is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilteringPort {
    /// `1`, `2`, `3`: a fresh one, from which nothing was sent to the server's other addresses.
    Fresh(u8),
    /// `control`: one that has opened its filter for the answer.
    Control,
}

/// A question of the filter test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilteringStep {
    /// `binding`: what the others are sent beside, whose answer surely passes.
    Binding,
    /// `binding-again`, then `binding-again-2`: after a round, in reports of releases before companions.
    BindingAgain(u32),
    /// `prime-port`: a Binding to the other point, which opens the filter for what it sends.
    Prime(AnswerFrom),
    /// `port`, then `port-2` in reports of releases that asked in rounds: a CHANGE-REQUEST.
    Change(AnswerFrom, u32),
    /// `port-plain`: the CHANGE-REQUEST of a control without RESPONSE-PORT.
    Plain(AnswerFrom),
}

/// Where a CHANGE-REQUEST wants the answer from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerFrom {
    /// Another port of the same address.
    Port,
    /// Another address, and another port.
    AddressAndPort,
}

words!(AnswerFrom { Port => "port", AddressAndPort => "address-and-port", });

/// What two sockets behind the NAT send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HairpinStep {
    /// A Binding that tells the external address of the one.
    LearnX,
    /// The same of the other.
    LearnY,
    /// From the one to the external address of the other.
    XToY,
    /// The other way.
    YToX,
}

words!(HairpinStep { LearnX => "learn-x", LearnY => "learn-y", XToY => "x-to-y", YToX => "y-to-x", });

impl NatTest {
    /// The name of this test's exchange over that family.
    #[must_use]
    pub fn over(self, family: Family) -> Key {
        Key::Nat(NatKey { family, test: self })
    }

    /// Every name from this one to the last.
    #[must_use]
    pub fn to(self, last: Self, family: Family) -> RangeInclusive<Key> {
        self.over(family)..=last.over(family)
    }
}

impl NatKey {
    /// Every first question of a family, of these kinds.
    #[must_use]
    pub fn reach(family: Family, from: Reach, to: Reach) -> RangeInclusive<Key> {
        NatTest::Reach(from, 0).to(NatTest::Reach(to, usize::MAX), family)
    }

    /// Every control of a family.
    #[must_use]
    pub fn controls(family: Family) -> RangeInclusive<Key> {
        NatTest::Control(ControlKey::Rfc3489(0)).to(NatTest::Control(ControlKey::Dns(usize::MAX)), family)
    }

    /// Every question of the filter test against a server.
    #[must_use]
    pub fn filtering(family: Family, server: usize) -> RangeInclusive<Key> {
        let of = |port, step| NatTest::Filtering { server, port, step };
        let last = FilteringStep::Plain(AnswerFrom::AddressAndPort);
        of(FilteringPort::Fresh(0), FilteringStep::Binding).to(of(FilteringPort::Control, last), family)
    }

    /// The same of one port.
    #[must_use]
    pub fn filtering_port(family: Family, server: usize, port: FilteringPort) -> RangeInclusive<Key> {
        let step = |step| NatTest::Filtering { server, port, step };
        step(FilteringStep::Binding).to(step(FilteringStep::Plain(AnswerFrom::AddressAndPort)), family)
    }

    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let (family, rest) = (family(parts.first()?)?, parts.get(1..)?);
        let number = |word: &str| word.parse().ok();
        let test = match *rest {
            ["reach", how, server] => NatTest::Reach(Reach::read(how)?, number(server)?),
            ["control", "rfc3489", server] => NatTest::Control(ControlKey::Rfc3489(number(server)?)),
            ["control", "port", server, port] => {
                NatTest::Control(ControlKey::OtherPort(number(server)?, port.parse().ok()?))
            }
            ["control", "again", server] => NatTest::Control(ControlKey::Again(number(server)?)),
            ["control", "dns", nth] => NatTest::Control(ControlKey::Dns(number(nth)?)),
            ["filtering", server, port, step] => NatTest::Filtering {
                server: number(server)?,
                port: FilteringPort::read(port)?,
                step: FilteringStep::read(step)?,
            },
            ["mapping", server, point] if point.starts_with(AGAIN) => {
                NatTest::MappingAgain { server: number(server)?, number: number(round(point, AGAIN)?)? }
            }
            ["mapping", server, point] => NatTest::Mapping { server: number(server)?, point: Point::read(point)? },
            ["mapping-2", server, point] => {
                NatTest::MappingRepeated { server: number(server)?, point: Point::read(point)? }
            }
            ["ports", nth] => NatTest::Ports(number(nth)?),
            ["hairpin", step] => NatTest::Hairpin(HairpinStep::read(step)?),
            ["tcp", server, point] => NatTest::Tcp { server: number(server)?, point: Point::read(point)? },
            _ => return None,
        };
        Some(Self { family, test })
    }
}

const AGAIN: &str = "primary-again";
const BINDING_AGAIN: &str = "binding-again";

/// The number of a round: the first has none, the second ends with `-2`.
fn round<'a>(word: &'a str, first: &str) -> Option<&'a str> {
    match word.strip_prefix(first)? {
        "" => Some("1"),
        rest => rest.strip_prefix('-'),
    }
}

impl FilteringPort {
    pub(super) fn read(word: &str) -> Option<Self> {
        if word == "control" { Some(Self::Control) } else { word.parse().ok().map(Self::Fresh) }
    }
}

impl FilteringStep {
    fn read(word: &str) -> Option<Self> {
        if word == "binding" {
            return Some(Self::Binding);
        }
        if let Some(number) = round(word, BINDING_AGAIN) {
            return number.parse().ok().map(Self::BindingAgain);
        }
        if let Some(point) = word.strip_prefix("prime-") {
            return AnswerFrom::read(point).map(Self::Prime);
        }
        if let Some(point) = word.strip_suffix("-plain") {
            return AnswerFrom::read(point).map(Self::Plain);
        }
        let of = |from: AnswerFrom| Some(Self::Change(from, round(word, from.word())?.parse().ok()?));
        of(AnswerFrom::AddressAndPort).or_else(|| of(AnswerFrom::Port))
    }
}

/// `-2` and so on; the first round has no number.
struct Round<N>(N);

impl<N: fmt::Display + PartialEq + From<u8>> fmt::Display for Round<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == N::from(1) { Ok(()) } else { write!(f, "-{}", self.0) }
    }
}

impl fmt::Display for FilteringPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh(number) => number.fmt(f),
            Self::Control => f.write_str("control"),
        }
    }
}

impl fmt::Display for FilteringStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Binding => f.write_str("binding"),
            Self::BindingAgain(number) => write!(f, "{BINDING_AGAIN}{}", Round(number)),
            Self::Prime(from) => write!(f, "prime-{}", from.word()),
            Self::Change(from, number) => write!(f, "{}{}", from.word(), Round(number)),
            Self::Plain(from) => write!(f, "{}-plain", from.word()),
        }
    }
}

impl fmt::Display for NatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.family.name())?;
        match self.test {
            NatTest::Reach(how, server) => write!(f, "reach/{}/{server}", how.word()),
            NatTest::Control(ControlKey::Rfc3489(server)) => write!(f, "control/rfc3489/{server}"),
            NatTest::Control(ControlKey::OtherPort(server, port)) => write!(f, "control/port/{server}/{port}"),
            NatTest::Control(ControlKey::Again(server)) => write!(f, "control/again/{server}"),
            NatTest::Control(ControlKey::Dns(number)) => write!(f, "control/dns/{number}"),
            NatTest::Filtering { server, port, step } => write!(f, "filtering/{server}/{port}/{step}"),
            NatTest::Mapping { server, point } => write!(f, "mapping/{server}/{}", point.word()),
            NatTest::MappingAgain { server, number } => write!(f, "mapping/{server}/{AGAIN}{}", Round(number)),
            NatTest::MappingRepeated { server, point } => write!(f, "mapping-2/{server}/{}", point.word()),
            NatTest::Ports(number) => write!(f, "ports/{number}"),
            NatTest::Hairpin(step) => write!(f, "hairpin/{}", step.word()),
            NatTest::Tcp { server, point } => write!(f, "tcp/{server}/{}", point.word()),
        }
    }
}
