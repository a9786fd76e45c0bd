//! Who asks: secrets that no output shows, and what a request says of the credentials it is signed with (RFC 8489 section 9.2).

pub(super) mod password;
pub mod rest;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A password or a shared secret. Whatever prints it prints `***`; only the code that signs looks inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for computing with it; never for output.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A user name with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// USERNAME, as typed.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

/// How the key is derived from user name, realm and password (RFC 8489 section 18.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// MD5, with MESSAGE-INTEGRITY: what every server knows.
    #[default]
    Md5,
    /// SHA-256, with MESSAGE-INTEGRITY-SHA256.
    Sha256,
}

/// How the password becomes bytes: implementations differ for other characters than ASCII.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordForm {
    /// UTF-8 as typed, what browsers do.
    #[default]
    AsTyped,
    /// Compatibility composition (NFKC), nearly `SASLprep`, what RFC 5389 wants.
    Nfkc,
}

/// What a request says of its credentials, and how it is to be signed. The password itself is not here: the engine finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Auth {
    /// Which of the run's credentials.
    #[serde(skip)]
    pub credential: usize,
    /// Its user name.
    pub username: String,
    /// The realm, unescaped, as far as it is text.
    pub realm: String,
    /// How the key is derived.
    #[serde(default)]
    pub algorithm: Algorithm,
    /// How the password is written.
    #[serde(default)]
    pub form: PasswordForm,
    /// USERHASH in place of USERNAME (RFC 8489 section 9.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// What the server challenged with: echoed byte for byte. Not in any output: with a proof made from it a password could be guessed.
    #[serde(skip)]
    pub echo: Echo,
}

/// The parts of a challenge that go back byte for byte, whatever they contain.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// REALM.
    pub realm: Vec<u8>,
    /// NONCE.
    pub nonce: Vec<u8>,
    /// PASSWORD-ALGORITHMS, where offered.
    pub password_algorithms: Option<Vec<u8>>,
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of nonce", self.nonce.len())
    }
}
