//! The pages of every simulated network at the widths that terminals have, read as they stand: a snapshot a network.

use super::{command, finish};

/// Rows of a usual terminal.
const ROWS: usize = 24;

const WIDTHS: [usize; 3] = [80, 120, 40];

fn presets() -> Vec<String> {
    let list = finish(command(&["classify", "--simulate", "list"]));
    let names = list.stdout.lines().filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 20, "{}", list.stdout);
    names
}

fn page(arguments: &str, columns: usize) -> String {
    let mut command = command(&arguments.split_whitespace().collect::<Vec<_>>());
    command.env("COLUMNS", columns.to_string());
    let page = finish(command).stdout;
    for line in page.lines() {
        assert!(line.chars().count() <= columns, "{arguments} at {columns}: {line}");
    }
    page
}

/// The pages at every width, under a line that says which.
fn pages(arguments: &str) -> String {
    let page = |columns| format!("== {arguments} at {columns} columns\n{}", page(arguments, columns));
    WIDTHS.map(page).join("\n")
}

#[test]
fn the_page_of_classify_leaves_the_verdict_on_the_screen() {
    for preset in presets().into_iter().filter(|name| !name.starts_with("turn-")) {
        let arguments = format!("classify --simulate {preset}");
        let shown = page(&arguments, 80);
        assert!(shown.lines().count() <= ROWS, "{} lines:\n{shown}", shown.lines().count());
        let plain = page(&format!("{arguments} --ascii"), 80);
        assert!(plain.is_ascii() && plain.lines().count() <= ROWS, "{plain}");
        insta::assert_snapshot!(format!("classify-{preset}"), pages(&arguments));
    }
}

#[test]
fn the_page_of_discover_is_short() {
    for preset in
        ["home-router", "symmetric", "ipv6-firewall", "hotel-udp-blocked", "dead-servers", "lying-servers", "offline"]
    {
        let arguments = format!("discover --simulate {preset}");
        assert!(page(&arguments, 80).lines().count() <= ROWS);
        insta::assert_snapshot!(format!("discover-{preset}"), pages(&arguments));
    }
}

#[test]
fn the_page_of_turn_says_what_works_and_what_to_do() {
    for preset in presets().into_iter().filter(|name| name.starts_with("turn-")) {
        insta::assert_snapshot!(
            format!("{preset}"),
            pages(&format!("turn --simulate {preset} -u demo --password demo"))
        );
    }
}

#[test]
fn the_page_of_gateway_says_what_the_router_does_and_what_to_do() {
    let presets = presets().into_iter().filter(|name| name.starts_with("gateway-"));
    for preset in presets.chain(["home-router".to_owned(), "public-host".to_owned(), "ipv6-only".to_owned()]) {
        let plain = format!("gateway --simulate {preset}");
        assert!(page(&plain, 80).lines().count() <= ROWS);
        insta::assert_snapshot!(
            format!("gateway-of-{preset}"),
            [pages(&plain), pages(&format!("{plain} --map"))].join("\n")
        );
    }
}
