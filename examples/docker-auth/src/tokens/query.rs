//! The query of a request's target: each field once, none that is not known, and nothing guessed at. Apart from the reader of the
//! protocol's requests, which has its own fields and leaves those alone that it does not know, as the protocol wants it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use super::Failure;

/// Fields that have not been asked for yet.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn read(encoded: &str) -> Result<Self, Failure> {
        let mut fields = BTreeMap::new();
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name)?;
            if fields.insert(name.clone(), decoded(value)?).is_some() {
                return Err(Failure::invalid(format!("`{}` is given twice", name.escape_debug())));
            }
        }
        Ok(Self(fields))
    }

    /// A field, if it is there.
    pub(super) fn take<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        let value = self.0.remove(name).map(|value| value.parse());
        value.transpose().map_err(|error| Failure::invalid(format!("`{name}`: {error}")))
    }

    /// Nothing else is there.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.0.into_keys().next() {
            Some(name) => Err(Failure::invalid(format!("`{}` is not known here", name.escape_debug()))),
            None => Ok(()),
        }
    }
}

fn decoded(text: &str) -> Result<String, Failure> {
    let text = text.replace('+', " ");
    let decoded = percent_decode(text.as_bytes()).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| Failure::invalid("the query is not UTF-8"))
}

/// A target with these fields, as far as they are there.
pub(super) fn target(path: &str, fields: &[(&str, Option<&str>)]) -> String {
    let mut target = path.to_owned();
    for (name, value) in fields {
        let Some(value) = value else { continue };
        let separator = if target.contains('?') { '&' } else { '?' };
        // Writing to a text does not fail.
        let _ = write!(target, "{separator}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for value in ["", "alice", "a b+c&d=e%f", "ä/ö?#", "\0\u{202e}"] {
            let target = target("/x", &[("account", Some(value)), ("kind", None)]);
            let mut query = Query::read(target.strip_prefix("/x?").unwrap()).unwrap();
            assert_eq!(query.take::<String>("account").unwrap().as_deref(), Some(value), "{target}");
            query.finish().unwrap();
        }
    }

    #[test]
    fn nothing_is_guessed_at() {
        for (query, why) in [
            ("account=a&account=b", "`account` is given twice"),
            ("account=a&accuont=b", "`accuont` is not known here"),
            ("account=%FF", "the query is not UTF-8"),
            ("%FF=a", "the query is not UTF-8"),
            ("account=a&%1b", "`\\u{1b}` is not known here"),
        ] {
            let read = Query::read(query).and_then(|mut query| {
                query.take::<String>("account")?;
                query.finish()
            });
            assert_eq!(read.unwrap_err().to_string(), why, "{query}");
        }
        let mut query = Query::read("&&account=a%2&").unwrap();
        assert_eq!(query.take::<String>("account").unwrap().as_deref(), Some("a%2"));
    }
}
