//! What differs between systems, and nothing else. Each offers the same names:
//!
//! | name | what it does |
//! |---|---|
//! | `LIMITS` | what this system does not tell a program: it stands in the report and is never taken for silence |
//! | `watch_errors`, `forget_errors`, `next_error` | ICMP errors as answers, where a queue keeps them |
//! | `KNOCKS` | whether refusals have to be asked for, because no queue keeps them |
//! | `interfaces`, `interface_number`, `default_routes` | the interfaces with their addresses, and the way out |
//! | `bind_device` | sends by one interface, whatever the routes say |
//! | `share_port` | several connections from one port |
//! | `reserve` | whether there is room for what a run opens |
//! | `watch_interrupts` | Ctrl-C, and whatever else asks a program to end |
//! | `unseen` | what is typed and not shown |
//! | `terminal` | what a terminal can show |
//! | `numbers` | error numbers that [`std::io::ErrorKind`] has no name for |
//! | `NAME_SERVER_LIST` | a file that names them too, where they are asked for otherwise |
//! | `NO_NAME_SERVERS` | why there are no name servers, in this system's words |

#[cfg(not(target_os = "linux"))]
mod adapters;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(all(unix, not(target_os = "linux")))]
mod macos;
#[cfg(not(target_os = "linux"))]
mod no_error_queue;
mod route;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(target_os = "linux"))]
pub(in crate::net) use adapters::{default_routes, interface_number, interfaces};
#[cfg(target_os = "linux")]
pub(in crate::net) use linux::{
    KNOCKS, LIMITS, NAME_SERVER_LIST, bind_device, default_routes, forget_errors, interface_number, interfaces,
    next_error, watch_errors,
};
#[cfg(all(unix, not(target_os = "linux")))]
pub(in crate::net) use macos::{NAME_SERVER_LIST, bind_device};
#[cfg(not(target_os = "linux"))]
pub(in crate::net) use no_error_queue::{KNOCKS, LIMITS, forget_errors, next_error, watch_errors};
pub(in crate::net) use route::Route;
#[cfg(unix)]
pub(in crate::net) use unix::{NO_NAME_SERVERS, numbers, reserve, share_port, watch_interrupts};
#[cfg(unix)]
pub(crate) use unix::{terminal, unseen};
#[cfg(windows)]
pub(in crate::net) use windows::{
    NAME_SERVER_LIST, NO_NAME_SERVERS, bind_device, numbers, reserve, share_port, watch_interrupts,
};
#[cfg(windows)]
pub(crate) use windows::{terminal, unseen};
