//! Each command's finding as the rest of the program sees it: one file a command.

mod classify;
mod connect;
mod contract;
mod discover;
mod gateway;
mod ice_gather;
mod nat;
mod predict;
mod turn;

pub(crate) use contract::View;

use super::document::{Families, Findings, Report, ServerRow, each_command};

macro_rules! views {
    ($($(#[$about:meta])* $command:ident($found:ty),)+) => {
        impl Findings {
            /// What was found, whatever the command.
            #[must_use]
            pub(crate) fn view(&self) -> &dyn View {
                match self { $(Self::$command(found) => found,)+ }
            }

            /// The same, to be judged or masked.
            #[must_use]
            pub(crate) fn view_mut(&mut self) -> &mut dyn View {
                match self { $(Self::$command(found) => found,)+ }
            }
        }
    };
}
each_command!(views);

impl Report {
    /// The verdicts of each address family, of the commands that judge families.
    #[must_use]
    pub fn families(&self) -> &Families {
        self.findings.view().nat().map_or(&Families::NONE, |nat| &nat.families)
    }

    /// The rows of the servers, of the commands that ask STUN servers.
    #[must_use]
    pub fn servers(&self) -> &[ServerRow] {
        self.findings.view().nat().map_or(&[], |nat| &nat.servers)
    }
}
