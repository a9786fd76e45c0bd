//! User name fragments and passwords: of 64 characters (RFC 8839 section 5.4), so that each takes six bits.

use super::bytes::{Reader, push_number};

const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The longest that there may be.
const LONGEST: usize = 256;

/// Appends twice the length, and one more where a text has other characters and takes eight bits for each; then the text.
pub(super) fn push(bytes: &mut Vec<u8>, text: &str) {
    let place =
        |byte: u8| CHARACTERS.iter().position(|known| *known == byte).and_then(|place| u32::try_from(place).ok());
    let places: Option<Vec<u32>> = text.bytes().map(place).collect();
    push_number(bytes, 2 * text.len() + usize::from(places.is_none()));
    let Some(places) = places else {
        bytes.extend(text.bytes());
        return;
    };
    // Four characters are three bytes.
    for four in places.chunks(4) {
        let bits = (0..4).fold(0, |bits, index| bits << 6 | four.get(index).copied().unwrap_or_default());
        bytes.extend(&bits.to_be_bytes()[1..][..packed(four.len())]);
    }
}

/// Takes such a text off the front.
pub(super) fn take(reader: &mut Reader) -> Option<String> {
    let head = reader.number()?;
    let length = Some(head / 2).filter(|length| *length <= LONGEST)?;
    if head % 2 == 1 {
        let text = std::str::from_utf8(reader.take(length)?).ok()?;
        return text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| text.to_owned());
    }
    let mut text = String::with_capacity(length);
    for group in reader.take(packed(length))?.chunks(3) {
        let bits =
            (0..3).fold(0u32, |bits, index| bits << 8 | u32::from(group.get(index).copied().unwrap_or_default()));
        for shift in [18, 12, 6, 0] {
            let place = usize::try_from(bits >> shift & 0x3f).ok()?;
            text.push(char::from(CHARACTERS[place]));
        }
    }
    text.truncate(length);
    Some(text)
}

/// The bytes that so many characters of six bits take.
fn packed(characters: usize) -> usize {
    (characters * 6).div_ceil(8)
}
