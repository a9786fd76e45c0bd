//! Why a verdict could not be reached: every code there is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::codes::codes;

/// Why a verdict could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// A stable code.
    pub code: ReasonCode,
    /// The same in plain words, for this run.
    pub text: String,
}

impl Reason {
    /// A reason with its words.
    pub fn new(code: ReasonCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

codes! {
    /// The kinds of reasons why a verdict could not be reached.
    pub enum ReasonCode {
        /// No server answered over UDP.
        NoAnswer,
        /// No server answered over UDP or TCP.
        NothingAnswered,
        /// UDP was silent, but too few servers answered over TCP to blame UDP.
        TooFewServers,
        /// No server has an address of the family.
        NoServerOfFamily,
        /// No name could be looked up.
        NamesUnresolved,
        /// Servers answered, and not with an address that could be believed.
        AnswerUnusable,
        /// This host could not open or use its own socket.
        LocalSocket,
        /// This host has no address or route of the family.
        NoAddress,
        /// UDP dead, TCP alive, and the controls dead too.
        UdpBlocked,
        /// UDP passes without the magic cookie and not with it.
        StunBlocked,
        /// UDP passes to another port of the servers.
        PortBlocked,
        /// UDP passes to a name server, and no STUN server answers.
        UdpPasses,
        /// UDP was silent while TCP works or UDP gets out, and no control shows whether UDP passes there and back.
        NoControl,
        /// A DNS filter answers for the names of the servers.
        NameFiltered,
        /// Translated and untranslated destinations side by side.
        PartlyTranslated,
        /// No server has a usable second address (RFC 5780 needs one).
        NoSecondAddress,
        /// The server answered a CHANGE-REQUEST from the address asked.
        ChangeRequestIgnored,
        /// The server refused CHANGE-REQUEST.
        ChangeRequestRefused,
        /// The answer to a CHANGE-REQUEST came from an address that nobody named.
        UnexpectedSource,
        /// The alternate address does not answer.
        AlternateDead,
        /// The positive control did not come through: silence proves nothing about the filter.
        ControlFailed,
        /// The server stopped answering while the filter was tested.
        PathLost,
        /// Too much loss on this path to tell silence from loss.
        TooLossy,
        /// Two fresh ports, two answers.
        RepeatsDisagree,
        /// The alternate address had been contacted before the answer came.
        AlternateContacted,
        /// Only one destination address answered.
        OneDestination,
        /// Not endpoint-independent; which of the other two needs a server with a second address.
        DependentKindUnknown,
        /// The same port with several addresses: several exits, or a pool of addresses.
        SeveralExits,
        /// The first server, asked again at the end, saw another address or port.
        MappingUnstable,
        /// The ports fit none of the behaviors.
        MappingInconsistent,
        /// Servers contradict each other.
        ServersDisagree,
        /// One server alone calls a public address of this host translated.
        OneWitness,
        /// Servers saw this host's own private address.
        NotTheInternet,
        /// What the servers say of this host's address is not believed.
        ServerMisreports,
        /// The deadline came first.
        Deadline,
        /// Ctrl-C came first.
        Interrupted,
        /// This command does not ask.
        NotAsked,
        /// A reason that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

codes! {
    /// Answers without a mapped address that can be believed, and no answer at all.
    pub enum AnswerCode {
        /// The server answered with an error.
        ErrorResponse,
        /// The answer came from another address than the one that was asked.
        OtherSource,
        /// The answer has no mapped address that could be believed.
        NoMappedAddress,
        /// The run ended, or its result was clear, before an answer came.
        NotWaitedFor,
    }
}
