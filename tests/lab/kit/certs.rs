//! Certificates for TLS servers: an authority of the lab's own, an intermediate one, and what servers show.

use std::fs;

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};

/// Where the authority's own certificate is, for `--ca`.
pub(crate) const AUTHORITY: &str = "/run/authority.pem";
/// Where the server's chain and key are.
pub(crate) const CHAIN: &str = "/run/chain.pem";
pub(crate) const KEY: &str = "/run/key.pem";

/// How coturn is told of the chain and the key.
pub(crate) const ARGUMENTS: &str = "--cert=/run/chain.pem --pkey=/run/key.pem";

/// What a server shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    /// All that is needed.
    Whole,
    /// The intermediate one is forgotten.
    WithoutIntermediate,
    /// Over since long ago.
    Expired,
    /// Signed by itself.
    SelfSigned,
    /// The same, and marked as an authority's, as `openssl req -x509` makes them.
    OwnAuthority,
    /// Made on the way by a product that reads along, in place of the server's own.
    Inspected,
}

/// Makes an authority, and a server's certificate for these names (or addresses).
pub(crate) fn make(names: &[&str], chain: Chain) {
    let key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let authority = |name: &str| {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        parameters
    };
    let root = CertifiedIssuer::self_signed(authority("Lab Root"), key()).expect("a root");
    let mut middle = authority("Lab Intermediate");
    if chain == Chain::Inspected {
        middle.distinguished_name.push(DnType::OrganizationName, "Zscaler Inc.");
    }
    let middle = CertifiedIssuer::signed_by(middle, key(), &root).expect("an intermediate");

    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = CertificateParams::new(names).expect("names");
    leaf.distinguished_name.push(DnType::CommonName, "turn server of the lab");
    if chain == Chain::Expired {
        leaf.not_before = date_time_ymd(2019, 1, 1);
        leaf.not_after = date_time_ymd(2020, 1, 1);
    }
    if chain == Chain::OwnAuthority {
        leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let own = key();
    let alone = matches!(chain, Chain::SelfSigned | Chain::OwnAuthority);
    let leaf = if alone { leaf.self_signed(&own) } else { leaf.signed_by(&own, &middle) };
    let mut shown = pem("CERTIFICATE", leaf.expect("a certificate").der());
    if matches!(chain, Chain::Whole | Chain::Expired | Chain::Inspected) {
        shown += &pem("CERTIFICATE", middle.der());
    }
    for (file, text) in
        [(AUTHORITY, pem("CERTIFICATE", root.der())), (CHAIN, shown), (KEY, pem("PRIVATE KEY", &own.serialize_der()))]
    {
        fs::write(file, text).expect("a file");
    }
}

/// DER as text (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
