//! Requests with credentials: the newest challenge answered, and once more with each new nonce. The engine signs them.

use crate::evidence::key::{SocketRole, TurnStep};
use crate::evidence::{Ask, Exchange};
use crate::measure::turn::facts::exchange::{has_new_nonce, offers_sha256};
use crate::measure::turn::facts::target::{ATTEMPTS, Target};
use crate::wire::{Algorithm, Auth, PasswordForm, Request};

/// How far a request is.
pub(super) enum Tried<'a> {
    /// It is to be asked.
    Ask(Box<Ask>),
    /// It is under way, or over.
    Asked(&'a Exchange),
    /// There is no challenge to answer, or nothing to answer it with.
    Impossible,
}

/// With whose name and password a request is signed.
#[derive(Clone, Copy)]
pub(super) struct As<'n> {
    /// Index among the run's credentials.
    pub credential: usize,
    pub username: &'n str,
    pub form: PasswordForm,
}

/// The credentials of the entry, as they were typed; `None` without any.
pub(super) fn own<'n>(target: &'n Target) -> Option<As<'n>> {
    let login = target.entry.login.as_ref()?;
    Some(As { credential: login.credential, username: &login.username, form: PasswordForm::AsTyped })
}

/// A request with these credentials, repeated with a new nonce where the server calls one stale (438).
pub(super) fn signed<'a>(
    target: &Target<'a>,
    step: impl Into<TurnStep>,
    role: SocketRole,
    request: &Request,
    with: Option<As>,
) -> Tried<'a> {
    let (step, Some(with)) = (step.into(), with) else { return Tried::Impossible };
    for attempt in 1..=ATTEMPTS {
        match target.attempt(step, attempt) {
            Some(exchange) if attempt < ATTEMPTS && has_new_nonce(exchange) => {}
            Some(exchange) => return Tried::Asked(exchange),
            None => {
                // Where nonces are good for one request, each of two at once makes the other's stale: they take turns.
                if let Some(other) = signing(target, role).filter(|_| attempt > 1) {
                    return Tried::Asked(other);
                }
                let Some(auth) = auth(target, role, with) else { return Tried::Impossible };
                let request = Request { auth: Some(auth), ..request.clone() };
                let ask = target.ask(step, role, request);
                return Tried::Ask(Box::new(Ask { key: target.key_of(step, attempt), ..ask }));
            }
        }
    }
    Tried::Impossible
}

/// A request on an allocation's socket, signed where the server authenticates.
pub(super) fn on<'a>(target: &Target<'a>, step: impl Into<TurnStep>, role: SocketRole, request: &Request) -> Tried<'a> {
    if target.is_open_relay() {
        plain(target, step, role, request)
    } else {
        signed(target, step, role, request, own(target))
    }
}

/// The same without credentials.
pub(super) fn plain<'a>(
    target: &Target<'a>,
    step: impl Into<TurnStep>,
    role: SocketRole,
    request: &Request,
) -> Tried<'a> {
    let step = step.into();
    match target.find(step) {
        Some(exchange) => Tried::Asked(exchange),
        None => Tried::Ask(Box::new(target.ask(step, role, request.clone()))),
    }
}

/// A request with credentials on that socket that is under way.
fn signing<'a>(target: &Target<'a>, role: SocketRole) -> Option<&'a Exchange> {
    let name = target.socket(role);
    let mut all = target.seen.exchanges.iter();
    all.find(|one| one.socket == name && one.remote == target.remote && one.request.auth().is_some() && !one.settled())
}

/// What the newest challenge on that socket asks for, answered with these credentials.
fn auth(target: &Target, role: SocketRole, with: As) -> Option<Auth> {
    let name = target.socket(role);
    let all =
        target.seen.exchanges.iter().filter(|exchange| exchange.socket == name && exchange.remote == target.remote);
    // What comes through the relay is somebody else's.
    let own = all.filter(|exchange| exchange.request.relay().is_none());
    let answers = own.filter_map(|exchange| Some((exchange.ended_ms?, exchange.reply()?.turn.as_deref()?)));
    let mut challenges: Vec<_> = answers.filter(|(_, turn)| turn.nonce).collect();
    challenges.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (_, newest) = challenges.last()?;
    // A 438 may leave the realm out: the one known is still right.
    let (_, named) = challenges.iter().rev().find(|(_, turn)| turn.realm.is_some())?;
    let mut echo = newest.echo.clone();
    echo.realm.clone_from(&named.echo.realm);
    // Everywhere else they are as browsers send them, signed with MD5 and SHA-1: servers offer SHA-256 (RFC 8489 section 9.2.4) and do
    // not understand it.
    let sha256 = role == SocketRole::Sha256 && offers_sha256(newest);
    if !sha256 {
        echo.password_algorithms = None;
    }
    Some(Auth {
        credential: with.credential,
        username: with.username.to_owned(),
        realm: named.realm.clone().unwrap_or_default(),
        algorithm: if sha256 { Algorithm::Sha256 } else { Algorithm::Md5 },
        form: with.form,
        anonymous: sha256 && newest.anonymity_bit,
        echo,
    })
}
