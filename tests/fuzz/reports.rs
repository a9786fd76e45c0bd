//! Saved reports, to be judged again.

use std::path::Path;

use nat_probe::cli::{judge_again, saved};
use nat_probe::report::json::{from_json, render};
use nat_probe::report::{Report, Style, view};
use nat_probe::sim::Scenario;
use serde_json::Value;

use crate::dice::{Dice, fuzz};
use crate::{runs, trees};

/// The committed cases, and what every command writes.
fn seeds() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        case["report"].clone()
    };
    let mut seeds: Vec<Value> = paths.iter().map(read).collect();
    let mut dice = Dice::new(0);
    for name in ["home-router", "symmetric", "stateful-firewall", "turn-server", "turn-private-relay"] {
        for command in 0..runs::COMMANDS {
            let report = runs::measure_by(command, &mut dice, &Scenario::preset(name).unwrap(), 0);
            seeds.push(serde_json::from_str(&render(&report)).unwrap());
        }
    }
    seeds
}

/// Prints it every way there is.
pub(crate) fn print(report: &Report) {
    let pages = [20, 80].map(|width| view::render(report, &Style { width, verbosity: 2, ..Style::default() }));
    for text in pages.into_iter().chain([render(report)]) {
        let raw = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{text:?}");
    }
}

#[test]
fn reports() {
    let seeds = seeds();
    fuzz(|dice| {
        let seed = dice.pick(&seeds);
        let text = trees::mutate(dice, seed).to_string();
        let text = if dice.one_in(10) {
            String::from_utf8_lossy(&dice.mutate(text.as_bytes(), b"{}", &[b"1e308", b"\"", b"[["])).into_owned()
        } else {
            text
        };
        for command in ["classify", "discover", "turn"] {
            let Ok(report) = saved::read(command, &text) else { continue };
            let judged = judge_again::judged(report);
            print(&judged);
            let written = render(&judged);
            let back = from_json(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(render(&back), written, "what is written is read");
            print(&Report { redacted: true, ..judged });
        }
    });
}
