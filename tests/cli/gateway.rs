//! `gateway`: exit codes, requirements, arguments, and no contradiction between the page and the JSON.

use super::{json, run};

#[test]
fn exit_codes_say_what_came_of_it() {
    for (arguments, code) in [
        ("gateway --simulate gateway-pcp", 0),
        ("gateway --simulate gateway-pcp --map", 0),
        ("gateway --simulate gateway-nat-pmp --map 8080/tcp --lifetime 60s", 0),
        ("gateway --simulate gateway-refusing", 0),
        ("gateway --simulate gateway-refusing --map", 1),
        ("gateway --simulate gateway-silent", 0),
        ("gateway --simulate gateway-upnp", 0),
        ("gateway --simulate gateway-upnp --map 8080/tcp", 0),
        ("gateway --simulate home-router --map", 1),
        ("gateway --simulate public-host", 3),
        ("gateway --simulate offline", 3),
        ("gateway --simulate gateway-pcp --gateway 192.168.1.77", 3),
        ("gateway --simulate gateway-pcp --map 0", 2),
        ("gateway --simulate gateway-pcp --map http", 2),
        ("gateway --lifetime 5s", 2),
        ("gateway --gateway router", 2),
    ] {
        assert_eq!(run(arguments).code, Some(code), "{arguments}");
    }
}

#[test]
fn requirements_decide() {
    for (network, requirement, code) in [
        ("gateway-pcp", "port-control=pcp", 0),
        ("gateway-pcp", "port-control=none", 1),
        ("gateway-nat-pmp", "port-control=pcp", 1),
        ("gateway-nat-pmp", "port-control=pcp,nat-pmp", 0),
        ("gateway-upnp", "port-control=upnp", 0),
        ("gateway-upnp", "port-control=pcp,nat-pmp", 1),
        ("gateway-upnp --map", "port-mapping=ok", 0),
        ("home-router", "port-control=none", 0),
        ("public-host", "port-control!=none", 3),
        ("gateway-pcp", "external-scope=public", 0),
        ("gateway-double-nat", "external-scope=public", 1),
        ("gateway-pcp", "external-address=203.0.113.0/24", 0),
        ("gateway-double-nat", "external-address=203.0.113.0/24", 1),
        ("gateway-silent", "external-scope=public", 3),
        ("gateway-pcp", "port-mapping=ok", 3),
        ("gateway-pcp --map", "port-mapping=ok", 0),
        ("gateway-refusing --map", "port-mapping=ok", 1),
        ("gateway-pcp", "mapping=endpoint-independent", 2),
    ] {
        let arguments = format!("gateway --simulate {network} --require {requirement}");
        assert_eq!(run(&arguments).code, Some(code), "{arguments}");
    }
}

#[test]
fn a_saved_report_is_judged_again() {
    for network in [
        "gateway-pcp",
        "gateway-nat-pmp",
        "gateway-upnp",
        "gateway-refusing",
        "gateway-silent",
        "gateway-double-nat",
        "offline",
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = run(&format!("gateway --simulate {network} --map --json")).stdout;
        std::fs::write(file.path(), &first).unwrap();
        let again = run(&format!("gateway --from {} --json", file.path().display())).stdout;
        assert_eq!(again, first, "{network}");
    }
}

#[test]
fn the_page_names_what_the_json_has() {
    let report = json("gateway --simulate gateway-nat-pmp --map --json");
    let page = run("gateway --simulate gateway-nat-pmp --map").stdout;
    assert_eq!(report["gateways"][0]["nat_pmp"]["status"], "answers");
    assert_eq!(report["gateways"][0]["pcp"]["status"], "other-version");
    let external = report["mapping"]["external"].as_str().unwrap();
    assert!(page.contains(external), "{page}");
    for network in ["gateway-nat-pmp", "gateway-upnp"] {
        let open = run(&format!("gateway --simulate {network} --map -vv")).stdout;
        let masked = run(&format!("gateway --simulate {network} --map --redact -vv")).stdout;
        for private in ["203.0.113.7", "192.168.1."] {
            assert!(open.contains(private) && !masked.contains(private), "{masked}");
        }
    }
}

/// Real sockets: the simulator's server, on an address of this host's loopback network that nobody else has.
#[test]
#[cfg(target_os = "linux")]
fn over_real_sockets_a_mapping_is_made_and_deleted() {
    use std::net::UdpSocket;
    use std::thread;
    use std::time::Duration;

    use nat_probe::server::gateway::{GatewayConfig, GatewayServer};

    const ROUTER: &str = "127.0.53.51";
    let socket = UdpSocket::bind((ROUTER, 5351)).expect("the port of PCP is free there");
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let server = thread::spawn(move || {
        let mut server = GatewayServer::new(&GatewayConfig::default(), "203.0.113.7".parse().unwrap());
        let mut bytes = [0; 1100];
        // ANNOUNCE, the external address, the mapping, the mapping again, its end.
        for _ in 0..5 {
            let (length, source) = socket.recv_from(&mut bytes).expect("a question");
            let here = socket.local_addr().unwrap();
            let sent = server.receive(Duration::ZERO, source, here, &bytes[..length]).expect("an answer");
            socket.send_to(&sent.bytes.expect("a datagram"), source).unwrap();
        }
        (server.made(), server.live(Duration::ZERO))
    });
    let report = json(&format!("gateway --gateway {ROUTER} --map --json"));
    assert_eq!(report["gateways"][0]["verdict"]["code"], "ok", "{report:#}");
    assert_eq!(report["gateways"][0]["local"], "127.0.0.1");
    assert_eq!(report["mapping"]["code"], "ok", "{report:#}");
    assert_eq!(server.join().unwrap(), (1, 0));
}
