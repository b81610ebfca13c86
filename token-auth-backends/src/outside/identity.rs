//! Who somebody is, as a program or a webhook tells it.

use serde::Deserialize;
use token_auth_core::{Identity, LabelValue};

use super::ToldLabels;

/// Bytes of a user name or an account.
const MOST_BYTES: usize = 1024;

/// What may be told of an account that is accepted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldIdentity {
    pub(crate) account: Option<String>,
    pub(crate) labels: Option<ToldLabels>,
    pub(crate) security_stamp: Option<String>,
    pub(crate) subject: Option<String>,
}

impl ToldIdentity {
    /// The identity, under the name that was asked about unless another one is told.
    ///
    /// # Errors
    ///
    /// When what is told cannot be the name of an account.
    pub(crate) fn into_identity(
        self,
        asked: &str,
        value: fn(String) -> LabelValue,
    ) -> Result<Identity, &'static str> {
        let account = self.account.as_deref().unwrap_or(asked);
        if self.account.is_some() && !is_plain(account) {
            return Err("the account is empty, too long, or has control characters in it");
        }
        let labels = self.labels.unwrap_or_default().into_labels(value);
        let mut identity = Identity::new(account).with_labels(labels);
        identity.security_stamp = self.security_stamp.map(Into::into);
        identity.subject = self.subject.map(Into::into);
        Ok(identity)
    }
}

/// Whether a user name can be an account's: 1 to 1024 bytes, none of them a control character.
pub(crate) fn is_plain(name: &str) -> bool {
    (1..=MOST_BYTES).contains(&name.len()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_one_that_was_asked_about_unless_another_is_told() {
        let told = |json: &str| {
            let told: ToldIdentity = serde_json::from_str(json).map_err(|error| error.to_string())?;
            let identity = told.into_identity("alice", LabelValue::literal)?;
            Ok::<_, String>((identity.account.to_string(), identity.security_stamp.is_some()))
        };
        assert_eq!(told("{}"), Ok(("alice".into(), false)));
        assert_eq!(told(r#"{"account":"Alice","security_stamp":"1"}"#), Ok(("Alice".into(), true)));
        for wrong in [
            r#"{"account":""}"#,
            r#"{"account":"a\nb"}"#,
            r#"{"acount":"bob"}"#,
            r#"{"account":"a","account":"b"}"#,
            r#"{"labels":{"team":"dev"}}"#,
            "[]",
            "",
        ] {
            assert!(told(wrong).is_err(), "{wrong}");
        }
    }
}
