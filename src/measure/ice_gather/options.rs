//! What `ice gather` was asked to do.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bases::bases;
use crate::evidence::Interface;
use crate::measure::turn::{Entry, TurnOptions};
use crate::wire::Family;

/// What was asked of whom.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GatherOptions {
    /// The interfaces of this host that may be used.
    pub interfaces: Vec<Interface>,
    /// The families of candidates.
    pub families: Vec<Family>,
    /// The STUN and TURN servers, an entry for each base and server, and the application's configuration that they come from.
    pub servers: TurnOptions,
    /// TCP candidates too (RFC 6544).
    pub tcp: bool,
    /// What was gathered goes on being used: no allocation is given back.
    #[serde(skip)]
    pub hand_over: bool,
}

impl GatherOptions {
    /// Has each server be asked from every base that these interfaces give.
    pub fn stand_on(&mut self, interfaces: Vec<Interface>) {
        self.interfaces = interfaces;
        let (bases, _) = bases(&self.interfaces, &self.families);
        let each = self.servers.entries.drain(..).flat_map(|entry| {
            let mut from: Vec<Option<IpAddr>> = bases.iter().map(|base| Some(base.address)).collect();
            // What cannot be asked, or by nobody, is told all the same.
            if from.is_empty() || entry.server.is_none() {
                from = vec![None];
            }
            from.into_iter().map(move |base| Entry { base, ..entry.clone() })
        });
        self.servers.entries = each.collect::<Vec<_>>();
    }
}
