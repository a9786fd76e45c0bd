//! Runs a machine on a network, real or simulated.

use crate::engine::{Engine, Machine, Network};
use crate::evidence::{Evidence, LogEvent};

/// A flood must not keep a machine from its deadline.
const AT_ONCE: usize = 256;

/// Drives a run to its end and returns what was seen. Everything that happens is shown to the observer, in order.
pub fn drive(mut engine: Engine, network: &mut dyn Network, observer: &mut dyn FnMut(&LogEvent)) -> Evidence {
    measure(&mut engine, network, observer);
    engine.into_evidence()
}

/// The same for whoever goes on with what the run leaves open.
pub fn measure(engine: &mut Engine, network: &mut dyn Network, observer: &mut dyn FnMut(&LogEvent)) {
    engine.limit(network.platform_limits());
    engine.start(network.now(), network.host_addresses());
    run(engine, network, &mut |engine| {
        for event in engine.take_log() {
            observer(&event);
        }
    });
}

/// Drives any machine to its end. The observer sees it after each of its turns: what it has to tell is taken there.
pub fn run<M: Machine + ?Sized>(machine: &mut M, network: &mut dyn Network, observer: &mut dyn FnMut(&mut M)) {
    loop {
        for command in machine.poll(network.now()) {
            network.perform(command);
        }
        observer(machine);
        if machine.is_finished() {
            return;
        }
        let mut input = network.wait(machine.next_wake());
        // What has arrived is read before anything is judged by the clock: this program may have been held up itself.
        for _ in 0..AT_ONCE {
            let Some(arrived) = input else { break };
            machine.handle(network.now(), arrived);
            input = network.wait(network.now());
        }
        if let Some(arrived) = input {
            machine.handle(network.now(), arrived);
        }
    }
}
