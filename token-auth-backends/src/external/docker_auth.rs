//! docker_auth's form of questions to programs, to the letter, and of their answers.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use token_auth_core::{AccessRequest, ActionSet, Labels};
use zeroize::Zeroizing;

use crate::outside::{ToldIdentity, ToldLabels};

/// `user password`, without a line break: the user ends at the first blank.
///
/// # Errors
///
/// When the program could read another name or password than was meant.
pub(super) fn login(username: &str, password: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    if username.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("a user name with a blank in it cannot be told to the program");
    }
    if password.chars().any(char::is_control) {
        return Err("a password with a control character in it cannot be told to the program");
    }
    let mut text = Zeroizing::new(Vec::with_capacity(username.len() + password.len() + 1));
    for part in [username, " ", password] {
        text.extend_from_slice(part.as_bytes());
    }
    Ok(text)
}

/// A request for access, as Go writes docker_auth's type for it.
pub(super) fn access(request: &AccessRequest<'_>) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Asked<'a> {
        account: &'a str,
        r#type: &'a str,
        name: &'a str,
        service: &'a str,
        #[serde(rename = "IP")]
        ip: String,
        actions: &'a ActionSet,
        labels: Option<&'a Labels>,
    }
    let address = request.address.as_ref().map(IpAddr::to_canonical);
    let asked = Asked {
        account: request.account,
        r#type: request.resource_type,
        name: request.name,
        service: request.service,
        ip: address.map(|address| address.to_string()).unwrap_or_default(),
        actions: request.actions,
        labels: Some(request.labels).filter(|labels| !labels.is_empty()),
    };
    // Texts always can be written to memory.
    let text = serde_json::to_string(&asked).unwrap_or_default();
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str(r"\u003c"),
            '>' => escaped.push_str(r"\u003e"),
            '&' => escaped.push_str(r"\u0026"),
            '\u{2028}' => escaped.push_str(r"\u2028"),
            '\u{2029}' => escaped.push_str(r"\u2029"),
            other => escaped.push(other),
        }
    }
    Zeroizing::new(escaped.into_bytes())
}

/// `{"labels": {…}}` or nothing. Other keys are ignored.
pub(super) fn told(output: &[u8]) -> Result<ToldIdentity, serde_json::Error> {
    #[derive(Deserialize)]
    struct Told {
        #[serde(alias = "Labels")]
        labels: Option<ToldLabels>,
    }
    let labels = match output {
        [] => None,
        text => serde_json::from_slice::<Told>(text)?.labels,
    };
    Ok(ToldIdentity { labels, ..ToldIdentity::default() })
}

#[cfg(test)]
mod tests {
    use token_auth_core::LabelValue;

    use super::*;

    #[test]
    fn a_login_is_a_line_with_one_meaning() {
        let told = |name: &str, password: &str| {
            login(name, password).map(|text| String::from_utf8(text.to_vec()).unwrap())
        };
        assert_eq!(told("alice", "two words").unwrap(), "alice two words");
        for name in ["a b", "a\tb", "a\nb", "a\0", "a\u{a0}b", "alice "] {
            assert!(told(name, "x").is_err(), "{name:?}");
        }
        for password in ["x\n", "x\0y", "a\rb"] {
            assert!(told("alice", password).is_err(), "{password:?}");
        }
    }

    #[test]
    fn a_request_is_what_go_writes() {
        let actions = ["push", "pull"].into_iter().collect();
        let labels = Labels::new().with("team", LabelValue::literal("a<b>&c"));
        let request =
            AccessRequest::new("alice", "repository", "team/app", &actions).with_service("registry");
        let text = |request: &AccessRequest<'_>| String::from_utf8(access(request).to_vec()).unwrap();
        assert_eq!(
            text(&request),
            r#"{"Account":"alice","Type":"repository","Name":"team/app","Service":"registry","IP":"","Actions":["pull","push"],"Labels":null}"#
        );
        let request = request.with_labels(&labels).with_address(Some("::ffff:192.0.2.1".parse().unwrap()));
        assert_eq!(
            text(&request),
            r#"{"Account":"alice","Type":"repository","Name":"team/app","Service":"registry","IP":"192.0.2.1","Actions":["pull","push"],"Labels":{"team":["a\u003cb\u003e\u0026c"]}}"#
        );
    }

    #[test]
    fn labels_are_all_that_is_told() {
        let labels = |text: &str| {
            let told = told(text.as_bytes()).ok()?.labels.unwrap_or_default();
            Some(serde_json::to_string(&told.into_labels(LabelValue::dangerous_pattern)).unwrap())
        };
        assert_eq!(labels("").as_deref(), Some("{}"));
        assert_eq!(
            labels("{\"labels\": {\"a\": [\"1\", \"2\"], \"b\": null}}\n").as_deref(),
            Some(r#"{"a":["1","2"],"b":[]}"#)
        );
        assert_eq!(labels(r#"{"account": "root", "labels": null}"#).as_deref(), Some("{}"));
        for garbage in ["ok", "\n", "[]", r#"{"labels": ["a"]}"#, r#"{"labels": {"a": "1"}}"#, "{} {}", "{"] {
            assert_eq!(labels(garbage), None, "{garbage}");
        }
    }
}
