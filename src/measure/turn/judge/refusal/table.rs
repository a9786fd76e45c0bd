//! What a server's refusal means: one ordered table from what was asked, whether it was signed, the code that came back and who sent
//! it, to the cause and the cure. The first row that fits counts.

use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::software::{Setting, Software};

/// A refused Allocate, as far as its meaning depends on it.
#[derive(Clone, Debug)]
pub(super) struct Refused<'a> {
    /// It carried credentials, in answer to a challenge.
    pub signed: bool,
    /// The error code; 0 where there is none.
    pub number: u16,
    /// The server's words for it.
    pub reason: &'a str,
    /// Who answers.
    pub software: Software,
    /// It answers Binding.
    pub binds: bool,
    /// What is in the user name that some servers take in none.
    pub odd: Option<&'static str>,
    /// The same of the realm, which the server itself has told.
    pub odd_realm: Option<&'static str>,
    /// What a user gets that nobody has, where that was tried.
    pub stranger: Option<u16>,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// The server asks for credentials.
    Challenge,
    /// The credentials are not taken; why is told by themselves.
    Login,
    /// The server sends its clients elsewhere.
    Elsewhere,
    /// This, and what to do about it.
    Cause { code: Code, says: fn(&Refused) -> String, todo: &'static str, settings: &'static [Setting] },
}

/// A row: when it fits, and what it means then.
struct Row {
    signed: Option<bool>,
    codes: &'static [u16],
    fits: fn(&Refused) -> bool,
    means: Meaning,
}

/// What is signed and what is not.
const EITHER: Option<bool> = None;
const SIGNED: Option<bool> = Some(true);
const BARE: Option<bool> = Some(false);
/// Any code.
const ANY: &[u16] = &[];

/// Always.
fn always(_: &Refused) -> bool {
    true
}

const fn cause(code: Code, says: fn(&Refused) -> String, todo: &'static str, settings: &'static [Setting]) -> Meaning {
    Meaning::Cause { code, says, todo, settings }
}

const fn row(signed: Option<bool>, codes: &'static [u16], fits: fn(&Refused) -> bool, means: Meaning) -> Row {
    Row { signed, codes, fits, means }
}

/// Whether wrong credentials are refused so: 401 (RFC 8489 section 9.2.4), and 400 by pion and those that do as it does.
fn refuses_logins(refused: &Refused) -> bool {
    match refused.software.refuses_logins_with() {
        Some(usual) => usual == refused.number,
        // A user that nobody has shows it; where that was not tried or not answered, a bad request after a challenge is a bad login.
        None => refused.stranger.is_none_or(|code| code == refused.number),
    }
}

/// Whether it is the form of the user name that is refused: coturn takes none with these characters (`is_secure_string`).
fn refuses_the_name(refused: &Refused) -> bool {
    refused.odd.is_some() && (refused.software == Software::Coturn || refused.stranger == Some(401))
}

/// coturn takes back no realm with them either, though it tells it.
fn refuses_its_realm(refused: &Refused) -> bool {
    refused.odd_realm.is_some() && refused.software == Software::Coturn
}

/// reTurn makes its nonces from the client's address and port.
fn refuses_the_nonce(refused: &Refused) -> bool {
    refused.software == Software::ReTurn && refused.reason.to_lowercase().contains("nonce")
}

const LOG: &str = "look into the server's log";

const TABLE: &[Row] = &[
    row(BARE, &[401], always, Meaning::Challenge),
    row(SIGNED, &[401], always, Meaning::Login),
    row(
        SIGNED,
        &[400],
        refuses_the_nonce,
        cause(
            Code::StaleNonceLoop,
            |_| "the server does not take its own nonce, in which the address and port of the client are".into(),
            "look for a proxy or load balancer that rewrites source ports, or spreads one client over several servers",
            &[],
        ),
    ),
    row(
        SIGNED,
        &[400],
        refuses_its_realm,
        cause(
            Code::NoRealm,
            |refused| {
                let odd = refused.odd_realm.unwrap_or_default();
                format!("the server's realm has {odd} in it, with which it takes no login at all")
            },
            "choose a realm without it at the server",
            &[Setting::Realm],
        ),
    ),
    row(
        SIGNED,
        &[400],
        refuses_the_name,
        cause(
            Code::UsernameRefused,
            |refused| format!("the server takes no user name with {} in it", refused.odd.unwrap_or_default()),
            "use a user name without it; whether the password is right was not looked at",
            &[],
        ),
    ),
    row(SIGNED, &[400], refuses_logins, Meaning::Login),
    row(EITHER, &[300], always, Meaning::Elsewhere),
    row(
        EITHER,
        &[403],
        always,
        cause(
            Code::Forbidden,
            |_| {
                "the server forbids this client allocations: this client's address is on the server's block list, or its policy \
                 gives none now"
                    .into()
            },
            "take the address off the list, or use another server",
            &[Setting::Clients],
        ),
    ),
    row(
        EITHER,
        &[437],
        always,
        cause(
            Code::AllocationMismatch,
            |_| "the server says on three ports that they have an allocation already".into(),
            "wait for the old ones to expire (10 min); look for a NAT that reuses ports, or a proxy",
            &[],
        ),
    ),
    row(
        EITHER,
        &[438],
        always,
        cause(
            Code::StaleNonceLoop,
            |_| "the nonce is stale at once".into(),
            "look for a proxy or load balancer that rewrites source ports",
            &[],
        ),
    ),
    row(
        EITHER,
        &[440],
        always,
        cause(
            Code::UnsupportedFamily,
            |_| "the server has no relay address of that family".into(),
            "give the server a relay address of the family",
            &[Setting::RelayAddress],
        ),
    ),
    row(
        EITHER,
        &[442],
        always,
        cause(
            Code::UnsupportedTransport,
            |_| "the server does not relay UDP".into(),
            "switch UDP relaying on at the server",
            &[Setting::Relaying],
        ),
    ),
    row(
        EITHER,
        &[486],
        always,
        cause(
            Code::QuotaReached,
            |_| "the quota of allocations is used up".into(),
            "wait until old ones expire (10 min), or raise the quota",
            &[Setting::Quota],
        ),
    ),
    row(
        EITHER,
        &[508],
        always,
        cause(
            Code::InsufficientCapacity,
            |_| {
                "the server has no relay port to give: its range is used up, or its relay address is not on its machine"
                    .into()
            },
            "check that the relay address is the machine's own, widen the range of relay ports, or wait",
            &[Setting::RelayAddress, Setting::RelayPorts],
        ),
    ),
    row(
        BARE,
        ANY,
        |refused| refused.binds && matches!(refused.number, 0 | 400..=499 | 600..=699),
        cause(
            Code::StunOnly,
            |_| "the server answers Binding, and refuses Allocate without asking who we are: STUN only".into(),
            "switch TURN on at the server, or use a TURN server",
            &[Setting::Relaying],
        ),
    ),
    row(
        EITHER,
        ANY,
        |refused| matches!(refused.number, 500..=599),
        cause(Code::ServerError, |_| "the server has an error of its own".into(), LOG, &[]),
    ),
    row(
        SIGNED,
        ANY,
        always,
        cause(
            Code::ProtocolError,
            |_| "the server refuses a plain Allocate with credentials, and not as it refuses wrong ones".into(),
            "look into the server's log, and update the server",
            &[],
        ),
    ),
    row(
        BARE,
        ANY,
        always,
        cause(
            Code::ProtocolError,
            |_| "the server refuses a plain Allocate without asking who we are".into(),
            "run again with -v; the server may be very old, or no TURN server",
            &[],
        ),
    ),
];

/// What it means.
pub(super) fn meaning(refused: &Refused) -> Meaning {
    let fits = |row: &&Row| {
        row.signed.is_none_or(|signed| signed == refused.signed)
            && (row.codes.is_empty() || row.codes.contains(&refused.number))
            && (row.fits)(refused)
    };
    // The last two rows fit whatever is left.
    TABLE.iter().find(fits).map_or(Meaning::Login, |row| row.means)
}

/// What in a user name coturn refuses; it takes it for an attempt on its database.
pub(super) fn odd(username: &str) -> Option<&'static str> {
    let lower = username.to_lowercase();
    let found = [
        (" ", "a space"),
        ("\t", "a tab"),
        ("'", "an apostrophe"),
        ("\"", "a quotation mark"),
        ("\\", "a backslash"),
        ("\n", "a newline"),
        ("\r", "a carriage return"),
    ];
    let sql = (lower.contains("union") && lower.contains("select")).then_some("both \"union\" and \"select\"");
    found.iter().find(|(mark, _)| lower.contains(mark)).map(|&(_, words)| words).or(sql)
}
