//! Writing TURN requests (RFC 8656, RFC 6062, RFC 8016), signed or not.
//!
//! By our own writer and not by stun-rs: the realm and the nonce of a server go back byte for byte, and stun-rs refuses those that
//! are not as RFC 8489 wants them, which is when a diagnosis matters.

use super::message::{ALLOCATE, BINDING, CHANNEL_BIND, CONNECT, CONNECTION_BIND, CREATE_PERMISSION, Class, REFRESH};
use super::{attribute as ty, control, integrity};
use crate::wire::{
    Algorithm, Auth, Control, Credential, Family, Key, Method, Request, TransactionId, TurnAttribute, Writer,
};

impl Method {
    /// The number in the header.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Binding => BINDING,
            Self::Allocate => ALLOCATE,
            Self::Refresh => REFRESH,
            Self::CreatePermission => CREATE_PERMISSION,
            Self::ChannelBind => CHANNEL_BIND,
            Self::Connect => CONNECT,
            Self::ConnectionBind => CONNECTION_BIND,
        }
    }
}

impl Request {
    /// The bytes of the message itself, without the envelope of a relay; signed if it says with what and the credential is at hand.
    #[must_use]
    pub fn message(&self, id: TransactionId, credential: Option<&Credential>) -> Vec<u8> {
        match self.control {
            Some(Control::Dns) => return control::dns_query(id),
            Some(Control::Rfc3489) => return control::without_cookie(self.encode(id)),
            Some(Control::OtherPort | Control::Again) | None => {}
        }
        if self.method == Method::Binding && self.padding.is_none() && self.auth.is_none() {
            return self.encode(id);
        }
        let mut writer = Writer::new(Class::Request, self.method.number(), id, None);
        if let Some(length) = self.padding {
            writer = writer.attribute(ty::PADDING, &vec![0; length.into()]);
        }
        for attribute in &self.attributes {
            writer = write(writer, attribute);
        }
        match (&self.auth, credential) {
            (Some(auth), Some(credential)) => sign(writer, auth, credential),
            _ => writer.finish(),
        }
    }
}

fn family(family: Family) -> [u8; 4] {
    [if family == Family::Ipv4 { 1 } else { 2 }, 0, 0, 0]
}

fn write(writer: Writer, attribute: &TurnAttribute) -> Writer {
    match attribute {
        TurnAttribute::RequestedTransport(protocol) => writer.attribute(ty::REQUESTED_TRANSPORT, &[*protocol, 0, 0, 0]),
        TurnAttribute::LifetimeS(seconds) => writer.attribute(ty::LIFETIME, &seconds.to_be_bytes()),
        TurnAttribute::RequestedAddressFamily(wanted) => {
            writer.attribute(ty::REQUESTED_ADDRESS_FAMILY, &family(*wanted))
        }
        TurnAttribute::AdditionalAddressFamily(wanted) => {
            writer.attribute(ty::ADDITIONAL_ADDRESS_FAMILY, &family(*wanted))
        }
        TurnAttribute::EvenPort(reserve) => writer.attribute(ty::EVEN_PORT, &[u8::from(*reserve) << 7]),
        TurnAttribute::DontFragment => writer.attribute(ty::DONT_FRAGMENT, &[]),
        TurnAttribute::ReservationToken(token) => writer.attribute(ty::RESERVATION_TOKEN, token),
        TurnAttribute::MobilityTicket(ticket) => writer.attribute(ty::MOBILITY_TICKET, ticket),
        TurnAttribute::Peer(peer) => writer.xor_address(ty::XOR_PEER_ADDRESS, *peer),
        TurnAttribute::Channel(number) => {
            let [high, low] = number.to_be_bytes();
            writer.attribute(ty::CHANNEL_NUMBER, &[high, low, 0, 0])
        }
        TurnAttribute::ConnectionId(id) => writer.attribute(ty::CONNECTION_ID, &id.to_be_bytes()),
    }
}

/// RFC 8489 section 9.2.3.2: who asks, what the server challenged with, and the proof.
fn sign(mut writer: Writer, auth: &Auth, credential: &Credential) -> Vec<u8> {
    writer = if auth.anonymous {
        writer.attribute(ty::USERHASH, &integrity::userhash(&credential.username, &auth.echo.realm))
    } else {
        writer.attribute(ty::USERNAME, credential.username.as_bytes())
    };
    writer = writer.attribute(ty::REALM, &auth.echo.realm).attribute(ty::NONCE, &auth.echo.nonce);
    let offered = auth.echo.password_algorithms.as_ref();
    if let Some(offered) = offered {
        let chosen = if auth.algorithm == Algorithm::Sha256 { [0, 2, 0, 0] } else { [0, 1, 0, 0] };
        writer = writer.attribute(ty::PASSWORD_ALGORITHMS, offered).attribute(ty::PASSWORD_ALGORITHM, &chosen);
    }
    let key = Key::new(credential, &auth.echo.realm, auth.algorithm, auth.form);
    // With PASSWORD-ALGORITHMS only MESSAGE-INTEGRITY-SHA256 may be used (RFC 8489 section 9.2.5).
    writer.integrity(&key, offered.is_some()).finish()
}
