//! What clients are told, beside what the server takes.

use crate::explain::turnserver::configuration::{Configuration, is_refused};
use crate::explain::turnserver::finding::{Fault, LintCode};
use crate::wire::credential::rest;
use crate::wire::ice_servers::{IceEntry, Login};
use crate::wire::{EntryKind, Host, RestName, Secret, Transport};

/// The entries that name a TURN server: what is said of one begins with its URI, in which no password is.
fn turns<'a>(configuration: &'a Configuration) -> impl Iterator<Item = &'a IceEntry> {
    configuration.clients.iter().filter(|entry| entry.kind == EntryKind::Turn)
}

pub(super) fn transports(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    for entry in turns(configuration) {
        let Some((_, transport)) = entry.server else { continue };
        let (off, why) = match transport {
            Transport::Udp => (configuration.on("no-udp"), "UDP"),
            Transport::Tcp => (configuration.on("no-tcp"), "TCP"),
            Transport::Tls if !configuration.has_tls() => {
                (configuration.on("no-tls").or_else(|| configuration.settings.first()), "TLS")
            }
            Transport::Dtls if !configuration.has_dtls() => {
                (configuration.on("no-dtls").or_else(|| configuration.settings.first()), "DTLS")
            }
            Transport::Tls | Transport::Dtls => continue,
        };
        let Some(setting) = off else { continue };
        let text = format!("clients are told of {}, and {why} is off", entry.uri);
        let switched = setting.key.is_some_and(|key| key.name.starts_with("no-"));
        let fault = Fault::error(LintCode::ClientTransportOff, text).effect("they get no answer there");
        let fix = if switched {
            "leave this line out, or tell clients of another transport"
        } else {
            "cert and pkey, or tell clients of another transport"
        };
        found.push(if switched { fault.at(setting) } else { fault.of("cert") }.fix(fix));
    }
    found
}

pub(super) fn ports(configuration: &Configuration) -> Vec<Fault> {
    let keys = [
        ("listening-port", 3478),
        ("tls-listening-port", 5349),
        ("alt-listening-port", 0),
        ("alt-tls-listening-port", 0),
        ("tcp-proxy-port", 0),
    ];
    let open: Vec<i64> =
        keys.iter().map(|(key, usual)| configuration.port(key, *usual).0).filter(|port| *port > 0).collect();
    let mut found = Vec::new();
    for entry in turns(configuration) {
        let Some((spec, transport)) = &entry.server else { continue };
        let port = spec.port.unwrap_or_else(|| spec.default_port(*transport));
        if open.contains(&i64::from(port)) {
            continue;
        }
        let text = format!("clients are told of {}, and coturn does not listen on port {port}", entry.uri);
        let fault = Fault::warning(LintCode::ClientPortClosed, text)
            .effect("they get no answer, unless something in front of it forwards that port");
        found.push(fault.of("listening-port").fix(format!(
            "listening-port={port} or tls-listening-port={port}, or another port in the client's configuration"
        )));
    }
    found
}

pub(super) fn credentials(configuration: &Configuration) -> Vec<Fault> {
    // With another separator the names of this server look otherwise.
    let other = configuration.given("rest-api-separator").is_some_and(|setting| setting.value != ":");
    if !configuration.wants_login() || other {
        return Vec::new();
    }
    let mut found: Vec<Fault> = Vec::new();
    for entry in turns(configuration) {
        let Some(fault) = entry.login.as_ref().and_then(|login| refused(configuration, entry, login)) else { continue };
        // The entries of one server share their credentials.
        if !found
            .iter()
            .any(|known| known.code == fault.code && known.effect == fault.effect && known.line == fault.line)
        {
            found.push(fault);
        }
    }
    found
}

fn refused(configuration: &Configuration, entry: &IceEntry, login: &Login) -> Option<Fault> {
    let fault = |effect: &str, fix: &str| {
        let text = format!("the server refuses the credentials that clients have for {} (401)", entry.uri);
        Fault::error(LintCode::ClientRefused, text).effect(effect).fix(fix)
    };
    if let Login::Password(user, _) = login
        && is_refused(user)
    {
        let text = format!("the server refuses the user name that clients have for {} (400)", entry.uri);
        let effect = "coturn takes no user name with a blank, a quote or a backslash: \"wrong username\"";
        let setting = configuration.secret().or_else(|| configuration.last("user"))?;
        let fix = "a user name without them, such as the number of the user";
        return Some(Fault::error(LintCode::ClientRefused, text).effect(effect).fix(fix).at(setting));
    }
    let secrets: Vec<Secret> =
        configuration.all("static-auth-secret").map(|setting| Secret::new(setting.value.clone())).collect();
    match (configuration.secret(), login) {
        (Some(setting), Login::Password(user, password)) => {
            let name = RestName::parse(user);
            if let (Some(expiry), Some(now)) = (name.expiry_unix_s(), configuration.now_unix_s)
                && expiry < now
            {
                let text = format!("the user name that clients have for {} has expired", entry.uri);
                let effect = "the server refuses it with 401";
                let fix = "let the application make a new one for each client, shortly before it is used";
                return Some(Fault::error(LintCode::ClientExpired, text).effect(effect).fix(fix).at(setting));
            }
            if name == RestName::NotRest {
                let effect = "they have a user name of their own, and the server wants ones that expire, signed with the shared secret";
                return Some(fault(effect, "let the application make them: EXPIRY:USER and its signature").at(setting));
            }
            let signed = secrets.iter().any(|secret| rest::matches(secret, user, password));
            let known = !secrets.is_empty() && configuration.database().is_none();
            let effect = "their password is no signature of the user name with this secret: the two secrets differ";
            (known && !signed).then(|| {
                fault(effect, "the same secret here and in the application")
                    .at(configuration.last("static-auth-secret").unwrap_or(setting))
            })
        }
        (Some(setting), Login::Shared(secret)) => {
            let known = !secrets.is_empty() && configuration.database().is_none();
            let effect = "the shared secret of the application is another one than this";
            (known && !secrets.contains(secret)).then(|| {
                fault(effect, "the same secret in both").at(configuration.last("static-auth-secret").unwrap_or(setting))
            })
        }
        (None, Login::Shared(_)) => {
            let setting = configuration.on("lt-cred-mech").or_else(|| configuration.last("user"))?;
            let effect =
                "they make user names that expire, and the server knows only users with passwords of their own";
            Some(fault(effect, "use-auth-secret and static-auth-secret in place of lt-cred-mech and user").at(setting))
        }
        (None, Login::Password(user, password)) => {
            let users = configuration.users();
            // Of several lines with one name the last counts.
            match users.iter().rev().find(|(_, name, _)| name == user) {
                Some((setting, _, known)) if !known.starts_with("0x") && *known != password.expose() => Some(
                    fault("their password is another one than that of this user", "the same password in both")
                        .at(setting),
                ),
                Some(_) => None,
                None => {
                    let setting =
                        configuration.on("lt-cred-mech").or_else(|| users.first().map(|(setting, ..)| *setting))?;
                    let text = format!("the user that clients have for {} does not stand in this file", entry.uri);
                    let fault = Fault::warning(LintCode::ClientUserUnknown, text).at(setting);
                    Some(
                        fault
                            .effect("they are refused with 401, unless the user is in coturn's database")
                            .fix("user=NAME:PASSWORD"),
                    )
                }
            }
        }
    }
}

/// Hosts that nobody else finds: loopback, no address at all, and the name of a container.
pub(super) fn hosts(configuration: &Configuration) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    for entry in turns(configuration) {
        let Some((spec, _)) = &entry.server else { continue };
        let own = ("which is each client itself", "they find no server on their own host");
        let (what, effect) = match &spec.host {
            Host::Address(ip) if ip.is_unspecified() => ("which is no address of a host", "they reach nothing there"),
            Host::Address(ip) if ip.is_loopback() => own,
            Host::Address(_) => continue,
            Host::Name(name) if name.eq_ignore_ascii_case("localhost") => own,
            Host::Name(name) if name.contains('.') => continue,
            Host::Name(_) => ("a name without a dot, as containers have", "clients outside do not find it"),
        };
        let text = format!("clients are told of {}, {what}", entry.uri);
        if found.iter().all(|known| known.text != text) {
            let fault = Fault::warning(LintCode::ClientHostLocal, text).effect(effect);
            found.push(fault.fix("the name or the address by which the internet finds the server"));
        }
    }
    found
}
