//! The two containers of captures, pcap and pcapng, read block by block by `pcap-parser`, so that a large one is never held whole.
//!
//! What that crate leaves to its caller: a block that contradicts itself asks for more bytes for ever; resolutions that are powers of
//! two and offsets of big-endian files come out wrong; the obsolete packet block is unknown to it; the first read has to bring a header.

use std::io::Read;

use pcap_parser::pcapng::{Block, OptionCode};
use pcap_parser::traits::{PcapNGPacketBlock as _, PcapReaderIterator};
use pcap_parser::{LegacyPcapReader, PcapBlockOwned, PcapError, PcapNGOption, PcapNGReader};

/// What is read at once.
const BUFFER: usize = 1 << 18;
/// The largest block that is believed: a packet of loopback with its options has a quarter of a mebibyte.
const LARGEST_BLOCK: usize = 1 << 24;

/// A packet as it was captured.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// Which, from 1, as Wireshark counts them.
    pub(super) number: u64,
    /// When, in milliseconds since 1970.
    pub(super) time_ms: Option<u64>,
    /// What its first bytes are (<https://www.tcpdump.org/linktypes.html>).
    pub(super) link: u16,
    /// Which way it went, seen from the host that captured it.
    pub(super) way: Option<Way>,
    /// Its bytes, as many as were kept.
    pub(super) bytes: &'a [u8],
    /// How many it had.
    pub(super) length: usize,
}

/// Which way a packet went, seen from the host that captured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To it.
    In,
    /// From it.
    Out,
}

/// How a capture ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After its last packet.
    Whole,
    /// In the middle of a packet.
    Cut,
    /// With something that cannot be read.
    Damaged,
}

/// An interface of a pcapng file.
#[derive(Clone, Copy)]
struct Interface {
    link: u16,
    /// The longest packet that it kept; 0 for any.
    most: usize,
    /// What a second has of the units in which it counts time.
    per_second: u64,
    offset_s: i64,
}

/// Hands every packet on.
pub(super) fn packets(reader: impl Read, take: &mut dyn FnMut(&Packet<'_>)) -> End {
    let mut reader = Filled(reader);
    let mut first = [0; 4];
    if reader.read(&mut first).ok() != Some(4) {
        return End::Cut;
    }
    let pcapng = first == [0x0a, 0x0d, 0x0d, 0x0a];
    let whole = Filled(std::io::Cursor::new(first).chain(reader));
    if pcapng {
        PcapNGReader::new(BUFFER, whole).map_or(End::Cut, |blocks| drain(blocks, take))
    } else {
        LegacyPcapReader::new(BUFFER, whole).map_or(End::Cut, |blocks| drain(blocks, take))
    }
}

fn drain(mut blocks: impl PcapReaderIterator, take: &mut dyn FnMut(&Packet<'_>)) -> End {
    let (mut state, mut size) = (State::default(), BUFFER);
    loop {
        match blocks.next() {
            Ok((length, block)) => {
                state.block(&block, take);
                blocks.consume(length);
            }
            Err(PcapError::Eof) => return End::Whole,
            Err(PcapError::UnexpectedEof) => {
                return if blocks.data().is_empty() { End::Whole } else { End::Cut };
            }
            Err(PcapError::Incomplete(_) | PcapError::BufferTooSmall) => {
                if blocks.data().len() < size {
                    if blocks.refill().is_err() {
                        return End::Cut;
                    }
                    continue;
                }
                size *= 2;
                if size > LARGEST_BLOCK || !blocks.grow(size) || blocks.refill().is_err() {
                    return End::Damaged;
                }
            }
            Err(_) => return End::Damaged,
        }
    }
}

/// What the blocks before say of the packets after them.
#[derive(Default)]
struct State {
    packets: u64,
    interfaces: Vec<Interface>,
    big_endian: bool,
    nanoseconds: bool,
}

impl State {
    fn block(&mut self, block: &PcapBlockOwned<'_>, take: &mut dyn FnMut(&Packet<'_>)) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.nanoseconds = header.is_nanosecond_precision();
                self.interfaces = vec![Interface { link: link(header.network.0), most: 0, per_second: 1, offset_s: 0 }];
            }
            PcapBlockOwned::Legacy(packet) => {
                let per_ms = if self.nanoseconds { 1_000_000 } else { 1000 };
                let time_ms = u64::from(packet.ts_sec) * 1000 + u64::from(packet.ts_usec) / per_ms;
                self.packet(0, Some(time_ms), None, packet.data, packet.origlen, take);
            }
            PcapBlockOwned::NG(Block::SectionHeader(section)) => {
                self.big_endian = section.big_endian();
                self.interfaces.clear();
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(about)) => {
                self.interfaces.push(Interface {
                    link: link(about.linktype.0),
                    most: usize::try_from(about.snaplen).unwrap_or(0),
                    per_second: resolution(about.if_tsresol),
                    offset_s: self.offset(&about.options),
                });
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let time_ms = self.time(packet.if_id, units);
                let way = self.way(&packet.options);
                self.packet(packet.if_id, time_ms, way, packet.packet_data(), packet.origlen, take);
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let most = self.interfaces.first().map_or(0, |interface| interface.most);
                let bytes = packet.packet_data();
                let kept = if most == 0 { bytes.len() } else { bytes.len().min(most) };
                self.packet(0, None, None, &bytes[..kept], packet.origlen, take);
            }
            // The obsolete packet block.
            PcapBlockOwned::NG(Block::Unknown(block)) if matches!(block.block_type, 2 | 0x0200_0000) => {
                self.obsolete(block.data, take);
            }
            PcapBlockOwned::NG(_) => {}
        }
    }

    fn packet(
        &mut self,
        interface: u32,
        time_ms: Option<u64>,
        way: Option<Way>,
        bytes: &[u8],
        length: u32,
        take: &mut dyn FnMut(&Packet<'_>),
    ) {
        self.packets += 1;
        let Some(about) = self.interface(interface) else { return };
        let length = usize::try_from(length).unwrap_or(usize::MAX).max(bytes.len());
        take(&Packet { number: self.packets, time_ms, link: about.link, way, bytes, length });
    }

    fn interface(&self, number: u32) -> Option<Interface> {
        self.interfaces.get(usize::try_from(number).ok()?).copied()
    }

    fn time(&self, interface: u32, units: u64) -> Option<u64> {
        let about = self.interface(interface)?;
        let ms = i128::from(units) * 1000 / i128::from(about.per_second) + i128::from(about.offset_s) * 1000;
        u64::try_from(ms).ok()
    }

    /// `if_tsoffset`, which is in the byte order of its section.
    fn offset(&self, options: &[PcapNGOption<'_>]) -> i64 {
        let option = options.iter().find(|option| option.code == OptionCode::IfTsoffset);
        let bytes = option.and_then(|option| option.value().first_chunk().copied()).unwrap_or([0; 8]);
        if self.big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) }
    }

    /// `epb_flags`.
    fn way(&self, options: &[PcapNGOption<'_>]) -> Option<Way> {
        let option = options.iter().find(|option| option.code.0 == 2)?;
        let bytes: [u8; 4] = option.value().first_chunk().copied()?;
        let flags = if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        match flags & 3 {
            1 => Some(Way::In),
            2 => Some(Way::Out),
            _ => None,
        }
    }

    /// Interface, drops, time, captured length, length, bytes.
    fn obsolete(&mut self, block: &[u8], take: &mut dyn FnMut(&Packet<'_>)) {
        let Some((head, bytes)) = block.split_first_chunk::<20>() else { return };
        let word = |at: usize| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let (first, high, low, kept, length) = (word(0), word(4), word(8), word(12), word(16));
        let interface = if self.big_endian { first >> 16 } else { first & 0xffff };
        let time_ms = self.time(interface, u64::from(high) << 32 | u64::from(low));
        let kept = bytes.len().min(usize::try_from(kept).unwrap_or(usize::MAX));
        self.packet(interface, time_ms, None, &bytes[..kept], length, take);
    }
}

/// A link type without what stands in the upper bits (the length of the frame check sequence).
fn link(number: i32) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or_default()
}

/// `if_tsresol`: a power of ten, or of two where the first bit is set.
fn resolution(option: u8) -> u64 {
    let power = u32::from(option & 0x7f);
    let of = if option & 0x80 == 0 { 10_u64.checked_pow(power) } else { 1_u64.checked_shl(power) };
    of.filter(|units| *units > 0).unwrap_or(1_000_000)
}

/// Reads until what it was given is full: pipes hand out what they have.
struct Filled<R>(R);

impl<R: Read> Read for Filled<R> {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        let mut full = 0;
        while full < space.len() {
            match self.0.read(&mut space[full..]) {
                Ok(0) => break,
                Ok(length) => full += length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // What came before is told first.
                Err(error) if full == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(full)
    }
}
