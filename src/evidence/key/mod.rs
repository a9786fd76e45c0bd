//! What exchanges and sockets are called: ordered, so that the store finds what belongs together, and written as a path
//! (`ipv4/reach/udp/0`).

mod discover;
mod gateway;
mod nat;
mod socket;
#[cfg(test)]
mod tests;
mod turn;
mod turn_socket;
mod turn_target;

use std::fmt;

pub use discover::{Capability, DiscoverKey, Discovery};
pub use gateway::{GatewayKey, GatewayStep};
pub use nat::{AnswerFrom, ControlKey, FilteringPort, FilteringStep, HairpinStep, NatKey, NatTest, Point, Reach};
pub use socket::{FamilySocket, SocketName};
pub use turn::{DataStep, Leg, PlainBinding, Renewal, ServerStep, SocketStep, ThirdParty, Train, TurnKey, TurnStep};
pub use turn_socket::SocketRole;
pub use turn_target::TurnTarget;

use crate::wire::{Family, Transport};

/// Declares the names there are, a row for each kind.
macro_rules! keys {
    ($($(#[$about:meta])* $kind:ident($key:ident),)+) => {
        /// The name of an exchange, unique within a run: how a probe finds it again in the evidence.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Key {
            $($(#[$about])* $kind($key),)+
            /// None of ours, in a report that somebody else wrote, or another release: as it was written.
            Other(String),
        }

        impl fmt::Display for Key {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(key) => key.fmt(f),)+
                    Self::Other(text) => f.write_str(text),
                }
            }
        }

        impl From<&str> for Key {
            /// Whatever is not written as we write it is kept as it is: a number with a sign or with leading zeros is no number of
            /// ours.
            fn from(text: &str) -> Self {
                let parts: Vec<&str> = text.split('/').collect();
                let key = None$(.or_else(|| $key::read(&parts).map(Self::$kind)))+;
                key.filter(|key| key.to_string() == text).unwrap_or_else(|| Self::Other(text.to_owned()))
            }
        }
    };
}

keys! {
    /// Of `classify`, and the controls of `discover`.
    Nat(NatKey),
    /// Of `discover`.
    Discover(DiscoverKey),
    /// Of `turn`.
    Turn(TurnKey),
    /// Of `gateway`.
    Gateway(GatewayKey),
}

impl Key {
    /// Whether it is one of the many packets that measure a TURN server's quality or keep an allocation in use.
    #[must_use]
    pub fn is_packet(&self) -> bool {
        matches!(self, Self::Turn(key) if key.is_packet())
    }
}

/// What is written as its text in JSON, and read from that.
macro_rules! text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<str>::deserialize(deserializer).map(|text| Self::from(&*text))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    };
}
use text;

text!(Key);

/// The words of a closed set, both ways.
macro_rules! words {
    ($set:ident { $($member:ident => $word:literal,)+ }) => {
        impl $set {
            #[cfg(test)]
            pub(in crate::evidence::key) const ALL: &'static [Self] = &[$(Self::$member),+];

            fn word(self) -> &'static str {
                match self { $(Self::$member => $word,)+ }
            }

            fn read(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$member),)+ _ => None }
            }
        }
    };
}
use words;

fn family(word: &str) -> Option<Family> {
    [Family::Ipv4, Family::Ipv6].into_iter().find(|family| family.name() == word)
}

fn transport(word: &str) -> Option<Transport> {
    let all = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls];
    all.into_iter().find(|transport| transport.name() == word)
}
