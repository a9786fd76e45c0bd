//! What is packaged agrees with Cargo.toml and with what the program has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `packaging/render` fills in.
const KNOWN: &[&str] = &["VERSION", "DESCRIPTION", "LICENSE", "REPOSITORY", "SHA256_X86_64_PC_WINDOWS_GNU"];

/// Managers whose manifests name a release.
const MANAGERS: &[&str] = &["aur", "homebrew", "scoop", "winget"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Each manifest that is filled in: its name and text.
fn templates() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for manager in MANAGERS {
        for entry in fs::read_dir(path("packaging").join(manager)).unwrap() {
            let name = format!("packaging/{manager}/{}", entry.unwrap().file_name().to_str().unwrap());
            let text = read(&name);
            found.push((name, text));
        }
    }
    assert!(found.len() >= MANAGERS.len(), "{found:?}");
    found
}

/// The words between two @ of a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let word = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    text.split('@').filter(word).collect()
}

#[test]
fn manifests_name_nothing_that_is_not_filled_in_and_repeat_nothing() {
    for (name, text) in templates() {
        let unknown: Vec<_> = placeholders(&text).into_iter().filter(|word| !KNOWN.contains(word)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
        assert!(text.contains("@VERSION@"), "{name} has the version from Cargo.toml");
        for fact in [env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_DESCRIPTION")] {
            assert!(!text.contains(fact), "{name} repeats {fact:?}: it would go stale");
        }
        assert!(!text.contains("github.com/"), "{name}: the repository's address stands in Cargo.toml");
    }
}

#[test]
fn packages_hold_what_the_program_has() {
    let description = read("packaging/nfpm.yaml");
    assert!(description.contains(concat!("license: ", env!("CARGO_PKG_LICENSE"), "\n")));
    assert!(description.contains(concat!("name: ", env!("CARGO_PKG_NAME"), "\n")));
    for folder in ["/usr/bin/nat-probe", "/usr/share/man/man1/", "bash-completion", "zsh", "fish", "LICENSE-MIT"] {
        assert!(description.contains(folder), "{folder}");
    }
    // What nfpm is told to take from the checkout is there.
    for line in description.lines().filter_map(|line| line.trim().strip_prefix("- src: ")) {
        assert!(line.starts_with("${NAT_PROBE_STAGE}/") || path(line).exists(), "{line}");
    }
}

#[test]
fn the_action_gives_the_outputs_that_it_names() {
    let (action, step) = (read("action.yml"), read("packaging/action/run"));
    for output in ["public-ipv4", "mapping", "filtering", "verdict", "report"] {
        assert!(action.contains(&format!("\n  {output}:\n")), "action.yml: {output}");
        assert!(step.contains(&format!("\"{output}\": ")), "packaging/action/run: {output}");
    }
}

/// The step as a job runs it, with the program that was just built.
#[test]
#[cfg(unix)]
fn the_action_reports_what_was_found() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no python3, so the step of the GitHub Action was not run");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (outputs, report) = (folder.path().join("outputs"), folder.path().join("report.json"));
    let run = |arguments: &str| {
        fs::write(&outputs, "").unwrap();
        let done = Command::new(path("packaging/action/run"))
            .env("NAT_PROBE", env!("CARGO_BIN_EXE_nat-probe"))
            .env("NAT_PROBE_ARGUMENTS", arguments)
            .env("NAT_PROBE_REPORT", &report)
            .env("GITHUB_OUTPUT", &outputs)
            .output()
            .unwrap();
        (done.status.code(), fs::read_to_string(&outputs).unwrap())
    };
    let (code, found) = run("classify --simulate 'home-router' --require mapping=endpoint-independent");
    assert_eq!(code, Some(0), "{found}");
    for line in ["mapping=endpoint-independent", "filtering=address-and-port-dependent", "verdict=nat"] {
        assert!(found.lines().any(|one| one == line), "{line} is not in {found}");
    }
    let (code, found) = run("classify --simulate symmetric --require mapping=endpoint-independent");
    assert_eq!(code, Some(1));
    assert!(found.contains("mapping=address-and-port-dependent\n"), "{found}");
    let (code, found) = run("classify --simulate no-such-network");
    assert_eq!(code, Some(2));
    assert!(
        found.contains("mapping=\n") && found.contains("report=\n"),
        "an earlier report is not this one's: {found}"
    );
    let (_, found) = run("classify --simulate '$(touch pwned)'");
    assert!(!path("pwned").exists(), "{found}");
}
