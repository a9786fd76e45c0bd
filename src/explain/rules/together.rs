//! What follows from the files of both ends of one call, and from neither alone.

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Pair, Party};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::wire::CandidateKind;

/// The two ends, each with how its files are called.
pub(crate) struct Ends<'a, 'b> {
    pub(crate) here: &'b Connection<'a>,
    pub(crate) there: &'b Connection<'a>,
    pub(crate) names: [&'b str; 2],
}

impl Ends<'_, '_> {
    /// The same the other way round.
    fn turned(&self) -> Self {
        Self { here: self.there, there: self.here, names: [self.names[1], self.names[0]] }
    }

    fn connected(&self) -> bool {
        let on = |connection: &Connection| matches!(connection.progress(), Progress::Connected | Progress::Lost);
        on(self.here) && on(self.there)
    }
}

/// Everything that follows from both. What either file alone was not sure of is raised to certain where the other proves it.
pub(crate) fn apply(ends: &Ends, findings: &mut Vec<Finding>) {
    let turned = ends.turned();
    for one in [ends, &turned] {
        proven_mapping(one, findings);
    }
    let mut found: Vec<Finding> = [ends, &turned].into_iter().flat_map(|one| candidates_lost(one)).collect();
    found.extend(lost_on_the_way(ends));
    found.extend(nats_of_both(ends, findings));
    found.append(findings);
    *findings = told_once(ends, &found);
    // What has a cause of its own comes before what only shows that something is wrong, and what is sure before what is not.
    findings.sort_by_key(|finding| (!finding.fault, is_symptom(finding.code), finding.certainty));
}

/// What shows that something is wrong, and not why.
fn is_symptom(code: CauseCode) -> bool {
    use CauseCode::{
        MappingDependsHere, MappingDependsThere, NoRelay, NoServersConfigured, NoTurnConfigured, NothingAnswered,
        NothingArrived, OneWay, OnlyLocalHere, OnlyLocalThere,
    };
    [
        MappingDependsHere,
        MappingDependsThere,
        NoRelay,
        NoServersConfigured,
        NoTurnConfigured,
        NothingAnswered,
        NothingArrived,
        OneWay,
        OnlyLocalHere,
        OnlyLocalThere,
    ]
    .contains(&code)
}

/// What both ends tell is told once: what one says of the other's end, and what is the same for both.
fn told_once(ends: &Ends, found: &[Finding]) -> Vec<Finding> {
    use CauseCode::{MappingDependsHere, MappingDependsThere, OnlyLocalHere, OnlyLocalThere};
    let mirrored = |code| match code {
        MappingDependsThere => Some(MappingDependsHere),
        OnlyLocalThere => Some(OnlyLocalHere),
        _ => None,
    };
    let of_end = [MappingDependsHere, OnlyLocalHere, CauseCode::CandidatesLost, CauseCode::ServerMisconfigured];
    let relayed = [ends.here, ends.there].map(|end| end.has_relay(Party::Here));
    let mut kept: Vec<Finding> = Vec::new();
    for mut finding in found.iter().cloned() {
        let own = mirrored(finding.code).is_some_and(|code| {
            found.iter().any(|other| {
                other.code == code && other.connection != finding.connection && other.certainty <= finding.certainty
            })
        });
        if own {
            continue;
        }
        // One relay serves both.
        if finding.code == CauseCode::NoTurnConfigured && relayed.contains(&true) {
            finding.fault = false;
        }
        let known = kept.iter_mut().find(|known| known.code == finding.code && !of_end.contains(&finding.code));
        match known.filter(|known| known.certainty <= finding.certainty) {
            Some(known) => known.also(finding.because),
            None => kept.push(finding),
        }
    }
    kept
}

/// What this end took for likely of the other's NAT, the other's own file proves.
fn proven_mapping(ends: &Ends, findings: &mut [Finding]) {
    let own = |finding: &&Finding| {
        finding.connection == ends.there.number
            && finding.code == CauseCode::MappingDependsHere
            && finding.certainty == Certainty::Certain
    };
    let Some(proof) = findings.iter().find(own).map(|finding| finding.because.clone()) else { return };
    for finding in findings.iter_mut() {
        if finding.connection == ends.here.number && finding.code == CauseCode::MappingDependsThere {
            finding.certainty = Certainty::Certain;
            finding.also(proof.clone());
            finding.settle.clear();
        }
    }
}

/// Candidates that one end found and the other never got.
fn candidates_lost(ends: &Ends) -> Vec<Finding> {
    if !ends.there.follows_signaling() || ends.there.is_cut() || ends.connected() {
        return Vec::new();
    }
    let useful = [CandidateKind::Srflx, CandidateKind::Relay];
    let sent: Vec<_> = ends
        .here
        .candidates(Party::Here)
        .iter()
        .filter(|(one, _)| useful.contains(&one.kind) && one.address.is_some())
        .collect();
    let came = ends.there.candidates(Party::There);
    let lost: Vec<_> = sent
        .iter()
        .filter(|(one, _)| !came.iter().any(|(other, _)| other.address == one.address && other.port == one.port))
        .collect();
    if lost.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "{} of {} candidates that {} found for the other end never came to {}: the signaling lost them, or the application sent them too late",
        lost.len(),
        sent.len(),
        ends.names[0],
        ends.names[1]
    );
    let found = Finding::fault(ends.there, CauseCode::CandidatesLost, Certainty::Certain, FaultSide::Application, text);
    let fault = lost.len() == sent.len();
    vec![
        found
            .at(lost.iter().map(|(_, place)| *place))
            .only_if(fault)
            .fix("look in the application's log what became of them"),
    ]
}

/// The sum of a count over the pairs of one end; nothing where its file does not count.
fn sum(connection: &Connection, of: fn(&Pair) -> Option<u64>) -> Option<u64> {
    let counts: Vec<u64> = connection.pairs().iter().filter_map(|(_, pair)| of(pair)).collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

/// Checks that one end sent and the other never got.
fn lost_on_the_way(ends: &Ends) -> Vec<Finding> {
    if ends.connected() {
        return Vec::new();
    }
    let sent = [ends.here, ends.there].map(|end| sum(end, |pair| pair.requests_sent));
    let came = [ends.here, ends.there].map(|end| sum(end, |pair| pair.requests_received));
    let ([Some(ours), Some(theirs)], [Some(came), Some(arrived)]) = (sent, came) else { return Vec::new() };
    // Of what this end sent nothing arrived there, and the other way round.
    let (there_lost, here_lost) = (ours > 0 && arrived == 0, theirs > 0 && came == 0);
    let [here, there] = ends.names;
    let text = match (there_lost, here_lost) {
        (true, true) => {
            format!("not one check arrived, in either direction: {here} sent {ours}, {there} sent {theirs}")
        }
        (true, false) if came > 0 => {
            format!(
                "one way only: {came} checks of {there} arrived in {here}, and not one of the {ours} of {here} in {there}"
            )
        }
        (false, true) if arrived > 0 => {
            format!(
                "one way only: {arrived} checks of {here} arrived in {there}, and not one of the {theirs} of {there} in {here}"
            )
        }
        _ => return Vec::new(),
    };
    let code = if there_lost && here_lost { CauseCode::NothingArrived } else { CauseCode::OneWay };
    let found = Finding::fault(ends.here, code, Certainty::Certain, FaultSide::Path, text);
    let pairs = [ends.here, ends.there].into_iter().flat_map(Connection::pairs);
    let events = pairs.filter(|(_, pair)| pair.requests_sent > Some(0)).map(|(event, _)| event);
    vec![
        found
            .on(events)
            .fix("a TURN server that both ends reach")
            .settle("nat-probe classify on both hosts: what do the NATs and firewalls let through?"),
    ]
}

/// Both NATs give each destination another port, and nobody relays.
fn nats_of_both(ends: &Ends, findings: &[Finding]) -> Vec<Finding> {
    let depends = |connection: &Connection| {
        findings.iter().any(|finding| {
            finding.connection == connection.number
                && finding.code == CauseCode::MappingDependsHere
                && finding.certainty == Certainty::Certain
        })
    };
    let relayed = ends.here.has_relay(Party::Here) || ends.there.has_relay(Party::Here);
    if !depends(ends.here) || !depends(ends.there) || relayed || ends.connected() {
        return Vec::new();
    }
    let text = "the NATs of both ends give each destination another port, and neither end has a relay: as a rule no direct way exists between two such NATs";
    let found = Finding::fault(ends.here, CauseCode::BothMappingsDepend, Certainty::Likely, FaultSide::Path, text);
    vec![found.fix("a TURN server that both ends reach, over UDP and over TLS on port 443")]
}
