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
    // A key twice is a mistake to nfpm, which only a build would tell.
    let entries = description.split("\n  - src: ").skip(1);
    assert!(entries.clone().count() > 5);
    for entry in entries {
        let entry = entry.split("\nrpm:").next().unwrap();
        assert!(entry.matches("file_info:").count() == 1 && entry.matches("packager:").count() <= 1, "{entry}");
    }
    // What nfpm is told to take from the checkout is there.
    for line in description.lines().filter_map(|line| line.trim().strip_prefix("- src: ")) {
        assert!(line.starts_with("${NAT_PROBE_STAGE}/") || path(line).exists(), "{line}");
    }
}

/// Every file that `cargo package` takes; nothing is built for it.
fn crate_files() -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let listed = Command::new(cargo)
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8(listed.stdout).unwrap().lines().map(|line| line.replace('\\', "/")).collect()
}

#[test]
fn the_crate_holds_what_it_takes_to_build_it_and_no_more() {
    let files = crate_files();
    for needed in
        ["src/main.rs", "src/cli/arguments/servers.txt", "man/nat-probe.1", "README.md", "CHANGELOG.md", "LICENSE-MIT"]
    {
        assert!(files.iter().any(|file| file == needed), "{needed} is missing: {files:?}");
    }
    // Cargo's own, and what the manifest includes.
    let own = ["Cargo.toml", "Cargo.toml.orig", "Cargo.lock", ".cargo_vcs_info.json"];
    let wanted = ["src/", "man/", "README.md", "CHANGELOG.md", "LICENSE-"];
    for file in &files {
        let known = own.contains(&file.as_str()) || wanted.iter().any(|start| file.starts_with(start));
        assert!(known, "{file} is nothing to publish");
        let text = [".rs", ".md", ".toml", ".txt", ".1", ".snap", ".json", ".orig", ".lock", "-MIT", "-APACHE"];
        assert!(
            text.iter().any(|end| file.ends_with(end)),
            "{file}: a capture, or another kind of file that nobody reads"
        );
    }
}

/// `cargo binstall` is told where to fetch what `packaging/build` makes, by the names that it makes.
#[test]
fn a_binary_is_fetched_by_the_name_that_it_is_built_by() {
    let (manifest, script) = (read("Cargo.toml"), read("packaging/build"));
    let built = script.lines().find_map(|line| line.split_once("|| targets=(")).expect("the targets that are built").1;
    let built: Vec<&str> = built.trim_end_matches(')').split(' ').collect();
    assert!(built.len() >= 3, "{built:?}");
    assert!(script.contains("name=nat-probe-$version-$target\n"), "the archive's name and its folder's");
    let urls: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("pkg-url = ")).collect();
    for target in &built {
        let end = if target.contains("windows") { "zip" } else { "tar.gz" };
        let names = [format!("-{target}.{end}\""), format!("-{{ target }}.{end}\"")];
        assert!(urls.iter().any(|url| names.iter().any(|name| url.ends_with(name))), "{target}: {urls:?}");
    }
    for url in urls {
        assert!(url.starts_with("\"{ repo }/releases/download/v{ version }/nat-probe-{ version }-"), "{url}");
        let fixed = url.rsplit("{ version }-").next().unwrap();
        let fixed = fixed.trim_end_matches('"').trim_end_matches(".tar.gz").trim_end_matches(".zip");
        assert!(fixed == "{ target }" || built.contains(&fixed), "{fixed} is not built");
    }
}

/// The Rust that is promised suffices for every dependency that says what it takes; lints hold our own code against it.
#[test]
fn no_dependency_takes_a_newer_rust() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--locked", "--offline", "--format-version", "1"];
    let told =
        Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    if !told.status.success() {
        eprintln!("SKIPPED: dependencies of other systems are not at hand: {}", String::from_utf8_lossy(&told.stderr));
        return;
    }
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let packages = told["packages"].as_array().unwrap();
    let number = |version: &str| version.split('.').map(|part| part.parse().unwrap()).chain([0, 0]).take(3).collect();
    let promised: Vec<u32> = number(env!("CARGO_PKG_RUST_VERSION"));
    let taken =
        packages.iter().filter_map(|package| Some((number(package["rust_version"].as_str()?), &package["name"])));
    let newer: Vec<_> = taken.filter(|(version, _): &(Vec<u32>, _)| *version > promised).collect();
    assert!(packages.len() > 100 && newer.is_empty(), "{newer:?} take more than {promised:?}");
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
            .current_dir(folder.path())
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
    run("classify --simulate symmetric");
    let (code, found) = run("classify --from report.json --require mapping=none");
    assert!(code == Some(1) && found.contains("report=/"), "what is read is replaced after that: {found}");
    for named in ["--from report.json", "--from=./report.json"] {
        let (code, _) = run(&format!("classify {named} --require nonsense=1"));
        assert!(code == Some(2) && report.exists(), "what was to be read stays");
    }
    let (_, found) = run("classify --simulate '$(touch pwned)'");
    assert!(!folder.path().join("pwned").exists(), "{found}");
    for not_words in ["classify 'and no end", "classify --simulate home-router --output elsewhere"] {
        let (_, found) = run(not_words);
        assert!(!found.contains("report=/"), "{not_words}: {found}");
    }
    // What judges no saved report again has its page and its report all the same.
    let (code, found) = run("classify\n--simulate\n'home-router'\n--redact\n");
    assert!(code == Some(0) && found.contains("mapping=endpoint-independent\n"), "{found}");
    let (code, found) = run("peer predict nat:symmetric nat:symmetric --json");
    assert!(code == Some(0) && found.contains("report=/") && report.exists(), "{found}");
}
