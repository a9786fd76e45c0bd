//! What `gateway` promises.

use super::{GatewayCode, MappingCode};
use crate::measure::spec::{INTERRUPTED, Key, PAGE_ENVIRONMENT, Spec, Takes, USAGE};

/// `nat-probe gateway`.
pub(crate) const GATEWAY: Spec = Spec {
    name: "gateway",
    question: "Does the router map ports on request, and what stands behind it?",
    how: "Asks the default gateway whether it speaks PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP, and what its external address is, \
          which changes nothing there. With --map it has one port mapped, asks for it once more, and deletes it again, whatever ends the run.",
    exit: &[
        ("0", "Measured, and everything required is so; with --map the mapping was made, kept and deleted."),
        ("1", "With --map, that is not so; or something required is not."),
        USAGE,
        ("3", "Could not be measured: no gateway is known, or it answers nothing at all; or what a requirement needs."),
        INTERRUPTED,
    ],
    keys: &[PORT_CONTROL, EXTERNAL_SCOPE, EXTERNAL_ADDRESS, PORT_MAPPING],
    grammar: "KEY=VALUE, several values with commas where any will do, KEY!=VALUE where none will.",
    requirements: "port-control=pcp,nat-pmp,upnp, external-scope=public",
    environment: PAGE_ENVIRONMENT,
    simulates: "gateway-",
    codes: &[("DIAGNOSES", GatewayCode::listed), ("MAPPINGS", MappingCode::listed)],
    examples: &[
        ("nat-probe gateway", "What the default gateway speaks, without a change there."),
        ("nat-probe gateway --map", "One UDP port mapped for two minutes at most, and deleted again."),
        ("nat-probe gateway --map 8080/tcp --json", "The port of a server on this host, for a script."),
        ("nat-probe gateway --gateway 192.168.0.1", "The outer one of two routers."),
    ],
};

const PORT_CONTROL: Key = Key {
    name: "port-control",
    takes: Takes::Words(&["pcp", "nat-pmp", "upnp", "none"]),
    per_family: false,
    meaning: "pcp, nat-pmp or upnp: a gateway speaks it; none: it speaks none of them.",
};

const EXTERNAL_SCOPE: Key = Key {
    name: "external-scope",
    takes: Takes::Words(&["public", "private", "shared"]),
    per_family: false,
    meaning: "How far the gateway's external address reaches: public; private: another router stands behind it; shared: a \
              carrier-grade NAT does.",
};

const EXTERNAL_ADDRESS: Key = Key {
    name: "external-address",
    takes: Takes::Network,
    per_family: false,
    meaning: "The gateway's external address is this one, or lies in this network.",
};

const PORT_MAPPING: Key = Key {
    name: "port-mapping",
    takes: Takes::Words(&["ok"]),
    per_family: false,
    meaning: "ok: the mapping of --map was made, kept and deleted.",
};
