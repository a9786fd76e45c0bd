//! One target as the evidence shows it: what was asked, what came of it, and how the next request has to look.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};

use crate::evidence::{Ask, Evidence, Exchange, Integrity, Key, LocalPort, Patience, Reply, Terms, TurnReply};
use crate::measure::turn::labels;
use crate::measure::turn::options::{Entry, TurnOptions};
use crate::measure::witness::Witnesses;
use crate::wire::{Algorithm, Auth, Family, Method, PasswordForm, Question, Request, Scope, Transport, TurnAttribute};

/// IANA's number of UDP, what REQUESTED-TRANSPORT asks for (RFC 8656 section 7.1).
const UDP: u8 = 17;
/// Retries with a new nonce: whoever calls that one stale too never comes to an end.
const NONCES: usize = 4;

/// The sockets on which the first allocation is tried: each 437 asks for another (RFC 8656 section 7.4).
pub const FIRST: [&str; 3] = ["a", "a2", "a3"];
/// The channel of the test; the smallest number (RFC 8656 section 12).
pub const CHANNEL: u16 = 0x4000;
/// The Allocate with credentials that asks for an IPv6 address.
pub const LOGIN_IPV6: &str = "login-ipv6";
/// Where credentials are tried with SHA-256. Everywhere else they are as browsers send them, signed with MD5 and SHA-1: servers offer
/// SHA-256 (RFC 8489 section 9.2.4) and do not understand it.
pub const SHA256: &str = "sha-256";
/// Every Allocate with credentials that a socket may see.
pub const LOGINS: [&str; 2] = ["login", LOGIN_IPV6];

/// One entry over one transport and family, at the address that counts: after a redirection the one redirected to.
pub struct Target<'a> {
    pub seen: &'a Evidence,
    pub options: &'a TurnOptions,
    pub entry: &'a Entry,
    pub server: usize,
    pub transport: Transport,
    pub family: Family,
    /// Where the server is.
    pub remote: SocketAddr,
    /// The address that redirected here.
    pub redirected_from: Option<SocketAddr>,
    /// The addresses that are known to be the server's.
    pub own: OnceCell<Vec<IpAddr>>,
    /// Who is believed of those who told an address of this host.
    pub told: OnceCell<Witnesses>,
    base: String,
}

/// An allocation that the server granted.
pub struct Allocation<'a> {
    pub relayed: SocketAddr,
    pub reply: &'a Reply,
    pub turn: &'a TurnReply,
    pub exchange: &'a Exchange,
}

/// How far a request with credentials is.
pub enum Tried<'a> {
    /// It is to be asked.
    Ask(Box<Ask>),
    /// It is under way, or over.
    Asked(&'a Exchange),
    /// There is no challenge to answer, or nothing to answer it with.
    Impossible,
}

impl<'a> Target<'a> {
    /// The target; `None` while, or because, its address is not known.
    pub fn new(
        seen: &'a Evidence,
        options: &'a TurnOptions,
        number: usize,
        transport: Transport,
        family: Family,
    ) -> Option<Self> {
        let entry = options.entries.get(number)?;
        let server = entry.server?;
        let lookups = &seen.servers.get(server)?.lookups;
        let addresses = lookups.iter().filter(|lookup| lookup.transport == transport).flat_map(|one| &one.addresses);
        let remote = *addresses.into_iter().find(|address| family.has(address.ip()))?;
        let base = labels::target(number, transport, family);
        let (own, told) = (OnceCell::new(), OnceCell::new());
        let redirected_from = None;
        let first = Self { seen, options, entry, server, transport, family, remote, redirected_from, own, told, base };
        Some(match first.alternate().filter(|_| options.follow) {
            Some(alternate) => Self {
                base: format!("{}/redirected", first.base),
                remote: alternate,
                redirected_from: Some(first.remote),
                ..first
            },
            None => first,
        })
    }

    /// Where a 300 points to, in the family of the request (RFC 8489 section 10); never back to itself.
    pub fn alternate(&self) -> Option<SocketAddr> {
        let alternates = &self.redirection()?.turn.as_ref()?.alternate_servers;
        // A server must not make us send to what is no host's address.
        let possible = |one: &SocketAddr| Scope::of(one.ip()) != Scope::Invalid && one.port() != 0;
        let suits = |one: &SocketAddr| self.family.has(one.ip()) && *one != self.remote && possible(one);
        alternates.iter().copied().find(suits)
    }

    /// The 300 (Try Alternate): servers send it before the credentials, or after them as RFC 8656 section 7.2 orders its checks.
    pub fn redirection(&self) -> Option<&'a Reply> {
        let asked = [self.find("a/allocate"), self.last("a/login")];
        asked.into_iter().flatten().find(|one| error_code(one) == Some(300)).and_then(Exchange::reply)
    }

    /// The same over another transport: what it asks there has labels and sockets of the same kind.
    pub fn over(&self, transport: Transport) -> Self {
        Self { transport, own: OnceCell::new(), told: OnceCell::new(), base: self.base.clone(), ..*self }
    }

    /// What an exchange or a socket of the target is called.
    pub fn label(&self, step: &str) -> String {
        format!("{}/{step}", self.base)
    }

    /// What an exchange of the target is called.
    pub fn key(&self, step: &str) -> Key {
        Key::from(&*self.label(step))
    }

    /// The exchanges of the target whose steps begin so, in the order they were started.
    pub fn under(&self, step: &str) -> impl DoubleEndedIterator<Item = &'a Exchange> + Clone + use<'a> {
        labels::under(self.seen, &self.label(step))
    }

    /// The exchange of that step.
    pub fn find(&self, step: &str) -> Option<&'a Exchange> {
        self.seen.find(&self.key(step))
    }

    /// The response to that step, of whatever kind.
    pub fn reply(&self, step: &str) -> Option<&'a Reply> {
        self.find(step)?.reply()
    }

    /// A question to the server on the target's own transport.
    pub fn ask(&self, step: &str, socket: &str, request: impl Into<Question>) -> Ask {
        Ask {
            key: self.key(step),
            server: self.server,
            socket: self.label(socket),
            transport: self.transport,
            remote: self.remote,
            request: request.into(),
            patience: Patience::Answer,
            local_port: LocalPort::Fresh,
            terms: Terms { keep_open: true, unpaced: true, ..Terms::default() },
        }
    }

    /// A plain datagram of ours that has nothing to do with an allocation. A socket is of one family: where relayed addresses are of
    /// another than the way to the server, peers are on a second one.
    pub fn plain(&self, step: &str, server: usize, remote: SocketAddr) -> Ask {
        let socket = if Family::of(remote) == Family::of(self.remote) { "x" } else { "y" };
        let terms = Terms { unpaced: true, ..Terms::default() };
        Ask { terms, ..Ask::binding(self.key(step), server, self.label(socket), remote) }
    }

    /// Asks for an allocation, relayed over UDP.
    pub fn allocate() -> Request {
        Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(UDP)])
    }

    /// The same for a server that has no IPv4 address to relay from: without REQUESTED-ADDRESS-FAMILY that is what is asked for, over
    /// IPv6 too (RFC 8656 section 7.1).
    pub fn allocate_ipv6() -> Request {
        let mut request = Self::allocate();
        request.attributes.push(TurnAttribute::RequestedAddressFamily(Family::Ipv6));
        request
    }

    /// Whether the server relays IPv6 alone: it refused the plain Allocate (440) and granted the other.
    pub fn relays_ipv6_only(&self) -> bool {
        let granted = |socket: &str| self.last(&format!("{socket}/{LOGIN_IPV6}")).and_then(succeeded).is_some();
        FIRST.into_iter().any(granted)
    }

    /// Whether credentials may be sent: there is a challenge that can be answered, from the realm that was insisted on, and not one that
    /// was weakened on its way (RFC 8489 section 9.2.4, bid-down).
    pub fn may_log_in(&self, socket: &str) -> bool {
        let Some(turn) = self.reply(&format!("{socket}/allocate")).and_then(|reply| reply.turn.as_deref()) else {
            return false;
        };
        let realm = turn.realm.as_deref().filter(|realm| !realm.is_empty());
        let wanted = self.options.realm.as_deref();
        let weakened = turn.password_algorithms_bit && turn.algorithms.is_none();
        turn.nonce && realm.is_some() && !weakened && wanted.is_none_or(|wanted| Some(wanted) == realm)
    }

    /// What the newest challenge on that socket asks for, answered with this credential.
    pub fn auth(&self, socket: &str, credential: usize, username: &str) -> Option<Auth> {
        let name = self.label(socket);
        let mut challenges = self
            .seen
            .exchanges
            .iter()
            .filter(|exchange| exchange.socket == name)
            // What comes through the relay is somebody else's.
            .filter(|exchange| exchange.request.relay().is_none())
            .filter_map(|exchange| Some((exchange.ended_ms?, exchange.reply()?.turn.as_deref()?)))
            .filter(|(_, turn)| turn.nonce)
            .collect::<Vec<_>>();
        challenges.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let (_, newest) = challenges.last()?;
        // A 438 may leave the realm out: the one known is still right.
        let (_, named) = challenges.iter().rev().find(|(_, turn)| turn.realm.is_some())?;
        let mut echo = newest.echo.clone();
        echo.realm.clone_from(&named.echo.realm);
        let sha256 = socket == SHA256 && offers_sha256(newest);
        if !sha256 {
            echo.password_algorithms = None;
        }
        Some(Auth {
            credential,
            username: username.to_owned(),
            realm: named.realm.clone().unwrap_or_default(),
            algorithm: if sha256 { Algorithm::Sha256 } else { Algorithm::Md5 },
            form: PasswordForm::AsTyped,
            anonymous: sha256 && newest.anonymity_bit,
            echo,
        })
    }

    /// Whether the server offers SHA-256 beside MD5.
    pub fn offers_sha256(&self) -> bool {
        let mut challenges =
            FIRST.into_iter().filter_map(|socket| self.reply(&format!("{socket}/allocate"))?.turn.as_deref());
        challenges.any(offers_sha256)
    }

    /// A request with the entry's credentials, repeated with a new nonce where the server calls one stale (438).
    pub fn signed(&self, step: &str, socket: &str, request: &Request) -> Tried<'a> {
        let Some(login) = &self.entry.login else { return Tried::Impossible };
        self.signed_as(step, socket, request, login.credential, &login.username, PasswordForm::AsTyped)
    }

    /// The same with other credentials.
    pub fn signed_as(
        &self,
        step: &str,
        socket: &str,
        request: &Request,
        credential: usize,
        username: &str,
        form: PasswordForm,
    ) -> Tried<'a> {
        for attempt in 1..=NONCES {
            let name = attempt_name(step, attempt);
            match self.find(&name) {
                Some(exchange) if attempt < NONCES && has_new_nonce(exchange) => {}
                Some(exchange) => return Tried::Asked(exchange),
                None => {
                    // Where nonces are good for one request, each of two at once makes the other's stale: they take turns.
                    if let Some(other) = self.signing(socket).filter(|_| attempt > 1) {
                        return Tried::Asked(other);
                    }
                    let Some(auth) = self.auth(socket, credential, username) else { return Tried::Impossible };
                    let request = Request { auth: Some(Auth { form, ..auth }), ..request.clone() };
                    return Tried::Ask(Box::new(self.ask(&name, socket, request)));
                }
            }
        }
        Tried::Impossible
    }

    /// A request with credentials on that socket that is under way.
    fn signing(&self, socket: &str) -> Option<&'a Exchange> {
        let name = self.label(socket);
        self.seen.exchanges.iter().find(|one| one.socket == name && one.request.auth().is_some() && !one.settled())
    }

    /// The last attempt at a request with credentials.
    pub fn last(&self, step: &str) -> Option<&'a Exchange> {
        (1..=NONCES).rev().find_map(|attempt| self.find(&attempt_name(step, attempt)))
    }

    /// Whether every nonce was called stale.
    pub fn stale_without_end(&self, step: &str) -> bool {
        self.find(&attempt_name(step, NONCES)).is_some_and(is_stale)
    }

    /// A request on an allocation's socket, signed where the server authenticates.
    pub fn on(&self, socket: &str, step: &str, request: &Request) -> Tried<'a> {
        if self.is_open_relay() {
            return match self.find(step) {
                Some(exchange) => Tried::Asked(exchange),
                None => Tried::Ask(Box::new(self.ask(step, socket, request.clone()))),
            };
        }
        self.signed(step, socket, request)
    }

    /// Whether the server relays for everybody.
    pub fn is_open_relay(&self) -> bool {
        let open = |socket| self.find(&format!("{socket}/allocate")).and_then(granted).is_some();
        FIRST.into_iter().any(open)
    }

    /// The allocation on that socket.
    pub fn allocation(&self, socket: &str) -> Option<Allocation<'a>> {
        let steps = std::iter::once("allocate").chain(LOGINS);
        steps.map(|step| format!("{socket}/{step}")).find_map(|step| {
            let exchange = self.last(&step)?;
            let (reply, turn) = granted(exchange)?;
            // coturn fills the place of the family that was not asked for with 0.0.0.0:0.
            let is_set = |relayed: &&SocketAddr| !relayed.ip().is_unspecified();
            let relayed = *turn.relayed.iter().find(is_set).or(turn.relayed.first())?;
            Some(Allocation { relayed, reply, turn, exchange })
        })
    }

    /// The allocation on the socket of that exchange.
    pub fn allocation_of(&self, exchange: &Exchange) -> Option<Allocation<'a>> {
        self.allocation(exchange.socket.strip_prefix(&self.label(""))?)
    }

    /// The first answer that came from another address than was asked, and from where: clients ignore such answers.
    pub fn elsewhere(&self) -> Option<(&'a Exchange, SocketAddr)> {
        let asked = self.under("").filter(|one| {
            one.transport == self.transport && one.remote == self.remote && one.request.relay().is_none()
        });
        asked.filter_map(|one| Some((one, one.reply()?.source))).find(|(one, source)| *source != one.remote)
    }

    /// Whether the allocation on that socket was granted by somebody who knows the password, as far as that can be told.
    pub fn is_signed(&self, socket: &str) -> bool {
        let integrity = self.allocation(socket).map(|allocation| allocation.turn.integrity);
        !matches!(integrity, Some(Integrity::Missing | Integrity::Wrong))
    }

    /// The first allocation, and the socket it is on.
    pub fn first(&self) -> Option<(&'static str, Allocation<'a>)> {
        FIRST.into_iter().find_map(|socket| self.allocation(socket).map(|allocation| (socket, allocation)))
    }

    /// The first round trip of a Binding to the server itself, in milliseconds.
    pub fn rtt_ms(&self) -> Option<f64> {
        self.reply("binding").filter(|reply| reply.error.is_none()).map(|reply| reply.rtt_ms)
    }
}

fn offers_sha256(challenge: &TurnReply) -> bool {
    challenge.algorithms.as_ref().is_some_and(|offered| offered.contains(&Algorithm::Sha256))
}

/// What the permission for a peer is called.
pub fn permit_step(socket: &str, peer: IpAddr) -> String {
    format!("{socket}/permit/{peer}")
}

fn attempt_name(step: &str, attempt: usize) -> String {
    if attempt == 1 { step.to_owned() } else { format!("{step}/{attempt}") }
}

/// Whether the server called the nonce stale and gave another.
pub fn is_stale(exchange: &Exchange) -> bool {
    error_code(exchange) == Some(438)
        && exchange.reply().and_then(|reply| reply.turn.as_ref()).is_some_and(|turn| turn.nonce)
}

/// Whether the server called the nonce stale and gave another; with the same once more nothing would change.
fn has_new_nonce(exchange: &Exchange) -> bool {
    is_stale(exchange) && exchange.reply().and_then(|reply| reply.turn.as_ref()).is_some_and(|turn| turn.nonce_renewed)
}

/// The code of an error response.
pub fn error_code(exchange: &Exchange) -> Option<u16> {
    Some(exchange.reply()?.error.as_ref()?.code)
}

/// A success response of a TURN method, from whomever.
pub fn granted(exchange: &Exchange) -> Option<(&Reply, &TurnReply)> {
    let reply = exchange.reply().filter(|reply| reply.error.is_none())?;
    Some((reply, reply.turn.as_deref()?))
}

/// A success response that clients believe: one to a signed request has to be signed too (RFC 8489 section 9.2.5).
pub fn succeeded(exchange: &Exchange) -> Option<(&Reply, &TurnReply)> {
    granted(exchange).filter(|_| !is_unsigned(exchange))
}

/// A success response that is not signed as its request was: clients drop it.
pub fn is_unsigned(exchange: &Exchange) -> bool {
    let unsigned = |turn: &TurnReply| matches!(turn.integrity, Integrity::Missing | Integrity::Wrong);
    exchange.request.auth().is_some() && granted(exchange).is_some_and(|(_, turn)| unsigned(turn))
}
