//! DTLS, as packets show it: a handshake that stays without an answer, that does not end, or that nobody begins.

use std::collections::BTreeSet;

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Event, Party, What};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::traffic::{Dtls, DtlsMessage, Flow};

/// A handshake is given up where its beginning was sent so often.
const MOST_HELLOS: u64 = 3;
/// What a path of any kind passes whole: IPv6's least, less its headers (RFC 8831 section 5, RFC 9000 section 14).
const SAFE_BYTES: usize = 1_200;
/// A handshake of DTLS 1.3 has so many encrypted packets of one end at most; whoever opens channels sends more.
const MOST_ENCRYPTED: u64 = 3;
/// A way that was found so long ago has had time for DTLS, which begins at once.
const IDLE_MS: u64 = 10_000;

/// What the messages of DTLS come to.
struct Handshake<'a> {
    all: Vec<(&'a Event, &'a Dtls)>,
    /// The beginnings.
    hellos: Vec<(&'a Event, &'a Dtls)>,
    /// How often it was begun; before a NAT and beyond it they are the same.
    begun: u64,
    /// How often something came back.
    answered: u64,
    /// Whether both ends begin.
    both: bool,
    largest: usize,
}

impl<'a> Handshake<'a> {
    fn of(connection: &Connection<'a>) -> Self {
        let all = connection.dtls();
        let hellos: Vec<_> = all.iter().filter(|(_, it)| it.message == DtlsMessage::ClientHello).copied().collect();
        let from: BTreeSet<_> = hellos.iter().map(|(_, it)| it.flow.from).collect();
        let to: BTreeSet<_> = hellos.iter().map(|(_, it)| it.flow.to).collect();
        // A server may want a cookie first (RFC 6347 section 4.2.1): whatever comes back is an answer.
        let is_answer =
            |message: &DtlsMessage| !matches!(message, DtlsMessage::ClientHello | DtlsMessage::Alert { .. });
        let back = all.iter().filter(|(_, it)| is_answer(&it.message) && to.contains(&it.flow.from));
        Self {
            begun: hellos.iter().map(|(_, it)| it.times.count).max().unwrap_or_default(),
            answered: back.map(|(_, it)| it.times.count).max().unwrap_or_default(),
            both: from.intersection(&to).next().is_some(),
            largest: all.iter().map(|(_, it)| it.largest).max().unwrap_or_default(),
            all,
            hellos,
        }
    }

    /// Whether who began got far enough to encrypt: an answer came to it. In DTLS 1.3 most of the answer is encrypted itself.
    fn is_done(&self) -> bool {
        let encrypted = [DtlsMessage::ApplicationData, DtlsMessage::EncryptedHandshake];
        let began = |flow: &Flow| self.hellos.is_empty() || self.hellos.iter().any(|(_, it)| it.flow == *flow);
        self.all.iter().any(|(_, it)| encrypted.contains(&it.message) && began(&it.flow))
    }

    /// That packets of this size may be too large for the path.
    fn size(&self) -> String {
        if self.largest <= SAFE_BYTES {
            return String::new();
        }
        format!("; its packets have up to {} bytes, and paths that pass no such large ones lose them", self.largest)
    }
}

/// DTLS that begins on a way that works, and does not end.
pub(super) fn unfinished(connection: &Connection) -> Vec<Finding> {
    let seen = Handshake::of(connection);
    let alert = seen.all.iter().find(|(_, it)| matches!(it.message, DtlsMessage::Alert { fatal: true, .. }));
    if seen.is_done() && alert.is_none() || seen.hellos.is_empty() && alert.is_none() {
        return Vec::new();
    }
    // Where the checks of one end are not answered ICE has not ended: who began DTLS was early, and that is told elsewhere.
    let checks = connection.checks();
    let silent = |party: Party| {
        let mut all = checks.iter().filter(|(event, _)| event.party == party).peekable();
        all.peek().is_some() && all.all(|(_, one)| one.answers.count == 0)
    };
    if seen.answered == 0 && silent(Party::Here) != silent(Party::There) {
        return Vec::new();
    }
    // Where checks were answered the file has packets of both directions.
    let works = checks.iter().any(|(_, check)| {
        let is = |flow| flow == check.flow || flow == check.flow.back();
        check.answers.count > 0 && seen.hellos.iter().any(|(_, it)| is(it.flow))
    });
    let begun = seen.begun;
    // Who begins and is asked to answer may refuse that with an alert.
    let (code, certainty, side, text, fix) = if seen.both && seen.answered == 0 {
        (
            CauseCode::SetupConflict,
            Certainty::Certain,
            FaultSide::Application,
            "both ends begin DTLS and neither answers: both are active".to_owned(),
            "let the offer say actpass and the answer active",
        )
    } else if let Some((_, alert)) = alert {
        let number = match alert.message {
            DtlsMessage::Alert { code: Some(code), .. } => format!(" ({code})"),
            _ => String::new(),
        };
        (
            CauseCode::DtlsFailed,
            Certainty::Certain,
            FaultSide::Application,
            format!("DTLS was given up with an alert{number}"),
            "compare a=fingerprint and a=setup of both ends as they arrived",
        )
    } else if begun == 0 && !seen.hellos.is_empty() {
        (
            CauseCode::DtlsFailed,
            Certainty::Likely,
            FaultSide::Path,
            "DTLS begins in several packets, and only later ones arrived: the first, which are larger, get lost"
                .to_owned(),
            "a path that passes packets of 1,500 bytes",
        )
    } else if seen.answered == 0 && begun >= MOST_HELLOS {
        let (certainty, text) = if works {
            (Certainty::Certain, format!("DTLS began {begun} times on a way that ICE had found, and no answer came"))
        } else {
            (Certainty::Likely, format!("DTLS began {begun} times, and no answer to it is in the file"))
        };
        (
            CauseCode::DtlsFailed,
            certainty,
            FaultSide::Unknown,
            text + &seen.size(),
            "a path that passes DTLS and packets of 1,500 bytes, and one end that waits for it (a=setup)",
        )
    } else if seen.answered >= MOST_HELLOS && begun >= MOST_HELLOS {
        (
            CauseCode::DtlsFailed,
            Certainty::Likely,
            FaultSide::Path,
            format!(
                "DTLS began {begun} times though it was answered each time: the answers get lost on their way back{}",
                seen.size()
            ),
            "a path that passes DTLS in both directions, and packets of 1,500 bytes",
        )
    } else if seen.answered > 0 && seen.largest > SAFE_BYTES {
        let text = format!(
            "the handshake of DTLS never ended: its packets of up to {} bytes may be too large for the path, and get lost",
            seen.largest
        );
        let fix = "smaller certificates (ECDSA), or a path that passes 1280 bytes";
        (CauseCode::DtlsFailed, Certainty::Likely, FaultSide::Path, text, fix)
    } else {
        return Vec::new();
    };
    let found = Finding::fault(connection, code, certainty, side, text);
    vec![
        found
            .on(seen.all.iter().map(|(event, _)| *event))
            .only_if(connection.progress() != Progress::Connected)
            .fix(fix)
            .settle("captures of both ends: which of the packets arrive?"),
    ]
}

/// A handshake that one end gave up after the other's last message: what is wrong with a certificate is seen then, and said encrypted.
pub(super) fn given_up(connection: &Connection) -> Vec<Finding> {
    let seen = Handshake::of(connection);
    let count = |wanted: &dyn Fn(&DtlsMessage) -> bool| -> u64 {
        seen.all.iter().filter(|(_, it)| wanted(&it.message)).map(|(_, it)| it.times.count).max().unwrap_or_default()
    };
    let encrypted = count(&|message| *message == DtlsMessage::ApplicationData);
    let alerts = count(&|message| matches!(message, DtlsMessage::Alert { fatal: false, code: None }));
    let media = connection.first(|what| matches!(what, What::Data(_))).is_some();
    // In DTLS 1.3 the end of the handshake is encrypted as data are.
    if alerts == 0 || seen.hellos.is_empty() || seen.answered == 0 || media || encrypted > MOST_ENCRYPTED {
        return Vec::new();
    }
    let text = "DTLS was given up as its handshake ended, with an alert that is encrypted: as a rule a certificate that does not fit its fingerprint";
    let found = Finding::fault(connection, CauseCode::DtlsFailed, Certainty::Likely, FaultSide::Application, text);
    vec![
        found
            .on(seen.all.iter().map(|(event, _)| *event))
            .fix("compare a=fingerprint of both ends as they arrived with the certificates that they use")
            .settle("the log of the end that sent the alert"),
    ]
}

/// A way that ICE found, and on which a capture shows neither DTLS nor anything else.
pub(super) fn never_begun(connection: &Connection) -> Vec<Finding> {
    let spoken = connection.first(|what| matches!(what, What::Dtls(_) | What::Data(_))).is_some();
    let checks = connection.checks();
    let works = |party: Party| {
        let answered = checks.iter().filter(move |(event, one)| event.party == party && one.answers.count > 0);
        let first = answered.clone().filter_map(|(event, _)| event.time_ms).min();
        let last = answered.filter_map(|(_, one)| one.answers.last_ms).max();
        first.zip(last).map(|(first, last)| last.saturating_sub(first))
    };
    let (Some(ours), Some(theirs), false) = (works(Party::Here), works(Party::There), spoken) else {
        return Vec::new();
    };
    let chosen = checks.iter().find(|(_, one)| one.nominating && one.answers.count > 0);
    let (Some((event, _)), true) = (chosen, ours.min(theirs) >= IDLE_MS) else { return Vec::new() };
    let text = format!(
        "ICE found a way, and in {} s not one packet of DTLS or data was on it where the capture was taken: those of the end that begins get lost before, or it does not begin",
        ours.max(theirs) / 1_000
    );
    let found = Finding::fault(connection, CauseCode::DtlsFailed, Certainty::Likely, FaultSide::Unknown, text);
    vec![
        found
            .on([*event])
            .fix("a path that passes DTLS and packets of 1,500 bytes, and one end that begins (a=setup)")
            .settle("a capture of the other end: does it begin DTLS?"),
    ]
}
