//! Distance. Kernels may lack netem, so packets take a detour through a TUN device whose owner holds each for a while.

use std::io::ErrorKind;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tun_rs::DeviceBuilder;

use super::netns::{tool, within};

/// Delays every packet that enters the namespace, by whatever interface.
pub(crate) fn install(namespace: &str, one_way: Duration) -> Result<(), String> {
    detour(namespace, move |_| one_way)
}

/// Keeps the first packet, and whatever comes after it, until so long after the first; from then on nothing.
pub(crate) fn asleep(namespace: &str, awake: Duration) -> Result<(), String> {
    let mut first = None;
    detour(namespace, move |now| (*first.get_or_insert(now) + awake).saturating_duration_since(now))
}

/// Takes every packet that enters the namespace through a TUN device, and holds it for as long as it is told for the time of arrival.
fn detour(namespace: &str, mut hold: impl FnMut(Instant) -> Duration + Send + 'static) -> Result<(), String> {
    let device = within(namespace, || DeviceBuilder::new().name("detour").mtu(1500).build_sync());
    let device = Arc::new(device.map_err(|error| format!("no TUN device: {error}"))?);
    tool("ip", &format!("-n {namespace} link set detour up"));
    // The detour comes before every other table, except for what comes back from it and what the router itself says.
    for family in ["-4", "-6"] {
        let ip = |arguments: &str| tool("ip", &format!("{family} -n {namespace} {arguments}"));
        ip("route add default dev detour table 100");
        ip("rule add priority 1 iif lo lookup main");
        ip("rule add priority 2 iif detour lookup main");
        ip("rule add priority 3 lookup 100");
    }
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    let reader = Arc::clone(&device);
    thread::spawn(move || {
        let mut packet = [0; 2048];
        loop {
            match reader.recv(&mut packet) {
                Ok(length) => {
                    let now = Instant::now();
                    if sender.send((now + hold(now), packet[..length].to_vec())).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                Err(_) => {}
            }
        }
    });
    thread::spawn(move || {
        for (due, packet) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let _ = device.send(&packet);
        }
    });
    Ok(())
}
