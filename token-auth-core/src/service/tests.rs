use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::*;
use crate::{
    ActionSet, AuthenticatorChain, Authn, AuthorizerChain, Credentials, Grant, LabelValue, Labels,
    RequestParts, async_trait, authenticator_fn, authorizer_fn,
};

/// Shows the claims instead of signing them.
struct Plain;

#[async_trait]
impl Sign for Plain {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        serde_json::to_string(claims).map_err(|error| BackendError::new("plain", error))
    }

    fn public_keys(&self) -> Vec<crate::token::PublicKey> {
        Vec::new()
    }
}

/// Knows alice by any password, and nobody else.
fn alice() -> impl Authenticator {
    authenticator_fn(|credentials: Credentials| async move {
        Ok(match credentials.username() {
            "alice" => Authn::Accept(
                Identity::new("Alice").with_labels(Labels::new().with("group", LabelValue::literal("dev"))),
            ),
            "mallory" => Authn::Reject("locked".into()),
            _ => Authn::Abstain,
        })
    })
}

/// Grants more than anybody asks for below `dev/`, and abstains elsewhere.
fn generous() -> impl Authorizer {
    authorizer_fn(|request: &AccessRequest<'_>| {
        let group = request.labels.get("group").first().map_or("", LabelValue::as_str);
        match request.name.split_once('/') {
            Some((head, _)) if head == group => {
                Authz::Grant(Grant::new(["pull", "delete", "*", "mount"].into_iter().collect()))
            }
            _ => Authz::Abstain,
        }
    })
}

fn service(
    authenticator: impl Authenticator + 'static,
    authorizer: impl Authorizer + 'static,
) -> TokenService {
    TokenService::new("Acme", authenticator, authorizer, Plain)
        .unwrap()
        .with_clock(|| UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .with_token_ids(|| "id-1".to_owned())
}

fn request(username: &str, query: &str) -> TokenRequest {
    let parts = RequestParts { query, ..RequestParts::default() };
    let mut request = TokenRequest::parse(parts, crate::RequestLimits::default()).unwrap();
    request.credentials = Credentials::password(username, "x");
    request
}

fn claims(answer: &Answer) -> Value {
    serde_json::from_str(&answer.result.as_ref().unwrap().token).unwrap()
}

#[tokio::test]
async fn a_token_holds_what_was_asked_for_and_granted() {
    let answer = service(alice(), generous())
        .answer(&request("alice", "service=reg&scope=repository:dev/x:push,pull repository:other/y:pull"))
        .await;
    assert_eq!(
        claims(&answer),
        json!({
            "iss": "Acme", "sub": "Alice", "aud": "reg", "jti": "id-1",
            "nbf": 1_699_999_990, "iat": 1_699_999_990, "exp": 1_700_000_900,
            "access": [
                {"type": "repository", "name": "dev/x", "actions": ["pull"]},
                {"type": "repository", "name": "other/y", "actions": []},
            ],
        })
    );
    let response = answer.result.unwrap();
    assert_eq!((response.expires_in, response.issued_at.as_str()), (900, "2023-11-14T22:13:20Z"));
    assert_eq!(answer.record.account.as_deref(), Some("Alice"));
    assert_eq!(answer.record.decisions[1].decided_by, None);
}

#[tokio::test]
async fn nobody_and_the_rejected_are_denied_alike() {
    let service = service(alice(), generous());
    for (username, reason) in [("mallory", "locked"), ("bob", "no authenticator knows these credentials")] {
        let answer = service.answer(&request(username, "scope=repository:dev/x:pull")).await;
        assert_eq!(answer.result.unwrap_err(), TokenError::Unauthorized, "{username}");
        assert_eq!(answer.record.reason.as_deref(), Some(reason));
        assert_eq!(answer.record.account, None);
    }
}

#[tokio::test]
async fn a_backend_that_is_away_stops_the_chain_and_denies() {
    let away = || authenticator_fn(|_: Credentials| async { Err(BackendError::new("ldap", "no route")) });
    let mut chain = AuthenticatorChain::new();
    chain.push("away", away()).unwrap();
    chain.push("alice", alice()).unwrap();
    let answer = service(chain, generous()).answer(&request("alice", "scope=repository:dev/x:pull")).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::Unavailable);
    assert_eq!(answer.record.reason.as_deref(), Some("away: ldap: no route"));

    struct Away;
    #[async_trait]
    impl Authorizer for Away {
        async fn authorize(&self, _: &AccessRequest<'_>) -> Result<Authz, BackendError> {
            Err(BackendError::new("acl_mongo", "no route"))
        }
    }
    let mut chain = AuthorizerChain::new();
    chain.push(Away);
    chain.push(generous());
    let answer = service(alice(), chain).answer(&request("alice", "scope=repository:dev/x:pull")).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::Unavailable);
}

#[tokio::test]
async fn the_first_that_does_not_abstain_decides() {
    let deny = authorizer_fn(|request: &AccessRequest<'_>| match request.name {
        "dev/secret" => Authz::Grant(Grant::new(ActionSet::new()).decided_by("deny")),
        _ => Authz::Abstain,
    });
    let mut chain = AuthorizerChain::new();
    chain.push(deny);
    chain.push(generous());
    let query = "scope=repository:dev/secret:pull repository:dev/x:pull";
    let answer = service(alice(), chain).answer(&request("alice", query)).await;
    let decided: Vec<_> = answer
        .record
        .decisions
        .iter()
        .map(|decision| (decision.granted.to_string(), decision.decided_by.as_deref().unwrap()))
        .collect();
    assert_eq!(decided, [(String::new(), "deny"), ("pull".to_owned(), "function")]);
}

#[tokio::test]
async fn the_wildcard_is_granted_only_where_it_was_asked_for() {
    let query = "scope=repository:dev/a:* repository:dev/b:pull";
    let answer = service(alice(), generous()).answer(&request("alice", query)).await;
    let access = &claims(&answer)["access"];
    assert_eq!((&access[0]["actions"], &access[1]["actions"]), (&json!(["*"]), &json!(["pull"])));
}

#[tokio::test]
async fn other_services_and_other_grant_types_are_refused_before_anyone_is_asked() {
    let nobody = || authenticator_fn(|_: Credentials| async { panic!("asked") });
    let service = service(nobody(), generous()).with_services(["reg"]);
    let answer = service.answer(&request("alice", "service=other")).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::UnknownService);
    let answer = service.answer(&request("alice", "service=reg&grant_type=authorization_code")).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::UnsupportedGrantType);
}

#[test]
fn a_realm_is_a_quoted_string() {
    assert_eq!(error::challenge("Acme \"x\\y\" ü\r\n"), r#"Basic realm="Acme \"x\\y\" ???""#);
}

#[test]
fn errors_have_both_forms_for_a_post() {
    let body = |post| serde_json::from_slice::<Value>(&TokenError::Unauthorized.to_json(post)).unwrap();
    assert_eq!(
        body(false),
        json!({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
    );
    assert_eq!(
        (&body(true)["error"], &body(true)["error_description"]),
        (&json!("invalid_grant"), &json!("authentication required"))
    );
}

#[tokio::test]
async fn a_restriction_narrows_the_grant_and_the_lifetime() {
    let now = 1_700_000_000;
    let service = |end: u64| {
        let restriction = crate::Restriction::none()
            .to_scopes(["repository:dev/*:pull,mount".parse().unwrap()])
            .until(UNIX_EPOCH + Duration::from_millis(end * 1000 + 999));
        let robot = authenticator_fn(move |_: Credentials| {
            let labels = Labels::new().with("group", LabelValue::literal("dev"));
            let identity = Identity::new("robot").with_labels(labels).restricted(restriction.clone());
            async move { Ok(Authn::Accept(identity)) }
        });
        service(robot, generous())
    };
    let asked = request("robot", "scope=repository:dev/x:delete,pull,push repository:dev/x/y:pull");
    let answer = service(now + 60).answer(&asked).await;
    let claims = claims(&answer);
    let actions: Vec<_> =
        claims["access"].as_array().unwrap().iter().map(|entry| entry["actions"].clone()).collect();
    assert_eq!(actions, [json!(["pull"]), json!([])]);
    assert_eq!((&claims["exp"], answer.result.unwrap().expires_in), (&json!(now + 60), 60));
    let by = answer.record.decisions[0].decided_by.as_deref();
    assert_eq!(by, Some("function, narrowed by the credential"));

    let answer = service(now + 3600).answer(&asked).await;
    assert_eq!(answer.result.unwrap().expires_in, 900);
    for past in [now, now - 1] {
        let answer = service(past).answer(&asked).await;
        assert_eq!(answer.result.unwrap_err(), TokenError::Unauthorized);
        assert_eq!(answer.record.reason.as_deref(), Some("the credential has expired"));
    }
}

#[tokio::test]
async fn guesses_are_answered_with_429_before_anyone_is_asked() {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let source = authenticator_fn(move |credentials: Credentials| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            Ok(match credentials == Credentials::password("alice", "right") {
                true => Authn::Accept(Identity::new("alice")),
                false => Authn::Abstain,
            })
        }
    });
    let service = service(source, generous());
    let ask = async |password: &str| {
        let mut request = request("alice", "service=reg");
        request.credentials = Credentials::password("alice", password);
        service.answer(&request).await.result.map(|_| ())
    };
    for guess in 0..10 {
        // Containerd tries each twice.
        for _ in 0..2 {
            assert_eq!(ask(&guess.to_string()).await, Err(TokenError::Unauthorized));
        }
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 20);
    let refused = ask("right").await.unwrap_err();
    assert_eq!((refused.status(), refused.retry_after()), (429, Some(300)));
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 20);
    let mut nobody = request("alice", "service=reg");
    nobody.credentials = Credentials::Anonymous;
    assert_eq!(service.answer(&nobody).await.result.unwrap_err(), TokenError::Unauthorized);
}
