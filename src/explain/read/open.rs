//! What stands around the bytes of a file: compression, and that it may be too large.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// The largest text that is read, in bytes, after it was unpacked.
pub(super) const LARGEST_TEXT: u64 = 256 << 20;
/// How much of a capture is read, which is never held whole.
const LARGEST_CAPTURE: u64 = 4 << 30;
/// How often compression within compression is undone.
const LAYERS: usize = 2;

/// A file whose first bytes are known.
pub(super) struct Opened<'a> {
    /// Its first bytes, unpacked.
    pub(super) first: Vec<u8>,
    /// All of it, with them.
    pub(super) all: Box<dyn Read + 'a>,
    /// Whether it was compressed.
    pub(super) packed: bool,
}

/// Opens a file, unpacking what gzip made of it.
pub(super) fn open<'a>(source: impl Read + 'a) -> io::Result<Opened<'a>> {
    let mut all: Box<dyn Read + 'a> = Box::new(source);
    for layer in 0.. {
        let first = beginning(&mut all)?;
        let whole = Cursor::new(first.clone()).chain(all);
        if layer == LAYERS || !first.starts_with(&[0x1f, 0x8b]) {
            return Ok(Opened { first, all: Box::new(whole.take(LARGEST_CAPTURE)), packed: layer > 0 });
        }
        all = Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, whole)));
    }
    unreachable!("the layers are counted")
}

/// The first bytes; what cannot be unpacked at all has none.
fn beginning(source: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    let read = source.take(16).read_to_end(&mut first);
    if first.is_empty() { read.map(|_| first) } else { Ok(first) }
}

/// How the bytes of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the file.
    Whole,
    /// In the middle of what was compressed.
    Cut,
    /// Beyond the largest size.
    TooLarge,
}

/// All bytes of a text.
pub(super) fn bytes(opened: Opened<'_>) -> io::Result<(Vec<u8>, Ending)> {
    up_to(LARGEST_TEXT, opened)
}

fn up_to(most: u64, opened: Opened<'_>) -> io::Result<(Vec<u8>, Ending)> {
    let mut bytes = Vec::new();
    match opened.all.take(most + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > most => Ok((Vec::new(), Ending::TooLarge)),
        Ok(_) => Ok((bytes, Ending::Whole)),
        Err(_) if opened.packed && !bytes.is_empty() => Ok((bytes, Ending::Cut)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_is_unpacked_as_far_as_it_goes() {
        let text = "abc, but not the same again and again: 0123456789".repeat(50);
        let read = |file: &[u8]| {
            let opened = open(file).unwrap();
            assert_eq!(opened.first, &text.as_bytes()[..16]);
            bytes(opened).unwrap()
        };
        let once = packed(text.as_bytes());
        assert_eq!(read(text.as_bytes()), (text.clone().into_bytes(), Ending::Whole));
        assert_eq!(read(&once), (text.clone().into_bytes(), Ending::Whole));
        assert_eq!(read(&packed(&once)), (text.clone().into_bytes(), Ending::Whole));
        let twice = [once.clone(), once.clone()].concat();
        assert_eq!(read(&twice).0.len(), 2 * text.len(), "members follow each other");
        let (cut, ending) = read(&once[..once.len() - 9]);
        assert!(text.as_bytes().starts_with(&cut) && ending == Ending::Cut);
        assert!(open(&[0x1f, 0x8b, 8, 0, 1][..]).is_err());
    }

    #[test]
    fn a_bomb_goes_off_in_its_place() {
        let bomb = packed(&vec![b' '; 1 << 20]);
        assert!(bomb.len() < 2000);
        assert_eq!(up_to((1 << 20) - 1, open(&bomb[..]).unwrap()).unwrap(), (Vec::new(), Ending::TooLarge));
        assert_eq!(up_to(1 << 20, open(&bomb[..]).unwrap()).unwrap().1, Ending::Whole);
    }
}
