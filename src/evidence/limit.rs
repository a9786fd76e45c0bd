//! What a system does not tell a program: it is known of a run, so that it is not taken for an answer.

use crate::wire::codes::codes;

codes! {
    /// What the system that nat-probe ran on does not tell a program.
    pub enum PlatformLimit {
        /// ICMP errors but for a refusal, and of that who sent it: over UDP a closed port and a firewall that refuses look alike, and a network that cannot be reached looks like silence.
        IcmpErrorsInPart,
        /// A limit that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}
