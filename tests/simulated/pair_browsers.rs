//! What real browsers did behind pairs of real NATs (`tests/lab/browsers.rs` makes the tables) is what is predicted of these NATs.

use std::collections::BTreeMap;

use nat_probe::evidence::Behavior;
use nat_probe::predict::{Answer, FamilySide, Possible, Side, TurnServer, predict, side::Reach, side::Translation};
use nat_probe::wire::Transport;

const OUTCOMES: [(&str, &str); 2] =
    [("Chromium", include_str!("../browsers/chromium.tsv")), ("Firefox", include_str!("../browsers/firefox.tsv"))];

/// A side by the word that the table has for it.
fn side(word: &str) -> Side {
    let behavior = |name: &str| Behavior::ALL.into_iter().find(|behavior| behavior.name() == name).expect("a behavior");
    let family = match word.split_once(':') {
        Some(("nat", behaviors)) => {
            let (mapping, filtering) = behaviors.split_once(',').expect("mapping and filtering");
            FamilySide::described(behavior(mapping).into(), behavior(filtering))
        }
        Some(("firewall", filtering)) => FamilySide::described(Translation::None, behavior(filtering)),
        _ => {
            assert_eq!(word, "udp-blocked");
            FamilySide { reach: Possible::known(Reach::UdpBlocked), ..FamilySide::default() }
        }
    };
    Side { apart: true, ipv4: Some(family), ipv6: Some(FamilySide::unavailable()), ..Side::default() }
}

/// The TURN server of the lab, as both browsers were given it.
fn servers() -> Vec<TurnServer> {
    let over = |transport: Transport| TurnServer {
        uri: format!("turn:198.51.100.33?transport={}", transport.name()),
        transport,
    };
    vec![over(Transport::Udp), over(Transport::Tcp)]
}

#[test]
fn browsers_do_what_is_predicted() {
    let mut wrong = Vec::new();
    for (browser, outcomes) in OUTCOMES {
        let mut pairs: BTreeMap<&str, usize> = BTreeMap::new();
        for line in outcomes.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [here, there, turn, outcome, ..] = columns[..] else { panic!("{line}") };
            let servers = if turn == "turn" { servers() } else { Vec::new() };
            let predicted = predict(&side(here), &side(there), Some(&servers)).prediction;
            // A host without UDP gathers for 12 s, and Firefox waits for the other's candidates for 11: it gives up before they come,
            // which RFC 8863 forbids. Only where the other's filter lets the relay's packets in unasked does it not need them.
            let impatient = browser == "Firefox" && turn == "turn" && there == "udp-blocked";
            let agrees = match outcome {
                "failed" if impatient => true,
                "direct" => predicted.is_direct() || predicted == Answer::Possible,
                "relay" => matches!(predicted, Answer::Relay | Answer::Possible),
                "failed" => matches!(predicted, Answer::Impossible | Answer::Possible),
                other => panic!("{other}"),
            };
            if !agrees {
                wrong.push(format!("{browser} {line}: predicted {predicted:?}"));
            }
            *pairs.entry(turn).or_default() += 1;
        }
        assert!(["-", "turn"].iter().all(|turn| pairs.get(turn).is_some_and(|&count| count >= 12)), "{pairs:?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
