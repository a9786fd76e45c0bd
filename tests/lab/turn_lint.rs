//! What `turn lint` calls an error, proven with coturn 4.6.1 started with that very configuration: it does not start, does not listen,
//! refuses who should get in, or lets in who should not.
#![allow(clippy::disallowed_methods, reason = "the lab is made of real time")]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kit::coturn::TURN;
use crate::kit::turn_client::{SILENCE, allocate, rest_password};
use crate::kit::{ALPHA, Internet, Net, nat, netns, prober};
use crate::story;

const FILE: &str = "/run/turnserver.conf";
const LOG: &str = "/run/lint-turn.log";
const PATIENCE: Duration = Duration::from_secs(10);
/// Users, a realm, no TLS, no command line: a configuration that works, to which each fault is added.
const WORKS: &str = "lt-cred-mech\nuser=alice:open-sesame\nrealm=lab.example\nno-tls\nno-dtls\nno-cli\n";
const ALICE: Option<(&str, &str)> = Some(("alice", "open-sesame"));

/// coturn with a configuration of its own.
struct Server {
    child: Child,
}

impl Server {
    fn start(configuration: &str) -> Self {
        fs::write(FILE, configuration).expect("a file");
        let said = fs::File::create(LOG).expect("a log");
        let mut turnserver = Command::new("turnserver");
        turnserver.args(["-c", FILE, "--log-file=stdout", "--pidfile=/run/lint.pid", "--userdb=/run/lint.db"]);
        turnserver.stdin(Stdio::null()).stderr(said.try_clone().expect("a log")).stdout(said);
        Self { child: netns::within(TURN.name, || turnserver.spawn()).expect("coturn") }
    }

    /// How it ended, where it did.
    fn ended(&mut self) -> Option<i32> {
        let patience = Instant::now() + PATIENCE;
        while Instant::now() < patience {
            if let Ok(Some(status)) = self.child.try_wait() {
                // A signal has no code.
                return Some(status.code().unwrap_or(-1));
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Waits until it answers a Binding.
    fn answers(&mut self, port: u16) -> bool {
        let endpoint = SocketAddr::new(TURN.endpoint().ip(), port);
        let patience = Instant::now() + PATIENCE;
        while Instant::now() < patience && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if netns::within("client", || prober::mapped(endpoint)).is_some() {
                return true;
            }
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn said() -> String {
    fs::read_to_string(LOG).unwrap_or_default()
}

/// What the program says of that configuration: the codes of severity error.
fn errors(net: &Net, configuration: &str, arguments: &str) -> Vec<String> {
    fs::write(FILE, configuration).expect("a file");
    let run = net.start(&format!("turn lint --coturn-version 4.6.1 --json {arguments} {FILE}")).finish();
    let findings: Vec<Value> = run.at("/findings").as_array().cloned().unwrap_or_default();
    let errors = findings.iter().filter(|fault| fault["severity"] == "error");
    errors.filter_map(|fault| fault["code"].as_str().map(str::to_owned)).collect()
}

fn internet() -> Net {
    Internet::with(&[ALPHA, TURN]).behind(nat::home_router_with_ipv6())
}

story! {
    fn the_configuration_that_works() {
        let net = internet();
        assert_eq!(errors(&net, WORKS, ""), [""; 0]);
        let mut server = Server::start(WORKS);
        assert!(server.answers(3478), "{}", said());
        assert!(allocate(TURN.endpoint(), ALICE, &[]).is_ok(), "{}", said());
    }
}
story! {
    /// Each of these keeps coturn from starting.
    fn it_does_not_start() {
        let net = internet();
        for (lines, code, words) in [
            ("fingerprint # yes\n", "comment-in-value", "Unknown boolean value"),
            ("mobility=perhaps\n", "switch-not-understood", "Unknown boolean value"),
            ("no-auth\n", "no-auth-conflict", "cannot be used together"),
            ("no-udp-relay\nno-tcp-relay\n", "nothing-relayed", "cannot be used together"),
            ("bps-capacity=1000000\n", "capacity-without-session", "max-bps"),
            ("no-cli=0\nallow-loopback-peers\n", "loopback-peers-without-password", "empty cli password"),
        ] {
            let configuration = format!("{WORKS}{lines}");
            assert_eq!(errors(&net, &configuration, ""), [code], "{lines}");
            let mut server = Server::start(&configuration);
            assert_eq!(server.ended(), Some(255), "{lines}{}", said());
            assert!(said().contains(words), "{lines}{}", said());
        }
    }
}
story! {
    /// Each of these keeps out whoever has the right password.
    fn the_right_user_is_refused() {
        let net = internet();
        let base = "lt-cred-mech\nno-tls\nno-dtls\nno-cli\n";
        for (lines, code, refused) in [
            ("realm=lab.example\nuser=alice:open-sesame # hers\n", "comment-in-value", 401),
            ("realm=lab.example\nuser=alice:open-sesame;\n", "semicolon", 401),
            ("realm=lab.example\nuser=alice:'open-sesame'\n", "quotes-in-value", 401),
            ("realm=lab.example\nuser=alice\n", "user-malformed", 401),
            ("realm=lab.example\nuser=alice:0x1234\n", "user-key-malformed", 401),
            ("realm=lab example\nuser=alice:open-sesame\n", "realm-with-blank", 400),
            ("realm='lab.example'\nuser=alice:open-sesame\n", "realm-with-blank", 400),
            ("realm=lab.example\nuser=alice:\"open-sesame\"\n", "quotes-in-value", 401),
            ("realm=lab.example # ours\nuser=alice:open-sesame\n", "comment-in-value", 400),
            ("realm=lab.example\nuser=alice:open-sesame\nno-udp-relay\n", "nothing-relayed", 442),
        ] {
            let configuration = format!("{base}{lines}");
            assert_eq!(errors(&net, &configuration, ""), [code], "{lines}");
            let mut server = Server::start(&configuration);
            assert!(server.answers(3478), "{lines}{}", said());
            assert_eq!(allocate(TURN.endpoint(), ALICE, &[]).err(), Some(refused), "{lines}{}", said());
        }
    }
}
story! {
    /// The secret is another one than was meant.
    fn time_limited_users_are_refused() {
        let net = internet();
        let name = "2000000000:alice";
        let password = rest_password("north-by-northwest", name);
        for (line, code) in [
            ("static-auth-secret=north-by-northwest # ours", "comment-in-value"),
            ("static-auth-secret=north-by-northwest;", "semicolon"),
            ("static-auth-secret='north-by-northwest'", "quotes-in-value"),
        ] {
            let configuration = format!("realm=lab.example\nno-tls\nno-dtls\nno-cli\n{line}\n");
            assert_eq!(errors(&net, &configuration, ""), [code], "{line}");
            let mut server = Server::start(&configuration);
            assert!(server.answers(3478), "{line}{}", said());
            assert_eq!(allocate(TURN.endpoint(), Some((name, &password)), &[]).err(), Some(401), "{line}{}", said());
        }
        // What does not fit into coturn's buffer is a line of its own.
        let long = "x".repeat(1100);
        let configuration = format!("realm=lab.example\nno-tls\nno-dtls\nno-cli\nstatic-auth-secret={long}\n");
        assert_eq!(errors(&net, &configuration, ""), ["line-too-long"]);
        let mut server = Server::start(&configuration);
        assert!(server.answers(3478), "{}", said());
        let signed = rest_password(&long, name);
        assert_eq!(allocate(TURN.endpoint(), Some((name, &signed)), &[]).err(), Some(401), "{}", said());
        drop(server);
        // An empty secret lets in who signs with it.
        let configuration = "realm=lab.example\nno-tls\nno-dtls\nno-cli\nstatic-auth-secret=\n";
        assert_eq!(errors(&net, configuration, ""), ["secret-empty"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        assert!(allocate(TURN.endpoint(), Some((name, &rest_password("", name))), &[]).is_ok(), "{}", said());
    }
}
story! {
    /// Nobody is asked for a password.
    fn an_open_relay() {
        let net = internet();
        let configuration = "no-tls\nno-dtls\nno-cli\n";
        assert_eq!(errors(&net, configuration, ""), ["open-relay"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        assert!(allocate(TURN.endpoint(), None, &[]).is_ok(), "{}", said());
    }
}
story! {
    /// The key of the first line is another one to coturn, so that nobody is asked for a password.
    fn a_byte_order_mark() {
        let net = internet();
        let configuration = "\u{feff}static-auth-secret=north-by-northwest\nno-tls\nno-dtls\nno-cli\n";
        assert!(errors(&net, configuration, "").contains(&"byte-order-mark".to_owned()));
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        assert!(said().contains("Bad configuration format"), "{}", said());
        assert!(allocate(TURN.endpoint(), None, &[]).is_ok(), "{}", said());
    }
}
story! {
    /// Clients are told an empty realm.
    fn no_realm() {
        let net = internet();
        let configuration = "lt-cred-mech\nuser=alice:open-sesame\nno-tls\nno-dtls\nno-cli\n";
        assert_eq!(errors(&net, configuration, ""), ["no-realm"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        let run = net.turn("-u alice --password-file /run/password -4 turn:198.51.100.33");
        assert_eq!(run.step(0, "challenge"), "failed", "a challenge without a realm is none\n{run}");
    }
}
story! {
    /// Addresses that are none are dropped, and the host's own is told.
    fn addresses_that_are_none() {
        let net = internet();
        for (lines, code, words) in [
            ("external-ip=203.0.113.5:3478\n", "address-malformed", "Wrong address format"),
            ("external-ip=203.0.113.5 # office\n", "comment-in-value", "Wrong address format"),
            ("external-ip='203.0.113.5'\n", "quotes-in-value", "Wrong address format"),
            ("listening-ip=198.51.100.33:3478\n", "address-malformed", "Cannot add a listener address"),
            ("relay-ip=198.51.100.33/24\n", "address-malformed", "Cannot add a relay address"),
        ] {
            let configuration = format!("{WORKS}{lines}");
            assert_eq!(errors(&net, &configuration, ""), [code], "{lines}");
            let mut server = Server::start(&configuration);
            assert!(server.answers(3478), "{lines}{}", said());
            assert!(said().contains(words), "{lines}{}", said());
            let relayed = allocate(TURN.endpoint(), ALICE, &[]).map(|held| held.relayed.ip().to_string());
            assert_eq!(relayed, Ok(TURN.v4[0].to_owned()), "{lines}");
        }
        let own = TURN.v4[0];
        for (lines, code, told) in [
            ("external-ip=203.0.113.5\nexternal-ip=203.0.113.6\n".to_owned(), "external-ip-twice", "203.0.113.5"),
            (
                format!("external-ip=203.0.113.5/{own}\nexternal-ip=203.0.113.6/{own}\n"),
                "external-ip-twice",
                "203.0.113.5",
            ),
            ("external-ip=\n".to_owned(), "address-malformed", "0.0.0.0"),
            ("external-ip=0.0.0.0\n".to_owned(), "address-malformed", "0.0.0.0"),
            ("external-ip=203.0.113.5/\n".to_owned(), "address-malformed", own),
            (format!("external-ip=10.9.9.9/{own}\n"), "external-ip-swapped", "10.9.9.9"),
        ] {
            let configuration = format!("{WORKS}{lines}");
            assert_eq!(errors(&net, &configuration, ""), [code], "{lines}");
            let mut server = Server::start(&configuration);
            assert!(server.answers(3478), "{}", said());
            let relayed = allocate(TURN.endpoint(), ALICE, &[]).map(|held| held.relayed.ip().to_string());
            assert_eq!(relayed, Ok(told.to_owned()), "{lines}{}", said());
        }
    }
}
story! {
    /// A rule in CIDR holds nobody back; one that denies everything lets nobody through.
    fn peers() {
        let net = internet();
        for (lines, code, refused) in [
            ("denied-peer-ip=192.0.2.0-192.0.2.255\n", None, Some(403)),
            ("denied-peer-ip=192.0.2.0/24\n", Some("peers-malformed"), None),
            ("denied-peer-ip=192.0.2.0-192.0.2.255 # ours\n", Some("comment-in-value"), None),
            ("denied-peer-ip=0.0.0.0-255.255.255.255\n", Some("peers-all-denied"), Some(403)),
        ] {
            let configuration = format!("{WORKS}{lines}");
            assert_eq!(errors(&net, &configuration, ""), code.as_slice(), "{lines}");
            let mut server = Server::start(&configuration);
            assert!(server.answers(3478), "{lines}{}", said());
            let mut held = allocate(TURN.endpoint(), ALICE, &[]).expect("an allocation");
            assert_eq!(held.permission(Ipv4Addr::new(192, 0, 2, 7)), refused, "{lines}{}", said());
        }
    }
}
story! {
    /// Ports that are none, and a range that ends before it begins.
    fn ports() {
        let net = internet();
        for line in ["listening-port=abc", "listening-port=70000"] {
            let configuration = format!("{WORKS}{line}\n");
            assert_eq!(errors(&net, &configuration, ""), ["port-malformed"], "{line}");
            let mut server = Server::start(&configuration);
            // 70000 is 4464 beyond 65536.
            assert!(line.ends_with("abc") || server.answers(4464), "{}", said());
            assert_eq!(allocate(TURN.endpoint(), ALICE, &[]).err(), Some(SILENCE), "{line}");
        }
        let configuration = format!("{WORKS}min-port=60000\nmax-port=50000\n");
        assert_eq!(errors(&net, &configuration, ""), ["ports-reversed"]);
        let mut server = Server::start(&configuration);
        assert!(server.answers(3478), "{}", said());
        assert_eq!(allocate(TURN.endpoint(), ALICE, &[]).err(), Some(SILENCE));
        assert_eq!(server.ended(), Some(-1), "it crashed: {}", said());
    }
}
story! {
    /// It runs, and something does not listen.
    fn nothing_listens() {
        let net = internet();
        let configuration = format!("{WORKS}no-udp\nno-tcp\n");
        assert_eq!(errors(&net, &configuration, ""), ["nothing-listens"]);
        let mut server = Server::start(&configuration);
        assert!(!server.answers(3478), "{}", said());
        let configuration = "lt-cred-mech\nuser=alice:open-sesame\nrealm=lab.example\nno-cli\ntls-listening-port=5349\n";
        assert_eq!(errors(&net, configuration, ""), ["tls-without-certificate"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        assert!(said().contains("cannot start TLS and DTLS listeners"), "{}", said());
        let tls = SocketAddr::new(TURN.endpoint().ip(), 5349);
        assert!(netns::within("client", || std::net::TcpStream::connect(tls)).is_err(), "nothing listens there");
        drop(server);
        let configuration = "user=alice:open-sesame\nrealm=lab.example\nno-cli\ncert=~/cert.pem\npkey=~/key.pem\n";
        assert_eq!(errors(&net, configuration, ""), ["file-unreadable", "file-unreadable"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        assert!(said().contains("cannot start TLS and DTLS listeners"), "{}", said());
    }
}
story! {
    /// What clients are told beside what the server takes.
    fn clients() {
        let net = internet();
        let told = |uri: &str, user: &str, password: &str| {
            let entry = serde_json::json!([{ "urls": uri, "username": user, "credential": password }]);
            fs::write("/run/ice.json", entry.to_string()).expect("a file");
        };
        told("turn:198.51.100.33", "alice", "looking-glass");
        assert_eq!(errors(&net, WORKS, "--ice-servers /run/ice.json"), ["client-refused"]);
        let mut server = Server::start(WORKS);
        assert!(server.answers(3478), "{}", said());
        assert_eq!(allocate(TURN.endpoint(), Some(("alice", "looking-glass")), &[]).err(), Some(401));
        drop(server);
        // Such a name is refused whatever its password is.
        let name = "2000000000:John Smith";
        told("turn:198.51.100.33", name, &rest_password("north-by-northwest", name));
        let configuration = "realm=lab.example\nno-tls\nno-dtls\nno-cli\nstatic-auth-secret=north-by-northwest\n";
        assert_eq!(errors(&net, configuration, "--ice-servers /run/ice.json"), ["client-refused"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        let password = rest_password("north-by-northwest", name);
        assert_eq!(allocate(TURN.endpoint(), Some((name, &password)), &[]).err(), Some(400));
        drop(server);
        let configuration = "lt-cred-mech\nuser=o'brien:open-sesame\nrealm=lab.example\nno-tls\nno-dtls\nno-cli\n";
        assert_eq!(errors(&net, configuration, ""), ["user-malformed"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        assert_eq!(allocate(TURN.endpoint(), Some(("o'brien", "open-sesame")), &[]).err(), Some(400));
        drop(server);
        let name = "1700000000:alice";
        told("turn:198.51.100.33", name, &rest_password("north-by-northwest", name));
        let configuration = "realm=lab.example\nno-tls\nno-dtls\nno-cli\nstatic-auth-secret=north-by-northwest\n";
        assert_eq!(errors(&net, configuration, "--ice-servers /run/ice.json"), ["client-expired"]);
        let mut server = Server::start(configuration);
        assert!(server.answers(3478), "{}", said());
        let password = rest_password("north-by-northwest", name);
        assert_eq!(allocate(TURN.endpoint(), Some((name, &password)), &[]).err(), Some(401));
        drop(server);
        told("turn:198.51.100.33?transport=tcp", "alice", "open-sesame");
        let configuration = format!("{WORKS}no-tcp\n");
        assert_eq!(errors(&net, &configuration, "--ice-servers /run/ice.json"), ["client-transport-off"]);
        let mut server = Server::start(&configuration);
        assert!(server.answers(3478), "{}", said());
        let refused = netns::within("client", || std::net::TcpStream::connect(TURN.endpoint())).is_err();
        assert!(refused, "nothing listens for TCP");
    }
}
