mod faults;
mod server;
mod trust;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use token_auth_core::{
    AccessRequest, AccountRequest, ActionSet, Authenticator, Authn, AuthnRequest, Authorizer, Authz,
    BackendError, Credentials, Identity, LabelValue, Labels, Succeed,
};
use tokio::task::JoinSet;

use super::{
    BreakerOptions, WebhookAuthenticator, WebhookAuthorizer, WebhookForm, WebhookLimits, WebhookOptions,
};
use server::{Asked, Reply, Service, json};

/// How long whoever answers may take on a busy machine.
const LONG: Duration = Duration::from_secs(60);

fn options(service: &Service) -> WebhookOptions {
    let limits = WebhookLimits { timeout: LONG, patience: LONG, ..WebhookLimits::default() };
    WebhookOptions::new(service.url()).allowing_loopback_http().with_limits(limits)
}

async fn login(webhook: &WebhookAuthenticator, password: &str) -> Result<Authn, BackendError> {
    webhook.authenticate(&AuthnRequest::new(&Credentials::password("alice", password))).await
}

async fn access(webhook: &WebhookAuthorizer, actions: &[&str]) -> Result<Authz, BackendError> {
    let actions: ActionSet = actions.iter().copied().collect();
    webhook.authorize(&AccessRequest::new("alice", "repository", "team/app", &actions)).await
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", chain(cause))).unwrap_or_default();
    format!("{error}{cause}")
}

/// What comes of alice's login, and what of her request to pull and push, in words.
async fn told(options: &WebhookOptions) -> (String, String) {
    let login = match WebhookAuthenticator::new(options) {
        Err(error) => error.to_string(),
        Ok(webhook) => match login(&webhook, "wonderland").await {
            Ok(Authn::Accept(identity)) => format!("accepted {}", identity.account),
            Ok(Authn::Reject(reason)) => format!("rejected: {reason}"),
            Ok(Authn::Abstain) => "abstained".to_owned(),
            Err(error) => {
                let told = chain(&error);
                assert!(!format!("{told} {error:?}").contains("wonderland"), "{error:?}");
                error.to_string()
            }
        },
    };
    let access = match access(&WebhookAuthorizer::new(options).unwrap(), &["pull", "push"]).await {
        Ok(Authz::Abstain) => "abstained".to_owned(),
        Ok(Authz::Grant(grant)) => match grant.decided_by {
            None => format!("granted {}", grant.actions),
            Some(what) => format!("granted {} ({what})", grant.actions),
        },
        Err(error) => error.to_string(),
    };
    (login, access)
}

#[cfg(feature = "testkit")]
#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    use crate::testkit::{KnownAccount, check_authenticator};
    let alice = KnownAccount::new("alice", "wonderland");
    let service = Service::start(|_, asked| {
        let known =
            asked.body.starts_with(r#"{"question":"login","username":"alice","password":"wonderland","#)
                || asked.body == r#"{"question":"account","account":"alice"}"#;
        json(if known {
            r#"{"decision":"accept","labels":{"a":["1"]}}"#
        } else {
            r#"{"decision":"abstain"}"#
        })
    })
    .await;
    let webhook = WebhookAuthenticator::new(&options(&service)).unwrap();
    check_authenticator(Arc::new(webhook), &alice).await;
    let webhook = WebhookAuthenticator::new(&options(&service)).unwrap().answering_about_accounts();
    check_authenticator(Arc::new(webhook), &alice).await;
}

/// What an answer means, in each of the three forms.
#[tokio::test(flavor = "multi_thread")]
async fn answers_mean_what_is_documented() {
    use WebhookForm::{AuthZen, OpenPolicyAgent, TokenAuth};
    let odd = "webhook: the answer cannot be read: it is not of the form that is documented";
    let no_logins = "AuthZEN has no question for a login";
    for (form, answer, login, access) in [
        (TokenAuth, r#"{"decision": "abstain"}"#, "abstained", "abstained"),
        (TokenAuth, r#"{"decision": "accept"}"#, "accepted alice", odd),
        (TokenAuth, r#"{"decision": "accept", "account": "Alice"}"#, "accepted Alice", odd),
        (
            TokenAuth,
            r#"{"decision": "accept", "account": ""}"#,
            "webhook: the answer cannot be read: the account is empty",
            odd,
        ),
        (TokenAuth, r#"{"decision": "accept", "acount": "bob"}"#, odd, odd),
        (
            TokenAuth,
            r#"{"decision": "reject", "reason": "locked\n"}"#,
            "rejected: the webhook rejects: locked",
            odd,
        ),
        (
            TokenAuth,
            r#"{"decision": "reject", "reason": "not wonderland"}"#,
            "rejected: the webhook rejects",
            odd,
        ),
        (TokenAuth, r#"{"decision": "grant", "actions": ["pull", "delete"]}"#, odd, "granted delete,pull"),
        (TokenAuth, r#"{"decision": "grant", "actions": []}"#, odd, "granted "),
        (
            TokenAuth,
            r#"{"decision": "grant"}"#,
            odd,
            "webhook: the answer cannot be read: it grants, and says no `actions`",
        ),
        (TokenAuth, r#"{"decision": "deny", "reason": "frozen"}"#, odd, "granted  (webhook: frozen)"),
        (TokenAuth, r#"{"decision": "GRANT", "actions": ["pull"]}"#, odd, odd),
        (TokenAuth, r#"{"decision": "deny", "decision": "abstain"}"#, odd, odd),
        (TokenAuth, "{}", odd, odd),
        (TokenAuth, "true", odd, odd),
        (OpenPolicyAgent, r#"{"result": true, "decision_id": "1"}"#, "accepted alice", "granted pull,push"),
        (OpenPolicyAgent, r#"{"result": false}"#, "rejected: the policy denies", "granted "),
        (
            OpenPolicyAgent,
            "{}",
            "rejected: the policy is undefined",
            "granted  (webhook: the policy is undefined)",
        ),
        (
            OpenPolicyAgent,
            r#"{"result": null}"#,
            "rejected: the policy is undefined",
            "granted  (webhook: the policy is undefined)",
        ),
        (OpenPolicyAgent, r#"{"result": ["pull"]}"#, odd, "granted pull"),
        (OpenPolicyAgent, r#"{"result": {"decision": "abstain"}}"#, "abstained", "abstained"),
        (OpenPolicyAgent, r#"{"result": {"decision": "accept", "account": "Alice"}}"#, "accepted Alice", odd),
        (OpenPolicyAgent, r#"{"result": "yes"}"#, odd, odd),
        (OpenPolicyAgent, r#"{"result": {"allow": true}}"#, odd, odd),
        (AuthZen, r#"{"decision": true, "context": {"id": 1}}"#, no_logins, "granted pull,push"),
        (AuthZen, r#"{"decision": false}"#, no_logins, "granted "),
        (AuthZen, "{}", no_logins, odd),
        (AuthZen, r#"{"decision": "true"}"#, no_logins, odd),
    ] {
        let service = Service::start(move |_, _| json(answer)).await;
        let (told_login, told_access) = told(&options(&service).with_form(form)).await;
        assert!(told_login.starts_with(login), "{form:?} {answer}: {told_login}");
        assert!(told_access.starts_with(access), "{form:?} {answer}: {told_access}");
        assert_eq!(told_access == "granted ", access == "granted ", "{form:?} {answer}: {told_access}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_come_as_documented() {
    let service = Service::start(|_, _| json(r#"{"result": true}"#)).await;
    told(&options(&service).with_form(WebhookForm::OpenPolicyAgent)).await;
    let asked = service.asked();
    let [login, access] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(
        login.body,
        r#"{"input":{"question":"login","username":"alice","password":"wonderland","service":"","address":null,"client_id":null}}"#
    );
    assert_eq!(
        access.body,
        r#"{"input":{"question":"access","account":"alice","labels":{},"service":"","address":null,"type":"repository","name":"team/app","actions":["pull","push"]}}"#
    );
    for Asked { head, .. } in [login, access] {
        assert!(head.starts_with("post /ask http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: application/json\r\n"), "{head}");
        assert!(!head.contains("authorization"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_never_act_as_patterns() {
    let service = Service::start(|_, _| {
        json(r#"{"decision":"accept","labels":{"team":["*"]},"security_stamp":"7","subject":"s"}"#)
    })
    .await;
    let webhook = WebhookAuthenticator::new(&options(&service)).unwrap();
    let labels = Labels::new().with("team", LabelValue::literal("*"));
    let alice = Identity::new("alice").with_labels(labels).with_security_stamp("7").with_subject("s");
    assert_eq!(login(&webhook, "wonderland").await.unwrap(), Authn::Accept(alice));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authzen_service_is_asked_about_each_action_and_not_about_too_many() {
    let service = Service::start(|_, asked| {
        let granted = asked.body.contains(r#""action":{"name":"pull"}"#);
        json(&format!(r#"{{"decision":{granted}}}"#))
    })
    .await;
    let webhook = WebhookAuthorizer::new(&options(&service).with_form(WebhookForm::AuthZen)).unwrap();
    let granted = |answer| match answer {
        Ok(Authz::Grant(grant)) => grant.actions.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(granted(access(&webhook, &["delete", "pull", "push"]).await), "pull");
    assert_eq!(service.asked().len(), 3);
    let many: Vec<_> = (0..8).map(|number| format!("a{number}")).chain(["pull".to_owned()]).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(granted(access(&webhook, &many).await), "");
    assert_eq!(service.asked().len(), 3, "nobody is asked about too many");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_good_as_long_as_it_says() {
    let with = |lines, body: &str| {
        let body = body.to_owned();
        move |_: usize, _: &Asked| Reply::With(lines, body.clone())
    };
    const GOOD: &str = "Content-Type: application/json\r\nCache-Control: private, max-age=600\r\n";
    const ONCE: &str = "Content-Type: application/json\r\nCache-Control: no-store, max-age=600\r\n";
    for (lines, answer, longest, expected) in [
        (GOOD, r#"{"decision":"accept"}"#, LONG, 1),
        (ONCE, r#"{"decision":"accept"}"#, LONG, 3),
        (GOOD, r#"{"decision":"accept"}"#, Duration::ZERO, 3),
        // A guess takes no place.
        (GOOD, r#"{"decision":"reject"}"#, LONG, 3),
    ] {
        let service = Service::start(with(lines, answer)).await;
        let limits = WebhookLimits { longest_cache: longest, ..options(&service).limits };
        let webhook = WebhookAuthenticator::new(&options(&service).with_limits(limits)).unwrap();
        for _ in 0..3 {
            login(&webhook, "wonderland").await.unwrap();
        }
        assert_eq!(service.asked().len(), expected, "{lines} {answer}");
        login(&webhook, "another").await.unwrap();
        assert_eq!(service.asked().len(), expected + 1, "another password is another question");
    }
    for (answer, lines, expected) in [
        (r#"{"decision":"deny"}"#, GOOD, 1),
        (r#"{"decision":"abstain"}"#, GOOD, 1),
        (r#"{"decision":"grant","actions":["pull"]}"#, GOOD, 1),
        (r#"{"decision":"grant","actions":["pull"]}"#, ONCE, 2),
    ] {
        let service = Service::start(with(lines, answer)).await;
        let webhook = WebhookAuthorizer::new(&options(&service)).unwrap();
        let (first, second) =
            (access(&webhook, &["pull"]).await.unwrap(), access(&webhook, &["pull"]).await.unwrap());
        assert_eq!((first, service.asked().len()), (second, expected), "{answer}");
        access(&webhook, &["push"]).await.unwrap();
        assert_eq!(service.asked().len(), expected + 1, "another action is another question");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_accounts_are_those_that_it_tells_of_or_has_accepted() {
    let service = Service::start(|_, asked| {
        json(if asked.body.contains("alice") {
            r#"{"decision":"accept"}"#
        } else {
            r#"{"decision":"abstain"}"#
        })
    })
    .await;
    let owns = async |webhook: &WebhookAuthenticator, account: &str| {
        webhook.owns(&AccountRequest::new(account)).await.unwrap()
    };
    let webhook = WebhookAuthenticator::new(&options(&service)).unwrap();
    assert!(!owns(&webhook, "alice").await);
    login(&webhook, "wonderland").await.unwrap();
    assert!(owns(&webhook, "alice").await && !owns(&webhook, "bob").await);
    assert_eq!(service.asked().len(), 1);
    let webhook = WebhookAuthenticator::new(&options(&service)).unwrap().answering_about_accounts();
    for _ in 0..3 {
        assert!(owns(&webhook, "alice").await && !owns(&webhook, "bob").await);
    }
    assert_eq!(service.asked().len(), 3, "it is remembered");
    let other = Service::start(|_, _| json(r#"{"decision":"accept","account":"root"}"#)).await;
    let webhook = WebhookAuthenticator::new(&options(&other)).unwrap().answering_about_accounts();
    let error = webhook.revalidate(&AccountRequest::new("alice")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "webhook: the answer cannot be read: it is about another account than was asked about"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn few_questions_are_asked_at_once() {
    let service = Service::start(|_, _| json(r#"{"decision":"accept"}"#)).await;
    let limits = WebhookLimits { concurrency: 2, ..options(&service).limits };
    let webhook = Arc::new(WebhookAuthenticator::new(&options(&service).with_limits(limits)).unwrap());
    let mut logins = JoinSet::new();
    for number in 0..64 {
        let webhook = Arc::clone(&webhook);
        logins.spawn(async move { login(&webhook, &number.to_string()).await.unwrap() });
    }
    assert!(logins.join_all().await.iter().all(|answer| matches!(answer, Authn::Accept(_))));
    assert_eq!((service.asked().len(), service.most_at_once()), (64, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_service_goes_on_where_it_was_and_another_begins_anew() {
    let service = Service::start(|_, _| Reply::Status(503)).await;
    let limits = WebhookLimits { retries: 0, ..options(&service).limits };
    let breaker = BreakerOptions { failures: 1, pause: LONG, longest_pause: LONG };
    let options = options(&service).with_limits(limits).with_breaker(breaker);
    let before = WebhookAuthorizer::new(&options).unwrap();
    access(&before, &["pull"]).await.unwrap_err();
    let other = options.clone().with_subject_property("a", ["b"]);
    for (options, expected) in [(options, 1), (other, 2)] {
        let next = WebhookAuthorizer::new(&options).unwrap();
        next.succeed(&before);
        access(&next, &["pull"]).await.unwrap_err();
        assert_eq!(service.asked().len(), expected, "it is known to be away, or it is not");
    }
}
