//! What follows the options in the help of each command.

/// What follows the help of the program.
pub const PROGRAM: &str = "\
Exit codes: 0 measured; 1 something required is not so; 2 usage or configuration; 3 could not be measured; 130 interrupted.

Examples:
  nat-probe classify
  nat-probe classify --simulate symmetric
  nat-probe discover --server stun.example.org --transport udp,tcp,tls";

/// What follows the help of `classify`.
pub const CLASSIFY: &str = "\
Keys of --require: connectivity, mapping, filtering, family, public-address, rfc3489; with != for \"not\", commas for \"or\", and
ipv4. or ipv6. in front for one family.

Examples:
  nat-probe classify
  nat-probe classify --simulate home-router
  nat-probe classify --json --require mapping=endpoint-independent
  nat-probe classify --json > report.json; nat-probe classify --from report.json";

/// What follows the help of `discover`.
pub const DISCOVER: &str = "\
Examples:
  nat-probe discover
  nat-probe discover --server stun.example.org --server '[2001:db8::1]:3478' --count 5
  nat-probe discover --transport udp,tcp,tls --servers-file servers.txt";

/// What follows the help of `schema`.
pub const SCHEMA: &str = "Example:\n  nat-probe schema > nat-probe.schema.json";

/// What follows the help of `completions`.
pub const COMPLETIONS: &str = "Example:\n  nat-probe completions bash > /etc/bash_completion.d/nat-probe";
