//! What happened on a pair, in words.

use crate::evidence::{PairSeen, Progress};
use crate::wire::error_name;

/// What happened on it, in a sentence.
#[must_use]
pub(super) fn words(pair: &PairSeen) -> String {
    let remote = pair.remote.address;
    let checks = match pair.sent {
        1 => "1 check".to_owned(),
        sent => format!("{sent} checks"),
    };
    let failure = || pair.failure.as_ref().map_or_else(String::new, |failure| failure.text.clone());
    match pair.progress() {
        Progress::NeverSent => format!("no check was sent to {remote}"),
        Progress::SendFailed => format!("this host could not send to {remote}: {}", failure()),
        Progress::RefusedByRelay => pair.refused.as_ref().map_or_else(String::new, |refusal| refusal.text.clone()),
        Progress::Refused => format!("{checks} sent to {remote} and refused: {}", failure()),
        Progress::NeverAnswered => format!("{checks} sent to {remote}, and nothing came back"),
        Progress::AnswersLost => {
            let theirs = if pair.asked == 1 { "1 check".to_owned() } else { format!("{} checks", pair.asked) };
            format!("{theirs} arrived from {remote} and were answered; {checks} sent there were not")
        }
        Progress::AnsweredFromElsewhere => {
            let from = pair.answered_from.map_or_else(String::new, |from| from.to_string());
            format!(
                "{checks} sent to {remote}, and the answer came from {from}: a path that changes addresses on the way back"
            )
        }
        Progress::WrongPassword => {
            format!("{remote} answered 401: whoever is there runs another session than the token is of")
        }
        Progress::WrongSignature => format!("{remote} answered, signed with another password than the token's"),
        Progress::RoleConflict => format!("{remote} claims the same role, and answered nothing but 487"),
        Progress::Rejected => {
            let code = pair.error.unwrap_or_default();
            format!("{remote} answered {code} {}", error_name(code).unwrap_or_default()).trim_end().to_owned()
        }
        Progress::Succeeded | Progress::Nominated | Progress::Unknown => {
            let trip = pair.rtt_ms.map_or_else(String::new, |ms| format!(" in {ms:.1} ms"));
            format!("{remote} answered{trip}")
        }
    }
}
