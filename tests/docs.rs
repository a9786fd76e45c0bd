//! What is written about the program is what the program does.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use nat_probe::cli::manual;
use nat_probe::measure::catalog;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

#[test]
fn the_manual_pages_are_current() {
    let pages = manual::pages().unwrap();
    for (name, text) in &pages {
        let kept = fs::read(path("man").join(name)).unwrap_or_default();
        assert!(kept == *text, "man/{name} is stale; refresh it: cargo run -- man man");
    }
    for entry in fs::read_dir(path("man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(pages.iter().any(|(page, _)| *page == name), "man/{name} belongs to no command; remove it");
    }
}

#[test]
fn the_manual_pages_have_their_sections() {
    for (name, text) in manual::pages().unwrap() {
        let text = String::from_utf8(text).unwrap();
        for section in ["NAME", "SYNOPSIS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"] {
            assert!(
                text.contains(&format!(".SH {section}\n")) || text.contains(&format!(".SH \"{section}\"\n")),
                "{name}: {section}"
            );
        }
        if !name.contains("schema") && !name.contains("completions") {
            assert!(text.contains("FILES") && text.contains("ENVIRONMENT"), "{name}");
        }
    }
}

/// Whatever scripts and support threads name can be looked up.
#[test]
fn each_code_key_and_variable_stands_on_its_page() {
    let mut measuring = 0;
    for (name, text) in manual::pages().unwrap() {
        let text = String::from_utf8(text).unwrap().replace("\\-", "-").replace("\\&", "").replace("\\*(Aq", "'");
        let terms: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("\\fB")?.strip_suffix("\\fR")).collect();
        let command = name.trim_start_matches("nat-probe-").trim_end_matches(".1");
        // Two lists may have the same word.
        let section = |title: &str| text.split("\n.SH ").find(|part| part.trim_start_matches('"').starts_with(title));
        let mut wanted: Vec<String> = Vec::new();
        if let Some(spec) = catalog::find(command) {
            measuring += 1;
            wanted.extend(spec.exit.iter().chain(spec.environment).map(|(term, _)| (*term).to_owned()));
            wanted.extend(spec.keys.iter().map(|key| key.name.to_owned()));
            for (title, codes) in spec.codes {
                let section =
                    section(title).unwrap_or_else(|| panic!("{name} has no section {title}")).to_owned() + "\n";
                for (code, meaning) in codes() {
                    let shown = format!("\n\\fB{code}\\fR\n{meaning}\n");
                    assert!(section.contains(&shown), "{code} in {title} on {name}");
                }
            }
            let strange: Vec<_> = catalog::keys().filter(|key| !spec.keys.contains(key)).collect();
            let terms = section("REQUIREMENTS").unwrap_or_default();
            let strange: Vec<_> =
                strange.into_iter().filter(|key| terms.contains(&format!("\\fB{}\\fR", key.name))).collect();
            assert!(strange.is_empty(), "{name} has keys of another command: {strange:?}");
        }
        if command == "turn" {
            assert!(text.contains("URI\\fR]..."), "the synopsis tells that URIs may be repeated");
        }
        for term in wanted {
            let count = terms.iter().filter(|one| **one == term).count();
            assert_eq!(count, 1, "{term} on {name}: {terms:?}");
        }
    }
    assert_eq!(measuring, catalog::COMMANDS.len(), "each has its page");
}

/// A line that ends within a sentence is broken again by a narrow terminal.
#[test]
fn no_sentence_of_a_help_is_broken_by_hand() {
    let commands = catalog::COMMANDS.iter().map(|spec| format!("{} --help", spec.name));
    for command in commands.chain(["--help".to_owned()]) {
        let output = Command::new(env!("CARGO_BIN_EXE_nat-probe"))
            .env_clear()
            .env("COLUMNS", "2000")
            .args(command.split_whitespace())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let footer = text.split("\nExit codes:\n").nth(1).unwrap_or_else(|| panic!("{command} has no exit codes"));
        let lines = footer.split("\nExamples:").next().unwrap().lines().filter(|line| !line.is_empty());
        assert!(lines.clone().count() > 4, "{command}: {footer}");
        for line in lines {
            assert!(line.ends_with(['.', ':']), "{command}: {line}");
        }
        // A command that is broken in two cannot be copied.
        for line in footer.split("\nExamples:\n").nth(1).unwrap_or_default().lines() {
            assert!(line.len() <= 80, "{command}: {line}");
        }
    }
}

#[test]
fn the_manual_is_written_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new/man");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nat-probe"));
    command.arg("man").arg(&target).assert().success().stdout("");
    assert_eq!(fs::read_dir(target).unwrap().count(), manual::pages().unwrap().len());
}

/// The README's runs, between their markers. `NAT_PROBE_UPDATE=1 cargo test --test docs` writes them anew.
#[test]
fn the_runs_in_the_readme_are_real() {
    const BEGIN: &str = "<!-- run: nat-probe ";
    const FENCE: &str = " -->\n```text\n";
    const END: &str = "```\n<!-- end of run -->";
    let readme = read("README.md");
    let mut parts = readme.split(BEGIN);
    let mut renewed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (arguments, rest) = part.split_once(FENCE).expect("a run has its command");
        let (_, after) = rest.split_once(END).expect("a run has an end");
        let output = Command::new(env!("CARGO_BIN_EXE_nat-probe"))
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        let real = format!("$ nat-probe {arguments}\n{}", String::from_utf8(output.stdout).unwrap());
        renewed.extend([BEGIN, arguments, FENCE, &real, END, after]);
    }
    assert!(renewed.contains(BEGIN), "the README has a run");
    if std::env::var_os("NAT_PROBE_UPDATE").is_some() {
        fs::write(path("README.md"), renewed).unwrap();
    } else {
        assert_eq!(
            readme, renewed,
            "a run in README.md is stale; refresh it: NAT_PROBE_UPDATE=1 cargo test --test docs"
        );
    }
}

/// The table of the commands, between its markers, is what they declare; written anew as the run is.
#[test]
fn the_table_in_the_readme_is_what_the_commands_declare() {
    const BEGIN: &str = "<!-- commands -->\n";
    const END: &str = "<!-- end of commands -->";
    let readme = read("README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a table of the commands");
    let (shown, after) = rest.split_once(END).expect("the table has an end");
    let table = manual::table();
    if std::env::var_os("NAT_PROBE_UPDATE").is_some() {
        fs::write(path("README.md"), format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(
            shown, table,
            "the table in README.md is stale; refresh it: NAT_PROBE_UPDATE=1 cargo test --test docs"
        );
    }
}

/// What stands between two markers of the README.
fn between<'a>(readme: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = readme.split_once(begin).unwrap_or_else(|| panic!("the README has no {begin}"));
    rest.split_once(end).unwrap_or_else(|| panic!("the README has no {end}")).0
}

/// Whoever is asked without being named by the user is named in the README, with who runs it.
#[test]
fn the_servers_in_the_readme_are_those_that_are_asked() {
    const BEGIN: &str = "<!-- servers -->\n";
    const END: &str = "<!-- end of servers -->";
    let list = read("src/cli/arguments/servers.txt");
    let few = list.split("\n\n").next().unwrap().lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let (server, whose) = line.split_once('#').expect("it says who runs it");
        format!("| `{}` | {} |\n", server.trim(), whose.trim())
    };
    let table =
        format!("| server | who runs it, as public lists say |\n|---|---|\n{}", few.map(row).collect::<String>());
    let readme = read("README.md");
    if std::env::var_os("NAT_PROBE_UPDATE").is_some() {
        let shown = format!("{BEGIN}{}{END}", between(&readme, BEGIN, END));
        fs::write(path("README.md"), readme.replace(&shown, &format!("{BEGIN}{table}{END}"))).unwrap();
    } else {
        assert_eq!(between(&readme, BEGIN, END), table, "refresh it: NAT_PROBE_UPDATE=1 cargo test --test docs");
    }
}

/// The binary on a scenario file.
fn simulated(text: &str) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.toml");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nat-probe"));
    command.env_clear().args(["classify", "--simulate"]).arg(file).output().unwrap()
}

#[test]
fn the_scenario_in_the_readme_runs() {
    let readme = read("README.md");
    let shown = between(&readme, "<!-- scenario -->\n```toml\n", "```\n<!-- end of scenario -->");
    let output = simulated(shown);
    let page = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{page}{}", String::from_utf8_lossy(&output.stderr));
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("takes another external port for each destination"), "{page}");
    assert!(page.contains("2 of 2 servers answered"), "{page}");
}

/// A key that no scenario has is told with those there are: each of them stands in the README.
#[test]
fn the_readme_knows_every_key_of_a_scenario() {
    let readme = read("README.md");
    for (table, before) in [
        ("| top |", ""),
        ("| `[host]` |", "[host]\n"),
        ("| `[[nats]]` |", "[[nats]]\n"),
        ("| `[nats.gateway]` |", "[[nats]]\n[nats.gateway]\n"),
        ("| `[lan]`, `[link]` |", "[link]\n"),
        ("| `[lan]`, `[link]` |", "[lan]\n"),
        ("| `[lan]`, `[link]` |", "[lan.burst]\n"),
        ("| `[lan]`, `[link]` |", "[lan.outage]\n"),
        ("| `[[servers]]` |", "[[servers]]\n"),
        ("| `[servers.turn]` |", "[[servers]]\n[servers.turn]\n"),
        ("| `[servers.turn]` |", "[[servers]]\n[[servers.turn.users]]\n"),
        ("| `[[routers]]` |", "[[routers]]\n"),
        ("| `[resolver]` |", "[resolver]\n"),
    ] {
        let told = String::from_utf8(simulated(&format!("{before}surprise = 1\n")).stderr).unwrap();
        let (_, keys) = told.split_once("expected ").unwrap_or_else(|| panic!("{before}: {told}"));
        let keys: Vec<&str> = keys.split('`').skip(1).step_by(2).collect();
        assert!(keys.len() > 1, "{told}");
        let row = readme.lines().find(|line| line.starts_with(table)).unwrap_or_else(|| panic!("no row {table}"));
        for key in keys {
            assert!(row.contains(&format!("`{key}`")), "{key} is not in the row {table}");
        }
    }
}

#[test]
fn the_readme_names_what_there_is() {
    let readme = read("README.md");
    for (name, _) in manual::pages().unwrap() {
        let Some(id) = name.trim_end_matches(".1").strip_prefix("nat-probe-") else { continue };
        // A command of a group is typed with a blank.
        let command = catalog::find(id).map_or(id.replace("turn-", "turn "), |spec| spec.name.to_owned());
        assert!(readme.contains(&format!("nat-probe {command}")), "{command} is not in README.md");
    }
    for command in ["cargo run --release -- classify\n", "cargo test\n"] {
        assert!(readme.contains(command), "{command} is not in README.md");
    }
    for code in [0, 1, 2, 3, 130] {
        assert!(readme.contains(&format!("\n| {code} | ")), "exit code {code} is not in README.md");
    }
    for key in catalog::keys() {
        assert!(readme.contains(&format!("`{}`", key.name)), "the key {} is not in README.md", key.name);
    }
}

#[test]
fn the_changelog_knows_this_version() {
    assert!(read("CHANGELOG.md").contains(&format!("\n## {}", env!("CARGO_PKG_VERSION"))));
}
