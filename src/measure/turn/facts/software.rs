//! The TURN servers that are known: by what names, with what habits, and what their options are called. A cure in another server's words
//! is none.

/// A TURN server whose habits and options are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Software {
    Coturn,
    Eturnal,
    Ejabberd,
    Restund,
    ReTurn,
    TurnRs,
    Libjuice,
    NodeTurn,
    /// pion's library, or one that does as it does (webrtc-rs).
    Pion,
    /// Built on pion, with options of its own.
    Livekit,
    /// Built on pion, for Kubernetes.
    Stunner,
    /// It names itself, and nothing is known of it here.
    Other,
    /// It does not name itself, and does nothing that only one would do.
    Unknown,
}

use Software::{
    Coturn, Ejabberd, Eturnal, Libjuice, Livekit, NodeTurn, Other, Pion, ReTurn, Restund, Stunner, TurnRs, Unknown,
};

/// What is to be changed at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// The addresses that data is relayed from, and that clients are told.
    RelayAddress,
    /// The range of relay ports.
    RelayPorts,
    /// Who may log in with a password of his own.
    Users,
    /// The realm of its users.
    Realm,
    /// The secret of time-limited credentials.
    Secret,
    /// Whether anybody has to log in.
    Authentication,
    /// How many allocations there may be.
    Quota,
    /// Which clients get none.
    Clients,
    /// Which peers may be talked to.
    Peers,
    /// Whether it relays at all.
    Relaying,
    /// How much it relays a second.
    Bandwidth,
    /// Where it sends its clients.
    Alternate,
    /// The addresses that it answers from.
    Listening,
    /// Whether it waits for a PROXY header.
    ProxyHeader,
}

/// How servers begin their SOFTWARE, in small letters. coturn had other names before.
const NAMES: [(&str, Software); 12] = [
    ("coturn", Coturn),
    ("citrix", Coturn),
    ("rfc5766-turn-server", Coturn),
    ("eturnal", Eturnal),
    ("ejabberd", Ejabberd),
    ("p1 stun", Ejabberd),
    ("restund", Restund),
    ("zt v", Restund),
    ("returnserver", ReTurn),
    ("turn-rs", TurnRs),
    ("libjuice", Libjuice),
    ("node-turn", NodeTurn),
];

/// Realms that come with a server which does not name itself otherwise.
const REALMS: [(&str, Software); 2] = [("livekit", Livekit), ("stunner.l7mp.io", Stunner)];

impl Software {
    /// Who begins its name so.
    pub(crate) fn named(name: &str) -> Self {
        let name = name.to_lowercase();
        NAMES.iter().find(|(start, _)| name.starts_with(start)).map_or(Other, |&(_, software)| software)
    }

    /// Who comes with that realm and does not name itself.
    pub(crate) fn of_realm(realm: &str) -> Option<Self> {
        REALMS.iter().find(|(name, _)| *name == realm).map(|&(_, software)| software)
    }

    /// The error code with which it refuses a login; `None` where that is not known.
    pub(crate) fn refuses_logins_with(self) -> Option<u16> {
        match self {
            Coturn | Eturnal | Ejabberd | Restund | ReTurn | TurnRs | Libjuice | NodeTurn => Some(401),
            Pion | Livekit | Stunner => Some(400),
            Other | Unknown => None,
        }
    }

    /// What to do about settings, with what the server that answers calls them; where nothing is known of it, with what the most common
    /// one does.
    pub(crate) fn cure(self, todo: &str, settings: &[Setting]) -> String {
        let known = if self == Unknown { Coturn } else { self };
        let options = settings.iter().map(|&setting| known.option(setting)).filter(|option| !option.is_empty());
        match options.collect::<Vec<_>>().join("; ") {
            none if none.is_empty() => todo.to_owned(),
            options => format!("{todo} ({}: {options})", known.name()),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Coturn => "coturn",
            Eturnal => "eturnal",
            Ejabberd => "ejabberd",
            Restund => "restund",
            ReTurn => "reTurn",
            TurnRs => "turn-rs",
            Libjuice => "libjuice",
            NodeTurn => "node-turn",
            Pion => "pion",
            Livekit => "LiveKit",
            Stunner => "STUNner",
            Other | Unknown => "",
        }
    }

    /// What it calls a setting; empty where it has none, or none is known.
    #[expect(clippy::match_same_arms, reason = "one row a setting, whatever another server calls the same")]
    fn option(self, setting: Setting) -> &'static str {
        use Setting as S;
        match (self, setting) {
            (Coturn, S::RelayAddress) => "relay-ip, external-ip",
            (Coturn, S::RelayPorts) => "min-port to max-port",
            (Coturn, S::Users) => "lt-cred-mech with user=NAME:PASSWORD, and no use-auth-secret beside it",
            (Coturn | Eturnal | TurnRs | Libjuice | NodeTurn | Restund, S::Realm) => "realm",
            (Ejabberd, S::Realm) => "auth_realm",
            (ReTurn, S::Realm) => "AuthenticationRealm",
            (Pion, S::Realm) => "Realm",
            (Coturn, S::Secret) => "use-auth-secret with static-auth-secret",
            (Coturn, S::Authentication) => "lt-cred-mech or use-auth-secret, and no no-auth",
            (Coturn, S::Quota) => "user-quota, total-quota",
            (Coturn, S::Peers) => "denied-peer-ip, allowed-peer-ip",
            (Coturn, S::Relaying) => "no stun-only, no no-udp-relay",
            (Coturn, S::Bandwidth) => "max-bps, bps-capacity",
            (Coturn, S::Alternate) => "alternate-server",
            (Coturn, S::Listening) => "listening-ip",
            (Coturn, S::ProxyHeader) => "tcp-proxy-port",
            (Eturnal, S::RelayAddress) => "relay_ipv4_addr, relay_ipv6_addr",
            (Eturnal, S::RelayPorts) => "relay_min_port to relay_max_port",
            (Eturnal, S::Users) => "credentials",
            (Eturnal, S::Secret) => "secret",
            (Eturnal, S::Authentication) => "secret or credentials",
            (Eturnal, S::Quota) => "max_allocations",
            (Eturnal, S::Clients) => "blacklist_clients, whitelist_clients",
            (Eturnal, S::Peers) => "blacklist_peers, whitelist_peers",
            (Eturnal, S::Relaying) => "enable_turn, relay_ipv4_addr",
            (Eturnal, S::Bandwidth) => "max_bps",
            (Eturnal, S::Listening) => "ip of each listen entry",
            (Eturnal, S::ProxyHeader) => "proxy_protocol",
            (Ejabberd, S::RelayAddress) => "turn_ipv4_address, turn_ipv6_address",
            (Ejabberd, S::RelayPorts) => "turn_min_port to turn_max_port",
            (Ejabberd, S::Users) => "auth_type, auth_realm",
            (Ejabberd, S::Secret) => "secret of mod_stun_disco",
            (Ejabberd, S::Authentication) => "auth_type: user",
            (Ejabberd, S::Quota) => "turn_max_allocations",
            (Ejabberd, S::Clients | S::Peers) => "turn_blacklist, turn_whitelist",
            (Ejabberd, S::Relaying) => "use_turn: true",
            (Ejabberd, S::Bandwidth) => "shaper",
            (Restund, S::RelayAddress) => "turn_relay_addr, turn_relay_addr6",
            (Restund, S::Users) => "filedb_path, realm",
            (Restund, S::Authentication) => "module auth.so before turn.so",
            (Restund, S::Quota) => "turn_max_allocations",
            (Restund, S::Relaying) => "module turn.so",
            (Ejabberd, S::Listening) => "ip of the listener",
            (Restund, S::Listening) => "udp_listen",
            (ReTurn, S::Listening) => "TurnAddress",
            (NodeTurn, S::Listening) => "listeningIps",
            (TurnRs, S::Listening) => "listen of the server's interfaces",
            (ReTurn, S::RelayAddress) => "TurnAddress, TurnV6Address",
            (ReTurn, S::RelayPorts) => "AllocationPortRangeMin to AllocationPortRangeMax",
            (ReTurn, S::Users | S::Authentication) => "UserDatabaseFile, AuthenticationRealm",
            (TurnRs, S::RelayAddress) => "external of the server's interfaces",
            (TurnRs, S::RelayPorts) => "port-range",
            (TurnRs, S::Users) => "auth.static-credentials",
            (TurnRs, S::Secret) => "auth.static-auth-secret",
            (Libjuice, S::RelayAddress) => "external_address, bind_address",
            (Libjuice, S::RelayPorts) => "relay_port_range_begin to relay_port_range_end",
            (Libjuice, S::Users | S::Authentication | S::Relaying) => "credentials",
            (Libjuice, S::Quota) => "allocations_quota, max_allocations",
            (NodeTurn, S::RelayAddress) => "relayIps, externalIps",
            (NodeTurn, S::RelayPorts) => "minPort to maxPort",
            (NodeTurn, S::Users) => "credentials",
            (NodeTurn, S::Authentication | S::Relaying) => "authMech: 'long-term'",
            (Pion, S::RelayAddress) => "RelayAddress and Address of the RelayAddressGenerator",
            (Pion, S::RelayPorts) => "MinPort to MaxPort of the RelayAddressGeneratorPortRange",
            (Pion, S::Users | S::Authentication | S::Relaying) => "AuthHandler",
            (Pion, S::Secret) => "LongTermTURNRESTAuthHandler",
            (Pion, S::Quota) => "QuotaHandler",
            (Pion, S::Peers) => "PermissionHandler",
            (Livekit, S::RelayAddress) => "rtc.node_ip, rtc.use_external_ip",
            (Livekit, S::RelayPorts) => "turn.relay_range_start to turn.relay_range_end",
            (Livekit, S::Users | S::Secret) => "it makes them itself for whoever joins a room",
            (Livekit, S::Quota) => "turn.per_user_relay_allocation_limit",
            (Livekit, S::Peers) => "turn.allow_restricted_peer_cidrs, turn.deny_peer_cidrs",
            (Livekit, S::Relaying) => "turn.enabled",
            (Stunner, S::Users) => "username and password in the Secret of authRef",
            (Stunner, S::Secret) => "secret in the Secret of authRef",
            (Stunner, S::Peers) => "the backends of an UDPRoute",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_known_by_how_their_name_begins() {
        for (name, software) in [
            ("Coturn-4.6.1 'Gorst'", Coturn),
            ("Citrix-3.2.4.5 'Marshal West'", Coturn),
            ("eturnal", Eturnal),
            ("ejabberd", Ejabberd),
            ("P1 STUN library", Ejabberd),
            ("restund v0.4.14 (x86_64/linux)", Restund),
            ("reTURNServer (RFC5389)  ", ReTurn),
            ("turn-rs-4.1.5", TurnRs),
            ("turn-rs.4.3.0", TurnRs),
            ("libjuice", Libjuice),
            ("node-turn", NodeTurn),
            ("TurnServer 0.7.3", Other),
        ] {
            assert_eq!(Software::named(name), software, "{name}");
        }
    }

    #[test]
    fn a_cure_is_in_the_words_of_the_server_that_answers() {
        let cure = |software: Software| software.cure("widen the range", &[Setting::RelayPorts]);
        assert_eq!(cure(Coturn), "widen the range (coturn: min-port to max-port)");
        assert_eq!(cure(Unknown), cure(Coturn), "the most common one, by its name");
        assert_eq!(cure(Eturnal), "widen the range (eturnal: relay_min_port to relay_max_port)");
        assert_eq!(cure(Restund), "widen the range", "it has no such option");
        assert_eq!(cure(Other), "widen the range", "whose options nobody knows here");
    }
}
