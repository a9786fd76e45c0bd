//! What a router may answer on the port of PCP and NAT-PMP and by UPnP, and what a client may ask there.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nat_probe::server::gateway::{GatewayConfig, GatewayProtocol, GatewayServer};
use nat_probe::wire::upnp::{self, Action, Connection, Place, http};
use nat_probe::wire::{nat_pmp, pcp};

use crate::dice::{Dice, fuzz};

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 23));

/// Every kind of message of both protocols, as bytes.
fn seeds() -> Vec<Vec<u8>> {
    let mapping = pcp::Mapping {
        nonce: pcp::Nonce(Some([7; 12])),
        protocol: 17,
        internal_port: 40_000,
        external: "203.0.113.7:61000".parse().unwrap(),
    };
    let mut options = pcp::Request::map(CLIENT, 120, mapping.clone());
    options.options = vec![pcp::Extra { code: 3, data: vec![1; 20] }, pcp::Extra { code: 200, data: Vec::new() }];
    let map = nat_pmp::Mapping {
        protocol: nat_pmp::Protocol::Udp,
        internal_port: 40_000,
        external_port: 61_000,
        lifetime_s: 120,
    };
    let requests = [pcp::Request::announce(CLIENT), pcp::Request::map(CLIENT, 120, mapping), options];
    let answers = requests.clone().map(|request| request.response(pcp::ResultCode::Success, 120, 3600).encode());
    let older = [nat_pmp::Request::ExternalAddress, nat_pmp::Request::Map(map)].map(|request| request.encode());
    // What the server of the simulator says to each of those.
    let mut server = GatewayServer::new(&GatewayConfig::default(), "203.0.113.7".parse().unwrap());
    let told: Vec<Vec<u8>> = older.iter().filter_map(|bytes| answer(&mut server, bytes)).collect();
    assert_eq!(told.len(), older.len());
    requests.map(|request| request.encode()).into_iter().chain(answers).chain(older).chain(told).collect()
}

fn answer(server: &mut GatewayServer, bytes: &[u8]) -> Option<Vec<u8>> {
    let (client, here) = (SocketAddr::new(CLIENT, 40_000), SocketAddr::new([192, 168, 1, 1].into(), pcp::PORT));
    server.receive(Duration::from_secs(1), client, here, bytes)?.bytes
}

fn twisted(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let (seed, other) = (dice.pick(seeds).clone(), dice.pick(seeds).clone());
    let mut bytes = dice.mutate(&seed, &other, &[b"\x03\x00\x00\x14", b"\x01\x00\xff\xff", b"\x00\x80\x00\x00"]);
    // A length that is no multiple of four ends all reading at once.
    if dice.one_in(2) {
        bytes.truncate(bytes.len() & !3);
    }
    bytes
}

#[test]
fn port_control() {
    let seeds = seeds();
    fuzz(|dice| {
        let bytes = twisted(dice, &seeds);
        // What was understood means the same written anew.
        if let Ok(read) = pcp::Request::read(&bytes)
            && !matches!(read.body, pcp::Body::Unread { .. })
        {
            assert_eq!(pcp::Request::read(&read.encode()), Ok(read));
        }
        if let Ok(read) = pcp::Response::read(&bytes)
            && !matches!(read.body, pcp::Body::Unread { .. })
        {
            assert_eq!(pcp::Response::read(&read.encode()), Ok(read));
        }
        if let Ok(read) = nat_pmp::Request::read(&bytes) {
            assert_eq!(nat_pmp::Request::read(&read.encode()), Ok(read));
        }
        if let Ok(read) = nat_pmp::Response::read(&bytes)
            && !matches!(read.body, nat_pmp::Body::Unread { .. })
        {
            assert_eq!(nat_pmp::Response::read(&read.encode()), Ok(read));
        }
        let mut server = GatewayServer::new(&GatewayConfig::default(), "203.0.113.7".parse().unwrap());
        if let Some(answer) = answer(&mut server, &bytes) {
            let response = pcp::Response::read(&answer).is_ok() || nat_pmp::Response::read(&answer).is_ok();
            assert!(response, "{answer:?} to {bytes:?}");
        }
        assert!(server.made() <= 1);
    });
}

#[test]
fn upnp() {
    let gateway = IpAddr::from([192, 168, 1, 1]);
    let place = |path: &str| Place { host: SocketAddr::new(gateway, 5000), path: path.to_owned() };
    let service = "urn:schemas-upnp-org:service:WANIPConnection:1".to_owned();
    let connection = Connection { service, control: place("/ctl") };
    let protocol = nat_pmp::Protocol::Udp;
    let call = |action| upnp::Request::Call { connection: connection.clone(), action };
    let asks = [
        upnp::Request::Search { gateway, group: false },
        upnp::Request::Describe { at: place("/rootDesc.xml") },
        call(Action::ExternalAddress),
        call(Action::Look { protocol, external_port: 9 }),
        call(Action::Add { protocol, external_port: 9, internal_port: 9, client: CLIENT, lease_s: 120 }),
        call(Action::Delete { protocol, external_port: 9 }),
    ];
    let config = GatewayConfig { protocols: vec![GatewayProtocol::Upnp], ..GatewayConfig::default() };
    let mut server = GatewayServer::new(&config, "203.0.113.7".parse().unwrap());
    let (now, port) = (Duration::from_secs(1), SocketAddr::new(gateway, upnp::PORT));
    let searched = server.receive(now, SocketAddr::new(CLIENT, 9), port, &asks[0].encode()).and_then(|sent| sent.bytes);
    let mut answers: Vec<Vec<u8>> = asks[1..].iter().map(|ask| server.http(now, CLIENT, &ask.encode())).collect();
    answers.extend(searched);
    fuzz(|dice| {
        let (one, other) = (dice.pick(&answers).clone(), dice.pick(&answers).clone());
        let tokens: [&[u8]; 6] =
            [b"<", b"</", b"\r\n\r\n", b"Transfer-Encoding: chunked\r\n", b"http://", b"ffffffffffffffff\r\n"];
        let bytes = dice.mutate(&one, &other, &tokens);
        let asked = dice.pick(&asks);
        let said = upnp::Response::read(asked, &bytes);
        assert!(!said.to_string().chars().any(char::is_control), "{said:?}");
        if let upnp::Response::Described { connections } = &said {
            // Whatever it says leads to itself, and stays within the line that it is written into.
            for one in connections {
                let named = [&one.control.path, &one.service];
                assert!(named.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_graphic())), "{one:?}");
                assert_eq!(one.control.host.ip(), gateway);
            }
        }
        let _ = upnp::Response::found(gateway, port, &bytes);
        // However it is cut, a stream is the same message.
        let mut framer = http::Framer::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(1 + bytes.len() / 3) {
            framer.push(piece);
            found.extend(framer.by_ref());
        }
        found.extend(framer.finish());
        assert!(found.len() <= 1 && found.iter().all(|message| bytes.starts_with(message)));
        let asked = dice.mutate(&asks[4].encode(), &asks[5].encode(), &tokens);
        let mut server = GatewayServer::new(&config, "203.0.113.7".parse().unwrap());
        let _ = server.http(now, CLIENT, &asked);
    });
}
