//! What follows the options in the help of each command.

use super::contract;

/// The examples of a command that measures, of the program where there is none of that name.
const fn examples(command: &str) -> &'static str {
    match command.as_bytes() {
        b"classify" => {
            "\
Examples:
  nat-probe classify
  nat-probe classify --simulate home-router
  nat-probe classify --json --require mapping=endpoint-independent
  nat-probe classify --json > report.json; nat-probe classify --from report.json"
        }
        b"discover" => {
            "\
Examples:
  nat-probe discover
  nat-probe discover --server stun.example.org --server '[2001:db8::1]:3478' --count 5
  nat-probe discover --transport udp,tcp,tls --servers-file servers.txt"
        }
        b"turn" => {
            "\
Examples:
  nat-probe turn turn:turn.example.org -u alice --password-file password.txt
  nat-probe turn turn.example.org --transport udp,tcp,tls --secret-file secret.txt --rest-user alice
  nat-probe turn --ice-servers config.json --require turn=any"
        }
        _ => {
            "\
Examples:
  nat-probe classify
  nat-probe classify --simulate symmetric
  nat-probe discover --server stun.example.org --transport udp,tcp,tls
  nat-probe turn turn:turn.example.org -u alice"
        }
    }
}

/// What follows the help of the command.
#[must_use]
pub fn of(command: &str) -> String {
    format!("{}\n\n{}", contract::help(command), examples(command))
}

/// What follows the help of `schema`.
pub const SCHEMA: &str = "Example:\n  nat-probe schema > nat-probe.schema.json";

/// What follows the help of `completions`.
pub const COMPLETIONS: &str = "Example:\n  nat-probe completions bash > /etc/bash_completion.d/nat-probe";
