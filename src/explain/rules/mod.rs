//! The rules: one table, in the order of what matters most. Each looks at one connection and says what follows from it.

mod application;
mod checks;
mod gathering;
mod nat;
mod say;

use super::connection::Connection;
use super::finding::Finding;

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
    checks::lost,
    gathering::credentials_refused,
    gathering::without_credentials,
    gathering::relay_only_without_relay,
    gathering::too_early,
    application::stale_candidates,
    application::no_remote_candidates,
    checks::no_common_family,
    checks::relay_permission_refused,
    checks::one_way,
    checks::nothing_came,
    nat::mapping_here,
    nat::mapping_there,
    nat::same_public_address,
    nat::only_local,
    gathering::no_turn,
    gathering::no_relay,
    gathering::quota,
    gathering::unreachable,
    nat::not_public,
    application::candidate_refused,
    application::mismatch,
];

/// Everything that follows from a connection.
pub(super) fn apply(connection: &Connection) -> Vec<Finding> {
    let mut found: Vec<Finding> = RULES.iter().flat_map(|rule| rule(connection)).collect();
    // What hinders comes before what is only good to know; else the table decides.
    found.sort_by_key(|finding| !finding.fault);
    found
}
