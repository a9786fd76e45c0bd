//! What is known of a side, in a few lines.

use crate::evidence::Behavior;
use crate::predict::closed::{Closed, Possible};
use crate::predict::side::{Reach, SideSource, Translation};
use crate::predict::{FamilySide, Side, Which};
use crate::report::family_name;
use crate::report::view::page::Page;
use crate::report::view::tint::Tint;
use crate::wire::Family;

/// A name as long as it may be without `-v`: of a path the end tells most, of a description the beginning.
const NAME: usize = 72;

pub(super) fn write(page: &mut Page, which: Which, side: &Side, in_full: bool) {
    let letter = which.letter();
    let name = page.clean(&side.name);
    let name = if in_full { name } else { shortened(&name, side.source) };
    page.lines(Tint::Strong, &format!("{letter}  "), "   ", &name);
    for family in [Family::Ipv4, Family::Ipv6] {
        let found = side.family(family);
        // A family that is not there is told of in the reason, where it matters.
        if !in_full
            && found.is_some_and(is_absent)
            && [Family::Ipv4, Family::Ipv6].iter().any(|other| has(side, *other))
        {
            continue;
        }
        let text = found.map_or_else(|| "not known".to_owned(), |found| told(found, in_full));
        page.lines(Tint::Plain, "   ", "     ", &format!("{}: {text}", family_name(family)));
    }
}

fn shortened(name: &str, source: SideSource) -> String {
    let length = name.chars().count();
    match source {
        _ if length <= NAME => name.to_owned(),
        SideSource::Description => format!("{}...", name.chars().take(NAME - 3).collect::<String>()),
        _ => format!("...{}", name.chars().skip(length + 3 - NAME).collect::<String>()),
    }
}

fn is_absent(side: &FamilySide) -> bool {
    side.reach.only() == Some(Reach::Unavailable)
}

fn has(side: &Side, family: Family) -> bool {
    side.family(family).is_some_and(|found| !is_absent(found))
}

fn told(side: &FamilySide, in_full: bool) -> String {
    match side.reach.only() {
        Some(Reach::Unavailable) => return "none".to_owned(),
        Some(Reach::UdpBlocked) => return "UDP does not get out".to_owned(),
        Some(Reach::StunBlocked) => return "STUN does not get out".to_owned(),
        Some(Reach::Passes) | None => {}
    }
    let seen = side.addresses.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let seen = if seen.is_empty() || !in_full { String::new() } else { format!(", seen as {seen}") };
    let through = if side.nat64 { "through NAT64, " } else { "" };
    let reach = if side.reach.only().is_none() { "whether UDP gets out is not known; " } else { "" };
    format!("{reach}{through}{}{seen}", behaviors(side))
}

fn behaviors(side: &FamilySide) -> String {
    let filtering = among(&side.filtering, "filtering", Behavior::name);
    match side.mapping.only() {
        Some(Translation::None) => format!("no NAT, {filtering}"),
        Some(mapping) if side.filtering.only() == Some(mapping.behavior()) => {
            format!("{} mapping and filtering", mapping.behavior().name())
        }
        _ if side.mapping.is_unknown() && side.filtering.is_unknown() => {
            "neither mapping nor filtering known".to_owned()
        }
        // Something translates, and nothing more is known.
        _ if !side.mapping.may_be(Translation::None) && side.mapping.values().len() == Behavior::ALL.len() => {
            format!("a NAT, its mapping not known, {filtering}")
        }
        _ => format!("{}, {filtering}", among(&side.mapping, "mapping", translation)),
    }
}

fn translation(mapping: Translation) -> &'static str {
    match mapping {
        Translation::None => "no",
        mapping => mapping.behavior().name(),
    }
}

/// The values that remain, as words before what they are of.
fn among<T: Closed>(possible: &Possible<T>, of: &str, name: impl Fn(T) -> &'static str) -> String {
    if possible.is_unknown() {
        return format!("{of} not known");
    }
    let words: Vec<&str> = possible.values().iter().map(|value| name(*value)).collect();
    format!("{} {of}", words.join(" or "))
}
