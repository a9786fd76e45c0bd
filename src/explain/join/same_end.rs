//! Several files of one end, of which one is made.

use super::part::{Link, Part, is_configuration, is_network, root};
use crate::explain::event::{StateOf, What};
use crate::explain::format::Format;

/// Makes one of several files of one end: the one that tells most keeps its statistics, of the others the rest is added.
pub(super) fn merge(parts: &mut Vec<Part>, links: &[Link]) -> bool {
    let is_end = |part: &Part| !is_network(part.format) && !is_configuration(part.format);
    let mut into: Vec<usize> = (0..parts.len()).collect();
    for link in links.iter().filter(|link| !link.ends) {
        let (one, other) = (root(&mut into, link.one), root(&mut into, link.other));
        let apart = parts[one].file != parts[other].file && is_end(&parts[one]) && is_end(&parts[other]);
        if one != other && apart {
            let (kept, gone) =
                if rank(parts[other].format) < rank(parts[one].format) { (other, one) } else { (one, other) };
            into[gone] = kept;
        }
    }
    let into: Vec<usize> = (0..parts.len()).map(|part| root(&mut into, part)).collect();
    for part in 0..parts.len() {
        let kept = into[part];
        if kept != part {
            let counted = parts[kept].events.iter().any(|event| matches!(event.what, What::Pair(_)));
            let mut events = std::mem::take(&mut parts[part].events);
            events.retain(|event| !counted || !is_counted(&event.what));
            parts[kept].events.append(&mut events);
        }
    }
    let any = into.iter().enumerate().any(|(part, kept)| part != *kept);
    let mut part = 0;
    parts.retain(|_| {
        part += 1;
        into[part - 1] == part - 1
    });
    any
}

/// How much a file tells of its end: the least is the most.
fn rank(format: Format) -> usize {
    let most =
        [Format::WebrtcInternals, Format::Rtcstats, Format::AboutWebrtc, Format::CopiedEvents, Format::FirefoxLog];
    most.iter().position(|known| *known == format).unwrap_or(most.len())
}

/// What statistics count, which two files of one end count twice.
fn is_counted(what: &What) -> bool {
    let of_transport = |of| matches!(of, StateOf::Transport | StateOf::Dtls);
    matches!(what, What::Pair(_) | What::Media(_)) || matches!(what, What::State { of, .. } if of_transport(*of))
}
