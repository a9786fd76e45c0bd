//! Why a text is no token that can be used.

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is nothing.
    #[error("it is empty; paste the token that the other side shows, it begins with np1-")]
    Empty,
    /// It is something else.
    #[error("{0}, not a token; paste what the other side shows, it begins with np1-")]
    Foreign(Foreign),
    /// It is of another version.
    #[error(
        "it is a token of version {0}, and this program reads version 1; take the same version of nat-probe on both sides"
    )]
    Version(u32),
    /// It ends early.
    #[error("its end is missing: it was cut off; copy it once more, as a whole")]
    CutOff,
    /// Its checksum is wrong.
    #[error("a character in it was changed, lost or added on the way; copy it once more")]
    Changed,
    /// Something is attached to its end.
    #[error("something that is no part of it is attached to its end; copy it once more, alone")]
    Longer,
    /// Two tokens.
    #[error("it is two tokens, one after the other; paste one")]
    Twice,
    /// Its checksum is right and what it says makes no sense.
    #[error("it is whole and says what no token says; was it made by another program?")]
    Malformed,
    /// Its time has passed.
    #[error("it expired {ago_s} s ago; ask the other side for a new one (or the clock of one of the two is wrong)")]
    Expired {
        /// How long ago, in seconds.
        ago_s: u64,
    },
    /// It is one's own.
    #[error("it is this side's own token; paste the one that the other side shows")]
    Own,
}

/// What people paste in place of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// A session description.
    #[error("it is a session description (SDP)")]
    Sdp,
    /// Candidates.
    #[error("it is an ICE candidate")]
    Candidate,
    /// An address of the Web or of a server.
    #[error("it is a URL")]
    Url,
    /// JSON.
    #[error("it is JSON")]
    Json,
    /// The command that the token belongs into.
    #[error("it is a command without its token")]
    Command,
    /// Anything else.
    #[error("it is some other text")]
    Other,
}
