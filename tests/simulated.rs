//! The simulated internet: every mapping, filter, loss and server fault, in virtual time.

#[path = "simulated/again.rs"]
mod again;
#[path = "simulated/bench.rs"]
mod bench;
#[path = "simulated/controls.rs"]
mod controls;
#[path = "simulated/faults.rs"]
mod faults;
#[path = "simulated/gate.rs"]
mod gate;
#[path = "simulated/gateway.rs"]
mod gateway;
#[path = "simulated/hairpin.rs"]
mod hairpin;
#[path = "simulated/ice_gather.rs"]
mod ice_gather;
#[path = "simulated/loss.rs"]
mod loss;
#[path = "simulated/matrix.rs"]
mod matrix;
#[path = "simulated/pair_agents.rs"]
mod pair_agents;
#[path = "simulated/pair_browsers.rs"]
mod pair_browsers;
#[path = "simulated/pair_checks.rs"]
mod pair_checks;
#[path = "simulated/pair_gathering.rs"]
mod pair_gathering;
#[path = "simulated/pair_matrix.rs"]
mod pair_matrix;
#[path = "simulated/pair_worlds.rs"]
mod pair_worlds;
#[path = "simulated/properties.rs"]
mod properties;
#[path = "simulated/silence.rs"]
mod silence;
#[path = "simulated/timing.rs"]
mod timing;
#[path = "simulated/traps.rs"]
mod traps;
#[path = "simulated/turn.rs"]
mod turn;
#[path = "simulated/turn_bench.rs"]
mod turn_bench;
#[path = "simulated/turn_controls.rs"]
mod turn_controls;
#[path = "simulated/turn_data.rs"]
mod turn_data;
#[path = "simulated/turn_habits.rs"]
mod turn_habits;
#[path = "simulated/turn_outside.rs"]
mod turn_outside;
#[path = "simulated/turn_paths.rs"]
mod turn_paths;
#[path = "simulated/turn_speed.rs"]
mod turn_speed;
#[path = "simulated/turn_worlds.rs"]
mod turn_worlds;
#[path = "simulated/witnesses.rs"]
mod witnesses;
#[path = "simulated/worlds.rs"]
mod worlds;
