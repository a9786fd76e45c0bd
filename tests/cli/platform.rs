//! What differs between systems, as far as it can be seen on any of them.

use std::fs;

use serde_json::Value;

use super::{absent, command, finish, json, run};

/// As PowerShell's `>` writes what a program prints: UTF-16 behind a mark, every line ended by CR and LF.
fn through_powershell(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_report_that_powershell_wrote_is_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    for (what, format) in [("classify", "--json"), ("classify", "--ndjson"), ("gateway", "--json"), ("turn", "--json")]
    {
        let network = match what {
            "classify" => "home-router",
            "gateway" => "gateway-pcp",
            _ => "turn-server",
        };
        let printed = run(&format!("{what} --simulate {network} {format}"));
        let page = run(&format!("{what} --simulate {network}"));
        fs::write(&path, through_powershell(&printed.stdout)).unwrap();
        let again = finish(command(&[what, "--from", path.to_str().unwrap()]));
        assert_eq!((again.code, again.stdout), (page.code, page.stdout), "{what} {format}: {}", again.stderr);
    }
}

#[test]
fn servers_and_scenarios_that_powershell_wrote_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, through_powershell(text)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let scenario = file("x.toml", "description = \"x\"\n[link]\nrtt_ms = 20\n");
    let servers = file("servers.txt", "# mine\nstun1.example.org\n");
    let arguments = ["classify", "--simulate", &scenario, "--servers-file", &servers, "--json"];
    let run = finish(command(&arguments));
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    assert_eq!(report["lookups"][0]["name"], "stun1.example.org");
}

/// The path of a file on another machine, as Windows writes it.
#[test]
fn a_path_of_another_machine_is_a_path() {
    const PATH: &str = r"\\fileserver\share\report.json";
    for arguments in [
        ["classify", "--from", PATH],
        ["discover", "--servers-file", PATH],
        ["turn", "--ice-servers", PATH],
        ["classify", "--simulate", r"\\fileserver\share\network.toml"],
    ] {
        let refused = finish(command(&arguments));
        assert_eq!(refused.code, Some(2), "{arguments:?}");
        assert!(refused.stderr.contains(arguments[2]), "{arguments:?}: {}", refused.stderr);
        assert!(cfg!(windows) || refused.stderr.contains(&absent()), "{arguments:?}: {}", refused.stderr);
    }
}

/// A service or a container has no home; there is no configuration then, and nothing else is missing.
#[test]
fn without_a_home_everything_else_works() {
    assert_eq!(run("classify --simulate home-router").code, Some(0));
    // Servers are looked for, and the mistake that comes after them is told.
    let later = run("discover --interface there-is-none --json");
    assert_eq!(later.code, Some(2));
    assert!(later.stderr.contains("there-is-none"), "{}", later.stderr);
}

#[test]
fn what_a_system_does_not_tell_is_said() {
    let folder = tempfile::tempdir().unwrap();
    // The first server is off, and behind another a router knows no way.
    let network = |limits: &str| {
        let path = folder.path().join("network.toml");
        let text = format!(
            "[host]\nplatform_limits = [{limits}]\n[[routers]]\ndestination = \"198.51.100.1\"\nby = \"192.0.2.254\"\n\
             [[servers]]\nname = \"off.example.org\"\nipv4 = \"192.0.2.10:3478\"\nfaults = [\"refused\"]\n\
             [[servers]]\nname = \"far.example.org\"\nipv4 = \"198.51.100.1:3478\"\n\
             [[servers]]\nname = \"works.example.org\"\nipv4 = \"192.0.2.9:3478\"\n"
        );
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for (limits, far, said) in [("", "network-unreachable", false), ("\"icmp-errors-in-part\"", "no-answer", true)] {
        let path = network(limits);
        let report = json(&format!("discover --simulate {path} --json"));
        let code = |server: usize| report["servers"][server]["error"]["code"].clone();
        assert_eq!([code(0), code(1)], ["connection-refused", far], "{limits}: {:#}", report["servers"]);
        let told: Vec<Value> = serde_json::from_str(&format!("[{limits}]")).unwrap();
        let in_report = report.get("platform_limits").and_then(Value::as_array).cloned().unwrap_or_default();
        assert_eq!(in_report, told);
        let page = run(&format!("discover --simulate {path}")).stdout;
        assert_eq!(page.contains("only in part"), said, "{page}");
    }
    let works = run(&format!("discover --simulate {} --server works.example.org", network("\"icmp-errors-in-part\"")));
    assert!(!works.stdout.contains("only in part"), "nothing is left to say: {}", works.stdout);
}

/// Longer than what Windows takes without being asked (260 characters), written, replaced and read; there in its two other forms too.
#[test]
fn long_paths_are_paths() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a".repeat(120)).join("b".repeat(120)).join("c".repeat(120));
    fs::create_dir_all(&deep).unwrap();
    let path = deep.join("report.json");
    let mut names = vec![path.to_str().unwrap().to_owned()];
    if cfg!(windows) {
        names.push(format!(r"\\?\{}", names[0]));
        names.push(format!(r"\\.\{}", folder.path().join("report.json").display()));
    }
    for name in names {
        let _ = fs::remove_file(&path);
        for format in ["--format=prometheus", "--json", "--json"] {
            let written = finish(command(&["classify", "--simulate", "home-router", "-o", &name, format]));
            assert_eq!((written.code, written.stderr.as_str()), (Some(0), ""), "{name} {format}");
        }
        let again = finish(command(&["classify", "--from", &name]));
        assert_eq!(again.code, Some(0), "{name}: {}", again.stderr);
    }
}

/// PowerShell reads what is printed in the code page of the console: what is ASCII comes through.
#[test]
fn a_document_is_ascii_where_no_locale_says_more() {
    let folder = tempfile::tempdir().unwrap();
    // The report names it.
    let path = folder.path().join("r\u{e9}seau.toml");
    fs::write(&path, "description = \"x\"\n").unwrap();
    for format in ["--json", "--ndjson"] {
        let arguments = ["discover", "--simulate", path.to_str().unwrap(), format];
        let known = finish(command(&arguments)).stdout;
        let mut unknown = command(&arguments);
        unknown.env_remove("LC_ALL");
        let unknown = finish(unknown).stdout;
        assert!(!known.is_ascii() && unknown.is_ascii(), "{format}: {known}\n{unknown}");
        let values = |text: &str| -> Vec<Value> {
            serde_json::Deserializer::from_str(text).into_iter().map(Result::unwrap).collect()
        };
        assert_eq!(values(&known), values(&unknown), "{format}");
    }
}

/// The shells of Windows leave `*` to the program, and bash the tilde behind an equals sign.
#[test]
fn what_a_shell_left_in_a_name_is_told() {
    for arguments in [
        ["explain", "there-is-none-*.json"],
        ["explain", "there-is-none-?.json"],
        ["classify", "--from=~/there-is-none.json"],
        ["turn", r"--ice-servers=~\there-is-none.json"],
    ] {
        let refused = finish(command(&arguments));
        assert_eq!(refused.code, Some(2), "{arguments:?}");
        assert!(refused.stderr.contains("try: the name in full: the shell left"), "{arguments:?}: {}", refused.stderr);
    }
    let written = run("classify --simulate home-router --output=~/there-is-none.json");
    assert!(written.code == Some(2) && written.stderr.contains("the shell left"), "{}", written.stderr);
    let usual = run("classify --from=there-is-none.json");
    assert!(!usual.stderr.contains("the shell left"), "{}", usual.stderr);
}
