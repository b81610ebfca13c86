//! A question, in the one JSON form that programs and webhooks get.

use std::net::IpAddr;

use serde::Serialize;
use token_auth_core::{AccessRequest, ActionSet, AuthnRequest, Labels, Password};
use zeroize::Zeroizing;

/// What is asked. The guides `external` and `webhook` describe each.
#[derive(Serialize)]
#[serde(tag = "question", rename_all = "lowercase")]
pub(crate) enum Question<'a> {
    Login {
        username: &'a str,
        password: &'a str,
        service: &'a str,
        address: Option<IpAddr>,
        client_id: Option<&'a str>,
    },
    Account {
        account: &'a str,
    },
    Access {
        account: &'a str,
        labels: &'a Labels,
        service: &'a str,
        address: Option<IpAddr>,
        r#type: &'a str,
        name: &'a str,
        actions: &'a ActionSet,
    },
}

impl<'a> Question<'a> {
    pub(crate) fn login(request: &AuthnRequest<'a>, username: &'a str, password: &'a Password) -> Self {
        let AuthnRequest { service, address, client_id, .. } = *request;
        Self::Login { username, password: password.expose(), service, address, client_id }
    }

    pub(crate) fn access(request: &AccessRequest<'a>) -> Self {
        let AccessRequest { account, labels, service, address, resource_type, name, actions, .. } = *request;
        Self::Access { account, labels, service, address, r#type: resource_type, name, actions }
    }

    /// Wiped when it is dropped.
    pub(crate) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        json(self, self.most_bytes())
    }

    /// So much that nothing has to be moved while it is written, which would leave a password behind.
    fn most_bytes(&self) -> usize {
        match self {
            Self::Login { username, password, service, client_id, .. } => {
                let texts = [username, password, service, client_id.as_ref().unwrap_or(&"")];
                texts.iter().map(|text| text.len().saturating_mul(6)).sum::<usize>().saturating_add(256)
            }
            Self::Account { .. } | Self::Access { .. } => 512,
        }
    }
}

/// A document that may hold a password, written into this much room.
pub(crate) fn json(document: &impl Serialize, room: usize) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    // Texts, numbers and lists of them always can be written to memory.
    let _ = serde_json::to_writer(&mut *text, document);
    text
}

#[cfg(test)]
mod tests {
    use token_auth_core::{Credentials, LabelValue};

    use super::*;

    fn text(question: &Question<'_>) -> String {
        String::from_utf8(question.to_json().to_vec()).unwrap()
    }

    #[test]
    fn questions_are_as_documented() {
        let (credentials, password) = (Credentials::Anonymous, Password::new("a\"b"));
        let request = AuthnRequest::new(&credentials).with_service("registry").with_client_id(Some("docker"));
        let request = request.with_address(Some("192.0.2.1".parse().unwrap()));
        assert_eq!(
            text(&Question::login(&request, "alice", &password)),
            r#"{"question":"login","username":"alice","password":"a\"b","service":"registry","address":"192.0.2.1","client_id":"docker"}"#
        );
        assert_eq!(
            text(&Question::Account { account: "alice" }),
            r#"{"question":"account","account":"alice"}"#
        );
        let labels = Labels::new().with("team", LabelValue::literal("dev"));
        let actions = ["push", "pull"].into_iter().collect();
        let request = AccessRequest::new("alice", "repository", "team/app", &actions).with_labels(&labels);
        assert_eq!(
            text(&Question::access(&request)),
            r#"{"question":"access","account":"alice","labels":{"team":["dev"]},"service":"","address":null,"type":"repository","name":"team/app","actions":["pull","push"]}"#
        );
    }

    #[test]
    fn a_password_is_not_moved_while_it_is_written() {
        let (credentials, password) = (Credentials::Anonymous, Password::new("\u{1}".repeat(1000)));
        let question = Question::login(&AuthnRequest::new(&credentials), "\u{2}", &password);
        assert!(question.to_json().len() <= question.most_bytes());
    }
}
