//! What the program itself and its commands that do not measure promise.

use super::terms;
use crate::explain;
use crate::measure::spec::{PAGE_ENVIRONMENT, STUN_ENVIRONMENT, Spec, Term, USAGE};
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
    codes: &[("TERMS", terms::listed)],
    ..nat::spec::CLASSIFY
};

/// `nat-probe schema`.
pub(super) const SCHEMA: Spec = Spec {
    name: "schema",
    question: "Print the JSON Schema of what --json and --ndjson print",
    exit: PRINTED,
    environment: &[],
    codes: &[],
    examples: &[("nat-probe schema > nat-probe.schema.json", "The schema, to validate reports with.")],
    ..PROGRAM
};

/// `nat-probe explain`.
pub(super) const EXPLAIN: Spec = Spec {
    name: "explain",
    question: "Why did it fail? Read what a browser or an application saved of it",
    how: "A call that fails leaves something to read. In Chrome and its kin: open chrome://webrtc-internals before the call, and press \
          \"Download\" on that page after it failed. In Firefox: about:webrtc, \"Copy Report\" or \"Save Page\". In an application: what \
          getStats() gives as JSON, the offer and the answer (SDP), the candidates, icecandidateerror, its log (libwebrtc, pion, aioice, libdatachannel). Of the \
          server: the log of coturn or eturnal, turnserver.conf. Of the network: a capture (tcpdump -w). Give one of them or several of \
          the same call, best of both ends: they are put together by what stands in both, and that files are of different calls is \
          told. The name of the file does not matter, nor gzip, nor what a mail or an issue tracker puts around it. \
          It says what became of each connection, why, how certain that is, on whose side it lies, what to do, what would settle it, and \
          what such a file cannot tell. This end is the one that wrote the file. A candidate is an address at which an end may be \
          reached: host is its own, srflx (server-reflexive) the one that a STUN server saw beyond its NAT, prflx (peer-reflexive) the one \
          that the other end saw, relay one of a TURN server that passes everything on. --require no=CODE, no=any or certain=CODE \
          (commas for or) decide the exit code for scripts. No network is touched.",
    exit: &[
        ("0", "Explained, and nothing in it hinders a connection; or everything required is so."),
        ("1", "Explained, and a fault was found; or something required is not so."),
        USAGE,
        ("3", "Explained, and what it has does not suffice to tell."),
    ],
    environment: PAGE_ENVIRONMENT,
    codes: &[("CAUSES", explain::CauseCode::listed)],
    examples: &[
        ("nat-probe explain webrtc_internals_dump.txt", "What does this dump of Chrome say?"),
        (
            "nat-probe explain alice.json bob.json turnserver.log",
            "Both ends of a call, and what its TURN server wrote down.",
        ),
        ("nat-probe explain - < candidates.txt", "Candidates or SDP, from standard input."),
        ("tcpdump -w - -c 5000 udp | nat-probe explain -", "A capture, as it is taken."),
        ("nat-probe explain --require no=turn-credentials-refused dump.json", "For a script: was a login refused?"),
        ("nat-probe explain --json --redact dump.json", "For a program, without addresses."),
    ],
    ..SCHEMA
};

/// `nat-probe turn lint`.
pub(super) const LINT: Spec = Spec {
    name: "turn lint",
    question: "Does this configuration of coturn do what it seems to?",
    how: "Reads turnserver.conf as coturn reads it, by the rules of one version, and says what in it keeps coturn from starting, has another \
          effect than it seems to, refuses clients or lets everybody in: in which line, what comes of it, and how to mend it. With \
          --ice-servers it is put beside what an application tells its clients: transports that are off, ports on which nothing listens, \
          credentials that do not fit. It is found where it stands: in a ConfigMap, a here-document, a fence of Markdown, or as the flags \
          of a command line or a compose file; of a template only its lines are looked at. No secret is shown, and no network is touched; whether the server works is what nat-probe turn asks.",
    exit: &[
        ("0", "Looked over, and nothing is wrong; there may be advice."),
        ("1", "Looked over, and there are errors or warnings; --fail-on says from which severity on."),
        USAGE,
    ],
    environment: PAGE_ENVIRONMENT,
    codes: &[("RULES", explain::LintCode::listed)],
    examples: &[
        ("nat-probe turn lint /etc/turnserver.conf", "Is it right for the coturn that is installed here?"),
        ("nat-probe turn lint --coturn-version 4.17.1 turnserver.conf", "Will a newer one read it as it is meant?"),
        ("nat-probe turn lint --ice-servers homeserver.yaml turnserver.conf", "Do clients and server fit?"),
        (
            "nat-probe turn lint --format sarif turnserver.conf > turn.sarif",
            "For a code host that shows findings beside the lines.",
        ),
    ],
    ..SCHEMA
};

/// The commands that do not measure.
pub(super) const OTHERS: [&Spec; 4] = [&LINT, &EXPLAIN, &SCHEMA, &COMPLETIONS];

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
    catalog::find(id).or_else(|| [&PROGRAM].into_iter().chain(OTHERS).find(|spec| spec.id() == id))
}
