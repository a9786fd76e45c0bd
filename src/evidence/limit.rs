//! What a system does not tell a program: it is known of a run, so that it is not taken for an answer.

use crate::wire::codes::codes;

codes! {
    /// What the system that nat-probe ran on does not tell a program.
    pub enum PlatformLimit {
        /// ICMP errors: over UDP a closed port, a firewall that refuses and a network that cannot be reached look like silence.
        IcmpErrors,
        /// ICMP errors other than a closed port, and of which server that is: over UDP they look like silence, a closed port where a socket has sent to several servers.
        IcmpErrorsInPart,
        /// A limit that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}
