//! What each command found: the one table of the report in which a command is a row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nat::{Classified, Discovered};
use crate::measure::connect::PeerConnected;
use crate::measure::gateway::GatewayAsked;
use crate::measure::ice_gather::IceGathered;
use crate::measure::peer_predict::Predicted;
use crate::measure::turn::TurnTested;

/// Hands every command that measures to a macro: its name as a variant, and what holds its options and what it found.
macro_rules! each_command {
    ($rows:ident) => {
        $rows! {
            /// What does the NAT do?
            Classify(Classified),
            /// What address do others see?
            Discover(Discovered),
            /// Does this TURN server work?
            Turn(TurnTested),
            /// Does the router map ports on request?
            Gateway(GatewayAsked),
            /// Which ICE candidates would an application get here?
            IceGather(IceGathered),
            /// Will these two connect?
            PeerPredict(Predicted),
            /// Do these two hosts connect?
            PeerConnect(PeerConnected),
        }
    };
}
pub(in crate::report) use each_command;

macro_rules! findings {
    ($($(#[$about:meta])* $command:ident($found:ty),)+) => {
        /// What a command found, with the options that its verdicts depend on: the member `command` says which.
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "command", rename_all = "kebab-case")]
        pub enum Findings {
            $($(#[$about])* $command($found),)+
        }
    };
}
each_command!(findings);
