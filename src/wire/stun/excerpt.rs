//! The first bytes of a message for a report, without what would help to guess a password or to take over an allocation.

use super::attribute::RawAttribute;
use super::header::HEADER;
use super::hex;
use crate::wire::Message;

/// How many bytes are shown.
const SHOWN: usize = 64;

/// The first 64 bytes in hexadecimal, with `..` in place of values that are not for output.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    let mut words = Vec::new();
    let shown = &bytes[..bytes.len().min(SHOWN)];
    if let Ok(message) = Message::read(bytes) {
        words.extend(hex::words(shown, 0..HEADER));
        let mut end = HEADER;
        for attribute in message.attributes().iter().take_while(|attribute| attribute.offset < shown.len()) {
            let value = attribute.offset + 4;
            // With its padding, which need not be zero.
            end = value + attribute.value.len().next_multiple_of(4);
            if !is_hidden(&message, attribute) {
                words.extend(hex::words(shown, attribute.offset..end));
                continue;
            }
            // Out of step the header is no header either.
            if attribute.is_secret() {
                words.extend(hex::words(shown, attribute.offset..value));
            }
            if value < shown.len() && !attribute.value.is_empty() {
                words.push("..".into());
            }
        }
        // What belongs to no attribute could be a part of one that was not understood.
        if end < shown.len() {
            words.push("..".into());
        }
    } else {
        words.extend(hex::words(shown, 0..shown.len()));
    }
    if bytes.len() > shown.len() {
        words.push(format!("... ({} bytes)", bytes.len()));
    }
    words.join(" ")
}

/// Whether the value is in no output. With a message, its nonce and its signature passwords can be tried out; a token or a ticket is as
/// good as the allocation. Where the attributes are out of step, what looks like another may be made of any of these.
fn is_hidden(message: &Message, attribute: &RawAttribute) -> bool {
    attribute.is_secret() || attribute.is_truncated() || (attribute.is_unknown() && is_out_of_step(message))
}

fn is_out_of_step(message: &Message) -> bool {
    message.is_cut() || message.attributes().iter().any(RawAttribute::is_truncated)
}
