//! Two agents on a toy network, in virtual time.

mod connecting;
mod failing;
mod lying;
mod relaying;
mod world;
