//! The candidate line: `candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host`, with and without what stands before it.

use std::str::FromStr;

use super::error::{CandidateError, CandidateProblem};
use super::{Candidate, words};

impl FromStr for Candidate {
    type Err = CandidateError;

    /// Reads one candidate line, with `a=candidate:`, `candidate:` or neither before it.
    fn from_str(text: &str) -> Result<Self, CandidateError> {
        Line::new(text).read()
    }
}

/// A line on the way to being read.
struct Line<'a> {
    text: &'a str,
    words: std::str::SplitWhitespace<'a>,
    /// The word that was read last.
    word: &'a str,
}

impl<'a> Line<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.trim();
        Self { text, words: after_prefix(text).split_whitespace(), word: "" }
    }

    fn read(mut self) -> Result<Candidate, CandidateError> {
        if self.words.clone().next().is_none() {
            let cut_off = CandidateProblem::CutOff("foundation");
            return self.fail(if self.text.is_empty() { CandidateProblem::Empty } else { cut_off });
        }
        if let Some(candidate) = self.short() {
            return Ok(candidate);
        }
        if after_prefix(self.text) == self.text && !self.words.clone().any(|word| word == "typ") {
            return self.fail(CandidateProblem::Foreign);
        }
        // Some writers leave the foundation out; a transport in the second place gives that away.
        let has_foundation = self.words.clone().nth(1).is_none_or(|second| words::transport(second).is_err());
        let foundation = if has_foundation { self.next("foundation")?.to_owned() } else { String::new() };
        let component = self.value("component", words::component)?;
        let transport = self.value("transport", words::transport)?;
        let priority = self.value("priority", words::priority)?;
        let address = self.value("address", words::address)?;
        let port = self.value("port", words::port)?;
        let typ = self.next("type")?;
        if !typ.eq_ignore_ascii_case("typ") {
            return self.fail(CandidateProblem::NoTyp(typ.to_owned()));
        }
        let kind = self.value("type", words::kind)?;
        let mut candidate = Candidate {
            foundation,
            component,
            transport,
            priority,
            address,
            port,
            kind,
            related: None,
            tcp_type: None,
            extensions: Vec::new(),
        };
        self.rest(&mut candidate)?;
        Ok(candidate)
    }

    /// What follows the type: pairs of a name and a value, in any order.
    fn rest(&mut self, candidate: &mut Candidate) -> Result<(), CandidateError> {
        let (mut related, mut related_port) = (None, None);
        while let Some(name) = self.words.next() {
            self.word = name;
            match name.to_ascii_lowercase().as_str() {
                "raddr" => {
                    let address = self.next("related address")?;
                    let read = words::address(address);
                    related = Some(read.or_else(|_| self.fail(CandidateProblem::RelatedAddress(address.to_owned())))?);
                }
                "rport" => {
                    let port = self.next("related port")?;
                    let read = words::port(port);
                    related_port = Some(read.or_else(|_| self.fail(CandidateProblem::RelatedPort(port.to_owned())))?);
                }
                "tcptype" => candidate.tcp_type = Some(self.value("tcptype", words::tcp_type)?),
                _ => {
                    let value = self.words.next().unwrap_or_default();
                    candidate.extensions.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        candidate.related = related.map(|address| (address, related_port.unwrap_or(0)));
        Ok(())
    }

    /// What pion prints in its logs: `udp4 srflx 203.0.113.1:5000 related 192.0.2.1:4000`.
    fn short(&self) -> Option<Candidate> {
        let mut words = self.words.clone();
        let transport = words::transport(words.next()?).ok()?;
        let kind = words::kind(words.next()?).ok()?;
        let (address, port) = socket(words.next()?)?;
        let related = if words.next() == Some("related") { socket(words.next()?) } else { None };
        Some(Candidate {
            foundation: String::new(),
            component: 1,
            transport,
            priority: 0,
            address,
            port,
            kind,
            related,
            tcp_type: None,
            extensions: Vec::new(),
        })
    }

    fn next(&mut self, what: &'static str) -> Result<&'a str, CandidateError> {
        if let Some(word) = self.words.next() {
            self.word = word;
            Ok(word)
        } else {
            let column = self.text.chars().count() + 1;
            Err(CandidateError::new(self.text, column, CandidateProblem::CutOff(what)))
        }
    }

    fn value<T>(
        &mut self,
        what: &'static str,
        read: fn(&str) -> Result<T, CandidateProblem>,
    ) -> Result<T, CandidateError> {
        let word = self.next(what)?;
        read(word).or_else(|problem| self.fail(problem))
    }

    /// The error, at the word that was read last.
    fn fail<T>(&self, problem: CandidateProblem) -> Result<T, CandidateError> {
        // The word is a part of the text: the distance of the two is its place.
        let at = (self.word.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..at).filter(|_| !self.word.is_empty());
        Err(CandidateError::new(self.text, before.map_or(1, |before| before.chars().count() + 1), problem))
    }
}

/// What follows `a=candidate:`, `candidate:` or `a=`, whatever the case.
fn after_prefix(text: &str) -> &str {
    let without = |text: &'_ str, prefix: &str| -> Option<usize> {
        text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).map(str::len)
    };
    let text = without(text, "a=").map_or(text, |len| &text[len..]);
    without(text, "candidate:").map_or(text, |len| &text[len..])
}

/// An address with its port, as `Display` of a socket address writes it, or a name with one.
fn socket(text: &str) -> Option<(super::CandidateAddress, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    Some((words::address(address).ok()?, words::port(port).ok()?))
}
