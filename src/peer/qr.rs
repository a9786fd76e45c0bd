//! A text as a QR code for a terminal.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Draws the text with half blocks, or with `#` where only ASCII can be shown. The light squares are drawn, since most terminals are
/// dark and not every camera reads a code whose colors are exchanged. None where the text is longer than a code can hold.
#[must_use]
pub fn qr(text: &str, ascii: bool) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    if ascii {
        let mut renderer = code.render::<char>();
        return Some(renderer.dark_color(' ').light_color('#').module_dimensions(2, 1).build());
    }
    let mut renderer = code.render::<Dense1x2>();
    Some(renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_and_framed() {
        let text = "np1-AAAA".repeat(15);
        let blocks = qr(&text, false).unwrap();
        let ascii = qr(&text, true).unwrap();
        let (wide, high) = (blocks.lines().next().unwrap().chars().count(), blocks.lines().count());
        assert_eq!(high, wide.div_ceil(2));
        assert!(wide + 2 <= 80, "a usual token fits a usual terminal: {wide}");
        assert!(blocks.chars().all(|c| "█▀▄ \n".contains(c)), "{blocks}");
        assert_eq!(ascii.lines().count(), wide);
        assert!(ascii.lines().all(|line| line.len() == 2 * wide));
        // The frame of four light squares, without which no camera finds the code.
        assert!(ascii.lines().take(4).all(|line| line.chars().all(|c| c == '#')), "{ascii}");
    }

    #[test]
    fn what_is_too_long_is_no_code() {
        assert_eq!(qr(&"x".repeat(3000), false), None);
    }
}
