//! What became of a connection, in a sentence; and what files of a format cannot tell.

use super::connection::{Connection, Progress};
use super::event::{Candidate, Event, Party, What};
use super::finding::{CauseCode, Certainty, Finding};
use super::format::Format;
use super::rules::served::relayed;
use super::traffic::{RelayOutcome, RelayRequest};
use crate::wire::CandidateKind;

/// How far it came, in a word.
pub(super) fn word(progress: Progress) -> &'static str {
    match progress {
        Progress::Untold => "untold",
        Progress::New => "new",
        Progress::Checking => "checking",
        Progress::Connected => "connected",
        Progress::Lost => "lost",
        Progress::Failed => "failed",
    }
}

/// What became of a connection.
pub(super) fn sentence(connection: &Connection, findings: &[Finding]) -> String {
    let cause = findings.iter().find(|finding| finding.fault);
    let why = cause.map(|cause| {
        let mut text = format!("{}{}", sure(cause.certainty), cause.text);
        let mut told = vec![cause.code];
        for finding in findings.iter().filter(|finding| finding.fault) {
            let Some(short) = in_short(finding.code, ["this end", "the other end"]) else { continue };
            if told.len() <= MOST_REASONS && !told.contains(&finding.code) {
                text = format!("{text}; {}{short}", sure(finding.certainty));
                told.push(finding.code);
            }
        }
        text
    });
    // What is wrong with DTLS says that ICE found a way.
    let dtls = connection.format.is_capture() && cause.is_some_and(|cause| cause.code == CauseCode::DtlsFailed);
    match (connection.progress(), why) {
        (Progress::Checking | Progress::Connected, Some(why)) if dtls => capital(&why) + ".",
        (Progress::Connected, _) if findings.iter().any(|it| it.code == CauseCode::LostAfterConnected && it.fault) => {
            "It connected, and the connection was lost.".to_owned()
        }
        (Progress::Connected, _) => format!("It connected{}.", way(connection)),
        (Progress::Lost, _) if connection.ended_quietly() => {
            "It connected; at the end nothing came from the other end any more, and the application closed it."
                .to_owned()
        }
        (Progress::Lost, _) => "It connected, and the connection was lost.".to_owned(),
        (Progress::Failed, Some(why)) => format!("It never connected: {why}."),
        (Progress::Failed, None) => "It never connected, and the file does not tell why.".to_owned(),
        (Progress::Checking, Some(why)) if connection.format.is_capture() => {
            format!("No way that the capture shows came about: {why}.")
        }
        (Progress::Checking, None) if connection.format.is_capture() => {
            "It was being tried when the capture ended.".to_owned()
        }
        (Progress::Checking, Some(why)) => format!("It was still being tried: {why}."),
        (Progress::Checking, None) => "It was still being tried when the file was written.".to_owned(),
        (Progress::New, Some(why)) => format!("It never began: {why}."),
        (Progress::New, None) => "It had not begun when the file was written.".to_owned(),
        (Progress::Untold, Some(why)) => format!("{}.", capital(&why)),
        (Progress::Untold, None) => described(connection),
    }
}

/// How many causes a sentence has beside the first.
const MOST_REASONS: usize = 2;

/// What goes before something that is not certain.
pub(super) fn sure(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Certain => "",
        Certainty::Likely => "likely, ",
        Certainty::Possible => "possibly, ",
    }
}

/// A cause in a few words, of those that stand beside what they led to; whose it is, is named.
pub(super) fn in_short(code: CauseCode, [here, there]: [&str; 2]) -> Option<String> {
    Some(match code {
        CauseCode::MappingDependsHere => format!("the NAT of {here} gives each destination another port"),
        CauseCode::MappingDependsThere => format!("the NAT of {there} gives each destination another port"),
        CauseCode::OnlyLocalHere => format!("{here} has only addresses of its own network"),
        CauseCode::OnlyLocalThere => format!("{there} has only addresses of its own network"),
        CauseCode::SamePublicAddress => "both ends are behind the same public address".to_owned(),
        CauseCode::NoTurnConfigured => "no TURN server was configured".to_owned(),
        CauseCode::NoServersConfigured => "no STUN or TURN server was configured".to_owned(),
        CauseCode::UdpBlocked => format!("no UDP gets out where {here} is"),
        CauseCode::TurnUnreachable => "a TURN server did not answer".to_owned(),
        CauseCode::TurnQuotaReached => "a TURN server gave no more allocations".to_owned(),
        CauseCode::TurnRefused => "a TURN server refused".to_owned(),
        CauseCode::NoRelay => "no TURN server gave a relay".to_owned(),
        _ => return None,
    })
}

/// By what pair.
fn way(connection: &Connection) -> String {
    // It does not tell how addresses were found.
    let Some(pair) = connection.selected().filter(|_| connection.format != Format::AioiceLog) else {
        return String::new();
    };
    let kind = |candidate: &Option<Candidate>| candidate.as_ref().map(|candidate| candidate.kind);
    match (kind(&pair.local), kind(&pair.remote)) {
        (Some(CandidateKind::Relay), Some(CandidateKind::Relay)) => ", through a relay on each side".to_owned(),
        (Some(CandidateKind::Relay), Some(_)) => ", through the relay of this end".to_owned(),
        (Some(_), Some(CandidateKind::Relay)) => ", through the relay of the other end".to_owned(),
        (Some(local), Some(remote)) => format!(", directly ({local} to {remote})"),
        _ => String::new(),
    }
}

/// What a list of candidates, a description or a log has, where no call is told of.
fn described(connection: &Connection) -> String {
    if let Some(text) = served(connection) {
        return text;
    }
    match connection.format {
        Format::TurnserverConf => return "Nothing in it is wrong.".to_owned(),
        Format::NatProbe => return "It tells of a network, and of no call.".to_owned(),
        _ => {}
    }
    let count =
        |kind| connection.candidates(Party::Here).iter().filter(|(candidate, _)| candidate.kind == kind).count();
    let all = connection.candidates(Party::Here).len();
    if all == 0 {
        return "Nothing in it tells of a fault; it has no candidates, which come later (trickle ICE) or never."
            .to_owned();
    }
    let [host, srflx, relay] = [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Relay].map(count);
    let candidates = if all == 1 { "candidate" } else { "candidates" };
    format!(
        "Nothing in it tells of a fault: {all} {candidates}, {host} of the host, {srflx} server-reflexive, {relay} relayed."
    )
}

/// What a server gave, where a log or a capture tells.
fn served(connection: &Connection) -> Option<String> {
    let step = |event: &&Event| match &event.what {
        What::Relay(step) => Some((step.step, step.outcome == RelayOutcome::Granted, step.session.clone())),
        _ => None,
    };
    let steps: Vec<_> = connection.events.iter().filter_map(step).collect();
    if steps.is_empty() {
        let log = matches!(connection.format, Format::CoturnLog | Format::EturnalLog);
        let ended = relayed(connection).is_some();
        let text = if ended { "Only the ends of sessions are in it." } else { "No request of a client is in it." };
        return log.then(|| text.to_owned());
    }
    // Who only asked for its address wanted no relay of that server.
    if connection.has_browser() && steps.iter().all(|(step, ..)| *step == RelayRequest::Binding) {
        return None;
    }
    let granted = |wanted: RelayRequest| steps.iter().filter(|(step, granted, _)| *step == wanted && *granted).count();
    let (relays, permissions) = (granted(RelayRequest::Allocate), granted(RelayRequest::Permission));
    let packets = relayed(connection)
        .and_then(|packets| Some((packets.to_peers?, packets.from_peers?)))
        .map(|(to, from)| format!(", {to} packets to peers and {from} from them"));
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    Some(format!(
        "The server gave {} and {}{}, and turned no client away.",
        plural(relays, "relay"),
        plural(permissions, "permission"),
        packets.unwrap_or_default()
    ))
}

fn capital(text: &str) -> String {
    // `a=ice-mismatch` is a name.
    if text.chars().nth(1) == Some('=') {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().collect::<String>() + characters.as_str()).unwrap_or_default()
}

/// What files of a format cannot tell.
pub(super) fn cannot_tell(format: Format) -> &'static [&'static str] {
    match format {
        Format::WebrtcInternals => &[
            "what happened before chrome://webrtc-internals was opened, and connections that were closed before the download",
            "whether TURN works, where the connection stood before gathering was done: gathering stops then",
            "what a TURN server refuses later (403, 438, 486): no event tells of it",
            "the other end: its own dump would",
        ],
        Format::AboutWebrtc => &[
            "how many checks were sent and how many came: Firefox does not count them",
            "what a TURN server refuses later (403, 438, 486): only the connection log tells of it",
            "the other end: its own report would",
        ],
        Format::GetStats => &[
            "what was configured, and which servers did not answer",
            "what happened before: statistics tell of the moment in which they were taken",
            "the other end: its own statistics would",
        ],
        Format::Sdp | Format::Candidates => &[
            "what became of it: whether checks were sent and answered",
            "candidates that came later (trickle ICE), and servers that did not answer",
        ],
        Format::IceServers => &["whether the servers work: nat-probe turn --ice-servers asks them"],
        Format::CoturnLog | Format::EturnalLog => &[
            "what clients saw: whether a refusal reached them, and what they made of it",
            "which sessions are of one call, unless a dump of it is explained together with the log",
        ],
        Format::Rtcstats => &[
            "what a TURN server refuses later (403, 438, 486): no event tells of it",
            "what happened before it was begun, and while nobody took statistics",
            "the other end: its own dump would",
        ],
        Format::CopiedEvents => &[
            "what was left out in copying, and what was configured",
            "how many checks were sent and how many came: the whole dump has it",
            "the other end: its own dump would",
        ],
        Format::PionLog => &[
            "what was configured, and what the log's level left out (PION_LOG_TRACE=all has all of it)",
            "what became of DTLS",
            "what the NATs do: each server is asked from a socket of its own",
            "the other end: its own log or dump would",
        ],
        Format::AioiceLog => &[
            "what was configured, and what the log's level left out (logging.DEBUG has the messages)",
            "how the other end found its addresses: a public one is taken for what a STUN server saw",
            "what became of DTLS",
            "the other end: its own log or dump would",
        ],
        Format::JuiceLog => &[
            "what the log's level left out: candidates and checks stand on the most verbose one alone",
            "which pair was taken, where several worked",
            "the other end: its own log or dump would",
        ],
        Format::LibwebrtcLog => &[
            "what was configured, what the log's level left out, and what became of DTLS",
            "the last part of addresses, where the log masks them",
            "the other end: its own log would",
        ],
        Format::FirefoxLog => &[
            "what servers saw of this end's addresses, and what was configured: \"Copy Report\" of about:webrtc does",
            "how many checks were sent and how many came",
            "what became of DTLS",
        ],
        Format::Pcap | Format::Pcapng => &[
            "what happened before it began, after it ended, and on networks that it was not taken on",
            "what is encrypted: TURN over TLS, and everything after the handshake of DTLS",
            "whether a packet that passed by arrived, unless it was taken there",
            "why the application did what it did: a dump of the browser would",
        ],
        Format::TurnserverConf => &["whether the server works: nat-probe turn asks it"],
        Format::NatProbe => &["more than the run measured: nat-probe COMMAND --from FILE judges it again"],
        Format::CandidateErrors => &["anything but that"],
    }
}
