//! The order in which SRV records are tried (RFC 2782): by priority, and within one by chance in proportion to weight.

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    pub(super) target: String,
}

/// Orders the records; `draw` returns a number from 0 to its argument, both included.
pub(super) fn order(mut records: Vec<Record>, mut draw: impl FnMut(u32) -> u32) -> Vec<Record> {
    // Weight 0 first, so that those records keep the very small chance that RFC 2782 wants for them.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let equals = records.iter().take_while(|record| record.priority == first.priority).count();
        let total = records[..equals].iter().map(|record| u32::from(record.weight)).sum();
        let drawn = draw(total);
        let mut running = 0;
        let chosen = records[..equals].iter().position(|record| {
            running += u32::from(record.weight);
            running >= drawn
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> Record {
        Record { priority, weight, port: 3478, target: target.into() }
    }

    fn targets(records: Vec<Record>, draw: impl FnMut(u32) -> u32) -> Vec<String> {
        order(records, draw).into_iter().map(|record| record.target).collect()
    }

    #[test]
    fn a_lower_priority_value_comes_first_whatever_the_weight() {
        let records = vec![record(20, 9, "c"), record(10, 1, "b"), record(0, 0, "a")];
        assert_eq!(targets(records, |total| total), ["a", "b", "c"]);
    }

    #[test]
    fn weight_decides_by_chance_and_zero_is_not_shut_out() {
        let records = || vec![record(0, 30, "heavy"), record(0, 10, "light"), record(0, 0, "zero")];
        assert_eq!(targets(records(), |_| 0), ["zero", "light", "heavy"]);
        assert_eq!(targets(records(), |total| total), ["heavy", "light", "zero"]);
        assert_eq!(targets(records(), |total| total.min(10)), ["light", "heavy", "zero"]);
    }

    #[test]
    fn the_heaviest_weights_do_not_overflow() {
        let records = vec![record(0, u16::MAX, "a"); 100];
        assert_eq!(order(records, |total| total).len(), 100);
    }
}
