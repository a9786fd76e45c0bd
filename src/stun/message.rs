//! placeholder
/// Not STUN.
#[derive(Debug)]
pub struct NotStun;
/// placeholder
#[derive(Debug)]
pub struct Message;
