//! The manual pages: made from the definition of the arguments, with the sections that arguments cannot tell.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap::builder::{Resettable, StyledStr};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::args::definition;
use super::contract;
use super::error::CliError;
use crate::measure::turn::DiagnosisCode;

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
    let mut program = definition();
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
    let own_name = command.get_name().to_owned();
    let command_name = own_name.as_str();
    let measures = matches!(command_name, "nat-probe" | "classify" | "discover" | "turn");
    let examples = examples(command_name);
    let repeated =
        command.get_positionals().any(|argument| argument.get_num_args().is_some_and(|most| most.max_values() > 1));
    let has_commands = command.get_subcommands().any(|command| !command.is_hide_set());
    // What follows the help becomes the sections below.
    let command = command.after_long_help(Resettable::<StyledStr>::Reset);
    let man = Man::new(command).source(concat!("nat-probe ", env!("CARGO_PKG_VERSION"))).manual("nat-probe manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    let mut synopsis = Vec::new();
    man.render_synopsis_section(&mut synopsis)?;
    // It does not tell that an argument may be repeated.
    let synopsis = String::from_utf8_lossy(&synopsis).into_owned();
    let synopsis = if repeated { synopsis.replace("\\fR] \n", "\\fR]...\n") } else { synopsis };
    text.extend(synopsis.into_bytes());
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut roff = Roff::new();
    let contract = contract::of(command_name);
    if measures {
        terms(&mut roff, "EXIT STATUS", contract.exit);
        terms(&mut roff, "FILES", FILES);
        terms(&mut roff, "ENVIRONMENT", contract.environment);
        let grammar = [("How to write them", contract.grammar)];
        terms(
            &mut roff,
            "REQUIREMENTS",
            &if contract.keys.is_empty() { Vec::new() } else { [contract.keys, &grammar].concat() },
        );
    } else {
        terms(&mut roff, "EXIT STATUS", &[contract.exit[0], contract.exit[2]]);
    }
    if command_name == "turn" {
        let codes: Vec<(String, &str)> =
            DiagnosisCode::ALL.iter().map(|code| (code.to_string(), code.meaning())).collect();
        let codes: Vec<(&str, &str)> = codes.iter().map(|(name, meaning)| (name.as_str(), *meaning)).collect();
        terms(&mut roff, "DIAGNOSES", &codes);
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
