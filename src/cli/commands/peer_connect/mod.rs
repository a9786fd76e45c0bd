//! `nat-probe peer connect`: do these two hosts connect, by which way, and if not, where does it end?

mod arguments;
mod beside;
mod exchange;
mod live;
mod setup;

pub(in crate::cli) use arguments::ConnectArgs;
