//! Reports of releases before companions: the silent questions went by themselves, in rounds, and a Binding after each round told how
//! much was lost. What they hold is judged as it was then.

use super::filtering_steps::{Heard, Run, Step, hear, is_round, lost, too_lossy};
use crate::evidence::{Behavior, Exchange};
use crate::measure::loss;
use crate::wire::{Family, Transport};

impl<'a> Run<'a> {
    /// Whether the questions of that port are of the old kind.
    pub(super) fn told_in_rounds(&self, socket: &str) -> bool {
        let question = self.seen.find(&format!("{}/{socket}/address-and-port", self.base));
        question.is_some_and(|exchange| exchange.sends > 0 && exchange.sent_ms.is_empty())
    }

    /// What such a port shows, with the number of sends behind its silence.
    pub(super) fn rounds_of_port(&mut self, family: Family, socket: &str) -> Result<(Behavior, u32), Step> {
        let primary = self.server.primary;
        let over = || Err(Step::Stuck(lost(primary)));
        let (both, both_sends) = self.rounds(socket, "address-and-port", self.server.alternate);
        let (port, port_sends) = self.rounds(socket, "port", self.server.primary_other_port());
        let (behavior, sends) = match (both, port) {
            (Heard::Expected, _) => return Ok((Behavior::EndpointIndependent, both_sends)),
            (Heard::Wrong(reason), _) | (_, Heard::Wrong(reason)) => return Err(Step::Stuck(reason)),
            (Heard::Silent, Heard::Expected) => (Behavior::AddressDependent, both_sends),
            (Heard::Silent, Heard::Silent) => (Behavior::AddressAndPortDependent, both_sends.min(port_sends)),
            (Heard::Pending, _) | (_, Heard::Pending) => return over(),
        };
        let (whole, controls) = (format!("{}/", self.base), format!("{}/control/", self.base));
        let own = loss::sends_needed(self.seen.under(&whole), loss::RARE_BY_FEW);
        // Once the controls had begun nothing was repeated.
        let begun = self.seen.under(&controls).next().is_some();
        let path = loss::sends_needed(self.seen.of(family, Transport::Udp), loss::RARE);
        if sends < if begun { own } else { own.max(path) } {
            return Err(Step::Stuck(too_lossy(sends)));
        }
        let last = match self.seen.under(&format!("{}/{socket}/address-and-port", self.base)).count() {
            1 => "binding-again".to_owned(),
            round => format!("binding-again-{round}"),
        };
        let answered = |what: &str| {
            let found = self.seen.find(&format!("{}/{socket}/{what}", self.base));
            found.is_some_and(|exchange| exchange.answer().is_some())
        };
        if answered("binding") && answered(&last) { Ok((behavior, sends)) } else { over() }
    }

    /// Every round of one CHANGE-REQUEST: what was heard, and how often it was sent.
    pub(super) fn rounds(&mut self, socket: &str, what: &str, expected: std::net::SocketAddr) -> (Heard, u32) {
        let (mut heard, mut sends) = (Heard::Pending, 0_u32);
        let first = format!("{}/{socket}/{what}", self.base);
        let rounds: Vec<&'a Exchange> =
            self.seen.exchanges.iter().filter(|exchange| is_round(&exchange.ask, &first)).collect();
        for exchange in rounds {
            self.because.push(exchange.id.clone());
            sends = sends.saturating_add(exchange.sends);
            heard = hear(exchange, expected, self.seen);
            if !matches!(heard, Heard::Silent) {
                break;
            }
        }
        (heard, sends)
    }
}
