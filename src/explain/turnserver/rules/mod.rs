//! The rules: one table. Each looks at a configuration as one version of coturn takes it, and says what is wrong with it.

mod addresses;
mod clients;
mod grammar;
mod limits;
mod login;
mod peers;
mod tls;
mod transports;

use super::configuration::Configuration;
use super::finding::Fault;

/// A rule: what it sees in a configuration.
type Rule = fn(&Configuration) -> Vec<Fault>;

/// Every rule.
const RULES: &[Rule] = &[
    grammar::byte_order_mark,
    grammar::lines,
    grammar::values,
    grammar::twice,
    login::open_relay,
    login::no_auth_conflict,
    login::secret_beside_users,
    login::users,
    login::realm,
    login::secrets,
    login::from_database,
    addresses::malformed,
    addresses::external,
    peers::malformed,
    peers::all_denied,
    peers::own_denied,
    peers::private,
    peers::loopback,
    transports::ports,
    transports::relay_ports,
    transports::nothing_left,
    transports::stun,
    limits::bandwidth,
    limits::quotas,
    limits::lifetimes,
    limits::server_relay,
    tls::certificate,
    tls::files,
    tls::old,
    limits::log,
    clients::transports,
    clients::ports,
    clients::credentials,
];

/// Everything that is wrong: what is worst first, then by line.
pub(super) fn apply(configuration: &Configuration) -> Vec<Fault> {
    let mut found: Vec<Fault> = RULES.iter().flat_map(|rule| rule(configuration)).collect();
    found.sort_by_key(|fault| (fault.severity, fault.line.is_none(), fault.line));
    found
}
