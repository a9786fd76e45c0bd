//! JSON as this program writes it: numbers to the microsecond, and nothing in a string that a terminal would obey.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::sound::LARGEST;
use crate::wire::escape::Guard;

/// One document on many lines, without a newline at its end.
#[must_use]
pub fn document(value: &impl Serialize) -> String {
    write(value, PrettyFormatter::new())
}

/// The same on one line.
#[must_use]
pub fn line(value: &impl Serialize) -> String {
    write(value, CompactFormatter)
}

fn write(value: &impl Serialize, layout: impl Formatter) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Careful { layout, guard: Guard::default() });
    // Serializing fails only for maps whose keys are not strings, of which a report has none; writing to a vector cannot fail.
    let written = value.serialize(&mut serializer);
    if written.is_err() { String::new() } else { String::from_utf8(bytes).unwrap_or_default() }
}

/// Rounds to three decimals: a microsecond is the finest that a user-space clock tells.
#[must_use]
pub fn round_ms(ms: f64) -> f64 {
    // A float of that size cannot represent thousandths: multiplying and dividing would change it each time it is written.
    let rounded = if ms.abs() < 1e12 { (ms * 1000.0).round() / 1000.0 } else { ms.round() };
    // Infinities, which JSON cannot write, and times that `--from` refuses as absurd (a saved report may have any) become zero.
    if rounded.abs() <= LARGEST { rounded } else { 0.0 }
}

/// Lays out as another does, and minds what it writes.
struct Careful<F> {
    layout: F,
    guard: Guard,
}

impl<F: Formatter> Formatter for Careful<F> {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.layout.write_f64(writer, round_ms(value))
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.guard = Guard::default();
        self.layout.begin_string(writer)
    }

    /// Printed on a terminal, a raw C1 control in a server's SOFTWARE would be obeyed there.
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if self.guard.admits(character) {
                writer.write_all(character.encode_utf8(&mut [0; 4]).as_bytes())?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{document, line, round_ms};

    #[test]
    fn rounds_to_microseconds() {
        for (ms, rounded) in
            [(40.123_456_7, "40.123"), (0.000_6, "0.001"), (f64::NAN, "0"), (f64::INFINITY, "0"), (f64::MAX, "0")]
        {
            assert_eq!(round_ms(ms).to_string(), rounded);
        }
        assert_eq!(
            line(&json!({ "a_ms": 1.000_04, "many": [2.5, 3], "large": 1e300 })),
            r#"{"a_ms":1.0,"many":[2.5,3],"large":0.0}"#
        );
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_means_the_same() {
        let marks = "\u{301}".repeat(50);
        let value = json!({ "software": format!("\u{9b}31m\x1b\u{e0001}ü\n\"{marks}"), "list": [{}, []] });
        for text in [document(&value), line(&value)] {
            assert!(text.matches('\u{301}').count() < 10, "{text}");
            assert!(text.contains("\\u009b") && text.contains("\\udb40\\udc01") && text.contains('ü'), "{text}");
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
        assert!(!line(&value).contains('\n') && document(&value).contains("\n  \"list\": ["));
    }
}
