//! Files made fit for public places: each address and name is replaced by another of its kind, the same everywhere, so that what follows
//! from them stays the same: `explain(redact(x))` is `redact(explain(x))`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::document::Explanation;
use super::event::{Candidate, Event, What};
use super::traffic::Flow;
use super::turnserver::PeerRange;
use crate::wire::addresses;

/// What stands for what.
#[derive(Clone, Debug, Default)]
pub struct Replacements {
    addresses: BTreeMap<IpAddr, IpAddr>,
    /// How many addresses of each block there are.
    blocks: BTreeMap<usize, u32>,
    /// Each with what it is the name of.
    names: BTreeMap<String, (&'static str, String)>,
    /// How many names of each kind there are.
    kinds: BTreeMap<&'static str, usize>,
}

/// Blocks of IPv4 within which an address stays, each with its length and where what replaces it begins.
const V4: [(Ipv4Addr, u32, Ipv4Addr); 9] = [
    (Ipv4Addr::new(127, 0, 0, 0), 8, Ipv4Addr::new(127, 0, 0, 0)),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Ipv4Addr::new(10, 0, 0, 0)),
    (Ipv4Addr::new(172, 17, 0, 0), 16, Ipv4Addr::new(172, 17, 0, 0)),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Ipv4Addr::new(172, 20, 0, 0)),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Ipv4Addr::new(192, 168, 0, 0)),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Ipv4Addr::new(169, 254, 0, 0)),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Ipv4Addr::new(100, 64, 0, 0)),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Ipv4Addr::new(198, 18, 0, 0)),
    (Ipv4Addr::new(192, 0, 0, 0), 29, Ipv4Addr::new(192, 0, 0, 0)),
];
/// Public addresses are replaced by those of documentation (RFC 5737), and where there are more, by a block that was never routed.
const PUBLIC: [(Ipv4Addr, u32); 4] = [
    (Ipv4Addr::new(198, 51, 100, 0), 254),
    (Ipv4Addr::new(203, 0, 113, 0), 254),
    (Ipv4Addr::new(192, 0, 2, 0), 254),
    (Ipv4Addr::new(11, 0, 0, 0), u32::MAX),
];

impl Replacements {
    /// Replacements for everything in what was explained, in its order.
    #[must_use]
    pub fn of(explanation: &Explanation) -> Self {
        let mut found = Self::default();
        let mut copy = explanation.clone();
        visit(&mut copy, &mut |part| found.learn(part));
        found
    }

    fn learn(&mut self, part: Part) {
        match part {
            Part::Address(ip) => {
                self.address(*ip);
            }
            Part::Text(text) => {
                for found in within(text) {
                    self.address(found.ip);
                }
            }
            Part::Host(name) => {
                self.name(name, "host", |number| format!("{number:08x}-0000-4000-8000-000000000000.local"));
            }
            Part::Uri(uri) => {
                self.learn(Part::Text(uri));
                if let Some(host) = host(uri).filter(|host| host.parse::<IpAddr>().is_err()) {
                    self.name(host, "server", |number| format!("server-{number}.example"));
                }
            }
            Part::Title(title) => {
                for page in pages(title) {
                    self.name(page, "page", |number| format!("https://page-{number}.example/"));
                }
            }
            Part::User(user) => self.name(user, "user", |number| format!("user-{number}")),
            Part::Realm(realm) => self.name(realm, "realm", |number| format!("realm-{number}.example")),
        }
    }

    fn name(&mut self, name: &str, kind: &'static str, make: impl Fn(usize) -> String) {
        if !self.names.contains_key(name) {
            let number = self.kinds.entry(kind).or_default();
            *number += 1;
            self.names.insert(name.to_owned(), (kind, make(*number)));
        }
    }

    /// What stands for an address.
    fn address(&mut self, ip: IpAddr) -> IpAddr {
        if let Some(known) = self.addresses.get(&ip) {
            return *known;
        }
        let made = self.made(ip);
        self.addresses.insert(ip, made);
        made
    }

    fn made(&mut self, ip: IpAddr) -> IpAddr {
        let mut next = |block: usize| {
            let count = self.blocks.entry(block).or_default();
            *count += 1;
            *count
        };
        match ip {
            IpAddr::V4(v4) => {
                if v4.is_unspecified()
                    || v4.is_loopback()
                    || v4.is_broadcast()
                    || v4.is_multicast()
                    || v4.octets()[0] == 0
                {
                    return ip;
                }
                let bits = u32::from(v4);
                let inside =
                    |(start, length, _): &(Ipv4Addr, u32, Ipv4Addr)| (bits ^ u32::from(*start)) >> (32 - length) == 0;
                if let Some(block) = V4.iter().position(inside) {
                    let number = next(block);
                    return Ipv4Addr::from(u32::from(V4[block].2).wrapping_add(number)).into();
                }
                if v4.octets()[0] >= 240 {
                    return ip;
                }
                let mut number = next(V4.len());
                for (start, size) in PUBLIC {
                    if number <= size {
                        return Ipv4Addr::from(u32::from(start).wrapping_add(number)).into();
                    }
                    number -= size;
                }
                ip
            }
            IpAddr::V6(v6) => {
                let [first, second, ..] = v6.segments();
                if v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() {
                    return ip;
                }
                // An IPv4 address within stays one (RFC 6052).
                if (first, second) == (0x64, 0xff9b) {
                    let [.., a, b, c, d] = v6.octets();
                    let IpAddr::V4(within) = self.address(Ipv4Addr::new(a, b, c, d).into()) else { return ip };
                    let [a, b, c, d] = within.octets();
                    return Ipv6Addr::new(
                        0x64,
                        0xff9b,
                        0,
                        0,
                        0,
                        0,
                        u16::from_be_bytes([a, b]),
                        u16::from_be_bytes([c, d]),
                    )
                    .into();
                }
                let (block, start) = match first {
                    0xfc00..=0xfdff => (20, Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0)),
                    0xfe80..=0xfebf => (21, Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)),
                    0x2001 if second == 0 => (22, Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0)),
                    _ => (23, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)),
                };
                let number = next(block);
                Ipv6Addr::from(u128::from(start).wrapping_add(u128::from(number))).into()
            }
        }
    }

    /// The text with everything replaced; an address that was not met before gets a replacement too.
    pub fn apply(&mut self, text: &str) -> String {
        let mut made = String::with_capacity(text.len());
        let mut rest = 0;
        for found in within(text) {
            let replaced = self.address(found.ip);
            made.push_str(&text[rest..found.start]);
            // An address that is written with another around it stays so.
            made.push_str(&replaced.to_string());
            rest = found.end;
        }
        made.push_str(&text[rest..]);
        // A longer name may have a shorter one in it.
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, (kind, replaced)) in names {
            if made.contains(name.as_str()) {
                made = substituted(&made, name, kind, replaced);
            }
        }
        made
    }

    /// What stands for the name of a user or a realm: they are words like others, and only where they are told are they names.
    fn exactly(&self, name: &str) -> Option<String> {
        self.names.get(name).map(|(_, replaced)| replaced.clone())
    }
}

/// The addresses in a text: sections of RFCs look like them (RFC 8445 section 7.3.1.1).
fn within(text: &str) -> impl Iterator<Item = addresses::Found> + '_ {
    let found = addresses::find(text, |_| false).into_iter();
    found.filter(move |found| !text[..found.start].ends_with("section "))
}

/// The text with a name replaced where it is one, and no word or part of one.
fn substituted(text: &str, name: &str, kind: &str, replaced: &str) -> String {
    let within = |c: char| c.is_alphanumeric() || c == '-';
    let mut made = String::with_capacity(text.len());
    let mut rest = 0;
    for (at, found) in text.match_indices(name) {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        let alone = !before.ends_with(within) && !after.starts_with(within);
        let is_name = match kind {
            // As servers write them: `<alice>`, `user alice,`.
            "user" | "realm" => {
                before.ends_with('<') && after.starts_with('>') || before.ends_with("user ") && after.starts_with(',')
            }
            "server" if !name.contains('.') => {
                ["turn:", "turns:", "stun:", "stuns:"].iter().any(|scheme| before.ends_with(scheme))
            }
            "page" => true,
            _ => alone,
        };
        if is_name && at >= rest {
            made.push_str(&text[rest..at]);
            made.push_str(replaced);
            rest = at + found.len();
        }
    }
    made.push_str(&text[rest..]);
    made
}

impl Explanation {
    /// Replaces every address and name.
    pub fn redact(&mut self) {
        let mut replacements = Replacements::of(self);
        visit(self, &mut |part| match part {
            Part::Address(ip) => *ip = replacements.address(*ip),
            Part::Text(text) | Part::Host(text) | Part::Uri(text) | Part::Title(text) => {
                *text = replacements.apply(text);
            }
            Part::User(name) | Part::Realm(name) => *name = replacements.exactly(name).unwrap_or_default(),
        });
        self.redacted = true;
    }
}

/// The host of a URI like `turn:turn.example.org:3478?transport=tcp`.
fn host(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let known = ["stun", "stuns", "turn", "turns"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let rest = rest.trim_start_matches('/').split('?').next()?;
    let host = if rest.starts_with('[') { return None } else { rest.split(':').next()? };
    (known && !host.is_empty()).then_some(host)
}

/// The addresses of pages in what a connection is called.
fn pages(title: &str) -> impl Iterator<Item = &str> {
    let starts =
        ["https://", "http://", "file://"].into_iter().flat_map(|begin| title.match_indices(begin).map(|(at, _)| at));
    starts.map(|at| {
        let page = &title[at..];
        page.find([' ', ')', '"', ',']).map_or(page, |end| &page[..end])
    })
}

/// A part of what was explained that tells who somebody is.
enum Part<'a> {
    Address(&'a mut IpAddr),
    /// Text in which addresses may stand.
    Text(&'a mut String),
    /// The name of a host that stands for its address.
    Host(&'a mut String),
    Uri(&'a mut String),
    /// What a connection is called.
    Title(&'a mut String),
    User(&'a mut String),
    Realm(&'a mut String),
}

/// Goes over every such part: events first, since what is said of them has the same in it.
fn visit(explanation: &mut Explanation, each: &mut dyn FnMut(Part)) {
    for event in &mut explanation.events {
        of_event(event, each);
    }
    for connection in &mut explanation.connections {
        each(Part::Title(&mut connection.name));
        each(Part::Text(&mut connection.sentence));
    }
    for call in &mut explanation.calls {
        each(Part::Text(&mut call.sentence));
        call.joined_by.iter_mut().for_each(|by| each(Part::Text(by)));
    }
    for finding in &mut explanation.findings {
        let texts = [&mut finding.text, &mut finding.fix, &mut finding.settle];
        texts.into_iter().chain(&mut finding.because).for_each(|text| each(Part::Text(text)));
    }
    explanation.notes.iter_mut().for_each(|note| each(Part::Text(note)));
}

fn of_event(event: &mut Event, each: &mut dyn FnMut(Part)) {
    match &mut event.what {
        What::Configuration(configuration) => {
            let uris = configuration.urls.iter_mut().chain(&mut configuration.without_credentials);
            uris.for_each(|uri| each(Part::Uri(uri)));
        }
        What::Candidate(candidate) => of_candidate(candidate, each),
        What::Pair(pair) => {
            [&mut pair.local, &mut pair.remote]
                .into_iter()
                .flatten()
                .for_each(|candidate| of_candidate(candidate, each));
        }
        What::GatheringError(error) => {
            each(Part::Uri(&mut error.url));
            each(Part::Text(&mut error.text));
        }
        What::DeviceRefused { error } | What::DescriptionRefused { error } | What::CandidateRefused { error } => {
            each(Part::Text(error));
        }
        What::Checks(checks) => {
            of_flow(&mut checks.flow, each);
            let others = [&mut checks.mapped, &mut checks.answered_from, &mut checks.translated_to];
            for socket in others {
                of_socket(socket, each);
            }
        }
        What::Relay(step) => {
            let sockets = [&mut step.client, &mut step.server, &mut step.peer, &mut step.relayed, &mut step.mapped];
            for socket in sockets {
                of_socket(socket, each);
            }
            step.denied.iter_mut().for_each(|range| of_range(range, each));
            step.user.iter_mut().for_each(|user| each(Part::User(user)));
            step.realm.iter_mut().for_each(|realm| each(Part::Realm(realm)));
        }
        What::Relayed(packets) => {
            of_socket(&mut packets.client, each);
            of_socket(&mut packets.relayed, each);
        }
        What::Dtls(dtls) => of_flow(&mut dtls.flow, each),
        What::Data(data) => of_flow(&mut data.flow, each),
        What::Undelivered(undelivered) => {
            of_flow(&mut undelivered.flow, each);
            each(Part::Address(&mut undelivered.by));
        }
        What::Verdict { value, .. } | What::State { value, .. } => each(Part::Text(value)),
        What::Misconfigured(fault) => {
            for text in [&mut fault.text, &mut fault.fix, &mut fault.effect] {
                each(Part::Text(text));
            }
        }
        What::Serves(serves) => {
            serves.realm.iter_mut().for_each(|realm| each(Part::Realm(realm)));
            serves.addresses.iter_mut().for_each(|address| each(Part::Address(address)));
        }
        What::PeerRule(rule) => of_range(&mut rule.range, each),
        What::Description(_)
        | What::EndOfCandidates
        | What::ServerTrouble { .. }
        | What::Closed
        | What::Media(_)
        | What::Observed
        | What::CutOff => {}
    }
    each(Part::Text(&mut event.place));
}

fn of_candidate(candidate: &mut Candidate, each: &mut dyn FnMut(Part)) {
    candidate.address.iter_mut().for_each(|address| each(Part::Address(address)));
    candidate.network.iter_mut().for_each(|address| each(Part::Address(address)));
    candidate.name.iter_mut().for_each(|name| each(Part::Host(name)));
    candidate.base.iter_mut().for_each(|base| each(Part::Text(base)));
    candidate.url.iter_mut().for_each(|url| each(Part::Uri(url)));
}

fn of_range(range: &mut PeerRange, each: &mut dyn FnMut(Part)) {
    each(Part::Address(&mut range.first));
    each(Part::Address(&mut range.last));
}

fn of_flow(flow: &mut Flow, each: &mut dyn FnMut(Part)) {
    for socket in [Some(&mut flow.from), Some(&mut flow.to), flow.through.as_mut()].into_iter().flatten() {
        of_one(socket, each);
    }
}

fn of_socket(socket: &mut Option<SocketAddr>, each: &mut dyn FnMut(Part)) {
    if let Some(socket) = socket {
        of_one(socket, each);
    }
}

fn of_one(socket: &mut SocketAddr, each: &mut dyn FnMut(Part)) {
    let mut ip = socket.ip();
    each(Part::Address(&mut ip));
    socket.set_ip(ip);
}
