//! Why a verdict could not be reached: every code there is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a verdict could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// A stable code in kebab case; `evidence::reason` lists them all.
    pub code: String,
    /// The same in plain words, for this run.
    pub text: String,
}

/// No server answered over UDP.
pub const NO_ANSWER: &str = "no-answer";
/// No server answered over UDP or TCP.
pub const NOTHING_ANSWERED: &str = "nothing-answered";
/// UDP was silent, but too few servers answered over TCP to blame UDP.
pub const TOO_FEW_SERVERS: &str = "too-few-servers";
/// No server has an address of the family.
pub const NO_SERVER_OF_FAMILY: &str = "no-server-of-family";
/// No name could be looked up.
pub const NAMES_UNRESOLVED: &str = "names-unresolved";
/// Servers answered, and not with an address that could be believed.
pub const ANSWER_UNUSABLE: &str = "answer-unusable";
/// This host could not open or use its own socket.
pub const LOCAL_SOCKET: &str = "local-socket";
/// This host has no address or route of the family.
pub const NO_ADDRESS: &str = "no-address";
/// UDP dead, TCP alive, and the controls dead too.
pub const UDP_BLOCKED: &str = "udp-blocked";
/// UDP passes without the magic cookie and not with it.
pub const STUN_BLOCKED: &str = "stun-blocked";
/// UDP passes to another port of the servers.
pub const PORT_BLOCKED: &str = "port-blocked";
/// UDP passes to a name server, and no STUN server answers.
pub const UDP_PASSES: &str = "udp-passes";
/// UDP was silent while TCP works, and no control shows whether UDP passes at all.
pub const NO_CONTROL: &str = "no-control";
/// A DNS filter answers for the names of the servers.
pub const NAME_FILTERED: &str = "name-filtered";
/// Translated and untranslated destinations side by side.
pub const PARTLY_TRANSLATED: &str = "partly-translated";
/// No server has a usable second address (RFC 5780 needs one).
pub const NO_SECOND_ADDRESS: &str = "no-second-address";
/// The server answered a CHANGE-REQUEST from the address asked.
pub const CHANGE_REQUEST_IGNORED: &str = "change-request-ignored";
/// The server refused CHANGE-REQUEST.
pub const CHANGE_REQUEST_REFUSED: &str = "change-request-refused";
/// The answer to a CHANGE-REQUEST came from an address that nobody named.
pub const UNEXPECTED_SOURCE: &str = "unexpected-source";
/// The alternate address does not answer.
pub const ALTERNATE_DEAD: &str = "alternate-dead";
/// The positive control did not come through: silence proves nothing about the filter.
pub const CONTROL_FAILED: &str = "control-failed";
/// The server stopped answering while the filter was tested.
pub const PATH_LOST: &str = "path-lost";
/// Too much loss on this path to tell silence from loss.
pub const TOO_LOSSY: &str = "too-lossy";
/// Two fresh ports, two answers.
pub const REPEATS_DISAGREE: &str = "repeats-disagree";
/// The alternate address had been contacted before the answer came.
pub const ALTERNATE_CONTACTED: &str = "alternate-contacted";
/// Only one destination address answered.
pub const ONE_DESTINATION: &str = "one-destination";
/// Not endpoint-independent; which of the other two needs a server with a second address.
pub const DEPENDENT_KIND_UNKNOWN: &str = "dependent-kind-unknown";
/// The same port with several addresses: several exits, or a pool of addresses.
pub const SEVERAL_EXITS: &str = "several-exits";
/// The first server, asked again at the end, saw another address or port.
pub const MAPPING_UNSTABLE: &str = "mapping-unstable";
/// The ports fit none of the behaviors.
pub const MAPPING_INCONSISTENT: &str = "mapping-inconsistent";
/// Servers contradict each other.
pub const SERVERS_DISAGREE: &str = "servers-disagree";
/// One server alone calls a public address of this host translated.
pub const ONE_WITNESS: &str = "one-witness";
/// Servers saw this host's own private address.
pub const NOT_THE_INTERNET: &str = "not-the-internet";
/// What the servers say of this host's address is not believed.
pub const SERVER_MISREPORTS: &str = "server-misreports";
/// The deadline came first.
pub const DEADLINE: &str = "deadline";
/// Ctrl-C came first.
pub const INTERRUPTED: &str = "interrupted";
/// This command does not ask.
pub const NOT_ASKED: &str = "not-asked";
/// What it would rest on is itself not known.
pub const NO_CONNECTIVITY: &str = "no-connectivity";

/// A reason with its words.
#[must_use]
pub fn make(code: &str, text: impl Into<String>) -> Reason {
    Reason { code: code.to_owned(), text: text.into() }
}
