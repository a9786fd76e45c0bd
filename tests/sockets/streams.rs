//! TCP sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nat_probe::engine::{Command, Input, Network};
use nat_probe::evidence::FailureCode;
use nat_probe::wire::Transport;

use super::{
    FIRST, SECOND, expect, failed, has_ipv6, message, network, open, opened, received, second_address, send, spec,
};

/// A server that does this with its first connection; tells who connected.
fn serve(serving: impl FnOnce(TcpStream) + Send + 'static) -> (SocketAddr, Receiver<SocketAddr>) {
    serve_at("127.0.0.1:0", serving)
}

fn serve_at(address: &str, serving: impl FnOnce(TcpStream) + Send + 'static) -> (SocketAddr, Receiver<SocketAddr>) {
    let listener = TcpListener::bind(address).unwrap();
    let local = listener.local_addr().unwrap();
    let (told, tell) = channel();
    thread::spawn(move || {
        let (stream, peer) = listener.accept().unwrap();
        let _ = told.send(peer);
        serving(stream);
    });
    (local, tell)
}

/// Reads one request of twenty bytes, then sends these segments.
fn answer(mut stream: TcpStream, segments: &[&[u8]]) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    stream.read_exact(&mut [0; 20]).unwrap();
    for segment in segments {
        stream.write_all(segment).unwrap();
    }
    stream
}

#[test]
fn segments_do_not_matter_only_messages_do() {
    let (server, _) = serve(|stream| {
        let both = [message(1), message(2)].concat();
        let mut stream = answer(stream, &[&both[..3], &both[3..25], &both[25..]]);
        let _ = stream.read(&mut [0]);
    });
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    opened(&mut network, FIRST);
    send(&mut network, FIRST, server, &message(9));
    assert_eq!(received(&mut network), (server, message(1)));
    assert_eq!(received(&mut network), (server, message(2)));
}

#[test]
fn opened_tells_the_address_the_server_sees() {
    let (server, connected) = serve(|mut stream| drop(stream.read(&mut [0])));
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    assert_eq!(opened(&mut network, FIRST), connected.recv().unwrap());
}

#[test]
fn a_web_server_is_not_stun() {
    let (server, _) = serve(|stream| drop(answer(stream, &[b"HTTP/1.1 400 Bad Request\r\n\r\n"])));
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    send(&mut network, FIRST, server, &message(1));
    let (_, failure) = failed(&mut network);
    assert_eq!(failure.code, FailureCode::NotStun);
    assert!(failure.text.contains("HTTP"), "{}", failure.text);
}

#[test]
fn a_server_that_hangs_up_is_told_after_what_it_said() {
    let (server, _) = serve(|stream| drop(answer(stream, &[&message(1)])));
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    send(&mut network, FIRST, server, &message(9));
    assert_eq!(received(&mut network).1, message(1));
    let (remote, failure) = failed(&mut network);
    assert_eq!((remote, failure.code), (None, FailureCode::ConnectionClosed), "{failure:?}");
}

#[test]
fn an_end_inside_a_message_is_a_closed_connection() {
    let (server, _) = serve(|stream| drop(answer(stream, &[&message(1)[..9]])));
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    send(&mut network, FIRST, server, &message(9));
    assert_eq!(failed(&mut network).1.code, FailureCode::ConnectionClosed);
}

#[test]
fn a_closed_port_refuses() {
    let addresses: &[&str] = if has_ipv6() { &["127.0.0.1:0", "[::1]:0"] } else { &["127.0.0.1:0"] };
    for address in addresses {
        let nobody = TcpListener::bind(address).unwrap().local_addr().unwrap();
        let mut network = network();
        open(&mut network, FIRST, spec(Transport::Tcp, nobody));
        let (remote, failure) = failed(&mut network);
        assert_eq!((remote, failure.code), (None, FailureCode::ConnectionRefused), "{failure:?}");
        assert!(failure.text.starts_with(&format!("connect to {nobody}: ")), "{}", failure.text);
    }
}

#[test]
fn one_port_connects_to_two_servers() {
    let (first, seen_first) = serve_at("127.0.0.1:0", |mut stream| drop(stream.read(&mut [0])));
    let Some(other) = second_address() else { return };
    let (second, seen_second) = serve_at(&format!("{other}:0"), |mut stream| drop(stream.read(&mut [0])));
    let mut network = network();
    let shared = |remote, ports: Vec<u16>| {
        let mut wish = spec(Transport::Tcp, remote);
        wish.share_port = true;
        wish.local_ports = ports;
        wish
    };
    open(&mut network, FIRST, shared(first, Vec::new()));
    let port = opened(&mut network, FIRST).port();
    open(&mut network, SECOND, shared(second, vec![port]));
    assert_eq!(opened(&mut network, SECOND).port(), port);
    assert_eq!(seen_first.recv().unwrap().port(), port);
    assert_eq!(seen_second.recv().unwrap().port(), port);
}

#[test]
fn an_occupied_port_is_told() {
    let occupied = TcpListener::bind("0.0.0.0:0").unwrap();
    let mut wish = spec(Transport::Tcp, "127.0.0.1:9".parse().unwrap());
    wish.local_ports = vec![occupied.local_addr().unwrap().port()];
    let mut network = network();
    open(&mut network, FIRST, wish);
    assert_eq!(failed(&mut network).1.code, FailureCode::BindFailed);
}

#[test]
fn closing_hangs_up() {
    let (told, tell) = channel();
    let (server, _) = serve(move |mut stream| told.send(stream.read(&mut [0]).unwrap()).unwrap());
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    opened(&mut network, FIRST);
    network.perform(Command::Close { socket: FIRST });
    // The connection's task ends when the runtime next turns.
    assert_eq!(network.wait(Duration::ZERO), None);
    assert_eq!(tell.recv().unwrap(), 0);
}

#[test]
fn what_was_sent_before_the_connection_stood_arrives() {
    let (server, _) = serve(|stream| {
        let mut stream = answer(stream, &[&message(2)]);
        let _ = stream.read(&mut [0]);
    });
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Tcp, server));
    send(&mut network, FIRST, server, &message(1));
    let first = expect(&mut network, "input", |input| Some(input.clone()));
    assert!(matches!(first, Input::Opened { .. }), "{first:?}");
    assert_eq!(received(&mut network).1, message(2));
}
