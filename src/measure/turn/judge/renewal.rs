//! A server that grants the renewal of an allocation and ends it by that, in words.

use super::cause::{Cause, failed};
use crate::evidence::Exchange;
use crate::evidence::key::{DataStep, ServerStep, TurnStep};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::exchange::error_code;
use crate::measure::turn::facts::renewal::Ended;
use crate::measure::turn::facts::target::{Target, step_of};

/// What ended the allocation.
pub(super) fn judge(ended: Ended) -> Cause {
    let text = format!(
        "the server grants the renewal of the allocation, which {}: calls end when clients renew",
        ended.words()
    );
    let fix = "update the server; look for what it does with a Refresh that has no LIFETIME, as clients send it";
    failed(Code::AllocationLost, text, fix)
}

/// Whether what passed through the relay was asked for after the allocation had ended: then it says nothing of the relay.
pub(super) fn spoils_data(target: &Target) -> bool {
    let Some(refresh) = target.last(ServerStep::Refresh) else { return false };
    let steps = [DataStep::Outward, DataStep::Third, DataStep::ToSecond, DataStep::Inward];
    let late = |one: &Exchange| one.started_ms > refresh.started_ms;
    let refused = |one: &Exchange| matches!(step_of(one), Some(TurnStep::Permit(..))) && error_code(one) == Some(437);
    steps.into_iter().filter_map(|step| target.find(step)).any(late) || target.dialog().any(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{RELAYED, Scene};

    #[test]
    fn a_renewal_that_ends_the_allocation_is_told_from_one_that_does_not() {
        let mut scene = Scene::relays();
        assert_eq!(scene.target().ended_by_renewal(), None);
        let lost = scene.refused("a/delete", 437);
        lost.started_ms = 90_000.0;
        assert_eq!(scene.target().ended_by_renewal(), Some(Ended::Gone));
        scene.pending("a/delete").sends = 2;
        assert_eq!(scene.target().ended_by_renewal(), None, "the second of two copies of a deletion is refused so");
        let once = scene.pending("a/delete");
        (once.sends, once.copies) = (1, 1);
        assert_eq!(scene.target().ended_by_renewal(), None, "nor is it another with a copy made on the way");
        scene.refused("a/delete/again", 437).started_ms = 91_000.0;
        assert_eq!(scene.target().ended_by_renewal(), None, "whatever was asked after the deletion");
        scene.pending("a/delete").copies = 0;
        scene.looped("quality/channel/0/out", RELAYED).started_ms = 80_000.0;
        scene.pending("quality/channel/0/out").socket = scene.pending("refresh").socket.clone();
        assert_eq!(scene.target().ended_by_renewal(), None, "data went through it after its renewal");
        scene.reply("refresh", |reply| reply.turn.as_mut().expect("a TURN reply").lifetime_s = Some(0));
        assert_eq!(scene.target().ended_by_renewal(), Some(Ended::LifetimeZero));
    }

    #[test]
    fn data_that_was_asked_for_after_it_says_nothing() {
        let mut scene = Scene::relays();
        assert!(!spoils_data(&scene.target()));
        scene.pending("third").started_ms = 1e6;
        assert!(spoils_data(&scene.target()));
    }
}
