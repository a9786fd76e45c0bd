//! Running nat-probe on the client, and reading what it says.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use nat_probe::evidence::Behavior;

use super::prober::Truth;
use super::{Net, cage, netns};

/// nat-probe's own deadline is 10 s; nothing it does takes much longer.
const LIMIT: Duration = Duration::from_secs(20);

/// nat-probe at work on the client.
pub(crate) struct Running {
    child: Child,
    began: Instant,
    arguments: String,
}

/// What a run said.
pub(crate) struct Run {
    pub arguments: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    /// The document, where the output is one.
    pub json: Value,
}

/// The verdicts that a story expects of a family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub connectivity: &'static str,
    pub mapping: &'static str,
    pub filtering: &'static str,
}

impl From<Truth> for Verdict {
    fn from(Truth { translated, mapping, filtering }: Truth) -> Self {
        let connectivity = match (translated, filtering) {
            (true, _) => "nat",
            (false, Behavior::EndpointIndependent) => "open",
            (false, _) => "firewalled",
        };
        let mapping = if translated { mapping.name() } else { "none" };
        Self { connectivity, mapping, filtering: filtering.name() }
    }
}

/// The binary under test: the one cargo built with these tests, or another.
pub(crate) fn binary() -> OsString {
    std::env::var_os("NAT_PROBE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_nat-probe").into())
}

impl Net {
    /// Starts nat-probe on the client. Only the lab's truth is asked for: the story ends here.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        if cage::truth_only() {
            cage::curtain();
        }
        let mut command = Command::new(binary());
        command.args(arguments.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // nobody's settings, nobody's servers
        command.env_remove("NAT_PROBE_SERVERS").env("HOME", "/run").env("XDG_CONFIG_HOME", "/run");
        let began = Instant::now();
        let child = netns::within("client", || command.spawn());
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Running { child, began, arguments: arguments.to_owned() }
    }

    /// Runs nat-probe on the client to its end.
    pub(crate) fn nat_probe(&self, arguments: &str) -> Run {
        self.start(arguments).finish()
    }

    /// The heart of most stories: `classify` comes to this verdict about IPv4, and says nothing else.
    pub(crate) fn expect_verdict(&self, arguments: &str, expected: impl Into<Verdict>) -> Run {
        let run = self.nat_probe(&format!("classify --json -4 {arguments}"));
        run.expect_family("ipv4", expected.into(), &|| self.state());
        run.expect_code(0);
        assert_eq!(run.stderr, "", "a measured verdict leaves nothing to complain of\n{run}");
        run
    }
}

impl Running {
    /// Presses Ctrl-C after that time.
    pub(crate) fn interrupt_after(&self, time: Duration) {
        std::thread::sleep(time);
        self.interrupt();
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("a process to interrupt");
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> Run {
        let stdout = drain(self.child.stdout.take());
        let stderr = drain(self.child.stderr.take());
        let deadline = self.began + LIMIT;
        let said =
            |output: mpsc::Receiver<String>| output.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let (Ok(stdout), Ok(stderr)) = (said(stdout), said(stderr)) else {
            let _ = self.child.kill();
            panic!("nat-probe {} still runs after {} s", self.arguments, LIMIT.as_secs());
        };
        let status = self.child.wait().expect("its status");
        let json = serde_json::from_str(&stdout).unwrap_or_default();
        keep(&stdout);
        Run { arguments: self.arguments, code: status.code(), stdout, stderr, took: self.began.elapsed(), json }
    }
}

/// Saves what a run said where `NAT_PROBE_LAB_KEEP` names a directory, under the name of the story.
fn keep(stdout: &str) {
    static RUNS: AtomicU32 = AtomicU32::new(1);
    if let Some(directory) = std::env::var_os("NAT_PROBE_LAB_KEEP") {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let file = Path::new(&directory).join(format!("{}-{run}.json", cage::story().replace("::", "-")));
        std::fs::write(&file, stdout).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

/// Everything that a pipe brings.
fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = pipe.expect("a pipe").read_to_end(&mut said);
        let _ = sender.send(String::from_utf8_lossy(&said).into_owned());
    });
    receiver
}

impl Run {
    /// The member of the document at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The same as text, empty where there is none.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// The row of a server over a transport, found by the beginning of its address.
    pub(crate) fn server(&self, address: &str, transport: &str) -> &Value {
        let rows = self.at("/servers").as_array().map(Vec::as_slice).unwrap_or_default();
        let fits = |row: &&Value| {
            let at = |key: &str| row[key].as_str().unwrap_or_default();
            at("address").starts_with(address) && at("transport") == transport
        };
        rows.iter().find(fits).unwrap_or_else(|| panic!("no row for {address} over {transport}\n{self}"))
    }

    pub(crate) fn expect_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "exit code\n{self}");
    }

    pub(crate) fn expect(&self, pointer: &str, expected: impl Into<Value>) {
        assert_eq!(*self.at(pointer), expected.into(), "{pointer}\n{self}");
    }

    /// The verdict of one family; an inconclusive part of it has its reason in both forms.
    pub(crate) fn expect_family(&self, family: &str, expected: Verdict, state: &dyn Fn() -> String) {
        let at = |member: &str| self.text(&format!("/families/{family}/{member}"));
        let seen = [at("connectivity"), at("mapping/behavior"), at("filtering/behavior")];
        let Verdict { connectivity, mapping, filtering } = expected;
        assert_eq!(seen, [connectivity, mapping, filtering], "the verdict on {family}\n{self}\n{}", state());
        for part in ["mapping", "filtering"] {
            let inconclusive = at(&format!("{part}/behavior")) == "inconclusive";
            let reasoned =
                !at(&format!("{part}/reason/code")).is_empty() && !at(&format!("{part}/reason/text")).is_empty();
            assert_eq!(inconclusive, reasoned, "an inconclusive {part}, and no other, has a reason\n{self}");
        }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { arguments, code, stdout, stderr, took, .. } = self;
        writeln!(formatter, "$ nat-probe {arguments}\nexit {code:?} after {took:?}\n{stdout}\nstderr: {stderr}")
    }
}
