//! Everything that is known of a target, each stage computed once. The verdict, the remarks and the steps are read from this.

use super::cause::Cause;
use super::relay::{self, Relaying};
use super::{features, integrity, keep_alive, quality, refusal, released, renewal, unreachable};
use crate::evidence::key::SocketRole;
use crate::measure::turn::ask;
use crate::measure::turn::facts::allocation::Allocation;
use crate::measure::turn::facts::renewal::Ended;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{Feature, KeepAlive, Quality, RelayPaths, Released};
use crate::wire::{EntryKind, Remark};

/// How far it got: that decides which causes there can be.
pub(super) enum Reached<'a> {
    /// It is a STUN server that was asked.
    Stun,
    /// There is no allocation.
    Server {
        /// Why the credentials, or the request, are refused.
        refusal: Option<Cause>,
    },
    /// There is an allocation.
    Allocation(Box<Relayed<'a>>),
}

/// What is known of an allocation.
pub(super) struct Relayed<'a> {
    /// The socket that it is on.
    pub role: SocketRole,
    pub allocation: Allocation<'a>,
    /// Success responses that are not signed as they must be.
    pub unsigned: Option<Cause>,
    /// How its renewal ended it.
    pub ended: Option<Ended>,
    /// Whether what passed through the relay was asked for after that.
    pub spoilt: bool,
    /// What the paths through the relay mean together.
    pub relaying: Option<Relaying>,
    /// It, or the way through it, did not last while it was kept.
    pub not_kept: Option<Cause>,
}

/// What is known of a target.
pub(super) struct Judged<'a> {
    pub target: &'a Target<'a>,
    pub reached: Reached<'a>,
    /// Whether everything was tried that there is to try.
    pub complete: bool,
    /// Why nothing that speaks TURN was reached.
    pub unreachable: Option<Cause>,
    /// Data through the relay, path by path.
    pub paths: Option<RelayPaths>,
    pub quality: Option<Quality>,
    pub kept: Option<KeepAlive>,
    pub features: Vec<Feature>,
    pub released: Option<Released>,
    /// Connections that were ended while they carried an allocation.
    pub cut_off: Option<Remark>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(target: &'a Target<'a>) -> Self {
        let paths = relay::paths(target);
        let reached = match target.first() {
            _ if target.entry.kind == EntryKind::Stun => Reached::Stun,
            None => Reached::Server { refusal: refusal::judge(target) },
            Some((role, allocation)) => {
                let ended = target.ended_by_renewal();
                Reached::Allocation(Box::new(Relayed {
                    role,
                    allocation,
                    unsigned: integrity::judge(target, role),
                    ended,
                    spoilt: ended.is_some() && renewal::spoils_data(target),
                    relaying: paths.as_ref().and_then(|paths| relay::judge(target, paths)),
                    not_kept: keep_alive::lost(target),
                }))
            }
        };
        let unreachable = match reached {
            Reached::Allocation(_) => None,
            _ => unreachable::judge(target),
        };
        Self {
            target,
            reached,
            complete: ask::is_complete(target),
            unreachable,
            paths,
            quality: quality::judge(target),
            kept: keep_alive::judge(target),
            features: features::judge(target),
            released: released::judge(target),
            cut_off: released::cut_off(target),
        }
    }

    /// What is known of the allocation; `None` without one.
    pub(super) fn relayed(&self) -> Option<&Relayed<'a>> {
        match &self.reached {
            Reached::Allocation(relayed) => Some(relayed),
            _ => None,
        }
    }

    /// Whether the run was ended before it was over by itself.
    pub(super) fn was_stopped(&self) -> bool {
        self.target.seen.stopped.is_some()
    }
}

/// A row of a table about an allocation.
pub(super) type Row = fn(&Judged, &Relayed) -> Option<Cause>;
