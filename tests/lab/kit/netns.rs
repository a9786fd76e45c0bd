//! Network namespaces, and running things in them.

use std::fs;
use std::panic::resume_unwind;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};

/// Runs a system tool; a refusal ends the story.
pub(crate) fn tool(name: &str, arguments: &str) -> String {
    let output = Command::new(name).args(arguments.split_whitespace()).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{name} {arguments}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes a namespace with a loopback, forwarding packets, trusting every source address and every IPv6 address at once, and sending
/// as many ICMP errors as there are reasons: by default Linux saves on them, so that one run would starve the next.
pub(crate) fn create(name: &str) {
    tool("ip", &format!("netns add {name}"));
    within(name, || {
        for (knob, value) in [
            ("ipv4/ip_forward", "1"),
            ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"),
            ("ipv4/icmp_ratelimit", "0"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv6/icmp/ratelimit", "0"),
            ("ipv6/conf/default/accept_dad", "0"),
            ("ipv6/conf/default/dad_transmits", "0"),
        ] {
            let written = fs::write(format!("/proc/sys/net/{knob}"), value);
            // a kernel without IPv6 has no such knobs; its stories fail by themselves
            assert!(written.is_ok() || knob.starts_with("ipv6"), "{knob}: {written:?}");
        }
    });
    tool("ip", &format!("-n {name} link set lo up"));
}

/// One end of a cable: in which namespace, named how, with which addresses.
pub(crate) struct Plug<'a> {
    pub namespace: &'a str,
    pub interface: &'a str,
    pub addresses: &'a [&'a str],
}

/// Lays a cable, and waits until both ends know that it is plugged in: IPv6 does not work before.
pub(crate) fn cable(one: &Plug, other: &Plug) {
    // Every end gets an index of its own. The kernel tells the ends of a cable by them, and where both happen to have the
    // same it reports the carrier with the other slow news, up to a second late.
    static INDEX: AtomicU32 = AtomicU32::new(100);
    let [this, that] = [one, other].map(|plug| {
        let index = INDEX.fetch_add(1, Ordering::Relaxed);
        format!("{} netns {} index {index}", plug.interface, plug.namespace)
    });
    tool("ip", &format!("link add {this} type veth peer name {that}"));
    for Plug { namespace, interface, addresses } in [one, other] {
        for address in *addresses {
            let at_once = if address.contains(':') { "nodad" } else { "" };
            tool("ip", &format!("-n {namespace} addr add {address} dev {interface} {at_once}"));
        }
        tool("ip", &format!("-n {namespace} link set {interface} up"));
    }
    let patience = Instant::now() + Duration::from_secs(5);
    for Plug { namespace, interface, .. } in [one, other] {
        while !tool("ip", &format!("-n {namespace} link show {interface} up")).contains("state UP") {
            assert!(Instant::now() < patience, "{namespace}'s {interface} never came up");
        }
    }
}

/// Acts inside a namespace: sockets opened and processes started there stay there.
pub(crate) fn within<T: Send>(namespace: &str, act: impl FnOnce() -> T + Send) -> T {
    let place = format!("/run/netns/{namespace}");
    let acting = || {
        let door = fs::File::open(&place).unwrap_or_else(|error| panic!("{place}: {error}"));
        setns(door, CloneFlags::CLONE_NEWNET).unwrap_or_else(|error| panic!("{place}: {error}"));
        act()
    };
    thread::scope(|scope| scope.spawn(acting).join()).unwrap_or_else(|panic| resume_unwind(panic))
}

/// Loads nftables rules in a namespace, in place of those it had, and forgets every connection.
pub(crate) fn rules(namespace: &str, rules: &str) {
    let file = format!("/run/{namespace}.nft");
    fs::write(&file, format!("flush ruleset\n{rules}")).unwrap();
    within(namespace, || {
        tool("nft", &format!("-f {file}"));
        tool("conntrack", "-F");
    });
}
