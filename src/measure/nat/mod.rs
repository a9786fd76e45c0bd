//! What does the NAT do? Reachability, mapping, filtering, ports, hairpinning (RFC 4787, RFC 5780).

pub mod advice_code;
pub(crate) mod connectivity;
pub(crate) mod controls;
pub(crate) mod filtering;
mod filtering_rounds;
mod filtering_steps;
pub mod finding;
pub(crate) mod first;
mod hairpin;
pub mod judge;
pub mod legacy;
mod look;
mod mapping;
mod mapping_class;
pub(crate) mod mapping_judge;
pub mod plan;
mod points;
mod ports;
mod reach;
pub(crate) mod servers;
pub mod spec;
mod tcp;
