//! What is to be said of something that was written or measured, beside the verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes::codes;

/// Something that was noticed: a stable code, a sentence, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    /// A stable code.
    pub code: RemarkCode,
    /// Whether it alone keeps the entry from working.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub error: bool,
    /// A sentence. Escaped.
    pub text: String,
    /// What to do; empty where nothing has to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

codes! {
    /// The kinds of remarks: what is wrong with credentials, then with a configuration, then what was noticed on the way.
    pub enum RemarkCode {
        /// The time in the user name (EXPIRY:USER) has passed.
        CredentialsExpired,
        /// The user name is USER:EXPIRY where servers want EXPIRY:USER.
        UsernameReversed,
        /// The time in the user name is in milliseconds where servers want seconds.
        ExpiryInMilliseconds,
        /// The password was not made with this shared secret.
        SecretMismatch,
        /// The password is no base64 of an HMAC-SHA1, as that of a time-limited user name has to be.
        PasswordEncoding,
        /// The user name is longer than STUN allows.
        UsernameTooLong,
        /// There is white space around a secret, which counts as part of it.
        TrailingWhitespace,
        /// The value is one to be replaced, as examples have them.
        Placeholder,
        /// A TURN server stands without a user name or credential.
        CredentialMissing,
        /// The password stands under another name than credential.
        PasswordNotCredential,
        /// A member is spelled as browsers do not know it.
        MemberMisspelled,
        /// A user name or credential is no text.
        NotAText,
        /// OAuth credentials, which browsers do not take (RFC 7635).
        OauthNotSupported,
        /// A credentialType that nobody knows.
        CredentialTypeUnknown,
        /// Credentials stand beside a stun: URI, which has no use for them.
        CredentialsIgnored,
        /// What was pasted shows credentials that its source leaves out.
        CredentialsLeftOut,
        /// An entry of iceServers is no object.
        NotAnObject,
        /// One object stands where a list of them is wanted.
        NotAList,
        /// An entry has no urls.
        UrlsMissing,
        /// The urls of an entry are an empty list.
        UrlsEmpty,
        /// The URIs stand under another name than urls.
        UrlNotUrls,
        /// The URI cannot be understood.
        UriInvalid,
        /// The URI begins with neither stun:, turn: nor turns:.
        SchemeUnknown,
        /// The URI begins with stuns:, which browsers do not know.
        StunsUnknown,
        /// A ?transport= that browsers ignore.
        TransportIgnored,
        /// A turns: URI was asked for over a transport without TLS.
        TransportWithoutTls,
        /// The configuration has no TURN server.
        NoTurn,
        /// Only relays are allowed, and there is no TURN server.
        RelayWithoutTurn,
        /// An iceTransportPolicy that nobody knows.
        PolicyUnknown,
        /// More TURN URIs than browsers take.
        TooManyServers,
        /// So many URIs that gathering becomes slow.
        ManyServers,
        /// The configuration is JavaScript, which a JSON reader refuses.
        NotJson,
        /// The file begins with a byte order mark.
        ByteOrderMark,
        /// The file is in UTF-16.
        #[serde(rename = "utf-16")]
        Utf16,
        /// The port comes from DNS records, which browsers do not ask for.
        FoundBySrv,
        /// It works over one address family, and over the other it fails.
        OneFamilyFails,
        /// A connection that carried an allocation was ended by its other side.
        ConnectionClosed,
        /// This host is in the server's own network, whose peers see another address.
        SeenFromInside,
        /// Only peers of this network reach the relayed address.
        RelayAddressPrivate,
        /// This host's own socket and a STUN server saw the relay differently.
        ThirdPartyDiffers,
        /// This host's own socket talks to the relay, and no third party's answer came through it.
        ThirdPartyUnheard,
        /// The server does not relay to some of the peers that were tried.
        PeersRefused,
        /// A remark of another version, whose report was read.
        #[serde(other)]
        Unknown,
    }
}
