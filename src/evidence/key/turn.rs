//! What the exchanges of `turn` are called.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::turn_socket::SocketRole;
use super::turn_target::TurnTarget;
use super::{Key, words};

/// `TARGET/STEP`, and from the second attempt on its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnKey {
    /// Whom it is asked of.
    pub target: TurnTarget,
    /// What is asked.
    pub step: TurnStep,
    /// Counted from 1: a request is repeated with each nonce that replaces a stale one (438).
    pub attempt: u32,
}

/// What is asked. The many packets that measure come last, so that the rest is a range of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TurnStep {
    /// A question to the server.
    Server(ServerStep),
    /// `control/NUMBER`: a Binding to a third party, where the server is silent over UDP.
    Control(ThirdParty),
    /// `SOCKET/STEP`: what makes and ends the allocation of a socket.
    On(SocketRole, SocketStep),
    /// `SOCKET/permit/PEER`: CreatePermission.
    Permit(SocketRole, IpAddr),
    /// `x/QUESTION`: a Binding to the TURN server from our plain socket.
    PlainBinding(PlainBinding),
    /// `x/third/NUMBER`: a Binding to a third party from our plain socket.
    ThirdParty(ThirdParty),
    /// A packet through the relay, or to it.
    Data(DataStep),
    /// `hold/REQUEST/NUMBER`: what keeps the allocation, its permission and its channel, counted from 1.
    Renewal(Renewal, u32),
    /// `hold/NUMBER/LEG`: a packet in each moment while the allocation is kept.
    KeepAlive(u32, Leg),
    /// `quality/TRAIN/NUMBER/LEG`: packets whose loss and round trip are measured.
    Quality(Train, u32, Leg),
    /// `quality/direct/NUMBER`: a Binding straight to the server, for comparison.
    Direct(u32),
}

/// A question to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerStep {
    /// The first Binding.
    Binding,
    /// A Binding after a silence, on the same stream: its answer shows that what was asked before had arrived.
    BindingAgain,
    /// A Binding over TCP, where the server is silent otherwise.
    OverTcp,
    /// A Binding over TLS.
    OverTls,
    /// ChannelBind.
    Channel,
    /// A packet on that channel.
    ChannelData,
    /// Refresh.
    Refresh,
}

words!(ServerStep {
    Binding => "binding",
    BindingAgain => "binding-again",
    OverTcp => "tcp",
    OverTls => "tls",
    Channel => "channel",
    ChannelData => "channel-data",
    Refresh => "refresh",
});

/// What makes and ends the allocation of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SocketStep {
    /// Allocate without credentials.
    Allocate,
    /// Allocate with credentials.
    Login,
    /// The same for an IPv6 address.
    LoginIpv6,
    /// Refresh without credentials, to be challenged (RFC 8016 moves allocations so).
    Refresh,
    /// The same with credentials.
    RefreshLogin,
    /// Refresh with the lifetime 0.
    Delete,
    /// The same once more as the run ends, where nobody knows what became of the first: `delete/again`.
    DeleteAgain,
}

words!(SocketStep {
    Allocate => "allocate",
    Login => "login",
    LoginIpv6 => "login-ipv6",
    Refresh => "refresh",
    RefreshLogin => "refresh-login",
    Delete => "delete",
    DeleteAgain => "delete-again",
});

/// Which address our plain socket has, as the TURN server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlainBinding {
    /// Asked on the port of TURN.
    TurnPort,
    /// Asked on the port of STUN.
    StunPort,
}

words!(PlainBinding { TurnPort => "binding", StunPort => "default", });

/// A third party that is asked directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThirdParty {
    /// Its number among the third parties.
    pub number: usize,
    /// With an empty CHANGE-REQUEST, as some servers of RFC 3489 want it: `NUMBER/empty-change-request`.
    pub empty_change_request: bool,
}

/// A packet through the relay, or to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataStep {
    /// From our plain socket to the relayed address.
    Inward,
    /// The same once more, after another address of our plain socket was let in.
    Inward2,
    /// The same once data has left from the relayed address for our plain socket.
    InwardAgain,
    /// From our plain socket to the relayed port at the server's own address.
    InwardOwn,
    /// From our plain socket to the second allocation.
    InwardSecond,
    /// From the relayed address to our plain socket.
    Outward,
    /// The same to the other address of our plain socket.
    Outward2,
    /// To a third party.
    Third,
    /// To another third party.
    Third2,
    /// To a STUN server on the TURN server's own machine.
    OwnMachine,
    /// From the first allocation to the second.
    ToSecond,
    /// From the second allocation to the first.
    ToFirst,
}

words!(DataStep {
    Inward => "inward",
    Inward2 => "inward-2",
    InwardAgain => "inward-again",
    InwardOwn => "inward-own",
    InwardSecond => "inward-b",
    Outward => "outward",
    Outward2 => "outward-2",
    Third => "third",
    Third2 => "third-2",
    OwnMachine => "own",
    ToSecond => "to-b",
    ToFirst => "to-a",
});

/// What is renewed while the allocation is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renewal {
    /// The first allocation.
    Refresh,
    /// Its permission.
    Permit,
    /// Its channel.
    Channel,
    /// The second allocation.
    RefreshSecond,
    /// The permission of the second.
    PermitSecond,
}

words!(Renewal {
    Refresh => "refresh",
    Permit => "permit",
    Channel => "channel",
    RefreshSecond => "refresh-b",
    PermitSecond => "permit-b",
});

/// Packets that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Train {
    /// In Send and Data indications, numbered by their bytes: how large may one be?
    Payload,
    /// In indications.
    Send,
    /// In ChannelData.
    Channel,
}

words!(Train { Payload => "payload", Send => "send", Channel => "channel", });

/// One way of a round trip through the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// From the allocation to the peer.
    Out,
    /// From the peer to the allocation.
    Back,
}

words!(Leg { Out => "out", Back => "back", });

macro_rules! into_step {
    ($($part:ident => $variant:ident,)+) => {
        $(impl From<$part> for TurnStep {
            fn from(part: $part) -> Self {
                Self::$variant(part)
            }
        })+
    };
}

into_step!(ServerStep => Server, PlainBinding => PlainBinding, DataStep => Data,);

impl From<(SocketRole, SocketStep)> for TurnStep {
    fn from((role, step): (SocketRole, SocketStep)) -> Self {
        Self::On(role, step)
    }
}

const EMPTY: &str = "empty-change-request";

impl TurnKey {
    /// Everything that is asked of the target, without the renewals and packets that follow each other while it is measured or kept.
    #[must_use]
    pub fn dialog(self) -> RangeInclusive<Key> {
        self.from(TurnStep::Server(ServerStep::Binding), TurnStep::Data(DataStep::ToFirst))
    }

    /// Everything that is asked of the target.
    #[must_use]
    pub fn all(self) -> RangeInclusive<Key> {
        self.from(TurnStep::Server(ServerStep::Binding), TurnStep::Direct(u32::MAX))
    }

    /// Every control.
    #[must_use]
    pub fn controls(self) -> RangeInclusive<Key> {
        let third = |number, empty_change_request| TurnStep::Control(ThirdParty { number, empty_change_request });
        self.from(third(0, false), third(usize::MAX, true))
    }

    /// Every renewal of that kind.
    #[must_use]
    pub fn renewals(self, renewal: Renewal) -> RangeInclusive<Key> {
        self.from(TurnStep::Renewal(renewal, 0), TurnStep::Renewal(renewal, u32::MAX))
    }

    fn from(self, first: TurnStep, last: TurnStep) -> RangeInclusive<Key> {
        let of = |step, attempt| Key::Turn(Self { step, attempt, ..self });
        of(first, 0)..=of(last, u32::MAX)
    }

    /// Whether it is one of the many packets that measure the quality or keep an allocation in use.
    #[must_use]
    pub fn is_packet(self) -> bool {
        matches!(self.step, TurnStep::Quality(..) | TurnStep::Direct(_) | TurnStep::KeepAlive(..))
    }

    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let (target, rest) = TurnTarget::read(parts)?;
        let (step, attempt) = read_step(rest)?;
        Some(Self { target, step, attempt })
    }
}

/// A step and its attempt: the number at the end, where the step has none there itself.
fn read_step(parts: &[&str]) -> Option<(TurnStep, u32)> {
    // A deletion that is asked again names the attempt that it repeats: `a/delete/2/again`.
    if let [role, "delete", ref attempt @ .., "again"] = *parts {
        let attempt = match *attempt {
            [] => 1,
            [number] => number.parse().ok()?,
            _ => return None,
        };
        return Some((TurnStep::On(SocketRole::of(role)?, SocketStep::DeleteAgain), attempt));
    }
    TurnStep::read(parts).map(|step| (step, 1)).or_else(|| {
        let (number, step) = parts.split_last()?;
        Some((TurnStep::read(step)?, number.parse().ok()?))
    })
}

impl TurnStep {
    fn read(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            [role, "permit", peer] if SocketRole::of(role).is_some() => {
                Self::Permit(SocketRole::of(role)?, peer.parse().ok()?)
            }
            [role, word] if SocketStep::read(word).is_some() => {
                Self::On(SocketRole::of(role)?, SocketStep::read(word)?)
            }
            [word] => ServerStep::read(word).map(Self::Server).or_else(|| DataStep::read(word).map(Self::Data))?,
            ["control", ref third @ ..] => Self::Control(ThirdParty::read(third)?),
            ["x", "third", ref third @ ..] => Self::ThirdParty(ThirdParty::read(third)?),
            ["x", word] => Self::PlainBinding(PlainBinding::read(word)?),
            ["quality", "direct", number] => Self::Direct(number.parse().ok()?),
            ["quality", train, number, leg] => {
                Self::Quality(Train::read(train)?, number.parse().ok()?, Leg::read(leg)?)
            }
            ["hold", first, second] => match Renewal::read(first) {
                Some(renewal) => Self::Renewal(renewal, second.parse().ok()?),
                None => Self::KeepAlive(first.parse().ok()?, Leg::read(second)?),
            },
            _ => return None,
        })
    }
}

impl ThirdParty {
    fn read(parts: &[&str]) -> Option<Self> {
        let (number, empty_change_request) = match *parts {
            [number] => (number, false),
            [number, EMPTY] => (number, true),
            _ => return None,
        };
        Some(Self { number: number.parse().ok()?, empty_change_request })
    }
}

impl fmt::Display for TurnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.target)?;
        match self.step {
            TurnStep::On(role, SocketStep::DeleteAgain) => {
                write!(f, "{}/{}", role.name(), SocketStep::Delete.word())?;
                self.attempted(f)?;
                f.write_str("/again")
            }
            step => {
                step.fmt(f)?;
                self.attempted(f)
            }
        }
    }
}

impl TurnKey {
    fn attempted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attempt == 1 { Ok(()) } else { write!(f, "/{}", self.attempt) }
    }
}

impl fmt::Display for TurnStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Server(step) => f.write_str(step.word()),
            Self::Data(step) => f.write_str(step.word()),
            Self::Control(third) => write!(f, "control/{third}"),
            Self::ThirdParty(third) => write!(f, "x/third/{third}"),
            Self::PlainBinding(step) => write!(f, "x/{}", step.word()),
            Self::On(role, step) => write!(f, "{}/{}", role.name(), step.word()),
            Self::Permit(role, peer) => write!(f, "{}/permit/{peer}", role.name()),
            Self::Renewal(renewal, number) => write!(f, "hold/{}/{number}", renewal.word()),
            Self::KeepAlive(number, leg) => write!(f, "hold/{number}/{}", leg.word()),
            Self::Quality(train, number, leg) => write!(f, "quality/{}/{number}/{}", train.word(), leg.word()),
            Self::Direct(number) => write!(f, "quality/direct/{number}"),
        }
    }
}

impl fmt::Display for ThirdParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.empty_change_request { write!(f, "{}/{EMPTY}", self.number) } else { write!(f, "{}", self.number) }
    }
}
