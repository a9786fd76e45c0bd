//! The keys of turnserver.conf, with the versions of coturn that know them and what they take. Read out of the tables of options
//! (`long_options`) and of what becomes of each (`set_option`) in every version from 4.5.0.8 to 4.17.1.

use super::version::Version;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing, or yes or no; anything else ends the program.
    Switch,
    /// Nothing: that it is there switches it on, whatever stands behind it.
    Flag,
    /// A port.
    Port,
    /// A number.
    Number,
    /// An address, or the name of a host.
    Address,
    /// A public address, or a public and a private one.
    External,
    /// An address or a range of them.
    Peers,
    /// A user with a password or a key.
    User,
    /// A secret.
    Secret,
    /// The name of a file.
    File,
    /// Any text.
    Text,
    /// Nothing any more: it has no effect.
    Nothing,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// The first version that knows it.
    pub(super) since: Version,
    /// The last one.
    pub(super) until: Version,
}

impl Key {
    /// The key of that name in any version.
    pub(super) fn find(name: &str) -> Option<Self> {
        let (name, takes, since, until) = KEYS.iter().find(|(known, ..)| *known == name).copied()?;
        Some(Self { name, takes, since, until })
    }

    pub(super) fn is_known_by(&self, version: Version) -> bool {
        (self.since..=self.until).contains(&version)
    }

    /// Whether versions that do not have it do without it what it is for.
    pub(super) fn is_usual_elsewhere(&self) -> bool {
        const USUAL: [&str; 14] = [
            "cli",
            "dh2066",
            "dtls",
            "include-reason-string",
            "no-http",
            "no-loopback-peers",
            "no-stun-backward-compatibility",
            "no-tlsv1",
            "no-tlsv1_1",
            "rfc3489-compatibility",
            "rfc5766-channel-numbers",
            "rfc5780",
            "software-attribute",
            "stun-backward-compatibility",
        ];
        USUAL.contains(&self.name)
    }

    /// Every name that a version knows.
    pub(super) fn names_of(version: Version) -> impl Iterator<Item = &'static str> {
        KEYS.iter().filter(move |(.., since, until)| (*since..=*until).contains(&version)).map(|(name, ..)| *name)
    }

    /// Every name.
    #[cfg(test)]
    fn names() -> impl Iterator<Item = &'static str> {
        KEYS.iter().map(|(name, ..)| *name)
    }
}

use Takes::{Address, External, File, Flag, Nothing, Number, Peers, Port, Secret, Switch, Text, User};

const A: Version = Version::OLDEST;
const Z: Version = Version::NEWEST;
const V4_5_1_0: Version = Version::of_four(4, 5, 1, 0);
const V4_5_1_1: Version = Version::of_four(4, 5, 1, 1);
const V4_5_1_3: Version = Version::of_four(4, 5, 1, 3);
const V4_5_2: Version = Version::new(4, 5, 2);
const V4_6_0: Version = Version::new(4, 6, 0);
const V4_6_3: Version = Version::new(4, 6, 3);
const V4_7: Version = Version::new(4, 7, 0);
const V4_8: Version = Version::new(4, 8, 0);
const V4_9: Version = Version::new(4, 9, 0);
const V4_10: Version = Version::new(4, 10, 0);
const V4_12: Version = Version::new(4, 12, 0);
const V4_13: Version = Version::new(4, 13, 0);
const V4_14: Version = Version::new(4, 14, 0);
const V4_15: Version = Version::new(4, 15, 0);
const V4_16: Version = Version::new(4, 16, 0);
const V4_17: Version = Version::new(4, 17, 0);

const KEYS: &[(&str, Takes, Version, Version)] = &[
    ("CA-file", File, A, Z),
    ("Verbose", Switch, A, Z),
    ("acme-redirect", Text, V4_5_2, Z),
    ("allocation-default-address-family", Text, V4_6_0, Z),
    ("allow-loopback-peers", Switch, V4_5_1_0, Z),
    ("allowed-peer-ip", Peers, A, Z),
    ("alt-listening-port", Port, A, Z),
    ("alt-tls-listening-port", Port, A, Z),
    ("alternate-server", Text, A, Z),
    ("aux-server", Text, A, Z),
    ("bps-capacity", Number, A, Z),
    ("cert", File, A, Z),
    ("channel-lifetime", Number, A, Z),
    ("check-origin-consistency", Switch, A, Z),
    ("cipher-list", Text, A, Z),
    ("cli", Switch, V4_10, Z),
    ("cli-ip", Address, A, Z),
    ("cli-max-output-sessions", Number, A, Z),
    ("cli-password", Secret, A, Z),
    ("cli-port", Port, A, Z),
    ("cpus", Number, V4_8, Z),
    ("daemon", Switch, A, Z),
    ("db", Text, A, Z),
    ("denied-peer-ip", Peers, A, Z),
    ("dh-file", File, A, Z),
    ("dh1066", Switch, V4_5_1_3, Z),
    ("dh2066", Switch, A, V4_5_1_1),
    ("dh566", Switch, A, Z),
    ("drain-min-allocations", Number, V4_15, Z),
    ("drop-invalid-packets", Switch, V4_8, Z),
    ("drop-invalid-packets-log", Switch, V4_8, Z),
    ("dtls", Switch, V4_17, Z),
    ("ec-curve-name", Text, A, Z),
    ("external-ip", External, A, Z),
    ("fingerprint", Switch, A, Z),
    ("include-reason-string", Switch, V4_10, Z),
    ("keep-address-family", Switch, A, Z),
    ("listening-device", Text, A, Z),
    ("listening-ip", Address, A, Z),
    ("listening-port", Port, A, Z),
    ("log-binding", Switch, V4_5_2, Z),
    ("log-file", Text, A, Z),
    ("log-min-level", Text, V4_15, Z),
    ("lt-cred-mech", Switch, A, Z),
    ("max-allocate-lifetime", Number, A, Z),
    ("max-allocate-timeout", Number, A, Z),
    ("max-bps", Number, A, Z),
    ("max-port", Port, A, Z),
    ("min-port", Port, A, Z),
    ("mobility", Switch, A, Z),
    ("mongo-userdb", Secret, A, Z),
    ("multiplex-peer", Flag, V4_12, Z),
    ("multiplex-peer-max-peers", Number, V4_16, Z),
    ("multiplex-peer-port", Port, V4_12, Z),
    ("mysql-userdb", Secret, A, Z),
    ("ne", Number, A, V4_9),
    ("new-log-timestamp", Flag, V4_5_2, Z),
    ("new-log-timestamp-format", Text, V4_5_2, Z),
    ("no-auth", Switch, A, Z),
    ("no-auth-pings", Flag, V4_5_1_3, Z),
    ("no-cli", Switch, A, Z),
    ("no-dtls", Switch, A, Z),
    ("no-dynamic-ip-list", Flag, V4_5_1_3, Z),
    ("no-dynamic-realms", Flag, V4_5_1_3, Z),
    ("no-http", Switch, A, A),
    ("no-loopback-peers", Switch, A, A),
    ("no-multicast-peers", Switch, A, Z),
    ("no-rfc5780", Flag, V4_6_0, Z),
    ("no-software-attribute", Switch, V4_5_1_3, Z),
    ("no-sslv2", Nothing, A, V4_6_3),
    ("no-sslv3", Nothing, A, V4_6_3),
    ("no-stdout-log", Switch, A, Z),
    ("no-stun", Switch, A, Z),
    ("no-stun-backward-compatibility", Switch, V4_6_0, V4_6_3),
    ("no-tcp", Switch, A, Z),
    ("no-tcp-relay", Switch, A, Z),
    ("no-tls", Switch, A, Z),
    ("no-tlsv1", Switch, A, V4_6_3),
    ("no-tlsv1_1", Switch, A, V4_6_3),
    ("no-tlsv1_2", Switch, A, Z),
    ("no-udp", Switch, A, Z),
    ("no-udp-relay", Switch, A, Z),
    ("oauth", Switch, A, Z),
    ("permission-lifetime", Number, A, Z),
    ("pidfile", Text, A, Z),
    ("pkey", File, A, Z),
    ("pkey-pwd", Secret, A, Z),
    ("proc-group", Text, A, Z),
    ("proc-user", Text, A, Z),
    ("prod", Nothing, A, V4_6_3),
    ("prometheus", Flag, V4_5_2, Z),
    ("prometheus-address", Text, V4_6_3, Z),
    ("prometheus-cert", File, V4_14, Z),
    ("prometheus-key", File, V4_14, Z),
    ("prometheus-path", Text, V4_7, Z),
    ("prometheus-port", Port, V4_6_0, Z),
    ("prometheus-tls", Switch, V4_14, Z),
    ("prometheus-username-labels", Flag, V4_6_0, Z),
    ("psql-userdb", Secret, A, Z),
    ("raw-public-keys", Switch, V4_6_3, Z),
    ("realm", Text, A, Z),
    ("redis-statsdb", Secret, A, Z),
    ("redis-userdb", Secret, A, Z),
    ("relay-device", Text, A, Z),
    ("relay-ip", Address, A, Z),
    ("relay-threads", Number, A, Z),
    ("respond-http-unsupported", Switch, V4_6_3, Z),
    ("response-origin-only-with-rfc5780", Switch, V4_6_0, Z),
    ("rest-api-separator", Text, A, Z),
    ("rfc3489-compatibility", Switch, V4_16, Z),
    ("rfc5766-channel-numbers", Switch, V4_16, Z),
    ("rfc5780", Flag, V4_7, Z),
    ("secret-key-file", File, A, Z),
    ("secret-ts-exp-time", Nothing, A, V4_6_3),
    ("secure-stun", Switch, A, Z),
    ("server-name", Text, A, Z),
    ("server-relay", Switch, A, Z),
    ("simple-log", Switch, A, Z),
    ("sock-buf-size", Number, V4_8, Z),
    ("software-attribute", Switch, V4_7, Z),
    ("sql-userdb", Secret, A, Z),
    ("stale-nonce", Number, A, Z),
    ("stateless-nonce", Switch, V4_16, Z),
    ("stateless-nonce-secret", Secret, V4_16, Z),
    ("static-auth-secret", Secret, A, Z),
    ("stun-backward-compatibility", Switch, V4_7, Z),
    ("stun-only", Switch, A, Z),
    ("syslog", Switch, A, Z),
    ("syslog-facility", Text, V4_6_0, Z),
    ("tcp-alternate-server", Text, V4_15, Z),
    ("tcp-proxy-port", Port, V4_5_1_3, Z),
    ("tls-alternate-server", Text, A, Z),
    ("tls-listening-port", Port, A, Z),
    ("tlsv1", Switch, V4_7, Z),
    ("tlsv1_1", Switch, V4_7, Z),
    ("total-quota", Number, A, Z),
    ("udp-alternate-server", Text, V4_15, Z),
    ("udp-gso", Switch, V4_12, Z),
    ("udp-recvmmsg", Switch, V4_10, Z),
    ("udp-recvmmsg-log", Switch, V4_12, Z),
    ("udp-self-balance", Switch, A, Z),
    ("udp-sendmmsg-log", Switch, V4_13, Z),
    ("unauthorized-ratelimit", Switch, V4_14, Z),
    ("unauthorized-ratelimit-rps", Number, V4_14, Z),
    ("use-auth-secret", Flag, A, Z),
    ("user", User, A, Z),
    ("user-quota", Number, A, Z),
    ("userdb", Text, A, Z),
    ("verbose", Switch, A, Z),
    ("version", Flag, V4_6_0, Z),
    ("web-admin", Switch, V4_5_1_0, Z),
    ("web-admin-ip", Address, V4_5_1_0, Z),
    ("web-admin-listen-on-workers", Switch, V4_5_1_0, Z),
    ("web-admin-port", Port, V4_5_1_0, Z),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_there_once_and_in_order() {
        let names: Vec<&str> = Key::names().collect();
        assert!(names.is_sorted_by(|one, other| one < other), "{names:?}");
        assert!(KEYS.iter().all(|(name, _, since, until)| since <= until && !name.is_empty()));
        let secure = Key::find("secure-stun").unwrap();
        assert!(secure.is_known_by(Version::OLDEST) && secure.is_known_by(Version::NEWEST));
        let ended = Key::find("no-tlsv1").unwrap();
        assert!(ended.is_known_by(Version::new(4, 6, 1)) && !ended.is_known_by(Version::new(4, 7, 0)));
        assert_eq!(Key::find("Realm"), None);
    }
}
