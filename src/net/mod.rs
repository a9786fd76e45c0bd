//! Networks: real sockets, and what drives an engine on any of them.

mod drive;

pub use drive::drive;
