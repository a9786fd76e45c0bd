//! What is known of the round trip to each server, measured on this run.

use std::time::Duration;

use super::Time;

/// Round trips seen per server.
#[derive(Default)]
pub(super) struct Paths {
    servers: Vec<Path>,
}

#[derive(Clone, Copy, Default)]
struct Path {
    /// Shortest round trip of an exchange that was sent once: nothing is ambiguous about it (Karn, RFC 8489 section 6.2.1). The first
    /// packets of a path may be much slower than all others (neighbor discovery, a radio that wakes up).
    floor: Option<Duration>,
    /// Where every answered exchange was sent several times: the shortest time from a first send to its answer.
    bound: Option<Duration>,
}

impl Paths {
    /// The best round trip to the server that is known, once there was an answer.
    pub(super) fn rtt(&self, server: usize) -> Option<Duration> {
        let path = self.servers.get(server)?;
        path.floor.or(path.bound)
    }

    /// Takes note of an answer and returns its round trip. Which of several sends was answered is not known: it was none
    /// that is younger than the shortest round trip; where that is not known either, the first is assumed, since an estimate that is
    /// too long costs time and one that is too short costs the verdict.
    pub(super) fn answered(&mut self, server: usize, sends: &[Time], arrival: Time) -> Duration {
        if self.servers.len() <= server {
            self.servers.resize(server + 1, Path::default());
        }
        let path = &mut self.servers[server];
        let since = |send: &Time| arrival.saturating_sub(*send);
        let first = sends.first().map_or(Duration::ZERO, since);
        if sends.len() == 1 {
            path.floor = Some(path.floor.map_or(first, |floor| floor.min(first)));
            return first;
        }
        path.bound = Some(path.bound.map_or(first, |bound| bound.min(first)));
        self.fitting(server, sends, arrival)
    }

    /// The age of the youngest send that what arrived can belong to, without learning from it.
    pub(super) fn fitting(&self, server: usize, sends: &[Time], arrival: Time) -> Duration {
        let since = |send: &Time| arrival.saturating_sub(*send);
        let first = sends.first().map_or(Duration::ZERO, since);
        let Some(floor) = self.servers.get(server).and_then(|path| path.floor) else { return first };
        sends.iter().rev().map(since).find(|&age| age >= floor.mul_f64(0.9)).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(values: &[u64]) -> Vec<Time> {
        values.iter().map(|&value| Duration::from_millis(value)).collect()
    }

    #[test]
    fn an_ambiguous_answer_is_read_as_the_longest_round_trip_until_a_clean_one_is_known() {
        let mut paths = Paths::default();
        assert_eq!(paths.answered(0, &ms(&[0, 100]), Duration::from_millis(140)), Duration::from_millis(140));
        assert_eq!(paths.rtt(0), Some(Duration::from_millis(140)));
        paths.answered(0, &ms(&[200]), Duration::from_millis(240));
        assert_eq!(paths.rtt(0), Some(Duration::from_millis(40)));
        assert_eq!(paths.answered(0, &ms(&[300, 400]), Duration::from_millis(441)), Duration::from_millis(41));
        assert_eq!(paths.rtt(1), None);
    }
}
