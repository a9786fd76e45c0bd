//! Variables of the environment that hold texts.

use crate::cli::error::CliError;

/// The text in the variable; an empty one counts as none.
///
/// # Errors
/// When it is no text: what somebody set is not ignored without a word.
pub(in crate::cli) fn text(name: &str) -> Result<Option<String>, CliError> {
    match std::env::var_os(name).map(std::ffi::OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Err(_)) => {
            let encoding = if cfg!(windows) { "UTF-16" } else { "UTF-8" };
            Err(CliError::usage(format!("cannot use the environment variable {name}: it is not a text in {encoding}"))
                .advise("another value, or none"))
        }
    }
}
