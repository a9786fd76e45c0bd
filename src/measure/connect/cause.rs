//! Why two sides did not connect, and whose side it is.

use crate::wire::codes::codes;

codes! {
    /// Whose side it is.
    pub enum Side {
        /// This host, its firewall or its NAT.
        Here,
        /// The other side's.
        There,
        /// A STUN or TURN server.
        Server,
        /// Something between the two, or both NATs together.
        Path,
        /// It could not be told.
        Unknown,
    }
}

codes! {
    /// Why two sides did not connect, or did.
    #[derive(Default)]
    pub enum Cause {
        /// A pair was nominated and used.
        Connected,
        /// It was, and then stopped answering.
        Lost,
        /// The other side ended the session.
        Revoked,
        /// The other side's token did not come.
        NoToken,
        /// Ctrl-C came first.
        Interrupted,
        /// This side has no candidate to tell the other one.
        NoCandidate,
        /// No socket of this side could be used.
        NoSocket,
        /// The other side runs another session than its token is of, or has another token of this side.
        WrongToken,
        /// The sides have no address family in common that could be tried.
        NoPair,
        /// Nothing could be sent from this host.
        SendFailed,
        /// The other side's agent answers every check with an error.
        Rejected,
        /// The relay does not carry packets to the other side, and nothing direct works.
        RelayRefused,
        /// A relay was tried, and nothing passes through it either.
        RelaySilent,
        /// The other side's packets arrive, and ours do not arrive there.
        OneWay,
        /// Both are behind one NAT, which does not turn packets for its own address round.
        CommonNat,
        /// Both NATs map every destination anew: neither side can know where to send to.
        BothDependent,
        /// This side's NAT maps every destination anew, and the other side's filter lets nothing unknown in.
        HereDependent,
        /// The other side's NAT does, and this side's filter lets nothing unknown in.
        ThereDependent,
        /// No STUN server saw this side: UDP does not get out.
        NotReflexive,
        /// No STUN server saw the other side.
        PeerNotReflexive,
        /// Nothing of the other side was ever heard.
        NotHeard,
        /// Pairs worked, and none was nominated.
        NotNominated,
        /// It was not judged, or by a version that knows more.
        #[default]
        #[serde(other)]
        Unknown,
    }
}
