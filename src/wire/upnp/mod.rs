//! UPnP's Internet Gateway Device as values and text: a search finds it (SSDP), a description tells where it is asked (HTTP), and it is
//! asked there (SOAP). By the UPnP Device Architecture 1.1 (UDA) and the service `WANIPConnection`, versions 1 and 2, as read there.
//!
//! Whatever it answers is believed of itself alone: a place that it names is one of its own address, or none.

mod answer;
mod description;
pub mod http;
mod place;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use answer::{Response, error_name};
pub use description::Connection;
pub use place::Place;

use super::nat_pmp::Protocol;

/// Where devices listen for searches (UDA section 1.3.2).
pub const PORT: u16 = 1900;
/// The group in which every device of the own network is asked.
pub const GROUP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250)), PORT);
/// What is searched for; a device of version 2 answers to it too (UDA section 1.3.2).
pub const TARGET: &str = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Request {
    /// Is there a gateway?
    Search {
        /// Whose answer is waited for.
        gateway: IpAddr,
        /// Everybody is asked, as clients do; else that device alone (UDA 1.1 section 1.3.2).
        group: bool,
    },
    /// What can it do, and where is it asked?
    Describe {
        /// Where its description is.
        at: Place,
    },
    /// One action of the service.
    Call {
        /// The service, and where it is asked.
        connection: Connection,
        /// Which.
        #[serde(flatten)]
        action: Action,
    },
}

/// An action of the service `WANIPConnection` or `WANPPPConnection`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// What is the external address?
    ExternalAddress,
    /// Who has that port outside?
    Look {
        /// Of which protocol.
        protocol: Protocol,
        /// The port outside.
        external_port: u16,
    },
    /// Let in what comes for that port, for a while.
    Add {
        /// Of which protocol.
        protocol: Protocol,
        /// The port outside.
        external_port: u16,
        /// The port of this host.
        internal_port: u16,
        /// The address of this host.
        client: IpAddr,
        /// For how long, in seconds; 0, for ever, is never asked for.
        lease_s: u32,
    },
    /// Let it in no longer.
    Delete {
        /// Of which protocol.
        protocol: Protocol,
        /// The port outside.
        external_port: u16,
    },
}

impl Request {
    /// The request as it is sent.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let text = match self {
            // Whoever is asked alone answers at once, everybody else within the second that MX allows for.
            Self::Search { group: true, .. } => {
                format!(
                    "M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {TARGET}\r\n\r\n"
                )
            }
            Self::Search { gateway, group: false } => {
                let host = SocketAddr::new(*gateway, PORT);
                format!("M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nST: {TARGET}\r\n\r\n")
            }
            Self::Describe { at } => {
                format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", at.path, at.host)
            }
            Self::Call { connection, action } => call(connection, action),
        };
        text.into_bytes()
    }
}

fn call(connection: &Connection, action: &Action) -> String {
    let (service, name) = (&connection.service, action.name());
    let arguments = action.arguments();
    let arguments: Vec<String> = arguments.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    let arguments = arguments.concat();
    let body = format!(
        "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>\
         <u:{name} xmlns:u=\"{service}\">{arguments}</u:{name}></s:Body></s:Envelope>\r\n"
    );
    format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nContent-Length: {}\r\n\
         SOAPAction: \"{service}#{name}\"\r\nConnection: close\r\n\r\n{body}",
        connection.control.path,
        connection.control.host,
        body.len(),
    )
}

impl Action {
    /// Its name in SOAP.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ExternalAddress => "GetExternalIPAddress",
            Self::Look { .. } => "GetSpecificPortMappingEntry",
            Self::Add { .. } => "AddPortMapping",
            Self::Delete { .. } => "DeletePortMapping",
        }
    }

    /// What goes with it, in the order of the service's description, which some routers insist on.
    fn arguments(&self) -> Vec<(&'static str, String)> {
        let of = |protocol: &Protocol, external_port: &u16| {
            vec![
                ("NewRemoteHost", String::new()),
                ("NewExternalPort", external_port.to_string()),
                ("NewProtocol", protocol.to_string()),
            ]
        };
        match self {
            Self::ExternalAddress => Vec::new(),
            Self::Look { protocol, external_port } | Self::Delete { protocol, external_port } => {
                of(protocol, external_port)
            }
            Self::Add { protocol, external_port, internal_port, client, lease_s } => {
                let mut all = of(protocol, external_port);
                all.extend([
                    ("NewInternalPort", internal_port.to_string()),
                    ("NewInternalClient", client.to_string()),
                    ("NewEnabled", "1".to_owned()),
                    ("NewPortMappingDescription", "nat-probe".to_owned()),
                    ("NewLeaseDuration", lease_s.to_string()),
                ]);
                all
            }
        }
    }
}

impl fmt::Display for Request {
    /// In words: `UPnP GetExternalIPAddress`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search { group: true, .. } => f.write_str("UPnP search of the network for a gateway"),
            Self::Search { group: false, .. } => f.write_str("UPnP search, of the gateway alone"),
            Self::Describe { .. } => f.write_str("UPnP description of the device"),
            Self::Call { action, .. } => write!(f, "UPnP {}", action.name()),
        }
    }
}
