//! Why nothing that speaks TURN was reached: the path, the port, the host, or what is there in place of a TURN server.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::cause::{Cause, failed, inconclusive};
use super::handshake;
use super::silence::{is_proven, lost};
use crate::evidence::key::{ServerStep, SocketRole, SocketStep, TurnStep};
use crate::evidence::{Exchange, Failure, FailureCode, Outcome};
use crate::measure::names;
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::Target;
use crate::wire::{EntryKind, Transport, escape};

/// What to look at where a proxy takes connections and the server behind it says nothing.
const BEHIND_PROXY: &str = "look whether the TURN server behind the proxy runs, listens where the proxy sends connections, and is sent a PROXY \
                            header only if it waits for one";

const BINDING: TurnStep = TurnStep::Server(ServerStep::Binding);
const ALLOCATE: TurnStep = TurnStep::On(SocketRole::First, SocketStep::Allocate);

/// Answers came from another address than was asked.
pub(super) fn elsewhere(target: &Target) -> Option<Cause> {
    let (asked, source) = target.elsewhere()?;
    let text = format!(
        "answers come from {source}, not from {} that was asked: clients ignore them, and NATs and firewalls drop them",
        asked.remote
    );
    let todo = "let the server answer from the address it is asked at: name each of its addresses, and mend its routing or the address \
                translation before it";
    Some(failed(Code::AnswersFromElsewhere, text, &target.cure(todo, &[Setting::Listening])))
}

/// The first failure of the system or the path.
fn failure<'a>(target: &Target<'a>) -> Option<(&'a Exchange, &'a crate::evidence::Failure)> {
    // Whoever answered Allocate was reached, whatever became of the Binding.
    let steps: &[TurnStep] = if target.reply(ALLOCATE).is_some() { &[] } else { &[ALLOCATE, BINDING] };
    steps.iter().filter_map(|step| target.find(*step)).find_map(|exchange| match &exchange.outcome {
        Outcome::Failed(failure) => Some((exchange, failure)),
        _ => None,
    })
}

/// Nothing that speaks TURN was reached.
pub(super) fn judge(target: &Target) -> Option<Cause> {
    let answers = |step: TurnStep| target.reply(step).is_some();
    if target.transport.is_secure()
        && let Some(found) = handshake::judge(target)
    {
        return Some(found);
    }
    let remote = target.remote;
    if let Some(place) =
        names::one_place(target.seen).filter(|(ip, _)| *ip == remote.ip() && !answers(BINDING) && !answers(ALLOCATE))
    {
        let fix = "log in to the network in a browser, if it asks for that; else look at its DNS, or write the address";
        return Some(failed(Code::NameFiltered, names::place_in_words(place), fix));
    }
    if target.transport == Transport::Tcp && target.speaks_tls(SocketRole::OverTls) {
        let text = format!("{remote} speaks TLS and was asked without");
        let fix = if target.entry.uri.starts_with("turns:") {
            "leave --transport out: turns: is asked over TLS by itself; or use the server's plain port (3478)"
        } else {
            "write turns: in place of turn:, or use the server's plain port (3478)"
        };
        return Some(failed(Code::TlsExpected, text, fix));
    }
    if let Some((_, failure)) = failure(target) {
        let text = escape(&failure.text);
        return Some(match failure.code {
            FailureCode::ConnectionRefused => closed(target, failure),
            FailureCode::NetworkUnreachable | FailureCode::HostUnreachable | FailureCode::Prohibited => {
                refused(target, failure)
            }
            FailureCode::LocalShortage | FailureCode::BindFailed => short(failure),
            FailureCode::Withheld => {
                let text = format!("the server sends its clients (300) to {remote}: {text}");
                failed(Code::Redirected, text, "correct the alternate server that it names")
            }
            FailureCode::NoAnswer => no_answer(target),
            FailureCode::DtlsNotBuilt => {
                let fix = "build it with cargo's --features dtls, or test turns: over TCP (leave ?transport=udp out)";
                inconclusive(Code::DtlsNotBuilt, text, fix)
            }
            FailureCode::NotStun if answers(BINDING) => {
                let text = format!("the server answers Binding, and Allocate by what is no STUN: {text}");
                failed(Code::ProtocolError, text, "look into the server's log; a box on the way may change messages")
            }
            FailureCode::NotStun => {
                let text = format!("something that is no STUN or TURN server answers there: {text}");
                failed(Code::NotStun, text, "check the port; a web server or a proxy may be in its place")
            }
            FailureCode::ConnectionClosed if target.is_secured() && !answers(BINDING) => {
                let text =
                    format!("TLS succeeded, and then: {text}: a TLS proxy whose backend is down, or another service");
                failed(Code::ConnectionClosed, text, &target.cure(BEHIND_PROXY, &[Setting::ProxyHeader]))
            }
            FailureCode::ConnectionClosed => {
                let fix = "look into the server's log; a proxy or a firewall may close connections, and so does a server that waits for a PROXY header, or \
                           gets one that it does not know";
                failed(Code::ConnectionClosed, text, fix)
            }
            _ => failed(Code::ProtocolError, text, "run again with -v to see every exchange"),
        });
    }
    let garbage = [ALLOCATE, BINDING].iter().find_map(|step| target.find(*step)?.not_stun.as_ref());
    if let Some(garbage) = garbage.filter(|_| !answers(BINDING) && !answers(ALLOCATE)) {
        let text = format!("what answers on {remote} is {garbage}");
        return Some(failed(Code::NotStun, text, "check the port; another service is in its place"));
    }
    let strays = [ALLOCATE, BINDING].iter().find_map(|step| target.find(*step)?.strays.as_ref());
    if let Some(strays) = strays.filter(|_| !answers(BINDING) && !answers(ALLOCATE)) {
        let text = format!(
            "{remote} does not answer, and {strays}: clients ignore that",
            strays = escape(&strays.to_string())
        );
        let fix = "update the server, or look for a box on the way that changes messages";
        return Some(failed(Code::ProtocolError, text, fix));
    }
    let silent = |step: TurnStep| target.find(step).is_some_and(Exchange::silent);
    if silent(ALLOCATE) && answers(BINDING) && !is_proven(target, ALLOCATE) {
        return Some(lost(target));
    }
    if silent(ALLOCATE) && answers(BINDING) {
        let text = format!("{remote} answers Binding and leaves Allocate without an answer: STUN only");
        return Some(failed(
            Code::StunOnly,
            text,
            &target.cure("switch TURN on at the server, or use a TURN server", &[Setting::Relaying]),
        ));
    }
    (silent(ALLOCATE) || silent(BINDING) && target.entry.kind == EntryKind::Stun).then(|| no_answer(target))
}

/// A port that is refused. Its host says so where nothing listens; anybody else is a firewall, and not every system tells who it was.
fn closed(target: &Target, failure: &Failure) -> Cause {
    let remote = target.remote;
    let over_udp = matches!(target.transport, Transport::Udp | Transport::Dtls);
    let what = match failure.by {
        Some(by) if by != remote.ip() => return refused(target, failure),
        None if over_udp => format!("nothing listens on {remote}, or a firewall refuses"),
        _ => format!("nothing listens on {remote}"),
    };
    let what = match also_refused(target) {
        0 => what,
        1 => format!("{what}, nor at another host, in whose names something on the way may refuse"),
        count => format!("{what}, nor at {count} others, in whose names something on the way may refuse"),
    };
    let fix = "check host and port, and that the server is running with this transport switched on";
    failed(Code::ConnectionRefused, format!("{what}: {}", escape(&failure.text)), fix)
}

/// How many other hosts refuse as this one does, where nobody answers at all.
fn also_refused(target: &Target) -> usize {
    let asked = || target.seen.exchanges.iter().filter(|one| target.family.has(one.remote.ip()));
    if asked().any(|one| one.reply().is_some()) {
        return 0;
    }
    let refuses = |one: &&Exchange| {
        matches!(&one.outcome, Outcome::Failed(Failure { code: FailureCode::ConnectionRefused, by, .. })
            if by.is_none_or(|by| by == one.remote.ip()))
    };
    let others: BTreeSet<_> =
        asked().filter(refuses).map(|one| one.remote.ip()).filter(|ip| *ip != target.remote.ip()).collect();
    others.len()
}

/// A refusal: by whom says of what. A router far away that knows no way shows that the family works as far as there.
fn refused(target: &Target, failure: &Failure) -> Cause {
    let text = escape(&failure.text);
    let unknown = |code, text: String, fix: &str| inconclusive(code, text, fix);
    let is_own = |by| target.seen.host_addresses.contains(&by);
    let mut of_family = target.seen.exchanges.iter().filter(|one| target.family.has(one.remote.ip()));
    match (failure.code, failure.by) {
        (FailureCode::NetworkUnreachable, None) if of_family.all(|one| one.reply().is_none()) => {
            let text = format!("this host has no way to that address family: {text}");
            unknown(Code::FamilyUnavailable, text, "test from a host that has it")
        }
        (FailureCode::NetworkUnreachable, None) => {
            let text = format!("this host itself has no route there: {text}");
            unknown(Code::LocalSocket, text, "look at this host's routes")
        }
        (FailureCode::Prohibited, None) => own_firewall(&text),
        (FailureCode::Prohibited | FailureCode::ConnectionRefused, Some(by)) if is_own(by) => own_firewall(&text),
        // Its own ICMP tells a host that nobody answered its ARP or neighbor discovery.
        (_, Some(by)) if is_own(by) => {
            let text =
                format!("nobody answers on this host's own network, neither the server nor a router to it: {text}");
            failed(Code::Unreachable, text, "check the address, that the server is on, and this host's router")
        }
        _ => failed(Code::Unreachable, text, "look for the firewall or the route that refuses"),
    }
}

fn own_firewall(text: &str) -> Cause {
    let text = format!("this host's own firewall refuses: {text}");
    inconclusive(Code::LocalSocket, text, "let it out in this host's firewall (its rules for what goes out)")
}

/// This host ran out of what a test takes: nothing follows for the server.
fn short(failure: &Failure) -> Cause {
    let text = format!("this host could not: {}", escape(&failure.text));
    let fix = "raise this host's limits (ulimit -n), or test fewer entries at once";
    inconclusive(Code::LocalSocket, text, fix)
}

/// Whether this host ran out of something in any step: then nothing that failed is the server's fault.
pub(super) fn shortage(target: &Target) -> Option<Cause> {
    target.exchanges().find_map(|one| match &one.outcome {
        Outcome::Failed(failure) if failure.code == FailureCode::LocalShortage => Some(short(failure)),
        _ => None,
    })
}

/// Nothing came. "Blocked" needs a control: the same way to somebody else, and another way to the same host.
fn no_answer(target: &Target) -> Cause {
    let remote = target.remote;
    let over = target.transport.name();
    let check = "check address and port, that the server runs, and the firewalls between";
    if matches!(target.transport, Transport::Udp | Transport::Dtls) {
        let (tcp, udp) = (target.find(ServerStep::OverTcp), control(target));
        return match tcp.map(|asked| &asked.outcome) {
            Some(Outcome::Reply(_)) => no_udp(target, udp),
            Some(Outcome::Failed(failure)) if failure.code == FailureCode::ConnectionRefused => {
                let elsewhere = match udp {
                    Control::Passes(other) => format!(", and UDP to {other} passes"),
                    Control::Silent => ", and nobody else answered over UDP either".to_owned(),
                    Control::Nobody => String::new(),
                };
                let text = format!(
                    "{remote} did not answer over {over}, and TCP to the same port was refused: the host is up, nothing listens there{elsewhere}"
                );
                failed(Code::NoAnswer, text, "start the server, or correct the port")
            }
            Some(_) => {
                let text = format!("{remote} did not answer over {over}, nor over TCP");
                let nobody = "; nor did anybody else that was asked: this host may be offline, or answers take longer than was waited";
                let text = if matches!(udp, Control::Silent) { text + nobody } else { text };
                failed(Code::NoAnswer, text, check)
            }
            // ICE asks a server in no other way than its URI says.
            None => failed(Code::NoAnswer, format!("{remote} did not answer over {over}"), check),
        };
    }
    if target.transport == Transport::Tcp && target.speaks_no_tls(SocketRole::OverTls) {
        let text = format!(
            "{remote} takes connections, leaves STUN without an answer and answers TLS by what is no TLS: something else listens there, a web \
             server for example"
        );
        let fix =
            "check the port; if there is a load balancer, whether it adds a PROXY header that the server does not know";
        return failed(Code::NotStun, text, fix);
    }
    if target.is_secured() {
        let text = format!(
            "{remote} speaks TLS, and what is asked inside gets no answer: a TLS proxy whose backend is silent, or another service"
        );
        return failed(Code::NoAnswer, text, &target.cure(BEHIND_PROXY, &[Setting::ProxyHeader]));
    }
    if target.connected() {
        let text = format!("{remote} takes connections and says nothing over {over}");
        let fix = "check the port, and that the server runs; behind a load balancer, that one side does not wait for a PROXY header which the \
                   other leaves out";
        return failed(Code::NoAnswer, text, &target.cure(fix, &[Setting::ProxyHeader]));
    }
    failed(Code::NoAnswer, format!("{remote} did not answer over {over}"), check)
}

/// What UDP to others shows while this server is silent.
#[derive(Clone, Copy)]
enum Control {
    /// That one answered.
    Passes(SocketAddr),
    /// None answered.
    Silent,
    /// There was nobody to ask, or it did not come to an end.
    Nobody,
}

fn control(target: &Target) -> Control {
    let asked = || target.seen.within(&target.key.controls());
    match asked().find(|one| one.answer().is_some()) {
        Some(answered) => Control::Passes(answered.remote),
        None if asked().next().is_some() && asked().all(Exchange::silent) => Control::Silent,
        None => Control::Nobody,
    }
}

/// Silent over UDP, and there over TCP.
fn no_udp(target: &Target, control: Control) -> Cause {
    let remote = target.remote;
    let offer = "offer turn:...?transport=tcp and turns: beside UDP";
    match control {
        Control::Silent => {
            // Servers that are all asked on one port tell nothing of others.
            let mut ports = target.seen.within(&target.key.controls()).map(|one| one.remote.port());
            let port = remote.port();
            let what = if ports.all(|other| other == port) {
                format!("UDP is blocked on the way, all of it or to port {port}")
            } else {
                "UDP is blocked on the way".to_owned()
            };
            let text =
                format!("{remote} is silent over UDP and answers over TCP, and nobody else answers over UDP: {what}");
            failed(Code::UdpBlockedUseTcp, text, &format!("{offer}, or open UDP to the server in the firewall"))
        }
        Control::Passes(other) => {
            // Who answers on the same port shows that the way lets that port pass.
            let what = if other.port() == remote.port() {
                "it is this server, or a firewall before it".to_owned()
            } else {
                format!(
                    "UDP port {} is blocked on the way, or it is this server, or a firewall before it",
                    remote.port()
                )
            };
            let text = format!("{remote} is silent over UDP and answers over TCP, while UDP to {other} passes: {what}");
            let fix = format!(
                "look whether the server listens on UDP (coturn: no-udp) and its firewall lets the port in; until then {offer}"
            );
            failed(Code::NoAnswer, text, &fix)
        }
        Control::Nobody => {
            let text = format!(
                "{remote} is silent over UDP and answers over TCP; whether that is the server's doing or the way's could not be told: nobody else \
                 was there to ask over UDP"
            );
            failed(Code::NoAnswer, text, &format!("name a STUN server with --server to tell; until then {offer}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{PLAIN, Scene};

    fn code(scene: &Scene) -> Option<Code> {
        judge(&scene.target()).map(|(_, found)| found.code)
    }

    fn silent_over_udp() -> Scene {
        let mut scene = Scene::udp();
        scene.silent("binding");
        scene.silent("a/allocate");
        scene
    }

    #[test]
    fn a_server_that_answers_allocate_was_reached() {
        let mut scene = Scene::udp();
        scene.challenged("a", "example.org");
        scene.failed("binding", FailureCode::ConnectionRefused);
        assert_eq!(code(&scene), None);
    }

    #[test]
    fn what_the_system_or_the_path_says_is_told() {
        for (failure, wanted) in [
            (FailureCode::ConnectionRefused, Code::ConnectionRefused),
            (FailureCode::NetworkUnreachable, Code::FamilyUnavailable),
            (FailureCode::Prohibited, Code::LocalSocket),
            (FailureCode::NotStun, Code::NotStun),
            (FailureCode::LocalShortage, Code::LocalSocket),
        ] {
            let mut scene = Scene::udp();
            scene.failed("binding", failure);
            scene.failed("a/allocate", failure);
            assert_eq!(code(&scene), Some(wanted), "{failure:?}");
        }
    }

    #[test]
    fn who_refuses_a_port_says_of_what() {
        let own = "10.0.0.2";
        for (by, wanted, listens) in [
            (Some("192.0.2.10"), Code::ConnectionRefused, Some("nothing listens on 192.0.2.10:3478: ")),
            (None, Code::ConnectionRefused, Some("or a firewall refuses: ")),
            (Some("192.0.2.254"), Code::Unreachable, None),
            (Some(own), Code::LocalSocket, None),
        ] {
            let mut scene = Scene::udp();
            scene.seen.host_addresses.push(own.parse().unwrap());
            let text = "send to 192.0.2.10:3478: refused".to_owned();
            let by = by.map(|by| by.parse().unwrap());
            scene.failed("binding", FailureCode::ConnectionRefused).outcome =
                Outcome::Failed(Failure { code: FailureCode::ConnectionRefused, text, by });
            let (_, found) = judge(&scene.target()).unwrap();
            assert_eq!(found.code, wanted, "{by:?}");
            let says = found.text.contains("nothing listens");
            assert!(says == listens.is_some() && found.text.contains(listens.unwrap_or("")), "{by:?}: {}", found.text);
        }
    }

    #[test]
    fn udp_is_blocked_only_if_nobody_answers_over_it() {
        let mut scene = silent_over_udp();
        assert_eq!(code(&scene), Some(Code::NoAnswer), "nor over TCP");
        scene.bound("tcp", PLAIN);
        assert_eq!(code(&scene), Some(Code::NoAnswer), "nobody was asked who would tell");
        scene.silent("control/0");
        assert_eq!(code(&scene), Some(Code::UdpBlockedUseTcp));
        scene.bound("control/0/empty-change-request", PLAIN);
        assert_eq!(code(&scene), Some(Code::NoAnswer), "UDP to others passes");
    }

    #[test]
    fn a_server_that_answers_binding_alone_is_a_stun_server() {
        let mut scene = Scene::udp();
        scene.bound("binding", PLAIN);
        scene.silent("a/allocate");
        assert_eq!(code(&scene), Some(Code::StunOnly));
        scene.silent("a/allocate").sends = 1;
        assert_eq!(code(&scene), Some(Code::Undetermined), "it may have been lost");
    }
}
