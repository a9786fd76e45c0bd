//! What a gateway answers, and what it means.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::description::{Connection, connections};
use super::http;
use super::{Action, Request, TARGET};
use crate::wire::escape::escape;
use crate::wire::xml::text_of;

/// A response of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum Response {
    /// There is a gateway.
    Found {
        /// Where it says that its description is; whoever prints it must escape it.
        location: String,
    },
    /// What it can do.
    Described {
        /// The lines out that it can be asked about.
        connections: Vec<Connection>,
    },
    /// Its address outside.
    ExternalAddress {
        /// The address; absent where it has none.
        address: Option<IpAddr>,
    },
    /// A mapping.
    Entry {
        /// The host that gets what comes.
        client: Option<IpAddr>,
        /// The port there.
        internal_port: u16,
        /// For how many seconds more; 0 is for ever.
        lease_s: u32,
    },
    /// What was asked is done.
    Done,
    /// It refuses.
    Refused {
        /// Why, as a number of UPnP.
        code: u16,
        /// The same in its words; whoever prints it must escape it.
        text: String,
    },
    /// It answers something else.
    Other {
        /// What, in words.
        text: String,
    },
}

impl Response {
    /// What a datagram answers to a search.
    ///
    /// # Errors
    /// Why it is no answer of the gateway that was asked.
    pub fn found(gateway: IpAddr, source: SocketAddr, datagram: &[u8]) -> Result<Self, String> {
        let response = http::Response::read(datagram)?;
        let of = response.field("ST").unwrap_or_default();
        // A device of a later version may answer with its own.
        let is_gateway = of.trim_end_matches(|c: char| c.is_ascii_digit()) == TARGET.trim_end_matches('1');
        if response.status != 200 || !is_gateway {
            return Err("an answer to another search of UPnP".to_owned());
        }
        if source.ip() != gateway {
            return Err(format!("{} says that it is a gateway of UPnP, and is not this one", source.ip()));
        }
        Ok(Self::Found { location: response.field("LOCATION").unwrap_or_default().to_owned() })
    }

    /// What a response of HTTP answers to a request.
    #[must_use]
    pub fn read(asked: &Request, bytes: &[u8]) -> Self {
        let other = |text: String| Self::Other { text };
        if bytes.len() > http::LONGEST {
            return other(format!("more than {} bytes", http::LONGEST));
        }
        let response = match http::Response::read(bytes) {
            Ok(response) => response,
            Err(why) => return other(why),
        };
        // A refusal is a fault of SOAP, and comes with the status 500 (UDA 1.1 section 3.2.2).
        if let Some(code) = text_of(&response.body, "errorCode").and_then(|code| code.parse().ok()) {
            return Self::Refused { code, text: text_of(&response.body, "errorDescription").unwrap_or_default() };
        }
        if response.status != 200 {
            return other(format!("HTTP {} {}", response.status, escape(&response.reason)));
        }
        match asked {
            Request::Search { .. } => other("an answer to a search that came over TCP".to_owned()),
            Request::Describe { at } => Self::Described { connections: connections(&response.body, at) },
            Request::Call { action, .. } => done(action, &response.body),
        }
    }
}

fn done(action: &Action, body: &str) -> Response {
    let other = |text: &str| Response::Other { text: text.to_owned() };
    let number = |name: &str| text_of(body, name)?.parse::<u32>().ok();
    match action {
        Action::ExternalAddress => match text_of(body, "NewExternalIPAddress").map(|text| text.parse::<IpAddr>()) {
            Some(Ok(address)) if !address.is_unspecified() => Response::ExternalAddress { address: Some(address) },
            // Empty, all zeros, and on some routers words.
            Some(_) => Response::ExternalAddress { address: None },
            None => other("an answer without an address"),
        },
        Action::Look { .. } => match number("NewInternalPort").and_then(|port| u16::try_from(port).ok()) {
            Some(internal_port) => Response::Entry {
                client: text_of(body, "NewInternalClient").and_then(|text| text.parse().ok()),
                internal_port,
                lease_s: number("NewLeaseDuration").unwrap_or_default(),
            },
            None => other("an answer without a mapping"),
        },
        // What is done is told by an element of that name, which may be empty.
        Action::Add { .. } | Action::Delete { .. } if body.contains(&format!("{}Response", action.name())) => {
            Response::Done
        }
        Action::Add { .. } | Action::Delete { .. } => other("an answer that does not say that it is done"),
    }
}

/// The name of a number by which a device refuses (UDA 1.1 section 3.2.2, `WANIPConnection` section 2.4).
#[must_use]
pub fn error_name(code: u16) -> Option<&'static str> {
    Some(match code {
        401 => "Invalid Action",
        402 => "Invalid Args",
        501 => "Action Failed",
        606 => "Action not authorized",
        713 => "SpecifiedArrayIndexInvalid",
        714 => "NoSuchEntryInArray",
        715 => "WildCardNotPermittedInSrcIP",
        716 => "WildCardNotPermittedInExtPort",
        718 => "ConflictInMappingEntry",
        724 => "SamePortValuesRequired",
        725 => "OnlyPermanentLeasesSupported",
        726 => "RemoteHostOnlySupportsWildcard",
        727 => "ExternalPortOnlySupportsWildcard",
        728 => "NoPortMapsAvailable",
        729 => "ConflictWithOtherMechanisms",
        732 => "WildCardNotPermittedInIntPort",
        _ => return None,
    })
}

impl fmt::Display for Response {
    /// In words: `UPnP external address 203.0.113.7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { location } => write!(f, "UPnP gateway, described at {}", escape(location)),
            Self::Described { connections } => match connections.len() {
                1 => f.write_str("UPnP description of a line out that maps ports"),
                count => write!(f, "UPnP description of {count} lines out that map ports"),
            },
            Self::ExternalAddress { address: Some(address) } => write!(f, "UPnP external address {address}"),
            Self::ExternalAddress { address: None } => f.write_str("UPnP no external address"),
            Self::Entry { client, internal_port, lease_s } => {
                let client = client.map_or_else(|| "nobody".to_owned(), |client| client.to_string());
                write!(f, "UPnP mapping to {client}, port {internal_port}, for {lease_s} s")
            }
            Self::Done => f.write_str("UPnP done"),
            Self::Refused { code, text } => match error_name(*code) {
                Some(name) => write!(f, "UPnP error {code} {name}"),
                None => write!(f, "UPnP error {code} {}", escape(text)),
            },
            Self::Other { text } => write!(f, "UPnP {text}"),
        }
    }
}
