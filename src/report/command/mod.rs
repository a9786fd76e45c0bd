//! Each command's finding as the rest of the program sees it: one file a command, and one row here.

mod classify;
mod contract;
mod discover;
mod gateway;
mod nat;
mod turn;

pub(crate) use contract::View;

use super::document::Findings;

impl Findings {
    /// What was found, whatever the command.
    #[must_use]
    pub(crate) fn view(&self) -> &dyn View {
        match self {
            Self::Classify(found) => found,
            Self::Discover(found) => found,
            Self::Turn(found) => found,
            Self::Gateway(found) => found,
        }
    }

    /// The same, to be judged or masked.
    #[must_use]
    pub(crate) fn view_mut(&mut self) -> &mut dyn View {
        match self {
            Self::Classify(found) => found,
            Self::Discover(found) => found,
            Self::Turn(found) => found,
            Self::Gateway(found) => found,
        }
    }
}
