//! Names that led to no address.

use super::cause::Cause;
use crate::evidence::{Evidence, Failure, FailureCode};
use crate::measure::names;
use crate::measure::turn::finding::{Diagnosis, TurnVerdict};
use crate::measure::turn::{DiagnosisCode as Code, Entry};
use crate::wire::{Transport, escape};

/// The name led to no address.
pub(in crate::measure::turn) fn judge(seen: &Evidence, entry: &Entry, transport: Transport) -> Cause {
    let lookups = entry.server.and_then(|server| seen.servers.get(server)).map(|server| &server.lookups);
    let lookup = lookups.and_then(|lookups| lookups.iter().find(|lookup| lookup.transport == transport));
    let failure: Option<&Failure> = lookup.and_then(|lookup| lookup.failure.as_ref());
    let text = failure.map_or("the name has no address of the families asked for".to_owned(), |one| escape(&one.text));
    let code = failure.map(|failure| failure.code);
    if code == Some(FailureCode::NameNotFound)
        && let Some(count) = names::none_known(seen)
    {
        let text =
            format!("{text}; nor does the name server know any of the {count} names asked, so that it may know none");
        let fix = "check this host's name servers, or write an address";
        return (TurnVerdict::Inconclusive, Diagnosis::new(Code::ResolverFailed, text, fix));
    }
    let (verdict, code, fix) = match code {
        Some(FailureCode::NameFiltered) => {
            let fix =
                "allow the name in the DNS filter (Pi-hole, AdGuard, the router or the provider), or write the address";
            (TurnVerdict::Failed, Code::NameFiltered, fix)
        }
        Some(FailureCode::LocalShortage) => (
            TurnVerdict::Inconclusive,
            Code::LocalSocket,
            "raise this host's limits (ulimit -n), or test fewer entries",
        ),
        Some(FailureCode::Withheld) => (
            TurnVerdict::Failed,
            Code::NameNotFound,
            "correct the SRV and NAPTR records of the name, or write host and port",
        ),
        Some(FailureCode::ResolverFailed | FailureCode::NoAnswer) => {
            (TurnVerdict::Inconclusive, Code::ResolverFailed, "check this host's name servers, or write an address")
        }
        None if lookup.is_none() => {
            let text = "could not tell: the run ended before the name was looked up";
            let diagnosis = Diagnosis::new(Code::Undetermined, text, "run again with a longer --deadline");
            return (TurnVerdict::Inconclusive, diagnosis);
        }
        _ => {
            (TurnVerdict::Failed, Code::NameNotFound, "check the spelling of the name, and its A, AAAA and SRV records")
        }
    };
    (verdict, Diagnosis::new(code, text, fix))
}
