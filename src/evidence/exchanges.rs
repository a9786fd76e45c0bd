//! The exchanges of a run, found by their keys without looking at all of them.

use std::ops::{Deref, Index, IndexMut, RangeInclusive};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Exchange, Key};

/// Every exchange, in the order they were started. Whoever changes one leaves its key as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<Exchange>", into = "Vec<Exchange>")]
#[schemars(with = "Vec<Exchange>")]
pub struct Exchanges {
    list: Vec<Exchange>,
    /// Positions in the order of the keys; where a foreign report has a key twice, the earlier exchange comes first.
    by_key: Vec<usize>,
}

impl Exchanges {
    /// Where the exchange of that key is.
    #[must_use]
    pub fn position(&self, key: &Key) -> Option<usize> {
        let place = self.by_key.partition_point(|&at| self.list[at].ask < *key);
        self.by_key.get(place).copied().filter(|&at| self.list[at].ask == *key)
    }

    /// The exchanges with keys from the first to the last, in the order they were started.
    #[must_use]
    pub fn within<'a>(
        &'a self,
        keys: &RangeInclusive<Key>,
    ) -> impl DoubleEndedIterator<Item = &'a Exchange> + Clone + use<'a> {
        let mut found = self.places(keys).to_vec();
        found.sort_unstable();
        found.into_iter().map(|at| &self.list[at])
    }

    /// The same in the order of their keys, one by one: what looks at a few of many only costs those.
    #[must_use]
    pub fn range<'a>(
        &'a self,
        keys: &RangeInclusive<Key>,
    ) -> impl DoubleEndedIterator<Item = &'a Exchange> + ExactSizeIterator + Clone + use<'a> {
        self.places(keys).iter().map(|&at| &self.list[at])
    }

    fn places(&self, keys: &RangeInclusive<Key>) -> &[usize] {
        let from = self.by_key.partition_point(|&at| self.list[at].ask < *keys.start());
        let count = self.by_key[from..].partition_point(|&at| self.list[at].ask <= *keys.end());
        &self.by_key[from..from + count]
    }

    /// Adds one that has just been started.
    pub fn push(&mut self, exchange: Exchange) {
        let place = self.by_key.partition_point(|&at| self.list[at].ask <= exchange.ask);
        self.by_key.insert(place, self.list.len());
        self.list.push(exchange);
    }
}

impl From<Vec<Exchange>> for Exchanges {
    fn from(list: Vec<Exchange>) -> Self {
        let mut by_key: Vec<usize> = (0..list.len()).collect();
        by_key.sort_by(|&one, &other| list[one].ask.cmp(&list[other].ask));
        Self { list, by_key }
    }
}

impl From<Exchanges> for Vec<Exchange> {
    fn from(exchanges: Exchanges) -> Self {
        exchanges.list
    }
}

impl FromIterator<Exchange> for Exchanges {
    fn from_iter<I: IntoIterator<Item = Exchange>>(exchanges: I) -> Self {
        exchanges.into_iter().collect::<Vec<_>>().into()
    }
}

impl Deref for Exchanges {
    type Target = [Exchange];

    fn deref(&self) -> &[Exchange] {
        &self.list
    }
}

impl Index<usize> for Exchanges {
    type Output = Exchange;

    fn index(&self, at: usize) -> &Exchange {
        &self.list[at]
    }
}

impl IndexMut<usize> for Exchanges {
    fn index_mut(&mut self, at: usize) -> &mut Exchange {
        &mut self.list[at]
    }
}

impl<'a> IntoIterator for &'a mut Exchanges {
    type Item = &'a mut Exchange;
    type IntoIter = std::slice::IterMut<'a, Exchange>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter_mut()
    }
}

impl<'a> IntoIterator for &'a Exchanges {
    type Item = &'a Exchange;
    type IntoIter = std::slice::Iter<'a, Exchange>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl IntoIterator for Exchanges {
    type Item = Exchange;
    type IntoIter = std::vec::IntoIter<Exchange>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Ask;
    use crate::evidence::key::{NatKey, NatTest, Reach};
    use crate::wire::Family;

    fn reach(server: usize) -> Key {
        NatTest::Reach(Reach::Udp, server).over(Family::Ipv4)
    }

    fn exchange(number: usize, key: Key) -> Exchange {
        let remote = "192.0.2.1:3478".parse().expect("an address");
        Exchange::begun(format!("e{number}"), &Ask::binding(key, 0, "test", remote), 0.0)
    }

    fn ids<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Vec<&'a str> {
        exchanges.map(|exchange| exchange.id.as_str()).collect()
    }

    /// Servers 3, 1, 2, 1 (twice, as a foreign report may have it), and something else.
    fn some() -> Exchanges {
        let keys = [reach(3), reach(1), Key::Other("x".to_owned()), reach(2), reach(1)];
        let mut exchanges = Exchanges::default();
        for (number, key) in keys.into_iter().enumerate() {
            exchanges.push(exchange(number, key));
        }
        exchanges
    }

    #[test]
    fn what_is_pushed_is_found_and_the_first_of_two_with_one_key() {
        let exchanges = some();
        assert_eq!([1, 2, 3, 4].map(|server| exchanges.position(&reach(server))), [Some(1), Some(3), Some(0), None]);
        assert_eq!(exchanges.position(&Key::Other("x".to_owned())), Some(2));
    }

    #[test]
    fn a_range_comes_in_the_order_started_or_in_that_of_the_keys() {
        let exchanges = some();
        let all = NatKey::reach(Family::Ipv4, Reach::Udp, Reach::Udp);
        assert_eq!(ids(exchanges.within(&all)), ["e0", "e1", "e3", "e4"]);
        assert_eq!(ids(exchanges.range(&all)), ["e1", "e4", "e3", "e0"]);
        assert_eq!(ids(exchanges.range(&(reach(2)..=reach(9)))), ["e3", "e0"]);
        assert_eq!(ids(exchanges.range(&NatKey::reach(Family::Ipv6, Reach::Udp, Reach::Tcp))), Vec::<&str>::new());
    }

    #[test]
    fn what_is_read_is_indexed_as_what_was_pushed() {
        let exchanges = some();
        let json = serde_json::to_string(&exchanges).expect("JSON");
        let read: Exchanges = serde_json::from_str(&json).expect("the same");
        assert_eq!(json, serde_json::to_string(&Vec::from(exchanges.clone())).expect("JSON"), "it is the list of them");
        assert_eq!((&read.by_key, ids(read.iter())), (&exchanges.by_key, ids(exchanges.iter())));
    }
}
