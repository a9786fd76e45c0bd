//! Around the bytes of a token: prefix, length, checksum, base64url, and what a paste does to them.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD, URL_SAFE_NO_PAD};

use super::bytes::{Reader, push_number};
use super::error::{Foreign, TokenError};

/// What every token of this version begins with.
const PREFIX: &str = "np1-";
/// The bytes of the checksum.
const CHECKSUM: usize = 4;
/// Longer than any token: what is longer is not looked at.
const LONGEST: usize = 64 * 1024;

/// A token that was cut off ends within a byte; whether a whole one does is checked after.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::with_decode_allow_trailing_bits(NO_PAD, true),
);

/// The text of a token with these bytes.
pub(super) fn seal(body: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(body.len() + 8);
    push_number(&mut bytes, body.len());
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&crc32fast::hash(body).to_be_bytes());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The bytes of the token in this text.
pub(super) fn open(text: &str) -> Result<Vec<u8>, TokenError> {
    let paste = Paste::new(text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end]));
    if paste.text.is_empty() {
        return Err(TokenError::Empty);
    }
    let Some(at) = paste.text.find(PREFIX) else { return Err(without_prefix(&paste.text, text)) };
    let start = at + PREFIX.len();
    let token = &paste.text[start..];
    let token = &token[..token.find(|c| !is_base64url(c)).unwrap_or(token.len())];
    let ends_within = start + token.len() < paste.text.len();
    let incomplete = if ends_within { TokenError::Changed } else { TokenError::CutOff };
    // A single character of four holds no whole byte.
    let whole = if token.len() % 4 == 1 { &token[..token.len() - 1] } else { token };
    let bytes = TOLERANT.decode(whole).map_err(|_| TokenError::Changed)?;
    let mut reader = Reader { rest: &bytes };
    let length = reader.number().ok_or(incomplete)?;
    let rest = reader.rest;
    let Some(body) = rest.get(..length).filter(|_| rest.len() >= length.saturating_add(CHECKSUM)) else {
        let (body, checksum) = rest.split_at(rest.len().saturating_sub(CHECKSUM));
        return Err(if is_checksum(body, checksum) { TokenError::Changed } else { incomplete });
    };
    if !is_checksum(body, &rest[length..length + CHECKSUM]) {
        return Err(TokenError::Changed);
    }
    let used = bytes.len() - rest.len() + length + CHECKSUM;
    let expected = URL_SAFE_NO_PAD.encode(&bytes[..used]);
    match token.strip_prefix(&expected) {
        None => Err(TokenError::Changed),
        Some(_) if paste.text[start + expected.len()..].contains(PREFIX) => Err(TokenError::Twice),
        Some("") => Ok(body.to_vec()),
        // A word after a space is no part of the token; one without may be.
        Some(_) if paste.gaps.contains(&(start + expected.len())) => Ok(body.to_vec()),
        Some(_) => Err(TokenError::Longer),
    }
}

/// A text without what mails and chats put into it.
struct Paste {
    text: String,
    /// Before which bytes something was taken out.
    gaps: Vec<usize>,
}

impl Paste {
    fn new(text: &str) -> Self {
        let (mut kept, mut gaps) = (String::with_capacity(text.len()), Vec::new());
        for c in text.chars() {
            if is_noise(c) {
                gaps.push(kept.len());
            } else {
                kept.push(c);
            }
        }
        Self { text: kept, gaps }
    }
}

/// White space, quotation marks, markup, and what nobody sees.
fn is_noise(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '>' | '|' | '"' | '\'' | '`' | '*' | '<' | '\\' | '\u{ad}' | '\u{feff}')
        || matches!(c, '\u{2018}'..='\u{201f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}')
}

fn is_base64url(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_checksum(body: &[u8], checksum: &[u8]) -> bool {
    checksum == crc32fast::hash(body).to_be_bytes()
}

/// What a text is that has no `np1-`, without its noise and as it was.
fn without_prefix(bare: &str, text: &str) -> TokenError {
    if PREFIX.starts_with(bare) {
        return TokenError::CutOff;
    }
    // The keyboards of telephones begin with a capital.
    if bare.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
        return TokenError::Changed;
    }
    if let Some((digits, _)) = bare.strip_prefix("np").and_then(|rest| rest.split_once('-')) {
        let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(version) = digits.parse().ok().filter(|_| all) {
            return TokenError::Version(version);
        }
    }
    let trimmed = text.trim();
    TokenError::Foreign(if trimmed.contains("v=0") || trimmed.contains("a=ice-") || trimmed.contains("m=") {
        Foreign::Sdp
    } else if trimmed.contains("candidate:") {
        Foreign::Candidate
    } else if trimmed.contains("://") || ["stun:", "turn:", "turns:", "stuns:"].iter().any(|s| trimmed.starts_with(s)) {
        Foreign::Url
    } else if trimmed.starts_with(['{', '[']) {
        Foreign::Json
    } else if trimmed.contains("nat-probe") {
        Foreign::Command
    } else {
        Foreign::Other
    })
}
