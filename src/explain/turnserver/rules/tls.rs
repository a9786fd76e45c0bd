//! TLS.

use crate::explain::turnserver::configuration::Configuration;
use crate::explain::turnserver::finding::{Fault, LintCode};
use crate::explain::turnserver::version::Version;

/// The first version in which old versions of TLS are off unless asked for.
const NEW_TLS: Version = Version::new(4, 7, 0);

pub(super) fn certificate(configuration: &Configuration) -> Vec<Fault> {
    if let Some(setting) = configuration.on("no-tls") {
        let text = "no-tls: networks that let only TLS on port 443 through are shut out";
        return vec![
            Fault::note(LintCode::NoTls, text)
                .at(setting)
                .fix("cert and pkey, and tls-listening-port=443 where it is free"),
        ];
    }
    let (cert, pkey) = (configuration.given("cert"), configuration.given("pkey"));
    let missing = match (cert, pkey) {
        (Some(_), Some(_)) => return Vec::new(),
        (Some(_), None) => "pkey is",
        (None, Some(_)) => "cert is",
        (None, None) => "cert and pkey are",
    };
    let wanted = cert
        .or(pkey)
        .or_else(|| configuration.last("tls-listening-port"))
        .or_else(|| configuration.last("alt-tls-listening-port"));
    let Some(setting) = wanted else {
        let text =
            "neither cert nor pkey: there is no TLS, and networks that let only TLS on port 443 through are shut out";
        return vec![
            Fault::note(LintCode::NoTls, text)
                .of("cert")
                .fix("cert and pkey, and tls-listening-port=443 where it is free"),
        ];
    };
    let text = format!("TLS is wanted here, and {missing} missing");
    let effect = "coturn runs without TLS and DTLS, \"cannot start TLS and DTLS listeners\", unless turn_server_cert.pem and turn_server_pkey.pem lie in its folders";
    let fix = "cert=FULLCHAIN.PEM and pkey=KEY.PEM, readable for coturn's user";
    vec![Fault::error(LintCode::TlsWithoutCertificate, text).at(setting).effect(effect).fix(fix)]
}

pub(super) fn files(configuration: &Configuration) -> Vec<Fault> {
    if configuration.on("no-tls").is_some() && !configuration.has_dtls() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for setting in ["cert", "pkey", "CA-file"].iter().filter_map(|key| configuration.given(key)) {
        let Some(key) = setting.key.filter(|_| setting.comment().is_none()) else { continue };
        if setting.unfilled().is_some() || setting.of_template() {
            continue;
        }
        if setting.value.starts_with('~') {
            let text =
                format!("the file of {} begins with ~, which only a shell knows: coturn finds no such file", key.name);
            let effect = if key.name == "CA-file" { "it is not read" } else { "TLS and DTLS are not started" };
            found.push(
                Fault::error(LintCode::FileUnreadable, text)
                    .at(setting)
                    .effect(effect)
                    .fix("the whole name, from / on"),
            );
            continue;
        }
        let not_here = (configuration.readable)(&setting.value) == Some(false);
        let of_root = key.name == "pkey" && setting.value.contains("/letsencrypt/");
        let (text, severity) = if not_here {
            (
                format!(
                    "the file of {} cannot be read here: on the server it has to be there, for coturn's user",
                    key.name
                ),
                Fault::warning as fn(_, _) -> _,
            )
        } else if of_root {
            (
                format!("{} lies where only root can read as a rule, and coturn runs as a user of its own", key.name),
                Fault::note as fn(_, _) -> _,
            )
        } else {
            continue;
        };
        let effect = "where coturn cannot read it, TLS and DTLS are not started, and it runs without them";
        let fault: Fault = severity(LintCode::FileUnreadable, text);
        found.push(
            fault.at(setting).effect(effect).fix("a copy that coturn's user can read, made anew at each renewal"),
        );
    }
    found
}

pub(super) fn old(configuration: &Configuration) -> Vec<Fault> {
    if !configuration.has_tls() {
        return Vec::new();
    }
    let on = if configuration.version >= NEW_TLS {
        ["tlsv1", "tlsv1_1"].into_iter().find_map(|key| configuration.on(key))
    } else {
        let open = ["no-tlsv1", "no-tlsv1_1"].into_iter().any(|key| configuration.on(key).is_none());
        configuration.given("cert").filter(|_| open)
    };
    let Some(setting) = on else { return Vec::new() };
    let fix = if configuration.version >= NEW_TLS { "leave tlsv1 and tlsv1_1 out" } else { "no-tlsv1 and no-tlsv1_1" };
    vec![Fault::note(LintCode::TlsOld, "TLS 1.0 or 1.1 is on").at(setting).fix(fix)]
}

pub(super) fn new(configuration: &Configuration) -> Vec<Fault> {
    let Some(setting) = configuration.on("no-tlsv1_2").filter(|_| configuration.has_tls()) else { return Vec::new() };
    let text = "no-tlsv1_2: TLS 1.2 is off";
    let effect =
        "clients that have nothing newer are shut out; with 4.6.1 all of today's are, whose handshake gets no answer";
    vec![Fault::warning(LintCode::TlsNewOff, text).at(setting).effect(effect).fix("leave it out")]
}
