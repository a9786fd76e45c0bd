//! What a server says that refuses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::{error_name, escape};

/// The ERROR-CODE of an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReply {
    /// 300 to 699; 0 where the response carried no readable ERROR-CODE.
    pub code: u16,
    /// The server's reason phrase, unescaped.
    pub reason: String,
}

impl fmt::Display for ErrorReply {
    /// Number and words, escaped: the server's, or the registered ones where it sends none; not every server gives a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason.trim();
        match (self.code, reason, error_name(self.code)) {
            (0, "", _) => f.write_str("without a code"),
            (0, words, _) => write!(f, "without a code, {}", escape(words)),
            (code, "", Some(name)) => write!(f, "{code} {name}"),
            (code, "", None) => write!(f, "{code}"),
            (code, words, _) => write!(f, "{code} {}", escape(words)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_words_though_the_server_sends_none() {
        for (code, reason, words) in [
            (486, "", "486 Allocation Quota Reached"),
            (442, "no UDP\u{1b} here", "442 no UDP\\x1b here"),
            (499, "", "499"),
            (0, "", "without a code"),
            (0, "Refused", "without a code, Refused"),
        ] {
            assert_eq!(ErrorReply { code, reason: reason.to_owned() }.to_string(), words);
        }
    }
}
