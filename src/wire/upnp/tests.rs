//! Requests as routers want them, and answers as routers give them, whole, odd, and hostile.

use super::http::{self, Framer};
use super::*;

const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 1));

fn at(path: &str) -> Place {
    Place { host: SocketAddr::new(GATEWAY, 5000), path: path.to_owned() }
}

fn connection() -> Connection {
    Connection { service: "urn:schemas-upnp-org:service:WANIPConnection:1".to_owned(), control: at("/ctl") }
}

fn call(action: Action) -> Request {
    Request::Call { connection: connection(), action }
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[test]
fn a_search_is_that_of_the_architecture() {
    let group = Request::Search { gateway: GATEWAY, group: true }.encode();
    assert_eq!(
        String::from_utf8(group).unwrap(),
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n\
         ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
    );
    let alone = String::from_utf8(Request::Search { gateway: GATEWAY, group: false }.encode()).unwrap();
    assert!(alone.contains("HOST: 192.168.1.1:1900\r\n") && !alone.contains("MX"), "{alone}");
}

#[test]
fn an_action_is_a_whole_request_with_its_arguments_in_order() {
    let add = Action::Add {
        protocol: Protocol::Tcp,
        external_port: 8080,
        internal_port: 80,
        client: [192, 168, 1, 23].into(),
        lease_s: 120,
    };
    let request = String::from_utf8(call(add).encode()).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /ctl HTTP/1.1\r\nHost: 192.168.1.1:5000\r\n"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    assert!(head.contains("SOAPAction: \"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\""), "{head}");
    let order = [
        "<NewRemoteHost></NewRemoteHost>",
        "<NewExternalPort>8080</NewExternalPort>",
        "<NewProtocol>TCP</NewProtocol>",
        "<NewInternalPort>80</NewInternalPort>",
        "<NewInternalClient>192.168.1.23</NewInternalClient>",
        "<NewEnabled>1</NewEnabled>",
        "<NewPortMappingDescription>nat-probe</NewPortMappingDescription>",
        "<NewLeaseDuration>120</NewLeaseDuration>",
    ];
    assert!(body.contains(&order.concat()), "{body}");
}

#[test]
fn only_the_gateway_answers_a_search() {
    let answer =
        |target: &str| format!("HTTP/1.1 200 OK\r\nST:{target}\r\nLocation: http://192.168.1.1:5000/d.xml\r\n\r\n");
    let found = |source: &str, text: &str| Response::found(GATEWAY, source.parse().unwrap(), text.as_bytes());
    let location = "http://192.168.1.1:5000/d.xml".to_owned();
    assert_eq!(found("192.168.1.1:1900", &answer(TARGET)), Ok(Response::Found { location: location.clone() }));
    // Devices may answer from any port, and those of version 2 with their own.
    let second = TARGET.replace(":1", ":2");
    assert_eq!(found("192.168.1.1:49152", &answer(&second)), Ok(Response::Found { location }));
    for (source, text) in [
        ("192.168.1.9:1900", answer(TARGET)),
        ("192.168.1.1:1900", answer("upnp:rootdevice")),
        ("192.168.1.1:1900", answer(TARGET).replace("200 OK", "404 Not Found")),
        ("192.168.1.1:1900", "NOTIFY * HTTP/1.1\r\n\r\n".to_owned()),
        ("192.168.1.1:1900", String::new()),
    ] {
        assert!(found(source, &text).is_err(), "{source} {text}");
    }
}

#[test]
fn a_place_is_one_of_the_device_itself() {
    for (url, host, path) in [
        ("http://192.168.1.1:5000/rootDesc.xml", "192.168.1.1:5000", "/rootDesc.xml"),
        ("HTTP://192.168.1.1/a?b=c", "192.168.1.1:80", "/a?b=c"),
        ("http://192.168.1.1:49152", "192.168.1.1:49152", "/"),
    ] {
        assert_eq!(Place::read(url, GATEWAY), Ok(Place { host: host.parse().unwrap(), path: path.to_owned() }));
    }
    for url in [
        "http://192.168.1.2:5000/",
        "http://127.0.0.1:5000/",
        "http://router.local/",
        "https://192.168.1.1/",
        "http://192.168.1.1:5000@evil.example/",
        "http://192.168.1.1:5000/a b",
        "http://192.168.1.1:5000/\r\nX: y",
        "http://192.168.1.1:99999/",
        "ftp://192.168.1.1/",
        "",
        "http://",
        "é://é",
    ] {
        assert!(Place::read(url, GATEWAY).is_err(), "{url}");
    }
    let here = at("/upnp/desc.xml?x=/y");
    for (reference, path) in [("/ctl", "/ctl"), ("ctl", "/upnp/ctl"), ("http://192.168.1.1:5000/c", "/c")] {
        assert_eq!(here.join(reference), Ok(at(path)));
    }
    for reference in ["http://192.168.1.2/c", "//192.168.1.2/c", "a b"] {
        assert!(here.join(reference).is_err(), "{reference}");
    }
}

/// As a DSL router describes itself: two lines out, a base, prefixes, entities.
const DESCRIPTION: &str = r#"<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><URLBase>http://192.168.1.1:49000/x/</URLBase><device>
<serviceList><service><serviceType>urn:schemas-any-com:service:Any:1</serviceType><controlURL>/any</controlURL></service></serviceList>
<deviceList><device><serviceList>
<service ><serviceType> urn:schemas-upnp-org:service:WANPPPConnection:1 </serviceType><controlURL>ppp?a=1&amp;b</controlURL></service>
<n:service><n:serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</n:serviceType><n:controlURL>/ip</n:controlURL></n:service>
<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1"#;

#[test]
fn the_lines_out_are_found_in_a_description() {
    let read = |text: &str| match Response::read(&Request::Describe { at: at("/d.xml") }, &ok(text)) {
        Response::Described { connections } => connections,
        other => panic!("{other:?}"),
    };
    let found = read(DESCRIPTION);
    let told: Vec<_> = found.iter().map(|one| (one.service.as_str(), one.control.path.as_str())).collect();
    assert_eq!(
        told,
        [
            ("urn:schemas-upnp-org:service:WANPPPConnection:1", "/x/ppp?a=1&b"),
            ("urn:schemas-upnp-org:service:WANIPConnection:2", "/ip"),
        ]
    );
    assert!(found.iter().all(|one| one.control.host.port() == 49000));
    // What would be written into a request, or leads elsewhere, is not taken.
    for service in ["urn:schemas-upnp-org:service:WANIPConnection:1\"\r\nX: y", "WANIPConnection:1"] {
        let text = format!("<service><serviceType>{service}</serviceType><controlURL>/c</controlURL></service>");
        assert!(read(&text).is_empty());
    }
    let elsewhere = "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>\
                     <controlURL>http://192.168.1.7/c</controlURL></service>";
    assert!(read(elsewhere).is_empty() && read("").is_empty());
}

#[test]
fn an_answer_means_what_was_asked() {
    let address = |text: &str| {
        let body = format!("<u:GetExternalIPAddressResponse><NewExternalIPAddress>{text}</NewExternalIPAddress>");
        Response::read(&call(Action::ExternalAddress), &ok(&body))
    };
    assert_eq!(address("203.0.113.7"), Response::ExternalAddress { address: Some([203, 0, 113, 7].into()) });
    for none in ["", "0.0.0.0", "(null)"] {
        assert_eq!(address(none), Response::ExternalAddress { address: None });
    }
    let look = call(Action::Look { protocol: Protocol::Udp, external_port: 9 });
    let entry = "<NewInternalPort>9</NewInternalPort><NewInternalClient>192.168.1.23</NewInternalClient>";
    let said = Response::Entry { client: Some([192, 168, 1, 23].into()), internal_port: 9, lease_s: 0 };
    assert_eq!(Response::read(&look, &ok(entry)), said);
    let fault =
        "HTTP/1.1 500 Internal Server Error\r\n\r\n<s:Fault><errorCode>714</errorCode><errorDescription>No\x1bSuch";
    let refused = Response::read(&look, fault.as_bytes());
    assert_eq!(refused, Response::Refused { code: 714, text: String::new() });
    assert_eq!(refused.to_string(), "UPnP error 714 NoSuchEntryInArray");
    let delete = call(Action::Delete { protocol: Protocol::Udp, external_port: 9 });
    assert_eq!(Response::read(&delete, &ok("<u:DeletePortMappingResponse/>")), Response::Done);
    for (asked, bytes) in [
        (&look, ok("<a/>")),
        (&delete, ok("")),
        (&delete, b"HTTP/1.1 404 Not\x1b Found\r\n\r\n".to_vec()),
        (&delete, b"SSH-2.0-x\r\n".to_vec()),
        (&delete, vec![b'x'; http::LONGEST + 1]),
        (&call(Action::ExternalAddress), ok("<html>Log in</html>")),
    ] {
        let said = Response::read(asked, &bytes);
        assert!(matches!(said, Response::Other { .. }) && !said.to_string().contains('\x1b'), "{said:?}");
    }
}

#[test]
fn a_response_is_whole_when_its_rules_say_so() {
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n".to_vec();
    let counted = ok("hello world");
    for whole in [&chunked, &counted] {
        assert_eq!(http::Response::read(whole).unwrap().body, "hello world");
        let mut framer = Framer::default();
        for byte in &whole[..whole.len() - if *whole == chunked { 2 } else { 0 }] {
            assert_eq!(framer.next(), None);
            framer.push(&[*byte]);
        }
        assert!(framer.next().is_some() && framer.next().is_none() && framer.finish().is_none());
    }
    // Without either, the end of the connection ends it; what is cut off is read as far as it goes.
    for (bytes, body) in [
        ("HTTP/1.0 200 OK\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", "hello"),
    ] {
        let mut framer = Framer::default();
        framer.push(bytes.as_bytes());
        assert_eq!(framer.next(), None);
        assert_eq!(http::Response::read(&framer.finish().unwrap()).unwrap().body, body);
    }
}

#[test]
fn what_never_ends_or_is_no_http_is_given_out_at_once() {
    for start in
        ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"]
    {
        let mut framer = Framer::default();
        framer.push(start.as_bytes());
        for _ in 0..=http::LONGEST / 1000 {
            framer.push(&[b'a'; 1000]);
        }
        assert!(framer.next().is_some(), "{start}");
        framer.push(b"more");
        assert!(framer.next().is_none() && framer.finish().is_none());
    }
    let mut framer = Framer::default();
    framer.push(b"\x16\x03\x01");
    assert!(framer.next().is_some());
}
