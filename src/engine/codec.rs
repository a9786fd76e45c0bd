//! What differs between the protocols, one row each: how a question is written, and what tells that a datagram answers it.

use std::net::SocketAddr;

use crate::evidence::GatewayReply;
use crate::wire::stun::control::answers_dns;
use crate::wire::{Control, Credential, Question, TransactionId, nat_pmp, pcp, upnp};

/// How one protocol is spoken.
pub(super) struct Codec {
    /// The bytes of the question, under that identity.
    pub encode: fn(&Question, TransactionId, Option<&Credential>) -> Vec<u8>,
    /// How its answers are known.
    pub answers: Answers,
    /// Whether the round trip is one to the server that the question concerns.
    pub measures: bool,
}

/// What a datagram answers to a question, or why it does not.
pub(super) type Said = Result<Option<GatewayReply>, String>;

/// A datagram, or a message of a stream, beside a question that waits on its socket.
pub(super) struct Arrived<'a> {
    /// The question.
    pub question: &'a Question,
    /// Its bytes.
    pub asked: &'a [u8],
    /// Where it came from.
    pub source: SocketAddr,
    /// What came.
    pub bytes: &'a [u8],
}

/// How an answer finds its question.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    /// By the transaction id alone: on whatever socket, through a relay, after the wait. Read by the engine itself.
    ByIdentity,
    /// By the socket, and by what it repeats of the bytes that were asked; or why it is none.
    BySocket(fn(&Arrived) -> Said),
}

/// STUN and TURN (RFC 8489 section 6.3.1).
static STUN: Codec = Codec { encode: stun, answers: Answers::ByIdentity, measures: true };
/// A name server, whatever it says; its round trip is none of a STUN server's.
static DNS: Codec =
    Codec { encode: stun, answers: Answers::BySocket(|it| read_dns(it.asked, it.bytes)), measures: false };
/// PCP (RFC 6887).
static PCP: Codec =
    Codec { encode: other, answers: Answers::BySocket(|it| read_pcp(it.asked, it.bytes)), measures: true };
/// NAT-PMP (RFC 6886).
static NAT_PMP: Codec =
    Codec { encode: other, answers: Answers::BySocket(|it| read_nat_pmp(it.asked, it.bytes)), measures: true };
/// UPnP: a device waits as it likes before it answers a search, and a web server thinks before it answers the rest.
static UPNP: Codec = Codec { encode: other, answers: Answers::BySocket(read_upnp), measures: false };

impl Codec {
    /// The row of the protocol that the question is of.
    pub(super) fn of(question: &Question) -> &'static Self {
        match question {
            Question::Stun(request) if request.control == Some(Control::Dns) => &DNS,
            Question::Stun(_) => &STUN,
            Question::Pcp { .. } => &PCP,
            Question::NatPmp { .. } => &NAT_PMP,
            Question::Upnp { .. } => &UPNP,
        }
    }
}

fn stun(question: &Question, id: TransactionId, credential: Option<&Credential>) -> Vec<u8> {
    question.stun().map(|request| request.message(id, credential)).unwrap_or_default()
}

fn other(question: &Question, _: TransactionId, _: Option<&Credential>) -> Vec<u8> {
    match question {
        Question::Pcp { pcp } => pcp.encode(),
        Question::NatPmp { nat_pmp } => nat_pmp.encode(),
        Question::Upnp { upnp } => upnp.encode(),
        Question::Stun(_) => Vec::new(),
    }
}

fn read_dns(asked: &[u8], datagram: &[u8]) -> Said {
    if answers_dns(asked, datagram) { Ok(None) } else { Err("no answer to the DNS question".to_owned()) }
}

fn read_pcp(asked: &[u8], datagram: &[u8]) -> Said {
    let response = match pcp::Response::read(datagram) {
        Ok(response) => response,
        // A server that speaks only NAT-PMP answers PCP in NAT-PMP's format, with "unsupported version" (RFC 6887 section 9).
        Err(pcp::Malformed::Version(nat_pmp::VERSION)) => {
            let response = nat_pmp::Response::read(datagram).map_err(|malformed| malformed.to_string())?;
            return match response.result {
                nat_pmp::ResultCode::UnsupportedVersion => Ok(Some(GatewayReply::NatPmp(response))),
                _ => Err("a NAT-PMP response that does not answer PCP".to_owned()),
            };
        }
        Err(malformed) => return Err(malformed.to_string()),
    };
    if response.result == pcp::ResultCode::UnsuppVersion {
        return Ok(Some(GatewayReply::Pcp(response)));
    }
    let request = pcp::Request::read(asked).map_err(|malformed| malformed.to_string())?;
    if response.body.opcode() != request.body.opcode() {
        return Err(format!("a PCP {} response, which was not asked for", response.body.name()));
    }
    // RFC 6887 section 11.4: nonce, protocol and internal port are those of the request.
    match (request.body.mapping(), response.body.mapping()) {
        (Some(asked), Some(answered)) if asked.nonce != answered.nonce => {
            Err(format!("a PCP {} response with another mapping nonce than the request", response.body.name()))
        }
        (Some(asked), Some(answered))
            if (asked.protocol, asked.internal_port) != (answered.protocol, answered.internal_port) =>
        {
            Err(format!("a PCP {} response about another port than was asked", response.body.name()))
        }
        (Some(_), None) if response.result == pcp::ResultCode::Success => {
            Err("a PCP response that grants a mapping and does not tell which".to_owned())
        }
        _ => Ok(Some(GatewayReply::Pcp(response))),
    }
}

fn read_nat_pmp(asked: &[u8], datagram: &[u8]) -> Said {
    let response = match nat_pmp::Response::read(datagram) {
        Ok(response) => response,
        // A server that speaks only PCP answers NAT-PMP in PCP's format, with UNSUPP_VERSION.
        Err(nat_pmp::Malformed::Version(_)) => {
            let response = pcp::Response::read(datagram).map_err(|malformed| malformed.to_string())?;
            return match response.result {
                pcp::ResultCode::UnsuppVersion => Ok(Some(GatewayReply::Pcp(response))),
                _ => Err("a PCP response that does not answer NAT-PMP".to_owned()),
            };
        }
        Err(malformed) => return Err(malformed.to_string()),
    };
    let request = nat_pmp::Request::read(asked).map_err(|malformed| malformed.to_string())?;
    let fits = match (request, response.body) {
        (nat_pmp::Request::ExternalAddress, nat_pmp::Body::ExternalAddress { .. }) => true,
        // RFC 6886 section 3.5: the internal port is what identifies the request.
        (nat_pmp::Request::Map(asked), nat_pmp::Body::Map(answered)) => {
            (asked.protocol, asked.internal_port) == (answered.protocol, answered.internal_port)
        }
        (_, nat_pmp::Body::Unread { number }) => {
            response.result == nat_pmp::ResultCode::UnsupportedVersion || number == request.opcode()
        }
        _ => false,
    };
    if fits {
        Ok(Some(GatewayReply::NatPmp(response)))
    } else {
        Err("a NAT-PMP response to another request".to_owned())
    }
}

/// On a connection for one question alone whatever comes is its answer; a search is answered by any device of the network.
fn read_upnp(it: &Arrived) -> Said {
    let response = match it.question.upnp() {
        Some(upnp::Request::Search { gateway, .. }) => upnp::Response::found(*gateway, it.source, it.bytes)?,
        Some(asked) => upnp::Response::read(asked, it.bytes),
        None => return Err("an answer of UPnP, which was not asked".to_owned()),
    };
    Ok(Some(GatewayReply::Upnp(response)))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 10));

    fn map(nonce: u8, internal_port: u16) -> pcp::Request {
        let external = SocketAddr::from(([0, 0, 0, 0], 0));
        let nonce = pcp::Nonce(Some([nonce; 12]));
        pcp::Request::map(CLIENT, 120, pcp::Mapping { nonce, protocol: 17, internal_port, external })
    }

    fn why(read: Said) -> String {
        read.expect_err("no answer")
    }

    #[test]
    fn a_pcp_answer_repeats_nonce_protocol_and_port() {
        let asked = map(1, 5000).encode();
        let answer = |request: pcp::Request, result| request.response(result, 120, 9).encode();
        for result in [pcp::ResultCode::Success, pcp::ResultCode::NotAuthorized] {
            assert!(matches!(read_pcp(&asked, &answer(map(1, 5000), result)), Ok(Some(GatewayReply::Pcp(_)))));
            assert!(why(read_pcp(&asked, &answer(map(2, 5000), result))).contains("another mapping nonce"));
            assert!(why(read_pcp(&asked, &answer(map(1, 5001), result))).contains("another port"));
            let announced = pcp::Request::announce(CLIENT);
            assert!(why(read_pcp(&asked, &answer(announced, result))).contains("ANNOUNCE"));
        }
        assert!(why(read_pcp(&asked, &asked)).contains("direction"));
        let header = &answer(map(1, 5000), pcp::ResultCode::NoResources)[..24];
        assert!(read_pcp(&asked, header).is_ok(), "an error need not repeat the request");
        assert!(read_pcp(&asked, &answer(map(1, 5000), pcp::ResultCode::Success)[..24]).is_err());
    }

    #[test]
    fn a_nat_pmp_answer_repeats_opcode_and_port() {
        let mapping = |internal_port| nat_pmp::Mapping {
            protocol: nat_pmp::Protocol::Udp,
            internal_port,
            external_port: 0,
            lifetime_s: 60,
        };
        let asked = nat_pmp::Request::Map(mapping(5000)).encode();
        let answer = |body| nat_pmp::Response { result: nat_pmp::ResultCode::Success, epoch_s: 1, body }.encode();
        assert!(read_nat_pmp(&asked, &answer(nat_pmp::Body::Map(mapping(5000)))).is_ok());
        assert!(read_nat_pmp(&asked, &answer(nat_pmp::Body::Map(mapping(5001)))).is_err());
        let address = nat_pmp::Body::ExternalAddress { address: Ipv4Addr::new(203, 0, 113, 7) };
        assert!(read_nat_pmp(&asked, &answer(address)).is_err());
        assert!(read_nat_pmp(&nat_pmp::Request::ExternalAddress.encode(), &answer(address)).is_ok());
    }

    #[test]
    fn each_protocol_hears_that_the_other_is_spoken() {
        let version = nat_pmp::ResultCode::UnsupportedVersion;
        let pmp = nat_pmp::Response { result: version, epoch_s: 1, body: nat_pmp::Body::Unread { number: 0 } };
        let read = read_pcp(&map(1, 5000).encode(), &pmp.encode());
        assert!(matches!(read, Ok(Some(GatewayReply::NatPmp(_)))), "{read:?}");
        let announced = pcp::Request::announce(CLIENT).response(pcp::ResultCode::UnsuppVersion, 0, 1);
        let read = read_nat_pmp(&nat_pmp::Request::ExternalAddress.encode(), &announced.encode());
        assert!(matches!(read, Ok(Some(GatewayReply::Pcp(_)))), "{read:?}");
    }
}
