//! `turn` against servers of other people than coturn's: pion, ejabberd, node-turn. reTurn (`resiprocate-turn-server`) is not in Debian 12.

use std::fs;

use crate::kit::coturn::{PASSWORD, SECRET, TURN, USER};
use crate::kit::other_turn::{Login, Software};
use crate::kit::turn_client::{allocate, rest_password};
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, BETA, Internet, Net, nat};
use crate::story;

/// A client behind a home router, this server, and STUN servers elsewhere.
fn world(software: Software, login: Login, denied: Option<&str>) -> Net {
    let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
    software.start(TURN, login, denied);
    net
}

/// The right user over UDP, and over TCP where the server listens there.
fn right_login(software: Software, uris: &str) {
    let net = world(software, Login::User, None);
    allocate(TURN.endpoint(), Some((USER, PASSWORD)), &[]).unwrap_or_else(|code| panic!("{code}")).release();
    let run = net.turn(&format!("{ALICE} -4 {uris}"));
    for index in 0..uris.split_whitespace().count() {
        run.expect_diagnosis(index, "ok", "ok");
        assert_eq!(run.views(index), ["works"; 4], "{run}");
    }
    run.expect_code(0);
}

/// A wrong password and an unknown user. What the server says to them is its own affair; both are a login refused.
fn wrong_login(software: Software) {
    let net = world(software, Login::User, None);
    fs::write("/run/wrong", "wrong").unwrap();
    for (user, password) in [("alice", "wrong"), ("nobody", "password"), ("nobody", "wrong")] {
        let run = net.turn(&format!("-u {user} --password-file /run/{password} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "unknown-user-or-password", "failed");
        assert_eq!(run.step(0, "challenge"), "ok", "{run}");
        run.expect_stopped_at(0, "allocate");
        run.expect_code(1);
        // which software it is it says only where its answer is signed, except ejabberd
        assert!(software != Software::Ejabberd || !run.text("/results/0/diagnosis/fix").contains("coturn"), "{run}");
    }
}

/// Time-limited user names: good, expired, and made with another secret.
fn shared_secret(software: Software, good: &str, expired: &str, names: &str) {
    let net = world(software, Login::Secret, None);
    let password = rest_password(SECRET, good);
    allocate(TURN.endpoint(), Some((good, &password)), &[]).unwrap_or_else(|code| panic!("{code}")).release();
    fs::write("/run/rest", password).unwrap();
    let run = net.turn(&format!("-u {good} --password-file /run/rest -4 turn:198.51.100.33"));
    run.expect_diagnosis(0, "ok", "ok");

    fs::write("/run/rest", rest_password(SECRET, expired)).unwrap();
    let run = net.turn(&format!("-u {expired} --password-file /run/rest -4 turn:198.51.100.33"));
    run.expect_diagnosis(0, "credentials-expired", "failed");
    run.expect_stopped_at(0, "allocate");

    fs::write("/run/other-secret", "south").unwrap();
    let run = net.turn(&format!("--secret-file /run/other-secret {names} -4 turn:198.51.100.33"));
    run.expect_diagnosis(0, "secret-mismatch", "failed");
    run.expect_stopped_at(0, "allocate");

    let run = net.turn(&format!("--secret-file /run/secret {names} -4 turn:198.51.100.33"));
    run.expect_diagnosis(0, "ok", "ok");

    // what was made of it elsewhere, so that nobody can tell whether the secret or the user is wrong
    fs::write("/run/rest", rest_password("south", good)).unwrap();
    let run = net.turn(&format!("-u {good} --password-file /run/rest -4 turn:198.51.100.33"));
    run.expect_diagnosis(0, "unknown-user-or-password", "failed");
}

/// No peer is allowed.
fn all_peers_denied(software: Software, denied: &str) {
    let net = world(software, Login::User, Some(denied));
    let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
    run.expect_diagnosis(0, "peer-forbidden", "failed");
    assert_eq!(run.step(0, "allocate"), "ok", "{run}");
    assert_eq!(run.step(0, "permission"), "failed", "{run}");
}

/// The third party and the server itself are denied as peers, other addresses are not.
fn some_peers_denied(software: Software) {
    let net = world(software, Login::User, Some("198.51.100.0/24"));
    let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
    assert_eq!(run.step(0, "allocate"), "ok", "{run}");
    let [third, to, from, between] = run.views(0);
    assert_eq!([third, between], ["forbidden"; 2], "{run}");
    assert_eq!([to, from], ["works"; 2], "{run}");
    assert_ne!(run.text("/results/0/diagnosis/code"), "ok", "{run}");
    assert_ne!(run.text("/results/0/verdict"), "inconclusive", "{run}");
}

story! {
    fn pion_right_login() { right_login(Software::Pion, "turn:198.51.100.33 turn:198.51.100.33?transport=tcp"); }
}
story! {
    /// pion answers a signed request that it does not believe with 400.
    fn pion_wrong_login() { wrong_login(Software::Pion); }
}
story! {
    fn pion_shared_secret() { shared_secret(Software::Pion, "2000000000", "1600000000", ""); }
}
story! {
    /// An error response without a code.
    fn pion_all_peers_denied() { all_peers_denied(Software::Pion, "0.0.0.0/0"); }
}
story! {
    fn pion_some_peers_denied() { some_peers_denied(Software::Pion); }
}

story! {
    fn ejabberd_right_login() { right_login(Software::Ejabberd, "turn:198.51.100.33 turn:198.51.100.33?transport=tcp"); }
}
story! {
    fn ejabberd_wrong_login() { wrong_login(Software::Ejabberd); }
}
story! {
    /// Its user names end in hashes of the user and of the realm (the first eight digits of SHA-1's).
    fn ejabberd_shared_secret() {
        let [good, expired] = ["2000000000:0a11ce0015391846", "1600000000:0a11ce0015391846"];
        shared_secret(Software::Ejabberd, good, expired, "--rest-user 0a11ce0015391846");
    }
}
story! {
    fn ejabberd_some_peers_denied() { some_peers_denied(Software::Ejabberd); }
}
story! {
    /// Its list is of clients too: who stands on it is refused at once.
    fn ejabberd_client_denied() {
        let net = world(Software::Ejabberd, Login::User, Some("192.0.2.0/24"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "forbidden", "failed");
        assert!(run.text("/results/0/diagnosis/text").contains("list") || run.text("/results/0/diagnosis/fix").contains("list"), "{run}");
        run.expect_stopped_at(0, "allocate");
    }
}

story! {
    /// Its answer to ChannelBind is not signed; and a Refresh ends the allocation: it grants a lifetime of 0, and whatever comes next
    /// is told 437.
    fn node_turn_right_login() {
        let net = world(Software::NodeTurn, Login::User, None);
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "failed");
        let code = run.text("/results/0/diagnosis/code");
        assert!(["allocation-lost", "integrity-missing-or-bad"].contains(&code), "{run}");
        assert_eq!(run.views(0), ["works"; 4], "what passes before the Refresh was seen\n{run}");
        assert_eq!(run.step(0, "refresh"), "failed", "{run}");
    }
}
story! {
    fn node_turn_wrong_login() { wrong_login(Software::NodeTurn); }
}

story! {
    /// The relay refuses one of two third parties: that one is no peer, the other is.
    fn pion_denies_one_third_party() {
        let net = Internet::with(&[ALPHA, BETA, TURN]).behind(nat::home_router());
        Software::Pion.start(TURN, Login::User, Some("198.51.100.0/27"));
        let run = net.turn(&format!("{ALICE} -4 --server 203.0.113.1 turn:198.51.100.33"));
        assert_ne!(run.text("/results/0/diagnosis/code"), "protocol-error", "{run}");
        assert_ne!(run.text("/results/0/verdict"), "inconclusive", "{run}");
    }
}
