//! Evidence is complete: whatever is measured here is judged again from the JSON of its report, and comes out the same.

use nat_probe::cli::{judge_again, saved};
use nat_probe::evidence::Evidence;
use nat_probe::measure::gateway::{GatewayAsked, GatewayOptions};
use nat_probe::measure::nat::plan::{ClassifyOptions, DiscoverOptions};
use nat_probe::measure::turn::{TurnAsked, TurnOptions, TurnTested};
use nat_probe::report::assemble::{Circumstances, assemble};
use nat_probe::report::document::{Classified, Discovered, Findings, NatFindings, NetworkKind};
use nat_probe::report::json::render;

#[track_caller]
pub(crate) fn classify(seen: &Evidence, options: &ClassifyOptions) {
    check("classify", seen, Findings::Classify(Classified { options: options.clone(), ..Classified::default() }));
}

#[track_caller]
pub(crate) fn discover(seen: &Evidence, options: &DiscoverOptions) {
    check("discover", seen, Findings::Discover(Discovered { options: options.clone(), nat: NatFindings::default() }));
}

#[track_caller]
pub(crate) fn turn(seen: &Evidence, options: &TurnOptions) {
    let options = TurnAsked { turn: Some(options.clone()), ..TurnAsked::default() };
    check("turn", seen, Findings::Turn(TurnTested { options, ..TurnTested::default() }));
}

#[track_caller]
pub(crate) fn gateway(seen: &Evidence, options: &GatewayOptions) {
    check("gateway", seen, Findings::Gateway(GatewayAsked { options: options.clone(), ..GatewayAsked::default() }));
}

#[track_caller]
fn check(command: &str, seen: &Evidence, asked: Findings) {
    let about = Circumstances { network: NetworkKind::Simulated, scenario: None, started_at: String::new() };
    let written = render(&assemble(about, seen.clone(), asked));
    let saved = saved::read(command, &written).unwrap_or_else(|(cause, _)| panic!("{cause}: {written}"));
    let again = render(&judge_again::judged(saved));
    let differing = written.lines().zip(again.lines()).find(|(written, again)| written != again);
    assert!(written == again, "judged again it is another: {differing:?}");
}
