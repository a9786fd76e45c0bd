//! Why a text is no side.

use thiserror::Error;

use crate::predict::read::description::DescriptionError;

/// Why a text is no side.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SideError {
    /// Nothing is in it.
    #[error("it is empty")]
    Empty,
    /// A description that is not understood.
    #[error("the description is not understood: {0}")]
    Description(DescriptionError),
    /// A report of this program that says nothing of NATs.
    #[error("it is a report of {0}, which says nothing of the NAT in front of the host")]
    OtherCommand(String),
    /// A report of this program without its verdicts.
    #[error("it is a report of this program without verdicts of any address family")]
    NoFamilies,
    /// JSON that ends too early, or is broken.
    #[error("it begins like JSON and is damaged: {0}")]
    Damaged(String),
    /// A session description before its candidates.
    #[error(
        "it is a session description without candidates: they were not gathered yet, or are sent one by one (trickle)"
    )]
    NoCandidates,
    /// A dump without candidates of the end that wrote it.
    #[error("it is {0}, and no candidate of the end that wrote it could be read")]
    NoCandidatesIn(&'static str),
    /// Neither a text nor anything that holds one.
    #[error("{0}")]
    NoText(String),
    /// Anything else.
    #[error(
        "it is neither a report or a token of this program, nor SDP or candidates, nor a browser's dump, nor what tailscale netcheck \
         prints"
    )]
    Unknown,
}
