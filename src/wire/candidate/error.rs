//! What is wrong with a candidate as it was written.

use crate::wire::escape::escape;

/// How much of what was written an error repeats.
const SHOWN: usize = 120;

/// Why a text is no candidate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not an ICE candidate: {problem}", escape(text))]
pub struct CandidateError {
    /// The text, shortened.
    text: String,
    /// The character of the text at which it goes wrong, from 1.
    column: usize,
    problem: CandidateProblem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CandidateProblem {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// Nothing of a candidate is in it.
    #[error("it has no \"candidate:\" and no \"typ\"; write candidate:FOUNDATION 1 udp PRIORITY ADDRESS PORT typ host")]
    Foreign,
    /// The line ends early.
    #[error("it ends before its {0}: was it cut off?")]
    CutOff(&'static str),
    /// Neither 1 nor 2 nor up to 256.
    #[error("its component, \"{}\", is not a number from 1 to 256", escape(.0))]
    Component(String),
    /// Neither UDP nor TCP.
    #[error("its transport, \"{}\", is neither udp nor tcp", escape(.0))]
    Transport(String),
    /// No number of 32 bits.
    #[error("its priority, \"{}\", is not a number below 4294967296", escape(.0))]
    Priority(String),
    /// Neither an address nor a name.
    #[error("its address, \"{}\", is neither an IP address nor a name", escape(.0))]
    Address(String),
    /// No port.
    #[error("its port, \"{}\", is not a number from 0 to 65535", escape(.0))]
    Port(String),
    /// Something else stands where `typ` has to.
    #[error("\"{}\" stands where \"typ\" has to", escape(.0))]
    NoTyp(String),
    /// A type that nobody knows.
    #[error("its type, \"{}\", is neither host, srflx, prflx nor relay", escape(.0))]
    Kind(String),
    /// The related address is none.
    #[error("its related address, \"{}\", is neither an IP address nor a name", escape(.0))]
    RelatedAddress(String),
    /// The related port is none.
    #[error("its related port, \"{}\", is not a number from 0 to 65535", escape(.0))]
    RelatedPort(String),
    /// A tcptype that nobody knows.
    #[error("its tcptype, \"{}\", is neither active, passive nor so", escape(.0))]
    TcpType(String),
}

impl CandidateError {
    pub(super) fn new(text: &str, column: usize, problem: CandidateProblem) -> Self {
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push_str("...");
        }
        Self { text: shown, column, problem }
    }

    /// The character at which it goes wrong, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &CandidateProblem {
        &self.problem
    }
}
