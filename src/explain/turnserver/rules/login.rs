//! Who may use it: users, secrets, realms.

use std::collections::BTreeMap;

use crate::explain::turnserver::configuration::{Configuration, is_refused};
use crate::explain::turnserver::finding::{Fault, LintCode};

pub(super) fn open_relay(configuration: &Configuration) -> Vec<Fault> {
    if let Some(setting) = configuration.on("no-auth") {
        if configuration.on("lt-cred-mech").is_some() || configuration.secret().is_some() {
            return Vec::new();
        }
        let text = "no-auth: anybody may relay through this server, to whatever it reaches";
        let fix = "use-auth-secret with static-auth-secret, or lt-cred-mech with user";
        return vec![Fault::warning(LintCode::NoAuth, text).at(setting).fix(fix)];
    }
    let off = configuration.on("stun-only").is_some() || configuration.on("oauth").is_some();
    if configuration.wants_login() || off {
        return Vec::new();
    }
    let text = "nothing says that users have to log in: neither lt-cred-mech, nor use-auth-secret, nor a user";
    let effect =
        "an open relay, unless its command line says more: coturn asks nobody for a password, and does not say so";
    let fix = "use-auth-secret with static-auth-secret, or lt-cred-mech with user";
    vec![Fault::error(LintCode::OpenRelay, text).effect(effect).fix(fix)]
}

pub(super) fn no_auth_conflict(configuration: &Configuration) -> Vec<Fault> {
    let login = configuration.on("lt-cred-mech").or_else(|| configuration.secret());
    let (Some(setting), Some(login)) = (configuration.on("no-auth"), login) else { return Vec::new() };
    let text = format!("no-auth stands beside {} on line {}", login.name, login.line);
    let effect = "coturn does not start: \"-a and -z options cannot be used together\"";
    vec![Fault::error(LintCode::NoAuthConflict, text).at(setting).effect(effect).fix("leave one of the two out")]
}

pub(super) fn secret_beside_users(configuration: &Configuration) -> Vec<Fault> {
    let Some(secret) = configuration.secret() else { return Vec::new() };
    let users = configuration.users();
    let setting = match (users.first(), configuration.on("lt-cred-mech")) {
        (Some((first, ..)), _) => *first,
        // Many guides have both, and nothing comes of it.
        (None, Some(both)) => {
            let text = format!("lt-cred-mech beside the shared secret of line {}: the secret wins", secret.line);
            let effect = "users with a name and a password of their own, were there any, are refused with 401";
            return vec![
                Fault::note(LintCode::SecretBesideUsers, text).at(both).effect(effect).fix("leave lt-cred-mech out"),
            ];
        }
        _ => return Vec::new(),
    };
    let text = format!("a static user beside the shared secret of line {}: it can never log in", secret.line);
    let effect = "users with a name and a password of their own are refused with 401";
    let fix =
        "leave out the one that clients do not use: user and lt-cred-mech, or use-auth-secret and static-auth-secret";
    vec![Fault::warning(LintCode::SecretBesideUsers, text).at(setting).effect(effect).fix(fix)]
}

pub(super) fn users(configuration: &Configuration) -> Vec<Fault> {
    // With a shared secret coturn does not look at them.
    if configuration.secret().is_some() {
        return Vec::new();
    }
    let known: BTreeMap<u32, (&str, &str)> =
        configuration.users().into_iter().map(|(setting, name, password)| (setting.line, (name, password))).collect();
    let mut found = Vec::new();
    for setting in configuration.all("user") {
        match known.get(&setting.line) {
            None => {
                let text = "no user: a name, a colon and a password are needed";
                let effect = "the user is missing, with \"Wrong user account\" in the log: login is refused with 401";
                let fault = Fault::error(LintCode::UserMalformed, text).at(setting);
                found.push(fault.effect(effect).fix("user=NAME:PASSWORD"));
            }
            Some((name, _)) if is_refused(name) => {
                let text = "the name of the user has a blank, a quote or a backslash in it";
                let effect = "coturn refuses it with 400: \"wrong username\"";
                let fault = Fault::error(LintCode::UserMalformed, text).at(setting);
                found.push(fault.effect(effect).fix("a name without them"));
            }
            Some((_, password)) => {
                let digits = password.strip_prefix("0x");
                let bad =
                    |digits: &str| digits.len() < 32 || !digits.bytes().take(32).all(|byte| byte.is_ascii_hexdigit());
                if digits.is_some_and(bad) {
                    let text = "a password that begins with 0x is a key to coturn, and this is none: it needs 32 hexadecimal digits";
                    let fault = Fault::error(LintCode::UserKeyMalformed, text).at(setting);
                    found.push(
                        fault
                            .effect("login is refused with 401")
                            .fix("the key that turnadmin -k makes, or another password"),
                    );
                }
            }
        }
    }
    found
}

pub(super) fn realm(configuration: &Configuration) -> Vec<Fault> {
    if !configuration.wants_login() {
        return Vec::new();
    }
    let Some(setting) = configuration.given("realm") else {
        let text = "no realm, while users have to log in";
        let effect = "clients are told the domain of the host, or an empty realm where it has none, with which many cannot log in";
        return vec![Fault::error(LintCode::NoRealm, text).of("realm").effect(effect).fix("realm=example.org")];
    };
    // Of a comment the rule of comments tells.
    let told = setting.comment().is_some() || setting.unfilled().is_some();
    if !is_refused(&setting.value) || told {
        return Vec::new();
    }
    let text = "the realm has a blank, a quote or a backslash in it";
    let effect = "coturn refuses every login with 400: \"wrong realm\"";
    vec![Fault::error(LintCode::RealmWithBlank, text).at(setting).effect(effect).fix("realm=example.org")]
}

pub(super) fn secrets(configuration: &Configuration) -> Vec<Fault> {
    let empty = configuration.all("static-auth-secret").find(|setting| setting.value.is_empty());
    let Some(setting) = empty else { return Vec::new() };
    let effect = "anybody who knows how user names are signed can log in";
    let fault = Fault::error(LintCode::SecretEmpty, "static-auth-secret has no value: the secret is empty").at(setting);
    vec![fault.effect(effect).fix("a long random one, the same as in the application")]
}

pub(super) fn from_database(configuration: &Configuration) -> Vec<Fault> {
    if configuration.database().is_some() {
        return Vec::new();
    }
    let (setting, what, fix) = match (configuration.secret(), configuration.on("lt-cred-mech")) {
        (Some(setting), _) if configuration.last("static-auth-secret").is_none() => (
            setting,
            "no static-auth-secret beside use-auth-secret",
            "static-auth-secret, the same as in the application",
        ),
        (None, Some(setting)) if configuration.all("user").next().is_none() => {
            (setting, "no user beside lt-cred-mech", "user=NAME:PASSWORD, or turnadmin -a")
        }
        _ => return Vec::new(),
    };
    let text = format!("{what}: it has to come from coturn's database, or from its command line");
    vec![
        Fault::warning(LintCode::LoginFromDatabase, text)
            .at(setting)
            .effect("without it every login is refused with 401")
            .fix(fix),
    ]
}
