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

/// A file of a call, as it is kept.
pub(super) fn file_of(call: &str, file: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/calls").join(call).join(file)).unwrap()
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

    /// What a certain statement says that is not so. The file is of the end that offers, `Some(0)`, of the other, or of neither.
    fn falsehood(&self, finding: &Finding, end: Option<usize>) -> Option<String> {
        use CauseCode::*;
        let is = |other: usize, word: &str| match end {
            Some(end) => self.nats[(end + other) % 2] == word,
            None => self.nats.iter().any(|nat| nat == word),
        };
        let fits = match finding.code {
            MappingDependsHere => is(0, "symmetric"),
            MappingDependsThere => is(1, "symmetric"),
            OnlyLocalHere => is(0, "udp-blocked"),
            OnlyLocalThere => is(1, "udp-blocked"),
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
            // Bare statistics know of no configuration and no refusal, only that there was no relay.
            "none" => vec![NoTurnConfigured, NoRelay],
            "refusing" => vec![TurnCredentialsRefused, NoRelay],
            // Where only the silence of the relay is to be seen, that is said, with the 403 as what it may be.
            "forbidding" => vec![RelayPermissionRefused, RelayUnanswered],
            _ => vec![TurnUnreachable, StunUnreachable, NoRelay],
        };
        if self.wants_relay() {
            all.extend(nats);
        }
        if self.nats.iter().any(|nat| nat == "udp-blocked") {
            all.push(StunUnreachable);
        }
        all
    }
}

/// The main cause and what stands beside it: the first three faults that are more than possible.
fn main_causes(explanation: &Explanation) -> Vec<CauseCode> {
    let sure = |finding: &&Finding| finding.fault && finding.certainty != Certainty::Possible;
    explanation.findings.iter().filter(sure).take(3).map(|finding| finding.code).collect()
}

/// Of whose end a file is.
fn end_of(file: &str) -> Option<usize> {
    ["here", "there"].iter().position(|end| file.starts_with(end))
}

/// What is held of a call, and of how many calls that failed the main cause is found with it, of how many that have these files. That a
/// number is smaller than the other has a reason: statistics tell nothing of servers, and a server or somebody in the middle sees only
/// what comes there.
const HELD: &[(&str, &[&str], usize, usize)] = &[
    ("firefox", &["here.about.json"], 13, 13),
    ("firefox", &["there.about.json"], 13, 13),
    ("firefox", &["here.page.html"], 13, 13),
    ("firefox", &["here.log.json"], 13, 13),
    ("firefox", &["there.log.json"], 12, 13),
    ("firefox", &["here.getstats.json"], 12, 13),
    ("firefox", &["there.getstats.json"], 9, 13),
    ("firefox", &["here.pcap"], 13, 13),
    ("firefox", &["middle.pcap"], 12, 13),
    ("firefox", &["turn.pcap"], 10, 10),
    ("firefox", &["coturn.log"], 6, 10),
    ("firefox", &["here.about.json", "here.log.json"], 13, 13),
    ("firefox", &["here.about.json", "coturn.log"], 10, 10),
    ("firefox", &["here.about.json", "here.pcap"], 13, 13),
    ("firefox", &["here.about.json", "middle.pcap"], 13, 13),
    ("firefox", &["here.about.json", "turn.pcap"], 10, 10),
    ("firefox", &["here.log.json", "coturn.log"], 10, 10),
    ("firefox", &["here.getstats.json", "here.log.json"], 13, 13),
    ("firefox", &["here.getstats.json", "coturn.log"], 9, 10),
    ("firefox", &["here.getstats.json", "here.pcap"], 13, 13),
    ("firefox", &["here.page.html", "here.pcap"], 13, 13),
    ("firefox", &["here.pcap", "coturn.log"], 10, 10),
    ("firefox", &["here.about.json", "there.about.json"], 13, 13),
    ("firefox", &["here.about.json", "there.about.json", "coturn.log"], 10, 10),
    ("firefox", &["here.log.json", "there.log.json"], 13, 13),
    ("chromium", &["here.internals.json"], 12, 12),
    ("chromium", &["there.internals.json"], 11, 12),
    ("chromium", &["here.getstats.json"], 12, 12),
    ("chromium", &["there.getstats.json"], 9, 12),
    ("chromium", &["here.pcap"], 5, 5),
    ("chromium", &["middle.pcap"], 5, 6),
    ("chromium", &["turn.pcap"], 4, 4),
    ("chromium", &["coturn.log"], 6, 9),
    ("chromium", &["here.internals.json", "coturn.log"], 9, 9),
    ("chromium", &["here.internals.json", "here.pcap"], 5, 5),
    ("chromium", &["here.internals.json", "middle.pcap"], 6, 6),
    ("chromium", &["here.internals.json", "here.getstats.json"], 12, 12),
    ("chromium", &["here.getstats.json", "coturn.log"], 9, 9),
    ("chromium", &["here.getstats.json", "here.pcap"], 5, 5),
    ("chromium", &["here.internals.json", "there.internals.json"], 12, 12),
    ("chromium", &["here.internals.json", "there.internals.json", "coturn.log"], 9, 9),
];

#[test]
fn what_is_held_of_a_call_tells_nothing_false_and_the_main_cause() {
    let (all, mut said, mut wrong, mut looked_at) = (truths(), Vec::new(), Vec::new(), 0);
    for (browser, files, found, tried) in HELD {
        let (mut failed, mut missed) = (0, Vec::new());
        for truth in all.iter().filter(|truth| truth.name.starts_with(browser)) {
            let packed: Vec<String> = files.iter().map(|file| format!("{file}.gz")).collect();
            let packed: Vec<&str> = packed.iter().map(String::as_str).collect();
            let Some(explanation) = truth.explained(&packed) else { continue };
            for finding in explanation.findings.iter().filter(|finding| finding.certainty == Certainty::Certain) {
                looked_at += 1;
                let end = end_of(files[explanation.connections[finding.connection].file]);
                wrong.extend(truth.falsehood(finding, end).map(|text| format!("{files:?} {text}")));
            }
            // How far it came is certain too.
            let told: Vec<&str> = explanation.connections.iter().map(|it| it.progress.as_str()).collect();
            if truth.connected && told.contains(&"failed") || !truth.connected && told.contains(&"connected") {
                wrong.push(format!("{} {files:?}: {told:?}", truth.name));
            }
            if !truth.connected {
                failed += 1;
                let causes = main_causes(&explanation);
                if !causes.iter().any(|code| truth.causes().contains(code)) {
                    missed.push(format!("{} {causes:?}", truth.name));
                }
            }
        }
        let now = (failed - missed.len(), failed);
        if now != (*found, *tried) {
            said.push(format!("(\"{browser}\", &{files:?}, {}, {}), // {missed:?}", now.0, now.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(said.is_empty(), "{}", said.join("\n"));
    assert!(looked_at > 800, "{looked_at}");
    // Nine of ten, of everything that an end itself has, but for bare statistics.
    for browser in ["firefox", "chromium"] {
        let is_own = |file: &&str| end_of(file).is_some() && !file.contains("getstats");
        let own = HELD.iter().filter(|held| held.0 == browser && held.1.iter().all(is_own));
        let sum = own.fold((0, 0), |sum, held| (sum.0 + held.2, sum.1 + held.3));
        assert!(sum.0 * 10 >= sum.1 * 9, "{browser}: {sum:?}");
    }
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
