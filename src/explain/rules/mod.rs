//! The rules: one table, in the order of what matters most. Each looks at one connection and says what follows from it.

mod application;
mod checks;
pub(super) mod configured;
mod dtls;
mod gathering;
mod heard;
mod nat;
mod packets;
mod relay;
mod say;
pub(super) mod served;
mod statistics;
pub(super) mod together;

use std::collections::BTreeMap;

use super::connection::Connection;
use super::finding::{CauseCode, Certainty, Finding};

/// A rule: what it sees in a connection.
type Rule = fn(&Connection) -> Vec<Finding>;

/// Every rule. What comes first is what a page begins with.
const RULES: &[Rule] = &[
    application::device_refused,
    application::never_answered,
    application::description_refused,
    application::candidates_too_early,
    application::both_lite,
    application::setup_conflict,
    application::fingerprint_missing,
    application::sections_refused,
    checks::dtls_failed,
    dtls::unfinished,
    dtls::given_up,
    dtls::never_begun,
    checks::lost,
    checks::no_media,
    packets::consent_lost,
    relay::credentials_refused,
    gathering::credentials_refused,
    gathering::without_credentials,
    gathering::relay_only_without_relay,
    gathering::too_early,
    application::stale_candidates,
    application::no_remote_candidates,
    checks::no_common_family,
    relay::permission_refused,
    checks::relay_permission_refused,
    packets::role_conflict,
    packets::checks_refused,
    heard::answers_lost,
    heard::checks_lost,
    nat::relays_of_one_server,
    gathering::udp_blocked,
    checks::one_way,
    checks::nothing_came,
    checks::nothing_relayed,
    nat::mapping_here,
    nat::mapping_there,
    nat::same_public_address,
    nat::only_local,
    gathering::no_turn,
    heard::no_turn_asked,
    gathering::no_relay,
    statistics::with_or_without_relay,
    relay::refused,
    gathering::quota,
    served::unanswered,
    heard::servers_answers_lost,
    gathering::unreachable,
    served::nothing_relayed_back,
    relay::nonce_stale,
    served::server_trouble,
    packets::undelivered,
    packets::answered_elsewhere,
    served::no_permission,
    nat::not_public,
    application::candidate_refused,
    application::mismatch,
];

/// Whether it says that something is not there, which may stand where the file was cut off.
fn says_missing(code: CauseCode) -> bool {
    matches!(code, CauseCode::NeverAnswered | CauseCode::NoRemoteCandidates)
}

/// Whether it is sure only where every candidate and every configuration is there.
fn rests_on_all(code: CauseCode) -> bool {
    use CauseCode::{
        MappingDependsHere, MappingDependsThere, NoCommonFamily, NoRelay, NoServersConfigured, NoTurnConfigured,
        OnlyLocalHere, OnlyLocalThere,
    };
    let all = [
        MappingDependsHere,
        MappingDependsThere,
        NoCommonFamily,
        NoRelay,
        NoServersConfigured,
        NoTurnConfigured,
        OnlyLocalHere,
        OnlyLocalThere,
    ];
    all.contains(&code)
}

/// Everything that follows from a connection.
pub(super) fn apply(connection: &Connection) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    // The surest of each code.
    let mut surest: BTreeMap<CauseCode, usize> = BTreeMap::new();
    for finding in RULES.iter().flat_map(|rule| rule(connection)) {
        // Of what several rules see the first is kept: those that look at packets and logs are surer, and come first.
        let at = surest.entry(finding.code).or_insert(found.len());
        match found.get_mut(*at) {
            Some(known) if known.certainty < finding.certainty => known.also(finding.because),
            Some(known) if known.certainty > finding.certainty => {
                *at = found.len();
                found.push(finding);
            }
            _ => found.push(finding),
        }
    }
    if connection.is_cut() {
        found.retain(|finding| !says_missing(finding.code));
        let doubtful = found.iter_mut().filter(|finding| rests_on_all(finding.code));
        doubtful.for_each(|finding| finding.certainty = finding.certainty.max(Certainty::Likely));
    }
    // What hinders comes before what is only good to know; else the table decides.
    found.sort_by_key(|finding| !finding.fault);
    found
}
