//! The shape of the program, enforced: which layer may import which, and who owns the clock, the output and the dice.

#[path = "architecture/circles.rs"]
mod circles;

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with those it may import.
const LAYERS: [(&str, &[&str]); 12] = [
    ("wire", &[]),
    ("evidence", &["wire"]),
    ("engine", &["evidence", "wire"]),
    ("measure", &["predict", "evidence", "wire"]),
    ("net", &["engine", "evidence", "wire"]),
    ("server", &["engine", "evidence", "wire"]),
    ("sim", &["server", "net", "engine", "evidence", "wire"]),
    ("predict", &["evidence", "wire"]),
    ("peer", &["engine", "evidence", "wire"]),
    ("explain", &["wire"]),
    ("report", &["explain", "predict", "measure", "evidence", "wire"]),
    ("cli", &["report", "explain", "peer", "predict", "measure", "sim", "net", "engine", "evidence", "wire"]),
];

/// What only some places may say, and why.
const OWNED: [(&[&str], &[&str], &str); 7] = [
    (
        &["Instant::now", "SystemTime::now", ".elapsed()"],
        &["src/net/clock.rs"],
        "a clock read makes a run depend on more than its inputs: take the time as an argument",
    ),
    (&["thread::sleep"], &[], "nothing sleeps: waiting is the network's business"),
    (
        &["println!", "print!(", "eprintln!", "eprint!(", "dbg!"],
        &[],
        "these panic on a closed output: write through cli::output or cli::error",
    ),
    (
        &["io::stdout", "io::stderr", "io::stdin", "process::exit"],
        &["src/cli/", "src/net/platform/"],
        "the terminal is the command line's",
    ),
    (
        &["rand::", "RandomState"],
        &["src/engine/chance.rs", "src/net/"],
        "chance comes from the run's seed, and the seed from net::entropy",
    ),
    (&["entropy("], &["src/net/", "src/cli/run.rs"], "a run draws its seed once, where it begins"),
    (&["tokio::", "socket2::", "hickory_resolver::", "nix::"], &["src/net/"], "sockets are the network's"),
];

/// The longest a file may be.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below the folder, as its path in the project and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    assert!(!found.is_empty(), "there is no Rust in {folder}");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The lines of code with their numbers: no comments, no tests.
fn code<'a>(name: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    if name.ends_with("/tests.rs") || name.contains("/tests/") || name.ends_with("/sample.rs") {
        return Vec::new();
    }
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.enumerate().map(|(index, line)| (index + 1, line)).collect()
}

/// The layers that a line of code names by path.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let starts = line.match_indices("crate::").map(|(at, _)| &line[at + "crate::".len()..]);
    starts.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
}

#[test]
fn imports_go_one_way_only() {
    let mut wrong = Vec::new();
    for (layer, allowed) in LAYERS {
        for (name, text) in sources(&format!("src/{layer}")) {
            for (number, line) in code(&name, &text) {
                if line.contains("crate::{") {
                    wrong.push(format!(
                        "{name}:{number}: write one `use` for each layer, so that its direction can be seen"
                    ));
                }
                for other in named(line).filter(|other| LAYERS.iter().any(|(layer, _)| layer == other)) {
                    if other != layer && !allowed.contains(&other) {
                        wrong.push(format!("{name}:{number}: {layer} knows nothing of {other}"));
                    }
                }
                for (other, _) in LAYERS.iter().filter(|(other, _)| *other != layer) {
                    if line.contains(&format!("super::{other}::")) {
                        wrong.push(format!("{name}:{number}: say crate::{other}, so that the direction can be seen"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the arrows of src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn every_source_belongs_to_a_layer() {
    for (name, _) in sources("src") {
        let known = LAYERS.iter().any(|(layer, _)| name.starts_with(&format!("src/{layer}/")));
        assert!(known || name == "src/lib.rs" || name == "src/main.rs", "{name} belongs to no layer");
    }
}

#[test]
fn clocks_dice_and_outputs_have_one_owner() {
    let mut wrong = Vec::new();
    for (name, text) in sources("src") {
        for (number, line) in code(&name, &text) {
            for (words, owners, why) in OWNED {
                let owned = owners.iter().any(|owner| name.starts_with(owner));
                if let Some(word) = words.iter().find(|word| says(line, word)).filter(|_| !owned) {
                    wrong.push(format!("{name}:{number}: {word}: {why}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "what another place owns:\n{}", wrong.join("\n"));
}

/// Whether the line says the word and not a longer one that ends so.
fn says(line: &str, word: &str) -> bool {
    let longer = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| word.starts_with('.') || !longer(at))
}

#[test]
fn no_file_is_too_long() {
    let all = ["src", "tests", "benches"].into_iter().flat_map(sources);
    let long: Vec<_> = all.filter(|(_, text)| text.lines().count() > LONGEST).map(|(name, _)| name).collect();
    assert!(long.is_empty(), "longer than {LONGEST} lines: {long:?}");
}

#[test]
fn the_main_function_is_short() {
    let text = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(text.lines().count() <= 20, "main.rs only hands its arguments to the library");
}

#[test]
fn what_one_layer_owns_is_recognized() {
    assert!(says("let now = Instant::now();", "Instant::now"));
    assert!(says("let took = start.elapsed();", ".elapsed()"));
    assert!(!says("my_println!(1)", "println!"));
    assert_eq!(named("use crate::wire::{self, Family}; crate::evidence::x").collect::<Vec<_>>(), ["wire", "evidence"]);
    assert!(code("src/a.rs", "a\n#[cfg(test)]\nmod tests {\nb\n}\n").iter().all(|(_, line)| *line != "b"));
}
