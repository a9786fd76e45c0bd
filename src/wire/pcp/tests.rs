//! Golden bytes after the figures of RFC 6887, and whatever else a network may bring.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const NONCE: [u8; 12] = [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| u8::try_from(digit).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn mapping(external: &str) -> Mapping {
    let external = external.parse().unwrap();
    Mapping { nonce: Nonce(Some(NONCE)), protocol: 17, internal_port: 40_000, external }
}

fn client() -> IpAddr {
    "192.168.1.10".parse().unwrap()
}

#[test]
fn golden_requests() {
    let map = |lifetime_s| Request::map(client(), lifetime_s, mapping("0.0.0.0:0"));
    let map_bytes = "a0a1a2a3a4a5a6a7a8a9aaab 11000000 9c400000 00000000 00000000 0000ffff 00000000";
    for (request, bytes) in [
        (Request::announce(client()), "02000000 00000000 00000000 00000000 0000ffff c0a8010a".to_owned()),
        (map(120), format!("02010000 00000078 00000000 00000000 0000ffff c0a8010a {map_bytes}")),
        (map(0), format!("02010000 00000000 00000000 00000000 0000ffff c0a8010a {map_bytes}")),
    ] {
        assert_eq!(request.encode(), hex(&bytes), "{request}");
        assert_eq!(Request::read(&hex(&bytes)), Ok(request));
    }
}

#[test]
fn golden_responses() {
    let announced = Response::read(&hex("02800000 00000000 00000e10 00000000 00000000 00000000")).unwrap();
    assert_eq!(announced, Request::announce(client()).response(ResultCode::Success, 0, 3600));
    let bytes = hex(
        "02810000 00000078 00000e11 00000000 00000000 00000000 a0a1a2a3a4a5a6a7a8a9aaab 11000000 9c40ee48 00000000 00000000 0000ffff cb007107",
    );
    let mapped = Response::read(&bytes).unwrap();
    assert_eq!((mapped.result, mapped.lifetime_s, mapped.epoch_s), (ResultCode::Success, 120, 3601));
    assert_eq!(mapped.body, Body::Map(mapping("203.0.113.7:61000")));
    assert_eq!(mapped.encode(), bytes);
}

#[test]
fn a_server_of_another_version_says_so() {
    // Section 9: the header of a later version, and of it only the result.
    let later = Response::read(&hex("03810001 00000708 00000e10 00000000 00000000 00000000 0102")).unwrap();
    assert_eq!((later.version, later.result), (3, ResultCode::UnsuppVersion));
    assert_eq!(
        Response::read(&hex("03810000 00000078 00000e10 00000000 00000000 00000000")),
        Err(Malformed::Version(3))
    );
    // NAT-PMP is another protocol.
    assert_eq!(Response::read(&hex("00800001 00000e10")), Err(Malformed::Version(0)));
}

#[test]
fn what_is_no_message_has_its_reason() {
    let announce = Request::announce(client()).encode();
    assert_eq!(Request::read(&announce[..23]), Err(Malformed::Length(23)));
    assert_eq!(Request::read(&[announce.as_slice(), &[0]].concat()), Err(Malformed::Length(25)));
    assert_eq!(Request::read(&[&announce, &[0; 1080][..]].concat()), Err(Malformed::Length(1104)));
    assert_eq!(Response::read(&announce), Err(Malformed::Direction));
    assert_eq!(Request::read(&[]), Err(Malformed::Length(0)));
    let cut = [&[2, 1][..], &announce[2..]].concat();
    assert_eq!(Request::read(&cut), Err(Malformed::Cut));
    let option = [&announce, &hex("03000014 00000000")[..]].concat();
    assert_eq!(Request::read(&option), Err(Malformed::Option));
    assert_eq!(Malformed::Option.result(), Some(ResultCode::MalformedOption));
}

#[test]
fn an_error_without_its_data_is_an_error_all_the_same() {
    let refused = Response::read(&hex("02810002 00000708 00000e10 00000000 00000000 00000000")).unwrap();
    assert_eq!((refused.result, &refused.body), (ResultCode::NotAuthorized, &Body::Unread { number: 1 }));
}

#[test]
fn options_that_nobody_knows_are_kept_and_named() {
    let mut response = Request::announce(client()).response(ResultCode::Success, 0, 1);
    response.options = vec![Extra { code: 77, data: vec![1, 2, 3] }, Extra { code: 200, data: Vec::new() }];
    let read = Response::read(&response.encode()).unwrap();
    assert_eq!(read, response);
    let mandatory: Vec<String> =
        read.options.iter().filter(|option| option.is_mandatory()).map(ToString::to_string).collect();
    assert_eq!(mandatory, ["option 77"]);
}

#[test]
fn no_output_tells_the_nonce() {
    let request = Request::map(client(), 120, mapping("0.0.0.0:0"));
    let (debug, json) = (format!("{request:?}"), serde_json::to_string(&request).unwrap());
    for secret in ["160, 161", "a0a1", "nonce\":"] {
        assert!(!debug.contains(secret) && !json.contains(secret), "{debug} {json}");
    }
    let back: Request = serde_json::from_str(&json).unwrap();
    assert_eq!(back.body.mapping().map(|mapping| mapping.internal_port), Some(40_000));
}

fn any_body() -> impl Strategy<Value = Body> {
    let ip = prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u16; 8]>().prop_map(|ip| IpAddr::from(ip).to_canonical()),
    ];
    let mapping = (any::<[u8; 12]>(), any::<u8>(), any::<u16>(), ip, any::<u16>()).prop_map(
        |(nonce, protocol, internal_port, ip, port)| Mapping {
            nonce: Nonce(Some(nonce)),
            protocol,
            internal_port,
            external: SocketAddr::new(ip, port),
        },
    );
    prop_oneof![Just(Body::Announce), mapping.prop_map(Body::Map)]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        body in any_body(),
        lifetime_s in any::<u32>(),
        epoch_s in any::<u32>(),
        result in any::<u8>(),
        options in vec((any::<u8>(), vec(any::<u8>(), 0..30)), 0..4),
    ) {
        let options: Vec<Extra> = options.into_iter().map(|(code, data)| Extra { code, data }).collect();
        let request = Request { client: client(), lifetime_s, body, options };
        prop_assert_eq!(Request::read(&request.encode()), Ok(request.clone()));
        let response = request.response(ResultCode::of(result), lifetime_s, epoch_s);
        prop_assert_eq!(response.result.number(), result);
        prop_assert_eq!(Response::read(&response.encode()), Ok(response));
    }

    #[test]
    fn any_bytes_are_survived(start in any::<[u8; 4]>(), bytes in vec(any::<u8>(), 0..120), ours in any::<bool>()) {
        let start = if ours { [VERSION, start[1] & 0x83, 0, start[3] & 0x0f] } else { start };
        let bytes = [&start[..], &bytes].concat();
        for length in 0..=bytes.len() {
            let (request, response) = (Request::read(&bytes[..length]), Response::read(&bytes[..length]));
            if let Ok(request) = request {
                prop_assert_eq!(Request::read(&request.encode()).map(|again| again.body), Ok(request.body));
            }
            if let Ok(response) = response {
                prop_assert_eq!(response.result, ResultCode::of(bytes[3]));
            }
        }
    }
}
