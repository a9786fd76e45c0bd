//! miniupnpd on the gateway: a home router's usual server of PCP, NAT-PMP and UPnP.

use std::fs::{self, File};
use std::net::{TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::netns::{tool, within};
use super::{cage, nat};

/// The chains that miniupnpd writes mappings into.
const CHAINS: &str = "
table inet filter {
    chain forward {
        type filter hook forward priority filter
        jump miniupnpd
    }
    chain miniupnpd { }
    chain prerouting {
        type nat hook prerouting priority dstnat
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority srcnat
        jump postrouting_miniupnpd
    }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
}";

/// It makes no mappings where the address outside is none of the internet, and that of the lab is for documentation: so it is told
/// another, which nobody in the cage has.
pub(crate) const EXTERNAL: &str = "9.10.11.12";

/// A home router on which miniupnpd may map ports.
pub(crate) fn router() -> nat::Gateway {
    let nat::Gateway { lan, rules } = nat::home_router();
    nat::Gateway { lan, rules: rules + CHAINS }
}

/// Starts it on the gateway without UPnP, and waits until it answers; more lines of its configuration may be added.
pub(crate) fn start(more: &str) {
    run("enable_natpmp=yes\nenable_upnp=no", more, answers);
}

/// The same with UPnP, and with nothing else.
pub(crate) fn start_upnp(more: &str) {
    let listens = || TcpStream::connect("10.0.0.1:5000").is_ok();
    run("enable_natpmp=no\nenable_upnp=yes\nhttp_port=5000\nuuid=00000000-0000-0000-0000-000000000001", more, listens);
}

/// The same with all that it speaks.
pub(crate) fn start_all(more: &str) {
    run("enable_natpmp=yes\nenable_upnp=yes\nhttp_port=5000\nuuid=00000000-0000-0000-0000-000000000001", more, answers);
}

fn run(protocols: &str, more: &str, answers: fn() -> bool) {
    let daemon = cage::need("/usr/sbin/miniupnpd", "Debian packages miniupnpd and miniupnpd-nftables");
    let configuration = format!(
        "ext_ifname=wan\nlistening_ip=lan\n{protocols}\nsecure_mode=yes\n\
         upnp_table_name=filter\nupnp_nat_table_name=filter\nupnp_forward_chain=miniupnpd\n\
         upnp_nat_chain=prerouting_miniupnpd\nupnp_nat_postrouting_chain=postrouting_miniupnpd\n{more}\n"
    );
    fs::write("/run/miniupnpd.conf", configuration).expect("a file");
    let said = File::create("/run/miniupnpd.log").expect("a log");
    let mut command = Command::new(daemon);
    command.args(["-d", "-f", "/run/miniupnpd.conf", "-P", "/run/miniupnpd.pid"]).stdin(Stdio::null());
    command.stderr(said.try_clone().expect("a log")).stdout(said);
    within("gateway", || command.spawn().expect("miniupnpd"));
    let patience = Instant::now() + Duration::from_secs(10);
    while !within("client", answers) {
        assert!(
            Instant::now() < patience,
            "no answer: {}",
            fs::read_to_string("/run/miniupnpd.log").unwrap_or_default()
        );
    }
}

/// Whether it answers the question for the external address (RFC 6886 section 3.2), whatever it says.
fn answers() -> bool {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a free port");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let mut answer = [0; 16];
    socket.send_to(&[0, 0], "10.0.0.1:5351").is_ok()
        && socket.recv_from(&mut answer).is_ok_and(|(length, _)| length >= 8 && answer[1] == 0x80)
}

/// How many ports it forwards now, as the kernel has it.
pub(crate) fn forwarded() -> usize {
    within("gateway", || tool("nft", "list chain inet filter prerouting_miniupnpd")).matches("dnat").count()
}
