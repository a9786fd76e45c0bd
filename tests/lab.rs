//! The kernel lab: nat-probe against real servers (coturn, Debian's stund) behind real NATs (Linux, nftables), each story in a
//! cage of namespaces. `NAT_PROBE_LAB=require` fails where a lab is impossible; `NAT_PROBE_LAB=truth` checks only the lab
//! itself; `NAT_PROBE_BIN` names another binary to test; `NAT_PROBE_LAB_KEEP` a directory for all that it says.
#![cfg(target_os = "linux")]

#[path = "lab/kit/mod.rs"]
mod kit;

#[path = "lab/browsers.rs"]
mod browsers;
#[path = "lab/connect.rs"]
mod connect;
#[path = "lab/controls.rs"]
mod controls;
#[path = "lab/discover.rs"]
mod discover;
#[path = "lab/exits.rs"]
mod exits;
#[path = "lab/filters.rs"]
mod filters;
#[path = "lab/gateway.rs"]
mod gateway;
#[path = "lab/ice_gather.rs"]
mod ice_gather;
#[path = "lab/interrupt.rs"]
mod interrupt;
#[path = "lab/nats.rs"]
mod nats;
#[path = "lab/odd_nats.rs"]
mod odd_nats;
#[path = "lab/odd_servers.rs"]
mod odd_servers;
#[path = "lab/paths.rs"]
mod paths;
#[path = "lab/refusals.rs"]
mod refusals;
#[path = "lab/server_sets.rs"]
mod server_sets;
#[path = "lab/turn.rs"]
mod turn;
#[path = "lab/turn_causes.rs"]
mod turn_causes;
#[path = "lab/turn_data.rs"]
mod turn_data;
#[path = "lab/turn_dtls.rs"]
mod turn_dtls;
#[path = "lab/turn_home.rs"]
mod turn_home;
#[path = "lab/turn_lint.rs"]
mod turn_lint;
#[path = "lab/turn_others.rs"]
mod turn_others;
#[path = "lab/turn_reach.rs"]
mod turn_reach;
#[path = "lab/turn_refused.rs"]
mod turn_refused;
#[path = "lab/turn_relay.rs"]
mod turn_relay;
#[path = "lab/turn_tls.rs"]
mod turn_tls;
#[path = "lab/witnesses.rs"]
mod witnesses;
