//! The manual pages: made from the definition of the arguments, with the sections that arguments cannot tell.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{Resettable, StyledStr};
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::args::Cli;
use super::error::CliError;

/// A page: its file name and its text.
pub type Page = (String, Vec<u8>);

/// Writes every page to a directory, which is made where it does not exist.
///
/// # Errors
/// When a file cannot be written.
pub fn write(directory: &Path) -> Result<(), CliError> {
    let fail = |path: &Path, error: &io::Error| {
        CliError::usage(format!("cannot write the manual page {}: {error}", path.display()))
            .advise("a directory you may write to")
    };
    fs::create_dir_all(directory).map_err(|error| fail(directory, &error))?;
    let pages = pages().map_err(|error| fail(directory, &error))?;
    for (name, text) in pages {
        let path: PathBuf = directory.join(name);
        fs::write(&path, text).map_err(|error| fail(&path, &error))?;
    }
    Ok(())
}

/// Every page: the program's and each command's.
///
/// # Errors
/// When a page cannot be rendered.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut program = Cli::command();
    program.build();
    let commands: Vec<Command> = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let names: Vec<String> = std::iter::once(&program).chain(&commands).map(page_name).collect();
    let mut pages = Vec::new();
    for command in std::iter::once(program).chain(commands) {
        let name = page_name(&command);
        pages.push((format!("{name}.1"), page(command, &name, &names)?));
    }
    Ok(pages)
}

fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: Command, name: &str, names: &[String]) -> io::Result<Vec<u8>> {
    let measures = matches!(command.get_name(), "nat-probe" | "classify" | "discover" | "turn");
    let examples = examples(command.get_name());
    let has_commands = command.get_subcommands().any(|command| !command.is_hide_set());
    // What follows the help becomes the sections below.
    let command = command.after_long_help(Resettable::<StyledStr>::Reset);
    let man = Man::new(command).source(concat!("nat-probe ", env!("CARGO_PKG_VERSION"))).manual("nat-probe manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut roff = Roff::new();
    if measures {
        terms(&mut roff, "EXIT STATUS", EXIT_STATUS);
        terms(&mut roff, "FILES", FILES);
        terms(&mut roff, "ENVIRONMENT", ENVIRONMENT);
        terms(&mut roff, "REQUIREMENTS", if name == "nat-probe" { &[] } else { REQUIREMENTS });
    } else {
        terms(&mut roff, "EXIT STATUS", &[EXIT_STATUS[0], EXIT_STATUS[2]]);
    }
    terms(&mut roff, "EXAMPLES", examples);
    see_also(&mut roff, name, names);
    roff.to_writer(&mut text)?;
    Ok(text)
}

/// A section of terms, each with what it means; nothing where there are none.
fn terms(roff: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    if terms.is_empty() {
        return;
    }
    roff.control("SH", [title]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
}

fn see_also(roff: &mut Roff, name: &str, names: &[String]) {
    roff.control("SH", ["SEE ALSO"]);
    let mut line = Vec::new();
    for other in names.iter().filter(|other| *other != name) {
        line.extend([bold(other.as_str()), roman("(1), ")]);
    }
    line.extend([
        italic("RFC 5780"),
        roman(" (NAT behavior discovery), "),
        italic("RFC 4787"),
        roman(" (NAT behavior for UDP), "),
    ]);
    line.extend([italic("RFC 8489"), roman(" (STUN)")]);
    roff.text(line);
}

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Measured, and everything required is so."),
    ("1", "Measured, and something required is not so; standard error and requirements[] say what."),
    ("2", "The arguments, a file or the environment are wrong, or the output could not be written."),
    ("3", "Could not be measured: no server answered, or a verdict that a requirement needs is inconclusive."),
    ("130", "Interrupted by Ctrl-C; what was learnt until then was printed. A second Ctrl-C ends at once."),
];

const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/nat-probe/servers.txt, else ~/.config/nat-probe/servers.txt",
        "The servers to ask where neither the arguments nor the environment name any: one a line, # begins a comment. On macOS \
         ~/Library/Application Support/nat-probe/servers.txt, on Windows %APPDATA%\\nat-probe\\servers.txt. Without it a list of public \
         servers is asked.",
    ),
    (
        "*.toml",
        "A scenario for --simulate: the host, the NATs and links in front of it, the servers and their faults. nat-probe classify \
         --simulate list describes those that come with the program.",
    ),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("NAT_PROBE_SERVERS", "The servers to ask where the arguments name none, separated by commas or spaces."),
    ("NO_COLOR", "Where it is set and not empty, color is used only with --color always."),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "The first that is set decides whether the page may use more than ASCII: it names UTF-8 then.",
    ),
    ("COLUMNS", "The width of the page where the output is no terminal; 80 without it."),
    ("XDG_CONFIG_HOME", "Where the configuration is, see FILES."),
];

const REQUIREMENTS: &[(&str, &str)] = &[
    ("connectivity", "open, firewalled, direct, nat, udp-blocked or unavailable."),
    ("mapping", "none, endpoint-independent, address-dependent or address-and-port-dependent."),
    ("filtering", "endpoint-independent, address-dependent or address-and-port-dependent."),
    ("family", "ipv4 or ipv6: the family works."),
    ("public-address", "An address or a network such as 203.0.113.0/24: the public address is in it."),
    ("rfc3489", "The RFC 3489 name with hyphens, such as full-cone or symmetric, or none."),
    (
        "How to write them",
        "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will, and ipv4.KEY or ipv6.KEY for one \
         family.",
    ),
];

fn examples(command: &str) -> &'static [(&'static str, &'static str)] {
    match command {
        "nat-probe" => &[
            ("nat-probe classify", "What does the NAT in front of this host do?"),
            ("nat-probe discover", "What address do others see?"),
            ("nat-probe classify --simulate symmetric", "The same for a simulated network, without a packet."),
        ],
        "classify" => &[
            ("nat-probe classify", "The verdict, what it rests on, and what it means."),
            ("nat-probe classify --simulate home-router", "How it looks on a network that is only simulated."),
            (
                "nat-probe classify --json --require mapping=endpoint-independent --require filtering!=address-and-port-dependent",
                "For a script: JSON on standard output, exit code 1 where the NAT is stricter than that.",
            ),
            ("nat-probe classify --json --redact", "A report without addresses, to paste into a public place."),
            ("nat-probe classify --from report.json -v", "What was saved, judged again, with every exchange."),
        ],
        "turn" => &[
            ("nat-probe turn turn:turn.example.org -u alice", "One server; the password is asked for."),
            (
                "nat-probe turn --ice-servers config.json --require turn=any",
                "An application's servers, of which one suffices.",
            ),
        ],
        "discover" => &[
            ("nat-probe discover", "The address that each of the public servers sees."),
            ("nat-probe discover --server stun.example.org --count 5", "One server, asked five times."),
            ("nat-probe discover --server stuns:stun.example.org --transport tls", "Over TLS, the port found by SRV."),
        ],
        "schema" => &[("nat-probe schema > nat-probe.schema.json", "The schema, to validate reports with.")],
        _ => &[
            ("nat-probe completions bash > /etc/bash_completion.d/nat-probe", "For every user of bash."),
            ("nat-probe completions zsh > ~/.zfunc/_nat-probe", "For one user of zsh."),
        ],
    }
}
