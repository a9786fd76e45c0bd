//! A name server for stories with names: it knows a few, and says of all others that they do not exist.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;

use super::cage;
use super::netns::{tool, within};
use super::servers::Host;

const A: u16 = 1;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const NAPTR: u16 = 35;

/// What a name leads to.
#[derive(Clone, Copy)]
pub(crate) enum Record {
    Address(&'static str),
    /// A port and a target.
    Service(u16, &'static str),
    /// Services, and the name whose SRV records say where they are.
    Pointer(&'static str, &'static str),
}

/// Serves names from a host, and makes it this machine's only name server.
pub(crate) fn serve(host: Host, names: &'static [(&'static str, Record)]) {
    let at = host.at();
    let socket = within(host.name, || UdpSocket::bind((at, 53))).expect("port 53 in the cage");
    thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, source)) = socket.recv_from(&mut packet) {
            if let Some(answer) = answer(&packet[..length], names) {
                let _ = socket.send_to(&answer, source);
            }
        }
    });
    ask(at);
}

/// dnsmasq on a host, as filters of names use it: each of these domains is at this address, with all its names; of others it says
/// nothing. Becomes this machine's only name server.
pub(crate) fn filter(host: Host, domains: &[(&str, &str)]) {
    let mut dnsmasq = Command::new(cage::need("dnsmasq", "Debian package dnsmasq-base"));
    dnsmasq.args(["--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root", "--conf-file=/dev/null"]);
    dnsmasq.arg("--pid-file=/run/dnsmasq.pid").stderr(Stdio::null());
    dnsmasq.args(domains.iter().map(|(domain, address)| format!("--address=/{domain}/{address}")));
    within(host.name, || dnsmasq.spawn()).expect("dnsmasq");
    ask(host.at());
}

/// Makes the name server at this address the machine's only one.
pub(crate) fn ask(address: &str) {
    fs::write("/run/resolv.conf", format!("nameserver {address}\noptions timeout:1 attempts:2\n")).expect("a file");
    tool("mount", "--bind /run/resolv.conf /etc/resolv.conf");
}

/// The answer to a query with one question (RFC 1035 section 4).
fn answer(query: &[u8], names: &[(&str, Record)]) -> Option<Vec<u8>> {
    let mut end = 12;
    let mut labels = Vec::new();
    while let length @ 1.. = usize::from(*query.get(end)?) {
        labels.push(String::from_utf8_lossy(query.get(end + 1..=end + length)?).to_lowercase());
        end += 1 + length;
    }
    let name = labels.join(".");
    let kind = u16::from_be_bytes([*query.get(end + 1)?, *query.get(end + 2)?]);
    let question = query.get(12..end + 5)?;
    let here: Vec<_> = names.iter().filter(|(known, _)| *known == name).collect();
    let records: Vec<Vec<u8>> = here.iter().filter_map(|(_, record)| data(*record, kind)).collect();
    let code = if here.is_empty() { 3 } else { 0 };
    let mut reply = query[..2].to_vec();
    reply.extend([0x85, 0x80 | code, 0, 1, 0, u8::try_from(records.len()).ok()?, 0, 0, 0, 0]);
    reply.extend(question);
    for record in records {
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, 60]);
        reply.extend(u16::try_from(record.len()).ok()?.to_be_bytes());
        reply.extend(record);
    }
    Some(reply)
}

/// The record's data, where it is of the kind asked for.
fn data(record: Record, kind: u16) -> Option<Vec<u8>> {
    match record {
        Record::Address(address) => match (address.parse().ok()?, kind) {
            (IpAddr::V4(ip), A) => Some(ip.octets().to_vec()),
            (IpAddr::V6(ip), AAAA) => Some(ip.octets().to_vec()),
            _ => None,
        },
        Record::Service(port, target) if kind == SRV => {
            let mut data = vec![0, 0, 0, 0];
            data.extend(port.to_be_bytes());
            data.extend(labels(target)?);
            Some(data)
        }
        Record::Pointer(services, target) if kind == NAPTR => {
            // Order and preference, the flag S, the services, no pattern (RFC 3403 section 4.1).
            let mut data = vec![0, 1, 0, 1, 1, b'S', u8::try_from(services.len()).ok()?];
            data.extend(services.as_bytes());
            data.push(0);
            data.extend(labels(target)?);
            Some(data)
        }
        Record::Service(..) | Record::Pointer(..) => None,
    }
}

fn labels(name: &str) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    for label in name.split('.') {
        labels.push(u8::try_from(label.len()).ok()?);
        labels.extend(label.as_bytes());
    }
    labels.push(0);
    Some(labels)
}
