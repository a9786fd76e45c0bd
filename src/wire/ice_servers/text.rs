//! From bytes to a tree: how the text is encoded, what stands around the document, and whether it is JSON or only JavaScript.

use std::borrow::Cow;

use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, parse_to_ast};

use super::mistake::remark;
use super::tree::{Item, Lines, Node};
use crate::wire::text::{Encoding, decode};
use crate::wire::{Remark, RemarkCode};

/// How many bytes a document may have: configurations have some hundred.
pub const LARGEST: u64 = 256 << 10;

/// A member of configurations that only `chrome://webrtc-internals` writes.
pub(super) const INTERNALS: &str = "alwaysNegotiateDataChannels";

/// A document as a tree.
pub(super) struct Document {
    /// The tree.
    pub(super) root: Node,
    /// What is odd about its writing.
    pub(super) remarks: Vec<Remark>,
}

/// Takes the document apart.
///
/// # Errors
/// In words with the line, without a piece of the text.
pub(super) fn read(bytes: &[u8]) -> Result<Document, String> {
    let (whole, encoding) = decode(bytes)?;
    let mut remarks = Vec::new();
    let unmarked = whole.trim_start_matches('\u{feff}');
    match encoding {
        Encoding::Utf16 => {
            let text = "it is UTF-16, as PowerShell writes it with >, and JSON is UTF-8";
            remarks.push(remark(RemarkCode::Utf16, text, "save it as UTF-8"));
        }
        Encoding::Utf8Marked => {
            let text = "it begins with a byte order mark, which JSON.parse and most servers refuse";
            remarks.push(remark(RemarkCode::ByteOrderMark, text, "save it as UTF-8 without BOM"));
        }
        Encoding::Utf8 => {}
    }
    if unmarked.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(name) = foreign(unmarked) {
        return Err(format!("it is {name}, and JSON is read here"));
    }
    let strict = match parse(unmarked, 1, &strict()) {
        Ok(root) => return Ok(Document { root, remarks }),
        Err(error) => error,
    };
    let (line, why) = (strict.line_display(), words(strict.kind()));
    let mut odd = |why: &str| {
        let text = format!("it is not JSON: line {line}: {why}; it is read as JavaScript");
        remarks.push(remark(RemarkCode::NotJson, text, "whatever reads it as JSON refuses it"));
    };
    let first = match parse(unmarked, 1, &ParseOptions::default()) {
        Ok(root) => {
            odd(&why);
            return Ok(Document { root, remarks });
        }
        Err(error) => error,
    };
    // A fragment of a program, or a fence of Markdown, around it.
    if let Some(root) = pseudo(unmarked) {
        return Ok(Document { root, remarks });
    }
    let inner = inner(unmarked).filter(|(_, inner)| inner.len() < unmarked.trim().len());
    let Some((before, inner)) = inner else { return Err(refusal(&first, 0)) };
    let lines_before = before.bytes().filter(|byte| *byte == b'\n').count();
    match parse(inner, u32::try_from(lines_before + 1).unwrap_or(u32::MAX), &ParseOptions::default()) {
        Ok(root) => {
            odd("other text stands around it");
            Ok(Document { root, remarks })
        }
        Err(error) => Err(refusal(&error, lines_before)),
    }
}

/// What `chrome://webrtc-internals` showed of a configuration until some years ago: like JavaScript, and without quotes.
fn pseudo(text: &str) -> Option<Node> {
    let (before, rest) = text.split_once("iceServers: [")?;
    let end = ["], ", "],\n", "] }", "]}"].iter().filter_map(|mark| rest.find(mark)).min()?;
    let list = &rest[..end];
    if list.contains(['{', '"', '\'']) {
        return None;
    }
    let line = u32::try_from(before.split('\n').count()).unwrap_or(u32::MAX);
    let node = |item| Node { line, item };
    let server = |uri: &str| node(Item::Object(vec![("urls".to_owned(), node(Item::Text(uri.trim().to_owned())))]));
    let servers = list.split(',').filter(|uri| !uri.trim().is_empty()).map(server).collect();
    let mut members =
        vec![("iceServers".to_owned(), node(Item::List(servers))), (INTERNALS.to_owned(), node(Item::Null))];
    if rest.contains("iceTransportPolicy: relay") {
        members.push(("iceTransportPolicy".to_owned(), node(Item::Text("relay".to_owned()))));
    }
    Some(node(Item::Object(members)))
}

/// A document within a text of another, which begins on that line; none where it is none.
pub(super) fn within(text: &str, line: u32) -> Option<Node> {
    let starts = text.trim_start().starts_with(['{', '[']);
    starts.then(|| parse(text, line, &ParseOptions::default()).ok()).flatten()
}

fn parse(text: &str, first_line: u32, options: &ParseOptions) -> Result<Node, ParseError> {
    let result = parse_to_ast(text, &CollectOptions::default(), options)?;
    let nothing = Node { line: first_line, item: Item::Null };
    Ok(result.value.map_or(nothing, |value| Lines::new(text, first_line).tree(value)))
}

/// JSON as RFC 8259 has it.
fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// What stands before the first bracket, and from there to the last.
fn inner(text: &str) -> Option<(&str, &str)> {
    let start = text.find(['{', '['])?;
    let end = text.rfind(['}', ']'])?;
    Some((&text[..start], text.get(start..=end)?))
}

/// What it is where it is plainly something else.
fn foreign(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let first = |words: &[&str]| words.iter().any(|word| start.starts_with(word));
    if first(&["<?xml", "<services", "<iq", "<html", "<!DOCTYPE", "<!doctype", "<bean"]) {
        return Some("XML or HTML");
    }
    let plain = !start.contains(['{', '[']);
    if plain && first(&["turn:", "turns:", "stun:", "stuns:"]) && start.trim().lines().count() == 1 {
        return Some("a URI (which goes on the command line, without --ice-servers)");
    }
    if start.lines().any(|line| line.trim_start().starts_with("turn_uris:")) {
        return Some("YAML, as Synapse has it (the answer of its /voip/turnServer is JSON)");
    }
    (plain && is_of_coturn(start)).then_some("a configuration of coturn")
}

/// Whether it is the configuration of a TURN server and not of who uses it.
pub(super) fn is_of_coturn(text: &str) -> bool {
    let keys = ["listening-port=", "realm=", "static-auth-secret=", "min-port=", "external-ip="];
    text.lines().any(|line| keys.iter().any(|key| line.starts_with(key)))
}

fn refusal(error: &ParseError, lines_before: usize) -> String {
    let line = error.line_display() + lines_before;
    let hint = match error.kind() {
        ParseErrorKind::UnexpectedWord | ParseErrorKind::UnexpectedToken => {
            " (the value of a variable or an expression is not in the file: put it in its place)"
        }
        ParseErrorKind::UnterminatedArray | ParseErrorKind::UnterminatedObject => " (the end of the file is missing)",
        _ => "",
    };
    format!("it is not JSON: line {line}, column {}: {}{hint}", error.column_display(), words(error.kind()))
}

/// The parser's words, without what it shows of the text.
fn words(kind: &ParseErrorKind) -> Cow<'static, str> {
    match kind {
        ParseErrorKind::CommentsNotAllowed => "it has a comment".into(),
        ParseErrorKind::TrailingCommasNotAllowed => "a comma stands before a closing bracket".into(),
        ParseErrorKind::SingleQuotedStringsNotAllowed => {
            "a text stands in single quotes, and double ones are right".into()
        }
        ParseErrorKind::ExpectedStringObjectProperty | ParseErrorKind::UnexpectedTokenInObject => {
            "the name of a member is not in double quotes".into()
        }
        ParseErrorKind::ExpectedComma => "a comma is missing".into(),
        ParseErrorKind::UnexpectedWord => "a word stands there without quotes".into(),
        ParseErrorKind::MultipleRootJsonValues => "more follows behind its end".into(),
        ParseErrorKind::UnterminatedArray | ParseErrorKind::UnterminatedObject => "a bracket is not closed".into(),
        ParseErrorKind::NestingDepthExceeded => "it is nested too deep".into(),
        ParseErrorKind::UnexpectedToken => "what stands there is no value".into(),
        ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => "a text has no closing quote".into(),
        ParseErrorKind::String(_) => "a text is not written as JSON wants it".into(),
        other => {
            let text = other.to_string();
            let mut characters = text.chars();
            let first = characters.next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(characters).collect::<String>().into()
        }
    }
}
