//! A configuration as one version of coturn takes it: what it does not know is not there.

use std::net::IpAddr;

use super::read::Setting;
use super::version::Version;
use super::written::Within;
use crate::wire::ice_servers::IceEntry;

/// The first version whose command line (`cli`) is off unless asked for.
const CLI_OFF: Version = Version::new(4, 10, 0);
/// The first version in which DTLS is off unless asked for.
const DTLS_OFF: Version = Version::new(4, 17, 0);
/// The relay ports of RFC 8656 section 7.2, coturn's default.
const RELAY_PORTS: (i64, i64) = (49_152, 65_535);

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The names that it is for (subjectAltName): hosts and addresses.
    pub names: Vec<String>,
    /// Until when (RFC 3339, UTC).
    pub not_after: Option<String>,
}

/// What the rules look at.
pub(super) struct Configuration<'a> {
    /// Every line that sets something.
    pub(super) settings: &'a [Setting],
    /// Which coturn reads it.
    pub(super) version: Version,
    /// What clients are told, where that was given.
    pub(super) clients: &'a [IceEntry],
    /// Whether a file can be read here; nothing where that cannot be told.
    pub(super) readable: &'a dyn Fn(&str) -> Option<bool>,
    /// The addresses of the host, where it is this one.
    pub(super) addresses: &'a [IpAddr],
    /// What a file of a certificate says, where it can be read here.
    pub(super) certificate: &'a dyn Fn(&str) -> Option<Certified>,
    /// What time it is, where that is to count.
    pub(super) now_unix_s: Option<i64>,
    /// What it stands in.
    pub(super) written: Where,
}

/// Whether the file is the configuration itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Where {
    /// The first line that only a template has.
    pub(super) template: Option<u32>,
    /// What it is a part of.
    pub(super) within: Option<Within>,
    /// Whether the rest of it stands in another file.
    pub(super) partial: bool,
}

impl<'a> Configuration<'a> {
    /// Every line with that key, where this version knows it.
    pub(super) fn all<'k>(&'a self, key: &'k str) -> impl Iterator<Item = &'a Setting> + use<'a, 'k> {
        self.settings.iter().filter(move |setting| {
            setting.key.is_some_and(|known| known.name == key && known.is_known_by(self.version))
        })
    }

    /// The line that counts.
    pub(super) fn last(&'a self, key: &str) -> Option<&'a Setting> {
        self.all(key).last()
    }

    /// The line that switches it on, if it is on. coturn ends where a switch is neither.
    pub(super) fn on(&'a self, key: &str) -> Option<&'a Setting> {
        self.last(key).filter(|setting| setting.switch() == Some(true))
    }

    /// The line that counts, where it has a value.
    pub(super) fn given(&'a self, key: &str) -> Option<&'a Setting> {
        self.last(key).filter(|setting| !setting.value.is_empty())
    }

    pub(super) fn number(&'a self, key: &str) -> Option<(i64, &'a Setting)> {
        self.last(key).map(|setting| (setting.number(), setting))
    }

    /// The line that makes user names expire under a shared secret.
    pub(super) fn secret(&'a self) -> Option<&'a Setting> {
        self.last("use-auth-secret").or_else(|| self.last("static-auth-secret"))
    }

    /// The users that coturn takes for ones, each as its line, name and password.
    pub(super) fn users(&'a self) -> Vec<(&'a Setting, &'a str, &'a str)> {
        let read = |setting: &'a Setting| {
            let (name, password) = setting.value.split_once(':')?;
            (!name.is_empty() && !password.is_empty()).then_some((setting, name, password.trim_start()))
        };
        self.all("user").filter_map(read).collect()
    }

    /// Whether users have to log in: by a line, or because there are users (`main` switches it on for them).
    pub(super) fn wants_login(&'a self) -> bool {
        self.on("lt-cred-mech").is_some() || self.secret().is_some() || !self.users().is_empty()
    }

    /// Where users and secrets can come from beside this file, other than coturn's usual file of users.
    pub(super) fn database(&'a self) -> Option<&'a Setting> {
        let keys = ["userdb", "db", "sql-userdb", "psql-userdb", "mysql-userdb", "mongo-userdb", "redis-userdb"];
        keys.iter().find_map(|key| self.last(key))
    }

    pub(super) fn has_command_line(&'a self) -> bool {
        if self.version >= CLI_OFF { self.on("cli").is_some() } else { self.on("no-cli").is_none() }
    }

    /// Whether a listener is off by its switch.
    pub(super) fn has_tls(&'a self) -> bool {
        self.on("no-tls").is_none() && self.given("cert").is_some() && self.given("pkey").is_some()
    }

    pub(super) fn has_dtls(&'a self) -> bool {
        let asked = if self.version >= DTLS_OFF { self.on("dtls").is_some() } else { self.on("no-dtls").is_none() };
        asked && self.given("cert").is_some() && self.given("pkey").is_some()
    }

    /// A listening port, with the line that sets it.
    pub(super) fn port(&'a self, key: &str, usual: i64) -> (i64, Option<&'a Setting>) {
        self.number(key).map_or((usual, None), |(port, setting)| (port, Some(setting)))
    }

    /// The first and the last relay port.
    pub(super) fn relay_ports(&'a self) -> (i64, i64) {
        (self.port("min-port", RELAY_PORTS.0).0, self.port("max-port", RELAY_PORTS.1).0)
    }

    /// The addresses from which it relays and which it tells to clients.
    pub(super) fn own_addresses(&'a self) -> Vec<(IpAddr, &'a Setting)> {
        let plain =
            ["relay-ip", "listening-ip"].into_iter().flat_map(|key| self.all(key).map(|one| (one.value.as_str(), one)));
        let external = self.all("external-ip").flat_map(|one| one.value.split('/').map(move |part| (part, one)));
        plain.chain(external).filter_map(|(text, setting)| Some((text.trim().parse().ok()?, setting))).collect()
    }
}

/// Whether coturn refuses every request with such a name of a user or a realm (`is_secure_string`).
pub(super) fn is_refused(name: &str) -> bool {
    name.contains([' ', '\t', '\'', '"', '\\'])
}

/// The first and the last address of a rule about peers, as coturn understands it.
pub(super) fn peers(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let read = |part: &str| part.trim_matches(' ').parse::<IpAddr>().ok();
    let (first, last) = (read(first)?, read(last)?);
    (first.is_ipv4() == last.is_ipv4()).then_some((first, last))
}

/// Whether an address lies in a range of its own family.
pub(super) fn within(ip: IpAddr, (first, last): (IpAddr, IpAddr)) -> bool {
    ip.is_ipv4() == first.is_ipv4() && (first..=last).contains(&ip)
}
