//! Success responses that are not signed with our key: whoever sent them does not know the password.

use super::cause::{Cause, failed};
use crate::evidence::Integrity;
use crate::evidence::key::{ServerStep, SocketRole};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::exchange::{granted, is_unsigned};
use crate::measure::turn::facts::target::Target;

/// The first of them on that socket.
pub(super) fn judge(target: &Target, role: SocketRole) -> Option<Cause> {
    let later = [ServerStep::Refresh, ServerStep::Channel].into_iter().filter_map(|step| target.last(step));
    let mut steps = std::iter::once(target.allocation(role)?.exchange).chain(target.permits(role)).chain(later);
    let (_, turn) = steps.find(|one| is_unsigned(one)).and_then(granted)?;
    let what = match turn.integrity {
        Integrity::Wrong => "is signed with another key, or was changed on its way",
        _ => "is not signed",
    };
    let text = format!("a success response {what}: browsers drop it");
    let fix = "look for a proxy or an ALG that rewrites TURN, or update the server";
    Some(failed(Code::IntegrityMissingOrBad, text, fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;

    #[test]
    fn every_success_on_the_allocation_must_be_signed() {
        for step in ["a/login", "a/permit/198.51.100.1", "refresh", "channel"] {
            let mut scene = Scene::relays();
            assert_eq!(judge(&scene.target(), SocketRole::First), None);
            scene.reply(step, |reply| reply.turn.as_mut().expect("a TURN reply").integrity = Integrity::Missing);
            assert!(judge(&scene.target(), SocketRole::First).is_some(), "{step}");
        }
    }
}
