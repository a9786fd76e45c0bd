//! Who asks: challenges, nonces, signatures (RFC 8489 section 9.2.4), and REST credentials.

use std::time::Duration;

use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use super::allocation::Challenge;
use super::{FiveTuple, SIM_UNIX_START_S, TurnFault, TurnServer};
use crate::engine::Time;
use crate::server::random::Random;
use crate::wire::stun::attribute::{
    MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, NONCE, PASSWORD_ALGORITHM, PASSWORD_ALGORITHMS, REALM,
    THIRD_PARTY_AUTHORIZATION, USERHASH, USERNAME,
};
use crate::wire::stun::integrity;
use crate::wire::{Algorithm, Class, Credential, Key, Message, PasswordForm, Secret, Writer};

/// SHA-256 and MD5, in this order of preference.
const OFFERED: [u8; 8] = [0, 2, 0, 0, 0, 1, 0, 0];
/// A nonce that says: password algorithms are offered, and user names may be hidden (RFC 8489 section 9.2).
const NONCE_COOKIE: &[u8] = b"obMatJos2wAAA";

/// Who asked, as far as that is proven.
pub(super) struct Proof {
    /// The user; nobody where nothing is asked for.
    pub username: String,
    /// What the answer is signed with.
    pub key: Option<Key>,
    /// With SHA-256.
    pub sha256: bool,
}

impl TurnServer {
    /// Who asks, or the answer that asks for it.
    pub(super) fn authenticate(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        message: &Message,
        bytes: &[u8],
        random: &mut Random,
    ) -> Result<Proof, Vec<u8>> {
        if self.has(TurnFault::NoAuth) {
            return Ok(Proof { username: String::new(), key: None, sha256: false });
        }
        let sha256 = message.attribute(MESSAGE_INTEGRITY_SHA256).is_some();
        if (!sha256 && message.attribute(MESSAGE_INTEGRITY).is_none()) || self.has(TurnFault::OauthOnly) {
            return Err(self.challenge(now, tuple, message, 401, random));
        }
        let value = |ty| message.attribute(ty).map(|attribute| attribute.value.as_slice());
        let who = value(USERNAME).or_else(|| value(USERHASH));
        let (Some(who), Some(realm), Some(nonce)) = (who, value(REALM), value(NONCE)) else {
            return Err(self.plain_error(message, 400, "Bad Request"));
        };
        if self.has(TurnFault::OddName400) && who.iter().any(|byte| b" \t'\"\\\n\r".contains(byte)) {
            return Err(self.plain_error(message, 400, "Bad Request"));
        }
        if self.has(TurnFault::Nonce400) {
            return Err(self.plain_error(message, 400, "BadRequest (Invalid Nonce)"));
        }
        if self.is_stale(now, tuple, nonce) {
            self.challenges.remove(&tuple);
            return Err(self.challenge(now, tuple, message, 438, random));
        }
        if realm != self.config.realm.as_bytes() && self.has(TurnFault::Realm437) {
            return Err(self.plain_error(message, 437, "Allocation Mismatch"));
        }
        let offered = value(PASSWORD_ALGORITHMS);
        if offered.is_some_and(|offered| !self.offers_sha256() || offered != OFFERED) {
            return Err(self.plain_error(message, 400, "Bad Request"));
        }
        let strong = value(PASSWORD_ALGORITHM).is_some_and(|chosen| chosen.starts_with(&[0, 2]));
        let algorithm = if strong { Algorithm::Sha256 } else { Algorithm::Md5 };
        let credential = self.credential(now, who, value(USERNAME).is_none());
        let refused = if strong { TurnFault::Sha256Refused } else { TurnFault::Md5Refused };
        let credential = credential.filter(|_| !self.has(refused));
        let proof = credential.and_then(|credential| {
            let key = |algorithm| Key::new(&credential, self.config.realm.as_bytes(), algorithm, PasswordForm::AsTyped);
            let fits = realm == self.config.realm.as_bytes() && key(algorithm).check(message, bytes) == Some(true);
            let weaker = sha256 && self.has(TurnFault::Sha256AnsweredWithSha1);
            let key = key(if weaker { Algorithm::Md5 } else { algorithm });
            fits.then_some(Proof { username: credential.username, key: Some(key), sha256: sha256 && !weaker })
        });
        match proof {
            Some(proof) => Ok(proof),
            None if self.has(TurnFault::Login400) => Err(self.plain_error(message, 400, "Bad Request")),
            None => Err(self.challenge(now, tuple, message, 401, random)),
        }
    }

    /// A 401 or 438 with what the client has to sign.
    fn challenge(&mut self, now: Time, tuple: FiveTuple, message: &Message, code: u16, random: &mut Random) -> Vec<u8> {
        let reason = if code == 438 { "Stale Nonce" } else { "Unauthorized" };
        let reason = self.words(reason);
        let mut writer = Writer::new(Class::Error, message.method, message.id, None).error(code, reason);
        if !self.has(TurnFault::NoRealm) && !self.has(TurnFault::OauthOnly) {
            writer = writer.attribute(REALM, self.config.realm.as_bytes());
        }
        if !self.has(TurnFault::NoNonce) {
            writer = writer.attribute(NONCE, &self.nonce(now, tuple, random));
        }
        if self.offers_sha256() {
            writer = writer.attribute(PASSWORD_ALGORITHMS, &OFFERED);
        }
        if self.has(TurnFault::OauthOnly) || self.has(TurnFault::OauthToo) {
            writer = writer.attribute(THIRD_PARTY_AUTHORIZATION, b"auth.example.org");
        }
        self.software(writer).finish()
    }

    fn offers_sha256(&self) -> bool {
        let faults = [TurnFault::Sha256Refused, TurnFault::Sha256AnsweredWithSha1, TurnFault::Md5Refused];
        self.config.sha256 || faults.into_iter().any(|fault| self.has(fault))
    }

    /// The nonce of a client: another one only when the last has had its time, so that a repeated request makes none stale.
    fn nonce(&mut self, now: Time, tuple: FiveTuple, random: &mut Random) -> Vec<u8> {
        if let Some(challenge) = self.challenges.get(&tuple).filter(|challenge| challenge.until > now) {
            return challenge.nonce.clone();
        }
        let cookie = self.offers_sha256() && !self.has(TurnFault::Sha256Refused);
        let mut nonce = if cookie { NONCE_COOKIE.to_vec() } else { Vec::new() };
        nonce.extend(format!("{:016x}", random.bits()).bytes());
        let until = now.saturating_add(Duration::from_secs(self.config.nonce_s.into()));
        self.challenges.insert(tuple, Challenge { nonce: nonce.clone(), until, checked: 0 });
        nonce
    }

    fn is_stale(&mut self, now: Time, tuple: FiveTuple, nonce: &[u8]) -> bool {
        let (always, often) = (self.has(TurnFault::StaleNonceLoop), self.has(TurnFault::OftenStale));
        let Some(challenge) = self.challenges.get_mut(&tuple) else { return true };
        challenge.checked += 1;
        always || challenge.nonce != nonce || challenge.until <= now || (often && challenge.checked > 1)
    }

    /// The password that belongs to a USERNAME or USERHASH.
    fn credential(&self, now: Time, who: &[u8], hashed: bool) -> Option<Credential> {
        if let Some(secret) = &self.config.secret {
            let username = std::str::from_utf8(who).ok().filter(|_| !hashed)?.to_owned();
            let expiry: i64 = username.split(':').next()?.parse().ok()?;
            let clock = SIM_UNIX_START_S
                .saturating_add(i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
                .saturating_add(self.config.clock_skew_s);
            if expiry < clock {
                return None;
            }
            let password = Secret::new(rest_password(secret, &username)?);
            return Some(Credential { username, password });
        }
        let is_it = |name: &str| {
            if hashed { integrity::userhash(name, self.config.realm.as_bytes()) == who } else { name.as_bytes() == who }
        };
        let user = self.config.users.iter().find(|user| is_it(&user.name))?;
        Some(Credential { username: user.name.clone(), password: user.password.clone() })
    }
}

/// The password of a REST user name (draft-uberti-behave-turn-rest section 2.2).
fn rest_password(secret: &Secret, username: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(username.as_bytes());
    Some(base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()))
}

/// A key that nobody has.
pub(super) fn other_key() -> Key {
    let nobody = Credential { username: String::new(), password: Secret::new("another key") };
    Key::new(&nobody, b"", Algorithm::Md5, PasswordForm::AsTyped)
}
