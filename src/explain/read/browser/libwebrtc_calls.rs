//! Which lines of libwebrtc's log are of which connection: an application may have made several, one after the other or at once.

use std::collections::BTreeMap;

/// The most connections that are told apart.
const MOST: usize = 200;
/// So many lines may stand between what a connection asks first and the first candidate that it finds.
const BEGINS_WITHIN: usize = 30;

/// The connections of a log. Each has a user name fragment of its own for each of its transports; an ICE restart has another one, of a
/// later generation.
#[derive(Default)]
pub(super) struct Calls {
    /// The user name fragment by which each is called, and the line where it stands first.
    begun: Vec<(String, usize)>,
    /// The fragments of each transport, in order: the first one is of the first connection.
    fragments: BTreeMap<String, Vec<String>>,
    /// Whose each local socket is, by its kind and port.
    sockets: BTreeMap<String, usize>,
    /// Whose each pair is, by its object.
    pairs: BTreeMap<String, usize>,
    /// Whose each port object is, and where it stands first.
    ports: BTreeMap<String, (Option<usize>, usize)>,
    /// Local sockets of one network for one transport, where no candidate tells whose they are.
    seen: BTreeMap<String, Vec<String>>,
}

impl Calls {
    /// Looks over a log.
    pub(super) fn of(text: &str) -> Self {
        let mut calls = Self::default();
        for (line, number) in text.lines().zip(1..) {
            if let Some((_, rest)) = line.split_once("Port[") {
                let object = rest.split(':').next().unwrap_or_default();
                if !calls.ports.contains_key(object) {
                    calls.ports.insert(object.to_owned(), (None, number));
                }
                if let Some((_, found)) = line.split_once("Gathered candidate: Cand[") {
                    calls.gathered(rest, found, number);
                }
            } else if let Some((_, rest)) = line.split_once("Conn[") {
                calls.paired(rest);
            }
        }
        calls
    }

    /// `OBJECT:TRANSPORT:COMPONENT:GENERATION:local:Net[...]` found `:FOUNDATION:1:udp:PRIORITY:ADDRESS:PORT:local::0:UFRAG:PASSWORD:...`.
    fn gathered(&mut self, port: &str, found: &str, line: usize) {
        let mut words = port.split(':');
        let (Some(object), Some(transport), _, Some(generation)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return;
        };
        let Some(fragment) = fragment(found).filter(|_| !transport.is_empty()) else { return };
        let fragments = self.fragments.entry(transport.to_owned()).or_default();
        let known = fragments.iter().position(|known| known == fragment);
        let at = match known {
            Some(at) => at,
            // What was gathered anew is of the connection that had that transport before.
            None if generation != "0" && !fragments.is_empty() => fragments.len() - 1,
            None if fragments.len() == MOST => return,
            None => {
                fragments.push(fragment.to_owned());
                fragments.len() - 1
            }
        };
        if at >= self.begun.len() {
            self.begun.push((fragment.to_owned(), line));
        }
        self.ports.entry(object.to_owned()).or_insert((None, line)).0 = Some(at);
        if let Some(socket) = socket(found) {
            self.sockets.insert(socket, at);
        }
    }

    /// `OBJECT:TRANSPORT:Net[NAME:...]:ID:1:0:local:udp:ADDRESS:PORT->...`.
    fn paired(&mut self, text: &str) {
        let Some((local, _)) = text.split_once("->") else { return };
        let Some((before, socket)) = local.split_once(":0:local:udp:") else { return };
        let transport = before.split(':').nth(1).unwrap_or_default();
        let network = before.split_once("Net[").and_then(|(_, rest)| rest.split(']').next()).unwrap_or_default();
        let known = self.seen.entry(format!("{transport} {network}")).or_default();
        let port = socket.rsplit(':').next().unwrap_or_default();
        if known.len() < 2 && !known.iter().any(|known| known == port) {
            known.push(port.to_owned());
        }
    }

    /// What each is called; one without a name where no candidate tells.
    pub(super) fn names(&self) -> Vec<String> {
        match &self.begun[..] {
            [] | [_] => vec![String::new()],
            several => several.iter().map(|(fragment, _)| format!("with the user name fragment {fragment}")).collect(),
        }
    }

    /// Whether it may be several, and nothing in it tells them apart.
    pub(super) fn may_be_several(&self) -> bool {
        self.begun.is_empty() && self.seen.values().any(|sockets| sockets.len() > 1)
    }

    /// Whose a port is: of one that found nothing, of the connection that began about then.
    pub(super) fn of_port(&self, object: &str) -> usize {
        match self.ports.get(object) {
            Some((Some(at), _)) => *at,
            Some((None, line)) => {
                let begun = self.begun.iter().rposition(|(_, first)| *first <= line + BEGINS_WITHIN);
                begun.unwrap_or_default()
            }
            None => 0,
        }
    }

    /// Whether one of several has more transports than another: the first of a transport may be of any.
    pub(super) fn is_unsure(&self) -> bool {
        self.begun.len() > 1 && self.fragments.values().any(|fragments| fragments.len() != self.begun.len())
    }

    /// Whose the pair of that object is, whose local end is written so; nothing where that is not told. A local end that the other end found
    /// out was another one before.
    pub(super) fn of_pair(&mut self, object: &str, local: &str) -> Option<usize> {
        if self.begun.len() < 2 {
            return Some(0);
        }
        let known = KINDS.iter().find_map(|kind| {
            let (_, socket) = local.rsplit_once(kind)?;
            self.sockets.get(&format!("{kind}{}", socket.rsplit(':').next()?)).copied()
        });
        if let Some(at) = known {
            self.pairs.insert(object.to_owned(), at);
        }
        known.or_else(|| self.pairs.get(object).copied())
    }
}

/// The user name fragment of a candidate, which stands before its password.
fn fragment(found: &str) -> Option<&str> {
    let (inner, _) = found.split_once(']').unwrap_or((found, ""));
    let words: Vec<&str> = inner.split(':').collect();
    // From behind: generation, network cost, network, password, fragment.
    let at = words.len().checked_sub(5)?;
    words.get(at).copied().filter(|word| !word.is_empty() && words.len() > 12)
}

/// What stands before the socket of a local end.
const KINDS: [&str; 2] = [":local:", ":relay:"];

/// The kind and the port of a candidate that checks are sent from: where its address is masked nothing else tells one from another. Those
/// that only begin connections of TCP have all the same.
fn socket(found: &str) -> Option<String> {
    let (before, kind) = KINDS.iter().find_map(|kind| Some((found.split_once(kind)?.0, kind)))?;
    let port = before.rsplit(':').next().filter(|port| !matches!(*port, "0" | "9"))?;
    Some(format!("{kind}{port}"))
}
