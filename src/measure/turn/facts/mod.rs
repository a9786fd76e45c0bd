//! What the evidence shows of one target. Asking and judging both stand on this, and it knows neither.

pub mod peers;
pub mod round_trip;
pub mod software;
pub mod target;
