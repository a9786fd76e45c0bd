//! What does the NAT do? Reachability, mapping, filtering, ports, hairpinning (RFC 4787, RFC 5780).

pub(crate) mod advice_code;
mod connectivity;
pub(super) mod controls;
mod filtering;
mod filtering_rounds;
mod filtering_steps;
pub mod finding;
pub(super) mod first;
mod hairpin;
pub mod judge;
pub(crate) mod legacy;
mod look;
mod mapping;
mod mapping_class;
mod mapping_judge;
pub mod plan;
mod points;
mod ports;
mod reach;
pub(crate) mod refusal;
pub(super) mod servers;
pub(crate) mod spec;
mod tcp;
#[cfg(test)]
mod testing;
