//! Configurations that carry TURN data, as people hold them in their hands: one reader that says which form a document has, where in it
//! each entry stands, and what a browser would make of it (WebRTC 1.0, section 4.2).
//!
//! Pure: text in, entries out. What is read is not trusted: sizes are bounded before anything is taken apart, and no secret and no piece
//! of the text but names of members is in what is said of it.

mod application;
mod browser;
mod configuration;
mod find;
mod mistake;
mod placeholder;
mod server;
mod text;
mod tree;
mod webidl;
mod yaml;

pub use configuration::{Configuration, ConfigurationFacts, EntryKind, IceEntry, Login, MOST_ENTRIES};
pub use placeholder::placeholder;
pub use server::odd_end;
pub use text::LARGEST;

use crate::wire::Remark;

/// Understands a document.
///
/// # Errors
/// In words, where it is no such configuration.
pub fn read(bytes: &[u8]) -> Result<Configuration, String> {
    let document = text::read(bytes)?;
    understood(&document.root, document.remarks)
}

/// Understands the configuration of a server in which an application's TURN servers stand: YAML of Matrix, LiveKit or go2rtc, XML of
/// XEP-0215, or JSON, that of Nextcloud Talk too.
///
/// # Errors
/// In words, where it is no such configuration.
pub fn read_application(bytes: &[u8]) -> Result<Configuration, String> {
    // YAML has lists in brackets too, in which the reader of JSON would find the servers and no login.
    if application::is_json(bytes) { read(bytes) } else { understood(&application::read(bytes)?, Vec::new()) }
}

fn understood(root: &tree::Node, mut remarks: Vec<Remark>) -> Result<Configuration, String> {
    let found = find::servers(root)?;
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
