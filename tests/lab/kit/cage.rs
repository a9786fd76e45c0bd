//! Where a story is played: a copy of this test binary inside namespaces of its own, so that whatever it starts, builds or
//! leaves behind is gone when it ends.

use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// Set inside the cage, to the name of the story.
const INSIDE: &str = "NAT_PROBE_LAB_INSIDE";
/// `require`: a lab that cannot run is a failure. `truth`: check the lab itself, not nat-probe.
const MODE: &str = "NAT_PROBE_LAB";
/// Printed at the end of every story: a test filter that matches nothing would succeed too.
const CURTAIN: &str = "LAB PLAYED";
/// Printed where a story cannot be played.
const SKIPPED: &str = "LAB SKIPPED: ";
/// No story takes longer that does not say so.
const LIMIT: Duration = Duration::from_secs(120);
/// What the lab is made of, and the Debian package that brings it.
const TOOLS: [(&str, &str); 7] = [
    ("unshare", "util-linux"),
    ("mount", "mount"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("conntrack", "conntrack"),
    ("turnserver", "coturn"),
    ("stund", "stun-server"),
];
/// A process tree of its own, with its own network, mounts and process ids; it dies as a whole.
const NAMESPACES: [&str; 6] = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
/// Rootless: be root inside only.
const ROOTLESS: [&str; 2] = ["--user", "--map-root-user"];

/// Plays a test's story in a cage: outside, starts this same test again inside; inside, plays it.
pub(crate) fn play(test: &str, story: impl FnOnce()) {
    play_for(test, LIMIT, story);
}

/// The same where a story takes longer than others.
pub(crate) fn play_for(test: &str, limit: Duration, story: impl FnOnce()) {
    if inside() {
        story();
        curtain();
    }
    match reenter_for(test, &["--exact", test, "--nocapture", "--test-threads=1"], limit) {
        // not at the beginning of a line: the harness has written the test's name before it
        Ok(output) => output.lines().filter_map(|line| line.split_once(SKIPPED)).for_each(|(_, why)| skip(why)),
        Err(Unplayed::Impossible(why)) => skip(&why),
        Err(Unplayed::Failed(output)) => panic!("{test} failed in the lab:\n{output}"),
    }
}

/// Why a story was not played to its end.
pub(crate) enum Unplayed {
    /// This machine has no lab.
    Impossible(String),
    /// It failed or hung; what it printed.
    Failed(String),
}

/// Whether this process is the one inside the cage.
pub(crate) fn inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// The name of the story that this process plays.
pub(crate) fn story() -> String {
    env::var(INSIDE).unwrap_or_default()
}

/// Whether only the lab itself is to be checked.
pub(crate) fn truth_only() -> bool {
    env::var(MODE).is_ok_and(|mode| mode == "truth")
}

/// Whether a missing lab is a failure.
pub(crate) fn required() -> bool {
    env::var(MODE).is_ok_and(|mode| mode == "require")
}

/// Ends the story, and with it everything in the cage.
pub(crate) fn curtain() -> ! {
    println!("{CURTAIN} {}", story());
    std::process::exit(0);
}

/// The way to a tool that only some stories need, and how it is got. Without it the story ends here, loudly.
pub(crate) fn need(tool: impl AsRef<Path>, source: &str) -> PathBuf {
    let tool = tool.as_ref();
    let found = if tool.is_absolute() { tool.exists().then(|| tool.to_owned()) } else { which(tool) };
    found.unwrap_or_else(|| {
        skip(&format!("{} is missing ({source})", tool.display()));
        curtain()
    })
}

/// Says loudly that there is no lab here; fails where one is required.
pub(crate) fn skip(why: &str) {
    assert!(!required(), "LAB REQUIRED ({MODE}=require) but impossible: {why}");
    // Straight to the terminal: the test harness keeps what a passing test prints to itself.
    let line = format!("{SKIPPED}{why}\n");
    let told = std::fs::OpenOptions::new().append(true).open("/dev/stderr");
    if told.and_then(|mut stderr| std::io::Write::write_all(&mut stderr, line.as_bytes())).is_err() {
        eprint!("{line}");
    }
}

/// Runs this binary again inside the cage, and returns what it printed.
pub(crate) fn reenter(story: &str, arguments: &[&str]) -> Result<String, Unplayed> {
    reenter_for(story, arguments, LIMIT)
}

fn reenter_for(story: &str, arguments: &[&str], limit: Duration) -> Result<String, Unplayed> {
    let door = door().map_err(Unplayed::Impossible)?;
    let this = env::current_exe().map_err(|error| Unplayed::Impossible(format!("own path unknown: {error}")))?;
    let mut unshare = Command::new("unshare");
    unshare.args(door).arg(this).args(arguments).env(INSIDE, story).env("RUST_BACKTRACE", "0");
    match run(unshare, limit) {
        Ok((true, output)) if output.contains(CURTAIN) => Ok(output),
        Ok((_, output)) | Err(output) => Err(Unplayed::Failed(output)),
    }
}

/// How `unshare` makes a cage on this machine, tried once.
fn door() -> Result<Vec<&'static str>, String> {
    static DOOR: OnceLock<Result<Vec<&'static str>, String>> = OnceLock::new();
    DOOR.get_or_init(|| {
        for (tool, package) in TOOLS {
            which(tool).ok_or_else(|| format!("{tool} is missing (Debian package {package})"))?;
        }
        // Real root needs no user namespace, and some systems refuse it one; anybody else does.
        let root = nix::unistd::geteuid().is_root();
        let rootless: Vec<_> = ROOTLESS.iter().chain(&NAMESPACES).copied().collect();
        let ways = if root { vec![NAMESPACES.to_vec(), rootless] } else { vec![rootless] };
        let mut refusals = Vec::new();
        for way in ways {
            let mut trial = Command::new("unshare");
            let script = "mount -t tmpfs tmpfs /run && ip netns add trial && ip netns exec trial nft list ruleset";
            trial.args(&way).args(["sh", "-c", script]);
            match run(trial, Duration::from_secs(10)) {
                Ok((true, _)) => return Ok(way),
                Ok((false, said)) | Err(said) => refusals.push(said.trim().to_owned()),
            }
        }
        Err(format!("namespaces are refused: {}", refusals.join("; ")))
    })
    .clone()
}

/// Runs a command to its end or the limit; whether it succeeded, and all it printed. An error is a hang or no start.
fn run(mut command: Command, limit: Duration) -> Result<(bool, String), String> {
    let (mut output, ours) = std::io::pipe().map_err(|error| error.to_string())?;
    let theirs = ours.try_clone().map_err(|error| error.to_string())?;
    command.stdin(Stdio::null()).stdout(ours).stderr(theirs).env("PATH", path());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    drop(command); // its ends of the pipe: end of file comes when the last process inside is gone
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = output.read_to_end(&mut said);
        let _ = sender.send(String::from_utf8_lossy(&said).into_owned());
    });
    let said = receiver.recv_timeout(limit);
    if said.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    said.map(|said| (status.success(), said)).map_err(|_| {
        let said = receiver.recv_timeout(Duration::from_secs(5)).unwrap_or_default();
        format!("{said}\n(killed after {} s)", limit.as_secs())
    })
}

/// Where system tools live, beside the user's own path: Debian leaves the sbin directories out of it.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin:/usr/bin:/bin", env::var("PATH").unwrap_or_default())
}

/// A tool's place.
fn which(tool: impl AsRef<Path>) -> Option<PathBuf> {
    path().split(':').map(|directory| Path::new(directory).join(&tool)).find(|candidate| candidate.is_file())
}
