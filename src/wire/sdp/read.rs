//! One description, line by line.

use super::{Description, IceAttributes, Media, Placed, SdpError, Setup};
use crate::wire::Secret;
use crate::wire::candidate::CandidateAddress;

/// Reads one description or fragment. Whatever a mail, a log or a program's source puts around a line is taken off.
#[must_use]
pub fn read_description(text: &str) -> Description {
    let mut description = Description::default();
    for (line, number) in text.lines().zip(1..) {
        read_line(bare(line), number, &mut description);
    }
    description
}

/// The line without a quotation before it and the end of a string behind it. A plus sign is one of a password, unless it puts strings
/// together.
fn bare(line: &str) -> &str {
    let quote = |c: char| matches!(c, '"' | '\'' | '`');
    let line = line.trim_start_matches(|c: char| c == '>' || quote(c) || c.is_whitespace());
    let line = line.trim_end();
    let line = line.strip_suffix('+').map(str::trim_end).filter(|line| line.ends_with(quote)).unwrap_or(line);
    line.trim_end_matches(|c: char| quote(c) || matches!(c, ',' | '}' | '\\') || c.is_whitespace())
}

fn read_line(line: &str, number: u32, description: &mut Description) {
    let Some((kind, value)) = line.split_once('=') else {
        // Whoever pastes candidates often leaves `a=` out.
        if line.starts_with("candidate:") {
            read_attribute(line, number, description);
        }
        return;
    };
    match kind {
        "v" => description.whole = true,
        "o" => description.origin = Some(Placed { line: number, value: value.to_owned() }),
        "m" => match media(value, number) {
            Some(media) => description.media.push(media),
            None => description.errors.push(Placed { line: number, value: SdpError::Media }),
        },
        "c" => {
            let address = value.split_whitespace().nth(2).map(|address| address.split('/').next().unwrap_or_default());
            let address = address.and_then(|address| match address.parse() {
                Ok(ip) => Some(CandidateAddress::Ip(ip)),
                Err(_) => (!address.is_empty()).then(|| CandidateAddress::Name(address.to_owned())),
            });
            match address {
                Some(value) => here(description).connection = Some(Placed { line: number, value }),
                None => description.errors.push(Placed { line: number, value: SdpError::Value("c-line") }),
            }
        }
        "a" => read_attribute(value, number, description),
        _ => {}
    }
}

/// The section that is being read, or the session.
fn here(description: &mut Description) -> &mut IceAttributes {
    match description.media.last_mut() {
        Some(media) => &mut media.ice,
        None => &mut description.session,
    }
}

/// `audio 9 UDP/TLS/RTP/SAVPF 111`.
fn media(value: &str, line: u32) -> Option<Media> {
    let mut words = value.split_whitespace();
    let kind = words.next()?.to_owned();
    // `49170/2`: a range of ports, which ICE does not use.
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = words.next()?.to_owned();
    Some(Media { line, kind, port, protocol, mid: None, rtcp_mux: None, ice: IceAttributes::default() })
}

fn read_attribute(attribute: &str, line: u32, description: &mut Description) {
    let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
    let value = value.trim();
    let mut error = None;
    match name {
        "ice-ufrag" => here(description).ufrag = Some(Placed { line, value: value.to_owned() }),
        "ice-pwd" => here(description).pwd = Some(Placed { line, value: Secret::new(value) }),
        "ice-options" => here(description).options.extend(value.split_whitespace().map(str::to_owned)),
        "ice-lite" => here(description).lite = Some(line),
        "ice-mismatch" => here(description).mismatch = Some(line),
        "end-of-candidates" => here(description).end_of_candidates = Some(line),
        "setup" => match setup(value) {
            Some(value) => here(description).setup = Some(Placed { line, value }),
            None => error = Some(SdpError::Value("setup")),
        },
        "fingerprint" => match value.split_once(' ') {
            Some((hash, value)) => {
                let value = format!("{} {}", hash.to_ascii_lowercase(), value.trim().to_ascii_uppercase());
                here(description).fingerprints.push(Placed { line, value });
            }
            None => error = Some(SdpError::Value("fingerprint")),
        },
        "candidate" => match attribute.parse() {
            Ok(value) => here(description).candidates.push(Placed { line, value }),
            Err(wrong) => error = Some(SdpError::Candidate(wrong)),
        },
        "group" => {
            if let Some(mids) = value.strip_prefix("BUNDLE") {
                description.bundle.extend(mids.split_whitespace().map(str::to_owned));
            }
        }
        "mid" => {
            if let Some(media) = description.media.last_mut() {
                media.mid = Some(Placed { line, value: value.to_owned() });
            }
        }
        "rtcp-mux" => {
            if let Some(media) = description.media.last_mut() {
                media.rtcp_mux = Some(line);
            }
        }
        _ => {}
    }
    description.errors.extend(error.map(|value| Placed { line, value }));
}

fn setup(value: &str) -> Option<Setup> {
    match value {
        "actpass" => Some(Setup::Actpass),
        "active" => Some(Setup::Active),
        "passive" => Some(Setup::Passive),
        "holdconn" => Some(Setup::Holdconn),
        _ => None,
    }
}
