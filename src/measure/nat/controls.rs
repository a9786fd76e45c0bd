//! What tells a blocked path from a blocked port, from a filter for STUN, and from servers that are shut: questions that are put only
//! where nothing answered over UDP, so that an ordinary run sends nothing more.
//!
//! Silence on one port says nothing of another, and a firewall that drops STUN may let everything else pass. UDP is called blocked
//! only after other ports of the servers, a Binding without the magic cookie and, where this host's name server is outside, a question
//! to that were silent as well.

use std::net::SocketAddr;

use super::finding::BlockedPort;
use super::first;
use crate::evidence::key::{ControlKey, FamilySocket, NatKey, NatTest, Reach};
use crate::evidence::{Ask, Evidence, Exchange, Failure, Outcome, Patience, Reason, ReasonCode};
use crate::wire::{Control, Family, Request, Scope, Transport};

/// Sends without any answer after which controls are asked: the better part of a second into the run.
const SENDS_BEFORE: u32 = 5;
/// Servers that are asked on other ports, and without cookie.
const SERVERS: usize = 2;
/// Ports on which STUN servers are found beside their own: that of HTTPS, the second of RFC 5780's servers, that of TLS and DTLS,
/// Google's, the usual one.
const PORTS: [u16; 5] = [443, SECOND_PORT, 5349, 19_302, 3478];
const SECOND_PORT: u16 = 3479;
/// Other ports that a server is asked on: with what it is asked beside, fewer than ten transactions in a second.
const PORTS_ASKED: usize = 4;
/// Name servers asked.
const NAME_SERVERS: usize = 2;
/// The number of the question of DNS to a server that is none.
const POSING: usize = NAME_SERVERS;
const DNS_PORT: u16 = 53;
/// Silent servers that it takes to blame a port, and of those the ones that are shown to be alive over TCP.
const WITNESSES: usize = 2;

/// So much longer than two round trips an exchange over TCP takes only where something was lost on the way, or held back: a SYN is
/// sent again after a second (RFC 6298 section 2.1).
const UNSTEADY_MS: f64 = 300.0;

/// Whether it was asked so often that something else may be tried.
fn waited_long(exchange: &Exchange) -> bool {
    match exchange.outcome {
        Outcome::Pending | Outcome::Abandoned { .. } => exchange.sends >= SENDS_BEFORE,
        Outcome::Silence { .. } => true,
        Outcome::Failed(_) => !first::failed_here(exchange),
        Outcome::Reply(_) | Outcome::Looped { .. } => false,
    }
}

/// The controls that are to be asked, given the questions to the servers so far: none while one of them may still be answered.
#[must_use]
pub(crate) fn asks(seen: &Evidence, family: Family, asked: &[&Exchange]) -> Vec<Ask> {
    let all_waited = asked.iter().all(|exchange| waited_long(exchange) || exchange.settled());
    let heard = asked.iter().any(|exchange| exchange.reply().is_some());
    if asked.is_empty() || heard || !all_waited {
        return Vec::new();
    }
    let mut silent: Vec<&Exchange> = Vec::new();
    for exchange in asked.iter().filter(|exchange| waited_long(exchange) && !refused_by_itself(exchange)) {
        if silent.len() < SERVERS && silent.iter().all(|other| other.remote.ip() != exchange.remote.ip()) {
            silent.push(exchange);
        }
    }
    if silent.is_empty() {
        return Vec::new();
    }
    let ask = |what, server, remote, control| Ask {
        request: Request { control: Some(control), ..Request::default() }.into(),
        patience: Patience::Silence,
        ..Ask::binding(NatTest::Control(what).over(family), server, FamilySocket::Control.over(family), remote)
    };
    let mut asks = Vec::new();
    for (number, exchange) in silent.into_iter().enumerate() {
        let (server, remote) = (exchange.server, exchange.remote);
        asks.push(ask(ControlKey::Rfc3489(server), server, remote, Control::Rfc3489));
        let others = PORTS.into_iter().filter(|port| asked.iter().all(|one| one.remote.port() != *port));
        // Should the path only be slow to wake, the filter's test needs a server whose second port nobody has contacted.
        let others = others.filter(|port| number > 0 || *port != SECOND_PORT);
        for port in others.take(PORTS_ASKED) {
            let remote = SocketAddr::new(remote.ip(), port);
            asks.push(ask(ControlKey::OtherPort(server, port), server, remote, Control::OtherPort));
        }
    }
    let outside = |remote: &&SocketAddr| family.has(remote.ip()) && Scope::of(remote.ip()) == Scope::Public;
    let outside =
        seen.name_servers.iter().flatten().filter(outside).filter(|remote| !seen.host_addresses.contains(&remote.ip()));
    for (number, &remote) in outside.take(NAME_SERVERS).enumerate() {
        asks.push(ask(ControlKey::Dns(number), asked[0].server, remote, Control::Dns));
        // Many networks answer DNS themselves, in the name of whomever it is meant for: a STUN server knows no names.
        let server = SocketAddr::new(asked[0].remote.ip(), DNS_PORT);
        if number == 0 && server.ip() != remote.ip() {
            asks.push(ask(ControlKey::Dns(POSING), asked[0].server, server, Control::Dns));
        }
    }
    // On a path that loses much or was asleep, all that was sent may have been lost at the same few moments.
    for exchange in unsteady(seen, family).into_iter().take(SERVERS) {
        if let Some(udp) = asked.iter().find(|udp| udp.remote.ip() == exchange.remote.ip()) {
            asks.push(ask(ControlKey::Again(udp.server), udp.server, udp.remote, Control::Again));
        }
    }
    asks
}

/// The answers over TCP that took far longer than the round trips in them.
fn unsteady(seen: &Evidence, family: Family) -> Vec<&Exchange> {
    let took_long = |exchange: &&Exchange| {
        let rtt_ms = exchange.reply().map(|reply| reply.rtt_ms);
        let took_ms = exchange.ended_ms.map(|ended| ended - exchange.started_ms);
        rtt_ms.zip(took_ms).is_some_and(|(rtt, took)| took - 2.0 * rtt > UNSTEADY_MS)
    };
    seen.of(family, Transport::Tcp).filter(took_long).collect()
}

/// What the controls showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// None was asked, or none came to its end.
    Nothing,
    /// Every one of them failed as well: these words say what was tried.
    Failed(String),
    /// UDP passes: why servers are silent all the same, as far as can be told.
    Passes(Reason),
}

/// What the controls show of the path.
#[must_use]
pub(crate) fn judge(seen: &Evidence, family: Family) -> Shown {
    let all: Vec<&Exchange> = seen.within(&NatKey::controls(family)).collect();
    let of = |control: Control| all.iter().copied().filter(move |one| one.request.control() == Some(control));
    let silent: Vec<&Exchange> = seen.of(family, Transport::Udp).filter(|one| one.reply().is_none()).collect();
    let count = distinct(&silent);
    let servers = format!("{count} of {count} servers");
    let ports = ports(&silent);
    if let Some(one) = of(Control::Rfc3489).find(|one| one.answer().is_some()) {
        let text = format!(
            "UDP gets out, and STUN does not: {} answers a request without STUN's magic cookie and none with it, so that something on the way drops STUN",
            one.remote
        );
        return Shown::Passes(Reason::new(ReasonCode::StunBlocked, text));
    }
    if let Some(one) = of(Control::Again).find(|one| one.reply().is_some()) {
        let text = format!(
            "UDP gets out and back ({} answers), after so much was lost or held back on the way that nothing else was learnt: run it again",
            one.remote
        );
        return Shown::Passes(Reason::new(ReasonCode::TooLossy, text));
    }
    let others = || of(Control::OtherPort);
    let posing = seen.find(&NatTest::Control(ControlKey::Dns(POSING)).over(family));
    let dns = || of(Control::Dns).filter(|one| posing.is_none_or(|posing| posing.id != one.id));
    let everybody = |does: fn(&Exchange) -> bool| posing.is_some_and(does);
    let named = dns().find(|one| one.reply().is_some()).filter(|_| !everybody(|one| one.reply().is_some()));
    let reached = dns().find(|one| refused_by_itself(one)).filter(|_| !everybody(refused_by_itself));
    let reached = others().find(|one| refused_by_itself(one)).or(reached);
    // An ICMP error shows that UDP got there, and not that an answer over UDP would have come back.
    if let Some(one) = others().find(|one| one.reply().is_some()).or(named.and(reached)) {
        let how = if one.reply().is_some() { "answers" } else { "is reached, and refuses by itself" };
        // A single server may just not be running.
        if count < WITNESSES {
            let text = format!(
                "UDP gets to the server ({} {how}), and its {ports} stays silent: nothing answers there, or that port is blocked",
                one.remote
            );
            return Shown::Passes(Reason::new(ReasonCode::NoAnswer, text));
        }
        let text = format!(
            "UDP {ports} is blocked on the way, or at the servers: {servers} stay silent there, while {} {how}",
            one.remote
        );
        return Shown::Passes(Reason::new(ReasonCode::PortBlocked, text));
    }
    if let Some(one) = named {
        let text = format!(
            "UDP gets out (the name server {} answers), and {servers} stay silent on {ports}: STUN or its ports are blocked on the way, or the servers are shut",
            one.remote
        );
        let code = if count < WITNESSES { ReasonCode::NoAnswer } else { ReasonCode::UdpPasses };
        return Shown::Passes(Reason::new(code, text));
    }
    if let Some(one) = reached {
        let text = format!(
            "UDP gets out ({} is reached, and refuses by itself), and nothing came back over UDP: the servers do not answer on {ports}, \
             which may be blocked, or a firewall on the way or of this host keeps answers out",
            one.remote
        );
        let code = if count < WITNESSES { ReasonCode::NoAnswer } else { ReasonCode::NoControl };
        return Shown::Passes(Reason::new(code, text));
    }
    if let Some(posing) = posing.filter(|posing| posing.reply().is_some()) {
        let text = format!(
            "{servers} stay silent on {ports}; that DNS is answered shows nothing of UDP, for {} answers it too, which is a STUN server: \
             something on the way answers in other names",
            posing.remote
        );
        return Shown::Passes(Reason::new(ReasonCode::NoControl, text));
    }
    let failed =
        |one: &&Exchange| one.silent() || matches!(one.outcome, Outcome::Failed(_)) && !first::failed_here(one);
    let unsure = !unsteady(seen, family).is_empty() && of(Control::Again).next().is_none();
    if all.is_empty() || unsure || !all.iter().all(failed) {
        return Shown::Nothing;
    }
    let mut tried: Vec<String> = of(Control::OtherPort).map(|one| one.remote.port().to_string()).collect();
    tried.sort_unstable_by_key(|port| port.parse::<u16>().unwrap_or_default());
    tried.dedup();
    let dns = if of(Control::Dns).next().is_some() { ", nor this host's name server" } else { "" };
    Shown::Failed(format!("nothing answered on UDP ports {} either{dns}", tried.join(", ")))
}

/// A port over UDP that is silent at several servers which are alive, while others answer on another port.
#[must_use]
pub(crate) fn blocked_port(seen: &Evidence, family: Family) -> Option<BlockedPort> {
    let asked = first::exchanges(seen, family);
    let passing = asked.iter().copied().find(|one| one.reply().is_some())?;
    suspects(&asked).into_iter().find_map(|port| {
        let here = asked.iter().copied().filter(|one| one.remote.port() == port && waited_long(one));
        let alive = |one: &&Exchange| {
            let over_tcp = seen.find(&first::key(family, Reach::Tcp, one.server));
            over_tcp.is_some_and(|over_tcp| over_tcp.reply().is_some())
        };
        let dumb: Vec<&Exchange> = here.filter(alive).collect();
        (distinct(&dumb) >= WITNESSES).then(|| BlockedPort {
            port,
            summary: format!(
                "UDP port {port} is blocked on the way, or at the servers: {} servers that answer over TCP stay silent there, while {} passes ({} answers)",
                distinct(&dumb),
                passing.remote.port(),
                passing.remote
            ),
            because: dumb.iter().chain([&passing]).map(|one| one.id.clone()).collect(),
        })
    })
}

/// The servers that are to be asked over TCP whether they are alive, since their port over UDP is silent and others pass.
#[must_use]
pub(crate) fn doubted<'a>(asked: &[&'a Exchange]) -> Vec<&'a Exchange> {
    let ports = suspects(asked);
    let here = |one: &&&Exchange| ports.contains(&one.remote.port()) && waited_long(one);
    asked.iter().filter(here).copied().take(WITNESSES + 1).collect()
}

/// Ports on which several servers are silent and none answers, where another port passes.
fn suspects(asked: &[&Exchange]) -> Vec<u16> {
    let answers = |port: u16| asked.iter().any(|one| one.remote.port() == port && one.reply().is_some());
    let mut ports: Vec<u16> = asked.iter().map(|one| one.remote.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    if !ports.iter().any(|port| answers(*port)) {
        return Vec::new();
    }
    let dumb = |port: u16| -> Vec<&Exchange> {
        let here = asked.iter().copied().filter(|one| one.remote.port() == port);
        here.filter(|one| waited_long(one) && !matches!(one.outcome, Outcome::Failed(_))).collect()
    };
    ports.retain(|port| !answers(*port) && distinct(&dumb(*port)) >= WITNESSES);
    ports
}

/// Whether the very host that was asked says that nothing listens: UDP got there.
#[must_use]
pub(crate) fn refused_by_itself(exchange: &Exchange) -> bool {
    matches!(&exchange.outcome, Outcome::Failed(Failure { by: Some(by), .. }) if *by == exchange.remote.ip())
}

/// How many hosts the exchanges went to.
#[must_use]
pub(crate) fn distinct(exchanges: &[&Exchange]) -> usize {
    let mut ips: Vec<_> = exchanges.iter().map(|exchange| exchange.remote.ip()).collect();
    ips.sort_unstable();
    ips.dedup();
    ips.len()
}

/// The ports that the exchanges went to, in words.
fn ports(exchanges: &[&Exchange]) -> String {
    let mut ports: Vec<u16> = exchanges.iter().map(|exchange| exchange.remote.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    let words: Vec<String> = ports.iter().take(4).map(u16::to_string).collect();
    format!("port{} {}", if ports.len() == 1 { "" } else { "s" }, words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NAT, Scene};
    use super::*;
    use crate::evidence::FailureCode;

    const ONE: &str = "192.0.2.1:3478";
    const TWO: &str = "198.51.100.1:3478";
    const ROUTER: &str = "192.168.1.1";

    /// Servers of which none answered over UDP.
    fn dead(servers: &[&str]) -> Scene {
        let mut scene = Scene::of(servers);
        for (number, at) in servers.iter().enumerate() {
            scene.silent(&format!("ipv4/reach/udp/{number}"), at);
        }
        scene
    }

    fn shown(scene: &Scene) -> Shown {
        judge(&scene.seen, Family::Ipv4)
    }

    fn passes(scene: &Scene) -> ReasonCode {
        match shown(scene) {
            Shown::Passes(reason) => reason.code,
            other => panic!("UDP passes: {other:?}"),
        }
    }

    #[test]
    fn where_none_was_asked_nothing_is_shown() {
        assert_eq!(shown(&dead(&[ONE, TWO])), Shown::Nothing);
    }

    #[test]
    fn whoever_answers_without_the_cookie_shows_a_filter_for_stun() {
        let mut scene = dead(&[ONE, TWO]);
        scene.told("ipv4/control/rfc3489/0", ONE, &format!("{NAT}:5000"));
        assert_eq!(passes(&scene), ReasonCode::StunBlocked);
    }

    #[test]
    fn an_answer_to_the_same_question_later_is_loss_and_no_filter() {
        let mut scene = dead(&[ONE, TWO]);
        scene.silent("ipv4/control/rfc3489/0", ONE);
        scene.told("ipv4/control/again/1", TWO, &format!("{NAT}:5000"));
        assert_eq!(passes(&scene), ReasonCode::TooLossy);
    }

    /// A port is blamed where several servers are silent on it: one alone may just not be running.
    #[test]
    fn another_port_that_answers_blames_the_port_of_several_servers_only() {
        for (servers, code) in [(&[ONE, TWO][..], ReasonCode::PortBlocked), (&[ONE], ReasonCode::NoAnswer)] {
            let mut scene = dead(servers);
            scene.told("ipv4/control/port/0/443", "192.0.2.1:443", &format!("{NAT}:5000"));
            assert_eq!(passes(&scene), code, "{servers:?}");
        }
    }

    /// A port that is closed at the server itself was reached, which its ICMP error tells, not UDP; a router's word says nothing of the
    /// server.
    #[test]
    fn a_refusal_shows_the_way_out_alone_and_only_from_the_host_that_was_asked() {
        let refused_by = |by| {
            let mut scene = dead(&[ONE, TWO]);
            scene.refused("ipv4/control/port/0/443", "192.0.2.1:443", FailureCode::ConnectionRefused, Some(by));
            scene
        };
        assert_eq!(
            passes(&refused_by("192.0.2.1")),
            ReasonCode::NoControl,
            "whether an answer comes back was not seen"
        );
        let mut answered = refused_by("192.0.2.1");
        answered.told("ipv4/control/dns/0", "203.0.113.53:53", &format!("{NAT}:5000"));
        assert_eq!(passes(&answered), ReasonCode::PortBlocked, "answers come back, from a name server");
        assert!(matches!(shown(&refused_by(ROUTER)), Shown::Failed(_)));
    }

    #[test]
    fn a_name_server_outside_that_answers_shows_that_udp_passes() {
        for (servers, code) in [(&[ONE, TWO][..], ReasonCode::UdpPasses), (&[ONE], ReasonCode::NoAnswer)] {
            let mut scene = dead(servers);
            scene.silent("ipv4/control/rfc3489/0", ONE);
            scene.told("ipv4/control/dns/0", "203.0.113.53:53", &format!("{NAT}:5000"));
            assert_eq!(passes(&scene), code, "{servers:?}");
        }
    }

    /// Networks that answer DNS themselves do so in whosever name: that a STUN server answers it gives them away.
    #[test]
    fn a_name_server_shows_nothing_where_everybody_answers_dns() {
        let scene = || {
            let mut scene = dead(&[ONE, TWO]);
            scene.silent("ipv4/control/rfc3489/0", ONE);
            scene.told("ipv4/control/dns/0", "203.0.113.53:53", &format!("{NAT}:5000"));
            scene
        };
        let (mut itself, mut posing) = (scene(), scene());
        itself.silent("ipv4/control/dns/2", "192.0.2.1:53");
        assert_eq!(passes(&itself), ReasonCode::UdpPasses);
        posing.told("ipv4/control/dns/2", "192.0.2.1:53", &format!("{NAT}:5000"));
        assert_eq!(passes(&posing), ReasonCode::NoControl);
    }

    #[test]
    fn udp_is_blocked_only_when_every_control_has_failed() {
        let mut scene = dead(&[ONE, TWO]);
        scene.silent("ipv4/control/rfc3489/0", ONE);
        scene.silent("ipv4/control/port/0/3479", "192.0.2.1:3479");
        scene.silent("ipv4/control/port/0/443", "192.0.2.1:443");
        let Shown::Failed(words) = shown(&scene) else { panic!("all were silent") };
        assert!(words.contains("443, 3479"), "{words}");
        assert!(!words.contains("name server"), "none was asked: {words}");
        scene.asks("ipv4/control/dns/0", "203.0.113.53:53");
        assert_eq!(shown(&scene), Shown::Nothing, "one is not over");
    }

    /// What never left this host says nothing of the path.
    #[test]
    fn a_control_that_failed_on_this_host_shows_nothing() {
        let mut scene = dead(&[ONE, TWO]);
        scene.silent("ipv4/control/rfc3489/0", ONE);
        scene.refused("ipv4/control/port/0/443", "192.0.2.1:443", FailureCode::NetworkUnreachable, None);
        assert_eq!(shown(&scene), Shown::Nothing);
    }

    /// Over TCP something was held back for seconds: the path may have been as dead for UDP then, so UDP is asked again first.
    #[test]
    fn a_path_that_held_tcp_back_is_asked_again_before_udp_is_called_blocked() {
        let mut scene = dead(&[ONE, TWO]);
        scene.silent("ipv4/control/rfc3489/0", ONE);
        let slow = scene.told("ipv4/reach/tcp/0", ONE, &format!("{NAT}:5000"));
        slow.ended_ms = Some(slow.started_ms + 1_500.0);
        assert_eq!(shown(&scene), Shown::Nothing);
        scene.silent("ipv4/control/again/0", ONE);
        assert!(matches!(shown(&scene), Shown::Failed(_)));
    }

    /// Two servers that are silent on their port, alive over TCP or not, and a third one that answers on another port.
    fn beside_one_that_answers(alive: [bool; 2]) -> Scene {
        let mut scene = dead(&[ONE, TWO]);
        let third = Scene::of(&["203.0.113.3:443"]).seen.servers;
        scene.seen.servers.extend(third);
        scene.told("ipv4/reach/udp/2", "203.0.113.3:443", &format!("{NAT}:5000"));
        for (number, (at, alive)) in [ONE, TWO].into_iter().zip(alive).enumerate() {
            let name = format!("ipv4/reach/tcp/{number}");
            if alive {
                scene.told(&name, at, &format!("{NAT}:6000"));
            } else {
                scene.silent(&name, at);
            }
        }
        scene
    }

    #[test]
    fn a_port_is_blocked_where_two_servers_are_silent_on_it_that_live() {
        let found = blocked_port(&beside_one_that_answers([true, true]).seen, Family::Ipv4).expect("3478 is blocked");
        assert_eq!((found.port, found.because.len()), (3478, 3));
        assert!(blocked_port(&beside_one_that_answers([true, false]).seen, Family::Ipv4).is_none(), "one may be down");
        assert!(blocked_port(&dead(&[ONE, TWO]).seen, Family::Ipv4).is_none(), "nothing passes on any port");
    }

    #[test]
    fn a_port_on_which_somebody_answers_is_not_blocked() {
        let mut scene = beside_one_that_answers([true, true]);
        scene.seen.servers.extend(Scene::of(&["203.0.113.4:3478"]).seen.servers);
        scene.told("ipv4/reach/udp/3", "203.0.113.4:3478", &format!("{NAT}:5000"));
        assert!(blocked_port(&scene.seen, Family::Ipv4).is_none());
    }
}
