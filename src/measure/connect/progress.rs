//! How far a pair came, and the same in words.

use crate::evidence::FailureCode;
use crate::evidence::PairSeen;
use crate::wire::codes::codes;
use crate::wire::error_name;

codes! {
    /// How far a pair came: the furthest of what happened on it.
    pub enum Progress {
        /// No check was sent: another pair was nominated before, or the session ended.
        NeverSent,
        /// This host could not send there.
        SendFailed,
        /// The TURN server does not carry it.
        RefusedByRelay,
        /// Checks were sent, an ICMP message refused them, and nothing else came back.
        Refused,
        /// Checks were sent, and nothing came back.
        NeverAnswered,
        /// The other side's checks arrive here; answers and checks to it lead to nothing.
        AnswersLost,
        /// Answers came from another address than the one that was asked.
        AnsweredFromElsewhere,
        /// The other side answered that the checks are not signed for it (401): its token is another one.
        WrongPassword,
        /// Answers came that are not signed with the other side's password.
        WrongSignature,
        /// Both sides claimed the same role, and it was not settled (487).
        RoleConflict,
        /// The other side answered with an error.
        Rejected,
        /// It works, and another pair was nominated.
        Succeeded,
        /// It works and was nominated.
        Nominated,
        /// Something that only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// How far it came.
#[must_use]
pub fn progress(pair: &PairSeen) -> Progress {
    match pair {
        PairSeen { nominated: true, .. } => Progress::Nominated,
        PairSeen { answered: 1.., .. } => Progress::Succeeded,
        PairSeen { answered_from: Some(_), .. } => Progress::AnsweredFromElsewhere,
        PairSeen { error: Some(401), .. } => Progress::WrongPassword,
        PairSeen { error: Some(487), .. } => Progress::RoleConflict,
        PairSeen { error: Some(_), .. } => Progress::Rejected,
        PairSeen { unsigned: 1.., .. } => Progress::WrongSignature,
        PairSeen { refused: Some(_), .. } => Progress::RefusedByRelay,
        PairSeen { sent: 0, .. } => Progress::NeverSent,
        PairSeen { asked: 1.., .. } => Progress::AnswersLost,
        PairSeen { failure: Some(failure), .. } if is_local(failure.code) && failure.by.is_none() => {
            Progress::SendFailed
        }
        PairSeen { failure: Some(_), .. } => Progress::Refused,
        _ => Progress::NeverAnswered,
    }
}

/// Whether that says that the packet did not even leave this host.
fn is_local(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::NetworkUnreachable
            | FailureCode::NoAddress
            | FailureCode::BindFailed
            | FailureCode::LocalShortage
            | FailureCode::Withheld
    )
}

/// What happened on it, in a sentence.
#[must_use]
pub(super) fn words(pair: &PairSeen) -> String {
    let remote = pair.remote.address;
    let checks = match pair.sent {
        1 => "1 check".to_owned(),
        sent => format!("{sent} checks"),
    };
    let failure = || pair.failure.as_ref().map_or_else(String::new, |failure| failure.text.clone());
    match progress(pair) {
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
