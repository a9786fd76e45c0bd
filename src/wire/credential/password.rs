//! What a time-limited password looks like, and how it was made, where it is not as servers make it: the base64 text, 28 characters, of
//! the HMAC-SHA1 of the whole user name under the secret as it stands (draft-uberti-rtcweb-turn-rest-00 section 2.2).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::Secret;
use crate::wire::hmac::{hmac_md5, hmac_sha1, hmac_sha256, hmac_sha512};

/// The hash of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Digest {
    /// What servers make.
    Sha1,
    /// 32 bytes.
    Sha256,
    /// 64 bytes.
    Sha512,
    /// 16 bytes.
    Md5,
}

/// How bytes were written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// base64 with its padding: what servers make.
    Base64,
    /// Without the `=` at the end.
    Unpadded,
    /// With `-` and `_` (RFC 4648 section 5).
    UrlSafe,
    /// Two digits a byte.
    Hexadecimal,
    /// base64 of the hexadecimal text.
    Base64OfHexadecimal,
}

/// What a password looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Form {
    /// By its length.
    pub digest: Digest,
    /// By its characters.
    pub encoding: Encoding,
}

/// What a password looks like beside the one that it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// An HMAC written like this.
    Hmac(Form),
    /// The text of no HMAC.
    Other,
}

impl Look {
    /// What this one looks like.
    #[must_use]
    pub fn of(password: &Secret) -> Self {
        Form::of(password).map_or(Self::Other, Self::Hmac)
    }
}

/// How a password was made of a secret that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Making {
    /// In this form, of the right secret and name.
    Form(Form),
    /// It is the secret itself.
    SecretItself,
    /// With a newline at the end of the secret.
    SecretWithNewline,
    /// With the bytes that the secret is base64 or hexadecimal text of.
    SecretDecoded,
    /// Of a part of the user name only, in front of the colon or behind it.
    PartOfTheName,
}

impl Form {
    /// As servers make it.
    pub const RIGHT: Self = Self { digest: Digest::Sha1, encoding: Encoding::Base64 };

    const ALL: [(Digest, usize); 4] =
        [(Digest::Sha1, 20), (Digest::Sha256, 32), (Digest::Sha512, 64), (Digest::Md5, 16)];

    /// What the password looks like; `None` where it is the text of no HMAC.
    #[must_use]
    pub fn of(password: &Secret) -> Option<Self> {
        let text = password.expose();
        let digest =
            |bytes: &[u8]| Self::ALL.iter().find(|(_, length)| *length == bytes.len()).map(|&(digest, _)| digest);
        let form = |encoding, bytes: Option<Vec<u8>>| Some(Self { digest: digest(&bytes?)?, encoding });
        // Digits and the letters to f are base64 too: whoever has so many of them meant hexadecimal.
        form(Encoding::Hexadecimal, from_hexadecimal(text.as_bytes()))
            .or_else(|| {
                let inner = STANDARD.decode(text).ok()?;
                form(Encoding::Base64OfHexadecimal, from_hexadecimal(&inner))
            })
            .or_else(|| form(Encoding::Base64, STANDARD.decode(text).ok()))
            .or_else(|| form(Encoding::Unpadded, STANDARD_NO_PAD.decode(text).ok()))
            .or_else(|| form(Encoding::UrlSafe, URL_SAFE.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()))
    }

    fn digest(self, secret: &[u8], name: &[u8]) -> Vec<u8> {
        match self.digest {
            Digest::Sha1 => hmac_sha1(secret, name),
            Digest::Sha256 => hmac_sha256(secret, name),
            Digest::Sha512 => hmac_sha512(secret, name),
            Digest::Md5 => hmac_md5(secret, name),
        }
    }

    /// Whether the password is that HMAC in that form.
    fn is(self, password: &str, secret: &[u8], name: &[u8]) -> bool {
        let bytes = self.digest(secret, name);
        match self.encoding {
            Encoding::Base64 => password == STANDARD.encode(bytes),
            Encoding::Unpadded => password == STANDARD_NO_PAD.encode(bytes),
            Encoding::UrlSafe => password.trim_end_matches('=') == URL_SAFE_NO_PAD.encode(bytes),
            Encoding::Hexadecimal => from_hexadecimal(password.as_bytes()) == Some(bytes),
            Encoding::Base64OfHexadecimal => {
                STANDARD.decode(password).ok().and_then(|inner| from_hexadecimal(&inner)) == Some(bytes)
            }
        }
    }
}

impl Making {
    /// How this secret makes this password of this name; `None` where it does not in any way known.
    #[must_use]
    pub fn of(secret: &Secret, username: &str, password: &Secret) -> Option<Self> {
        let (secret, password) = (secret.expose(), password.expose());
        if password == secret {
            return Some(Self::SecretItself);
        }
        let form = Form::of(&Secret::new(password))?;
        let is = |secret: &[u8], name: &str| form.is(password, secret, name.as_bytes());
        if is(secret.as_bytes(), username) {
            return Some(Self::Form(form));
        }
        if is(format!("{secret}\n").as_bytes(), username) {
            return Some(Self::SecretWithNewline);
        }
        let decoded = [STANDARD.decode(secret).ok(), from_hexadecimal(secret.as_bytes())];
        if decoded.iter().flatten().any(|secret| is(secret, username)) {
            return Some(Self::SecretDecoded);
        }
        let (first, rest) = username.split_once(':')?;
        (is(secret.as_bytes(), first) || is(secret.as_bytes(), rest)).then_some(Self::PartOfTheName)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = match self.digest {
            Digest::Sha1 => "HMAC-SHA1",
            Digest::Sha256 => "HMAC-SHA256",
            Digest::Sha512 => "HMAC-SHA512",
            Digest::Md5 => "HMAC-MD5",
        };
        match self.encoding {
            Encoding::Base64 => write!(f, "an {digest} in base64"),
            Encoding::Unpadded => write!(f, "an {digest} in base64 without the = at its end"),
            Encoding::UrlSafe => write!(f, "an {digest} in the base64 of URLs, with - and _"),
            Encoding::Hexadecimal => write!(f, "an {digest} in hexadecimal"),
            Encoding::Base64OfHexadecimal => write!(f, "the base64 of an {digest} in hexadecimal"),
        }
    }
}

/// The bytes that two hexadecimal digits each stand for.
fn from_hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return None;
    }
    pairs.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "1700000000:alice";

    fn written(digest: Digest, encoding: Encoding, secret: &[u8], name: &str) -> Secret {
        let bytes = Form { digest, encoding }.digest(secret, name.as_bytes());
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hexadecimal: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        Secret::new(match encoding {
            Encoding::Base64 => STANDARD.encode(bytes),
            Encoding::Unpadded => STANDARD_NO_PAD.encode(bytes),
            Encoding::UrlSafe => URL_SAFE.encode(bytes),
            Encoding::Hexadecimal => hexadecimal,
            Encoding::Base64OfHexadecimal => STANDARD.encode(hexadecimal),
        })
    }

    #[test]
    fn every_form_of_an_hmac_is_known_by_its_looks_and_with_the_secret() {
        let secret = Secret::new("north");
        for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha512, Digest::Md5] {
            for encoding in [Encoding::Base64, Encoding::Unpadded, Encoding::Hexadecimal, Encoding::Base64OfHexadecimal]
            {
                let password = written(digest, encoding, b"north", NAME);
                let form = Form { digest, encoding };
                // The bytes of an HMAC-SHA512 fill base64 without a rest only where three divides their number.
                assert_eq!(Form::of(&password), Some(form));
                assert_eq!(Making::of(&secret, NAME, &password), Some(Making::Form(form)));
                assert_eq!(Making::of(&Secret::new("south"), NAME, &password), None);
            }
        }
        let upper = Secret::new(written(Digest::Sha1, Encoding::Hexadecimal, b"north", NAME).expose().to_uppercase());
        let hexadecimal = Form { digest: Digest::Sha1, encoding: Encoding::Hexadecimal };
        assert_eq!(Making::of(&secret, NAME, &upper), Some(Making::Form(hexadecimal)));
        for password in ["north", "", "correct horse battery staple", "Cd/49soE35ICqcJF/bCTn8Z4OyE=\n", "deadbeef"] {
            assert_eq!(Form::of(&Secret::new(password)), None, "{password:?}");
        }
    }

    #[test]
    fn other_ways_to_make_a_password_of_a_secret_are_known() {
        let secret = Secret::new("bm9ydGg=");
        let made =
            |key: &[u8], name: &str| Making::of(&secret, NAME, &written(Digest::Sha1, Encoding::Base64, key, name));
        assert_eq!(made(b"bm9ydGg=", NAME), Some(Making::Form(Form::RIGHT)));
        assert_eq!(made(b"bm9ydGg=\n", NAME), Some(Making::SecretWithNewline));
        assert_eq!(made(b"north", NAME), Some(Making::SecretDecoded));
        assert_eq!(made(b"bm9ydGg=", "alice"), Some(Making::PartOfTheName));
        assert_eq!(made(b"bm9ydGg=", "1700000000"), Some(Making::PartOfTheName));
        assert_eq!(made(b"south", NAME), None);
        assert_eq!(Making::of(&secret, NAME, &secret), Some(Making::SecretItself));
    }
}
