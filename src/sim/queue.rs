//! What will happen, and when: the virtual clock moves from one event to the next.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::engine::Time;

/// Events in the order of their time; those of one instant in the order they were planned.
#[derive(Debug)]
pub(super) struct Queue<E> {
    now: Time,
    planned: u64,
    heap: BinaryHeap<Reverse<Entry<E>>>,
}

#[derive(Debug)]
struct Entry<E> {
    at: Time,
    number: u64,
    event: E,
}

impl<E> Default for Queue<E> {
    /// Nothing planned, at time zero.
    fn default() -> Self {
        Self { now: Time::ZERO, planned: 0, heap: BinaryHeap::new() }
    }
}

impl<E> Queue<E> {
    /// The virtual time.
    #[must_use]
    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// Plans an event for that long from now.
    pub(super) fn plan(&mut self, after: Duration, event: E) {
        let entry = Entry { at: self.now.saturating_add(after), number: self.planned, event };
        self.planned += 1;
        self.heap.push(Reverse(entry));
    }

    /// Goes to the next event, if there is one until then; else just to then.
    pub(super) fn next(&mut self, until: Time) -> Option<E> {
        if self.heap.peek().is_some_and(|Reverse(entry)| entry.at <= until) {
            let Reverse(entry) = self.heap.pop()?;
            self.now = self.now.max(entry.at);
            return Some(entry.event);
        }
        self.now = self.now.max(until);
        None
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_and_the_clock_never_goes_back() {
        let mut queue = Queue::default();
        queue.plan(Duration::from_millis(20), "late");
        queue.plan(Duration::from_millis(10), "first");
        queue.plan(Duration::from_millis(10), "second");
        assert_eq!(queue.next(Duration::from_millis(5)), None);
        assert_eq!(queue.now(), Duration::from_millis(5));
        assert_eq!(queue.next(Duration::from_secs(1)), Some("first"));
        assert_eq!(queue.next(Duration::from_secs(1)), Some("second"));
        assert_eq!(queue.now(), Duration::from_millis(10));
        assert_eq!(queue.next(Duration::from_millis(1)), None);
        assert_eq!(queue.now(), Duration::from_millis(10));
        assert_eq!(queue.next(Time::MAX), Some("late"));
        assert_eq!(queue.next(Time::MAX), None);
        queue.plan(Duration::from_secs(1), "at the end of time");
        assert_eq!(queue.next(Time::MAX), Some("at the end of time"));
    }
}
