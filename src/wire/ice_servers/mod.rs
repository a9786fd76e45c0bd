//! Configurations that carry TURN data, as people hold them in their hands: one reader that says which form a document has, where in it
//! each entry stands, and what a browser would make of it (WebRTC 1.0, section 4.2).
//!
//! Pure: text in, entries out. What is read is not trusted: sizes are bounded before anything is taken apart, and no secret and no piece
//! of the text but names of members is in what is said of it.

mod browser;
mod configuration;
mod find;
mod mistake;
mod placeholder;
mod server;
mod text;
mod tree;
mod webidl;

pub use configuration::{Configuration, ConfigurationFacts, EntryKind, IceEntry, Login, MOST_ENTRIES};
pub use placeholder::placeholder;
pub use server::odd_end;
pub use text::LARGEST;

/// Understands a document.
///
/// # Errors
/// In words, where it is no such configuration.
pub fn read(bytes: &[u8]) -> Result<Configuration, String> {
    let document = text::read(bytes)?;
    let found = find::servers(&document.root)?;
    let mut entries = Vec::new();
    for candidate in &found.candidates {
        entries.extend(server::entries(candidate));
        if entries.len() > MOST_ENTRIES {
            return Err(format!(
                "it has more than {MOST_ENTRIES} URIs, and applications use a handful: that many are not tested"
            ));
        }
    }
    let mut remarks = document.remarks;
    remarks.extend(browser::whole(&found, &entries));
    Ok(Configuration { facts: ConfigurationFacts { form: found.form, remarks }, entries })
}
