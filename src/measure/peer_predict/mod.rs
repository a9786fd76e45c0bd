//! Will these two connect? Nothing is asked of the network: the answer follows from what is known of both sides.

mod finding;
pub(crate) mod spec;

pub use finding::{Matrix, PredictOptions, Predicted};
