//! Runs an engine on a network, real or simulated.

use crate::engine::{Engine, Network};
use crate::evidence::{Evidence, LogEvent};

/// A flood must not keep the engine from its deadline.
const AT_ONCE: usize = 256;

/// Drives the run to its end and returns what was seen. Everything that happens is shown to the observer, in order.
pub fn drive(mut engine: Engine, network: &mut dyn Network, observer: &mut dyn FnMut(&LogEvent)) -> Evidence {
    engine.start(network.now(), network.host_addresses(), network.name_servers());
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
        let mut input = network.wait(engine.next_wake());
        // What has arrived is read before anything is judged by the clock: this program may have been held up itself.
        for _ in 0..AT_ONCE {
            let Some(arrived) = input else { break };
            engine.handle(network.now(), arrived);
            input = network.wait(network.now());
        }
        if let Some(arrived) = input {
            engine.handle(network.now(), arrived);
        }
    }
}
