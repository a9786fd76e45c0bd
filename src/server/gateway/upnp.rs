//! The same server by UPnP: it answers searches, describes itself, and does what it is asked over HTTP.

use std::net::{IpAddr, SocketAddr};

use super::{GatewayFault, GatewayProtocol, GatewayServer, Granted, Wish, another};
use crate::engine::Time;
use crate::wire::nat_pmp::Protocol;
use crate::wire::pcp::Nonce;
use crate::wire::upnp::{PORT, TARGET, error_name};
use crate::wire::xml::contents;

/// Where its web server listens.
const WEB: u16 = 5000;
const SERVICE: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";

/// What an action comes to: elements of the answer, or the number of an error.
type Outcome = Result<Vec<(&'static str, String)>, u16>;

impl GatewayServer {
    /// Whether anybody listens for connections on that port.
    #[must_use]
    pub fn listens(&self, port: u16) -> bool {
        self.speaks(GatewayProtocol::Upnp) && port == WEB && !self.has(GatewayFault::Quiet)
    }

    /// What a datagram that came to the port of searches is answered, and from where.
    pub(super) fn search(&self, asked: &[u8]) -> Option<(SocketAddr, Vec<u8>)> {
        let asked = String::from_utf8_lossy(asked);
        if !asked.starts_with("M-SEARCH * HTTP/1.1\r\n") || !asked.contains(TARGET) {
            return None;
        }
        let own = SocketAddr::new(self.config.address, PORT);
        let from = if self.has(GatewayFault::OtherSource) { another(own) } else { own };
        let described = if self.has(GatewayFault::DescribedElsewhere) { another(own) } else { own }.ip();
        let at = SocketAddr::new(described, WEB);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {TARGET}\r\nUSN: uuid:1::{TARGET}\r\nEXT:\r\n\
             SERVER: sim/1 UPnP/1.1 router/1\r\nLOCATION: http://{at}/rootDesc.xml\r\n\r\n"
        );
        Some((from, answer.into_bytes()))
    }

    /// What a request over HTTP is answered; the connection ends after it.
    pub fn http(&mut self, now: Time, source: IpAddr, asked: &[u8]) -> Vec<u8> {
        let asked = String::from_utf8_lossy(asked);
        let (head, body) = asked.split_once("\r\n\r\n").unwrap_or((&asked, ""));
        if head.starts_with("GET /rootDesc.xml ") {
            return response("200 OK", &self.description());
        }
        let action = head.split("SOAPAction: ").nth(1).and_then(|rest| rest.split(['#', '"']).nth(2));
        let Some(action) = action.filter(|_| head.starts_with("POST /ctl ")) else {
            return response("404 Not Found", "");
        };
        match self.act(now, source, action, body) {
            Ok(elements) => {
                let elements: Vec<String> =
                    elements.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
                let elements = elements.concat();
                response(
                    "200 OK",
                    &envelope(&format!("<u:{action}Response xmlns:u=\"{SERVICE}\">{elements}</u:{action}Response>")),
                )
            }
            Err(code) => {
                let text = error_name(code).unwrap_or_default();
                let fault = format!(
                    "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>\
                     <UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{code}</errorCode>\
                     <errorDescription>{text}</errorDescription></UPnPError></detail></s:Fault>"
                );
                response("500 Internal Server Error", &envelope(&fault))
            }
        }
    }

    fn description(&self) -> String {
        let service =
            if self.has(GatewayFault::NoLine) { "urn:schemas-upnp-org:service:Layer3Forwarding:1" } else { SERVICE };
        format!(
            "<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><deviceType>{TARGET}</deviceType>\
             <serviceList><service><serviceType>{service}</serviceType><serviceId>1</serviceId><controlURL>/ctl</controlURL>\
             </service></serviceList></device></root>"
        )
    }

    fn act(&mut self, now: Time, source: IpAddr, action: &str, body: &str) -> Outcome {
        let text = |name: &str| contents(body, name).first().copied().unwrap_or_default();
        let number = |name: &str| text(name).parse::<u32>().map_err(|_| 402_u16);
        let port = |name: &str| number(name).and_then(|port| u16::try_from(port).map_err(|_| 402));
        let none = self.has(GatewayFault::NoExternalAddress);
        if action == "GetExternalIPAddress" {
            let address = if none { String::new() } else { self.external.to_string() };
            return Ok(vec![("NewExternalIPAddress", address)]);
        }
        let protocol = match text("NewProtocol") {
            "UDP" => Protocol::Udp,
            "TCP" => Protocol::Tcp,
            _ => return Err(402),
        };
        let external_port = port("NewExternalPort")?;
        let held = self.inside(protocol, external_port, now);
        match action {
            "GetSpecificPortMappingEntry" => {
                let taken =
                    self.has(GatewayFault::Taken).then(|| SocketAddr::new(another(SocketAddr::new(source, 0)).ip(), 9));
                let inside = taken.or(held).ok_or(714_u16)?;
                Ok(vec![
                    ("NewInternalPort", inside.port().to_string()),
                    ("NewInternalClient", inside.ip().to_string()),
                    ("NewEnabled", "1".to_owned()),
                    ("NewLeaseDuration", "100".to_owned()),
                ])
            }
            "AddPortMapping" => {
                let inside =
                    SocketAddr::new(text("NewInternalClient").parse().map_err(|_| 402_u16)?, port("NewInternalPort")?);
                if inside.ip() != source {
                    return Err(606);
                }
                if none {
                    return Err(501);
                }
                if self.has(GatewayFault::OnlyPermanent) && number("NewLeaseDuration")? != 0 {
                    return Err(725);
                }
                if held.is_some_and(|held| held != inside) {
                    return Err(718);
                }
                let lifetime_s = number("NewLeaseDuration")?;
                let wish = Wish { protocol, inside, suggested: external_port, lifetime_s, nonce: Nonce::default() };
                match self.grant(now, &wish) {
                    Granted::Mapped(..) | Granted::Deleted => {}
                    Granted::Refused => return Err(606),
                    Granted::Full => return Err(728),
                }
                if self.has(GatewayFault::Forgets) {
                    self.mappings.remove(&(protocol, inside));
                }
                Ok(Vec::new())
            }
            "DeletePortMapping" => {
                let inside = held.ok_or(714_u16)?;
                if self.has(GatewayFault::Keeps) {
                    return Err(606);
                }
                self.mappings.remove(&(protocol, inside));
                Ok(Vec::new())
            }
            _ => Err(401),
        }
    }
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn response(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
