//! Whether a requirement holds: judged over everything that the evidence leaves possible, so that partial evidence decides where
//! it can and nothing is guessed where it cannot.

use crate::evidence::Reason;
use crate::measure::nat::finding::{Connectivity, FamilyFindings, Rfc3489Type};
use crate::measure::nat::legacy;
use crate::wire::Family;

use super::{Network, Requirement, Wanted};
use crate::report::document::{self, Families, RequirementOutcome};
use crate::report::word::{self, word};
use crate::report::{family_name, possible};

impl Requirement {
    /// Whether it holds, with what was found instead or why it could not be told.
    ///
    /// Without a prefix it is about every family that was asked for and that this host has; a network in `public-address` is about
    /// its own family. Where nothing was measured nothing is known not to hold.
    #[must_use]
    pub(crate) fn check(&self, families: &Families) -> document::Requirement {
        let (outcome, text) = match &self.wanted {
            Wanted::Words(words) if self.key.name == "family" => self.family_usable(words, families),
            Wanted::Words(_) => self.verdict(families),
            Wanted::Networks(networks) => self.address(networks, families),
            Wanted::Below { .. } => (RequirementOutcome::Unknown, "no NAT behavior is a number".to_owned()),
        };
        let nothing = families
            .iter()
            .all(|(_, found)| matches!(found.connectivity, Connectivity::Inconclusive | Connectivity::Unavailable));
        let unmet = outcome == RequirementOutcome::Unmet;
        let outcome = if unmet && nothing { RequirementOutcome::Unknown } else { outcome };
        document::Requirement { requirement: self.to_string(), outcome, text }
    }

    fn verdict(&self, families: &Families) -> (RequirementOutcome, String) {
        if let Some(family) = self.family {
            return self.of_family(family, families);
        }
        let has = |(_, found): &(Family, &FamilyFindings)| found.connectivity != Connectivity::Unavailable;
        let mut judged: Vec<Family> = families.iter().filter(has).map(|(family, _)| family).collect();
        if judged.is_empty() {
            judged = families.iter().map(|(family, _)| family).collect();
        }
        let all: Vec<_> = judged.into_iter().map(|family| self.of_family(family, families)).collect();
        let any = |outcome| all.iter().any(|(one, _)| *one == outcome);
        let outcome = if all.is_empty() {
            RequirementOutcome::Unknown
        } else {
            let decisive = [RequirementOutcome::Unmet, RequirementOutcome::Unknown].into_iter().find(|one| any(*one));
            decisive.unwrap_or(RequirementOutcome::Met)
        };
        let texts: Vec<String> = all.into_iter().map(|(_, text)| text).collect();
        (outcome, if texts.is_empty() { "no address family was asked for".to_owned() } else { texts.join("; ") })
    }

    fn of_family(&self, family: Family, families: &Families) -> (RequirementOutcome, String) {
        let Some(found) = families.get(family) else {
            return not_asked(family);
        };
        let Wanted::Words(wanted) = &self.wanted else { return not_asked(family) };
        if let (Connectivity::Unavailable, Some(reason)) = (found.connectivity, &found.reason)
            && self.key.name != "connectivity"
        {
            // A family that this host lacks has no behavior, so that no wish for one is met.
            let text = format!("{} {} is not applicable: {}", family_name(family), self.key.name, reason.text);
            return (judge(&[false], self.negated), text);
        }
        let holds = |possible: Vec<String>| possible.iter().map(|one| wanted.contains(&one.as_str())).collect();
        let (what, now, reason, holds): (_, _, _, Vec<bool>) = match self.key.name {
            "connectivity" => {
                let now = word(&found.connectivity);
                let possible = possible::connectivities(found).iter().map(word).collect();
                // The verdict itself may be required by its name (`inconclusive`); else every value still possible has to be a wanted one.
                let holds = if wanted.contains(&now.as_str()) { vec![true] } else { holds(possible) };
                ("connectivity", now, &found.reason, holds)
            }
            "mapping" => {
                let possible = possible::mappings(found).iter().map(word).collect();
                ("mapping", word::mapping(&found.mapping), &found.mapping.reason, holds(possible))
            }
            "filtering" => {
                let possible = possible::filterings(found).iter().map(word).collect();
                ("filtering", word(&found.filtering.behavior), &found.filtering.reason, holds(possible))
            }
            "rfc3489" => {
                let possible: Vec<String> = rfc3489_types(found).into_iter().map(rfc3489).collect();
                let reason = found.mapping.reason.as_ref().map_or(&found.filtering.reason, |_| &found.mapping.reason);
                let now = if let [one] = &possible[..] { one.clone() } else { "not known".to_owned() };
                ("RFC 3489 type", now, reason, holds(possible))
            }
            other => return (RequirementOutcome::Unknown, format!("{other} is no behavior of a NAT")),
        };
        let outcome = judge(&holds, self.negated);
        (
            outcome,
            format!(
                "{} {what} is {now}{}",
                family_name(family),
                why(outcome, reason.as_ref().or(found.reason.as_ref()))
            ),
        )
    }

    fn family_usable(&self, words: &[&str], families: &Families) -> (RequirementOutcome, String) {
        let wanted = words.iter().map(|word| if *word == "ipv6" { Family::Ipv6 } else { Family::Ipv4 });
        let states: Vec<(Option<bool>, String)> = wanted
            .map(|family| {
                let found = families.get(family);
                let usable = found.and_then(usable);
                let state =
                    found.map_or("was not asked for".to_owned(), |found| format!("is {}", word(&found.connectivity)));
                (usable, format!("{} {state}", family_name(family)))
            })
            .collect();
        let any = if states.iter().any(|(usable, _)| *usable == Some(true)) {
            vec![true]
        } else if states.iter().any(|(usable, _)| usable.is_none()) {
            vec![true, false]
        } else {
            vec![false]
        };
        let texts: Vec<String> = states.into_iter().map(|(_, text)| text).collect();
        (judge(&any, self.negated), texts.join(", "))
    }

    fn address(&self, networks: &[Network], families: &Families) -> (RequirementOutcome, String) {
        let mut asked: Vec<Family> = networks.iter().map(|network| network.family()).collect();
        asked.sort_unstable();
        asked.dedup();
        let seen: Vec<_> =
            asked.iter().filter_map(|family| families.get(*family)).flat_map(|found| &found.public_addresses).collect();
        if seen.is_empty() {
            return (RequirementOutcome::Unknown, format!("no public {} address was seen", family_name(asked[0])));
        }
        let inside = |ip| networks.iter().any(|network| network.contains(ip));
        // Every address is to lie inside; with `!=`, none.
        let holds = seen.iter().all(|ip| inside(**ip) != self.negated);
        let list: Vec<String> = seen.iter().map(ToString::to_string).collect();
        let outcome = if holds { RequirementOutcome::Met } else { RequirementOutcome::Unmet };
        (outcome, format!("the public address is {}", list.join(" and ")))
    }
}

/// All of the possible values hold: met. None: unmet. Some: it could not be told.
fn judge(holds: &[bool], negated: bool) -> RequirementOutcome {
    if holds.is_empty() {
        RequirementOutcome::Unknown
    } else if holds.iter().all(|holds| *holds != negated) {
        RequirementOutcome::Met
    } else if holds.iter().all(|holds| *holds == negated) {
        RequirementOutcome::Unmet
    } else {
        RequirementOutcome::Unknown
    }
}

fn why(outcome: RequirementOutcome, reason: Option<&Reason>) -> String {
    match (outcome, reason) {
        (RequirementOutcome::Unknown, Some(reason)) => format!(": {}", reason.text),
        _ => String::new(),
    }
}

fn not_asked(family: Family) -> (RequirementOutcome, String) {
    (RequirementOutcome::Unknown, format!("{} was not asked for", family_name(family)))
}

fn usable(found: &FamilyFindings) -> Option<bool> {
    match found.connectivity {
        Connectivity::Open | Connectivity::Firewalled | Connectivity::Direct | Connectivity::Nat => Some(true),
        Connectivity::UdpBlocked | Connectivity::Unavailable => Some(false),
        Connectivity::Inconclusive => None,
    }
}

fn rfc3489(found: Option<Rfc3489Type>) -> String {
    found.map_or("none".to_owned(), |name| name.to_string())
}

/// The RFC 3489 types that remain possible, `None` for what has no name.
fn rfc3489_types(found: &FamilyFindings) -> Vec<Option<Rfc3489Type>> {
    if found.rfc3489_type.is_some() {
        return vec![found.rfc3489_type];
    }
    let mut types = Vec::new();
    for connectivity in possible::connectivities(found) {
        for mapping in possible::mappings(found) {
            for filtering in possible::filterings(found) {
                let known = connectivity != Connectivity::Unavailable;
                types.push(known.then(|| legacy::name(connectivity, mapping, filtering)).flatten());
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    types
}

#[cfg(test)]
mod tests {
    use super::Requirement;
    use crate::evidence::Behavior::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
    use crate::evidence::ReasonCode;
    use crate::measure::nat::finding::{Connectivity, FamilyFindings};
    use crate::report::document::{Families, RequirementOutcome};
    use crate::report::sample;

    fn check(requirement: &str, families: &Families) -> (RequirementOutcome, String) {
        let checked = requirement.parse::<Requirement>().unwrap().check(families);
        assert_eq!(checked.requirement, requirement);
        (checked.outcome, checked.text)
    }

    fn v4(found: FamilyFindings) -> Families {
        Families { ipv4: Some(found), ipv6: None }
    }

    #[test]
    fn outcomes() {
        use RequirementOutcome::{Met, Unknown, Unmet};
        let cone = v4(sample::nat(EndpointIndependent, AddressAndPortDependent));
        let symmetric = v4(sample::nat(AddressAndPortDependent, AddressAndPortDependent));
        let open = v4(sample::open());
        let blocked = v4(sample::udp_blocked());
        let lost = v4(sample::inconclusive(ReasonCode::NoAnswer, "no server answered"));
        let mut half = sample::nat(AddressAndPortDependent, AddressDependent);
        half.mapping = sample::inconclusive(ReasonCode::DependentKindUnknown, "needs a second address").mapping;
        half.mapping.endpoint_independent = Some(false);
        half.rfc3489_type = None;
        let half = v4(half);
        let mut direct = sample::open();
        direct.connectivity = Connectivity::Direct;
        direct.filtering = sample::inconclusive(ReasonCode::NoSecondAddress, "no server has one").filtering;
        direct.rfc3489_type = None;
        let direct = v4(direct);
        let both = Families { ipv4: Some(sample::unavailable()), ipv6: Some(sample::firewalled(AddressDependent)) };
        for (requirement, families, outcome) in [
            ("connectivity=open,nat", &cone, Met),
            ("connectivity=open", &cone, Unmet),
            ("connectivity=open", &direct, Unknown),
            ("connectivity=direct", &direct, Met),
            ("connectivity!=nat", &direct, Met),
            ("connectivity!=nat", &lost, Unknown),
            ("connectivity=udp-blocked", &blocked, Met),
            ("connectivity=firewalled", &both, Met),
            ("ipv4.connectivity=firewalled", &both, Unmet),
            ("ipv6.connectivity=firewalled", &cone, Unknown),
            ("mapping=endpoint-independent", &cone, Met),
            ("mapping=endpoint-independent", &symmetric, Unmet),
            ("mapping!=endpoint-independent", &symmetric, Met),
            ("mapping=endpoint-independent", &half, Unmet),
            ("mapping!=endpoint-independent", &half, Met),
            ("mapping=address-dependent", &half, Unknown),
            ("mapping=address-dependent,address-and-port-dependent", &half, Met),
            ("mapping=none", &open, Met),
            ("mapping=none", &direct, Met),
            ("mapping=endpoint-independent", &lost, Unknown),
            ("mapping=endpoint-independent", &blocked, Unknown),
            ("filtering=address-and-port-dependent", &cone, Met),
            ("filtering=endpoint-independent", &direct, Unknown),
            ("filtering=endpoint-independent,address-dependent,address-and-port-dependent", &direct, Met),
            ("ipv4.mapping=endpoint-independent", &both, Unmet),
            ("ipv4.mapping!=endpoint-independent", &both, Met),
            ("ipv4.filtering=address-dependent", &both, Unmet),
            ("ipv4.rfc3489=none", &both, Unmet),
            ("family=ipv4", &cone, Met),
            ("family=ipv6", &cone, Unknown),
            ("family=ipv6", &both, Met),
            ("family=ipv4", &both, Unmet),
            ("family=ipv4,ipv6", &both, Met),
            ("family!=ipv4", &both, Met),
            ("family=ipv4", &blocked, Unmet),
            ("family=ipv4", &lost, Unknown),
            ("public-address=203.0.113.0/24", &cone, Met),
            ("public-address!=203.0.113.0/24", &cone, Unmet),
            ("public-address=198.51.100.0/24", &cone, Unmet),
            ("public-address=198.51.100.0/24,203.0.113.0/24", &cone, Met),
            ("public-address!=10.0.0.0/8", &cone, Met),
            ("public-address=2001:db8::/32", &cone, Unknown),
            ("public-address=2001:db8::/32", &both, Met),
            ("public-address=203.0.113.0/24", &lost, Unknown),
            ("rfc3489=port-restricted-cone", &cone, Met),
            ("rfc3489!=symmetric", &cone, Met),
            ("rfc3489!=symmetric", &symmetric, Unmet),
            ("rfc3489=symmetric", &half, Met),
            ("rfc3489=full-cone", &half, Unmet),
            ("rfc3489!=symmetric", &direct, Met),
            ("rfc3489=open-internet", &direct, Unknown),
            ("rfc3489=udp-blocked", &blocked, Met),
            ("rfc3489!=symmetric", &lost, Unknown),
        ] {
            let (found, text) = check(requirement, families);
            assert_eq!(found, outcome, "{requirement}: {text}");
            assert!(!text.is_empty());
        }
    }

    #[test]
    fn a_pair_without_a_name_has_none() {
        let mut found = sample::nat(AddressDependent, EndpointIndependent);
        found.rfc3489_type = None;
        assert_eq!(check("rfc3489=none", &v4(found)).0, RequirementOutcome::Met);
    }

    #[test]
    fn the_text_says_what_was_found_or_why_not() {
        let cone = v4(sample::nat(EndpointIndependent, AddressAndPortDependent));
        assert_eq!(check("mapping=none", &cone).1, "IPv4 mapping is endpoint-independent");
        assert_eq!(check("rfc3489=symmetric", &cone).1, "IPv4 RFC 3489 type is port-restricted-cone");
        assert_eq!(check("family=ipv6", &cone).1, "IPv6 was not asked for");
        let alone = Families { ipv4: Some(sample::unavailable()), ipv6: Some(sample::open()) };
        let (_, text) = check("ipv4.mapping=none", &alone);
        assert!(text.starts_with("IPv4 mapping is not applicable: "), "{text}");
        let lost = v4(sample::inconclusive(ReasonCode::NoAnswer, "no server answered"));
        assert_eq!(check("mapping=none", &lost).1, "IPv4 mapping is inconclusive: no server answered");
    }
}
