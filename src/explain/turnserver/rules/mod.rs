//! The rules: one table. Each looks at a configuration as one version of coturn takes it, and says what is wrong with it.

mod addresses;
mod certificate;
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

/// Rules about lines by themselves, which hold for a template too.
const LINES: &[Rule] = &[
    grammar::template,
    grammar::part,
    grammar::byte_order_mark,
    grammar::lines,
    grammar::values,
    addresses::malformed,
    peers::malformed,
    transports::ports,
];

/// Rules about lines beside each other, and about what is missing.
const WHOLE: &[Rule] = &[
    grammar::twice,
    login::open_relay,
    login::no_auth_conflict,
    login::secret_beside_users,
    login::users,
    login::realm,
    login::secrets,
    login::from_database,
    addresses::external,
    addresses::of_host,
    addresses::loopback_only,
    addresses::command_line,
    peers::all_denied,
    peers::own_denied,
    peers::private,
    peers::loopback,
    transports::one_port,
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
    tls::new,
    certificate::certificate,
    limits::log,
    clients::transports,
    clients::ports,
    clients::credentials,
    clients::hosts,
];

/// Everything that is wrong: what is worst first, then by line.
pub(super) fn apply(configuration: &Configuration) -> Vec<Fault> {
    // Of a template it is open which of its lines will be there, and of flags beside a file what else is.
    let written = configuration.written;
    let whole = WHOLE.iter().filter(|_| written.template.is_none() && !written.partial);
    let mut found: Vec<Fault> = LINES.iter().chain(whole).flat_map(|rule| rule(configuration)).collect();
    found.sort_by_key(|fault| (fault.severity, fault.line.is_none(), fault.line));
    found
}
