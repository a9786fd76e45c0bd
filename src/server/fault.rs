//! What real servers get wrong, each as a switch.

use serde::Deserialize;

/// A server's misbehavior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Tells no OTHER-ADDRESS, though it has one and honors CHANGE-REQUEST.
    NoOtherAddress,
    /// OTHER-ADDRESS is the primary address with another port, and what should come from the alternate address comes from there.
    OtherSameIp,
    /// The alternate address is dead: what is sent to it, and what would come from it, vanishes.
    DeadAlternate,
    /// Requests to the alternate address are answered, but answers that CHANGE-REQUEST wants from there vanish.
    DeadAlternatePath,
    /// The alternate port is dead, on both addresses.
    DeadAlternatePort,
    /// OTHER-ADDRESS is a private address: a server behind a NAT that was not told its public ones.
    PrivateAlternate,
    /// Ignores CHANGE-REQUEST: success, from the address that was asked.
    IgnoresChangeRequest,
    /// Answers CHANGE-REQUEST with 420.
    #[serde(rename = "answers-420")]
    Answers420,
    /// Answers CHANGE-REQUEST from an address that has nothing to do with it.
    WrongSource,
    /// Answers plain Bindings from another port than was asked.
    WrongSourcePort,
    /// The transaction id is another one.
    WrongTransactionId,
    /// Every answer comes twice.
    Duplicate,
    /// Every answer comes late, by the server's `late_ms`.
    Late,
    /// The only attribute is MAPPED-ADDRESS.
    MappedAddressOnly,
    /// No magic cookie, though the request had one.
    NoCookie,
    /// A FINGERPRINT that is wrong.
    BadFingerprint,
    /// SOFTWARE that is no UTF-8, with escape sequences and line breaks.
    HostileSoftware,
    /// The message ends within its first attribute.
    TruncatedAttributes,
    /// Every answer is error 500.
    #[serde(rename = "error-500")]
    Error500,
    /// Every answer is random bytes.
    RandomBytes,
    /// Lies about the address it saw: always the same one.
    WrongMapped,
    /// A UDP proxy stands before it, on its own address: that is where everybody seems to come from, from a port for each flow. What
    /// should come from its other points never reaches anybody.
    Proxied,
    /// The same, and the proxy goes on over IPv4 from a container's address: who asks over IPv6 is told an IPv4 address.
    #[serde(rename = "proxied-to-ipv4")]
    ProxiedToIpv4,
    /// A balancer before it rewrites sources: everybody is one private address, with a port for each flow.
    RewritesSource,
    /// The same with another public address of the server's site.
    RewritesSourcePublic,
    /// Answers plain Bindings from another address than was asked.
    OtherSource,
    /// Ignores RESPONSE-PORT: answers to where the request came from.
    IgnoresResponsePort,
    /// Answers only a request with CHANGE-REQUEST, be it an empty one (jstun).
    RequiresChangeRequest,
    /// A firewall before it drops what it sends unasked (a stateful security group): what CHANGE-REQUEST wants from another of its
    /// endpoints leaves only where that endpoint was contacted from there before.
    StatefulEgress,
    /// Honors CHANGE-REQUEST only when the client has been known for the server's `late_ms`; until then such requests vanish.
    LateChangeRequest,
    /// Honors CHANGE-REQUEST only for clients whose packets its alternate address has seen.
    ChangeRequestForKnown,
    /// Answers nothing.
    Dead,
    /// Nothing listens: ICMP port unreachable, or a connection refused.
    Refused,
    /// A web server: HTTP over TCP, nothing over UDP.
    Http,
    /// The name does not exist.
    NoSuchName,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Self; 35] = [
        Self::NoOtherAddress,
        Self::OtherSameIp,
        Self::DeadAlternate,
        Self::DeadAlternatePath,
        Self::DeadAlternatePort,
        Self::PrivateAlternate,
        Self::IgnoresChangeRequest,
        Self::Answers420,
        Self::WrongSource,
        Self::WrongSourcePort,
        Self::WrongTransactionId,
        Self::Duplicate,
        Self::Late,
        Self::MappedAddressOnly,
        Self::NoCookie,
        Self::BadFingerprint,
        Self::HostileSoftware,
        Self::TruncatedAttributes,
        Self::Error500,
        Self::RandomBytes,
        Self::WrongMapped,
        Self::Proxied,
        Self::ProxiedToIpv4,
        Self::RewritesSource,
        Self::RewritesSourcePublic,
        Self::OtherSource,
        Self::IgnoresResponsePort,
        Self::RequiresChangeRequest,
        Self::StatefulEgress,
        Self::LateChangeRequest,
        Self::ChangeRequestForKnown,
        Self::Dead,
        Self::Refused,
        Self::Http,
        Self::NoSuchName,
    ];
}

/// The faults that one request meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u64);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: Fault) {
        self.0 |= Self::bit(fault);
    }

    /// Whether it is among them.
    #[must_use]
    pub fn has(self, fault: Fault) -> bool {
        self.0 & Self::bit(fault) != 0
    }

    /// Whether something before the server hides who asks.
    #[must_use]
    pub fn hides_source(self) -> bool {
        [Fault::Proxied, Fault::ProxiedToIpv4, Fault::RewritesSource, Fault::RewritesSourcePublic]
            .into_iter()
            .any(|fault| self.has(fault))
    }

    fn bit(fault: Fault) -> u64 {
        1 << fault as u32
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        let mut all = Self::default();
        faults.into_iter().for_each(|fault| all.add(fault));
        all
    }
}
