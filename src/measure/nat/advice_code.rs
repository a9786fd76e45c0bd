//! What advice there is on NATs and firewalls; its sentences are the report's.

use crate::wire::codes::codes;

codes! {
    /// The kinds of advice.
    pub enum AdviceCode {
        /// No UDP gets out: only a relay over TCP or TLS helps.
        UdpBlockedUseTurnTcp,
        /// UDP gets out and STUN is dropped on the way.
        StunBlockedUseTurnTls,
        /// A port over UDP is blocked while others pass.
        UdpPortBlocked,
        /// UDP gets out, and no STUN server answers over it.
        UdpFiltered,
        /// No server answered: offline, no name resolution, or the wrong servers.
        NoServerAnswered,
        /// None of the servers has an address of the family.
        NoServerOfFamily,
        /// This host has no address or route of any family asked for.
        Offline,
        /// No peer behind a NAT of another network is reached without a relay, or hardly any.
        RelayRequired,
        /// Peers whose NAT gives each destination another port need a relay.
        RelayNeededForSymmetricPeers,
        /// Some peers need a relay; which, the text says.
        RelayForSomePeers,
        /// Direct connections work with nearly every peer.
        NoRelayNeeded,
        /// Packets get lost on the way, whatever the NAT does.
        PacketLoss,
        /// The round trip is too long for a conversation or a game, whatever the NAT does.
        LongRoundTrip,
        /// A port mapped on the router lets every peer in, unless a second NAT follows it.
        CompareWanAddress,
        /// A firewall without translation lets in only answers to what went out.
        Firewall,
        /// A carrier-grade NAT of the provider is on the way (RFC 6598).
        CarrierGradeNat,
        /// Servers saw a private address: they are in the same private network.
        NotTheInternet,
        /// Every server that answered is in a private network.
        PrivateServers,
        /// Something on the way rewrites addresses inside packets.
        SipAlg,
        /// The NAT uses several external addresses for one host.
        PoolingArbitrary,
        /// What some servers saw of this host is the work of their own networks.
        ServerNotBelieved,
        /// One server saw another address than all the others.
        ServerDisagrees,
        /// Servers saw several addresses: several exits, or a pool of addresses.
        SeveralExits,
        /// No server has a second address, so filtering could not be tested.
        NoRfc5780Server,
        /// The servers did not do what the test needs.
        ServerFaults,
        /// A server's own firewall, or the server, keeps back answers from its other address or port.
        ServerWithholdsAnswers,
        /// The path was too unsteady, or the time too short, for every verdict.
        RunAgain,
        /// The external ports follow an order that can be guessed.
        PortsPredictable,
        /// All external ports lie in one block, as where customers share an address.
        PortBlock,
        /// IPv4 is carried over IPv6 (464XLAT, DS-Lite), and the NAT is at the provider.
        Ipv4OverIpv6,
        /// IPv4 servers were reached through NAT64.
        Nat64,
        /// This host sends from several addresses.
        SeveralLocalAddresses,
        /// The IPv6 address is a Teredo address.
        Teredo,
        /// Two hosts behind this NAT do not reach each other by their public addresses.
        NoHairpinning,
        /// This host has no IPv6.
        Ipv6Unavailable,
        /// IPv6 has no NAT here and is the best way to peers that have it.
        Ipv6DirectIsBestPath,
        /// The tests ran from a port of the user's choice, which a NAT may still remember.
        LocalPortReused,
        /// Advice of another version, whose report was read.
        #[serde(other)]
        Unknown,
    }
}
