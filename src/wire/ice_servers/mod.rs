//! Configurations that carry TURN data, as people hold them in their hands: one reader that says which form a document has, where in it
//! each entry stands, and what a browser would make of it (WebRTC 1.0, section 4.2).
//!
//! Pure: text in, entries out. What is read is not trusted: sizes are bounded before anything is taken apart, and no secret and no piece
//! of the text but names of members is in what is said of it.

mod application;
mod assignments;
mod browser;
mod configuration;
mod environment;
mod find;
mod matrix;
mod mistake;
mod placeholder;
mod script;
mod server;
mod source_code;
mod text;
mod tree;
mod webidl;
mod yaml;

pub use configuration::{Configuration, ConfigurationFacts, EntryKind, IceEntry, Login, MOST_ENTRIES};
pub use placeholder::placeholder;
pub use server::odd_end;
pub use text::LARGEST;

use crate::wire::{Remark, RemarkCode};
use find::{Found, Says, Shape};

/// So many fences of Markdown are looked into.
const MOST_FENCES: usize = 20;

/// Understands a document.
///
/// # Errors
/// In words, where it is no such configuration.
pub fn read(bytes: &[u8]) -> Result<Configuration, String> {
    if let Some(root) = source_code::read(bytes).filter(|_| !application::is_json(bytes)) {
        return code(&root);
    }
    match text::read(bytes) {
        Ok(document) => understood(find::servers(&document.root, Says::Servers)?, document.remarks),
        Err(why) => program(bytes, why),
    }
}

/// Understands the configuration of a server in which an application's TURN servers stand: YAML of Matrix, LiveKit or go2rtc, XML of
/// XEP-0215 or BigBlueButton, Lua of Prosody, a file of environment variables, or JSON, that of Nextcloud Talk too.
///
/// # Errors
/// In words, where it is no such configuration.
pub fn read_application(bytes: &[u8]) -> Result<Configuration, String> {
    // YAML has lists in brackets too, in which the reader of JSON would find the servers and no login.
    if application::is_json(bytes) {
        return read(bytes);
    }
    let found = application::read(bytes).and_then(|(root, form)| {
        let mut found = find::servers(&root, Says::Anything)?;
        if let Some(form) = form {
            form.clone_into(&mut found.form);
        }
        Ok(found)
    });
    match found {
        Ok(mut found) => {
            // No browser sees it as it is.
            for candidate in found.candidates.iter_mut().filter(|candidate| candidate.shape == Shape::Browser) {
                candidate.shape = Shape::Rest;
            }
            understood(found, Vec::new())
        }
        Err(why) => fragment(bytes, why),
    }
}

/// Understands what clients are told, whichever of the two it is.
///
/// # Errors
/// In words, where it is neither.
pub fn read_either(bytes: &[u8]) -> Result<Configuration, String> {
    if application::is_json(bytes) { read(bytes) } else { read_application(bytes) }
}

/// The lists in the program of a page.
fn program(bytes: &[u8], why: String) -> Result<Configuration, String> {
    let Some(found) = script::read(bytes) else { return Err(why) };
    let what = |line: &u32| {
        let text = format!("the list on line {line} has an expression in it, and was left out");
        mistake::remark(RemarkCode::NotJson, text, "put the value in its place")
    };
    let remarks = found.computed.iter().map(what).collect();
    understood(find::servers(&found.root, Says::Servers)?, remarks)
}

/// What a program in another language hands to its library.
fn code(root: &tree::Node) -> Result<Configuration, String> {
    let mut found = find::servers(root, Says::Servers)?;
    "servers in the source code of a program".clone_into(&mut found.form);
    for candidate in &mut found.candidates {
        candidate.shape = Shape::Rest;
    }
    understood(found, Vec::new())
}

/// What an application hands to its library or its browser, where the configuration of a server was looked for.
fn fragment(bytes: &[u8], why: String) -> Result<Configuration, String> {
    if text::is_of_coturn(&String::from_utf8_lossy(bytes)) {
        return Err("it is the configuration of coturn itself, which nat-probe turn lint looks over".to_owned());
    }
    if let Some(root) = source_code::read(bytes) {
        return code(&root);
    }
    let document = text::read(bytes).and_then(|document| {
        let found = find::servers(&document.root, Says::Anything)?;
        understood(found, document.remarks)
    });
    document.or_else(|_| fenced(bytes).map_or_else(|| program(bytes, why), Ok))
}

/// A document in a fence of Markdown; the lines before it are kept empty.
fn fenced(bytes: &[u8]) -> Option<Configuration> {
    let text = std::str::from_utf8(bytes).ok()?;
    let marks: Vec<usize> =
        (0..).zip(text.lines()).filter(|(_, line)| line.trim_start().starts_with("```")).map(|(at, _)| at).collect();
    marks.chunks_exact(2).take(MOST_FENCES).find_map(|marks| {
        let inside = |at: usize| marks[0] < at && at < marks[1];
        let lines = text.lines().enumerate().map(|(at, line)| if inside(at) { line } else { "" });
        read_application(lines.collect::<Vec<_>>().join("\n").as_bytes()).ok()
    })
}

fn understood(found: Found, mut remarks: Vec<Remark>) -> Result<Configuration, String> {
    let mut entries = Vec::new();
    for candidate in &found.candidates {
        entries.extend(server::entries(candidate));
        if entries.len() > MOST_ENTRIES {
            return Err(format!(
                "it has more than {MOST_ENTRIES} URIs, and applications use a handful: that many are not tested"
            ));
        }
    }
    remarks.extend(browser::whole(&found, &entries));
    Ok(Configuration { facts: ConfigurationFacts { form: found.form, remarks }, entries })
}
