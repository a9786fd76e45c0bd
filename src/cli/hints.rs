//! What follows the options in the help of each command.

/// What follows the help of the program.
pub const PROGRAM: &str = "\
Exit codes: 0 measured; 1 something required is not so; 2 usage or configuration; 3 could not be measured; 130 interrupted.

Examples:
  nat-probe classify
  nat-probe classify --simulate symmetric
  nat-probe discover --server stun.example.org --transport udp,tcp,tls
  nat-probe turn turn:turn.example.org -u alice";

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

/// What follows the help of `turn`.
pub const TURN: &str = "\
Exit codes: 0 every entry works, if degraded; 1 one does not, or beside others that do could not be told; 2 usage or configuration; 3 nothing could be told. Keys of --require:
turn=any (one suffices), turn=all, turn=udp,tcp,tls,dtls (one over one of these works): these replace the rule that all must
work; relay-family=ipv6; turn-rtt-ms<150, the shortest median round trip to an entry that works.
The environment variable NAT_PROBE_TURN_PASSWORD has the password, NAT_PROBE_TURN_SECRET the shared secret.

Examples:
  nat-probe turn turn:turn.example.org -u alice --password-file password.txt
  nat-probe turn turn.example.org --transport udp,tcp,tls --secret-file secret.txt --rest-user alice
  nat-probe turn --ice-servers config.json --require turn=any";

/// What follows the help of `schema`.
pub const SCHEMA: &str = "Example:\n  nat-probe schema > nat-probe.schema.json";

/// What follows the help of `completions`.
pub const COMPLETIONS: &str = "Example:\n  nat-probe completions bash > /etc/bash_completion.d/nat-probe";
