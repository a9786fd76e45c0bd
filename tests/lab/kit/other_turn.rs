//! TURN servers other than coturn: real ones, by other people. `tests/lab/servers/build` makes or gets what no distribution has.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::coturn::{PASSWORD, REALM, SECRET, USER};
use super::servers::Host;
use super::{cage, netns, prober};

/// Whose server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Software {
    /// The Go library, as its users build servers of it.
    Pion,
    /// The XMPP server's own listener (`p1_stun`).
    Ejabberd,
    /// The npm package.
    NodeTurn,
}

/// How its users log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// The static user of the stories.
    User,
    /// Time-limited user names under the shared secret of the stories.
    Secret,
}

/// Where `tests/lab/servers/build` puts things, and where what we wrote ourselves is.
const BUILT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/lab-servers");
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/servers");

impl Software {
    /// Starts it at the host's first IPv4 address, and waits until it answers. Peers of this network are denied, where one is named.
    /// Where it is not installed the story ends, loudly.
    pub(crate) fn start(self, host: Host, login: Login, denied: Option<&str>) {
        let command = match self {
            Self::Pion => pion(host, host.at(), login, denied),
            Self::Ejabberd => ejabberd(host, login, denied),
            Self::NodeTurn => node_turn(host, login, denied),
        };
        launch(host, command);
    }
}

/// pion bound to no address at all, as in its own examples: the kernel chooses from which one it answers.
pub(crate) fn pion_everywhere(host: Host, relay: &str) {
    let mut command = pion(host, relay, Login::User, None);
    command.args(["-listen", "0.0.0.0:3478"]);
    launch(host, command);
}

fn pion(host: Host, relay: &str, login: Login, denied: Option<&str>) -> Command {
    let mut command = Command::new(cage::need(
        built("pion"),
        "tests/lab/servers/build makes it; Debian packages golang-go and golang-github-pion-turn.v2-dev",
    ));
    command.args(["-listen", &format!("{}:3478", host.at()), "-relay", relay, "-realm", REALM]);
    match login {
        Login::User => command.args(["-user", &format!("{USER}:{PASSWORD}")]),
        Login::Secret => command.args(["-secret", SECRET]),
    };
    if let Some(denied) = denied {
        command.args(["-deny", denied]);
    }
    command
}

fn node_turn(host: Host, login: Login, denied: Option<&str>) -> Command {
    assert_eq!((login, denied), (Login::User, None), "node-turn knows neither shared secrets nor denied peers");
    let modules = cage::need(built("node_modules"), "tests/lab/servers/build gets it; Debian packages nodejs and npm");
    let mut command = Command::new(cage::need("node", "Debian package nodejs"));
    command.arg(Path::new(OURS).join("node-turn/server.js")).args([host.at(), REALM, USER, PASSWORD]);
    command.env("NODE_PATH", modules);
    command
}

/// ejabberd without its own wrapper: that wants another user, a daemon for names, and its files in /etc and /var.
fn ejabberd(host: Host, login: Login, denied: Option<&str>) -> Command {
    cage::need("/usr/sbin/ejabberdctl", "Debian package ejabberd");
    let template = fs::read_to_string(Path::new(OURS).join("ejabberd/ejabberd.yml")).expect("our own file");
    let secret = if login == Login::Secret { SECRET } else { "nobody knows" };
    let settings = template
        .replace("ADDRESS", host.at())
        .replace("REALM", REALM)
        .replace("SECRET", secret)
        .replace("DENIED", denied.unwrap_or("255.255.255.255/32"));
    fs::write("/run/ejabberd.yml", settings).expect("a file");
    let register = format!(
        "R = fun R() -> case catch ejabberd_auth:try_register(<<\"{USER}\">>, <<\"{REALM}\">>, <<\"{PASSWORD}\">>) of
             ok -> file:write_file(\"/run/registered\", <<>>); _ -> timer:sleep(50), R() end end, R()."
    );
    let mut command = Command::new(cage::need("erl", "Debian package erlang-base"));
    command.args(["+K", "true", "-noinput", "-mnesia", "dir", "\"/run/mnesia\"", "-s", "ejabberd", "-eval", &register]);
    command.env("ERL_LIBS", "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu").env("HOME", "/run");
    command.env("EJABBERD_CONFIG_PATH", "/run/ejabberd.yml").env("EJABBERD_LOG_PATH", "/run/ejabberd.log");
    command
}

fn built(name: &str) -> PathBuf {
    Path::new(BUILT).join(name)
}

fn launch(host: Host, mut command: Command) {
    let log = format!("/run/{}-turn.log", host.name);
    let said = File::create(&log).expect("a log");
    command.stdin(Stdio::null()).stderr(said.try_clone().expect("a log")).stdout(said);
    let ejabberd = command.get_program().to_string_lossy().ends_with("erl");
    netns::within(host.name, || {
        let mut server = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let patience = Instant::now() + Duration::from_secs(40);
        while prober::mapped(host.endpoint()).is_none() || (ejabberd && !Path::new("/run/registered").exists()) {
            let alive = server.try_wait().is_ok_and(|ended| ended.is_none());
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(alive && Instant::now() < patience, "{command:?} does not answer:\n{}", log());
        }
    });
}
