//! What a device says that it can do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::wire::xml::{contents, text_of};

/// Devices describe themselves within each other; what is asked is at most that many lines out.
const MOST: usize = 8;

/// A line out that the device can be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// The type of the service, as actions name it.
    pub service: String,
    /// Where it is asked.
    pub control: Place,
}

/// The lines out in a description that was found there: of routers with several, which list them all, one is in use.
pub(super) fn connections(text: &str, found_at: &Place) -> Vec<Connection> {
    // UDA 1.0 section 2.1: relative places are so to URLBase, where there is one.
    let base = text_of(text, "URLBase").and_then(|base| Place::read(&base, found_at.host.ip()).ok());
    let base = base.as_ref().unwrap_or(found_at);
    let connection = |service: &&str| {
        let kind = text_of(service, "serviceType").filter(|kind| maps_ports(kind))?;
        Some(Connection { service: kind, control: base.join(&text_of(service, "controlURL")?).ok()? })
    };
    contents(text, "service").iter().filter_map(connection).take(MOST).collect()
}

/// Whether a service is one that maps ports. Its type is written into requests, so that no other text will do.
fn maps_ports(service: &str) -> bool {
    ["WANIPConnection:", "WANPPPConnection:"].iter().any(|name| {
        let version = service.strip_prefix("urn:schemas-upnp-org:service:").and_then(|rest| rest.strip_prefix(name));
        version.is_some_and(|version| matches!(version.as_bytes(), [b'1'..=b'9']))
    })
}
