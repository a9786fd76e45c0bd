//! Advice that follows from how the servers answered.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::case::{Case, list};
use super::commands;
use crate::evidence::{Exchange, FailureCode, Outcome, ReasonCode};
use crate::measure::nat::advice_code::AdviceCode;
use crate::measure::nat::finding::{Connectivity, FilteringBehavior, MappingBehavior, OtherPath, PoolingBehavior};
use crate::measure::nat::refusal::Refuser;
use crate::measure::witness::{self, DoubtCode};
use crate::report::document::{Advice, ServerRow};
use crate::wire::Transport;

/// Rows of servers that answered over this family.
fn answered<'a>(case: &'a Case) -> impl Iterator<Item = (&'a ServerRow, IpAddr)> {
    case.report.servers().iter().filter_map(|row| {
        let mapped = row.believed()?.ip();
        let of_family = row.address.is_some_and(|address| case.family.has(address.ip()));
        of_family.then_some((row, mapped))
    })
}

/// Which servers saw which address of those that one address of this host has: others are known to leave another way.
fn witnesses<'a>(case: &'a Case) -> BTreeMap<IpAddr, Vec<&'a str>> {
    let own = case.found.local_address;
    let elsewhere = |ip: IpAddr| {
        let other = |path: &&OtherPath| path.local_address.is_some() && path.local_address != own;
        case.found.other_paths.iter().filter(other).any(|path| path.public_addresses.contains(&ip))
    };
    let mut seen: BTreeMap<IpAddr, Vec<&str>> = BTreeMap::new();
    for (row, ip) in answered(case).filter(|(_, ip)| !elsewhere(*ip)) {
        let names = seen.entry(ip).or_default();
        if !names.contains(&row.server.as_str()) {
            names.push(&row.server);
        }
    }
    seen
}

/// What is wrong with a server's view of us is for its operator: the user can do nothing about it.
pub(super) fn not_believed(case: &Case) -> Option<Advice> {
    let of_family = |row: &&ServerRow| row.address.is_some_and(|address| case.family.has(address.ip()));
    let mut told: Vec<(&str, DoubtCode)> = Vec::new();
    for row in case.report.servers().iter().filter(of_family) {
        if let Some(doubt) = row.disbelieved.as_ref().filter(|doubt| !doubt.code.is_near())
            && !told.iter().any(|(server, _)| *server == row.server)
        {
            told.push((&row.server, doubt.code));
        }
    }
    let mut cures: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for (server, code) in told {
        match cures.iter_mut().find(|(known, _)| *known == cure(code)) {
            Some((_, servers)) => servers.push(server),
            None => cures.push((cure(code), vec![server])),
        }
    }
    let sentence = |(cure, servers): &(&str, Vec<&str>)| {
        format!("If {} is yours: {cure}.", list(servers).replace(" and ", " or "))
    };
    let sentences: Vec<String> = cures.iter().map(sentence).collect();
    if sentences.is_empty() {
        return None;
    }
    case.info(
        AdviceCode::ServerNotBelieved,
        format!("Some servers were not believed, which hinders nothing here. {}", sentences.join(" ")),
    )
}

/// What its operator can do.
fn cure(code: DoubtCode) -> &'static str {
    match code {
        DoubtCode::OwnAddress
        | DoubtCode::OtherServersAddress
        | DoubtCode::ImpossibleAddress
        | DoubtCode::OtherFamily => {
            "a UDP proxy or balancer before it hides who asks; let packets reach it with their source unchanged (the balancer in \
             transparent mode, the container on the host's network, IPv6 on the server itself)"
        }
        DoubtCode::PrivateAddress
        | DoubtCode::PrivateLocalAddress
        | DoubtCode::PrivateNetwork
        | DoubtCode::Disagrees => {
            "something before it rewrites the source of what comes in; switch that off (no SNAT or masquerade there, in Kubernetes \
             externalTrafficPolicy: Local)"
        }
        DoubtCode::SameForAll | DoubtCode::Unknown => {
            "it reports an address that it did not see; compare its configuration with its manual"
        }
        DoubtCode::OtherSource => {
            "it answers from another address than it was asked at; bind it to each of its addresses (coturn: listening-ip) and check \
             the routing"
        }
    }
}

/// Whether servers answered over the other address family: this host is online.
fn other_family_answers(case: &Case) -> bool {
    case.report.evidence.iter().any(|one| !case.family.has(one.remote.ip()) && one.mapped().is_some())
}

pub(super) fn nothing_answered(case: &Case) -> Option<Advice> {
    let code = case.found.reason.as_ref().map_or(ReasonCode::NoAnswer, |reason| reason.code);
    let believed = answered(case).next().is_some();
    if case.found.connectivity != Connectivity::Inconclusive || believed || witness::REASONS.contains(&code) {
        return None;
    }
    let name = case.name();
    let other = if case.is_discover() { commands::DISCOVER_OTHER_SERVER } else { commands::OTHER_SERVER };
    let silent = matches!(code, ReasonCode::NoAnswer | ReasonCode::NothingAnswered);
    if let Some(text) = refused(case).filter(|_| silent) {
        return case.error(AdviceCode::NoServerAnswered, text).map(|advice| advice.trying(other));
    }
    let text = match (code, kept_back(case).filter(|_| silent)) {
        (ReasonCode::NoServerOfFamily, _) => {
            let text = format!("None of the servers has an {name} address that can be asked: name one that has.");
            return case.info(AdviceCode::NoServerOfFamily, text).map(|advice| advice.trying(other));
        }
        (ReasonCode::NamesUnresolved, _) => {
            "No server's name could be looked up: check that this host is online and its DNS works, or name a server by address."
                .to_owned()
        }
        (_, Some(text)) => text,
        _ if silent && other_family_answers(case) => format!(
            "No server answered over {name}, while the other family works: this host has {name} that leads nowhere, which programs lose time \
             with, or the servers have none: look at the router's and the provider's {name}."
        ),
        _ if silent && case.is_discover() => {
            format!("No server answered over {name}: check that this host is online; classify tells whether UDP is blocked.")
        }
        _ if silent => {
            format!("No server answered over {name}: check that this host is online, or name servers that are known to work.")
        }
        _ => return None,
    };
    // What passes besides, or whether it is the servers' fault, is the next question.
    let next = if silent && case.is_discover() { commands::CLASSIFY } else { other };
    case.error(AdviceCode::NoServerAnswered, text).map(|advice| advice.trying(next))
}

/// What to do about whoever kept the questions from the servers, this host or somebody on the way.
fn kept_back(case: &Case) -> Option<String> {
    let asked: Vec<&Exchange> =
        of_family_over_udp(case).filter(|exchange| exchange.request.control().is_none()).collect();
    let name = case.name();
    match Refuser::of_most(&asked, &[])?.0 {
        Refuser::OwnFirewall => Some(format!(
            "This host's own firewall refuses {name} UDP: let it out there (nft, iptables, the firewall of the system)."
        )),
        Refuser::NoNeighbor => Some(format!(
            "Nobody on this host's own network takes its {name} packets: check the cable or Wi-Fi, and whether the router is on."
        )),
        Refuser::Forbids(by) => Some(format!(
            "{by}, on the way, refuses to let {name} UDP out: ask whoever runs this network, or use another one."
        )),
        Refuser::NoWay(by) => {
            Some(format!("{by}, on the way, has no way to the servers: check that it is connected itself."))
        }
        Refuser::Server => None,
    }
}

/// What was asked over UDP and this family.
fn of_family_over_udp<'a>(case: &'a Case) -> impl Iterator<Item = &'a Exchange> {
    case.report.evidence.iter().filter(|exchange| {
        exchange.transport == Transport::Udp && case.family.has(exchange.remote.ip()) && exchange.sends > 0
    })
}

/// What is wrong where every server itself said that nothing listens: the way there is in order.
fn refused(case: &Case) -> Option<String> {
    let mut remotes: Vec<SocketAddr> = Vec::new();
    for exchange in of_family_over_udp(case) {
        let Outcome::Failed(failure) = &exchange.outcome else { return None };
        if failure.code != FailureCode::ConnectionRefused || failure.by.is_some_and(|by| by != exchange.remote.ip()) {
            return None;
        }
        if !remotes.contains(&exchange.remote) {
            remotes.push(exchange.remote);
        }
    }
    let up: Vec<String> = remotes
        .iter()
        .map(|remote| format!("{} is up, but no STUN server listens on port {}", remote.ip(), remote.port()))
        .collect();
    match &up[..] {
        [] => None,
        [one] => Some(format!("{one}.")),
        // Whoever turns all of it away on the way may do so in their names.
        [one, _] => Some(format!(
            "{one}; nor at another that is up. Or something on the way refuses in their names: try another network."
        )),
        [one, ..] => Some(format!(
            "{one}; nor at {} others that are up. Or something on the way refuses in their names: try another network.",
            up.len() - 1
        )),
    }
}

/// Where one server stands against at least two that agree: its name, the address that it saw and the one that all others saw.
pub(super) fn outlier<'a>(case: &'a Case) -> Option<(&'a str, IpAddr, IpAddr)> {
    let seen = witnesses(case);
    let mut counted: Vec<(&IpAddr, &Vec<&str>)> = seen.iter().collect();
    counted.sort_by_key(|(_, names)| names.len());
    match counted[..] {
        [(odd, alone), (usual, names)] if alone.len() == 1 && names.len() >= 2 => Some((alone[0], *odd, *usual)),
        _ => None,
    }
}

/// Servers that report wrong addresses exist; one against several is more often that than a second exit.
pub(super) fn one_differs(case: &Case) -> Option<Advice> {
    let (server, odd, usual) = outlier(case)?;
    case.warning(
        AdviceCode::ServerDisagrees,
        format!(
            "{server} saw {odd} while all others saw {usual}: the way there leaves through another exit, or that server is wrong. Leave it \
             out and run again."
        ),
    )
}

pub(super) fn several_exits(case: &Case) -> Option<Advice> {
    let mut seen: Vec<IpAddr> = witnesses(case).into_keys().collect();
    if seen.len() < 2 {
        seen.clone_from(&case.found.public_addresses);
    }
    // A host without NAT that has several addresses uses each where its routes say.
    let translated = case.found.mapping.behavior != MappingBehavior::None;
    if seen.len() < 2 || !translated || pools(case) || outlier(case).is_some() {
        return None;
    }
    case.warning(
        AdviceCode::SeveralExits,
        format!(
            "Servers saw several addresses ({}): two providers, a VPN for a part, or a pool. Bind the software to one interface.",
            list(&seen)
        ),
    )
}

pub(super) fn pools(case: &Case) -> bool {
    case.found.pooling.as_ref().is_some_and(|pooling| pooling.behavior == PoolingBehavior::Arbitrary)
}

/// What a test of the filter meets at its servers.
const SERVER_FAULTS: [ReasonCode; 5] = [
    ReasonCode::ChangeRequestIgnored,
    ReasonCode::ChangeRequestRefused,
    ReasonCode::UnexpectedSource,
    ReasonCode::AlternateDead,
    ReasonCode::ControlFailed,
];

/// What another run, with more patience, may tell.
const PASSING: [ReasonCode; 5] = [
    ReasonCode::TooLossy,
    ReasonCode::PathLost,
    ReasonCode::RepeatsDisagree,
    ReasonCode::MappingUnstable,
    ReasonCode::Deadline,
];

/// The reasons of the verdicts that are inconclusive.
fn inconclusive_because(case: &Case) -> Vec<ReasonCode> {
    let mapping = (case.found.mapping.behavior == MappingBehavior::Inconclusive).then_some(&case.found.mapping.reason);
    let filtering =
        (case.found.filtering.behavior == FilteringBehavior::Inconclusive).then_some(&case.found.filtering.reason);
    let reasons = [filtering, mapping].into_iter().flatten().flatten();
    reasons.map(|reason| reason.code).collect()
}

pub(super) fn no_second_address(case: &Case) -> Option<Advice> {
    let lacking = |code: &ReasonCode| [ReasonCode::NoSecondAddress, ReasonCode::DependentKindUnknown].contains(code);
    if answered(case).next().is_none() || !inconclusive_because(case).iter().any(lacking) {
        return None;
    }
    case.warning(
        AdviceCode::NoRfc5780Server,
        format!(
            "No server that answered over {} has a second address, without which filtering cannot be tested (RFC 5780): name one that has.",
            case.name()
        ),
    )
    .map(|advice| advice.trying(commands::OTHER_SERVER))
}

pub(super) fn unfit(case: &Case) -> Option<Advice> {
    let fault = inconclusive_because(case).into_iter().find(|code| SERVER_FAULTS.contains(code))?;
    // What they say themselves is theirs; a silence of their other addresses may be the path's.
    let text = match fault {
        ReasonCode::AlternateDead | ReasonCode::ControlFailed => {
            "The servers' other address or port was not heard, which the test needs: that is their doing, unless something on the way lets \
             only some ports, or few flows at once, pass. Try other servers."
        }
        _ => "The servers did not do what the test needs, which says nothing about this network: try other servers.",
    };
    case.warning(AdviceCode::ServerFaults, text).map(|advice| advice.trying(commands::OTHER_SERVER))
}

/// For whoever runs that server: nothing is wrong with the network tested.
pub(super) fn withholding(case: &Case) -> Option<Advice> {
    let servers = &case.found.filtering.withheld_by;
    if servers.is_empty() {
        return None;
    }
    case.info(
        AdviceCode::ServerWithholdsAnswers,
        format!(
            "What {} was asked to send from another address or port stayed out although such answers of another server were let in: \
             its own firewall lets out only answers to what came in (a stateful security group), or it honors CHANGE-REQUEST only \
             sometimes. Whoever runs it has to open outgoing UDP from both addresses and ports; this network is not concerned.",
            list(servers)
        ),
    )
}

pub(super) fn run_again(case: &Case) -> Option<Advice> {
    inconclusive_because(case).into_iter().find(|code| PASSING.contains(code))?;
    case.warning(
        AdviceCode::RunAgain,
        "The path was too unsteady, or the time too short, for every verdict: run again while little else uses the connection.",
    )
    .map(|advice| advice.trying(commands::THOROUGH))
}

#[cfg(test)]
mod tests {
    use crate::evidence::ReasonCode;
    use crate::measure::nat::advice_code::AdviceCode;
    use crate::report::advice::{advise, codes};
    use crate::report::sample;

    #[test]
    fn nothing_answered_at_all() {
        let mut report = sample::ipv4(sample::inconclusive(ReasonCode::NoAnswer, "no server answered"));
        report.servers_mut().retain(|row| row.mapped.is_none());
        assert_eq!(codes(&report), ["no-server-answered"]);
    }

    #[test]
    fn servers_that_lack_or_break_what_the_test_needs() {
        let report = sample::plain_servers();
        assert!(codes(&report).contains(&"no-rfc5780-server".to_owned()));
        let mut report = sample::plain_servers();
        report.families_mut().ipv4.as_mut().unwrap().filtering.reason.as_mut().unwrap().code =
            ReasonCode::ChangeRequestIgnored;
        assert!(codes(&report).contains(&"server-faults".to_owned()));
        assert!(!codes(&report).contains(&"no-rfc5780-server".to_owned()));
        report.families_mut().ipv4.as_mut().unwrap().filtering.reason.as_mut().unwrap().code = ReasonCode::TooLossy;
        assert!(codes(&report).contains(&"run-again".to_owned()));
        assert!(
            codes(&sample::discover()).iter().all(|code| code != AdviceCode::NoRfc5780Server.to_string().as_str()),
            "not asked is no fault"
        );
    }

    #[test]
    fn a_server_that_keeps_its_answers_back_is_named() {
        let mut report = sample::home_router();
        assert!(!codes(&report).contains(&"server-withholds-answers".to_owned()));
        let filtering = &mut report.families_mut().ipv4.as_mut().unwrap().filtering;
        filtering.withheld_by = vec!["stun2.example.org:3478".to_owned()];
        let advice =
            advise(&report).into_iter().find(|advice| advice.code == AdviceCode::ServerWithholdsAnswers).unwrap();
        assert!(advice.text.starts_with("What stun2.example.org:3478 was asked"), "{}", advice.text);
    }

    #[test]
    fn one_against_many_and_many_against_many() {
        let mut report = sample::ipv4(sample::nat(
            crate::evidence::Behavior::EndpointIndependent,
            crate::evidence::Behavior::EndpointIndependent,
        ));
        report.servers_mut()[1].mapped = Some("203.0.113.8:51034".parse().unwrap());
        assert!(codes(&report).contains(&"several-exits".to_owned()), "one against one");
        let mut third = report.servers()[0].clone();
        third.server = "stun4.example.org".to_owned();
        report.servers_mut().push(third);
        assert!(codes(&report).contains(&"server-disagrees".to_owned()));
        assert!(!codes(&report).contains(&"several-exits".to_owned()));
        let text = &advise(&report).into_iter().find(|advice| advice.code == AdviceCode::ServerDisagrees).unwrap().text;
        assert!(text.contains("stun2.example.org:3478 saw 203.0.113.8 while all others saw 203.0.113.7"), "{text}");
    }
}
