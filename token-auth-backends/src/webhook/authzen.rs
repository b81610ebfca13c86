//! The Access Evaluation of the AuthZEN Authorization API 1.0 (section 6), in its HTTPS JSON binding (section 10.1).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use token_auth_core::{AccessRequest, LabelValue, Labels};
use zeroize::Zeroizing;

use super::WebhookError;

/// The request (section 6.1) about one action.
pub(super) fn request(
    request: &AccessRequest<'_>,
    action: &str,
    further: &BTreeMap<String, Vec<String>>,
) -> Zeroizing<Vec<u8>> {
    let properties = Properties { labels: request.labels, further };
    // An account may be called `anonymous`, and is a `user` then.
    let subject = match request.account {
        "" => Subject { r#type: "anonymous", id: "anonymous", properties },
        id => Subject { r#type: "user", id, properties },
    };
    let asked = Evaluation {
        subject,
        resource: Resource { r#type: request.resource_type, id: request.name },
        action: Action { name: action },
        context: Context { service: request.service, ip_address: request.address },
    };
    // Texts always can be written to memory.
    Zeroizing::new(serde_json::to_vec(&asked).unwrap_or_default())
}

/// The response (section 5.5). What else is in it need not be understood.
pub(super) fn decision(content: &[u8]) -> Result<bool, WebhookError> {
    #[derive(Deserialize)]
    struct Decision {
        decision: bool,
    }
    let decision: Decision =
        serde_json::from_slice(content).map_err(|error| WebhookError::unreadable(&error))?;
    Ok(decision.decision)
}

#[derive(Serialize)]
struct Evaluation<'a> {
    subject: Subject<'a>,
    resource: Resource<'a>,
    action: Action<'a>,
    context: Context<'a>,
}

#[derive(Serialize)]
struct Subject<'a> {
    r#type: &'a str,
    id: &'a str,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Resource<'a> {
    r#type: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Context<'a> {
    service: &'a str,
    ip_address: Option<IpAddr>,
}

/// What the administrator says of every subject counts before what its source says.
struct Properties<'a> {
    labels: &'a Labels,
    further: &'a BTreeMap<String, Vec<String>>,
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, values) in self.labels.iter().filter(|(name, _)| !self.further.contains_key(*name)) {
            map.serialize_entry(name, &values.iter().map(LabelValue::as_str).collect::<Vec<_>>())?;
        }
        for (name, values) in self.further {
            map.serialize_entry(name, values)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_the_specification_wants_them() {
        let actions = ["pull"].into_iter().collect();
        let labels = Labels::new()
            .with("team", LabelValue::literal("dev"))
            .with("cerbos.roles", LabelValue::literal("root"));
        let further = BTreeMap::from([("cerbos.roles".to_owned(), vec!["account".to_owned()])]);
        let asked = AccessRequest::new("alice", "repository", "team/app", &actions).with_labels(&labels);
        let asked = asked.with_service("registry").with_address(Some("192.0.2.1".parse().unwrap()));
        let text = |asked: &AccessRequest<'_>, further| {
            String::from_utf8(request(asked, "pull", further).to_vec()).unwrap()
        };
        assert_eq!(
            text(&asked, &further),
            r#"{"subject":{"type":"user","id":"alice","properties":{"team":["dev"],"cerbos.roles":["account"]}},"resource":{"type":"repository","id":"team/app"},"action":{"name":"pull"},"context":{"service":"registry","ip_address":"192.0.2.1"}}"#
        );
        let nobody = AccessRequest::new("", "repository", "a", &actions);
        assert!(
            text(&nobody, &BTreeMap::new())
                .starts_with(r#"{"subject":{"type":"anonymous","id":"anonymous","properties":{}},"#)
        );
    }

    #[test]
    fn a_decision_is_true_or_false() {
        let told = |text: &str| decision(text.as_bytes()).ok();
        assert_eq!(told(r#"{"decision": true, "context": {"reason": "x"}}"#), Some(true));
        assert_eq!(told(r#"{"decision": false}"#), Some(false));
        for wrong in [
            "",
            "true",
            "{}",
            r#"{"decision": "true"}"#,
            r#"{"decision": 1}"#,
            r#"{"decision": true, "decision": false}"#,
        ] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
