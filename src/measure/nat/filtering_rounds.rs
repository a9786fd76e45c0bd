//! Reports of releases before companions: the silent questions went by themselves, in rounds, and a Binding after each round told how
//! much was lost. What they hold is judged as it was then.

use super::filtering_steps::{self, Heard, Run, Step, hear, lost, too_lossy};
use crate::evidence::Behavior;
use crate::evidence::key::{AnswerFrom, FilteringPort as Port, FilteringStep as Asked, NatKey};
use crate::measure::loss;
use crate::wire::{Family, Transport};

impl Run<'_> {
    /// Whether the questions of that port are of the old kind.
    pub(super) fn told_in_rounds(&self, socket: Port) -> bool {
        let question = self.find(socket, Asked::Change(AnswerFrom::AddressAndPort, 1));
        question.is_some_and(|exchange| exchange.sends > 0 && exchange.sent_ms.is_empty())
    }

    /// What such a port shows, with the number of sends behind its silence.
    pub(super) fn rounds_of_port(&mut self, family: Family, socket: Port) -> Result<(Behavior, u32), Step> {
        let primary = self.server.primary;
        let over = || Err(Step::Stuck(lost(primary)));
        let (both, both_sends) = self.rounds(socket, AnswerFrom::AddressAndPort, self.server.alternate);
        let (port, port_sends) = self.rounds(socket, AnswerFrom::Port, self.server.primary_other_port());
        let (behavior, sends) = match (both, port) {
            (Heard::Expected, _) => return Ok((Behavior::EndpointIndependent, both_sends)),
            (Heard::Wrong(reason), _) | (_, Heard::Wrong(reason)) => return Err(Step::Stuck(reason)),
            (Heard::Silent, Heard::Expected) => (Behavior::AddressDependent, both_sends),
            (Heard::Silent, Heard::Silent) => (Behavior::AddressAndPortDependent, both_sends.min(port_sends)),
            (Heard::Pending, _) | (_, Heard::Pending) => return over(),
        };
        let server = self.server.server;
        let own = loss::sends_needed(self.seen.within(&NatKey::filtering(family, server)), loss::RARE_BY_FEW);
        // Once the controls had begun nothing was repeated.
        let begun = self.seen.within(&NatKey::filtering_port(family, server, Port::Control)).next().is_some();
        let path = loss::sends_needed(self.seen.of(family, Transport::Udp), loss::RARE);
        if sends < if begun { own } else { own.max(path) } {
            return Err(Step::Stuck(too_lossy(sends)));
        }
        let rounds = filtering_steps::rounds(family, server, socket, AnswerFrom::AddressAndPort);
        let last = u32::try_from(self.seen.within(&rounds).count()).map_or(Asked::Binding, Asked::BindingAgain);
        let answered = |step| self.find(socket, step).is_some_and(|exchange| exchange.answer().is_some());
        if answered(Asked::Binding) && answered(last) { Ok((behavior, sends)) } else { over() }
    }

    /// Every round of one CHANGE-REQUEST: what was heard, and how often it was sent.
    pub(super) fn rounds(&mut self, socket: Port, what: AnswerFrom, expected: std::net::SocketAddr) -> (Heard, u32) {
        let (mut heard, mut sends) = (Heard::Pending, 0_u32);
        let rounds = filtering_steps::rounds(self.family, self.server.server, socket, what);
        for exchange in self.seen.within(&rounds) {
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
