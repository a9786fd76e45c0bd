//! Masks addresses, so that a report can be pasted into a public issue: one letter for each address, the same everywhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::document::Report;
use crate::wire::addresses;

/// Which letter stands for which address.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    letters: BTreeMap<IpAddr, String>,
}

impl Redactor {
    /// Letters for every address in the report, in the order of its JSON document: the page and the document agree.
    #[must_use]
    pub fn for_report(report: &Report) -> Self {
        Self::for_value(&serde_json::to_value(report).unwrap_or_default())
    }

    /// Letters for every address in the document.
    #[must_use]
    pub(super) fn for_value(document: &Value) -> Self {
        let mut redactor = Self::default();
        redactor.learn(document);
        redactor
    }

    fn learn(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                for address in addresses::find(text, |_| false) {
                    self.add(address.ip);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(members) => members.values().for_each(|member| self.learn(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn add(&mut self, ip: IpAddr) {
        let next = letters(self.letters.len());
        self.letters.entry(ip).or_insert(next);
    }

    /// The text with every address masked; ports, prefix lengths and host names stay. An address that the report does not have
    /// becomes `?`.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = 0;
        for address in addresses::find(text, |ip| self.letters.contains_key(&ip)) {
            // The brackets of `[v6]:port` only keep the two apart; `A:port` needs none.
            let bracketed = text[..address.start].ends_with('[') && text[address.end..].starts_with(']');
            let (start, end) =
                if bracketed { (address.start - 1, address.end + 1) } else { (address.start, address.end) };
            masked.push_str(&text[rest..start]);
            masked.push_str(self.letters.get(&address.ip).map_or("?", String::as_str));
            rest = end;
        }
        masked.push_str(&text[rest..]);
        masked
    }

    /// Masks every text in a document.
    pub(super) fn mask_all(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.mask(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_all(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.mask_all(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// `A` to `Z`, then `AA`, `AB`, ...
fn letters(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(index % 26).unwrap_or(0)));
        match index / 26 {
            0 => break,
            more => index = more - 1,
        }
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::{Redactor, letters};
    use crate::report::{Style, json, sample, view};

    fn mask(text: &str) -> String {
        let mut redactor = Redactor::default();
        for address in crate::wire::addresses::find(text, |_| false) {
            redactor.add(address.ip);
        }
        redactor.mask(text)
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 27, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn addresses_are_found_in_any_dress() {
        for (text, masked) in [
            ("192.168.1.23:51034", "A:51034"),
            ("[2001:db8::1]:3478", "A:3478"),
            ("to [2001:db8::1] and 2001:db8::1.", "to A and A."),
            ("2001:db8:0:0:0:0:0:1, 2001:DB8::1", "A, A"),
            ("::ffff:203.0.113.7 is 203.0.113.7", "A is A"),
            ("stun:203.0.113.7:3478 or stun:[2001:db8::7]", "stun:A:3478 or stun:B"),
            ("203.0.113.0/24", "A/24"),
            ("at 203.0.113.7, then 203.0.113.7.", "at A, then A."),
            ("e203.0.113.7x", "eAx"),
            ("203.0.113.7.example.org", "A.example.org"),
            ("fe80::1%eth0", "A%eth0"),
            ("2026-11-23T21:27:00Z took 1.25 s", "2026-11-23T21:27:00Z took 1.25 s"),
            ("127.0.0.1, ::1, 0.0.0.0:0, [::]:9", "127.0.0.1, ::1, 0.0.0.0:0, [::]:9"),
            ("in 100.64.0.0/10", "in 100.64.0.0/10"),
            ("100.64.0.1", "A"),
            ("Coturn-4.6.1 stun.example.org", "Coturn-4.6.1 stun.example.org"),
            ("probe::bad", "probe::bad"),
            ("ünï 203.0.113.7 ☃", "ünï A ☃"),
            ("", ""),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn a_known_address_is_found_even_inside_a_word() {
        let mut redactor = Redactor::default();
        redactor.add("2001:db8::1".parse().unwrap());
        assert_eq!(redactor.mask("\\x1b2001:db8::1"), "\\x1bA");
    }

    #[test]
    fn an_address_the_report_does_not_have_still_goes() {
        assert_eq!(Redactor::default().mask("seen 203.0.113.7:1"), "seen ?:1");
    }

    #[test]
    fn no_address_survives_in_any_format() {
        for mut report in sample::all() {
            report.servers_mut()[0].server = "stun:[2001:db8:5::9]:3478".to_owned();
            report.servers_mut()[0].software = Some("seen from 203.0.113.99\\x1b2001:db8:6::1".to_owned());
            report.redacted = true;
            let mut secrets: Vec<String> = report.host_addresses.iter().map(ToString::to_string).collect();
            secrets.extend(report.evidence.iter().map(|exchange| exchange.remote.ip().to_string()));
            secrets.extend(
                report.families().iter().flat_map(|(_, found)| &found.public_addresses).map(ToString::to_string),
            );
            secrets.extend(["203.0.113.99", "2001:db8:5::9"].map(str::to_owned));
            let style = |width| Style { width, verbosity: 2, ..Style::default() };
            let pages = [200, 80, 20].map(|width| view::render(&report, &style(width)));
            for text in pages.into_iter().chain([json::render(&report)]) {
                for secret in secrets.iter().filter(|secret| *secret != "127.0.0.1" && *secret != "::1") {
                    assert!(!text.contains(secret.as_str()), "{secret} in\n{text}");
                }
            }
        }
    }

    #[test]
    fn the_same_letter_stands_everywhere_and_ports_stay() {
        let mut report = sample::home_router();
        report.redacted = true;
        let json: serde_json::Value = serde_json::from_str(&crate::report::json::render(&report)).unwrap();
        assert_eq!(json["redacted"], true);
        let public = json["families"]["ipv4"]["public_addresses"][0].as_str().unwrap().to_owned();
        assert_eq!(json["evidence"][0]["outcome"]["mapped"], format!("{public}:51034"));
        let local = json["families"]["ipv4"]["local_address"].as_str().unwrap();
        assert_eq!(local, "A");
        let page = crate::report::view::render(&report, &Style { verbosity: 1, ..Style::default() });
        assert!(page.contains(&format!("{public}:51034")), "{page}");
        assert!(page.contains("stun3.example.org"), "names stay: {page}");
    }
}
