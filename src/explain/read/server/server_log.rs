//! What the logs of TURN servers have in common: lines that tell the same of one session again and again are one step with a count.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::explain::event::{Party, What};
use crate::explain::read::build::Builder;
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep, RelayedPackets, ServerTrouble, Times};

/// So many steps are kept of which nothing comes: of a long log what was refused counts, wherever it stands.
const MOST_USUAL: usize = 50_000;

/// The steps of a log, as it grows.
#[derive(Default)]
pub(super) struct Steps {
    told: Vec<(usize, Option<u64>, RelayStep)>,
    known: BTreeMap<(String, RelayRequest, RelayOutcome, bool, Option<SocketAddr>), usize>,
    sessions: BTreeMap<String, Session>,
    troubles: BTreeMap<ServerTrouble, (usize, Option<u64>)>,
    /// Sessions with an allocation of which no step is kept.
    beyond: BTreeSet<String>,
    /// What was relayed in such ones, and in which line that was told last.
    rest: Option<(usize, Option<u64>, RelayedPackets)>,
    left_out: u64,
}

/// What is known of a session, whichever line told it.
#[derive(Default)]
struct Session {
    client: Option<SocketAddr>,
    server: Option<SocketAddr>,
    relayed: Option<SocketAddr>,
    user: Option<String>,
    realm: Option<String>,
    packets: RelayedPackets,
    counted: Option<(usize, Option<u64>)>,
}

impl Steps {
    /// A step of a session, in that line.
    pub(super) fn push(&mut self, line: usize, time_ms: Option<u64>, session: &str, step: RelayStep) {
        let is_allocation = step.step == RelayRequest::Allocate && step.outcome == RelayOutcome::Granted;
        let usual = !step.authenticated || !matches!(step.outcome, RelayOutcome::Refused { .. });
        if self.is_beyond(session) && usual {
            self.left_out += 1;
            if is_allocation {
                self.beyond.insert(session.to_owned());
            } else if matches!(step.outcome, RelayOutcome::Ended { .. }) {
                self.beyond.remove(session);
            }
            return;
        }
        // What is refused later is no refused login.
        if self.beyond.remove(session) {
            let granted = RelayStep::new(RelayRequest::Allocate, RelayOutcome::Granted);
            self.keep(line, time_ms, session, RelayStep { authenticated: true, ..granted });
        }
        self.keep(line, time_ms, session, step);
    }

    /// Whether nothing is kept of a session, and nothing more is to be.
    fn is_beyond(&self, session: &str) -> bool {
        self.told.len() >= MOST_USUAL && !self.sessions.contains_key(session)
    }

    fn keep(&mut self, line: usize, time_ms: Option<u64>, session: &str, step: RelayStep) {
        let known = self.sessions.entry(session.to_owned()).or_default();
        known.client = known.client.or(step.client);
        known.server = known.server.or(step.server);
        known.relayed = known.relayed.or(step.relayed);
        for (known, told) in [(&mut known.user, &step.user), (&mut known.realm, &step.realm)] {
            if known.is_none() {
                known.clone_from(told);
            }
        }
        let key = (session.to_owned(), step.step, step.outcome.clone(), step.authenticated, step.peer);
        if let Some(&at) = self.known.get(&key) {
            let times = &mut self.told[at].2.times;
            times.count += 1;
            times.last_ms = time_ms.or(times.last_ms);
            return;
        }
        self.known.insert(key, self.told.len());
        let times = Times { count: 1, last_ms: time_ms };
        self.told.push((line, time_ms, RelayStep { session: Some(session.to_owned()), times, ..step }));
    }

    /// Whether that session has an allocation.
    pub(super) fn has_allocation(&self, session: &str) -> bool {
        let key =
            |authenticated| (session.to_owned(), RelayRequest::Allocate, RelayOutcome::Granted, authenticated, None);
        self.beyond.contains(session) || self.known.contains_key(&key(true)) || self.known.contains_key(&key(false))
    }

    /// What is told of a session and is no step: where its client is.
    pub(super) fn client(&mut self, session: &str, client: Option<SocketAddr>, server: Option<SocketAddr>) {
        if self.is_beyond(session) {
            return;
        }
        let known = self.sessions.entry(session.to_owned()).or_default();
        known.client = client.or(known.client);
        known.server = server.or(known.server);
    }

    /// Packets of a session, which servers count from time to time.
    pub(super) fn packets(&mut self, line: usize, time_ms: Option<u64>, session: &str, told: &RelayedPackets) {
        let one_way = told.to_peers > Some(0) && told.from_peers == Some(0);
        let sum = if self.is_beyond(session) && !(one_way && self.sessions.len() < 2 * MOST_USUAL) {
            let (at, time, sum) = self.rest.get_or_insert_default();
            (*at, *time) = (line, time_ms);
            sum
        } else {
            let known = self.sessions.entry(session.to_owned()).or_default();
            known.counted = Some((line, time_ms));
            &mut known.packets
        };
        for (sum, told) in [
            (&mut sum.from_client, told.from_client),
            (&mut sum.to_client, told.to_client),
            (&mut sum.from_peers, told.from_peers),
            (&mut sum.to_peers, told.to_peers),
        ] {
            *sum = match (*sum, told) {
                (Some(sum), Some(told)) => Some(sum.saturating_add(told)),
                (sum, told) => sum.or(told),
            };
        }
    }

    /// Something wrong with the server itself; of the same only the first line is kept.
    pub(super) fn trouble(&mut self, line: usize, time_ms: Option<u64>, trouble: ServerTrouble) {
        self.troubles.entry(trouble).or_insert((line, time_ms));
    }

    /// Whether nothing was told.
    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty() && self.sessions.is_empty()
    }

    /// Hands everything on in the order of the lines, each step with what later lines told of its session.
    pub(super) fn finish(self, builder: &mut Builder) {
        let mut events: Vec<(usize, Option<u64>, What)> = Vec::new();
        for (line, time_ms, mut step) in self.told {
            if let Some(known) = step.session.as_ref().and_then(|session| self.sessions.get(session)) {
                step.client = step.client.or(known.client);
                step.server = step.server.or(known.server);
                step.relayed = step.relayed.or(known.relayed);
                step.realm = step.realm.or_else(|| known.realm.clone());
                if step.authenticated {
                    step.user = step.user.or_else(|| known.user.clone());
                }
            }
            events.push((line, time_ms, What::Relay(Box::new(step))));
        }
        for (session, known) in self.sessions {
            let Some((line, time_ms)) = known.counted else { continue };
            let packets = RelayedPackets {
                session: Some(session),
                client: known.client,
                relayed: known.relayed,
                ..known.packets
            };
            events.push((line, time_ms, What::Relayed(Box::new(packets))));
        }
        if let Some((line, time_ms, packets)) = self.rest {
            events.push((line, time_ms, What::Relayed(Box::new(packets))));
        }
        if self.left_out > 0 {
            builder.note(format!(
                "{} steps of which nothing came are left out of what is counted: the log has too many",
                self.left_out
            ));
        }
        let troubles = self.troubles.into_iter();
        events.extend(troubles.map(|(trouble, (line, time_ms))| (line, time_ms, What::ServerTrouble { trouble })));
        events.sort_by_key(|(line, ..)| *line);
        builder.connection("");
        for (line, time_ms, what) in events {
            builder.push(Party::Here, &format!("line {line}"), time_ms, what);
        }
    }
}

/// The milliseconds since 1970 of a time like `2026-08-02T12:00:00.123+0000`, somewhere in the text; a blank may stand for the T.
pub(super) fn time_ms(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let shape = |at: usize| {
        let digits = |from: usize, count: usize| {
            bytes.get(at + from..at + from + count).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        };
        let is = |from: usize, any: &[u8]| bytes.get(at + from).is_some_and(|byte| any.contains(byte));
        digits(0, 4)
            && is(4, b"-")
            && digits(5, 2)
            && is(7, b"-")
            && digits(8, 2)
            && is(10, b"T ")
            && digits(11, 2)
            && is(13, b":")
            && digits(14, 2)
            && is(16, b":")
            && digits(17, 2)
    };
    let at = (0..bytes.len().saturating_sub(18)).take(200).find(|&at| shape(at))?;
    let stamp = text.get(at..)?;
    let end =
        stamp.find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | '.' | ' '))).unwrap_or(stamp.len());
    let (seconds, rest) = (stamp.get(..19)?, stamp.get(19..end.max(19))?);
    let utc = humantime::parse_rfc3339_weak(&format!("{}Z", seconds.replace(' ', "T"))).ok()?;
    let since = utc.duration_since(std::time::UNIX_EPOCH).ok()?;
    let fraction: String = rest
        .strip_prefix('.')
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_digit)
        .chain("000".chars())
        .take(3)
        .collect();
    let ms = u64::try_from(since.as_millis()).ok()? + fraction.parse::<u64>().unwrap_or_default();
    Some(ms.saturating_add_signed(-offset_ms(stamp.get(19..)?)))
}

/// How far a time zone behind a time is ahead of UTC: `+0200`, `-05:00`; nothing where none is told.
fn offset_ms(text: &str) -> i64 {
    let zone = text.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let (sign, digits) = match zone.as_bytes().first() {
        Some(b'+') => (1, &zone[1..]),
        Some(b'-') => (-1, &zone[1..]),
        _ => return 0,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').take(4).collect();
    if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    sign * (number(&digits[..2]) * 60 + number(&digits[2..])) * 60_000
}

#[cfg(test)]
mod tests {
    use super::time_ms;

    #[test]
    fn times_are_read_in_every_dress() {
        for (text, ms) in [
            ("2023-11-14T22:13:20Z INFO x", Some(1_700_000_000_000)),
            ("2023-11-14T22:13:20.123+0000 INFO x", Some(1_700_000_000_123)),
            ("2023-11-14 22:13:20.123456+00:00 [notice] x", Some(1_700_000_000_123)),
            ("Nov 14 host turn: 2023-11-15T00:13:20+0200: x", Some(1_700_000_000_000)),
            ("2023-11-14T17:13:20-0500", Some(1_700_000_000_000)),
            ("8: : session", None),
            ("2023-99-14T22:13:20", None),
            ("2023-11-14T22:13:2", None),
            ("é2023-11-14T22:13:20", Some(1_700_000_000_000)),
        ] {
            assert_eq!(time_ms(text), ms, "{text}");
        }
    }
}
