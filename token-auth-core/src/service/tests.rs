use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::*;
use crate::{
    AccessRequest, ActionSet, AuthenticatorChain, Authn, AuthorizerChain, Authz, BackendError, Credentials,
    Grant, LabelValue, Labels, RequestParts, async_trait, authenticator_fn, authorizer_fn,
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
        request.address = Some([192, 0, 2, 1].into());
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

/// Is asked, and never answers.
struct Silent;

#[async_trait]
impl Authorizer for Silent {
    async fn authorize(&self, _: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_never_answers_is_ended_at_the_deadline() {
    let timed = |service: TokenService| {
        service.with_timer(|moment: std::time::Instant| tokio::time::sleep_until(moment.into()))
    };
    let silent = authenticator_fn(|_: Credentials| async { std::future::pending().await });
    for service in [timed(service(silent, generous())), timed(service(alice(), Silent))] {
        let mut request = request("alice", "scope=repository:dev/x:pull repository:dev/y:pull");
        let begun = tokio::time::Instant::now();
        request.deadline = crate::Deadline::at(begun.into_std() + Duration::from_secs(5));
        let answer = service.answer(&request).await;
        assert_eq!(answer.result.as_ref().unwrap_err(), &TokenError::Unavailable);
        assert!(answer.result.unwrap_err().retry_after().is_some());
        assert!(answer.record.reason.is_some());
        assert!((5..6).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    }
}

/// Takes its time, and is asked about many at once.
struct Slow;

#[async_trait]
impl Authorizer for Slow {
    async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
        let turn = request.name.len() as u64 % 3;
        tokio::time::sleep(Duration::from_millis(100 + turn)).await;
        Ok(match request.name {
            "dev/nobody" => Authz::Abstain,
            name => Authz::Grant(Grant::new(request.actions.clone()).decided_by(name)),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn scopes_are_authorized_side_by_side_and_answered_in_order() {
    let names: Vec<_> = (0..20).map(|number| format!("dev/{}", "x".repeat(number + 1))).collect();
    let mut query: Vec<_> = names.iter().map(|name| format!("scope=repository:{name}:pull")).collect();
    query.push("scope=repository:dev/nobody:pull".to_owned());
    let begun = tokio::time::Instant::now();
    let answer = service(alice(), Slow).answer(&request("alice", &query.join("&"))).await;
    assert!(begun.elapsed() < Duration::from_millis(110), "{:?}", begun.elapsed());
    let claims = claims(&answer);
    for (at, name) in names.iter().enumerate() {
        assert_eq!(claims["access"][at], json!({"type": "repository", "name": name, "actions": ["pull"]}));
        assert_eq!(answer.record.decisions[at].decided_by.as_deref(), Some(&**name));
    }
    assert_eq!(claims["access"][20]["actions"], json!([]));
}

#[tokio::test]
async fn one_scope_that_cannot_be_judged_denies_all() {
    struct Broken;
    #[async_trait]
    impl Authorizer for Broken {
        async fn authorize(&self, request: &AccessRequest<'_>) -> Result<Authz, BackendError> {
            match request.name {
                "dev/b" => Err(BackendError::new("webhook", "no route")),
                _ => Ok(Authz::Grant(Grant::new(request.actions.clone()))),
            }
        }
    }
    let query = "scope=repository:dev/a:pull repository:dev/b:pull repository:dev/c:pull";
    let answer = service(alice(), Broken).answer(&request("alice", query)).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::Unavailable);
    assert_eq!(answer.record.reason.as_deref(), Some("webhook: no route"));
}

/// Knows signed tokens by their beginning, and accepts the one that is right.
struct Signed;

#[async_trait]
impl Authenticator for Signed {
    async fn authenticate(&self, request: &crate::AuthnRequest<'_>) -> Result<Authn, BackendError> {
        Ok(match request.credentials {
            Credentials::Password { password, .. } if password.expose() == "signed.right" => {
                Authn::Accept(Identity::new("job"))
            }
            credentials if self.is_signed(credentials) => Authn::Reject("wrong signature".into()),
            _ => Authn::Abstain,
        })
    }

    async fn revalidate(&self, _: &crate::AccountRequest<'_>) -> Result<Authn, BackendError> {
        Ok(Authn::Abstain)
    }

    fn is_signed(&self, credentials: &Credentials) -> bool {
        matches!(credentials, Credentials::Password { password, .. } if password.expose().starts_with("signed."))
    }
}

#[tokio::test]
async fn signed_tokens_are_no_guesses_and_no_other_source_sees_them() {
    let passwords = authenticator_fn(|credentials: Credentials| async move {
        let Credentials::Password { password, .. } = credentials else { return Ok(Authn::Abstain) };
        assert!(!password.expose().starts_with("signed."), "a password source sees a signed token");
        Ok(Authn::Reject("wrong password".into()))
    });
    let mut chain = AuthenticatorChain::new();
    chain.push("passwords", passwords).unwrap();
    chain.push("signed", Signed).unwrap();
    let service = service(chain, generous());
    let ask = async |password: &str| {
        let mut request = request("jwt", "");
        request.credentials = Credentials::password("jwt", password);
        request.address = Some([192, 0, 2, 1].into());
        service.answer(&request).await.result.map(drop)
    };
    for number in 0..500 {
        assert_eq!(ask(&format!("signed.{number}")).await, Err(TokenError::Unauthorized), "{number}");
    }
    // What only looks like it is a guess.
    for number in 0..10 {
        assert_eq!(ask(&format!("dressed.up.{number}")).await, Err(TokenError::Unauthorized), "{number}");
    }
    assert!(matches!(ask("dressed.up.10").await, Err(TokenError::TooManyAttempts { .. })));
    assert_eq!(ask("signed.right").await, Ok(()));
}
