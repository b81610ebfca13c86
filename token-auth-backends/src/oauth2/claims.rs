//! Claims of a token or of a user, as account name and labels.

use serde_json::{Map, Value};
use token_auth_core::{LabelValue, Labels};

pub(super) use crate::issuer::claims::find;
use crate::issuer::claims::scalar;

/// The most values that one account's labels have together. Beyond it the account is refused: a label that was left out
/// could be one that denies.
pub(super) const MAX_LABEL_VALUES: usize = 2_000;

/// A label, and the claim that its values come from: `groups`, `realm_access.roles`, `roles=realm_access.roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelClaim {
    label: String,
    claim: String,
}

impl LabelClaim {
    /// The label is named like the claim.
    pub fn new(claim: impl Into<String>) -> Self {
        let claim = claim.into();
        Self { label: claim.clone(), claim }
    }

    /// The same claim under another label.
    #[must_use]
    pub fn named(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// The claim.
    pub fn claim(&self) -> &str {
        &self.claim
    }
}

/// `CLAIM`, or `LABEL=CLAIM`.
impl From<&str> for LabelClaim {
    fn from(text: &str) -> Self {
        match text.split_once('=') {
            Some((label, claim)) if !label.is_empty() && !claim.is_empty() => Self::new(claim).named(label),
            _ => Self::new(text),
        }
    }
}

/// A claim that is one text.
pub(super) fn text(claims: &Map<String, Value>, path: &str) -> Option<String> {
    scalar(find(claims, path)?).filter(|text| !text.is_empty())
}

/// The labels that claims give, as they are found; `None` if they are too many.
pub(super) fn labels<'c>(found: impl Fn(&str) -> Option<&'c Value>, wanted: &[LabelClaim]) -> Option<Labels> {
    let mut labels = Labels::new();
    let mut left = MAX_LABEL_VALUES;
    for LabelClaim { label, claim } in wanted {
        let Some(value) = found(claim) else { continue };
        labels.declare(label.as_str());
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values.iter().filter_map(scalar) {
            left = left.checked_sub(1)?;
            labels.insert(label.as_str(), LabelValue::literal(value));
        }
    }
    Some(labels)
}

/// Whether an account can be used as one: it stands in a Basic header, where a colon ends it, and in the log.
pub(super) fn is_account(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.contains(':') && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_found_by_name_and_by_path() {
        let claims = json!({
            "groups": ["dev", "ops", 7, true, null, {"x": 1}],
            "realm_access": {"roles": ["reader"], "a.b": {"c": "deep"}},
            "https://acme.example/team": "blue",
            "team": null,
            "empty": [],
        });
        let claims = claims.as_object().unwrap();
        let wanted = [
            "groups",
            "roles=realm_access.roles",
            "realm_access.a.b.c",
            "team=https://acme.example/team",
            "empty",
            "missing",
            "realm_access.missing",
            "groups.dev",
        ];
        let labels = labels(|claim| find(claims, claim), &wanted.map(LabelClaim::from)).unwrap();
        assert_eq!(
            serde_json::to_value(&labels).unwrap(),
            json!({
                "groups": ["dev", "ops", "7", "true"],
                "roles": ["reader"],
                "realm_access.a.b.c": ["deep"],
                "team": ["blue"],
                "empty": [],
            })
        );
        assert!(labels.iter().all(|(_, values)| {
            values.iter().all(|value| value.origin() == token_auth_core::Origin::Directory)
        }));
        assert_eq!(text(claims, "team"), None);
    }

    #[test]
    fn too_many_values_are_an_error_and_not_fewer_labels() {
        let groups: Vec<String> = (0..=MAX_LABEL_VALUES).map(|n| n.to_string()).collect();
        let claims = json!({"groups": groups, "one": 1});
        let of = |claim: &str| labels(|claim| find(claims.as_object().unwrap(), claim), &[claim.into()]);
        assert_eq!(of("groups"), None);
        assert!(of("one").is_some());
    }

    #[test]
    fn accounts() {
        for (name, good) in
            [("alice@example.com", true), ("Ä b", true), ("", false), ("a:b", false), ("a\nb", false)]
        {
            assert_eq!(is_account(name), good, "{name:?}");
        }
        assert!(!is_account(&"x".repeat(256)));
    }
}
