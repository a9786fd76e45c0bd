//! Findings put together.

use crate::explain::connection::Connection;
use crate::explain::event::Event;
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};

/// How many places a finding names.
const MOST_PLACES: usize = 4;

impl Finding {
    /// A fault.
    pub(super) fn fault(
        connection: &Connection,
        code: CauseCode,
        certainty: Certainty,
        side: FaultSide,
        text: impl Into<String>,
    ) -> Self {
        let text = text.into();
        let (because, fix, settle) = (Vec::new(), String::new(), String::new());
        Self { code, connection: connection.number, fault: true, certainty, side, text, because, fix, settle }
    }

    /// Good to know, and no fault of its own.
    pub(super) fn only_if(mut self, fault: bool) -> Self {
        self.fault = fault;
        self
    }

    /// It rests on these places.
    pub(super) fn at(mut self, places: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.because.extend(places.into_iter().map(Into::into).filter(|place| !place.is_empty()).take(MOST_PLACES));
        self.because.dedup();
        self
    }

    /// It rests on these places too, as far as there is room.
    pub(super) fn also(&mut self, places: Vec<String>) {
        for place in places {
            if self.because.len() < MOST_PLACES && !self.because.contains(&place) {
                self.because.push(place);
            }
        }
    }

    /// It rests on these events.
    pub(super) fn on<'a>(self, events: impl IntoIterator<Item = &'a Event>) -> Self {
        self.at(events.into_iter().map(|event| event.place.clone()))
    }

    /// What to do.
    pub(super) fn fix(mut self, fix: &str) -> Self {
        fix.clone_into(&mut self.fix);
        self
    }

    /// What would settle it.
    pub(super) fn settle(mut self, settle: &str) -> Self {
        settle.clone_into(&mut self.settle);
        self
    }
}
