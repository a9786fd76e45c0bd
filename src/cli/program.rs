//! What the program itself and its commands that do not measure promise.

use crate::measure::spec::{STUN_ENVIRONMENT, Spec, Term, USAGE};
use crate::measure::{catalog, nat};

/// `nat-probe` itself: what is common to the commands that measure.
pub(super) const PROGRAM: Spec = Spec {
    name: "nat-probe",
    question: "Why can these two peers not connect?",
    requirements: "",
    keys: &[],
    examples: &[
        ("nat-probe classify", "What does the NAT in front of this host do?"),
        ("nat-probe discover --server stun.example.org --transport udp,tcp,tls", "What address does that server see?"),
        ("nat-probe turn turn:turn.example.org -u alice", "Does that TURN server work?"),
        ("nat-probe classify --simulate symmetric", "How it looks on a network that is only simulated."),
    ],
    environment: STUN_ENVIRONMENT,
    codes: &[],
    ..nat::spec::CLASSIFY
};

/// `nat-probe schema`.
pub(super) const SCHEMA: Spec = Spec {
    name: "schema",
    question: "Print the JSON Schema of what --json and --ndjson print",
    exit: PRINTED,
    environment: &[],
    examples: &[("nat-probe schema > nat-probe.schema.json", "The schema, to validate reports with.")],
    ..PROGRAM
};

/// `nat-probe completions`.
pub(super) const COMPLETIONS: Spec = Spec {
    name: "completions",
    question: "Print a completion script for a shell",
    examples: &[
        ("nat-probe completions bash > /etc/bash_completion.d/nat-probe", "For every user of bash."),
        ("echo 'source <(nat-probe completions zsh)' >> ~/.zshrc", "For one user of zsh, behind compinit."),
        ("nat-probe completions fish > ~/.config/fish/completions/nat-probe.fish", "For one user of fish."),
    ],
    ..SCHEMA
};

const PRINTED: &[Term] = &[("0", "Printed."), USAGE];

/// The promises of the command of that name in one word ([`Spec::id`]), or of the program.
#[must_use]
pub(super) fn spec(id: &str) -> Option<&'static Spec> {
    let others: [&Spec; 3] = [&PROGRAM, &SCHEMA, &COMPLETIONS];
    catalog::find(id).or_else(|| others.into_iter().find(|spec| spec.id() == id))
}
