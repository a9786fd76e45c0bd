//! Bad input: a clear message that names the object and what to try, and nothing on standard output.

use std::fs;

use super::{Run, absent, command, finish, run};

/// The run failed as a mistake in usage, and says all of these.
fn refused(run: &Run, words: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
    assert!(run.stderr.starts_with("nat-probe: "), "{}", run.stderr);
    for word in words {
        assert!(run.stderr.contains(word), "{word:?} is missing in: {}", run.stderr);
    }
}

#[test]
fn servers_that_are_none_are_named_with_the_reason() {
    for (server, word) in [
        ("stun.example.org:0", "port"),
        ("stun.example.org:65536", "port"),
        ("stun.example.org:http", "port"),
        ("[2001:db8::1", "2001:db8::1"),
        ("2001:db8::zz", "port"),
        ("stun://stun.example.org", "stun:stun.example.org"),
        ("turn:turn.example.org", "turn"),
        ("https://example.org/", "https"),
        ("stun:", "stun:"),
        ("user@stun.example.org", "user"),
        ("stun.example.org/path", "path"),
        ("256.1.1.1", "256.1.1.1"),
        ("", "empty"),
        ("two words", "space"),
        ("\u{1b}[2J", "U+001B"),
    ] {
        for name in ["classify", "discover"] {
            let run = finish(command(&[name, "--server", server]));
            refused(&run, &["--server", word]);
            assert!(
                !run.stderr.contains('\u{1b}'),
                "what was typed cannot reach the terminal as it is: {:?}",
                run.stderr
            );
        }
    }
}

/// Wherever a server may be written, and however wrong: a password in it is not told to whoever looks over the shoulder.
#[test]
fn a_password_within_a_server_is_repeated_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("servers.txt");
    for uri in [
        "turn:alice@h?password=hunter2",
        "turn:h?password=se@hunter2",
        "turn:alice:hunter2",
        "stun:alice:hunter2@h",
        "turns:h#hunter2",
        "turn://alice:hunter2@h",
        "http:alice:hunter2@h",
        "turn:alice%3Ahunter2@h",
        "alice:hunter2@h:3478",
        "turn:h?transport=udp&credential=hunter2",
        "stun:h hunter2",
    ] {
        fs::write(&path, format!("{uri}\n")).unwrap();
        let file = path.to_str().unwrap();
        let ice = format!(r#"[{{"urls": "{uri}", "username": "u", "credential": "c"}}]"#);
        for arguments in [
            vec!["classify", "--server", uri],
            vec!["discover", "--server", uri],
            vec!["discover", "--servers-file", file],
            vec!["turn", uri],
            vec!["turn", "--server", uri, "turn:turn.example.org"],
            vec!["turn", "--simulate", "turn-server", "--ice-servers", "-"],
            vec!["turn", "--simulate", "turn-server", "--ice-servers", "-", "--json"],
        ] {
            let mut command = command(&arguments);
            command.write_stdin(ice.clone());
            let run = finish(command);
            assert_ne!(run.code, Some(0), "{arguments:?}");
            assert!(
                !format!("{}{}", run.stdout, run.stderr).contains("hunter2"),
                "{arguments:?}: {}{}",
                run.stdout,
                run.stderr
            );
        }
        let mut command = command(&["discover"]);
        command.env("NAT_PROBE_SERVERS", uri);
        let run = finish(command);
        assert!(!run.stderr.contains("hunter2"), "{uri}: {}", run.stderr);
    }
}

#[test]
fn flags_that_contradict_each_other_are_told() {
    for (arguments, words) in [
        ("classify -4 -6", ["--ipv4", "--ipv6"]),
        ("classify --json --ndjson", ["--json", "--ndjson"]),
        ("classify --quiet -v", ["--quiet", "--verbose"]),
        ("classify -6 --source 192.0.2.1", ["--source", "-6"]),
        ("classify -4 --source 2001:db8::1", ["--source", "-4"]),
        ("classify --simulate home-router --interface eth0", ["--simulate", "--interface"]),
        ("classify --from report.json --simulate home-router", ["--from", "--simulate"]),
        ("classify --from report.json --server stun.example.org", ["--from", "--server"]),
        ("classify --from report.json --thorough", ["--from", "--thorough"]),
        ("classify --seed 1", ["--simulate", "required"]),
    ] {
        refused(&run(arguments), &words);
    }
}

#[test]
fn values_out_of_range_are_told() {
    for (arguments, words) in [
        ("classify --local-port 0", ["--local-port", "0"]),
        ("classify --local-port 70000", ["--local-port", "70000"]),
        ("discover --count 0", ["--count", "0"]),
        ("discover --transport udp,smoke", ["--transport", "udp, tcp and tls"]),
        ("classify --deadline 0", ["--deadline", "10s"]),
        ("classify --deadline never", ["--deadline", "10s"]),
        ("classify --source here", ["--source", "here"]),
        ("classify --color sometimes", ["--color", "always"]),
        ("completions tcsh", ["tcsh", "fish"]),
    ] {
        refused(&run(arguments), &words);
    }
}

#[test]
fn an_unknown_requirement_lists_the_keys() {
    let keys = ["connectivity", "mapping", "filtering", "family", "public-address", "rfc3489"];
    refused(&run("classify --simulate home-router --require nat=yes"), &keys);
    refused(&run("classify --simulate home-router --require mapping"), &keys);
    refused(&run("classify --simulate home-router --require mapping=eim"), &["endpoint-independent"]);
    refused(&run("classify --simulate home-router --require public-address=192.0.2.0/99"), &["192.0.2.0/99"]);
}

#[test]
fn an_unknown_scenario_is_told_its_neighbor() {
    refused(&run("classify --simulate home-ruter"), &["home-ruter", "did you mean home-router?", "--simulate list"]);
    refused(&run("classify --simulate xyz"), &["xyz", "--simulate list"]);
    refused(&run("discover --simulate missing.toml"), &["missing.toml", &absent()]);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let servers = |path: &str| finish(command(&["discover", "--servers-file", path]));
    refused(&servers("missing.txt"), &["missing.txt", &absent(), "try:"]);
    refused(&servers(folder.path().to_str().unwrap()), &["servers file", "try:"]);
    refused(&servers(&file("empty.txt", b"# nothing\n")), &["empty.txt", "no server"]);
    refused(&servers(&file("binary.txt", &[0xff, 0xfe, 0])), &["binary.txt", "UTF-8"]);
    refused(&servers(&file("wrong.txt", b"stun.example.org\nstun.example.org:0\n")), &["wrong.txt", "line 2", "port"]);

    let saved = |path: &str| finish(command(&["classify", "--from", path]));
    refused(&saved("missing.json"), &["missing.json", &absent(), "classify --json"]);
    refused(&saved(&file("page.json", b"IPv4 is behind a NAT")), &["page.json", "JSON"]);
    refused(&saved(&file("other.json", b"{\"a\": 1}")), &["other.json", "nat-probe"]);

    let simulated = |path: &str| finish(command(&["classify", "--simulate", path]));
    refused(&simulated(&file("wrong.toml", b"[link]\nrtt_ms = 20\nlos = 0.1\n")), &["wrong.toml", "line 3", "los"]);
}

#[test]
fn the_environment_is_named_when_it_is_wrong() {
    let mut command = command(&["discover"]);
    command.env("NAT_PROBE_SERVERS", "stun.example.org, stun.example.org:0");
    refused(&finish(command), &["NAT_PROBE_SERVERS", "stun.example.org:0", "port"]);
}

#[test]
fn a_network_that_cannot_be_used_as_asked_is_told() {
    let interface = run("discover --server 127.0.0.1:1 --interface nosuch0");
    refused(&interface, &["nosuch0"]);
    if let Some(nobody) = super::address_of_nobody() {
        refused(&run(&format!("discover --server 127.0.0.1:1 --source {nobody}")), &[nobody]);
    }
}

#[test]
fn a_port_where_nobody_listens_is_a_result() {
    let report = super::json("discover --json -4 --server 127.0.0.1:1");
    assert_eq!(report["servers"][0]["server"], "127.0.0.1:1");
    assert_eq!(report["servers"][0]["error"]["code"], "connection-refused");
    assert!(report["servers"][0]["error"]["text"].as_str().is_some_and(|text| text.contains("127.0.0.1:1")));
}

#[test]
fn a_server_that_speaks_http_is_told_so() {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let web = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 64];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let report = super::json(&format!("discover --json -4 --transport tcp --server {server}"));
    web.join().unwrap();
    assert_eq!(report["servers"][0]["error"]["code"], "not-stun", "{}", report["servers"]);
}
