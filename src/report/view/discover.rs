//! The page of `discover`: what address do others see?

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::page::Page;
use super::sentence;
use super::table::{Cell, Table};
use super::tint::Tint;
use super::words;
use crate::evidence::{Exchange, ReasonCode, SocketName, millis};
use crate::measure::nat::finding::{Connectivity, FamilyFindings};
use crate::report::document::{Report, ServerRow};
use crate::report::{escape, family_name};
use crate::wire::{Family, Transport};

pub(crate) fn write(page: &mut Page, report: &Report) {
    for (family, found) in report.families().iter() {
        let (tint, line) = line(report, family, found);
        page.paragraph(tint, &format!("{}: {line}", family_name(family)));
    }
    let rows = servers(report, page.verbosity() > 0);
    if !rows.is_empty() {
        page.table(Table::new(&SERVERS, rows).spare(&["supports", "software", "address", "min", "max", "over", "ms"]));
    }
}

/// So many servers that failed alike share a row; `-v` shows all.
const MANY: usize = 3;

/// A row for each server, address and transport.
fn servers(report: &Report, in_full: bool) -> Vec<Vec<Cell>> {
    let several = report.servers().iter().any(|row| row.transport != Transport::Udp);
    let mut told: Vec<(String, Transport)> = Vec::new();
    let mut rows = Vec::new();
    for row in report.servers() {
        let mut cells = server(row, in_full);
        if !several && !in_full {
            cells[OVER] = "".into();
        }
        let how = |row: &ServerRow| {
            let error = row.error.as_ref().filter(|_| row.mapped.is_none() && row.disbelieved.is_none());
            error.map(|error| (words::failure(error), row.transport))
        };
        if let Some(failed) = how(row).filter(|_| !in_full) {
            let alike = report.servers().iter().filter(|other| how(other).as_ref() == Some(&failed)).count();
            if told.contains(&failed) {
                continue;
            }
            if alike >= MANY {
                cells[0].text = format!("{} and {} more", cells[0].text, alike - 1);
                cells[ADDRESS] = "".into();
                told.push(failed);
            }
        }
        rows.push(cells);
    }
    rows
}

const SERVERS: [&str; 10] =
    ["server", "address", "over", "sees this host as", "ms", "min", "max", "software", "supports", "problem"];

/// The columns that a row may leave empty.
const ADDRESS: usize = 1;
const OVER: usize = 2;

/// One row a server, address and transport. A line break is ours to make: one that a server wrote is escaped first.
fn server(row: &ServerRow, in_full: bool) -> Vec<Cell> {
    let name = escape::visible(&row.server);
    let address = row.address.map(|address| address.to_string()).filter(|address| *address != name);
    let software = row.software.as_deref().filter(|_| in_full).map(escape::visible);
    let supports = if in_full { words::list(&row.capabilities) } else { String::new() };
    // The code is the short form: the whole story of each server stands with `-v`.
    let failure = row.error.as_ref().map(|error| {
        Cell::tinted(Tint::Bad, if in_full { escape::visible(&error.text) } else { words::failure(error) })
    });
    let doubt = row.disbelieved.as_ref().map(|doubt| {
        let why = if in_full { format!(": {}", escape::visible(&doubt.text)) } else { String::new() };
        Cell::tinted(Tint::Warning, format!("not believed{why}"))
    });
    // Asked once, a server has one time.
    let range = row.rtt_min_ms < row.rtt_max_ms;
    let time = |ms: Option<f64>| ms.map(millis).unwrap_or_default().into();
    vec![
        name.into(),
        address.unwrap_or_default().into(),
        row.transport.name().into(),
        row.mapped.map(|mapped| mapped.to_string()).unwrap_or_default().into(),
        time(row.rtt_ms),
        time(row.rtt_min_ms.filter(|_| range)),
        time(row.rtt_max_ms.filter(|_| range)),
        software.unwrap_or_default().into(),
        supports.into(),
        doubt.or(failure).unwrap_or_else(|| "".into()),
    ]
}

/// What the servers of one family said together.
fn line(report: &Report, family: Family, found: &FamilyFindings) -> (Tint, String) {
    let seen = witnesses(report, family);
    let mut addresses: Vec<(&IpAddr, &usize)> = seen.iter().collect();
    addresses.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let (tint, mut line) = match addresses[..] {
        [] => return nothing(report, family, found),
        [(ip, _)] if found.local_address == Some(*ip) => {
            (Tint::Good, format!("{ip} is this host's own address: no NAT."))
        }
        [(ip, count)] => (Tint::Good, format!("others see this host as {ip} ({}).", answers(*count))),
        _ => {
            let list: Vec<String> =
                addresses.iter().map(|(ip, count)| format!("{ip} ({})", answers(**count))).collect();
            (Tint::Warning, format!("servers disagree: {}.", list.join(", ")))
        }
    };
    if let Some(ports) = ports(report, found, addresses.len() > 1) {
        line.push(' ');
        line.push_str(&ports);
    }
    // What only other sockets were seen as; where servers disagree they were named.
    let others: Vec<&IpAddr> = found.public_addresses.iter().filter(|ip| !seen.contains_key(ip)).collect();
    if !others.is_empty() {
        line = format!("{line} Other packets of this host came from {}.", words::list(&others));
    }
    (tint, line)
}

fn nothing(report: &Report, family: Family, found: &FamilyFindings) -> (Tint, String) {
    let reason = found.reason.as_ref().map(|reason| format!(" ({})", sentence::trimmed(reason))).unwrap_or_default();
    match found.connectivity {
        Connectivity::Unavailable => (Tint::Plain, format!("not available{reason}.")),
        Connectivity::UdpBlocked => (Tint::Bad, format!("UDP is blocked{reason}.")),
        _ if report.servers().iter().any(|row| row.mapped.is_some() && is_of(row, family)) => {
            (Tint::Warning, format!("no server that answered is believed{reason}."))
        }
        _ => (Tint::Bad, format!("no server answered{reason}.")),
    }
}

fn answers(count: usize) -> String {
    words::plural(count as u64, "answer", "answers")
}

fn is_of(row: &ServerRow, family: Family) -> bool {
    row.address.is_some_and(|address| family.has(address.ip()))
}

/// How many rows saw which address.
fn witnesses(report: &Report, family: Family) -> BTreeMap<IpAddr, usize> {
    let mut seen = BTreeMap::new();
    for row in report.servers().iter().filter(|row| is_of(row, family)) {
        if let Some(mapped) = row.believed() {
            *seen.entry(mapped.ip()).or_insert(0) += 1;
        }
    }
    seen
}

/// What it means that one socket had several addresses or ports; over TCP every connection has a port of its own anyway.
fn ports(report: &Report, found: &FamilyFindings, addresses_differ: bool) -> Option<String> {
    if let Some(reason) = found.mapping.reason.as_ref().filter(|reason| reason.code == ReasonCode::OneDestination) {
        return Some(format!("What the ports are worth could not be told: {}.", reason.text));
    }
    let mut sockets: BTreeMap<&SocketName, Vec<SocketAddr>> = BTreeMap::new();
    let counts =
        |exchange: &&Exchange| exchange.transport == Transport::Udp && found.mapping.because.contains(&exchange.id);
    for exchange in report.evidence.iter().filter(counts) {
        if let Some(mapped) = exchange.mapped() {
            sockets.entry(&exchange.socket).or_default().push(mapped);
        }
    }
    let same_port = |seen: &Vec<SocketAddr>| seen.iter().all(|one| one.port() == seen[0].port());
    let meaning = match (addresses_differ, sockets.values().all(same_port)) {
        (true, true) => {
            "The port is the same everywhere: several exits (two providers, a VPN), or a pool of addresses."
        }
        (true, false) => {
            "Address and port depend on the server: several exits, or a NAT that gives each destination others; \
             `nat-probe classify` tells more."
        }
        (false, false) => {
            "The port depends on the server: the NAT gives each destination another one; `nat-probe classify` tells more."
        }
        (false, true) => return None,
    };
    Some(meaning.to_owned())
}
