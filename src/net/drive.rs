//! Runs an engine on a network, real or simulated.

use crate::engine::{Engine, LogEvent, Network};
use crate::probe::Evidence;

/// Drives the run to its end and returns what was seen. Everything that happens is shown to the observer, in order.
pub fn drive(mut engine: Engine, network: &mut dyn Network, observer: &mut dyn FnMut(&LogEvent)) -> Evidence {
    engine.start(network.now(), network.host_addresses());
    loop {
        for command in engine.poll(network.now()) {
            network.perform(command);
        }
        for event in engine.take_log() {
            observer(&event);
        }
        if engine.is_finished() {
            return engine.into_evidence();
        }
        if let Some(input) = network.wait(engine.next_wake()) {
            engine.handle(network.now(), input);
        }
    }
}
