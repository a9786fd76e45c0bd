//! Packet captures: what STUN, TURN and DTLS packets say, whatever their ports. A capture is read packet by packet and never held whole.

mod asked;
mod container;
mod copies;
mod demux;
mod dtls;
mod ip;
mod ledger;
mod link;
mod sessions;
mod stream;
mod tell;

use std::collections::BTreeMap;
use std::io::Read;

use container::{End, Packet};
use copies::Copies;
use demux::Datagram;
use ip::Carried;
use ledger::{At, Ledger};
use link::Frame;
use stream::Streams;

use super::build::Builder;
use crate::explain::traffic::Flow;
use crate::wire::CandidateTransport;

/// Reads a capture.
pub(super) fn read(reader: impl Read, builder: &mut Builder) {
    let mut capture = Capture::default();
    let end = container::packets(reader, &mut |packet| capture.packet(packet));
    capture.ledger.finish();
    capture.notes(end, builder);
    tell::tell(&capture.ledger, capture.last_ms, builder);
}

/// What a capture has been until now.
#[derive(Default)]
struct Capture {
    ledger: Ledger,
    streams: Streams,
    copies: Copies,
    packets: u64,
    last_ms: Option<u64>,
    cut: u64,
    fragments: u64,
    unread: BTreeMap<u16, u64>,
}

impl Capture {
    fn packet(&mut self, packet: &Packet<'_>) {
        self.packets = packet.number;
        self.last_ms = packet.time_ms.or(self.last_ms);
        let (bytes, way) = match link::frame(packet.link, packet.bytes) {
            Frame::Ip(bytes, way) => (bytes, packet.way.or(way)),
            Frame::Other => return,
            Frame::Unread => {
                *self.unread.entry(packet.link).or_default() += 1;
                return;
            }
        };
        let at = At { packet: packet.number, time_ms: packet.time_ms, way };
        if self.copies.is_one(bytes, packet.time_ms) {
            return;
        }
        match ip::carried(bytes) {
            Carried::Udp(segment) => {
                self.fragments += u64::from(segment.fragmented);
                self.cut += u64::from(packet.bytes.len() < packet.length);
                let datagram = Datagram {
                    from: segment.from,
                    to: segment.to,
                    transport: CandidateTransport::Udp,
                    bytes: segment.bytes,
                    length: segment.length,
                };
                demux::datagram(&mut self.ledger, datagram, &at);
            }
            Carried::Tcp { segment, number, start } => {
                let (from, to, ledger) = (segment.from, segment.to, &mut self.ledger);
                self.streams.segment((from, to), number, start, segment.bytes, &mut |bytes| {
                    let (transport, length) = (CandidateTransport::Tcp, bytes.len());
                    demux::datagram(ledger, Datagram { from, to, transport, bytes, length }, &at);
                });
            }
            Carried::Undelivered { by, reason, from, to, tcp } => {
                let transport = if tcp { CandidateTransport::Tcp } else { CandidateTransport::Udp };
                self.ledger.undelivered(Flow { from, to, transport, through: None }, by, reason, &at);
            }
            Carried::LaterFragment => self.fragments += 1,
            Carried::Other => {}
        }
    }

    /// What is to be said of the capture itself.
    fn notes(&self, end: End, builder: &mut Builder) {
        match end {
            End::Whole => {}
            End::Cut => builder.note(format!(
                "the capture ends in the middle of a packet, after packet {}: what stands before is explained",
                self.packets
            )),
            End::Damaged => builder
                .note(format!("the capture is damaged after packet {}: what stands before is explained", self.packets)),
        }
        for (link, count) in self.unread.iter().take(4) {
            builder.note(format!("{count} packets are of link type {link}, which is not read"));
        }
        if self.cut > 0 {
            builder.note(format!(
                "{} packets were cut when they were captured (snap length): -s 0 keeps them whole",
                self.cut
            ));
        }
        if self.fragments > 0 {
            builder.note(format!("{} packets are fragments: only the first of several can be read", self.fragments));
        }
        if self.streams.gaps > 0 {
            builder.note(format!("{} TCP connections have gaps: the capture missed packets", self.streams.gaps));
        }
        let left = self.ledger.left_out + self.streams.passed_over;
        if left > 0 {
            builder.note(format!("{left} packets say more than is kept: an address or a port for each of them"));
        }
    }
}

#[cfg(test)]
mod tests;
