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
        let from = self.by_key.partition_point(|&at| self.list[at].ask < *keys.start());
        let count = self.by_key[from..].partition_point(|&at| self.list[at].ask <= *keys.end());
        let mut found = self.by_key[from..from + count].to_vec();
        found.sort_unstable();
        found.into_iter().map(|at| &self.list[at])
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
