//! What to try where two sides did not connect.

use super::cause::{Cause, Side};

/// What to try; empty where there is nothing to try.
pub(super) fn fix(cause: Cause, side: Option<Side>) -> &'static str {
    match (cause, side) {
        (Cause::Connected | Cause::Revoked | Cause::Interrupted | Cause::Unknown, _) => "",
        (Cause::Lost, _) => "nat-probe classify on both sides: whether a mapping ends early, or the way out changes",
        (Cause::NoToken, _) => {
            "the other side's token pasted while this one waits; --timeout 15m where that takes longer"
        }
        (Cause::NoSocket | Cause::SendFailed, _) => "nat-probe classify here: what this host's own network refuses",
        (Cause::NoCandidate, _) => "nat-probe ice gather with the same servers, which says what gave none",
        (Cause::WrongToken, _) => {
            "both sides anew: each run makes a token of its own, and wants the one of the other's present run"
        }
        (Cause::Rejected, _) => "the same version of nat-probe on both sides, begun anew",
        (Cause::NoPair, _) => "--turn with a relay for this side: it can have addresses that this host has not",
        (Cause::RelayRefused, _) => "nat-probe turn with the same server and login: what it forbids and why",
        (Cause::NotReflexive, _) => {
            "nat-probe classify here; where UDP is blocked, --turn with turns:HOST:443?transport=tcp"
        }
        (Cause::PeerNotReflexive, _) => "nat-probe classify on the other side, and --turn there",
        (Cause::NotNominated, _) => "the page of the other side: it is the one that nominates",
        (Cause::BothDependent | Cause::HereDependent | Cause::OneWay, Some(Side::Here | Side::Path)) => {
            "--turn with a relay for this side, or a port that the router maps: nat-probe gateway --map"
        }
        (Cause::BothDependent | Cause::HereDependent | Cause::ThereDependent | Cause::OneWay, _) => {
            "--turn with a relay for either side, or a port that the other side's router maps: nat-probe gateway --map there"
        }
        (Cause::RelaySilent, _) => {
            "nat-probe turn with the same server and login on both sides: whether it is reached, and its relay ports are open"
        }
        (Cause::CommonNat, _) => {
            "hairpinning (NAT loopback) switched on at that NAT, or one local network for both; where it is the provider's, --turn \
             with a relay for either"
        }
        (Cause::NotHeard, _) => {
            "nat-probe classify on both sides and peer predict with what they say; --turn with a relay for either"
        }
    }
}
