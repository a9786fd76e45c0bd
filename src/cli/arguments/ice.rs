//! The arguments of the commands that gather ICE candidates: which servers, who asks them, and from which interfaces.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::common::{NetworkArgs, OutputArgs};
use super::entries::{self, Draft};
use super::servers::{BuiltIn, ServerArgs};
use super::trust::TlsArgs;
use super::turn::LoginArgs;
use crate::cli::error::CliError;
use crate::cli::run::World;
use crate::evidence::Interface;
use crate::measure::ice_gather::GatherOptions;
use crate::measure::turn::{Entry, TurnOptions};
use crate::wire::{EntryKind, Family, Transport};

/// How many of the usual STUN servers are asked: two tell whether a NAT maps by destination, a third what one of them misreports.
const USUAL: usize = 3;

/// The servers that candidates come from.
#[derive(Debug, Args)]
pub(in crate::cli) struct IceArgs {
    /// The TURN servers as they were written.
    // Understood later: this parser would print a password that somebody wrote into the URI.
    #[arg(
        long,
        value_name = "URI",
        value_hint = ValueHint::Hostname,
        help_heading = "Servers",
        help = "A TURN server to get relayed candidates from (repeat): turn:HOST[:PORT][?transport=udp|tcp], turns:HOST, HOST, HOST:PORT or [V6]:PORT"
    )]
    pub turn: Vec<String>,

    /// The servers of an application's own configuration: the JSON given to RTCPeerConnection; `-` reads standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub ice_servers: Option<PathBuf>,

    /// The STUN servers.
    #[command(flatten)]
    pub stun: ServerArgs,

    /// Who asks the TURN servers.
    #[command(flatten)]
    pub login: LoginArgs,

    /// Whom TLS trusts.
    #[command(flatten)]
    pub tls: TlsArgs,
}

/// The interfaces that may be used.
pub(in crate::cli) fn interfaces(network: &NetworkArgs, mut found: Vec<Interface>) -> Vec<Interface> {
    found.retain(|interface| network.interface.as_ref().is_none_or(|name| *name == interface.name));
    for interface in &mut found {
        interface.addresses.retain(|one| network.source.is_none_or(|source| source == one.address));
    }
    found.retain(|interface| !interface.addresses.is_empty());
    found
}

impl IceArgs {
    /// The servers of the command line and of the configuration; in a simulated network without any, its TURN servers.
    ///
    /// # Errors
    /// When a URI, a file or the credentials make no sense.
    pub(in crate::cli) fn servers(&self, world: &World, output: &OutputArgs) -> Result<Draft, CliError> {
        let own = self.turn.is_empty() && self.ice_servers.is_none();
        let simulated = match world {
            World::Simulated(_, scenario, _) if own => scenario.turn_server_names(true),
            _ => Vec::new(),
        };
        let asked = entries::Asked {
            uris: if own { simulated } else { self.turn.clone() },
            ice_servers: self.ice_servers.as_deref(),
            from_config: None,
            login: &self.login,
            transports: &[],
            demo: own,
            quiet: output.quiet,
        };
        let mut draft = Draft::read(&asked, world.now_unix_s())?;
        let named = self.stun.is_given();
        // An application asks the servers of its configuration and no others.
        if named || self.ice_servers.is_none() {
            let mut found = world.stun_servers(&[], &self.stun, BuiltIn::Few)?;
            found.truncate(if named { usize::MAX } else { USUAL });
            for mut spec in found {
                let entry = Entry { uri: spec.text.clone(), kind: EntryKind::Stun, ..Entry::default() };
                let transport = if spec.secure { Transport::Tls } else { Transport::Udp };
                spec.transports = Some(vec![transport]);
                draft.add(entry, spec, transport);
            }
        }
        Ok(draft)
    }

    /// How they are to be asked; what the draft names beside its entries stays there.
    pub(in crate::cli) fn options(&self, draft: &Draft, families: &[Family], now_unix_s: i64) -> GatherOptions {
        let servers = TurnOptions {
            entries: draft.entries.clone(),
            configuration: draft.configuration.clone(),
            families: families.to_vec(),
            realm: self.login.realm.clone(),
            follow: true,
            insecure: self.tls.insecure,
            now_unix_s,
            ..TurnOptions::default()
        };
        GatherOptions { families: families.to_vec(), servers, ..GatherOptions::default() }
    }
}
