//! The server alone: what it makes, keeps and deletes.

use super::*;

const SOURCE: &str = "192.168.1.23:40001";
const SERVER: &str = "192.168.1.1:5351";

fn server(faults: &[GatewayFault], protocols: &[GatewayProtocol]) -> GatewayServer {
    let config = GatewayConfig { faults: faults.to_vec(), protocols: protocols.to_vec(), ..GatewayConfig::default() };
    GatewayServer::new(&config, "203.0.113.7".parse().unwrap())
}

fn both(faults: &[GatewayFault]) -> GatewayServer {
    server(faults, &[GatewayProtocol::Pcp, GatewayProtocol::NatPmp])
}

fn ask(server: &mut GatewayServer, now_s: u64, bytes: &[u8]) -> Option<Vec<u8>> {
    let now = Duration::from_secs(now_s);
    server.receive(now, SOURCE.parse().unwrap(), SERVER.parse().unwrap(), bytes)?.bytes
}

fn map(nonce: u8, lifetime_s: u32) -> Vec<u8> {
    let mapping = pcp::Mapping {
        nonce: Nonce(Some([nonce; 12])),
        protocol: 17,
        internal_port: 5000,
        external: "0.0.0.0:0".parse().unwrap(),
    };
    pcp::Request::map("192.168.1.23".parse().unwrap(), lifetime_s, mapping).encode()
}

fn pcp(server: &mut GatewayServer, now_s: u64, bytes: &[u8]) -> pcp::Response {
    pcp::Response::read(&ask(server, now_s, bytes).unwrap()).unwrap()
}

#[test]
fn a_mapping_is_there_until_it_is_deleted_or_has_ended() {
    let mut server = both(&[]);
    let made = pcp(&mut server, 1, &map(1, 120));
    assert_eq!((made.result, made.lifetime_s, made.epoch_s), (pcp::ResultCode::Success, 120, 3601));
    let external = made.body.mapping().unwrap().external;
    assert_eq!(external, "203.0.113.7:5000".parse().unwrap());
    let inside = |server: &GatewayServer, now_s| server.inside(Protocol::Udp, 5000, Duration::from_secs(now_s));
    assert_eq!(inside(&server, 2), Some("192.168.1.23:5000".parse().unwrap()));
    assert_eq!(inside(&server, 122), None);
    assert_eq!(pcp(&mut server, 3, &map(2, 120)).result, pcp::ResultCode::NotAuthorized, "another's nonce");
    assert_eq!(pcp(&mut server, 3, &map(2, 0)).result, pcp::ResultCode::NotAuthorized, "another's nonce");
    let gone = pcp(&mut server, 4, &map(1, 0));
    assert_eq!((gone.result, gone.lifetime_s), (pcp::ResultCode::Success, 0));
    assert_eq!((inside(&server, 5), server.live(Duration::from_secs(5)), server.made()), (None, 0, 1));
}

#[test]
fn each_protocol_says_which_the_server_speaks() {
    let announce = pcp::Request::announce("192.168.1.23".parse().unwrap()).encode();
    let mut pmp = server(&[], &[GatewayProtocol::NatPmp]);
    let answer = nat_pmp::Response::read(&ask(&mut pmp, 0, &announce).unwrap()).unwrap();
    assert_eq!(answer.result, nat_pmp::ResultCode::UnsupportedVersion);
    let mut only = server(&[], &[GatewayProtocol::Pcp]);
    assert_eq!(pcp(&mut only, 0, &nat_pmp::Request::ExternalAddress.encode()).result, pcp::ResultCode::UnsuppVersion);
    assert_eq!(pcp(&mut only, 0, &announce).result, pcp::ResultCode::Success);
    assert_eq!(ask(&mut server(&[], &[]), 0, &announce), None, "port unreachable");
}

#[test]
fn a_request_from_behind_another_nat_is_refused() {
    let announce = pcp::Request::announce("10.0.0.5".parse().unwrap()).encode();
    assert_eq!(pcp(&mut both(&[]), 0, &announce).result, pcp::ResultCode::AddressMismatch);
}

#[test]
fn an_option_that_it_must_know_and_does_not_is_refused() {
    let mut request = pcp::Request::announce("192.168.1.23".parse().unwrap());
    for (code, result) in [(77, pcp::ResultCode::UnsuppOption), (200, pcp::ResultCode::Success)] {
        request.options = vec![pcp::Extra { code, data: vec![1] }];
        assert_eq!(pcp(&mut both(&[]), 0, &request.encode()).result, result);
    }
}

#[test]
fn garbage_is_survived() {
    let mut server = both(&[]);
    for length in 0..80 {
        for start in [0u8, 1, 2, 3, 255] {
            let bytes: Vec<u8> = (0..length).map(|at| if at == 0 { start } else { 0x81 }).collect();
            let _ = ask(&mut server, 0, &bytes);
        }
    }
    assert_eq!(server.made(), 0);
}
