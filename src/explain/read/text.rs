//! The text of a file, without what a mail, a chat or an issue tracker puts around it.

use super::browser::about_page;
use super::reading::ReadError;

/// The bytes as text: UTF-8 with or without its mark, UTF-16 as PowerShell writes it.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, ReadError> {
    let wide = |from: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|pair| from([pair[0], pair[1]]));
        Ok(char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    };
    match &bytes[..] {
        [] => Err(ReadError::Empty),
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        // Without a mark: every text that is read begins with a character of ASCII.
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => wide(u16::from_le_bytes, &bytes),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => wide(u16::from_be_bytes, &bytes),
        _ => {
            let text = match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            };
            let text = match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_owned(),
                None => text,
            };
            // A few broken characters are a broken text; many are none.
            let broken = text.chars().filter(|c| *c == '\u{fffd}' || *c == '\0').count();
            if broken * 10 > text.len() { Err(ReadError::Binary) } else { Ok(text) }
        }
    }
}

/// What bytes are that people save in place of what is read: the words after "it is".
pub(super) fn other(bytes: &[u8]) -> Option<&'static str> {
    let begins = |start: &[u8]| bytes.starts_with(start);
    let head =
        String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).trim_start_matches('\u{feff}').to_ascii_lowercase();
    let html = head.trim_start().starts_with("<!doctype html") || head.trim_start().starts_with("<html");
    Some(match () {
        () if begins(b"\x89PNG") || begins(b"\xff\xd8\xff") || begins(b"GIF8") || bytes.get(8..12) == Some(b"WEBP") => {
            "a picture: save the page's text in its place"
        }
        () if begins(b"PK\x03\x04") => "a ZIP archive: unpack it, and name a file of it",
        () if begins(b"%PDF") => "a PDF: save the text in its place",
        () if begins(b"BZh") || begins(b"\xfd7zXZ") || begins(b"\x28\xb5\x2f\xfd") => {
            "compressed, and not with gzip: unpack it first"
        }
        () if begins(b"\x7fELF") || begins(b"MZ") => "a program",
        () if begins(b"TCPDUMP") || begins(b"XCP\0") || begins(b"snoop\0") || begins(b"\0\x05\x01\0") => {
            "a capture of a format that is not read: editcap -F pcap makes one that is"
        }
        () if html && !is_about_page(bytes) => {
            "a page in HTML: save what \"Copy Report\" or the download button gives in its place"
        }
        () => return None,
    })
}

/// Whether a page is that of about:webrtc, as browsers save pages.
fn is_about_page(bytes: &[u8]) -> bool {
    let mark = about_page::MARK.as_bytes();
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// What is written in logs that are not read, with what they are and what to save in their place: the words after "it is".
const LOGS: [(&[&str], &str); 9] = [
    (
        &["/agent_internal.rs", "Setting new connection state:"],
        "a log of webrtc-rs, or of pion without its own beginnings of lines: save what GetStats() gives as JSON, the descriptions of both ends, or a capture",
    ),
    (
        &["janus_ice_", "janus_dtls_", "[janus.plugin", "janus.transport"],
        "a log of Janus: save a dump of the browser's chrome://webrtc-internals or about:webrtc, or a capture of the server",
    ),
    (
        &[
            "iceCandidatePairCheckConnection()",
            "iceAgentLogNewCandidate()",
            "stepIceAgentStateMachine()",
            "turnConnectionHandleStun",
        ],
        "a log of the Kinesis Video Streams SDK: save the descriptions and candidates of both ends, or a capture",
    ),
    (
        &["RTCPeerConnection::dispatchEvent", "PeerConnectionBackend::", "RTCPeerConnection::setSignalingState"],
        "a log of Safari: save what getStats() gives as JSON, and the descriptions of both ends",
    ),
    (
        &["Got  RTP packet from", "Sent RTP packet to", "res_rtp_asterisk", "chan_pjsip", "res_pjsip"],
        "a log of Asterisk: save the descriptions alone (pjsip set logger on), and a capture of the server",
    ),
    (
        &["KurentoWebRtcEndpointImpl", "kmswebrtc", "KmsWebRtc", "kmsicenice"],
        "a log of Kurento: save a dump of the browser's chrome://webrtc-internals or about:webrtc, or a capture of the server",
    ),
    (
        &["Binding Request user:", "Binding Success Response XOR-MAPPED", "Session Traversal Utilities for NAT"],
        "what tshark or Wireshark shows of a capture: save the capture itself (tshark -w, or File, Export Specified Packets)",
    ),
    (
        &[": UDP, length ", ": UDP, bad length ", ": STUN, length "],
        "what tcpdump shows: save the packets themselves (tcpdump -w FILE)",
    ),
    (
        &["ICE connection state changed", "iceConnectionState:", "iceconnectionstatechange", "connectionState:"],
        "a log of an application: a dump of chrome://webrtc-internals or about:webrtc tells more",
    ),
];

/// A log that is not read.
pub(super) fn other_log(text: &str) -> Option<&'static str> {
    let any = |words: &[&str]| text.lines().take(1000).any(|line| words.iter().any(|word| line.contains(word)));
    LOGS.iter().find(|(words, _)| any(words)).map(|(_, told)| *told)
}

/// The text without fences of Markdown, without the marks of a quotation, without the numbers that an editor or a page puts before lines, and
/// without what a logger put before every line.
pub(super) fn bare(text: String) -> String {
    let text = unnumbered(typed(text));
    let fenced = text.lines().any(|line| line.trim_start().starts_with("```"));
    let is_quoted = |line: &&str| line.trim_start().starts_with('>');
    let says = || text.lines().filter(|line| !line.trim().is_empty());
    // Above a quotation, or below it, stands what somebody has to say about it.
    let marked = says().filter(is_quoted).count();
    let quoted = marked > 0 && marked * 2 > says().count();
    if fenced || quoted { unwrapped(&text, fenced, quoted) } else { text }
}

/// The fewest numbered lines: fewer may begin with numbers of their own.
const FEWEST_NUMBERED: u64 = 4;

/// The text without the numbers of its lines, where every line has its own: `12: `, `12 | `, `12<TAB>`.
fn unnumbered(text: String) -> String {
    fn split(line: &str) -> Option<(u64, &str)> {
        let line = line.trim_start();
        let end = line.find(|c: char| !c.is_ascii_digit())?;
        let rest = line[end..].trim_start_matches(' ');
        let rest = rest.strip_prefix(['\t', ':', '|', '.', ')']).or((rest.len() < line[end..].len()).then_some(rest))?;
        Some((line[..end].parse().ok()?, rest.strip_prefix(' ').unwrap_or(rest)))
    }
    // A line of which nothing but its number is left has nothing behind that.
    let number = |line: &str| split(line).map(|(number, _)| number).or_else(|| line.trim().parse().ok());
    let mut next = 1;
    for line in text.lines() {
        if number(line) != Some(next) && !(line.trim().is_empty() && next > 1) {
            return text;
        }
        next += u64::from(!line.trim().is_empty());
    }
    if next <= FEWEST_NUMBERED {
        return text;
    }
    text.lines().map(|line| split(line).map_or("", |(_, rest)| rest)).collect::<Vec<_>>().join("\n")
}

/// The text with the spaces and quotation marks of a keyboard, where a page or a word processor put its own.
fn typed(text: String) -> String {
    const SPACES: [char; 3] = ['\u{a0}', '\u{202f}', '\u{2007}'];
    let text = if text.contains(SPACES) { text.replace(SPACES, " ") } else { text };
    if text.trim_start().starts_with(['{', '[']) && !text.contains('"') && text.contains(['\u{201c}', '\u{201d}']) {
        return text.replace(['\u{201c}', '\u{201d}'], "\"");
    }
    text
}

fn unwrapped(text: &str, fenced: bool, quoted: bool) -> String {
    // A line for each line, so that places stay right.
    let (mut kept, mut within) = (String::with_capacity(text.len()), !fenced);
    for line in text.lines() {
        let own = quoted && !line.trim_start().starts_with('>');
        let line = if quoted { line.trim_start().trim_start_matches(['>', ' ']) } else { line };
        if own {
        } else if line.trim_start().starts_with("```") {
            within = !within;
        } else if within {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    kept
}

/// The longest that a logger puts before a line.
const LONGEST_PREFIX: usize = 120;

/// The text without what a logger put before every line, in the ways in which that can be: all lines begin alike but for their numbers,
/// and the first goes on with a document; or without what stands before the first line that begins one. One at a time: each is a copy.
pub(super) fn after_words(text: &str) -> impl Iterator<Item = String> + '_ {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let starts = first.char_indices().take(LONGEST_PREFIX).filter(|(_, c)| matches!(c, '{' | '[')).map(|(at, _)| at);
    let prefixed = starts.filter(|at| *at > 0).take(3).filter_map(move |at| {
        let shape = shape(&first[..at]);
        let alike = |line: &str| line.get(..at).is_some_and(|prefix| self::shape(prefix) == shape);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let all = lines.clone().nth(1).is_some() && lines.all(alike);
        all.then(|| text.lines().map(|line| line.get(at..).unwrap_or_default()).collect::<Vec<_>>().join("\n"))
    });
    let begins = [text.find("\n{"), text.find("\n[")].into_iter().flatten().min().map(|at| at + 1);
    let within = first.find(['{', '[']).map(|at| at + text.find(first).unwrap_or_default());
    // A line for each line before it, so that places stay right.
    let skipped = move |at: usize| format!("{}{}", "\n".repeat(text[..at].matches('\n').count()), &text[at..]);
    prefixed.chain([begins, within].into_iter().flatten().map(skipped))
}

/// A session description without what a logger put before each of its lines.
pub(super) fn unprefixed(text: &str) -> Option<String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next()?;
    let at = first.trim_end().strip_suffix("v=0")?.len();
    let shape = shape(first.get(..at).filter(|prefix| !prefix.trim().is_empty() && at < LONGEST_PREFIX)?);
    let alike = lines.all(|line| line.get(..at).is_some_and(|prefix| self::shape(prefix) == shape));
    alike.then(|| text.lines().map(|line| line.get(at..).unwrap_or_default()).collect::<Vec<_>>().join("\n"))
}

/// What stays of a prefix where times and numbers pass: digits are alike, and letters are not.
fn shape(prefix: &str) -> String {
    prefix.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// What the consoles of browsers and Node print, as JSON: a `Map`, `Map(2) {'a' => {...}}`, and objects whose members have no quotation
/// marks.
pub(super) fn printed(text: &str) -> Option<String> {
    let is_map = text.contains("=>");
    if !is_map
        && !["type: 'candidate-pair'", "type: \"candidate-pair\"", "type: 'local-candidate'"]
            .iter()
            .any(|word| text.contains(word))
    {
        return None;
    }
    Some(as_json(&text[if is_map { text.find('{')? } else { text.find(['{', '['])? }..]))
}

/// What a console printed with the quotation marks and colons of JSON.
pub(super) fn as_json(text: &str) -> String {
    let (mut made, mut inside, mut escaped) = (String::with_capacity(text.len()), None, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match inside {
            Some(quote) => {
                if c == '"' && quote != '"' && !escaped {
                    made.push('\\');
                }
                let end = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                made.push(if end { '"' } else { c });
                inside = if end { None } else { inside };
            }
            None if c == '"' || c == '\'' => {
                inside = Some(c);
                made.push('"');
            }
            None if c == '=' && characters.peek() == Some(&'>') => {
                characters.next();
                made.push(':');
            }
            None => made.push(c),
        }
    }
    quoted_names(&made)
}

/// Names of members without quotation marks get them, and `undefined` is `null`.
fn quoted_names(text: &str) -> String {
    let (mut made, mut word, mut inside, mut escaped) =
        (String::with_capacity(text.len()), String::new(), false, false);
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    for c in text.chars() {
        if !inside && (is_word(c) && (!word.is_empty() || c.is_alphabetic() || c == '_')) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            match (c, word.as_str()) {
                (':', _) => made.extend(["\"", &word, "\""]),
                (_, "undefined" | "NaN" | "Infinity") => made.push_str("null"),
                _ => made.push_str(&word),
            }
            word.clear();
        }
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && c == '\\' && !escaped;
        made.push(c);
    }
    made + &word
}
