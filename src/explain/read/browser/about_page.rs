//! What "Save Page" of Firefox' about:webrtc writes: its reports and the log, drawn as HTML. What is drawn is in the user's language; what
//! it is stands in `data-l10n-id`. The report that was drawn is put together again, and read as one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{about, firefox_log};
use crate::explain::read::build::Builder;
use crate::wire::xml::unescaped;

/// What every such page has and hardly another text.
pub(crate) const MARK: &str = "about-webrtc-";
/// The most candidates and pairs of a report that are put together.
const MOST: usize = 5_000;

pub(crate) fn read(html: &str, builder: &mut Builder) {
    let mut page = Page::default();
    pieces(html, &mut |piece| page.take(&piece));
    let reports = page.reports.into_iter().map(Report::value).collect();
    about::read(&Value::Array(reports), builder);
    let lines = page.log.iter().enumerate().map(|(index, line)| (line.as_str(), format!("log line {}", index + 1)));
    firefox_log::read(lines, builder);
}

/// A piece of HTML.
enum Piece<'a> {
    /// The beginning of an element.
    Begin {
        name: &'a str,
        tag: &'a str,
    },
    End(&'a str),
    Text(&'a str),
}

/// Cuts HTML, as programs write it, into pieces.
fn pieces<'a>(html: &'a str, take: &mut dyn FnMut(Piece<'a>)) {
    let mut rest = html;
    while !rest.is_empty() {
        let begin = rest.find('<').unwrap_or(rest.len());
        if begin > 0 {
            take(Piece::Text(&rest[..begin]));
        }
        let Some(inside) = rest[begin..].strip_prefix('<') else { return };
        let mut quoted = false;
        let end = inside.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        // Cut off within a tag.
        let Some(end) = end else { return };
        let tag = &inside[..end];
        match tag.strip_prefix('/') {
            Some(name) => take(Piece::End(name)),
            None => take(Piece::Begin { name: tag.split([' ', '\n']).next().unwrap_or_default(), tag }),
        }
        rest = &inside[end + 1..];
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

/// A report that was drawn.
#[derive(Default)]
struct Report {
    pcid: String,
    closed: bool,
    relay_only: Option<bool>,
    servers: Vec<Map<String, Value>>,
    candidates: Vec<Value>,
    /// Their places, by how they are drawn.
    known: BTreeMap<String, usize>,
    pairs: Vec<Value>,
    raw: [Vec<String>; 2],
    descriptions: Vec<(u64, Value)>,
}

/// Where in the page what is read stands.
#[derive(Default)]
struct Page {
    reports: Vec<Report>,
    log: Vec<String>,
    /// Of the last heading.
    heading: String,
    /// Whose descriptions follow.
    is_local: Option<bool>,
    timestamp: u64,
    /// The names of the columns of a table, and what stands in its row.
    columns: Vec<String>,
    row: Vec<String>,
    text: String,
    /// Within the configuration, the member whose value comes next.
    member: Option<&'static str>,
    configured: bool,
}

impl Page {
    fn take(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => self.text(&unescaped(text)),
            Piece::Begin { name, tag } => self.begin(name, tag),
            Piece::End(name) => self.end(name),
        }
    }

    fn begin(&mut self, name: &str, tag: &str) {
        if let Some(id) = attribute(tag, "id") {
            self.configured = false;
            if let Some(pcid) = id.strip_prefix("pc-heading: ") {
                self.reports.push(Report { pcid: pcid.to_owned(), ..Report::default() });
                self.is_local = None;
            }
        }
        let label = attribute(tag, "data-l10n-id").unwrap_or_default();
        match name {
            "h3" | "h4" | "h5" if label.starts_with(MARK) => {
                match &label {
                    label if label.contains("local-sdp-heading") => self.is_local = Some(true),
                    label if label.contains("remote-sdp-heading") => self.is_local = Some(false),
                    label if label.contains("sdp-set-timestamp") => {
                        let arguments = attribute(tag, "data-l10n-args").unwrap_or_default();
                        let arguments: Value = serde_json::from_str(&arguments).unwrap_or_default();
                        self.timestamp = arguments.get("timestamp").and_then(Value::as_u64).unwrap_or_default();
                    }
                    _ => self.is_local = None,
                }
                self.heading = label;
            }
            "span" if label == "about-webrtc-connection-closed" => {
                if let Some(report) = self.reports.last_mut() {
                    report.closed = true;
                }
            }
            "div" if tag.contains("\"peer-connection-config\"") => self.configured = true,
            "i" if self.configured => {
                let server = self.reports.last_mut().and_then(|report| report.servers.last_mut());
                // "Provided / Not Provided: " stands before the value itself.
                if let (Some(member), true, Some(server)) = (self.member, self.text.contains(':'), server) {
                    server.insert(member.to_owned(), (label == "about-webrtc-configuration-element-provided").into());
                    self.member = None;
                }
            }
            "table" => self.columns.clear(),
            "th" => self.columns.push(label),
            "tr" => self.row.clear(),
            _ => {}
        }
        if matches!(name, "td" | "pre" | "p") {
            self.text.clear();
        }
    }

    fn text(&mut self, text: &str) {
        if !self.configured {
            self.text.push_str(text);
            return;
        }
        text.clone_into(&mut self.text);
        let Some(report) = self.reports.last_mut() else { return };
        if let Some(policy) = text.strip_prefix("iceTransportPolicy: ") {
            report.relay_only = Some(policy.trim() == "relay");
        } else if let Some(urls) = text.strip_prefix("urls: ") {
            let urls: Value = serde_json::from_str(urls).unwrap_or_default();
            report.servers.push(Map::from_iter([("urls".to_owned(), urls)]));
        } else if text.starts_with("credential") {
            self.member = Some("credentialProvided");
        } else if text.starts_with("userName") {
            self.member = Some("userNameProvided");
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "td" => self.row.push(std::mem::take(&mut self.text)),
            "tr" => self.row(),
            "pre" => {
                let sdp = std::mem::take(&mut self.text);
                if let (Some(is_local), Some(report)) = (self.is_local, self.reports.last_mut()) {
                    report.descriptions.push((self.timestamp, json!({ "isLocal": is_local, "sdp": sdp })));
                }
            }
            "p" if self.heading == "about-webrtc-log-heading" => self.log.push(std::mem::take(&mut self.text)),
            _ => {}
        }
    }

    /// A row of a table is done.
    fn row(&mut self) {
        let Some(report) = self.reports.last_mut() else { return };
        let cell = |name: &str| {
            let at = self.columns.iter().position(|column| column == name)?;
            self.row.get(at).map(String::as_str)
        };
        let raw = ["about-webrtc-raw-local-candidate", "about-webrtc-raw-remote-candidate"].map(cell);
        for (known, found) in report.raw.iter_mut().zip(raw) {
            known.extend(found.filter(|_| known.len() < MOST).map(str::to_owned));
        }
        let Some(state) = cell("about-webrtc-ice-state").filter(|_| report.pairs.len() < MOST) else { return };
        let mut pair =
            Map::from_iter([("type".to_owned(), "candidate-pair".into()), ("state".to_owned(), state.into())]);
        for (column, kind, member) in [
            ("about-webrtc-local-candidate", "local-candidate", "localCandidateId"),
            ("about-webrtc-remote-candidate", "remote-candidate", "remoteCandidateId"),
        ] {
            let Some(drawn) = cell(column).and_then(|text| candidate(text, kind)) else { continue };
            let at = *report.known.entry(drawn.to_string()).or_insert(report.candidates.len());
            let id = format!("{kind} {}", at + 1);
            if at == report.candidates.len() {
                let mut candidate = drawn;
                candidate["id"] = id.as_str().into();
                report.candidates.push(candidate);
            }
            pair.insert(member.to_owned(), id.into());
        }
        // A candidate without a pair stands in a row of its own.
        if pair.len() < 4 {
            return;
        }
        for (column, member) in [("about-webrtc-nominated", "nominated"), ("about-webrtc-selected", "selected")] {
            pair.insert(member.to_owned(), (cell(column) == Some("true")).into());
        }
        let received = cell("about-webrtc-ice-pair-bytes-received").and_then(|bytes| bytes.parse::<u64>().ok());
        pair.extend(received.map(|bytes| ("bytesReceived".to_owned(), bytes.into())));
        pair.insert("id".to_owned(), format!("pair {}", report.pairs.len() + 1).into());
        report.pairs.push(pair.into());
    }
}

/// `192.0.2.10:32982/udp(relay-tcp) [non-proxied]`.
fn candidate(text: &str, kind: &str) -> Option<Value> {
    let text = text.split(" [").next()?.trim();
    let (socket, found) = text.strip_suffix(')')?.rsplit_once('(')?;
    let (socket, protocol) = socket.rsplit_once('/')?;
    let (address, port) = socket.rsplit_once(':')?;
    let (found, relayed) = found.split_once('-').map_or((found, None), |(found, by)| (found, Some(by)));
    Some(json!({
        "type": kind, "candidateType": found, "relayProtocol": relayed,
        "address": address, "port": port.parse::<u16>().ok()?, "protocol": protocol,
    }))
}

impl Report {
    /// As "Copy Report" would have written it.
    fn value(mut self) -> Value {
        self.descriptions.sort_by_key(|(timestamp, _)| *timestamp);
        let descriptions: Vec<Value> = self.descriptions.into_iter().map(|(_, description)| description).collect();
        let [mut local, remote] = self.raw;
        // They are drawn in the order of the alphabet: which base is whose is only known where all have one.
        let base = |raw: &String| raw.strip_prefix("srflx(").and_then(|raw| raw.split('|').next().map(str::to_owned));
        let bases: BTreeSet<String> = local.iter().filter_map(base).collect();
        local.retain(|raw| bases.len() < 2 || !raw.starts_with("srflx("));
        let mut value = json!({
            "pcid": self.pcid, "closed": self.closed,
            "iceCandidateStats": self.candidates, "iceCandidatePairStats": self.pairs,
            "rawLocalCandidates": local, "rawRemoteCandidates": remote, "sdpHistory": descriptions,
        });
        if let Some(relay_only) = self.relay_only {
            let policy = if relay_only { "relay" } else { "all" };
            value["configuration"] = json!({ "iceTransportPolicy": policy, "iceServers": self.servers });
        }
        value
    }
}
