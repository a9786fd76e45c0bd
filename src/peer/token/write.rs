//! A token as text.

use super::{ANSWERS, IDLE, RELAY_ONLY, Token, candidate, characters, frame};

impl Token {
    /// The text to send.
    #[must_use]
    pub fn encode(&self) -> String {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let mut bytes = vec![
            flag(self.relay_only, RELAY_ONLY) | flag(self.answers.is_some(), ANSWERS) | flag(self.idle_s > 0, IDLE),
        ];
        bytes.extend(u32::try_from(self.expires_unix_s).unwrap_or(u32::MAX).to_be_bytes());
        characters::push(&mut bytes, &self.ufrag);
        characters::push(&mut bytes, self.password.expose());
        if let Some(answers) = &self.answers {
            characters::push(&mut bytes, answers);
        }
        if self.idle_s > 0 {
            bytes.extend(self.idle_s.to_be_bytes());
        }
        candidate::push_all(&mut bytes, &self.candidates);
        frame::seal(&bytes)
    }
}
