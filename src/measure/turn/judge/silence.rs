//! What a silence is worth: whether it is the server's, or loss on the way explains it.

use super::cause::{Cause, inconclusive};
use crate::evidence::Exchange;
use crate::evidence::key::TurnStep;
use crate::measure::loss;
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::target::Target;

/// Whether so much is lost here that a silence proves nothing.
pub(super) fn may_be_loss(target: &Target, sent: &Exchange) -> bool {
    sent.sends < loss::sends_needed(target.exchanges(), loss::RARE)
}

/// Whether a silence is the server's: on a stream what was asked later was answered, over UDP too little is lost to explain it.
pub(super) fn is_proven(target: &Target, step: impl Into<TurnStep>) -> bool {
    let Some(asked) = target.last(step) else { return false };
    if target.transport.is_stream() && asked.request.relay().is_none() {
        let later = |one: &&Exchange| {
            one.socket == asked.socket && one.started_ms > asked.started_ms && one.request.relay().is_none()
        };
        return target.exchanges().filter(later).any(|one| one.reply().is_some());
    }
    !may_be_loss(target, asked)
}

/// So much is lost that a silence proves nothing.
pub(super) fn lost(target: &Target) -> Cause {
    let text = format!(
        "could not tell: so much is lost or late on the way to {} that its silence proves nothing",
        target.remote
    );
    inconclusive(Code::Undetermined, text, "run again on a better path")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::key::ServerStep;
    use crate::measure::turn::facts::testing::Scene;
    use crate::wire::Transport;

    #[test]
    fn on_a_stream_a_later_answer_proves_a_silence() {
        let mut scene = Scene::over(Transport::Tcp);
        scene.silent("refresh").sends = 1;
        assert!(!is_proven(&scene.target(), ServerStep::Refresh), "nothing came later");
        scene.bound("binding-again", "198.51.100.1:40000");
        assert!(is_proven(&scene.target(), ServerStep::Refresh));
    }

    #[test]
    fn over_udp_a_silence_is_proven_where_it_was_sent_often_enough_for_the_loss_seen() {
        let mut scene = Scene::udp();
        scene.bound("binding", "198.51.100.1:40000");
        scene.silent("refresh").sends = 1;
        assert!(!is_proven(&scene.target(), ServerStep::Refresh));
        scene.silent("refresh").sends = 7;
        assert!(is_proven(&scene.target(), ServerStep::Refresh));
    }
}
