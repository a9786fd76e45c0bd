//! Where the servers come from. Nobody listens at these ports of the loopback network, which is as good as an answer here.

use std::fs;

use super::{command, finish};

/// Whom `discover` asks in this environment.
fn asked(arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec!["discover", "--json", "-4"];
    all.extend(arguments);
    let mut command = command(&all);
    command.envs(environment.iter().copied());
    let run = finish(command);
    let report: serde_json::Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    report["lookups"].as_array().unwrap().iter().map(|server| server["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_nearest_source_decides() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    fs::create_dir_all(folder.path().join(".config/nat-probe")).unwrap();
    fs::write(folder.path().join(".config/nat-probe/servers.txt"), "# mine\n127.0.0.1:1 # one\n127.0.0.1:2\n").unwrap();
    fs::create_dir_all(folder.path().join("xdg/nat-probe")).unwrap();
    fs::write(folder.path().join("xdg/nat-probe/servers.txt"), "127.0.0.1:3\n").unwrap();
    let xdg = folder.path().join("xdg");
    let xdg = xdg.to_str().unwrap();
    let list = folder.path().join("list.txt");
    fs::write(&list, "127.0.0.1:5\n127.0.0.1:6\n127.0.0.1:5\n").unwrap();
    let list = list.to_str().unwrap();

    if cfg!(all(unix, not(target_os = "macos"))) {
        assert_eq!(asked(&[], &[("HOME", home)]), ["127.0.0.1:1", "127.0.0.1:2"]);
        assert_eq!(asked(&[], &[("HOME", home), ("XDG_CONFIG_HOME", xdg)]), ["127.0.0.1:3"]);
    }
    let variable = ("NAT_PROBE_SERVERS", "127.0.0.1:4,127.0.0.1:7 127.0.0.1:8");
    assert_eq!(asked(&[], &[("HOME", home), variable]), ["127.0.0.1:4", "127.0.0.1:7", "127.0.0.1:8"]);
    assert_eq!(asked(&["--servers-file", list], &[variable]), ["127.0.0.1:5", "127.0.0.1:6"]);
    let both = ["--server", "127.0.0.1:9", "--servers-file", list];
    assert_eq!(asked(&both, &[variable]), ["127.0.0.1:9", "127.0.0.1:5", "127.0.0.1:6"]);
}

#[test]
fn a_simulated_run_asks_the_scenarios_servers() {
    let environment = [("NAT_PROBE_SERVERS", "127.0.0.1:1")];
    let simulated = asked(&["--simulate", "home-router"], &environment);
    assert!(!simulated.contains(&"127.0.0.1:1".to_owned()) && !simulated.is_empty(), "{simulated:?}");
    let one = asked(&["--simulate", "home-router", "--server", &simulated[0]], &environment);
    assert_eq!(one, simulated[..1]);
}

/// An international name is asked for in ASCII, whoever writes it and in whichever form, and shown as it was written.
#[test]
fn an_international_name_is_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("bilingual.toml");
    fs::write(&scenario, "[[servers]]\nname = \"m\u{fc}ller.example\"\nipv4 = \"192.0.2.10:3478\"\n").unwrap();
    let scenario = scenario.to_str().unwrap();
    for name in ["m\u{fc}ller.example", "MU\u{308}LLER.example", "xn--mller-kva.example", "m\u{fc}ller\u{3002}example"]
    {
        let found = finish(command(&["discover", name, "-4", "--json", "--simulate", scenario]));
        let report: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
        assert_eq!(report["servers"][0]["server"], name);
        assert_eq!(report["servers"][0]["address"], "192.0.2.10:3478", "{}", found.stdout);
    }
    let page = finish(command(&["discover", "m\u{fc}ller.example", "-4", "--simulate", scenario]));
    assert!(page.stdout.contains("m\u{fc}ller.example"), "{}", page.stdout);
    // Whoever reads left to right would read another name.
    for hostile in ["a\u{202e}b.example", "a\u{5d0}.example", "a\u{ff0f}b.example"] {
        let refused = finish(command(&["discover", hostile, "--simulate", scenario]));
        assert_eq!(refused.code, Some(2));
        assert!(!refused.stderr.contains('\u{202e}'), "{}", refused.stderr);
    }
}
