//! `--ca`: whom TLS trusts beside the system's authorities.

use std::path::Path;

use super::error::CliError;
use super::files::{self, Source};
use crate::net::{self, TlsConfig};

/// How large a file of certificates may be.
const LARGEST: u64 = 1 << 20;

const PEM: &str = "a file of PEM certificates";

/// Whom TLS trusts.
///
/// # Errors
/// When the file cannot be read or has no certificate.
pub(super) fn read(path: Option<&Path>) -> Result<TlsConfig, CliError> {
    let Some(path) = path else { return Ok(TlsConfig::default()) };
    let what = "the certificates of --ca";
    let text = Source { what, path, largest: LARGEST, advice: PEM, secret: false }.read()?;
    net::certificates_from_pem(text.as_bytes()).map(TlsConfig::Also).map_err(|error| {
        CliError::usage(format!("cannot read the certificates of --ca {}: {error}", files::name(path))).advise(PEM)
    })
}
