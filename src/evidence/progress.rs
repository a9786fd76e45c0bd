//! How far a pair of candidates came.

use super::failure::FailureCode;
use super::session::PairSeen;
use crate::wire::codes::codes;

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

impl PairSeen {
    /// How far it came.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match self {
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
            // a rule of this host's own firewall: nobody else's would have no sender
            | FailureCode::Prohibited
    )
}
