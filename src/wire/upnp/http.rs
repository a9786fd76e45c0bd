//! As much of HTTP/1.1 (RFC 9112) as the web servers of routers speak: one response on one connection.

use std::mem;

/// What a response may be long: descriptions of routers have some ten thousand bytes.
pub const LONGEST: usize = 1 << 17;
/// Lines of a head.
const LINES: usize = 64;

/// A response, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its status, 200 where all is well.
    pub status: u16,
    /// The same in the server's words.
    pub reason: String,
    /// Its fields, each with its value as text, in their order.
    pub fields: Vec<(String, String)>,
    /// What follows the head.
    pub body: String,
}

impl Response {
    /// Reads one; a body that is cut off is read as far as it goes.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let (head, end) = match Head::read(bytes) {
            Ok(Some(read)) => read,
            Ok(None) => return Err("a response of HTTP that is cut off".to_owned()),
            Err(error) => return Err(format!("no response of HTTP: {error}")),
        };
        let rest = &bytes[end..];
        let body = match head.body() {
            Body::Chunked => chunks(rest).0,
            Body::Of(length) => rest[..rest.len().min(length)].to_vec(),
            Body::ToTheEnd => rest.to_vec(),
        };
        let Head { status, reason, fields } = head;
        Ok(Self { status, reason, fields, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

struct Head {
    status: u16,
    reason: String,
    fields: Vec<(String, String)>,
}

/// How the end of a body is known (RFC 9112 section 6.3).
enum Body {
    Chunked,
    Of(usize),
    ToTheEnd,
}

impl Head {
    /// The head, and where it ends; `None` while it is not whole.
    fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, httparse::Error> {
        let mut lines = [httparse::EMPTY_HEADER; LINES];
        let mut response = httparse::Response::new(&mut lines);
        let httparse::Status::Complete(end) = response.parse(bytes)? else { return Ok(None) };
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
        let fields = response.headers.iter().map(|line| (line.name.to_owned(), text(line.value))).collect();
        let (status, reason) = (response.code.unwrap_or_default(), response.reason.unwrap_or_default().to_owned());
        Ok(Some((Self { status, reason, fields }, end)))
    }

    fn body(&self) -> Body {
        let coding = field(&self.fields, "Transfer-Encoding");
        if coding.is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
            return Body::Chunked;
        }
        let length = field(&self.fields, "Content-Length").and_then(|length| length.parse().ok());
        length.map_or(Body::ToTheEnd, Body::Of)
    }
}

/// What the chunks hold (section 7.1), and whether the last one is there.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(rest) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length == 0 {
            return (body, true);
        }
        let data = &rest[start..];
        body.extend(&data[..data.len().min(length)]);
        // A line ends the chunk.
        match data.get(length.saturating_add(2)..) {
            Some(next) => rest = next,
            None => break,
        }
    }
    (body, false)
}

/// Waits for the end of the response on a connection. Call [`push`](Self::push) with what arrived, then take the response out when it is
/// whole: as it arrived, also where it is none.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    done: bool,
}

impl Framer {
    /// Takes what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.done {
            self.buffer.extend(bytes);
        }
    }

    /// To be asked when the connection has ended: what arrived of a response, which may be all of it.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        (!self.done && !self.buffer.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Vec<u8> {
        self.done = true;
        mem::take(&mut self.buffer)
    }

    fn is_whole(&self) -> bool {
        match Head::read(&self.buffer) {
            Ok(None) => false,
            Ok(Some((head, end))) => match head.body() {
                Body::Chunked => chunks(&self.buffer[end..]).1,
                Body::Of(length) => self.buffer.len() - end >= length,
                Body::ToTheEnd => false,
            },
            Err(_) => true,
        }
    }
}

impl Iterator for Framer {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let ready = !self.done && (self.buffer.len() > LONGEST || self.is_whole());
        ready.then(|| self.take())
    }
}
