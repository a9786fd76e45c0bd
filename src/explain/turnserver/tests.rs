//! Each rule: what it finds, where, by which version of coturn, and what it leaves alone.

use proptest::prelude::*;

use super::*;
use crate::wire::ice_servers;

const OLD: &str = "4.6.1";
const NEW: &str = "4.17.1";

/// A configuration with which nothing is wrong, to the last piece of advice.
const CLEAN: &str = "\
# coturn
listening-port=3478
tls-listening-port=5349
use-auth-secret
static-auth-secret=Vq0sN1bU7hR4tJ8k
realm=example.org
cert=/tmp/fullchain.pem
pkey=/tmp/key.pem
no-tlsv1
no-tlsv1_1
no-multicast-peers
denied-peer-ip=10.0.0.0-10.255.255.255
denied-peer-ip=172.16.0.0-172.31.255.255
denied-peer-ip=192.168.0.0-192.168.255.255
denied-peer-ip=169.254.0.0-169.254.255.255
denied-peer-ip=100.64.0.0-100.127.255.255
verbose
no-cli
";

/// What files of certificates say, by their names.
fn certificate(name: &str) -> Option<Certified> {
    let until = |until: &str| Certified { names: vec!["*.example.org".to_owned()], not_after: Some(until.to_owned()) };
    let old = name.contains("old").then(|| until("2020-01-01T00:00:00Z"));
    old.or_else(|| name.contains("new").then(|| until("2030-01-01T00:00:00Z")))
}

fn looked_over(text: &str, version: &str, clients: &str) -> Lint {
    let entries = if clients.is_empty() { Vec::new() } else { ice_servers::read(clients.as_bytes()).unwrap().entries };
    let options = LintOptions {
        name: "turnserver.conf".to_owned(),
        version: version.parse().unwrap(),
        version_is: VersionIs::Asked,
        clients: &entries,
        readable: &|name| Some(!name.contains("missing")),
        addresses: &[],
        certificate: &certificate,
        now_unix_s: Some(1_800_000_000),
    };
    lint(text.as_bytes(), options).unwrap()
}

fn faults(text: &str, version: &str) -> Vec<Fault> {
    looked_over(text, version, "").findings
}

/// What is worse than advice, as `code/severity/line`.
fn wrong(lint: &Lint) -> Vec<String> {
    let worse = lint.findings.iter().filter(|fault| fault.severity != Severity::Note);
    worse.map(|fault| format!("{}/{}/{}", fault.code, fault.severity.word(), fault.line.unwrap_or(0))).collect()
}

#[test]
fn nothing_is_said_of_a_good_one() {
    assert_eq!(faults(CLEAN, OLD), [], "by the rules of {OLD}");
    let newer = looked_over(CLEAN, NEW, "");
    assert!(wrong(&newer).iter().all(|one| one.starts_with("key-of-another-version/warning/")), "{:?}", wrong(&newer));
}

#[test]
fn each_rule_finds_its_fault_in_its_line() {
    for (line, version, expected) in [
        ("fingerprint # yes", OLD, "comment-in-value/error/19"),
        ("mobility=perhaps", OLD, "switch-not-understood/error/19"),
        ("static-auth-secret=s3cret # ours", OLD, "comment-in-value/error/19"),
        ("external-ip=203.0.113.5 # office", OLD, "comment-in-value/error/19"),
        ("denied-peer-ip=10.0.0.1 # one", OLD, "comment-in-value/error/19"),
        ("max-port=65000 # up to here", NEW, "comment-in-value/error/19"),
        ("static-auth-secret=s3cret;", OLD, "semicolon/error/19"),
        ("static-auth-secret='s3cret'", OLD, "quotes-in-value/error/19"),
        ("static-auth-secret=", OLD, "secret-empty/error/19"),
        ("static-auth-secret=north", OLD, "placeholder/warning/19"),
        ("server-name=${HOST}", OLD, "placeholder/warning/19"),
        ("Realm=example.org", OLD, "unknown-key/warning/19"),
        ("--mobility", OLD, "unknown-key/warning/19"),
        ("stateless-nonce", OLD, "key-of-another-version/warning/19"),
        ("tls-alternate-server=h\nprometheus-tls", OLD, "key-of-another-version/warning/20"),
        ("cli=0", OLD, "key-of-another-version/warning/19"),
        ("max-port=65000;", NEW, "semicolon/error/19"),
        ("max-port=65000-", NEW, "port-malformed/error/19"),
        ("static-auth-secret=ChangeMe", OLD, "placeholder/warning/19"),
        ("min-port=${MIN}", OLD, "placeholder/warning/19"),
        ("$TURN_EXTERNAL_IP_CONFIG", OLD, "placeholder/warning/19"),
        ("external-ip=<EXT_IP>/172.18.0.3", OLD, "placeholder/warning/19"),
        ("rest-api-separator=", OLD, "value-missing/warning/19"),
        ("prometheus=0", OLD, "switched-on-by-presence/warning/19"),
        ("no-auth", OLD, "no-auth-conflict/error/19"),
        ("user=alice:wonderland", OLD, "secret-beside-users/warning/19"),
        ("realm=other.example", OLD, "set-twice/warning/19"),
        ("listening-ip=198.51.100.7:3478", OLD, "address-malformed/error/19"),
        ("relay-ip=999.1.1.1", OLD, "address-malformed/error/19"),
        ("external-ip=203.0.113.5:3478", OLD, "address-malformed/error/19"),
        ("external-ip=turn.example.org", OLD, "external-ip-name/warning/19"),
        ("external-ip=10.1.1.1", OLD, "external-ip-private/warning/19"),
        ("external-ip=", OLD, "address-malformed/error/19"),
        ("external-ip=0.0.0.0", OLD, "address-malformed/error/19"),
        ("external-ip=/10.1.1.1", OLD, "address-malformed/error/19"),
        ("external-ip=203.0.113.5/", OLD, "address-malformed/error/19"),
        ("external-ip=10.1.1.1/203.0.113.5", OLD, "external-ip-swapped/error/19"),
        ("external-ip=203.0.113.5/10.1.1.1\nexternal-ip=203.0.113.6/10.1.1.1", OLD, "external-ip-twice/error/20"),
        ("relay-ip=10.1.1.2\nexternal-ip=203.0.113.5/10.1.1.1", OLD, "external-ip-unused/warning/20"),
        ("listening-ip=10.1.1.2\nexternal-ip=203.0.113.5/10.1.1.1", OLD, "external-ip-unused/warning/20"),
        ("listening-ip=127.0.0.1\nlistening-ip=::1", OLD, "loopback-only/warning/19"),
        ("cli-ip=0.0.0.0\ncli-password=x\nno-cli=0", OLD, "command-line-open/warning/19"),
        ("external-ip=203.0.113.5\nexternal-ip=203.0.113.6", OLD, "external-ip-twice/error/20"),
        ("denied-peer-ip=198.51.100.0/24", OLD, "peers-malformed/error/19"),
        ("allowed-peer-ip=203.0.113.0-203.0.113", OLD, "peers-malformed/error/19"),
        ("denied-peer-ip=203.0.113.9-203.0.113.1", OLD, "peers-reversed/warning/19"),
        ("denied-peer-ip=0.0.0.0-255.255.255.255", OLD, "peers-all-denied/error/19"),
        ("relay-ip=10.1.1.1", OLD, "peers-own-denied/warning/19"),
        ("allow-loopback-peers\ncli-password=x", OLD, "loopback-peers/warning/19"),
        ("min-port=abc", OLD, "port-malformed/error/19"),
        ("max-port=70000", OLD, "port-malformed/error/19"),
        ("min-port=60000\nmax-port=50000", OLD, "ports-reversed/error/20"),
        ("min-port=3000\nmax-port=4000", OLD, "port-within-relay-ports/warning/2"),
        ("no-udp-relay\nno-tcp-relay", OLD, "nothing-relayed/error/19"),
        ("no-udp-relay", OLD, "nothing-relayed/error/19"),
        ("no-udp\nno-tcp\nno-tls\nno-dtls", OLD, "nothing-listens/error/19"),
        ("no-udp", OLD, "no-udp/warning/19"),
        ("stun-only", OLD, "stun-only/warning/19"),
        ("secure-stun", OLD, "stun-refused/warning/19"),
        ("bps-capacity=1000000", OLD, "capacity-without-session/error/19"),
        ("max-bps=64000", OLD, "bandwidth-small/warning/19"),
        ("user-quota=2", OLD, "quota-small/warning/19"),
        ("user-quota=ten", OLD, "number-malformed/warning/19"),
        ("listening-port=3479", OLD, "set-twice/warning/19"),
        ("max-port=40000", OLD, "ports-reversed/error/19"),
        ("stale-nonce=10", OLD, "nonce-short/warning/19"),
        ("channel-lifetime=60", OLD, "lifetime-short/warning/19"),
        ("server-relay", OLD, "server-relay/warning/19"),
        ("CA-file=/tmp/missing.pem", OLD, "file-unreadable/warning/19"),
        ("CA-file=~/ca.pem", OLD, "file-unreadable/error/19"),
        ("no-tlsv1_2", OLD, "tls-new-off/warning/19"),
        ("realm=ex ample", OLD, "realm-with-blank/error/19"),
        ("realm='example.org'", OLD, "realm-with-blank/error/19"),
        ("realm=example\\org", OLD, "realm-with-blank/error/19"),
    ] {
        let found = wrong(&looked_over(&format!("{CLEAN}{line}\n"), version, ""));
        assert!(found.contains(&expected.to_owned()), "{line}: {found:?}");
    }
}

/// What many guides have, and nothing comes of: no warning keeps a build from passing for it.
#[test]
fn what_does_no_harm_is_no_warning() {
    for (line, version) in [
        ("lt-cred-mech", OLD),
        ("no-loopback-peers", OLD),
        ("no-tlsv1\nno-tlsv1_1\nno-stun-backward-compatibility", NEW),
        ("dtls\nsoftware-attribute", OLD),
        ("prometheus", NEW),
        ("relay-ip=0.0.0.0\nlistening-ip=0.0.0.0", OLD),
        ("listening-ip=127.0.0.1\nrelay-ip=198.51.100.7", OLD),
        ("external-ip=203.0.113.5/10.1.1.1\nrelay-ip=10.1.1.1\nallowed-peer-ip=10.1.1.1", OLD),
        ("external-ip=203.0.113.5/10.1.1.1\nexternal-ip=203.0.113.6/10.1.1.2", OLD),
        ("cli-ip=0.0.0.0\ncli-password=x", OLD),
        ("max-port=65000 # up to here", OLD),
    ] {
        // no-tlsv1 and its like are in the configuration itself.
        let found = wrong(&looked_over(&format!("{CLEAN}{line}\n"), version, ""));
        assert!(found.is_empty(), "{line}: {found:?}");
    }
}

/// Of a template only what stands in its lines is told, and that not of what it fills in.
#[test]
fn a_template_is_told_from_what_it_makes() {
    let text = "{% if tls %}\ntls-listening-port={{ port }}\n{% else %}\nno-tls\n{% endif %}\nexternal-ip={{ ip }}\n\
                denied-peer-ip={{ net }}\nrealm={{ realm }}\nuser-quota={{ quota }}\n{{ more }}\nfingerprint # yes\nfingerprnt\n";
    let found = looked_over(text, OLD, "");
    assert_eq!(wrong(&found), ["comment-in-value/error/11", "unknown-key/warning/12"]);
    let notes: Vec<_> = found.findings.iter().filter(|fault| fault.code == LintCode::Template).collect();
    assert_eq!(notes.iter().map(|fault| fault.line).collect::<Vec<_>>(), [Some(1)]);
}

#[test]
fn addresses_are_those_of_the_host() {
    let text = "user=a:b\nrealm=x\nlistening-ip=0.0.0.0\nlistening-ip=127.0.0.1\nlistening-ip=10.0.0.5\nrelay-ip=203.0.113.5\n";
    let found = |addresses: &[&str]| {
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        let options = LintOptions {
            version_is: VersionIs::Installed,
            addresses: &addresses,
            ..LintOptions::of_text_alone(Version::NEWEST)
        };
        wrong(&lint(text.as_bytes(), options).unwrap())
    };
    assert_eq!(found(&["10.0.0.5", "127.0.0.1"]), ["address-not-of-host/warning/6"]);
    assert_eq!(found(&[]), [""; 0], "of another host nothing is known");
}

#[test]
fn the_certificate_is_for_the_host_that_clients_are_told() {
    let server = |cert: &str| format!("user=alice:wonderland\nrealm=x\ncert={cert}\npkey=/tmp/key.pem\n");
    let told = |uri: &str| format!(r#"[{{"urls":"{uri}","username":"alice","credential":"wonderland"}}]"#);
    for (cert, uri, expected) in [
        ("/tmp/new.pem", "turns:turn.example.org:5349", vec![]),
        ("/tmp/new.pem", "turns:turn.example.com:5349", vec!["client-name-not-certified/warning/3"]),
        ("/tmp/new.pem", "turns:203.0.113.5:5349", vec!["client-name-not-certified/warning/3"]),
        ("/tmp/new.pem", "turn:turn.example.com", vec![]),
        ("/tmp/old.pem", "turns:turn.example.org:5349", vec!["certificate-expired/warning/3"]),
        ("/tmp/elsewhere.pem", "turns:turn.example.com:5349", vec![]),
    ] {
        assert_eq!(wrong(&looked_over(&server(cert), OLD, &told(uri))), expected, "{cert} {uri}");
    }
}

/// It stands in other files too.
#[test]
fn a_configuration_is_found_where_it_stands() {
    for (text, expected) in [
        ("Mine:\n```\nlt-cred-mech # on\nuser=a:b\nrealm=x\n```\n", "comment-in-value/error/3"),
        ("kind: ConfigMap\ndata:\n  turnserver.conf: |\n    user=a:b\n    realm=x\n    no-udp\n", "no-udp/warning/6"),
        (
            "services:\n  coturn:\n    image: coturn/coturn\n    command:\n      - -n\n      - --user=a:b\n",
            "no-realm/error/0",
        ),
        ("command: -c /etc/coturn/turnserver.conf --min-port=x\n", "port-malformed/error/1"),
        ("turnserver -n -a -r x --user=a:b --min-port 60000 --max-port 50000", "ports-reversed/error/1"),
    ] {
        assert_eq!(wrong(&looked_over(text, OLD, "")), [expected], "{text}");
    }
}

#[test]
fn who_may_log_in_is_looked_at_as_a_whole() {
    for (text, expected) in [
        ("# realm=x\n", vec!["open-relay/error/0"]),
        ("listening-port=3478\n", vec!["open-relay/error/0"]),
        ("lt-cred-mech=0\nrealm=x\n", vec!["open-relay/error/0"]),
        ("no-auth\n", vec!["no-auth/warning/1"]),
        ("no-auth\nuser=a:b\nrealm=x\n", vec!["no-auth/warning/1"]),
        ("user=a:b\n", vec!["no-realm/error/0"]),
        ("user=a:b\nrealm=x\n", vec![]),
        ("lt-cred-mech\nrealm=x\nuser=alice\n", vec!["user-malformed/error/3"]),
        ("lt-cred-mech\nrealm=x\nuser=:pw\n", vec!["user-malformed/error/3"]),
        ("lt-cred-mech\nrealm=x\nuser=alice:\n", vec!["user-malformed/error/3"]),
        ("lt-cred-mech\nrealm=x\nuser=o'brien:pw\n", vec!["user-malformed/error/3"]),
        ("lt-cred-mech\nrealm=x\nuser=\"alice:won't\"\n", vec![]),
        ("lt-cred-mech\nrealm=x\nuser=alice:\"pw\"\n", vec!["quotes-in-value/error/3"]),
        ("lt-cred-mech\nrealm=x\nuser=alice:0x12\n", vec!["user-key-malformed/error/3"]),
        ("lt-cred-mech\nrealm=x\nuser=alice:0x0123456789abcdef0123456789abcdef\n", vec![]),
        ("lt-cred-mech\nrealm=x\nuser=a:b\nuser=a:c\n", vec!["set-twice/warning/4"]),
        ("lt-cred-mech\nrealm=x\n", vec!["login-from-database/warning/1"]),
        ("lt-cred-mech\nrealm=x\nuserdb=/tmp/db\n", vec![]),
        ("use-auth-secret\nrealm=x\n", vec!["login-from-database/warning/1"]),
        ("static-auth-secret=s3cret\nrealm=x\n", vec![]),
        ("allow-loopback-peers\nuser=a:b\nrealm=x\n", vec!["loopback-peers-without-password/error/1"]),
        ("tls-listening-port=443\nuser=a:b\nrealm=x\n", vec!["tls-without-certificate/error/1"]),
        ("cert=/tmp/a\nuser=a:b\nrealm=x\n", vec!["tls-without-certificate/error/1"]),
    ] {
        assert_eq!(wrong(&looked_over(text, OLD, "")), expected, "{text}");
    }
    let newer = looked_over("allow-loopback-peers\nuser=a:b\nrealm=x\n", NEW, "");
    assert_eq!(wrong(&newer), ["loopback-peers/warning/1"], "the command line is off there");
}

#[test]
fn a_byte_order_mark_is_seen() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("user=a:b\nrealm=x\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in ["\u{feff}user=a:b\nrealm=x\n".as_bytes(), &utf16] {
        let options = LintOptions::of_text_alone(Version::NEWEST);
        assert_eq!(wrong(&lint(bytes, options).unwrap()), ["byte-order-mark/error/1"]);
    }
}

#[test]
fn clients_and_server_are_put_beside_each_other() {
    let secret = "static-auth-secret=north-by-northwest\nrealm=x\n";
    let users = "lt-cred-mech\nuser=alice:wonderland\nrealm=x\n";
    let entry = |uri: &str, user: &str, password: &str| {
        serde_json::json!([{ "urls": uri, "username": user, "credential": password }]).to_string()
    };
    let made = crate::wire::credential::rest::make(
        &crate::wire::Secret::new("north-by-northwest"),
        Some("bob"),
        2_000_000_000,
    );
    for (server, clients, expected) in [
        (users, entry("turn:h.example", "alice", "wonderland"), vec![]),
        (users, entry("turn:h.example", "alice", "looking-glass"), vec!["client-refused/error/2"]),
        (users, entry("turn:h.example", "bob", "x"), vec!["client-user-unknown/warning/1"]),
        (users, entry("turns:h.example", "alice", "wonderland"), vec!["client-transport-off/error/0"]),
        (users, entry("turn:h.example:443", "alice", "wonderland"), vec!["client-port-closed/warning/0"]),
        (secret, entry("turn:h.example", &made.username, made.password.expose()), vec![]),
        (secret, entry("turn:h.example", &made.username, "x"), vec!["client-refused/error/1"]),
        (secret, entry("turn:h.example", "alice", "wonderland"), vec!["client-refused/error/1"]),
        (secret, entry("turn:h.example", "1700000000:alice", "x"), vec!["client-expired/error/1"]),
        (secret, entry("turn:h.example", "2000000000:John Smith", "x"), vec!["client-refused/error/1"]),
        (&format!("{secret}rest-api-separator=@\n"), entry("turn:h.example", "2000000000@alice", "x"), vec![]),
        (users, entry("turn:coturn:3478", "alice", "wonderland"), vec!["client-host-local/warning/0"]),
        (users, entry("turn:127.0.0.1", "alice", "wonderland"), vec!["client-host-local/warning/0"]),
        (
            &format!("{users}no-tcp\n"),
            entry("turn:h.example?transport=tcp", "alice", "wonderland"),
            vec!["client-transport-off/error/4"],
        ),
    ] {
        assert_eq!(wrong(&looked_over(server, OLD, &clients)), expected, "{server}{clients}");
    }
}

#[test]
fn no_secret_is_told() {
    let secrets = "hunter2";
    let text = format!(
        "static-auth-secret={secrets} # {secrets}\nuser=a:{secrets}\nuser={secrets}\nuser=a:'{secrets}'\ncli-password={secrets};\n{secrets}\nunknown={secrets}\n\
         psql-userdb=\"host=h password={secrets}\" # {secrets}\nrealm={secrets} x\nstatic-auth-secret=<{secrets}\nmobility={secrets}\nexternal-ip={secrets}/{secrets}\n"
    );
    let clients = format!(r#"[{{"urls":"turn:h.example","username":"b","credential":"{secrets}"}}]"#);
    let found = looked_over(&text, OLD, &clients);
    assert!(found.findings.len() > 8, "{found:?}");
    assert!(!format!("{found:?}").contains(secrets), "{found:?}");
}

#[test]
fn something_else_is_no_configuration() {
    let read = |bytes: &[u8]| {
        let options = LintOptions::of_text_alone(Version::NEWEST);
        lint(bytes, options).map(|found| found.findings.len()).err()
    };
    assert!(matches!(read(b"<html></html>\n"), Some(LintError::Known(what)) if what.contains("HTML")));
    assert!(matches!(read(b"eturnal:\n  realm: x\n"), Some(LintError::Known(what)) if what.contains("eturnal")));
    assert_eq!(read(b"# only\n# words\n"), Some(LintError::OtherFile));
    assert_eq!(read(b"user www-data;\nworker_processes auto;\npid /run/x;\nevents {\n}\n"), Some(LintError::OtherFile));
    assert_eq!(read(b"# realm=example.org\n"), None, "coturn's own example has comments alone");
    assert_eq!(read(b"listening-port\0=1"), Some(LintError::Binary));
    assert_eq!(read(b""), None, "an empty one is one");
}

proptest! {
    #[test]
    fn no_text_does_harm(text in "(([a-z-]{1,20}|user|realm|external-ip|denied-peer-ip|min-port|static-auth-secret)[ =\t]?\\PC{0,30}\n){0,20}") {
        let options = LintOptions::of_text_alone(Version::NEWEST);
        if let Ok(found) = lint(text.as_bytes(), options) {
            prop_assert!(found.findings.iter().all(|fault| !fault.text.contains(|c: char| c.is_control())));
        }
    }
}
