//! Which format a file has, by what stands in it and never by its name.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::objects;
use crate::wire::candidate::is_row;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The download of <chrome://webrtc-internals>.
    WebrtcInternals,
    /// What Firefox' about:webrtc copies and saves.
    AboutWebrtc,
    /// What `getStats()` of a connection gives.
    GetStats,
    /// Session descriptions.
    Sdp,
    /// Candidates.
    Candidates,
    /// `icecandidateerror` objects.
    CandidateErrors,
    /// An application's list of STUN and TURN servers.
    IceServers,
    /// Events that were copied from the page of <chrome://webrtc-internals>, or logged under their names.
    CopiedEvents,
    /// The other download of <chrome://webrtc-internals>.
    Rtcstats,
    /// A packet capture.
    Pcap,
    /// A packet capture.
    Pcapng,
    /// The log of a coturn server.
    CoturnLog,
    /// The log of an eturnal server.
    EturnalLog,
    /// The configuration of a coturn server.
    TurnserverConf,
    /// The log of Firefox' ICE.
    FirefoxLog,
    /// The log of libwebrtc, as applications for phones and desktops write it.
    LibwebrtcLog,
    /// The log of pion's ICE.
    PionLog,
    /// The log of aioice, which aiortc has beneath.
    AioiceLog,
    /// The log of libjuice, which libdatachannel has beneath.
    JuiceLog,
    /// A report of nat-probe.
    NatProbe,
}

impl Format {
    /// What it is called in sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WebrtcInternals => "a dump of chrome://webrtc-internals",
            Self::CopiedEvents => "events copied from chrome://webrtc-internals or a log",
            Self::AboutWebrtc => "a report or page of Firefox' about:webrtc",
            Self::GetStats => "the result of getStats()",
            Self::Sdp => "a session description (SDP)",
            Self::Candidates => "a list of ICE candidates",
            Self::CandidateErrors => "a list of icecandidateerror",
            Self::IceServers => "an application's ICE servers",
            Self::Rtcstats => "an rtcstats dump",
            Self::Pcap => "a packet capture (pcap)",
            Self::Pcapng => "a packet capture (pcapng)",
            Self::CoturnLog => "a log of coturn",
            Self::EturnalLog => "a log of eturnal",
            Self::TurnserverConf => "a configuration of coturn",
            Self::FirefoxLog => "a log of Firefox' ICE",
            Self::LibwebrtcLog => "a log of libwebrtc",
            Self::PionLog => "a log of pion's ICE",
            Self::AioiceLog => "a log of aioice",
            Self::JuiceLog => "a log of libjuice or libdatachannel",
            Self::NatProbe => "a report of nat-probe",
        }
    }

    /// What is said where nothing was found in a file of that format.
    pub(super) fn nothing(self) -> &'static str {
        match self {
            Self::Pcap | Self::Pcapng => "no packet of STUN, TURN or DTLS is in it",
            _ => "nothing in it could be read",
        }
    }

    /// Every format, in the order in which they are listed.
    pub const ALL: [Self; 20] = [
        Self::WebrtcInternals,
        Self::CopiedEvents,
        Self::Rtcstats,
        Self::GetStats,
        Self::AboutWebrtc,
        Self::FirefoxLog,
        Self::LibwebrtcLog,
        Self::PionLog,
        Self::AioiceLog,
        Self::JuiceLog,
        Self::CandidateErrors,
        Self::Sdp,
        Self::Candidates,
        Self::IceServers,
        Self::Pcap,
        Self::Pcapng,
        Self::CoturnLog,
        Self::EturnalLog,
        Self::TurnserverConf,
        Self::NatProbe,
    ];

    /// Its word in JSON and in arguments.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::WebrtcInternals => "webrtc-internals",
            Self::CopiedEvents => "copied-events",
            Self::Rtcstats => "rtcstats",
            Self::GetStats => "get-stats",
            Self::AboutWebrtc => "about-webrtc",
            Self::FirefoxLog => "firefox-log",
            Self::LibwebrtcLog => "libwebrtc-log",
            Self::CandidateErrors => "candidate-errors",
            Self::Sdp => "sdp",
            Self::Candidates => "candidates",
            Self::IceServers => "ice-servers",
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::CoturnLog => "coturn-log",
            Self::EturnalLog => "eturnal-log",
            Self::TurnserverConf => "turnserver-conf",
            Self::PionLog => "pion-log",
            Self::AioiceLog => "aioice-log",
            Self::JuiceLog => "juice-log",
            Self::NatProbe => "nat-probe",
        }
    }

    /// Whether packets are in it.
    pub(super) fn is_capture(self) -> bool {
        matches!(self, Self::Pcap | Self::Pcapng)
    }

    /// Whether it is JSON that nobody writes by hand.
    pub(super) fn is_written_by_programs(self) -> bool {
        matches!(self, Self::WebrtcInternals | Self::AboutWebrtc | Self::GetStats | Self::FirefoxLog | Self::NatProbe)
    }

    /// Whether it is JSON or may be.
    pub(super) fn is_json(self) -> bool {
        !matches!(
            self,
            Self::Rtcstats
                | Self::Pcap
                | Self::Pcapng
                | Self::CoturnLog
                | Self::EturnalLog
                | Self::TurnserverConf
                | Self::LibwebrtcLog
                | Self::PionLog
                | Self::AioiceLog
                | Self::JuiceLog
                | Self::CopiedEvents
        )
    }

    /// The format of bytes that are no text.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..4)? {
            [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0xc3, 0xd4]
            | [0x4d, 0x3c, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x34, 0xcd, 0xb2, 0xa1] => Some(Self::Pcap),
            [0x0a, 0x0d, 0x0d, 0x0a] => Some(Self::Pcapng),
            _ => None,
        }
    }

    /// The format of a text that is no JSON.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let start = text.trim_start();
        let any = |found: &dyn Fn(&str) -> bool| text.lines().take(1000).any(|line| found(line.trim()));
        if is_rtcstats(start) {
            return Some(Self::Rtcstats);
        }
        if start.starts_with('<') && text.contains("about-webrtc-") {
            return Some(Self::AboutWebrtc);
        }
        if any(&is_of_libwebrtc) {
            return Some(Self::LibwebrtcLog);
        }
        if any(&is_of_pion) {
            return Some(Self::PionLog);
        }
        if any(&is_of_juice) {
            return Some(Self::JuiceLog);
        }
        if any(&is_of_aioice) {
            return Some(Self::AioiceLog);
        }
        let events: Vec<&str> = text.lines().take(1000).filter_map(event_name).map(|(name, _)| name).collect();
        if events.len() > 1 && events.iter().any(|name| name.to_ascii_lowercase().ends_with("statechange")) {
            return Some(Self::CopiedEvents);
        }
        if any(&|line| line.ends_with("v=0") || line.starts_with("a=ice-ufrag") || line.contains("v=0\\r\\n")) {
            return Some(Self::Sdp);
        }
        // A session has 18 digits, whatever stands in front of the line.
        let is_session = |line: &str| {
            line.match_indices("session ").any(|(at, word)| {
                let rest = &line[at + word.len()..];
                rest.bytes().take_while(u8::is_ascii_digit).count() == 18 && rest[18..].starts_with(':')
            })
        };
        let is_log = |line: &str| {
            let prefixed = line
                .split_once(": ")
                .is_some_and(|(time, _)| !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit()));
            is_session(line) || (prefixed || line.contains(" INFO ")) && line.contains("listener opened")
        };
        if any(&is_log) {
            return Some(Self::CoturnLog);
        }
        let is_eturnal = |line: &str| {
            let leveled = ["[notice] ", "[info] ", "[error] ", "[warning] "].iter().any(|level| line.contains(level));
            let told =
                ["<0.", "TURN", "Rejecting request", ", session ", "eturnal"].iter().any(|word| line.contains(word));
            leveled && told
        };
        if any(&is_eturnal) {
            return Some(Self::EturnalLog);
        }
        if any(&is_of_firefox) {
            return Some(Self::FirefoxLog);
        }
        let is_candidate = |line: &str| {
            line.contains("candidate:") || line.contains(" typ ") || line.starts_with("<candidate") || is_row(line)
        };
        if any(&is_candidate) {
            return Some(Self::Candidates);
        }
        let errors = ["errorCode", "error_code", "returned an error with code="];
        if any(&|line| errors.iter().any(|word| line.contains(word))) {
            return Some(Self::CandidateErrors);
        }
        let keys = [
            "listening-port",
            "realm",
            "lt-cred-mech",
            "use-auth-secret",
            "static-auth-secret",
            "external-ip",
            "min-port",
        ];
        let is_key = |line: &str| keys.contains(&line.split(['=', ' ']).next().unwrap_or_default());
        any(&is_key).then_some(Self::TurnserverConf)
    }

    /// The format of a JSON document.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        let first = match value {
            Value::Array(items) => items.first()?,
            other => other,
        };
        let says = |line: &Value| line.as_str().is_some_and(is_of_firefox);
        if value.as_array().is_some_and(|lines| first.is_string() && lines.iter().any(says)) {
            return Some(Self::FirefoxLog);
        }
        let has = |name: &str| first.get(name).is_some();
        if has("PeerConnections") {
            Some(Self::WebrtcInternals)
        } else if has("iceCandidatePairStats")
            || has("peerConnections")
            || has("reports")
            || (has("pcid") && has("sdpHistory"))
        {
            Some(Self::AboutWebrtc)
        } else if has("schema_version") && has("tool") || has("cannot_tell") && has("findings") {
            Some(Self::NatProbe)
        } else if has("errorCode") || has("error_code") {
            Some(Self::CandidateErrors)
        } else if has("iceServers") || has("urls") || has("url") && !has("type") {
            Some(Self::IceServers)
        } else if has("sdp") || has("jsep") || first.get("offer").is_some_and(|offer| offer.get("sdp").is_some()) {
            Some(Self::Sdp)
        } else if objects::statistics(value).is_some() {
            Some(Self::GetStats)
        } else if has("candidate") || has("candidateInit") || has("janus") || has("foundation") {
            Some(Self::Candidates)
        } else {
            objects::nested(value).map(|_| Self::GetStats)
        }
    }
}

/// Whether a text is a dump of rtcstats, with or without its first line: its first lines are lists of a method, a connection or none,
/// a value and a time.
pub(super) fn is_rtcstats(text: &str) -> bool {
    const LONGEST: usize = 1 << 20;
    let is_line = |line: &str| {
        if line.len() > LONGEST {
            return false;
        }
        let Ok(Value::Array(parts)) = serde_json::from_str::<Value>(line) else { return false };
        let [method, connection, _, .., time] = &parts[..] else { return false };
        let named = |value: &Value| value.is_string() || value.is_number();
        named(method) && (connection.is_null() || named(connection)) && time.is_number()
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    first.starts_with("RTCStatsDump") || first.starts_with('[') && is_line(first) && lines.take(3).all(is_line)
}

/// The names of events that say something of a connection; in the page also with `on` before them.
const EVENTS: [&str; 17] = [
    "icegatheringstatechange",
    "iceconnectionstatechange",
    "connectionstatechange",
    "signalingstatechange",
    "icecandidate",
    "icecandidateerror",
    "addIceCandidate",
    "addIceCandidateFailed",
    "setLocalDescription",
    "setLocalDescriptionOnSuccess",
    "setLocalDescriptionOnFailure",
    "setRemoteDescription",
    "setRemoteDescriptionOnSuccess",
    "setRemoteDescriptionOnFailure",
    "createOfferOnSuccess",
    "createAnswerOnSuccess",
    "negotiationneeded",
];

/// The event that a line begins, after a time or what else a page or a logger puts before it, with what follows its name.
pub(super) fn event_name(line: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 80;
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut at = 0;
    for word in line.split(|c: char| !is_word(c)) {
        let (start, end) = (at, at + word.len());
        at = end + line[end..].chars().next().map_or(0, char::len_utf8);
        let bare = word.strip_prefix("on").unwrap_or(word);
        if start > LONGEST {
            return None;
        }
        // In quotation marks it is a member of JSON or a word of a program.
        if EVENTS.contains(&bare)
            && !line[..start].ends_with(['"', '\'', '.', '_'])
            && !line[end..].starts_with(['(', '"', '\''])
        {
            return Some((word, &line[end..]));
        }
    }
    None
}

/// Whether a line is of the log of libwebrtc: it names a port with its network, or a connection with its state.
fn is_of_libwebrtc(line: &str) -> bool {
    line.contains("Port[") && line.contains("Net[")
        || line.contains("Conn[") && line.contains("->") && line.contains('|')
}

/// Whether a line is of the log of Firefox' ICE.
fn is_of_firefox(line: &str) -> bool {
    let words = ["(ice/", "(stun/", "(turn/", "ICE(PC:", "ICE-PEER(PC:", "STUN-CLIENT("];
    words.iter().any(|word| line.contains(word))
}

/// Whether a line is of the log of pion's ICE or TURN client.
pub(super) fn is_of_pion(line: &str) -> bool {
    const LEVELS: [&str; 5] = [" TRACE: ", " DEBUG: ", " INFO: ", " WARNING: ", " ERROR: "];
    let of = |name: &str| LEVELS.iter().any(|level| line.find(level).is_some_and(|at| is_word(&line[..at], name)));
    of("ice") || of("turnc")
}

/// Whether a line is of the log of libjuice, or of what libdatachannel says of a connection.
pub(super) fn is_of_juice(line: &str) -> bool {
    const OWN: [&str; 3] = ["Changing state to ", "STUN ", "TURN "];
    let alone = line.contains("agent.c:") && OWN.iter().any(|word| line.contains(word));
    line.contains("juice: ") || line.contains("rtc::impl::") || line.contains("rtc::PeerConnection::") || alone
}

/// Whether a line is of the log of aioice.
fn is_of_aioice(line: &str) -> bool {
    ["aioice.ice", "aioice.turn", ") Check CandidatePair(("].iter().any(|word| line.contains(word))
}

/// Whether a text ends with that word.
fn is_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '-'))
}
