//! The simulated internet: every mapping, filter, loss and server fault, in virtual time.

#[path = "simulated/bench.rs"]
mod bench;
#[path = "simulated/matrix.rs"]
mod matrix;
#[path = "simulated/faults.rs"]
mod faults;
#[path = "simulated/loss.rs"]
mod loss;
