//! What a JWT says, read in the one way in which it can be meant.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// The claims of a payload. Their names are unique (RFC 7519, section 4), within claims, too: of two, nobody could say which
/// the issuer meant.
pub(crate) fn claims(payload: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(payload) {
        Ok(Unambiguous(Value::Object(claims))) => Some(claims),
        _ => None,
    }
}

/// A value in which no object has two members of one name.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Once).map(Self)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(object.into())
    }
}

/// A NumericDate (RFC 7519, section 2), which may have a fraction.
pub(crate) fn date(value: &Value) -> Option<SystemTime> {
    let seconds = value.as_f64().filter(|seconds| (0.0..=MOST_SECONDS).contains(seconds))?;
    UNIX_EPOCH.checked_add(Duration::from_secs_f64(seconds))
}

/// The end of the year 9999.
const MOST_SECONDS: f64 = 253_402_300_799.0;

/// Later by that much, if there is such a time.
pub(crate) fn plus(time: SystemTime, duration: Duration) -> SystemTime {
    time.checked_add(duration).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_read_as_they_are() {
        let said = json!({
            "text": "a\u{1f511}", "number": 7, "negative": -7, "fraction": 1.5, "yes": true, "none": null,
            "list": [1, [2], {"a": [{}]}], "object": {"a": {"a": 1}, "b": ""},
        });
        assert_eq!(claims(said.to_string().as_bytes()), said.as_object().cloned());
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[0,{"b":{"c":1,"c":1}}]}"#,
            r#"["a"]"#,
            r#""a""#,
            "null",
            "",
            r#"{"a":1}{"a":1}"#,
            r#"{"a":1e999}"#,
        ] {
            assert_eq!(claims(text.as_bytes()), None, "{text}");
        }
    }
}
