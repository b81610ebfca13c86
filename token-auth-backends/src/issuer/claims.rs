//! What a token says, by name: of identity providers and of issuers of workload identities alike.

use serde_json::{Map, Value};

/// A claim by its name, or by its path: a name with dots in it counts before a path. Null is as if it were not there.
pub(crate) fn find<'c>(claims: &'c Map<String, Value>, path: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(path) {
        return Some(value).filter(|value| !value.is_null());
    }
    path.match_indices('.').rev().find_map(|(dot, _)| {
        let (name, rest) = path.split_at_checked(dot)?;
        find(claims.get(name)?.as_object()?, rest.get(1..)?)
    })
}

/// The text of a claim that has one: of a list and of an object there is none.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_and_by_its_path() {
        let claims = json!({
            "sub": "a", "gone": null, "list": ["x"], "a.b": "name", "a": {"b": "path", "c": null, "d": {"e": 1}},
            "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "web", "labels.x/y": {"z": true}}},
            "kubernetes": {"io": {"namespace": "other", "node": "n"}}, "null.here": null, "null": {"here": "path"},
        });
        for (path, text) in [
            ("sub", Some("a")),
            ("a.b", Some("name")),
            ("a.d.e", Some("1")),
            ("kubernetes.io.namespace", Some("prod")),
            ("kubernetes.io.serviceaccount.name", Some("web")),
            ("kubernetes.io.serviceaccount.labels.x/y.z", Some("true")),
            ("kubernetes.io.node", Some("n")),
            ("gone", None),
            ("a.c", None),
            ("null.here", None),
            ("list", None),
            ("list.0", None),
            ("a.d", None),
            ("sub.a", None),
            ("a.", None),
            (".a", None),
            (".", None),
            ("", None),
        ] {
            let found = find(claims.as_object().unwrap(), path).and_then(scalar);
            assert_eq!(found.as_deref(), text, "{path}");
        }
    }
}
