//! A rule: its conditions, and the actions that it grants.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::literal;

/// One rule of an access control list, as an administrator writes it.
///
/// It reads docker_auth's form. A key that is not one of these is an error, and so is a rule without `match` or `actions`:
/// a mistyped `acount` must not become a rule for everyone.
///
/// ```
/// use token_auth_core::acl::{Match, Rule};
///
/// let written: Rule = serde_json::from_str(
///     r#"{"match": {"account": "alice", "name": "home/*"}, "actions": ["*"], "comment": "Alice's own"}"#,
/// )?;
/// let built = Rule::new(Match::any().account("alice").name("home/*"), ["*"]).comment("Alice's own");
/// assert_eq!(written, built);
/// assert!(serde_json::from_str::<Rule>(r#"{"match": {"acount": "alice"}, "actions": ["*"]}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// When the rule applies. Written `match`.
    #[serde(rename = "match", alias = "Match")]
    pub conditions: Match,
    /// What it grants: exactly `["*"]` grants everything that is asked for, the empty list denies, any other list grants
    /// what of it is asked for.
    #[serde(alias = "Actions")]
    pub actions: Vec<String>,
    /// What it is for; appears in the log where the rule decides.
    #[serde(default, alias = "Comment")]
    pub comment: Option<String>,
    /// The line of the configuration file, for messages. Not part of the written form.
    #[serde(skip)]
    pub line: Option<u32>,
}

impl Rule {
    /// A rule that grants these actions under these conditions.
    pub fn new<A: Into<String>>(conditions: Match, actions: impl IntoIterator<Item = A>) -> Self {
        Self { conditions, actions: actions.into_iter().map(Into::into).collect(), comment: None, line: None }
    }

    /// Says what the rule is for.
    #[must_use]
    pub fn comment(self, comment: impl Into<String>) -> Self {
        Self { comment: Some(comment.into()), ..self }
    }

    /// Says where the rule is written.
    #[must_use]
    pub fn line(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }
}

/// When a rule applies: every condition that is present must hold.
///
/// `account`, `type`, `name`, `service` and the values of `labels` are patterns; see the [module](crate::acl).
///
/// ```
/// use token_auth_core::acl::{Match, Rule, literal};
///
/// // The owner's name is not the program's choice.
/// let owner = "*";
/// let own = Rule::new(Match::any().account_is(owner).name(format!("{}/*", literal(owner))), ["*"]);
/// assert_eq!(own.conditions.account.as_deref(), Some(r"\*"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// The account; empty for the anonymous one.
    pub account: Option<String>,
    /// The type of the resource. Written `type`.
    #[serde(rename = "type")]
    pub resource_type: Option<String>,
    /// The name of the resource.
    pub name: Option<String>,
    /// The registry that the token is for.
    pub service: Option<String>,
    /// The client's address: `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. Does not hold if the address is unknown.
    pub ip: Option<String>,
    /// For each of these labels, at least one of the account's values must match the pattern.
    pub labels: BTreeMap<String, String>,
}

impl Match {
    /// No condition: every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// The condition that the account is this text, whatever it consists of. For rules that a program makes.
    #[must_use]
    pub fn account_is(self, text: impl AsRef<str>) -> Self {
        self.account(literal(text.as_ref()))
    }

    /// Sets the pattern of the account.
    ///
    /// Danger: a name that somebody else has chosen is a pattern here: `*`, `/./` and `${account}` admit everyone.
    /// [`account_is`](Self::account_is) takes it for itself.
    #[must_use]
    pub fn account(self, pattern: impl Into<String>) -> Self {
        Self { account: Some(pattern.into()), ..self }
    }

    /// The condition that the resource's type is this text, whatever it consists of. For rules that a program makes.
    #[must_use]
    pub fn resource_type_is(self, text: impl AsRef<str>) -> Self {
        self.resource_type(literal(text.as_ref()))
    }

    /// Sets the pattern of the resource's type. A name that somebody else has chosen goes to
    /// [`resource_type_is`](Self::resource_type_is).
    #[must_use]
    pub fn resource_type(self, pattern: impl Into<String>) -> Self {
        Self { resource_type: Some(pattern.into()), ..self }
    }

    /// The condition that the resource's name is this text, whatever it consists of. For rules that a program makes.
    #[must_use]
    pub fn name_is(self, text: impl AsRef<str>) -> Self {
        self.name(literal(text.as_ref()))
    }

    /// Sets the pattern of the resource's name. A name that somebody else has chosen goes to
    /// [`name_is`](Self::name_is).
    #[must_use]
    pub fn name(self, pattern: impl Into<String>) -> Self {
        Self { name: Some(pattern.into()), ..self }
    }

    /// The condition that the service is this text, whatever it consists of. For rules that a program makes.
    #[must_use]
    pub fn service_is(self, text: impl AsRef<str>) -> Self {
        self.service(literal(text.as_ref()))
    }

    /// Sets the pattern of the service. A name that somebody else has chosen goes to
    /// [`service_is`](Self::service_is).
    #[must_use]
    pub fn service(self, pattern: impl Into<String>) -> Self {
        Self { service: Some(pattern.into()), ..self }
    }

    /// Sets the address or network of the client.
    #[must_use]
    pub fn ip(self, network: impl Into<String>) -> Self {
        Self { ip: Some(network.into()), ..self }
    }

    /// The condition that a value of this label is this text, whatever it consists of. For rules that a program makes.
    #[must_use]
    pub fn label_is(self, label: impl Into<String>, value: impl AsRef<str>) -> Self {
        self.label(label, literal(value.as_ref()))
    }

    /// Sets the pattern of a label. A value that somebody else has chosen goes to [`label_is`](Self::label_is).
    #[must_use]
    pub fn label(mut self, label: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.labels.insert(label.into(), pattern.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_docker_auth_reads_as_a_rule_for_everyone_or_panics_on() {
        for (text, complaint) in [
            (r#"{"match": {"acount": "x"}, "actions": []}"#, "unknown field `acount`"),
            (r#"{"match": {}, "action": []}"#, "unknown field `action`"),
            (r#"{"actions": []}"#, "missing field `match`"),
            (r#"{"match": null, "actions": []}"#, "invalid type: null"),
            (r#"{"match": {}}"#, "missing field `actions`"),
            (r#"{"match": {}, "actions": null}"#, "invalid type: null"),
            (r#"{"match": {}, "actions": [], "line": 3}"#, "unknown field `line`"),
        ] {
            let error = serde_json::from_str::<Rule>(text).unwrap_err().to_string();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }

    #[test]
    fn reads_the_forms_of_files_and_of_databases() {
        let rule = Rule::new(
            Match::any()
                .account("a")
                .resource_type("t")
                .name("n")
                .service("s")
                .ip("::1")
                .label("", "*")
                .label("team", "x"),
            ["pull", "push"],
        );
        let conditions = r#"{"account": "a", "type": "t", "name": "n", "service": "s", "ip": "::1",
            "labels": {"": "*", "team": "x"}}"#;
        for text in [
            format!(r#"{{"match": {conditions}, "actions": ["pull", "push"], "comment": null}}"#),
            format!(r#"{{"Match": {conditions}, "Actions": ["pull", "push"]}}"#),
        ] {
            assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule);
        }
        let empty: Rule = serde_json::from_str(r#"{"match": {"name": null}, "actions": []}"#).unwrap();
        assert_eq!(empty, Rule::new(Match::any(), [""; 0]));
    }
}
