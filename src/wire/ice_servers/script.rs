//! Lists of servers in the scripts of pages, `iceServers: [...]`, wherever in a program they stand. Of a list with an expression in it the
//! values are not in the file.

use super::text::within;
use super::tree::{Item, Node};
use crate::wire::text::decode;

/// How many lists are looked at.
const MOST_LISTS: usize = 20;

/// What was found.
pub(super) struct Script {
    /// An object with the servers of every list that could be read.
    pub(super) root: Node,
    /// The lines of lists with an expression in them.
    pub(super) computed: Vec<u32>,
}

/// The lists, where at least one can be read.
pub(super) fn read(bytes: &[u8]) -> Option<Script> {
    let (text, _) = decode(bytes).ok()?;
    let mut servers = Vec::new();
    let mut computed = Vec::new();
    let mut passed = (0, 1_u32);
    for (at, name) in text.match_indices("iceServers").take(MOST_LISTS) {
        let rest = text[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix([':', '=']) else { continue };
        let rest = rest.trim_start();
        let Some(list) = balanced(rest) else { continue };
        let start = text.len() - rest.len();
        if start < passed.0 {
            continue;
        }
        passed.1 += u32::try_from(text[passed.0..start].matches('\n').count()).unwrap_or(u32::MAX);
        passed.0 = start;
        match within(list, passed.1).map(|node| node.item) {
            Some(Item::List(items)) if !items.is_empty() => servers.extend(items),
            Some(_) => {}
            None => computed.push(passed.1),
        }
    }
    (!servers.is_empty()).then(|| {
        let list = Node { line: 1, item: Item::List(servers) };
        Script { root: Node { line: 1, item: Item::Object(vec![("iceServers".to_owned(), list)]) }, computed }
    })
}

/// From a bracket to the one that closes it.
fn balanced(text: &str) -> Option<&str> {
    if !text.starts_with('[') {
        return None;
    }
    let (mut open, mut quote, mut escaped) = (0_usize, None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(mark), _) if byte == mark => quote = None,
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'[' | b'{') => open += 1,
            (None, b']' | b'}') => {
                open -= 1;
                if open == 0 {
                    return text.get(..=at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::read;

    #[test]
    fn lists_in_a_program_are_read() {
        let program = "const socket = io();\nfunction a() { return [1, {b: 2}]; }\nlet pc = new RTCPeerConnection({\n  iceServers: [\n    // ours\n    { urls: ['turn:turn.example.org'], username: 'alice', credential: 'won]der' },\n  ],\n});\nconst other = { iceServers: [{ urls: `turn:${HOST}`, username: u }] };\npc.onicecandidate = e => { };\n";
        let found = read(program.as_bytes()).unwrap();
        assert_eq!(found.entries.len(), 1);
        assert_eq!((found.entries[0].uri.as_str(), found.entries[0].line), ("turn:turn.example.org", 6));
        assert!(found.facts.remarks.iter().any(|remark| remark.text.contains("line 9")), "{:?}", found.facts);
    }

    #[test]
    fn hostile_programs_do_no_harm() {
        for program in [
            "iceServers: [".repeat(20_000),
            "iceServers:[{]".repeat(9999),
            "iceServers".repeat(9999),
            "iceServers=[\"\\".to_owned(),
        ] {
            let _ = read(program.as_bytes());
        }
    }
}
