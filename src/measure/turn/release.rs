//! Giving back: every allocation that was made, or may have been made, is deleted, so that the test does not eat the quota it reports on.

use super::finding::Released;
use super::session::{FIRST, LOGINS, SHA256, Session, Tried, error_code, granted};
use super::{STRANGER, features, refusal};
use crate::evidence::{Ask, Exchange, Outcome, Step};
use crate::wire::{Method, PasswordForm, Remark, Request, TurnAttribute, escape};

/// The sockets on which the ladder may have allocations.
const LADDER: [&str; 8] = [FIRST[0], FIRST[1], FIRST[2], "b", "late", "nfkc", "stranger", SHA256];

/// Every socket on which there may be one.
fn sockets() -> impl Iterator<Item = &'static str> {
    LADDER.into_iter().chain(features::SOCKETS)
}

/// Deletes what the ladder holds.
pub(super) fn next(session: &Session) -> Step {
    of(session, LADDER)
}

/// Whether the ladder's allocations are being given back.
pub(super) fn has_begun(session: &Session) -> bool {
    LADDER.into_iter().any(|socket| session.find(&step(socket)).is_some())
}

/// A Refresh with the lifetime 0 on each of them (RFC 8656 section 8), those already asked included.
pub(super) fn of(session: &Session, sockets: impl IntoIterator<Item = &'static str>) -> Step {
    let held = sockets.into_iter().filter(|socket| may_hold(session, socket) || may_be_forged(session, socket));
    let asks: Vec<Ask> = held.filter_map(|socket| ask(session, socket)).collect();
    let done = asks.iter().all(|ask| session.seen.find(&ask.label).is_some_and(Exchange::settled));
    Step { asks, done, ..Step::default() }
}

/// The same where the run was stopped: a deletion whose answer was not waited for is asked once more, and so is one that may have
/// overtaken the Allocate it was for.
pub(super) fn farewell(session: &Session) -> Vec<Ask> {
    let given_up = |exchange: &Exchange| matches!(exchange.outcome, Outcome::Abandoned { .. });
    let mut asks = Vec::new();
    for socket in sockets().filter(|socket| may_hold(session, socket) || may_be_forged(session, socket)) {
        let Some(mut ask) = ask(session, socket) else { continue };
        let early = |exchange: &Exchange| error_code(exchange) == Some(437) && session.allocation(socket).is_none();
        if session.seen.find(&ask.label).is_some_and(|asked| given_up(asked) || early(asked)) {
            ask.label.push_str(AGAIN);
        }
        asks.push(ask);
    }
    asks
}

/// Ends the label of a deletion that is asked once more.
const AGAIN: &str = "/again";

fn ask(session: &Session, socket: &str) -> Option<Ask> {
    let request = Request::turn(Method::Refresh, vec![TurnAttribute::LifetimeS(0)]);
    let step = step(socket);
    let login = session.entry.login.as_ref();
    let later = login.and_then(|login| login.later.as_ref()).filter(|_| socket == "late");
    let session = &features::over(session, socket);
    let stranger = session.options.stranger.filter(|_| socket == "stranger");
    let tried = match (later, login) {
        _ if let Some(credential) = stranger => {
            session.signed_as(&step, socket, &request, credential, STRANGER, PasswordForm::AsTyped)
        }
        (Some((credential, name)), _) => {
            session.signed_as(&step, socket, &request, *credential, name, PasswordForm::AsTyped)
        }
        (None, Some(login)) if socket == "nfkc" => {
            session.signed_as(&step, socket, &request, login.credential, &login.username, PasswordForm::Nfkc)
        }
        _ => session.on(socket, &step, &request),
    };
    match tried {
        Tried::Ask(ask) => Some(*ask),
        // Stated again, so that the one who waits for all of them sees it.
        Tried::Asked(exchange) => {
            let request = exchange.request.clone();
            Some(Ask { label: exchange.ask.clone(), ..session.ask(&step, socket, request) })
        }
        Tried::Impossible => None,
    }
}

/// What the deletion on that socket is called.
pub(super) fn step(socket: &str) -> String {
    format!("{socket}/delete")
}

/// Whether an Allocate on that socket succeeded, or nobody knows: then it may have.
fn may_hold(session: &Session, socket: &str) -> bool {
    let unknown = |exchange: &Exchange| {
        exchange.sends > 0 && matches!(exchange.outcome, Outcome::Abandoned { .. } | Outcome::Silence { .. })
    };
    let steps = LOGINS.map(|step| format!("{socket}/{step}"));
    // Where it is now; on the old socket the server knows nothing of it any more, and may close the connection.
    if socket == features::MOVED || socket == features::MOBILE && features::moved(session) {
        return socket == features::MOVED && features::moved(session);
    }
    let plain = session.find(&format!("{socket}/allocate"));
    let open = plain.is_some_and(|one| granted(one).is_some() || session.is_open_relay() && unknown(one));
    // 437: there is one on this socket, and it is ours; a grant that was lost on its way looks like that.
    let held = |last: &Exchange| granted(last).is_some() || unknown(last) || error_code(last) == Some(437);
    open || steps.iter().filter_map(|step| session.last(step)).any(held)
}

/// Whether the refusal there is not signed: it may be somebody else's, and the server may have granted what was asked.
fn may_be_forged(session: &Session, socket: &str) -> bool {
    LOGINS.into_iter().filter_map(|step| session.last(&format!("{socket}/{step}"))).any(refusal::is_unsigned)
}

/// Whether the deletion on that socket was confirmed. 437 says that there is nothing to delete: as good (RFC 8656 section 8.3), unless
/// the server says so to every Refresh.
pub(super) fn confirmed(session: &Session, socket: &str) -> bool {
    let deletion = step(socket);
    let asked = [session.last(&deletion), session.find(&format!("{deletion}{AGAIN}"))];
    let believed = session.last("refresh").and_then(error_code) != Some(437);
    asked.into_iter().flatten().any(|last| granted(last).is_some() || believed && error_code(last) == Some(437))
}

/// Allocations made and released; one that may have been made, and of which nobody heard, counts until its deletion is confirmed.
pub(super) fn judge(session: &Session) -> Option<Released> {
    let deleted = |socket: &str| session.last(&step(socket)).and_then(granted).is_some();
    let unheard = |socket: &str| may_hold(session, socket) && (deleted(socket) || !confirmed(session, socket));
    let forged = |socket: &str| may_be_forged(session, socket) && deleted(socket);
    // An allocation that was moved is one, on the socket to which it was.
    let left = |socket: &str| socket == features::MOBILE && features::moved(session);
    let is_made = |socket: &&str| {
        let made = session.allocation(socket).is_some() && !left(socket);
        made || unheard(socket) || forged(socket) || *socket == features::MOVED && features::moved(session)
    };
    let made: Vec<&str> = sockets().filter(is_made).collect();
    let confirmed = made.iter().filter(|socket| confirmed(session, socket)).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (!made.is_empty()).then(|| Released { made: count(made.len()), confirmed: count(confirmed) })
}

/// Connections that their other side closed while they carried an allocation: it ended with them (RFC 8656 section 3.1), unconfirmed.
pub(super) fn cut_off(session: &Session) -> Option<Remark> {
    let mut cut = Vec::new();
    for socket in sockets().filter(|socket| session.allocation(socket).is_some() && !confirmed(session, socket)) {
        let session = &features::over(session, socket);
        let name = session.label(socket);
        let connection = session.seen.connections.iter().find(|one| one.socket == name && one.opened_ms.is_some());
        // An old connection is of no use once its allocation has moved.
        let moved = socket == features::MOBILE && features::moved(session);
        if let Some((failure, at)) =
            connection.and_then(|one| Some((one.failure.as_ref()?, one.failed_ms?))).filter(|_| !moved)
        {
            cut.push(format!("at {:.1} s: {}", at / 1_000.0, escape(&failure.text)));
        }
    }
    let text = match cut.as_slice() {
        [] => return None,
        [only] => format!(
            "a connection that carried an allocation was ended by its other side, {only}; the allocation ended with it"
        ),
        [first, rest @ ..] => format!(
            "{} connections that carried allocations were ended by their other side, the first {first}; the allocations ended with them",
            rest.len() + 1
        ),
    };
    let fix =
        "look for a proxy or load balancer that closes connections, or limits how many one client may have".to_owned();
    Some(Remark { code: "connection-closed".to_owned(), error: false, text, fix })
}
