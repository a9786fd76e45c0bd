//! Packets that follow each other by the hundreds: which of them are to be looked at now.

use std::cell::{Cell, RefCell};

/// Those of a train that may still want something, and the number of the next one. A memo: it follows from the evidence, which only grows,
/// and spares each consultation a look at all that are over.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    open: RefCell<Vec<u32>>,
    next: Cell<u32>,
}

impl UnderWay {
    /// Looks at those under way, at those whose time has come, and at the one after them, which is stated before its time. `look` tells
    /// whether nothing more can come of that one.
    pub(super) fn visit(&self, count: u32, is_due: impl Fn(u32) -> bool, mut look: impl FnMut(u32) -> bool) {
        self.open.borrow_mut().retain(|&number| !look(number));
        while self.next.get() < count {
            let number = self.next.get();
            let over = look(number);
            if !is_due(number) {
                break;
            }
            self.next.set(number + 1);
            if !over {
                self.open.borrow_mut().push(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(under_way: &UnderWay, due: u32, over: &[u32]) -> Vec<u32> {
        let mut looked = Vec::new();
        under_way.visit(
            6,
            |number| number <= due,
            |number| {
                looked.push(number);
                over.contains(&number)
            },
        );
        looked
    }

    #[test]
    fn what_is_over_is_looked_at_no_more() {
        let under_way = UnderWay::default();
        assert_eq!(looked(&under_way, 1, &[]), [0, 1, 2], "the next one is stated before its time");
        assert_eq!(looked(&under_way, 1, &[0]), [0, 1, 2]);
        assert_eq!(looked(&under_way, 3, &[0, 2]), [1, 2, 3, 4]);
        assert_eq!(looked(&under_way, 9, &[1, 3, 4]), [1, 3, 4, 5]);
        assert_eq!(looked(&under_way, 9, &[5]), [5]);
        assert_eq!(looked(&under_way, 9, &[]), [0; 0]);
    }
}
