//! Session descriptions (RFC 8866) as far as ICE and DTLS speak in them (RFC 8839, RFC 8842, RFC 8840): what each says, and on which
//! line. Tolerant: what cannot be understood is named and the rest is read.

mod read;
mod wrapper;

pub use read::read_description;
pub use wrapper::read_descriptions;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;
use super::candidate::{Candidate, CandidateAddress, CandidateError};

/// Something with the line on which it stands, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The line.
    pub line: u32,
    /// What stands there.
    pub value: T,
}

/// A session description, or a fragment of one (RFC 8840 section 9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// What it is in the exchange of offer and answer, where what wraps it says so.
    pub kind: Option<DescriptionKind>,
    /// Whether it begins with `v=0`; a fragment does not.
    pub whole: bool,
    /// `o=`, which names the program that wrote it.
    pub origin: Option<Placed<String>>,
    /// What stands before the first m-line, and holds for all that do not say otherwise.
    pub session: IceAttributes,
    /// The sections that share one transport (RFC 9143), by their `mid`.
    pub bundle: Vec<String>,
    /// The sections.
    pub media: Vec<Media>,
    /// What could not be understood.
    pub errors: Vec<Placed<SdpError>>,
}

/// What a description is for (RFC 9429 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// What one side wants.
    Offer,
    /// What the other agrees to, for now.
    Pranswer,
    /// What the other agrees to.
    Answer,
    /// Nothing any more.
    Rollback,
}

/// The attributes of ICE and DTLS, of the session or of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceAttributes {
    /// The user name fragment.
    pub ufrag: Option<Placed<String>>,
    /// The password.
    pub pwd: Option<Placed<Secret>>,
    /// `ice-options`: `trickle`, `renomination`, `ice2`.
    pub options: Vec<String>,
    /// The line of `ice-lite`: it only answers checks.
    pub lite: Option<u32>,
    /// The line of `ice-mismatch`: something on the way changed the addresses (RFC 8839 section 4.2.4).
    pub mismatch: Option<u32>,
    /// Who begins DTLS.
    pub setup: Option<Placed<Setup>>,
    /// Fingerprints of the certificates, as `hash value`.
    pub fingerprints: Vec<Placed<String>>,
    /// `c=`: where media goes without ICE.
    pub connection: Option<Placed<CandidateAddress>>,
    /// The candidates.
    pub candidates: Vec<Placed<Candidate>>,
    /// The line that says that there are no more.
    pub end_of_candidates: Option<u32>,
}

/// Who begins DTLS (RFC 8842 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Either; an offer says so.
    Actpass,
    /// This side.
    Active,
    /// The other side.
    Passive,
    /// Nobody, for now.
    Holdconn,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// The line of its `m=`.
    pub line: u32,
    /// `audio`, `video`, `application`.
    pub kind: String,
    /// Its port: 0 refuses the section, 9 says that candidates come later.
    pub port: u16,
    /// `UDP/TLS/RTP/SAVPF`.
    pub protocol: String,
    /// Its name.
    pub mid: Option<Placed<String>>,
    /// The line of `rtcp-mux`: no second component.
    pub rtcp_mux: Option<u32>,
    /// Its attributes.
    pub ice: IceAttributes,
}

/// Why a line could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// A candidate that is none.
    #[error("{0}")]
    Candidate(CandidateError),
    /// An m-line without kind, port and protocol.
    #[error("its m-line has no kind, port and protocol")]
    Media,
    /// An attribute whose value is none.
    #[error("the value of its {0} cannot be understood")]
    Value(&'static str),
}

impl Description {
    /// The attribute of a section, or of the session where the section has none of its own (RFC 8839 section 5.4).
    #[must_use]
    pub fn of<'a, T>(&'a self, media: &'a Media, attribute: fn(&'a IceAttributes) -> Option<&'a T>) -> Option<&'a T> {
        attribute(&media.ice).or_else(|| attribute(&self.session))
    }

    /// The attributes of the session, then those of every section.
    pub fn parts(&self) -> impl Iterator<Item = &IceAttributes> {
        std::iter::once(&self.session).chain(self.media.iter().map(|media| &media.ice))
    }

    /// Every candidate, with its line.
    pub fn candidates(&self) -> impl Iterator<Item = &Placed<Candidate>> {
        self.parts().flat_map(|part| &part.candidates)
    }
}

impl DescriptionKind {
    /// The kind that a word names.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "offer" => Some(Self::Offer),
            "answer" => Some(Self::Answer),
            "pranswer" => Some(Self::Pranswer),
            "rollback" => Some(Self::Rollback),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
