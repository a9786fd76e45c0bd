//! What each command promises to scripts: exit codes, keys of `--require`, environment variables. Help and manual are made from it.

use super::{secrets, servers};

/// A term and what it means.
pub type Term = (&'static str, &'static str);

/// What a command promises.
pub struct Contract {
    /// What its exit codes mean.
    pub exit: &'static [Term],
    /// The keys of its `--require`; those of [`crate::report::require::keys`].
    pub keys: &'static [Term],
    /// How they are written.
    pub grammar: &'static str,
    /// An example for the option itself.
    pub require: &'static str,
    /// The environment variables that it reads.
    pub environment: &'static [Term],
}

/// What the command promises; of the program itself what is common to those that measure.
#[must_use]
pub fn of(command: &str) -> Contract {
    match command {
        "classify" => Contract {
            exit: MEASURED,
            keys: CLASSIFY,
            grammar: FAMILIES,
            require: "Require something of the result (repeat), for scripts: mapping=endpoint-independent, connectivity=open,nat, ...",
            environment: STUN,
        },
        "discover" => Contract {
            exit: MEASURED,
            keys: DISCOVER,
            grammar: FAMILIES,
            require: "Require something of the result (repeat), for scripts: family=ipv6, public-address=203.0.113.0/24, ...",
            environment: STUN,
        },
        "turn" => Contract {
            exit: TURN_EXIT,
            keys: TURN,
            grammar: "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will; turn-rtt-ms with < or <=.",
            require: "Require something of the result (repeat), for scripts: turn=any, relay-family=ipv6, turn-rtt-ms<150, ...",
            environment: TURN_ENVIRONMENT,
        },
        _ => Contract { exit: MEASURED, keys: &[], grammar: "", require: "", environment: STUN },
    }
}

/// The same for the end of a help: a line each.
#[must_use]
pub fn help(command: &str) -> String {
    let contract = of(command);
    let list = |title: &str, terms: &[Term]| {
        let lines: Vec<String> = terms.iter().map(|(term, meaning)| format!("  {term}: {meaning}")).collect();
        format!("{title}:\n{}", lines.join("\n"))
    };
    let mut parts = vec![list("Exit codes", contract.exit)];
    if !contract.keys.is_empty() {
        parts.push(format!("{}\n  {}", list("Keys of --require", contract.keys), contract.grammar));
    }
    let own: Vec<Term> =
        contract.environment.iter().filter(|(name, _)| name.starts_with("NAT_PROBE")).copied().collect();
    parts.push(list("Environment", &own));
    parts.join("\n\n")
}

const MEASURED: &[Term] = &[
    ("0", "Measured, and everything required is so."),
    ("1", "Measured, and something required is not so; standard error and requirements[] say what."),
    ("2", "The arguments, a file or the environment are wrong, or the output could not be written."),
    ("3", "Could not be measured: no server answered, or a verdict that a requirement needs is inconclusive."),
    ("130", "Interrupted by Ctrl-C; what was learnt until then was printed. A second Ctrl-C ends at once."),
];

const TURN_EXIT: &[Term] = &[
    (
        "0",
        "Every entry works, if degraded; with --require turn=..., as many as it wants, and everything else required is so.",
    ),
    (
        "1",
        "An entry does not work or, beside others that do, could not be told; something required is not so; or a configuration has no TURN entry.",
    ),
    ("2", "The arguments, a file or the environment are wrong, or the output could not be written."),
    ("3", "Nothing could be told of any entry, or not what a requirement needs."),
    ("130", "Interrupted by Ctrl-C; what was learnt until then was printed. A second Ctrl-C ends at once."),
];

const FAMILIES: &str = "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will. It has to hold of every \
                        address family that this host has; ipv4.KEY or ipv6.KEY asks about one.";

const CONNECTIVITY: Term = ("connectivity", "open, firewalled, direct, nat, udp-blocked or unavailable.");
const FAMILY: Term = ("family", "ipv4 or ipv6: the family works.");
const ADDRESS: Term =
    ("public-address", "An address or a network such as 203.0.113.0/24: the public address is in it.");

const CLASSIFY: &[Term] = &[
    CONNECTIVITY,
    ("mapping", "none, endpoint-independent, address-dependent or address-and-port-dependent."),
    ("filtering", "endpoint-independent, address-dependent or address-and-port-dependent."),
    FAMILY,
    ADDRESS,
    ("rfc3489", "The RFC 3489 name with hyphens, such as full-cone or symmetric, or none."),
];

const DISCOVER: &[Term] = &[CONNECTIVITY, FAMILY, ADDRESS];

const TURN: &[Term] = &[
    (
        "turn",
        "any: one TURN entry suffices; all: each has to work; udp, tcp, tls or dtls: one over one of these. It replaces the rule that all \
         must work. STUN entries never count.",
    ),
    (
        "relay-family",
        "ipv4 or ipv6: an entry that works relays for it (ipv6 needs --features where clients have to ask for it).",
    ),
    ("turn-rtt-ms", "turn-rtt-ms<150: the shortest median round trip to an entry that works."),
];

const NO_COLOR: Term = ("NO_COLOR", "Where it is set and not empty, color is used only with --color always.");
const LOCALE: Term = (
    "LC_ALL, LC_CTYPE, LANG",
    "The first that is set decides whether the page may use more than ASCII: it names UTF-8 then.",
);
const COLUMNS: Term = ("COLUMNS", "The width of the page where the output is no terminal; 80 without it.");
const XDG: Term = ("XDG_CONFIG_HOME", "Where the configuration is, see FILES.");

const STUN: &[Term] = &[
    (servers::VARIABLE, "The servers to ask where the arguments name none, separated by commas or spaces."),
    NO_COLOR,
    LOCALE,
    COLUMNS,
    XDG,
];

const TURN_ENVIRONMENT: &[Term] = &[
    (secrets::PASSWORD, "The password of the user, where no option has it."),
    (secrets::SECRET, "The secret shared with the server, where no option has it."),
    (
        servers::VARIABLE,
        "The STUN servers to ask through the relay where --server names none, separated by commas or spaces.",
    ),
    NO_COLOR,
    LOCALE,
    COLUMNS,
    XDG,
];
