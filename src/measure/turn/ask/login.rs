//! Allocate: first without credentials, to be challenged, then with them.

use super::planner::{Planner, allocate, allocate_ipv6};
use super::signing::{As, own, signed};
use crate::evidence::Exchange;
use crate::evidence::key::{SocketRole, SocketStep};
use crate::measure::turn::STRANGER;
use crate::measure::turn::facts::allocation::FIRST;
use crate::measure::turn::facts::exchange::{error_code, may_refuse_login};
use crate::wire::PasswordForm;

/// The first allocation; the socket it is on.
pub(super) fn first(planner: &mut Planner) -> Option<SocketRole> {
    let target = planner.target;
    for role in FIRST {
        let challenge = planner.ask(target.ask((role, SocketStep::Allocate), role, allocate()))?;
        if target.allocation(role).is_some() {
            return Some(role);
        }
        let verdict = if error_code(challenge) == Some(401) { log_in(planner, role)? } else { challenge };
        if target.allocation(role).is_some() {
            return Some(role);
        }
        match error_code(verdict) {
            Some(437) => {}
            Some(440) => {
                planner.tried(signed(target, (role, SocketStep::LoginIpv6), role, &allocate_ipv6(), own(target)))?;
                return target.allocation(role).map(|_| role);
            }
            _ => return None,
        }
    }
    None
}

/// A second allocation; its socket once it is there.
pub(super) fn second(planner: &mut Planner) -> Option<SocketRole> {
    let (target, role) = (planner.target, SocketRole::Second);
    let request = if target.relays_ipv6_only() { allocate_ipv6() } else { allocate() };
    let challenge = planner.ask(target.ask((role, SocketStep::Allocate), role, request.clone()))?;
    if error_code(challenge) == Some(401) {
        planner.tried(signed(target, (role, SocketStep::Login), role, &request, own(target)))?;
    }
    target.allocation(role).map(|_| role)
}

/// Answers the challenge on that socket, once: a second 401 is the verdict. Other credentials tell what that hides.
fn log_in<'a>(planner: &mut Planner<'_, 'a>, role: SocketRole) -> Option<&'a Exchange> {
    let target = planner.target;
    if !target.may_log_in(role) {
        return None;
    }
    let login = target.entry.login.as_ref()?;
    let typed = own(target)?;
    let verdict = planner.tried(signed(target, (role, SocketStep::Login), role, &allocate(), Some(typed)))?;
    if !may_refuse_login(verdict) {
        return Some(verdict);
    }
    // Some servers answer a wrong login with 400 in place of 401. A user name that surely does not exist shows whether this one does.
    let unknown = error_code(verdict) == Some(400) && target.software().refuses_logins_with().is_none();
    if let Some(credential) = target.options.stranger.filter(|_| unknown) {
        log_in_as(planner, SocketRole::Stranger, As { credential, username: STRANGER, ..typed })?;
    }
    if login.exotic {
        // From another port, with a nonce of its own: no nonce is used with two passwords.
        log_in_as(planner, SocketRole::NormalizedPassword, As { form: PasswordForm::Nfkc, ..typed })?;
    }
    if target.offers_sha256() {
        log_in_as(planner, SocketRole::Sha256, typed)?;
    }
    // Made from the same shared secret with an expiry far ahead: if it is taken, a clock is wrong; if not, the secret is.
    if let Some((credential, username)) = &login.later {
        log_in_as(planner, SocketRole::LaterExpiry, As { credential: *credential, username, ..typed });
    }
    Some(verdict)
}

/// The same with other credentials, on a socket of their own, only to learn whether they are taken.
fn log_in_as(planner: &mut Planner, role: SocketRole, with: As) -> Option<()> {
    let target = planner.target;
    let challenge = planner.ask(target.ask((role, SocketStep::Allocate), role, allocate()))?;
    if error_code(challenge) == Some(401) {
        planner.tried(signed(target, (role, SocketStep::Login), role, &allocate(), Some(with)))?;
    }
    Some(())
}
