//! What a command promises, as data: help, manual pages, the README's table, completions, the keys of `--require` and the schema are
//! made from it.

use super::nat::advice_code::AdviceCode;
use super::witness::DoubtCode;
use crate::evidence::{AnswerCode, FailureCode, ReasonCode};

/// A term and what it means.
pub(crate) type Term = (&'static str, &'static str);

/// What a command promises.
#[derive(Debug)]
pub struct Spec {
    /// Its name, as it is typed: a command of a group has the group's word before its own, `ice gather`.
    pub name: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// How, in a few sentences.
    pub how: &'static str,
    /// What its exit codes mean.
    pub exit: &'static [Term],
    /// The keys of its `--require`.
    pub keys: &'static [Key],
    /// How these are written.
    pub grammar: &'static str,
    /// A few requirements, for the help of the option itself.
    pub requirements: &'static str,
    /// The environment variables that it reads.
    pub environment: &'static [Term],
    /// How the names of the simulated networks begin that are made for it; nothing where all are.
    pub simulates: &'static str,
    /// The codes that scripts and support threads name: a section of the manual page for each list.
    pub codes: &'static [Codes],
    /// How it is used, and for what.
    pub examples: &'static [Term],
}

impl Spec {
    /// Its name where it has to be one word: `command` in the JSON, the manual page.
    #[must_use]
    pub fn id(&self) -> String {
        self.name.replace(' ', "-")
    }
}

/// A list of codes: the title of its section, and each with what it means.
pub(crate) type Codes = (&'static str, fn() -> Vec<(String, &'static str)>);

/// A key of `--require`.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand behind it.
    pub takes: Takes,
    /// Whether it is about one address family at a time, so that `ipv4.` or `ipv6.` may stand before it.
    pub per_family: bool,
    /// What it means, its values included.
    pub meaning: &'static str,
}

/// What may stand behind a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Takes {
    /// One of these.
    Words(&'static [&'static str]),
    /// An address or a network in CIDR notation.
    Network,
    /// A number behind `<` or `<=`.
    Bound,
}

/// The environment variable that names STUN servers.
pub(crate) const SERVERS: Term =
    ("NAT_PROBE_SERVERS", "The STUN servers to ask where the arguments name none, separated by commas or spaces.");

/// The environment variable with the password of a TURN user.
pub(crate) const PASSWORD: Term = ("NAT_PROBE_TURN_PASSWORD", "The password of the TURN user, where no option has it.");

/// The environment variable with the secret shared with a TURN server.
pub(crate) const SECRET: Term =
    ("NAT_PROBE_TURN_SECRET", "The secret shared with the TURN server, where no option has it.");

/// The codes of the commands that ask STUN servers.
pub(crate) const STUN_CODES: &[Codes] = &[
    ("REASONS", ReasonCode::listed),
    ("ADVICE", AdviceCode::listed),
    ("DOUBTS", DoubtCode::listed),
    ("ANSWERS", AnswerCode::listed),
    FAILURES,
];

/// Why a packet, a connection or a name came to nothing.
pub(crate) const FAILURES: Codes = ("FAILURES", FailureCode::listed);

/// What the exit codes of most commands mean.
pub(crate) const EXIT: &[Term] = &[
    ("0", "Measured, and everything required is so."),
    ("1", "Measured, and something required is not so; standard error and requirements[] say what."),
    USAGE,
    ("3", "Could not be measured: no server answered, or a verdict that a requirement needs is inconclusive."),
    INTERRUPTED,
];

/// Exit code 2.
pub(crate) const USAGE: Term =
    ("2", "The arguments, a file or the environment are wrong, or the output could not be written.");

/// Exit code 130.
pub(crate) const INTERRUPTED: Term =
    ("130", "Interrupted by Ctrl-C; what was learnt until then was printed. A second Ctrl-C ends at once.");

/// The variables that every page obeys.
const NO_COLOR: Term = ("NO_COLOR", "Where it is set and not empty, color is used only with --color always.");
const CLICOLOR_FORCE: Term =
    ("CLICOLOR_FORCE", "Where it is set and not 0, color is used even where the output is no terminal.");
const LOCALE: Term = (
    "LC_ALL, LC_CTYPE, LANG",
    "The first that is set decides whether the page may use more than ASCII: it names UTF-8 then.",
);
const COLUMNS: Term = ("COLUMNS", "The width of the page where the output is no terminal; 80 without it.");
const XDG: Term = ("XDG_CONFIG_HOME", "Where the configuration is, see FILES.");

/// The environment of the commands that print a page and ask no servers.
pub(crate) const PAGE_ENVIRONMENT: &[Term] = &[NO_COLOR, CLICOLOR_FORCE, LOCALE, COLUMNS];

/// The environment of the commands that ask STUN servers.
pub(crate) const STUN_ENVIRONMENT: &[Term] = &[SERVERS, NO_COLOR, CLICOLOR_FORCE, LOCALE, COLUMNS, XDG];

/// The environment of the commands that ask TURN servers too.
pub(crate) const TURN_ENVIRONMENT: &[Term] =
    &[SERVERS, PASSWORD, SECRET, NO_COLOR, CLICOLOR_FORCE, LOCALE, COLUMNS, XDG];

/// The words for an address family.
pub(crate) const FAMILY_WORDS: &[&str] = &["ipv4", "ipv6"];
