//! What one side could change to make it direct: each change is tried, and the answer looked at.

use super::closed::Possible;
use super::pair::{one, remaining};
use super::prediction::{Answer, Change, ChangeCode, Which};
use super::side::{FamilySide, Hairpin, Reach, Side, Translation};
use super::words::family_name;
use crate::evidence::Behavior;
use crate::wire::Family;

/// Every change of one side that makes it direct. Only where nothing is left open: what could not be told is to be measured first.
pub(super) fn changes(a: &Side, b: &Side) -> Vec<Change> {
    let answer = one(&remaining(a, b));
    if answer.is_direct() || answer == Answer::Inconclusive {
        return Vec::new();
    }
    let mut found = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        for side in Which::BOTH {
            let (this, other) = if side == Which::A { (a, b) } else { (b, a) };
            let direct = |changed: FamilySide| {
                let mut changed_side = this.clone();
                *changed_side.family_mut(family) = Some(changed);
                let (a, b) = if side == Which::A { (&changed_side, other) } else { (other, &changed_side) };
                one(&remaining(a, b)).is_direct()
            };
            for code in useful(this.family(family), direct) {
                found.push(Change { side, code, family, text: text(side, code, family) });
            }
        }
    }
    found
}

/// The least change of each kind that helps.
fn useful(side: Option<&FamilySide>, direct: impl Fn(FamilySide) -> bool) -> Vec<ChangeCode> {
    let Some(side) = side else { return Vec::new() };
    let reached = FamilySide { reach: Possible::known(Reach::Passes), ..side.clone() };
    // A new connection comes with a firewall that lets in answers, if with nothing better.
    let strict = Possible::known(Behavior::AddressAndPortDependent);
    let own = FamilySide { mapping: Possible::known(Translation::None), filtering: strict.clone(), ..reached.clone() };
    match side.reach.only() {
        Some(Reach::Unavailable) => direct(own).then_some(ChangeCode::AddressFamily).into_iter().collect(),
        Some(Reach::UdpBlocked | Reach::StunBlocked) => {
            let out =
                FamilySide { mapping: Possible::known(Translation::EndpointIndependent), filtering: strict, ..reached };
            direct(out).then_some(ChangeCode::LetUdpOut).into_iter().collect()
        }
        _ => {
            let filtering = |filtering| FamilySide { filtering: Possible::known(filtering), ..side.clone() };
            let independent = Possible::known(Translation::EndpointIndependent);
            let anybody = Possible::known(Behavior::EndpointIndependent);
            let mapping = FamilySide { mapping: independent.clone(), ..side.clone() };
            let mapped = FamilySide { mapping: independent, filtering: anybody, ..side.clone() };
            let turned = FamilySide { hairpinning: Possible::known(Hairpin::Works), ..side.clone() };
            let opened =
                || direct(filtering(Behavior::AddressDependent)) || direct(filtering(Behavior::EndpointIndependent));
            let translated = !side.mapping.may_be(Translation::None);
            let tried = [
                (ChangeCode::EndpointIndependentMapping, translated && direct(mapping)),
                (ChangeCode::OpenFiltering, opened()),
                (ChangeCode::MapPort, translated && direct(mapped)),
                (ChangeCode::Hairpinning, direct(turned)),
            ];
            tried.into_iter().filter(|(_, helps)| *helps).map(|(code, _)| code).collect()
        }
    }
}

fn text(side: Which, code: ChangeCode, family: Family) -> String {
    let (side, family) = (side.letter(), family_name(family));
    match code {
        ChangeCode::LetUdpOut => {
            format!("let UDP out of the network of {side} ({family}), if its NAT then maps endpoint-independently")
        }
        ChangeCode::MapPort => {
            format!("have a port mapped on {side}'s router, by hand or by PCP, NAT-PMP or UPnP ({family})")
        }
        ChangeCode::EndpointIndependentMapping => {
            format!(
                "have {side}'s NAT map endpoint-independently ({family}; routers call it \"full cone\" or \"static port\")"
            )
        }
        ChangeCode::OpenFiltering => {
            format!("have {side}'s NAT or firewall let in any port of an address that was sent to ({family})")
        }
        ChangeCode::Hairpinning => {
            format!("turn on hairpinning (NAT loopback) on the NAT that both are behind ({family})")
        }
        ChangeCode::AddressFamily => format!("get {family} for {side}"),
        ChangeCode::Unknown => String::new(),
    }
}
