//! Whatever comes, every reader survives it: mutations of committed seeds (`tests/captures`, `tests/cases`, the presets), for a few
//! seconds, or for as many as `NAT_PROBE_FUZZ_SECONDS` says. A failure names the case; `NAT_PROBE_FUZZ_CASE` begins with it.

#[path = "fuzz/bytes.rs"]
mod bytes;
#[path = "fuzz/dice.rs"]
mod dice;
#[path = "fuzz/files.rs"]
mod files;
#[path = "fuzz/port_control.rs"]
mod port_control;
#[path = "fuzz/reports.rs"]
mod reports;
#[path = "fuzz/runs.rs"]
mod runs;
#[path = "fuzz/texts.rs"]
mod texts;
#[path = "fuzz/trees.rs"]
mod trees;
