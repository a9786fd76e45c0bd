//! Variables of the environment that hold texts.

use super::error::CliError;

/// The text in the variable; an empty one counts as none.
///
/// # Errors
/// When it is no text: what somebody set is not ignored without a word.
pub(super) fn text(name: &str) -> Result<Option<String>, CliError> {
    match std::env::var_os(name).map(std::ffi::OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Err(_)) => {
            Err(CliError::usage(format!("cannot use the environment variable {name}: it is not a text in UTF-8"))
                .advise("another value, or none"))
        }
    }
}
