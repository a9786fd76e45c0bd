//! The pages of every command on every simulated network, at the widths that terminals have: a snapshot each.

use super::{Run, command, finish};

/// Rows of a usual terminal.
const ROWS: usize = 24;

const WIDTHS: [usize; 3] = [80, 120, 40];

/// The presets whose names begin so: there are some.
fn presets_of(kind: &str) -> Vec<String> {
    let found: Vec<String> = presets().into_iter().filter(|name| name.starts_with(kind)).collect();
    assert!(found.len() > 3, "{kind}: {found:?}");
    found
}

fn presets() -> Vec<String> {
    let list = finish(command(&["classify", "--simulate", "list"]));
    let names = list.stdout.lines().filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 20, "{}", list.stdout);
    names
}

fn run(arguments: &str, columns: usize) -> Run {
    let mut command = command(&arguments.split_whitespace().collect::<Vec<_>>());
    command.env("COLUMNS", columns.to_string());
    let run = finish(command);
    for line in run.stdout.lines() {
        assert!(line.chars().count() <= columns, "{arguments} at {columns}: {line}");
    }
    run
}

/// The pages at every width, under a line that says which; the verdict and what to do fit on the screen, with any characters.
fn pages(arguments: &str) -> String {
    for arguments in [arguments, &format!("{arguments} --ascii")] {
        for columns in [80, 120] {
            let page = run(arguments, columns).stdout;
            assert!(page.lines().count() <= ROWS, "{arguments}: {} rows:\n{page}", page.lines().count());
            assert!(page.is_ascii() || !arguments.contains("--ascii"), "{page}");
        }
    }
    let page = |columns| format!("== {arguments} at {columns} columns\n{}", run(arguments, columns).stdout);
    WIDTHS.map(page).join("\n")
}

#[test]
fn the_page_of_classify() {
    for preset in presets().into_iter().filter(|name| !name.starts_with("turn-")) {
        insta::assert_snapshot!(format!("classify-{preset}"), pages(&format!("classify --simulate {preset}")));
    }
}

#[test]
fn the_page_of_discover() {
    for preset in presets().into_iter().filter(|name| !name.starts_with("turn-") && !name.starts_with("gateway-")) {
        insta::assert_snapshot!(format!("discover-{preset}"), pages(&format!("discover --simulate {preset}")));
    }
}

#[test]
fn the_page_of_turn() {
    for preset in presets_of("turn-") {
        insta::assert_snapshot!(
            format!("{preset}"),
            pages(&format!("turn --simulate {preset} -u demo --password demo"))
        );
    }
}

#[test]
fn the_page_of_gateway() {
    let without = ["home-router", "public-host", "ipv6-only", "offline"].map(str::to_owned);
    for preset in presets_of("gateway-").into_iter().chain(without) {
        let plain = format!("gateway --simulate {preset}");
        insta::assert_snapshot!(
            format!("gateway-of-{preset}"),
            [pages(&plain), pages(&format!("{plain} --map"))].join("\n")
        );
    }
}

#[test]
fn the_page_of_ice_gather() {
    for preset in [
        "home-router",
        "symmetric",
        "public-host",
        "multi-wan",
        "ipv6-only",
        "ipv6-firewall",
        "hotel-udp-blocked",
        "offline",
        "dead-servers",
        "lying-servers",
        "turn-server",
        "turn-wrong-password",
        "turn-private-relay",
        "turn-udp-blocked",
    ] {
        let plain = format!("ice gather --simulate {preset}");
        insta::assert_snapshot!(
            format!("ice-gather-{preset}"),
            [pages(&plain), pages(&format!("{plain} --tcp"))].join("\n")
        );
    }
}

#[test]
fn the_page_of_peer_connect() {
    for (name, arguments) in [
        ("home", "home-router"),
        ("home-symmetric", "home-router --there symmetric"),
        ("idle", "full-cone --there symmetric --idle 30s"),
        ("relay", "turn-server --relay-only"),
        ("two-families", "ipv6-firewall --there ipv6-firewall"),
        ("blocked", "hotel-udp-blocked --there ipv6-firewall"),
        ("no-common-family", "ipv6-only --there home-router"),
        ("offline", "offline"),
    ] {
        insta::assert_snapshot!(format!("peer-connect-{name}"), pages(&format!("peer connect --simulate {arguments}")));
    }
}

/// Those that have no page of their own above fit too.
#[test]
fn every_page_fits_on_the_screen() {
    for preset in presets() {
        for command in
            ["classify", "classify --tcp --hairpin", "discover", "turn", "gateway", "ice gather", "peer connect"]
        {
            let run = run(&format!("{command} --simulate {preset}"), 80);
            assert!(run.stdout.lines().count() <= ROWS, "{command} {preset}:\n{}", run.stdout);
            assert!(!run.stdout.is_empty() || run.code == Some(2), "{command} {preset}: {}", run.stderr);
        }
    }
}

/// Predictions of every pair of a few sides, and all of them as a grid.
#[test]
fn every_prediction_fits_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let networks = [
        "home-router",
        "symmetric",
        "hotel-udp-blocked",
        "ipv6-firewall",
        "plain-servers",
        "dead-servers",
        "ipv6-only",
        "lying-servers",
    ];
    let path = |network: &str| folder.path().join(network).display().to_string();
    for network in networks {
        let report = super::run(&format!("classify --simulate {network} --json")).stdout;
        std::fs::write(path(network), report).unwrap();
    }
    let sides: Vec<String> =
        networks.map(path).into_iter().chain(["nat:ei;ipv6:apd,apd,ports=sequential".to_owned()]).collect();
    for columns in [80, 120] {
        for (index, a) in sides.iter().enumerate() {
            for b in &sides[index..] {
                let page = run(&format!("peer predict {a} {b}"), columns).stdout;
                assert!(
                    page.starts_with("SIMULATED") || page.starts_with("These") || page.starts_with("Not"),
                    "{page}"
                );
                assert!(page.lines().count() <= ROWS, "{a} {b}: {} rows:\n{page}", page.lines().count());
            }
        }
        let page = run(&format!("peer predict --matrix {}", sides[..8].join(" ")), columns).stdout;
        assert!(page.lines().count() <= ROWS && page.contains("pairs of 8 sides"), "{page}");
    }
}

/// However many entries a configuration has, and whatever is wrong with each, the verdict and what to do first stay on the screen.
#[test]
fn the_page_of_a_long_configuration_fits_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ice.json");
    for count in [2, 9, 60] {
        let entry = |number: usize| match number % 4 {
            0 => format!(r#"{{ "urls": "turn:nobody{number}.example.net", "username": "u", "credential": "p" }}"#),
            1 => format!(r#"{{ "urls": "turn:192.0.2.{number}", "username": "u", "credential": "wrong" }}"#),
            2 => format!(r#"{{ "urls": "turn:192.0.2.{number}?transport=quic" }}"#),
            _ => format!(r#"{{ "urls": "stun:stun{number}.example.net?transport=udp" }}"#),
        };
        let entries: Vec<String> = (0..count).map(entry).collect();
        std::fs::write(&path, format!("[{}]", entries.join(","))).unwrap();
        let arguments = format!("turn --simulate turn-server --ice-servers {}", path.display());
        for columns in [80, 120] {
            let page = run(&arguments, columns).stdout;
            assert!(page.lines().count() <= ROWS, "{count} at {columns}: {} rows:\n{page}", page.lines().count());
            assert!(page.contains("What to do:"), "{page}");
        }
        let all = run(&format!("{arguments} -v"), 120).stdout;
        for number in (0..count).step_by(4) {
            assert!(all.contains(&format!("nobody{number}.example.net")), "-v tells of each:\n{all}");
        }
    }
}
