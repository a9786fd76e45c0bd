//! Where what is printed goes: pages, documents, events and progress, and what a terminal can show of them.

pub(super) mod events;
pub(super) mod footer;
pub(super) mod output;
pub(super) mod progress;
pub(super) mod terminal;
