//! Files explained: what they tell, what follows, and what they cannot tell.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::connection::{self, Progress};
use super::event::{Event, What};
use super::finding::{CauseCode, Certainty, Finding};
use super::format::Format;
use super::join::{self, Joined, Part};
use super::read::{Input, Reading};
use super::rules;
use super::rules::configured;
use super::rules::together::{self, Ends};
use super::sentence::{cannot_tell, in_short, sentence, sure, word};
use super::traffic::RelayOutcome;

/// Files explained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// `explain`.
    pub command: String,
    /// The version of nat-probe that explained it.
    pub version: String,
    /// What kind of file it is; of several, the first.
    pub format: Format,
    /// The files.
    pub files: Vec<File>,
    /// Whether a fault was found.
    pub outcome: Outcome,
    /// What was required of it, and whether it is so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Required>,
    /// Their connections.
    pub connections: Vec<Connection>,
    /// Which connections are one call: each of them alone, unless several files, or both ends in one, tell of the same.
    pub calls: Vec<Call>,
    /// Everything that follows, by call; what hinders most comes first.
    pub findings: Vec<Finding>,
    /// Everything that they tell, by connection and in the order of the files.
    pub events: Vec<Event>,
    /// What is to be said of the files themselves. Escaped.
    pub notes: Vec<String>,
    /// What such files cannot tell.
    pub cannot_tell: Vec<String>,
    /// Whether addresses and names are replaced.
    pub redacted: bool,
}

/// One of the files.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct File {
    /// Its name. Escaped.
    pub name: String,
    /// What kind of file it is.
    pub format: Format,
}

/// One connection of a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Connection {
    /// What the file calls it. Escaped.
    pub name: String,
    /// Which of the files, from 0.
    pub file: usize,
    /// How far it came: `untold`, `new`, `checking`, `connected`, `lost`, `failed`.
    pub progress: String,
    /// What became of it, in a sentence. Escaped.
    pub sentence: String,
}

/// Connections that are one call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Call {
    /// Which.
    pub connections: Vec<usize>,
    /// What they have in common. Escaped.
    pub joined_by: Vec<String>,
    /// The two ends, where both are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<[usize; 2]>,
    /// What became of it, in a sentence. Escaped.
    pub sentence: String,
}

/// What a script learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Something in it hinders a connection.
    FaultFound,
    /// Nothing in it does.
    NothingWrong,
    /// What it has does not suffice to tell.
    CouldNotTell,
}

/// Something required, and whether it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Required {
    /// As it was written.
    pub requirement: String,
    /// Whether it is so.
    pub outcome: RequiredIs,
}

/// Whether something required is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequiredIs {
    /// It is.
    Met,
    /// It is not.
    Unmet,
    /// What the files have does not suffice to tell.
    Unknown,
}

impl Explanation {
    /// The events of each connection.
    pub(crate) fn events_by_connection(&self) -> BTreeMap<usize, Vec<&Event>> {
        let mut found: BTreeMap<usize, Vec<&Event>> = BTreeMap::new();
        for event in &self.events {
            found.entry(event.connection).or_default().push(event);
        }
        found
    }
}

/// Explains one file.
#[must_use]
pub fn explain(reading: Reading) -> Explanation {
    explain_together(vec![Input { name: String::new(), reading }])
}

/// Explains files together: what is of one call is put together.
#[must_use]
pub fn explain_together(inputs: Vec<Input>) -> Explanation {
    let files: Vec<File> =
        inputs.iter().map(|input| File { name: input.name.clone(), format: input.reading.format }).collect();
    let Joined { parts, calls, notes } = join::join(inputs);
    let seen: Vec<connection::Connection> = parts
        .iter()
        .enumerate()
        .map(|(number, part)| connection::Connection::new(number, part.format, part.events.iter().collect()))
        .collect();
    let each: Vec<Vec<Finding>> = seen.iter().map(rules::apply).collect();
    let connections: Vec<Connection> = parts
        .iter()
        .zip(&seen)
        .zip(&each)
        .map(|((part, seen), found)| Connection {
            name: part.name.clone(),
            file: part.file,
            progress: word(seen.progress()).to_owned(),
            sentence: sentence(seen, found),
        })
        .collect();
    let mut told = Vec::new();
    for (members, links) in calls {
        let is_conf = |member: &&usize| parts[**member].format == Format::TurnserverConf;
        let (configured, used): (Vec<&usize>, Vec<&usize>) = members.iter().partition(is_conf);
        // The configuration of a server is told by itself where nothing used it.
        let told_of = if used.is_empty() { &configured } else { &used };
        let mut found: Vec<Finding> = told_of.iter().flat_map(|member| each[**member].clone()).collect();
        let ends = links.iter().find(|link| link.ends).map(|link| [link.one, link.other]);
        let mut sentence = connections[members[0]].sentence.clone();
        if let Some([here, there]) = ends {
            let name = |member: usize| -> &str {
                let part = &parts[member];
                // Those of one file stand beside each other.
                let beside = |at: Option<usize>| at.and_then(|at| parts.get(at)).is_some_and(|it| it.file == part.file);
                let alone = !beside(member.checked_sub(1)) && !beside(Some(member + 1));
                // A browser's own number stands before the page.
                if alone { &files[part.file].name } else { part.name.split(' ').next().unwrap_or_default() }
            };
            let ends = Ends { here: &seen[here], there: &seen[there], names: [name(here), name(there)] };
            together::apply(&ends, &mut found);
            sentence = of_both(&ends, &connections, &found);
        }
        if !used.is_empty() && !configured.is_empty() {
            let of = |members: &[&usize]| members.iter().map(|member| &seen[**member]).collect::<Vec<_>>();
            configured::apply(&of(&used), &of(&configured), &mut found);
        }
        let call =
            Call { connections: members, joined_by: links.into_iter().map(|link| link.by).collect(), ends, sentence };
        told.push((call, found));
    }
    // Calls with a fault come first.
    told.sort_by_key(|(_, found)| !found.iter().any(|finding| finding.fault));
    let (told, found): (Vec<Call>, Vec<Vec<Finding>>) = told.into_iter().unzip();
    let findings = found.concat();
    let outcome = outcome(&parts, &seen, &findings);
    let formats: Vec<Format> = files.iter().map(|file| file.format).collect();
    let both = told.iter().any(|call| call.ends.is_some());
    drop(seen);
    Explanation {
        command: "explain".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        format: formats.first().copied().unwrap_or(Format::Candidates),
        files,
        outcome,
        requirements: Vec::new(),
        connections,
        calls: told,
        findings,
        events: parts.into_iter().flat_map(|part| part.events).collect(),
        notes,
        cannot_tell: untold(&formats, both),
        redacted: false,
    }
}

/// What became of a call of which both ends are there.
fn of_both(ends: &Ends, connections: &[Connection], found: &[Finding]) -> String {
    let [here, there] = [ends.here, ends.there].map(connection::Connection::progress);
    if here == Progress::Connected || here == Progress::Lost {
        return as_told(&connections[ends.here.number].sentence, ends.names[0]);
    }
    if there == Progress::Connected || there == Progress::Lost {
        return as_told(&connections[ends.there.number].sentence, ends.names[1]);
    }
    let Some(main) = found.iter().find(|finding| finding.fault) else {
        return as_told(&connections[ends.here.number].sentence, ends.names[0]);
    };
    let (mut text, others) = (main.text.clone(), found.iter().filter(|finding| finding.fault && *finding != main));
    for finding in others.filter(|finding| finding.certainty == Certainty::Certain) {
        let [here, there] = ends.names;
        let names = if finding.connection == ends.here.number { [here, there] } else { [there, here] };
        let Some(told) = in_short(finding.code, names) else { continue };
        let depends = matches!(finding.code, CauseCode::MappingDependsHere | CauseCode::MappingDependsThere);
        if main.code == CauseCode::BothMappingsDepend && depends {
            continue;
        }
        if !text.contains(&told) && main.code != finding.code {
            text = format!("{text}; {}{told}", sure(finding.certainty));
        }
    }
    let sure = sure(main.certainty);
    let whose = if main.connection == ends.there.number { ends.names[1] } else { ends.names[0] };
    let text = if text.contains("this end") { format!("{text} (as {whose} tells)") } else { text };
    let began = [here, there].iter().any(|progress| *progress != Progress::New);
    format!("It never {}: {sure}{text}.", if began { "connected" } else { "began" })
}

/// What one end tells.
fn as_told(sentence: &str, whose: &str) -> String {
    if whose.is_empty() || !sentence.contains("this end") {
        return sentence.to_owned();
    }
    format!("{} (as {whose} tells).", sentence.trim_end_matches('.'))
}

/// What a script learns: of what nobody says how far it came, nothing wrong is all that can be told.
fn outcome(parts: &[Part], seen: &[connection::Connection], findings: &[Finding]) -> Outcome {
    let told = |format: &Format| {
        matches!(
            format,
            Format::Sdp
                | Format::Candidates
                | Format::IceServers
                | Format::CandidateErrors
                | Format::TurnserverConf
                | Format::NatProbe
        )
    };
    let served = |part: &Part| {
        let granted = |event: &Event| matches!(&event.what, What::Relay(step) if step.outcome == RelayOutcome::Granted);
        matches!(part.format, Format::CoturnLog | Format::EturnalLog) && part.events.iter().any(granted)
    };
    if findings.iter().any(|finding| finding.fault) {
        Outcome::FaultFound
    } else if seen.iter().any(|connection| connection.progress() == Progress::Connected)
        || parts.iter().any(|part| told(&part.format) || served(part))
    {
        Outcome::NothingWrong
    } else {
        Outcome::CouldNotTell
    }
}

/// What the files together cannot tell.
fn untold(formats: &[Format], both: bool) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in formats.iter().flat_map(|format| cannot_tell(*format)) {
        let known = texts.iter().any(|known| known == text);
        if !(known || both && text.starts_with("the other end")) {
            texts.push((*text).to_owned());
        }
    }
    texts
}
