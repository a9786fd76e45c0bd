//! Giving back: every allocation that was made, or may have been made, is deleted, so that the test does not eat the quota it reports on.

use crate::evidence::{Ask, Exchange, Key, Outcome, Step};
use crate::measure::turn::STRANGER;
use crate::measure::turn::ask::features;
use crate::measure::turn::facts::target::{FIRST, LOGINS, SHA256, Target, Tried, error_code, granted};
use crate::measure::turn::finding::Released;
use crate::measure::turn::judge::refusal;
use crate::wire::{Method, PasswordForm, Remark, RemarkCode, Request, TurnAttribute, escape};

/// The sockets on which the ladder may have allocations.
const LADDER: [&str; 8] = [FIRST[0], FIRST[1], FIRST[2], "b", "late", "nfkc", "stranger", SHA256];

/// Every socket on which there may be one.
fn sockets() -> impl Iterator<Item = &'static str> {
    LADDER.into_iter().chain(features::SOCKETS)
}

/// Deletes what the ladder holds.
pub fn next(target: &Target) -> Step {
    of(target, LADDER)
}

/// Whether the ladder's allocations are being given back.
pub fn has_begun(target: &Target) -> bool {
    LADDER.into_iter().any(|socket| target.find(&step(socket)).is_some())
}

/// A Refresh with the lifetime 0 on each of them (RFC 8656 section 8), those already asked included.
pub fn of(target: &Target, sockets: impl IntoIterator<Item = &'static str>) -> Step {
    let held = sockets.into_iter().filter(|socket| may_hold(target, socket) || may_be_forged(target, socket));
    let asks: Vec<Ask> = held.filter_map(|socket| ask(target, socket)).collect();
    let done = asks.iter().all(|ask| target.seen.find(&ask.key).is_some_and(Exchange::settled));
    Step { asks, done, ..Step::default() }
}

/// The same where the run was stopped: a deletion whose answer was not waited for is asked once more, and so is one that may have
/// overtaken the Allocate it was for.
pub fn farewell(target: &Target) -> Vec<Ask> {
    let given_up = |exchange: &Exchange| matches!(exchange.outcome, Outcome::Abandoned { .. });
    let mut asks = Vec::new();
    for socket in sockets().filter(|socket| may_hold(target, socket) || may_be_forged(target, socket)) {
        let Some(mut ask) = ask(target, socket) else { continue };
        let early = |exchange: &Exchange| error_code(exchange) == Some(437) && target.allocation(socket).is_none();
        if target.seen.find(&ask.key).is_some_and(|asked| given_up(asked) || early(asked)) {
            ask.key = Key::from(&*format!("{}{AGAIN}", ask.key));
        }
        asks.push(ask);
    }
    asks
}

/// Ends the label of a deletion that is asked once more.
const AGAIN: &str = "/again";

fn ask(target: &Target, socket: &str) -> Option<Ask> {
    let request = Request::turn(Method::Refresh, vec![TurnAttribute::LifetimeS(0)]);
    let step = step(socket);
    let login = target.entry.login.as_ref();
    let later = login.and_then(|login| login.later.as_ref()).filter(|_| socket == "late");
    let target = &features::over(target, socket);
    let stranger = target.options.stranger.filter(|_| socket == "stranger");
    let tried = match (later, login) {
        _ if let Some(credential) = stranger => {
            target.signed_as(&step, socket, &request, credential, STRANGER, PasswordForm::AsTyped)
        }
        (Some((credential, name)), _) => {
            target.signed_as(&step, socket, &request, *credential, name, PasswordForm::AsTyped)
        }
        (None, Some(login)) if socket == "nfkc" => {
            target.signed_as(&step, socket, &request, login.credential, &login.username, PasswordForm::Nfkc)
        }
        _ => target.on(socket, &step, &request),
    };
    match tried {
        Tried::Ask(ask) => Some(*ask),
        // Stated again, so that the one who waits for all of them sees it.
        Tried::Asked(exchange) => {
            let request = exchange.request.clone();
            Some(Ask { key: exchange.ask.clone(), ..target.ask(&step, socket, request) })
        }
        Tried::Impossible => None,
    }
}

/// What the deletion on that socket is called.
pub fn step(socket: &str) -> String {
    format!("{socket}/delete")
}

/// Whether an Allocate on that socket succeeded, or nobody knows: then it may have.
fn may_hold(target: &Target, socket: &str) -> bool {
    let unknown = |exchange: &Exchange| {
        exchange.sends > 0 && matches!(exchange.outcome, Outcome::Abandoned { .. } | Outcome::Silence { .. })
    };
    let steps = LOGINS.map(|step| format!("{socket}/{step}"));
    // Where it is now; on the old socket the server knows nothing of it any more, and may close the connection.
    if socket == features::MOVED || socket == features::MOBILE && features::moved(target) {
        return socket == features::MOVED && features::moved(target);
    }
    let plain = target.find(&format!("{socket}/allocate"));
    let open = plain.is_some_and(|one| granted(one).is_some() || target.is_open_relay() && unknown(one));
    // 437: there is one on this socket, and it is ours; a grant that was lost on its way looks like that.
    let held = |last: &Exchange| granted(last).is_some() || unknown(last) || error_code(last) == Some(437);
    open || steps.iter().filter_map(|step| target.last(step)).any(held)
}

/// Whether the refusal there is not signed: it may be somebody else's, and the server may have granted what was asked.
fn may_be_forged(target: &Target, socket: &str) -> bool {
    LOGINS.into_iter().filter_map(|step| target.last(&format!("{socket}/{step}"))).any(refusal::is_unsigned)
}

/// Whether the deletion on that socket was confirmed. 437 says that there is nothing to delete: as good (RFC 8656 section 8.3), unless
/// the server says so to every Refresh.
pub fn confirmed(target: &Target, socket: &str) -> bool {
    let deletion = step(socket);
    let asked = [target.last(&deletion), target.find(&format!("{deletion}{AGAIN}"))];
    let believed = target.last("refresh").and_then(error_code) != Some(437);
    asked.into_iter().flatten().any(|last| granted(last).is_some() || believed && error_code(last) == Some(437))
}

/// Allocations made and released; one that may have been made, and of which nobody heard, counts until its deletion is confirmed.
pub fn judge(target: &Target) -> Option<Released> {
    let deleted = |socket: &str| target.last(&step(socket)).and_then(granted).is_some();
    let unheard = |socket: &str| may_hold(target, socket) && (deleted(socket) || !confirmed(target, socket));
    let forged = |socket: &str| may_be_forged(target, socket) && deleted(socket);
    // An allocation that was moved is one, on the socket to which it was.
    let left = |socket: &str| socket == features::MOBILE && features::moved(target);
    let is_made = |socket: &&str| {
        let made = target.allocation(socket).is_some() && !left(socket);
        made || unheard(socket) || forged(socket) || *socket == features::MOVED && features::moved(target)
    };
    let made: Vec<&str> = sockets().filter(is_made).collect();
    let confirmed = made.iter().filter(|socket| confirmed(target, socket)).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (!made.is_empty()).then(|| Released { made: count(made.len()), confirmed: count(confirmed) })
}

/// Connections that their other side closed while they carried an allocation: it ended with them (RFC 8656 section 3.1), unconfirmed.
pub fn cut_off(target: &Target) -> Option<Remark> {
    let mut cut = Vec::new();
    for socket in sockets().filter(|socket| target.allocation(socket).is_some() && !confirmed(target, socket)) {
        let target = &features::over(target, socket);
        let name = target.label(socket);
        let connection = target.seen.connections.iter().find(|one| one.socket == name && one.opened_ms.is_some());
        // An old connection is of no use once its allocation has moved.
        let moved = socket == features::MOBILE && features::moved(target);
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
    Some(Remark { code: RemarkCode::ConnectionClosed, error: false, text, fix })
}
