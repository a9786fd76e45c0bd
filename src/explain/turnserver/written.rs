//! Where in a text the lines of turnserver.conf stand: the whole of it, the block of a configuration map or of a shell's here-document,
//! a fence of Markdown; or the flags of a command line, which are the same keys with hyphens. And what a template writes between them.

use super::keys::{Key, Takes};

/// The lines of a configuration, each with its number in the file.
pub(super) struct Written<'a> {
    /// A line as coturn would read it, and the number of the line that it stands on.
    pub(super) lines: Vec<(u32, std::borrow::Cow<'a, str>)>,
    /// Where it stands, where that is not the whole file.
    pub(super) within: Option<Within>,
    /// The first line that only a template has.
    pub(super) template: Option<u32>,
    /// Whether coturn reads a file too, which is not this one.
    pub(super) partial: bool,
}

/// What a configuration stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// A block of another text.
    Block,
    /// The flags of a command.
    Flags,
}

/// So many blocks of a file are looked at.
const MOST_BLOCKS: usize = 50;

/// Flags of one letter, and the keys that they stand for.
const SHORT: [(&str, &str); 19] = [
    ("-a", "lt-cred-mech"),
    ("-z", "no-auth"),
    ("-f", "fingerprint"),
    ("-v", "verbose"),
    ("-V", "Verbose"),
    ("-o", "daemon"),
    ("-S", "stun-only"),
    ("-u", "user"),
    ("-r", "realm"),
    ("-X", "external-ip"),
    ("-L", "listening-ip"),
    ("-E", "relay-ip"),
    ("-p", "listening-port"),
    ("-l", "log-file"),
    ("-b", "userdb"),
    ("-N", "redis-userdb"),
    ("-e", "psql-userdb"),
    ("-M", "mysql-userdb"),
    ("-s", "max-bps"),
];

/// Finds the lines of a configuration.
pub(super) fn find(text: &str) -> Written<'_> {
    let numbered = || (1..).zip(text.lines());
    let mut lines: Vec<(u32, &str)> = numbered().collect();
    let mut within = None;
    for block in [fenced(&lines), block_of_yaml(&lines), here_document(&lines)].into_iter().flatten() {
        // What is around it is another language.
        if count(&block) > 0 && unknown(&lines) > unknown(&block) {
            (lines, within) = (block, Some(Within::Block));
            break;
        }
    }
    if count(&lines) == 0 {
        let (flags, alone) = flags(text);
        if flags.iter().any(|(_, line)| key_of(line).is_some()) {
            let lines = flags.into_iter().map(|(number, line)| (number, line.into())).collect();
            return Written { lines, within: Some(Within::Flags), template: None, partial: !alone };
        }
    }
    let template = lines.iter().find(|(_, line)| without_tags(line).is_some()).map(|(number, _)| *number);
    let rendered = |line: &str| without_tags(line).map(Into::into);
    let lines = lines.into_iter().map(|(number, line)| (number, rendered(line).unwrap_or(line.into()))).collect();
    Written { lines, within, template, partial: false }
}

fn key_of(line: &str) -> Option<Key> {
    Key::find(line.trim().split([' ', '\t', '=']).next()?)
}

/// How many lines set a key of coturn.
fn count(lines: &[(u32, &str)]) -> usize {
    lines.iter().filter(|(_, line)| key_of(line).is_some()).count()
}

/// How many set something else.
fn unknown(lines: &[(u32, &str)]) -> usize {
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    lines.iter().filter(|(_, line)| says(line) && key_of(line).is_none()).count()
}

/// What stands in fences of Markdown.
fn fenced<'a>(lines: &[(u32, &'a str)]) -> Option<Vec<(u32, &'a str)>> {
    let mut inside = false;
    let mut kept = Vec::new();
    for (number, line) in lines {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            kept.push((*number, *line));
        }
    }
    (!kept.is_empty()).then_some(kept)
}

/// A block scalar of YAML (YAML 1.2 section 8.1) that has a key of coturn.
fn block_of_yaml<'a>(lines: &[(u32, &'a str)]) -> Option<Vec<(u32, &'a str)>> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let opens = |line: &str| line.trim_end().ends_with([':', '|', '-', '+', '>']) && line.contains(": |");
    let blocks = lines.iter().enumerate().filter(|(_, (_, line))| opens(line));
    let block = |(at, (_, head)): (usize, &(u32, &str))| {
        let belongs = |(_, line): &&(u32, &'a str)| line.trim().is_empty() || depth(line) > depth(head);
        lines[at + 1..].iter().take_while(belongs).copied().collect::<Vec<_>>()
    };
    blocks.take(MOST_BLOCKS).map(block).find(|block| count(block) > 0)
}

/// A here-document of a shell, `cat > turnserver.conf <<EOF`, that has a key of coturn.
fn here_document<'a>(lines: &[(u32, &'a str)]) -> Option<Vec<(u32, &'a str)>> {
    let mut at = 0;
    while at < lines.len() {
        let mark = lines[at].1.split_once("<<").map(|(_, rest)| rest.trim_start_matches('-').trim_start());
        let mark = mark.and_then(|rest| rest.split([' ', '\t', '>', ';', '|']).next());
        let mark = mark.map(|mark| mark.trim_matches(['\'', '"', '\\'])).filter(|mark| !mark.is_empty());
        at += 1;
        let Some(mark) = mark else { continue };
        let length = lines[at..].iter().take_while(|(_, line)| line.trim() != mark).count();
        let block = &lines[at..at + length];
        if count(block) > 0 {
            return Some(block.to_vec());
        }
        at += length;
    }
    None
}

/// The flags in a text as lines of a configuration: of a command line, a unit of systemd, a `command:` of a compose file.
/// And whether one of them says that there is no file beside them.
fn flags(text: &str) -> (Vec<(u32, String)>, bool) {
    let mut words = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        // A hyphen alone begins an item of a list.
        split(line, |word| words.extend((word != "-").then_some((number, word))));
    }
    let named = |word: &str| {
        let short = SHORT.iter().find(|(flag, _)| *flag == word).map(|(_, key)| (*key).to_owned());
        short.or_else(|| word.strip_prefix("--").map(str::to_owned)).filter(|line| key_of(line).is_some())
    };
    let mut found = Vec::new();
    let mut words = words.into_iter().peekable();
    // Other commands have flags of the same names.
    let mut alone = false;
    let (mut ours, mut image, mut image_is_ours) = (false, false, true);
    while let Some((number, word)) = words.next() {
        let Some(mut line) = named(&word).filter(|_| ours) else {
            if image {
                image_is_ours = word.contains("coturn");
            }
            image = word == "image:";
            image_is_ours |= word == "build:";
            let begins = word.ends_with("turnserver") || word.contains("coturn/coturn");
            let other = word.ends_with(':') || ["docker", "podman", "&&", "||", ";"].contains(&word.as_str());
            alone |= ours && word == "-n";
            ours = begins || matches!(word.as_str(), "command:" | "args:") && image_is_ours || ours && !other;
            continue;
        };
        let wants = key_of(&line).is_some_and(|key| !matches!(key.takes, Takes::Switch | Takes::Flag | Takes::Nothing));
        if wants && !line.contains('=') {
            let value = words.next_if(|(_, next)| !next.starts_with('-'));
            line = format!("{line}={}", value.map(|(_, value)| value).unwrap_or_default());
        }
        found.push((number, line));
    }
    (found, alone)
}

/// Words of a shell, without their quotes and what a list of YAML or JSON puts around them.
fn split(line: &str, mut found: impl FnMut(String)) {
    let (mut word, mut quote) = (String::new(), None);
    // A comma belongs to an unquoted value, and ends a quoted one.
    let mut quoted = false;
    for c in line.chars() {
        let ends = c.is_whitespace() || matches!(c, ',' | '[' | ']' | '\\') && (quoted || !word.contains('='));
        match quote {
            Some(open) if c == open => (quote, quoted) = (None, true),
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if ends => {
                if !word.is_empty() {
                    found(std::mem::take(&mut word));
                }
                quoted = false;
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        found(word);
    }
}

/// Words that begin a tag of Go's templates which writes nothing itself.
const ACTIONS: [&str; 9] = ["if", "else", "end", "range", "with", "define", "block", "/*", "-"];

/// The line without the tags that only say what a template writes: `{% if %}` of Jinja, `<% if %>` of ERB, `{{ if }}` of Go. None
/// where it has none. A line that is filled in whole is empty.
fn without_tags(line: &str) -> Option<String> {
    let mut rest = line;
    let mut kept = String::with_capacity(line.len());
    let mut any = false;
    while let Some(start) = rest.find(['{', '<']) {
        let opens = ["{%", "{#", "<%", "{{"].iter().any(|open| rest[start..].starts_with(open));
        if !opens {
            kept.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        }
        let close = match &rest[start..start + 2] {
            "{%" => "%}",
            "{#" => "#}",
            "<%" => "%>",
            _ => "}}",
        };
        let Some(length) = rest[start + 2..].find(close).map(|length| length + 2) else { break };
        let tag = &rest[start..start + length + 2];
        let inner = tag[2..tag.len() - 2].trim_start_matches('-').trim();
        let writes = match close {
            "}}" => !ACTIONS.iter().any(|action| inner.split([' ', '(']).next() == Some(action)),
            "%>" => inner.starts_with('='),
            _ => false,
        };
        kept.push_str(&rest[..start]);
        if writes {
            kept.push_str(tag);
        }
        any = true;
        rest = &rest[start + tag.len()..];
    }
    kept.push_str(rest);
    let filled_in = kept.trim_start().starts_with("{{") || kept.trim_start().starts_with("<%=");
    any.then(|| if filled_in { String::new() } else { kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(u32, String)>, Option<Within>, Option<u32>) {
        let found = find(text);
        let says = |(_, line): &&(u32, std::borrow::Cow<'_, str>)| !line.trim().is_empty();
        let lines = found.lines.iter().filter(says).map(|(number, line)| (*number, line.trim().to_owned())).collect();
        (lines, found.within, found.template)
    }

    fn lines(of: &[(u32, &str)]) -> Vec<(u32, String)> {
        of.iter().map(|(number, line)| (*number, (*line).to_owned())).collect()
    }

    #[test]
    fn a_configuration_within_another_text_is_found() {
        for (text, found) in [
            ("Mine:\n\n```\nrealm=x\nverbose\n```\nThanks!\n", vec![(4, "realm=x"), (5, "verbose")]),
            (
                "kind: ConfigMap\ndata:\n  turnserver.conf: |\n    realm=x\n\n    verbose\n  other: y\n",
                vec![(4, "realm=x"), (6, "verbose")],
            ),
            ("#!/bin/sh\nset -e\ncat > /etc/turnserver.conf <<'EOF'\nrealm=x\nEOF\nexit 0\n", vec![(4, "realm=x")]),
        ] {
            assert_eq!(read(text), (lines(&found), Some(Within::Block), None), "{text}");
        }
        assert_eq!(read("realm=x\n# ```\nverbose\n").1, None);
    }

    #[test]
    fn flags_are_keys_with_hyphens() {
        let found = vec![(1, "lt-cred-mech"), (1, "user=a:b"), (1, "realm=x"), (1, "no-tls")];
        for text in [
            "turnserver -n --lt-cred-mech --user=a:b --realm x --no-tls",
            "exec turnserver -n -a -u a:b -r x --no-tls \"$@\"",
            "command: [\"-n\", \"--lt-cred-mech\", '--user=a:b', \"--realm=x\", \"--no-tls\"]",
        ] {
            assert_eq!(read(text), (lines(&found), Some(Within::Flags), None), "{text}");
        }
        let compose = "services:\n  coturn:\n    command:\n      - \"--realm\"\n      - \"x\"\n      - --user=a:b,c\n      # - --verbose\n      - --verbose\n";
        assert_eq!(read(compose).0, lines(&[(4, "realm=x"), (6, "user=a:b,c"), (8, "verbose")]));
    }

    #[test]
    fn flags_of_other_commands_are_not_coturns() {
        let text =
            "docker run -p 3478:3478 --user root -v /a:/b coturn/coturn -n --realm=x\ndocker run --user root nginx\n";
        assert_eq!(read(text).0, lines(&[(1, "realm=x")]));
        let compose = "services:\n  turn:\n    image: coturn/coturn\n    healthcheck:\n      test: [\"CMD\", \"nc\", \"-z\", \"-u\", \"x\"]\n    command: -n --realm=x -v\n  db:\n    image: mysql\n    command: --user=mysql --verbose\n";
        assert_eq!(read(compose).0, lines(&[(6, "realm=x"), (6, "verbose")]));
    }

    #[test]
    fn what_a_template_writes_between_is_left_out() {
        let text = "{% if tls %}\ncert={{ cert }}\n{% endif %}\n{% if x is defined %}realm={{ x }}{% endif %}\n{{ more }}\n{{- if .Values.a }}\nverbose\n{{- end }}\n<% if a %>\nuser=<%= u %>:<%= p %>\n";
        let found = [(2, "cert={{ cert }}"), (4, "realm={{ x }}"), (7, "verbose"), (10, "user=<%= u %>:<%= p %>")];
        assert_eq!(read(text), (lines(&found), None, Some(1)));
        assert_eq!(read("realm=x\nstatic-auth-secret=a{{b\n").2, None, "a secret may be anything");
    }
}
