//! Calls of real browsers, of which the folder's name is the truth: browser, NAT here, NAT there, what the TURN server did. Nothing
//! certain may be false, the main cause is to be found, and what servers and captures saw makes the likely certain.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::*;

/// The truth about a call.
#[derive(Clone, Debug)]
struct Truth {
    folder: PathBuf,
    name: String,
    nats: [String; 2],
    turn: String,
    connected: bool,
}

fn truths() -> Vec<Truth> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/calls");
    let mut all: Vec<Truth> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let folder = entry.unwrap().path();
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let words: Vec<&str> = name.split_once('-').unwrap().1.rsplitn(2, '-').collect();
            let [turn, nats] = words[..] else { panic!("{name}") };
            let nats = ["home", "symmetric", "udp-blocked"].iter().find_map(|here| {
                let there = nats.strip_prefix(here)?.strip_prefix('-')?;
                Some([(*here).to_owned(), there.to_owned()])
            });
            let outcome = fs::read_to_string(folder.join("outcome")).unwrap();
            Truth {
                nats: nats.unwrap(),
                turn: turn.to_owned(),
                connected: !outcome.starts_with("failed"),
                name,
                folder,
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(all.len() >= 30, "{}", all.len());
    all
}

impl Truth {
    fn has(&self, file: &str) -> bool {
        self.folder.join(file).exists()
    }

    fn input(&self, file: &str) -> Option<Input> {
        let bytes = fs::read(self.folder.join(file)).ok()?;
        let name = file.trim_end_matches(".gz").to_owned();
        let reading = read(&bytes).unwrap_or_else(|error| panic!("{}/{file}: {error}", self.name));
        Some(Input { name, reading })
    }

    fn explained(&self, files: &[&str]) -> Option<Explanation> {
        let inputs: Option<Vec<Input>> = files.iter().map(|file| self.input(file)).collect();
        Some(explain_together(inputs?))
    }

    /// Whether the call would have connected with a TURN server that works.
    fn wants_relay(&self) -> bool {
        self.nats != ["home", "home"]
    }

    /// What a certain statement says that is not so; of the end whose file it is, `here` is the first.
    fn falsehood(&self, finding: &Finding, here: usize) -> Option<String> {
        use CauseCode::*;
        let nat = |end: usize| self.nats[(here + end) % 2].as_str();
        let fits = match finding.code {
            MappingDependsHere => nat(0) == "symmetric",
            MappingDependsThere => nat(1) == "symmetric",
            OnlyLocalHere => nat(0) == "udp-blocked",
            OnlyLocalThere => nat(1) == "udp-blocked",
            TurnCredentialsRefused => self.turn == "refusing",
            RelayPermissionRefused => self.turn == "forbidding",
            // From where no UDP gets out, no server answers over it.
            TurnUnreachable | StunUnreachable => {
                self.turn == "silent" || self.nats.iter().any(|nat| nat == "udp-blocked")
            }
            NoTurnConfigured | NoServersConfigured => self.turn == "none",
            NoRelay => self.turn != "none",
            NothingArrived | NothingAnswered | CandidatesLost => !self.connected,
            // Sessions of other calls stand in the same log.
            RelayUnanswered | TooEarly | PermissionMissing => true,
            SamePublicAddress => false,
            _ => !finding.fault,
        };
        (!fits).then(|| format!("{}: {} is said for certain: {}", self.name, finding.code, finding.text))
    }

    /// Causes that are right for a call that failed.
    fn causes(&self) -> Vec<CauseCode> {
        use CauseCode::*;
        let nats = [MappingDependsHere, MappingDependsThere, BothMappingsDepend, OnlyLocalHere, OnlyLocalThere];
        let mut all: Vec<CauseCode> = match self.turn.as_str() {
            "none" => vec![NoTurnConfigured],
            "refusing" => vec![TurnCredentialsRefused],
            "forbidding" => vec![RelayPermissionRefused],
            _ => vec![TurnUnreachable, StunUnreachable, NoRelay],
        };
        if self.wants_relay() {
            all.extend(nats);
        }
        all
    }
}

/// The main cause and what stands beside it: the first three faults.
fn main_causes(explanation: &Explanation) -> Vec<CauseCode> {
    explanation.findings.iter().filter(|finding| finding.fault).take(3).map(|finding| finding.code).collect()
}

#[test]
fn no_certain_statement_is_false() {
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for truth in truths() {
        for (files, here) in [
            (&["here.internals.json.gz"][..], 0),
            (&["there.internals.json.gz"], 1),
            (&["here.getstats.json.gz"], 0),
            (&["there.getstats.json.gz"], 1),
            (&["here.internals.json.gz", "coturn.log.gz"], 0),
            (&["there.internals.json.gz", "coturn.log.gz"], 1),
            (&["here.getstats.json.gz", "coturn.log.gz"], 0),
            (&["here.internals.json.gz", "middle.pcap.gz"], 0),
        ] {
            let Some(explanation) = truth.explained(files) else { continue };
            for finding in explanation.findings.iter().filter(|finding| finding.certainty == Certainty::Certain) {
                looked_at += 1;
                wrong.extend(truth.falsehood(finding, here));
            }
            // How far it came is certain too.
            let told: Vec<&str> =
                explanation.connections.iter().map(|connection| connection.progress.as_str()).collect();
            if truth.connected && told.contains(&"failed") || !truth.connected && told.contains(&"connected") {
                wrong.push(format!("{} {files:?}: {told:?}", truth.name));
            }
        }
        if let Some(both) = truth.explained(&["here.internals.json.gz", "there.internals.json.gz"]) {
            for finding in both.findings.iter().filter(|finding| finding.certainty == Certainty::Certain) {
                looked_at += 1;
                wrong.extend(truth.falsehood(finding, both.connections[finding.connection].file));
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_main_cause_is_found() {
    let (mut all, mut missed) = (0, Vec::new());
    for truth in truths().into_iter().filter(|truth| !truth.connected) {
        for files in [
            &["here.internals.json.gz"][..],
            &["there.internals.json.gz"],
            &["here.internals.json.gz", "there.internals.json.gz", "coturn.log.gz"],
            &["here.getstats.json.gz", "coturn.log.gz"],
        ] {
            // Statistics alone tell nothing of servers.
            if files[0].contains("getstats") && !["refusing", "forbidding"].contains(&truth.turn.as_str()) {
                continue;
            }
            let Some(explanation) = truth.explained(files) else { continue };
            all += 1;
            let found = main_causes(&explanation);
            if !found.iter().any(|code| truth.causes().contains(code)) {
                missed.push(format!("{} {files:?}: {found:?}", truth.name));
            }
        }
    }
    assert!(all > 20, "{all}");
    assert!(missed.len() * 10 <= all, "{} of {all}:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn the_servers_log_makes_the_403_certain() {
    let mut seen = 0;
    for truth in truths() {
        if truth.turn != "forbidding" || truth.connected || !truth.name.starts_with("chromium") {
            continue;
        }
        let refusal = |files: &[&str]| {
            let explanation = truth.explained(files)?;
            let found =
                explanation.findings.iter().find(|finding| finding.code == CauseCode::RelayPermissionRefused)?;
            Some((found.certainty, found.fault, found.because.join(" ")))
        };
        let (certainty, fault, _) = refusal(&["here.internals.json.gz"]).unwrap_or_else(|| panic!("{}", truth.name));
        assert_eq!((certainty, fault), (Certainty::Likely, true), "{}", truth.name);
        let mut others = vec![("coturn.log.gz", "coturn.log: line")];
        if truth.has("middle.pcap.gz") {
            others.push(("middle.pcap.gz", "middle.pcap: packet"));
        }
        for (other, place) in others {
            let (certainty, fault, because) = refusal(&["here.internals.json.gz", other]).unwrap();
            assert_eq!((certainty, fault), (Certainty::Certain, true), "{} {other}", truth.name);
            assert!(because.contains(place), "{because}");
            seen += 1;
        }
    }
    assert!(seen > 2, "{seen}");
}

#[test]
fn two_ends_are_one_call_and_strangers_are_told() {
    let all = truths();
    let one = |name: &str| all.iter().find(|truth| truth.name == name).unwrap();
    let call = one("chromium-home-symmetric-none");
    let both = call.explained(&["here.internals.json.gz", "there.internals.json.gz"]).unwrap();
    assert_eq!((both.calls.len(), both.calls[0].ends, both.notes.len()), (1, Some([0, 1]), 0), "{:?}", both.notes);
    let own: Vec<_> = both.findings.iter().filter(|finding| finding.code == CauseCode::MappingDependsHere).collect();
    assert_eq!((own.len(), own[0].connection, own[0].certainty), (1, 1, Certainty::Certain));
    assert!(!both.cannot_tell.iter().any(|text| text.starts_with("the other end")), "{:?}", both.cannot_tell);
    // Of another call.
    let inputs = vec![
        call.input("here.internals.json.gz").unwrap(),
        one("chromium-symmetric-symmetric-none").input("there.internals.json.gz").unwrap(),
    ];
    let apart = explain_together(inputs);
    assert_eq!(apart.calls.len(), 2);
    assert!(apart.notes.iter().any(|note| note.starts_with("the files are of different calls")), "{:?}", apart.notes);
    // The same end twice.
    let twice = call.explained(&["here.internals.json.gz", "here.internals.json.gz"]).unwrap();
    assert_eq!((twice.calls.len(), twice.calls[0].ends), (1, None));
}
