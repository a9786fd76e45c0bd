//! A token from what was pasted.

use super::bytes::Reader;
use super::{ANSWERS, IDLE, RELAY_ONLY, Token, TokenError, candidate, characters, frame};
use crate::wire::Secret;

/// The shortest fragment and password (RFC 8839 section 5.4).
const SHORTEST_UFRAG: usize = 4;
const SHORTEST_PASSWORD: usize = 22;

impl Token {
    /// Reads the token in what somebody pasted; `own` is the fragment of this side.
    ///
    /// # Errors
    /// When it is no token that can be used now, with what happened to it.
    pub fn decode(text: &str, now_unix_s: u64, own: Option<&str>) -> Result<Self, TokenError> {
        let body = frame::open(text)?;
        let token = read(&mut Reader { rest: &body }).ok_or(TokenError::Malformed)?;
        if own == Some(token.ufrag.as_str()) {
            return Err(TokenError::Own);
        }
        match now_unix_s.checked_sub(token.expires_unix_s) {
            Some(ago_s) => Err(TokenError::Expired { ago_s }),
            None => Ok(token),
        }
    }
}

fn read(reader: &mut Reader) -> Option<Token> {
    let flags = reader.byte().filter(|flags| flags & !(RELAY_ONLY | ANSWERS | IDLE) == 0)?;
    let expires_unix_s = reader.u32()?.into();
    let ufrag = characters::take(reader).filter(|ufrag| ufrag.len() >= SHORTEST_UFRAG)?;
    let password = characters::take(reader).filter(|password| password.len() >= SHORTEST_PASSWORD)?;
    let answers = if flags & ANSWERS == 0 { None } else { Some(characters::take(reader)?) };
    let idle_s = if flags & IDLE == 0 { 0 } else { reader.u16()? };
    Some(Token {
        expires_unix_s,
        ufrag,
        password: Secret::new(password),
        candidates: candidate::take_all(reader)?,
        answers,
        idle_s,
        relay_only: flags & RELAY_ONLY != 0,
    })
}
