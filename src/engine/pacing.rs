//! At most ten new transactions a second to one server, its alternate addresses included (RFC 5780 section 5). What the rule
//! spares is the NAT on the way; IPv4 and IPv6 pass different boxes, so each family is counted by itself.

use std::collections::VecDeque;
use std::time::Duration;

use super::Time;
use crate::wire::Family;

const WINDOW: Duration = Duration::from_secs(1);
const PER_WINDOW: usize = 10;
/// Many servers at once: a burst larger than this waits a little, so that the nearest queue on the path does not drop it.
const BURST: usize = 25;
const BURST_WINDOW: Duration = Duration::from_millis(5);

/// When transactions were started, per server and family, and altogether.
#[derive(Default)]
pub(super) struct Pacer {
    servers: Vec<[VecDeque<Time>; 2]>,
    recent: VecDeque<Time>,
}

impl Pacer {
    /// Claims a place for a new transaction to the server now, or says when there will be one.
    pub(super) fn claim(&mut self, server: usize, family: Family, now: Time) -> Result<(), Time> {
        if self.servers.len() <= server {
            self.servers.resize_with(server + 1, Default::default);
        }
        let [ipv4, ipv6] = &mut self.servers[server];
        let starts = if family == Family::Ipv4 { ipv4 } else { ipv6 };
        forget(starts, now, WINDOW);
        forget(&mut self.recent, now, BURST_WINDOW);
        if starts.len() >= PER_WINDOW {
            return Err(starts[0] + WINDOW);
        }
        if self.recent.len() >= BURST {
            return Err(self.recent[0] + BURST_WINDOW);
        }
        starts.push_back(now);
        self.recent.push_back(now);
        Ok(())
    }
}

fn forget(starts: &mut VecDeque<Time>, now: Time, window: Duration) {
    while starts.front().is_some_and(|&start| start + window <= now) {
        starts.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_transaction_of_a_second_waits_and_another_server_does_not() {
        let mut pacer = Pacer::default();
        let now = Duration::from_millis(5);
        for _ in 0..10 {
            pacer.claim(0, Family::Ipv4, now).unwrap();
        }
        assert_eq!(pacer.claim(0, Family::Ipv4, now), Err(now + WINDOW));
        assert_eq!(pacer.claim(0, Family::Ipv6, now), Ok(()));
        assert_eq!(pacer.claim(1, Family::Ipv4, now), Ok(()));
        assert_eq!(pacer.claim(0, Family::Ipv4, now + WINDOW), Ok(()));
    }

    #[test]
    fn two_hundred_servers_are_all_asked_within_a_tenth_of_a_second() {
        let mut pacer = Pacer::default();
        let mut now = Duration::ZERO;
        for server in 0..200 {
            while let Err(later) = pacer.claim(server, Family::Ipv4, now) {
                assert!(later > now);
                now = later;
            }
        }
        assert!(now < Duration::from_millis(100), "{now:?}");
    }
}
