//! What is known of a side, in a few lines.

use crate::evidence::Behavior;
use crate::predict::closed::{Closed, Possible};
use crate::predict::side::{Reach, Translation};
use crate::predict::{FamilySide, Side, Which};
use crate::report::family_name;
use crate::report::view::page::Page;
use crate::report::view::tint::Tint;
use crate::wire::Family;

pub(super) fn write(page: &mut Page, which: Which, side: &Side) {
    let letter = which.letter();
    page.lines(Tint::Strong, &format!("{letter}  "), "   ", &side.name);
    for family in [Family::Ipv4, Family::Ipv6] {
        let text = side.family(family).map_or_else(|| "not known".to_owned(), told);
        page.lines(Tint::Plain, "   ", "     ", &format!("{}: {text}", family_name(family)));
    }
    for remark in &side.remarks {
        page.lines(Tint::Warning, "   ! ", "     ", remark);
    }
}

fn told(side: &FamilySide) -> String {
    match side.reach.only() {
        Some(Reach::Unavailable) => return "none".to_owned(),
        Some(Reach::UdpBlocked) => return "UDP does not get out".to_owned(),
        Some(Reach::StunBlocked) => return "STUN does not get out".to_owned(),
        Some(Reach::Passes) | None => {}
    }
    let seen = side.addresses.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let seen = if seen.is_empty() { String::new() } else { format!(", seen as {seen}") };
    let filtering = among(&side.filtering, "filtering", Behavior::name);
    let through = if side.nat64 { "through NAT64, " } else { "" };
    let reach = if side.reach.only().is_none() { "whether UDP gets out is not known; " } else { "" };
    match side.mapping.only() {
        Some(Translation::None) => format!("{reach}{through}no NAT, {filtering}{seen}"),
        _ => format!("{reach}{through}{}, {filtering}{seen}", among(&side.mapping, "mapping", translation)),
    }
}

fn translation(mapping: Translation) -> &'static str {
    match mapping {
        Translation::None => "no NAT",
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
