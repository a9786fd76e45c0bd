//! `--ca` and `--insecure`: whom TLS trusts beside the system's authorities, and what a failed check means.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::error::CliError;
use crate::cli::files::{self, Source};
use crate::net::{self, TlsConfig};

/// How large a file of certificates may be.
const LARGEST: u64 = 1 << 20;

const PEM: &str = "a file of PEM certificates";

/// Whom TLS trusts.
#[derive(Debug, Args)]
pub(in crate::cli) struct TrustArgs {
    /// Trust the certificate authorities of this PEM file too, beside the system's.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "TLS")]
    pub ca: Option<PathBuf>,
}

/// The same, and what a failed check means.
#[derive(Debug, Args)]
pub(in crate::cli) struct TlsArgs {
    /// Whom TLS trusts.
    #[command(flatten)]
    pub trust: TrustArgs,

    /// Go on after a failed check of the certificate; a server that is only reached so is no better than degraded.
    #[arg(long, help_heading = "TLS")]
    pub insecure: bool,
}

impl TrustArgs {
    /// Whom TLS trusts.
    ///
    /// # Errors
    /// When the file cannot be read or has no certificate.
    pub(in crate::cli) fn read(&self) -> Result<TlsConfig, CliError> {
        let Some(path) = &self.ca else { return Ok(TlsConfig::default()) };
        let what = "the certificates of --ca";
        let text = Source { what, path, largest: LARGEST, advice: PEM, secret: false }.read()?;
        net::certificates_from_pem(text.as_bytes()).map(|also| TlsConfig { also }).map_err(|error| {
            CliError::usage(format!("cannot read the certificates of --ca {}: {error}", files::name(path))).advise(PEM)
        })
    }
}
