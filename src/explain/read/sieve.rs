//! JSON without what no reader looks at: a dump is large by the history of its sound and pictures, of which the last value or nothing
//! is wanted. It is dropped while it is read, so that a large file takes little more memory than its own size.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What of the statistics is looked at, by the name of the property.
const PROPERTIES: [&str; 41] = [
    "address",
    "bytesReceived",
    "candidateType",
    "dtlsRole",
    "dtlsState",
    "foundation",
    "iceRole",
    "iceState",
    "id",
    "ip",
    "ipAddress",
    "kind",
    "localCandidateId",
    "mediaType",
    "networkType",
    "nominated",
    "packetsReceived",
    "packetsSent",
    "port",
    "portNumber",
    "priority",
    "protocol",
    "relatedAddress",
    "relatedPort",
    "relayProtocol",
    "remoteCandidateId",
    "requestsReceived",
    "requestsSent",
    "responsesReceived",
    "responsesSent",
    "selected",
    "selectedCandidatePairId",
    "state",
    "tcpType",
    "transport",
    "transportId",
    "type",
    "url",
    "usernameFragment",
    "vpn",
    "writable",
];

/// Objects of the statistics that tell nothing of connections.
const OTHER_TYPES: [&str; 10] = [
    "codec",
    "csrc",
    "media-playout",
    "media-source",
    "receiver",
    "remote-inbound-rtp",
    "remote-outbound-rtp",
    "sender",
    "stream",
    "track",
];

/// Streams, of which only the count of packets is looked at.
const STREAMS: [&str; 2] = ["inbound-rtp", "outbound-rtp"];

/// Reads one document.
///
/// # Errors
/// When it is none.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Sieve.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads documents one after the other, as far as they are whole.
pub(super) fn parse_many(text: &str) -> Vec<Value> {
    let reader = serde_json::Deserializer::from_str(text).into_iter::<Kept>();
    reader.map_while(Result::ok).map(|Kept(value)| value).collect()
}

/// A document that went through the sieve.
struct Kept(Value);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Sieve.deserialize(reader).map(Self)
    }
}

struct Sieve;

impl<'de> DeserializeSeed<'de> for Sieve {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sieve {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (mut kept, mut other) = (Vec::new(), false);
        while let Some(item) = items.next_element_seed(Sieve)? {
            // One shows what the list is; the others hold their places.
            let again = is_stripped(&item) && std::mem::replace(&mut other, true);
            kept.push(if again { Value::Null } else { item });
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(Name(name)) = members.next_key()? {
            let value = if name == "values" {
                members.next_value_seed(Series)?
            } else {
                let mut value = members.next_value_seed(Sieve)?;
                if is_series(&value) {
                    if !is_wanted(&name) {
                        continue;
                    }
                    value.as_object_mut().and_then(|series| series.remove("startTime"));
                }
                value
            };
            kept.insert(name.into_owned(), value);
        }
        if is_other(&kept) && kept.contains_key("timestamp") {
            kept.retain(|name, _| matches!(name.as_str(), "id" | "type" | "timestamp"));
        } else if is_of(&kept, &STREAMS) && kept.contains_key("timestamp") {
            kept.retain(|name, _| name == "timestamp" || PROPERTIES.contains(&name.as_str()));
        }
        Ok(Value::Object(kept))
    }
}

/// Whether it is an object of the statistics of which only the kind was kept.
fn is_stripped(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.len() <= 3 && is_other(object) && object.contains_key("timestamp"))
}

fn is_other(object: &Map<String, Value>) -> bool {
    is_of(object, &OTHER_TYPES)
}

fn is_of(object: &Map<String, Value>, kinds: &[&str]) -> bool {
    object.get("type").and_then(Value::as_str).is_some_and(|kind| kinds.contains(&kind))
}

/// Whether it is a series of webrtc-internals: the history of one property.
fn is_series(value: &Value) -> bool {
    value.get("values").is_some() && value.get("startTime").is_some()
}

/// Whether a series of that name, `ID-property`, is looked at.
fn is_wanted(name: &str) -> bool {
    let property = name.rsplit_once('-').map_or(name, |(_, property)| property);
    PROPERTIES.contains(&property.trim_end_matches('*'))
}

/// The text of a series, `[1,2,3]`, with its last value alone.
struct Series;

impl<'de> DeserializeSeed<'de> for Series {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Series {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Sieve.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Sieve.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Sieve.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Sieve.visit_f64(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(last_of(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Sieve.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value, A::Error> {
        Sieve.visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        Sieve.visit_map(members)
    }
}

/// The list with its last value alone; a text that is no list stays. Values that are texts may have commas in them.
fn last_of(series: &str) -> String {
    let Some(inner) = series.trim().strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) else {
        return series.to_owned();
    };
    let last = if let Some(text) = inner.strip_suffix('"') {
        // Its beginning is the last quotation mark before which no backslash stands.
        let start = text.rmatch_indices('"').find(|(at, _)| !text[..*at].ends_with('\\')).map_or(0, |(at, _)| at);
        &inner[start..]
    } else {
        inner.rsplit_once(',').map_or(inner, |(_, last)| last)
    };
    format!("[{last}]")
}

/// The name of a member, copied only where it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        reader.deserialize_str(Names)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn of_histories_the_last_value_is_kept_or_nothing() {
        for (series, last) in [
            ("[1,2,3]", "[3]"),
            ("[]", "[]"),
            ("[true]", "[true]"),
            (r#"["a","b,\"c"]"#, r#"["b,\"c"]"#),
            ("[1,null]", "[null]"),
            ("7", "7"),
        ] {
            assert_eq!(last_of(series), last);
            assert!(series == "7" || serde_json::from_str::<Vec<Value>>(&last_of(series)).is_ok());
        }
        let text = json!({
            "CP1-state": { "startTime": "x", "endTime": "x", "statsType": "candidate-pair", "values": "[\"a\",\"b\"]" },
            "IT1-framesDecoded": { "startTime": "x", "statsType": "inbound-rtp", "values": "[1,2]" },
            "other": { "values": [1, 2] },
        });
        let kept = parse(&text.to_string()).unwrap();
        let state = json!({ "endTime": "x", "statsType": "candidate-pair", "values": "[\"b\"]" });
        assert_eq!(kept["CP1-state"], state);
        assert_eq!(kept.get("IT1-framesDecoded"), None);
        assert_eq!(kept["other"], json!({ "values": [1, 2] }));
        let rtp = json!({ "id": "a", "type": "remote-inbound-rtp", "timestamp": 1, "jitter": 0.1 });
        let (list, offer) =
            (json!([rtp, rtp, { "type": "offer", "sdp": "v" }]), json!({ "type": "offer", "sdp": "v" }));
        assert_eq!(
            parse(&list.to_string()).unwrap(),
            json!([{ "id": "a", "type": "remote-inbound-rtp", "timestamp": 1 }, null, offer])
        );
        let stream = json!({ "id": "a", "type": "inbound-rtp", "timestamp": 1, "jitter": 0.1, "packetsReceived": 7 });
        assert_eq!(
            parse(&stream.to_string()).unwrap(),
            json!({ "id": "a", "type": "inbound-rtp", "timestamp": 1, "packetsReceived": 7 })
        );
    }

    #[test]
    fn documents_follow_each_other() {
        let found = parse_many("{\"a\":1}\n{\"b\":2}\n{\"c\":");
        assert_eq!(found, [json!({"a": 1}), json!({"b": 2})]);
    }

    proptest! {
        #[test]
        fn what_is_no_statistics_is_kept_as_it_is(text in r#"(\{"[a-z]{1,3}":(-?[0-9]{1,5}(\.5)?|"[a-z\\\\n]{0,4}"|null|true|\[1,\{"x":\[\]\}\])\}|\[[0-9]{0,2}\])"#) {
            prop_assert_eq!(parse(&text).ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }
}
