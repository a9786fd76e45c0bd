//! A small picture of the path: this host, what is in between, the internet.

use std::net::SocketAddr;

use unicode_width::UnicodeWidthStr;

use crate::measure::nat::finding::{Connectivity, FamilyFindings};
use crate::report::document::Report;
use crate::report::possible;
use crate::wire::Family;

/// One box: its title and what it says.
struct Node {
    title: &'static str,
    lines: Vec<String>,
}

/// What the picture shows, in the order of the path.
pub(super) struct Picture {
    nodes: Vec<Node>,
    /// The last link is cut.
    blocked: bool,
}

/// So many external addresses are listed; of more the first.
const MOST_PORTS: usize = 2;

impl Picture {
    /// The picture of one family's path; `None` where there is no path to draw.
    pub(super) fn of(report: &Report, family: Family, found: &FamilyFindings) -> Option<Self> {
        let (local, mapped) = seen(report, found);
        let local = local.map(|local| local.to_string()).or_else(|| found.local_address.map(|ip| ip.to_string()));
        let middle = match found.connectivity {
            Connectivity::Open | Connectivity::Direct | Connectivity::UdpBlocked => None,
            Connectivity::Firewalled => Some(Node { title: "firewall", lines: vec!["no translation".to_owned()] }),
            Connectivity::Nat => Some(Node { title: "NAT", lines: externals(&mapped, found) }),
            Connectivity::Unavailable | Connectivity::Inconclusive => return None,
        };
        let blocked = found.connectivity == Connectivity::UdpBlocked;
        let answered = answered(report, family);
        let far = match answered {
            _ if blocked => "UDP is blocked".to_owned(),
            _ if possible::in_private(found).is_some() => "not the internet".to_owned(),
            1 => "1 server answered".to_owned(),
            _ => format!("{answered} servers answered"),
        };
        let host = Node { title: "this host", lines: local.into_iter().collect() };
        let title = if possible::in_private(found).is_some() { "servers" } else { "internet" };
        let internet = Node { title, lines: vec![far] };
        Some(Self { nodes: std::iter::once(host).chain(middle).chain(std::iter::once(internet)).collect(), blocked })
    }

    /// In one line, where several are shown.
    pub(super) fn line(&self, ascii: bool) -> String {
        let pen = if ascii { &ASCII } else { &UNICODE };
        let node = |(number, node): (usize, &Node)| match node.lines.first() {
            Some(address) if number == 0 => address.clone(),
            Some(address) if node.title == "NAT" => format!("NAT {address}"),
            _ => node.title.to_owned(),
        };
        let nodes: Vec<String> = self.nodes.iter().enumerate().map(node).collect();
        let (far, near) = nodes.split_last().map_or(("", &[][..]), |(far, near)| (far.as_str(), near));
        let link = |middle: &str| format!(" {0}{middle}{0} ", pen.horizontal);
        format!(
            "{}{}{far}",
            near.join(&link(pen.horizontal)),
            link(if self.blocked { pen.cut } else { pen.horizontal })
        )
    }

    /// Boxes side by side, or else one below the other: whoever prints takes the first that fits.
    pub(super) fn drawings(&self, ascii: bool, clean: impl Fn(&str) -> String) -> [Vec<String>; 2] {
        let pen = if ascii { &ASCII } else { &UNICODE };
        let nodes: Vec<(String, Vec<String>)> = self
            .nodes
            .iter()
            .map(|node| (node.title.to_owned(), node.lines.iter().map(|line| clean(line)).collect()))
            .collect();
        [beside(&nodes, self.blocked, pen), below(&nodes, self.blocked, pen)]
    }
}

/// What boxes are drawn with.
struct Pen {
    corners: [&'static str; 4],
    horizontal: &'static str,
    vertical: &'static str,
    /// Where a link enters and leaves a box.
    joints: [&'static str; 2],
    cut: &'static str,
}

const UNICODE: Pen =
    Pen {
        corners: ["┌", "┐", "└", "┘"], horizontal: "─", vertical: "│", joints: ["┤", "├"], cut: "╳"
    };
const ASCII: Pen = Pen { corners: ["+", "+", "+", "+"], horizontal: "-", vertical: "|", joints: ["|", "|"], cut: "X" };

fn beside(nodes: &[(String, Vec<String>)], blocked: bool, pen: &Pen) -> Vec<String> {
    let height = nodes.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    let mut drawn = vec![String::new(); height + 3];
    for (number, (title, lines)) in nodes.iter().enumerate() {
        let width = lines.iter().chain([title]).map(|line| line.width()).max().unwrap_or(0);
        let (first, last) = (number == 0, number + 1 == nodes.len());
        if !first {
            let link = if last && blocked { pen.cut } else { pen.horizontal };
            for (row, line) in drawn.iter_mut().enumerate() {
                line.extend(if row == 1 { [pen.horizontal, link, pen.horizontal] } else { [" "; 3] });
            }
        }
        let edge = pen.horizontal.repeat(width + 2);
        let [top_left, top_right, bottom_left, bottom_right] = pen.corners;
        drawn[0].extend([top_left, edge.as_str(), top_right]);
        for row in 0..=height {
            let text = if row == 0 { title.as_str() } else { lines.get(row - 1).map_or("", String::as_str) };
            let left = if row == 0 && !first { pen.joints[0] } else { pen.vertical };
            let right = if row == 0 && !last { pen.joints[1] } else { pen.vertical };
            let padding = " ".repeat(width - text.width());
            drawn[row + 1].extend([left, " ", text, padding.as_str(), " ", right]);
        }
        drawn[height + 2].extend([bottom_left, edge.as_str(), bottom_right]);
    }
    drawn
}

fn below(nodes: &[(String, Vec<String>)], blocked: bool, pen: &Pen) -> Vec<String> {
    let mut drawn = Vec::new();
    for (number, (title, lines)) in nodes.iter().enumerate() {
        if number > 0 {
            let link = if blocked && number + 1 == nodes.len() { pen.cut } else { pen.vertical };
            drawn.push(format!("    {link}"));
        }
        for row in 0..lines.len().max(1) {
            let title = if row == 0 { title.as_str() } else { "" };
            drawn.push(format!("{title:<11}{}", lines.get(row).map_or("", String::as_str)));
        }
    }
    drawn
}

/// The local socket that the mapping verdict rests on, and what servers that are believed saw it as.
fn seen(report: &Report, found: &FamilyFindings) -> (Option<SocketAddr>, Vec<SocketAddr>) {
    let mut local = None;
    let mut externals = Vec::new();
    for exchange in report.evidence.iter().filter(|exchange| found.mapping.because.contains(&exchange.id)) {
        local = local.or(exchange.local);
        externals.extend(exchange.mapped().filter(|mapped| !externals.contains(mapped)));
    }
    (local, externals)
}

fn externals(mapped: &[SocketAddr], found: &FamilyFindings) -> Vec<String> {
    let mut lines: Vec<String> = mapped.iter().take(MOST_PORTS).map(ToString::to_string).collect();
    if mapped.len() > MOST_PORTS {
        lines.truncate(1);
        lines.push(format!("and {} more", mapped.len() - 1));
    }
    if lines.is_empty() {
        lines.extend(found.public_addresses.iter().take(MOST_PORTS).map(ToString::to_string));
    }
    lines
}

fn answered(report: &Report, family: Family) -> usize {
    let mut names: Vec<&str> = report
        .servers()
        .iter()
        .filter(|row| row.believed().is_some() && row.address.is_some_and(|address| family.has(address.ip())))
        .map(|row| row.server.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}
