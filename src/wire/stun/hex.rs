//! Bytes in hexadecimal.

use std::fmt::Write as _;
use std::ops::Range;

/// Those of the range that there are, four bytes a word, as the RFCs draw them.
pub(super) fn words(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = String> {
    let range = range.start.min(bytes.len())..range.end.min(bytes.len());
    bytes[range].chunks(4).map(|word| {
        let mut text = String::with_capacity(8);
        for byte in word {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    })
}
