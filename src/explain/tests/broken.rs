//! Captures of connections with one thing wrong, made by real agents, at each end, in the middle and at the TURN server: what is wrong is
//! found at every place from which it can be seen, and nothing false is said for certain.

use std::fs;
use std::path::Path;

use super::super::*;
use CauseCode::*;

/// What is wrong, by the name of the folder: what may be said of it for certain, whichever comes first. Without a cause nothing is.
const BROKEN: &[(&str, &[CauseCode])] = &[
    ("aioice-nothing", &[NothingArrived, NothingAnswered]),
    ("aioice-requests-only", &[OneWay]),
    ("aioice-role-conflict-controlled", &[RoleConflict]),
    ("aioice-same-role", &[]),
    ("aioice-wrong-password", &[StaleCandidates]),
    ("chromium-dtls-lost-other-way", &[DtlsFailed]),
    ("chromium-one-way", &[OneWay, NothingArrived]),
    ("chromium-wrong-password", &[StaleCandidates]),
    ("firefox-both-active", &[SetupConflict]),
    ("firefox-consent-lost", &[LostAfterConnected]),
    ("firefox-consent-lost-one-way", &[LostAfterConnected]),
    ("firefox-dtls-lost-one-way", &[DtlsFailed]),
    ("firefox-large-lost", &[DtlsFailed]),
    ("firefox-one-way", &[OneWay, NothingArrived]),
    ("firefox-works", &[]),
    ("firefox-wrong-fingerprint", &[DtlsFailed]),
    ("firefox-wrong-password", &[StaleCandidates]),
    ("turn-300", &[TurnRefused]),
    ("turn-401", &[TurnCredentialsRefused]),
    ("turn-403", &[RelayPermissionRefused]),
    ("turn-403-one-of-two", &[]),
    ("turn-437", &[TurnAllocationMismatch]),
    ("turn-440", &[TurnRefused]),
    ("turn-441", &[TurnAllocationMismatch]),
    ("turn-442", &[TurnRefused]),
    ("turn-486", &[TurnQuotaReached]),
    ("turn-508", &[TurnRefused]),
    ("turn-answers-lost", &[TurnUnreachable]),
    ("turn-closed", &[TurnUnreachable]),
    ("turn-silent", &[TurnUnreachable]),
    ("turn-works", &[]),
];

/// What is true beside: packets to the other end's own network lead nowhere, both ends may begin in one role, and who is not needed asks
/// for no permission.
const BESIDE: &[CauseCode] = &[Undelivered, PermissionMissing, RoleConflict, RelayPermissionRefused];

#[test]
fn what_is_wrong_is_found_wherever_it_can_be_seen() {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/broken");
    let (mut seen, mut wrong) = (0, Vec::new());
    for (name, causes) in BROKEN {
        for entry in fs::read_dir(all.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")) {
            let path = entry.unwrap().path();
            let place = path.file_name().unwrap().to_string_lossy().into_owned();
            let reading = read(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}/{place}: {error}"));
            let explanation = explain(reading);
            seen += 1;
            let faults: Vec<&Finding> = explanation.findings.iter().filter(|finding| finding.fault).collect();
            for finding in explanation.findings.iter().filter(|finding| finding.certainty == Certainty::Certain) {
                if !causes.contains(&finding.code) && (finding.fault || !BESIDE.contains(&finding.code)) {
                    wrong.push(format!("{name}/{place}: {} is said for certain: {}", finding.code, finding.text));
                }
            }
            let main = faults.first().map(|finding| (finding.code, finding.certainty));
            let found = match main {
                Some((code, certainty)) => causes.contains(&code) && certainty != Certainty::Possible,
                None => causes.is_empty(),
            };
            if !found {
                let progress: Vec<&str> = explanation.connections.iter().map(|it| it.progress.as_str()).collect();
                wrong.push(format!("{name}/{place}: {main:?} is the main cause ({progress:?})"));
            }
        }
    }
    assert!(seen > 80, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
