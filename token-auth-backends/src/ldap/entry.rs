//! An entry of a directory, as a search finds it.

/// An entry of a directory. A value is bytes: whether it is text, the directory alone knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DirectoryEntry {
    pub(super) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// What a user's entry has for an attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server gave only a part of the values of `{0}`: look for groups with a search instead")]
pub(super) struct PartOfValues(String);

impl DirectoryEntry {
    pub(super) fn new(dn: String, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Self {
        Self { dn, attributes }
    }

    /// An entry of which nothing but the name is known.
    pub(super) fn named(dn: &str) -> Self {
        Self { dn: dn.to_owned(), attributes: Vec::new() }
    }

    #[cfg(test)]
    pub(super) fn of(dn: &str, attributes: &[(&str, &[&str])]) -> Self {
        let bytes = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        let attributes =
            attributes.iter().map(|(name, values)| ((*name).to_owned(), bytes(values))).collect();
        Self { dn: dn.to_owned(), attributes }
    }

    /// The values of an attribute, whatever they are. Names of attributes do not distinguish case.
    pub(super) fn bytes(&self, attribute: &str) -> &[Vec<u8>] {
        let found = self.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        found.map_or(&[], |(_, values)| values)
    }

    /// The values of an attribute that are text; `dn` is the name of the entry. Others are passed over.
    pub(super) fn texts(&self, attribute: &str) -> Result<Vec<&str>, PartOfValues> {
        if attribute.eq_ignore_ascii_case("dn") {
            return Ok(vec![&self.dn]);
        }
        // Active Directory gives long lists in parts, each under a name of its own.
        let is_part = |(name, _): &(String, _)| {
            let (base, option) = name.split_once(';').unwrap_or((name, ""));
            base.eq_ignore_ascii_case(attribute) && option.to_ascii_lowercase().starts_with("range=")
        };
        if self.attributes.iter().any(is_part) {
            return Err(PartOfValues(attribute.to_owned()));
        }
        Ok(self.bytes(attribute).iter().filter_map(|value| std::str::from_utf8(value).ok()).collect())
    }

    /// The only value of an attribute, if it is text.
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        match self.bytes(attribute) {
            [one] => std::str::from_utf8(one).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_texts_and_passes_over_the_rest() {
        let mut entry =
            DirectoryEntry::of("uid=a,dc=x", &[("Mail", &["a@x", "b@x"]), ("memberOf;range=0-1499", &["x"])]);
        entry.attributes.push(("photo".to_owned(), vec![vec![0xff, 0xd8], b"text".to_vec(), vec![]]));
        assert_eq!(entry.texts("mail"), Ok(vec!["a@x", "b@x"]));
        assert_eq!(entry.texts("photo"), Ok(vec!["text", ""]));
        assert_eq!(entry.texts("none"), Ok(vec![]));
        assert_eq!(entry.texts("DN"), Ok(vec!["uid=a,dc=x"]));
        assert!(entry.texts("memberOf").is_err());
        assert_eq!((entry.text("mail"), entry.text("none")), (None, None));
    }
}
