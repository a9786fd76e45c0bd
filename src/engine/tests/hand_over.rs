//! What goes on after a run.

use super::*;
use crate::evidence::Stop;
use crate::wire::stun::attribute::{LIFETIME, XOR_RELAYED_ADDRESS};
use crate::wire::stun::message::ALLOCATE;
use crate::wire::{Method, Request, TurnAttribute};

const RELAYED: &str = "198.51.100.1:49152";

fn allocate() -> Ask {
    let request = Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)]);
    let mut ask = Ask { request: request.into(), ..binding("allocate", "base") };
    ask.terms.local_address = Some("10.0.0.2".parse().expect("an address"));
    ask
}

/// Asks for an allocation and, on a connection of its own, for nothing that lasts.
fn gathering(hand_over: bool) -> Bench {
    let mut passing = binding("passing", "connection");
    passing.transport = Transport::Tcp;
    let settings = Settings { hand_over, deadline: ms(2_000), ..Settings::default() };
    let mut bench = Bench::with(settings, vec![wanting(vec![allocate(), passing])]);
    let id = bench.sent[0].id();
    let granted = Writer::new(Class::Success, ALLOCATE, id, None)
        .xor_address(XOR_RELAYED_ADDRESS, RELAYED.parse().expect("an address"))
        .attribute(LIFETIME, &120_u32.to_be_bytes())
        .finish();
    bench.run_to(ms(40));
    let local = "10.0.0.2:40000".parse().expect("an address");
    let base = bench.opened[0].0;
    bench.handle(Input::Opened { socket: base, local });
    bench.receive(base, server(0), granted);
    bench
}

#[test]
fn a_socket_and_its_allocation_outlive_the_run_that_hands_them_over() {
    let mut bench = gathering(true);
    assert!(!bench.engine.is_finished());
    bench.run_to(ms(2_000));
    assert!(bench.engine.is_finished());
    assert_eq!(bench.seen().stopped, Some(Stop::Deadline));
    let open = bench.engine.handed_over();
    assert_eq!(open.iter().map(|socket| socket.name.to_string()).collect::<Vec<_>>(), ["base"]);
    assert_eq!(open[0].bound, Some("10.0.0.2:40000".parse().unwrap()));
    assert_eq!(open[0].remotes, [server(0)]);
    let allocation = &open[0].allocations[0];
    assert_eq!((allocation.server, allocation.relayed), (server(0), RELAYED.parse().unwrap()));
    assert_eq!((allocation.lifetime, allocation.granted), (Duration::from_secs(120), ms(40)));
    let (base, connection) = (bench.opened[0].0, bench.opened[1].0);
    assert!(bench.closed.contains(&connection), "it served its one question");
    assert!(!bench.closed.contains(&base));
}

#[test]
fn without_leave_and_after_an_interruption_nothing_stays_open() {
    let mut bench = gathering(false);
    bench.run_to(ms(2_000));
    let mut interrupted = gathering(true);
    interrupted.handle(Input::Interrupted);
    interrupted.run_on(ms(3_000));
    for bench in [bench, interrupted] {
        assert!(bench.engine.is_finished() && bench.engine.handed_over().is_empty());
        assert!(bench.opened.iter().all(|(socket, _)| bench.closed.contains(socket)));
    }
}
