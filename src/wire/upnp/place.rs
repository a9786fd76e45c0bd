//! Where a device says that it is asked.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The port of HTTP.
const HTTP: u16 = 80;

/// A place on the web server of a device: `http://HOST/PATH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Its address and port.
    pub host: SocketAddr,
    /// The path with what follows it; it begins with a slash, and is printable ASCII.
    pub path: String,
}

impl Place {
    /// The place that a device of that address names, whole.
    ///
    /// # Errors
    /// Why it is none of its own: whoever fetched what any answer names would ask anybody on anybody's behalf.
    pub fn read(url: &str, of: IpAddr) -> Result<Self, String> {
        let rest = strip_scheme(url).ok_or("it does not begin with http://")?;
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let host = authority
            .parse()
            .or_else(|_| authority.parse().map(|ip| SocketAddr::new(ip, HTTP)))
            .map_err(|_| "its host is no address")?;
        if host.ip() != of {
            return Err(format!("it is at {}, and not at the gateway", host.ip()));
        }
        Self { host, path: "/".to_owned() }.at(path)
    }

    /// The place that a description found here names: whole, from the root, or from here.
    ///
    /// # Errors
    /// Why it is none of the same device.
    pub fn join(&self, reference: &str) -> Result<Self, String> {
        if strip_scheme(reference).is_some() {
            return Self::read(reference, self.host.ip());
        }
        if reference.starts_with('/') {
            return self.at(reference);
        }
        let folder = self.path.split('?').next().and_then(|path| path.rfind('/')).map_or("/", |at| &self.path[..=at]);
        self.at(&format!("{folder}{reference}"))
    }

    fn at(&self, path: &str) -> Result<Self, String> {
        // It is written into the head of a request: a line break there would begin another.
        if path.starts_with("//") || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("its path is none".to_owned());
        }
        Ok(Self { host: self.host, path: path.to_owned() })
    }
}

fn strip_scheme(url: &str) -> Option<&str> {
    const SCHEME: &str = "http://";
    url.get(..SCHEME.len()).filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME)).map(|_| &url[SCHEME.len()..])
}
