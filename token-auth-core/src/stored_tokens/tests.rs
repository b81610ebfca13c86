use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::token::{Claims, PublicKey, Sign};
use crate::{
    AccessRequest, AccountRequest, Answer, Authenticator, AuthenticatorChain, Authn, AuthnRequest, Authz,
    BackendError, Credentials, Grant, GrantType, Identity, LabelValue, Labels, MemoryTokenStore, Password,
    Restriction, TokenError, TokenKind, TokenQuery, TokenRecord, TokenRequest, TokenService, async_trait,
    authorizer_fn,
};

const START: u64 = 1_700_000_000;
const DAY: u64 = 86_400;

/// What the source says when it is asked again.
#[derive(Clone)]
enum Present {
    There { team: &'static str, stamp: &'static str },
    Person(&'static str),
    Renamed,
    Disabled,
    Gone,
    Away,
}

/// Knows alice, and bob, who comes with a restriction.
struct Source(Arc<Mutex<Present>>);

#[async_trait]
impl Authenticator for Source {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        Ok(match request.credentials {
            Credentials::Anonymous => Authn::Accept(Identity::new("")),
            Credentials::Password { username, password } if password.expose() == "right" => {
                let identity = Identity::new(username.as_str());
                match username.as_str() {
                    "bob" => {
                        Authn::Accept(identity.restricted(
                            Restriction::none().to_scopes(["repository:b:pull".parse().unwrap()]),
                        ))
                    }
                    "guest" => {
                        Authn::Accept(identity.restricted(Restriction::none().without_refresh_tokens()))
                    }
                    _ => Authn::Accept(identity),
                }
            }
            Credentials::Password { .. } => Authn::Reject("wrong password".into()),
            Credentials::Bearer(token) => {
                let lifetime = token.expose().strip_prefix("for ").map(|text| text.parse().unwrap());
                let identity = Identity::new("job:a/b")
                    .with_labels(Labels::new().with("team", LabelValue::literal("blue")))
                    .restricted(Restriction::none().until(at(START + 300)).without_refresh_tokens());
                Authn::Accept(identity.with_password_lifetime(lifetime.map(Duration::from_secs)))
            }
            Credentials::RefreshToken(_) => panic!("a refresh token was shown to a source"),
        })
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let identity = Identity::new(request.account);
        Ok(match self.0.lock().unwrap().clone() {
            Present::There { team, stamp } => Authn::Accept(
                identity
                    .with_labels(Labels::new().with("team", LabelValue::literal(team)))
                    .with_security_stamp(stamp),
            ),
            Present::Person(subject) => Authn::Accept(identity.with_subject(subject)),
            Present::Renamed => Authn::Accept(Identity::new("alicia")),
            Present::Disabled => Authn::Reject("locked".into()),
            Present::Gone => Authn::Abstain,
            Present::Away => return Err(BackendError::new("ldap", "no route")),
        })
    }
}

struct Plain;

#[async_trait]
impl Sign for Plain {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        serde_json::to_string(claims).map_err(|error| BackendError::new("plain", error))
    }

    fn public_keys(&self) -> Vec<PublicKey> {
        Vec::new()
    }
}

struct World {
    service: TokenService,
    tokens: StoredTokens,
    now: Arc<Mutex<u64>>,
    present: Arc<Mutex<Present>>,
}

const THERE: Present = Present::There { team: "blue", stamp: "1" };

impl World {
    fn new() -> Self {
        Self::with(|tokens| {
            tokens
                .with_refresh_tokens(RefreshPolicy::default())
                .with_personal_tokens(PersonalPolicy::default().with_max_lifetime(None))
        })
    }

    fn with(configure: impl FnOnce(StoredTokens) -> StoredTokens) -> Self {
        Self::of("Acme", Arc::new(MemoryTokenStore::default()), configure)
    }

    fn of(issuer: &str, store: Arc<dyn Store>, configure: impl FnOnce(StoredTokens) -> StoredTokens) -> Self {
        let now = Arc::new(Mutex::new(START));
        let present = Arc::new(Mutex::new(THERE));
        let tokens = configure(StoredTokens::new(issuer, store));
        let clock = Arc::clone(&now);
        // The team may do everything below its name.
        let acl = authorizer_fn(|request: &AccessRequest<'_>| {
            let team = request.labels.get("team").first().map_or("b", LabelValue::as_str);
            match request.name.starts_with(team) {
                true => Authz::Grant(Grant::new(request.actions.clone())),
                false => Authz::Abstain,
            }
        });
        let mut sources = AuthenticatorChain::new();
        sources.push("source", Source(Arc::clone(&present))).unwrap();
        let service = TokenService::new(issuer, sources, acl, Plain)
            .unwrap()
            .with_clock(move || at(*clock.lock().unwrap()))
            .with_stored_tokens(tokens.clone());
        Self { service, tokens, now, present }
    }

    fn set(&self, present: Present) {
        *self.present.lock().unwrap() = present;
    }

    fn wait(&self, seconds: u64) {
        *self.now.lock().unwrap() += seconds;
    }

    async fn login(&self, username: &str) -> Option<String> {
        let answer = self.service.answer(&login(username)).await;
        answer.result.unwrap().refresh_token.map(|token| token.expose().to_owned())
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.service.answer(&refresh(token)).await
    }

    async fn create(&self, new: NewPersonalToken) -> String {
        let source = Source(Arc::clone(&self.present));
        let (token, _) = self.tokens.create(new, &source, self.service.now()).await.unwrap();
        token.expose().to_owned()
    }

    async fn records(&self) -> Vec<TokenRecord> {
        self.tokens.store().list(&TokenQuery::all(), None, 1000).await.unwrap().records
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn login(username: &str) -> TokenRequest {
    let mut request = TokenRequest::new("reg");
    request.credentials = Credentials::password(username, "right");
    request.client_id = Some("docker".to_owned());
    request.offline = true;
    request
}

fn refresh(token: &str) -> TokenRequest {
    let mut request = TokenRequest::new("reg");
    request.credentials = Credentials::RefreshToken(Password::new(token));
    request.grant_type = GrantType::RefreshToken;
    request.scopes =
        crate::ScopeSet::parse(["repository:blue/x:pull,push"], crate::ScopeLimits::default()).unwrap();
    request
}

fn with_token(username: &str, token: &str) -> TokenRequest {
    let mut request = refresh("");
    request.credentials = Credentials::password(username, token);
    request.grant_type = GrantType::Password;
    request
}

fn claims(answer: &Answer) -> Value {
    match &answer.result {
        Ok(response) => serde_json::from_str(&response.token).unwrap(),
        Err(error) => panic!("{error}: {:?}", answer.record),
    }
}

#[track_caller]
fn refused(answer: &Answer, error: &TokenError, reason: &str) {
    assert_eq!(answer.result.as_ref().err(), Some(error), "{:?}", answer.record);
    let given = answer.record.reason.as_deref().unwrap_or_default();
    assert!(given.contains(reason), "{given:?} does not say {reason:?}");
    assert_eq!(answer.record.account, None);
}

#[tokio::test]
async fn a_refresh_token_stays_the_same_and_sees_the_present_labels() {
    let world = World::new();
    let token = world.login("alice").await.unwrap();
    for team in ["blue", "red"] {
        world.set(Present::There { team, stamp: "1" });
        world.wait(3600);
        let answer = world.refresh(&token).await;
        let granted = if team == "blue" { "repository:blue/x:pull,push" } else { "" };
        let response = answer.result.as_ref().unwrap();
        assert_eq!(response.scope, granted);
        assert_eq!(response.refresh_token.as_ref().map(Password::expose), Some(&*token));
        let body: Value = serde_json::from_slice(&response.to_json(true)).unwrap();
        assert_eq!(
            (&body["refresh_token"], &body["scope"], &body["token_type"], &body["access_token"]),
            (&json!(token), &json!(granted), &json!("Bearer"), &body["token"])
        );
        assert_eq!(claims(&answer)["sub"], "alice");
        assert_eq!(answer.record.token_id.as_ref(), Some(&world.records().await[0].id));
        assert!(!format!("{answer:?}").contains(token.split('_').nth(2).unwrap()));
    }
    assert_eq!(world.records().await.len(), 1);
}

#[tokio::test]
async fn only_a_password_of_an_account_gets_a_refresh_token_and_only_where_it_is_asked_for() {
    let world = World::new();
    let personal = world.create(NewPersonalToken::new("alice", "ci")).await;
    let change = |change: fn(&mut TokenRequest)| {
        let mut request = login("alice");
        change(&mut request);
        request
    };
    let mut by_personal = login("alice");
    by_personal.credentials = Credentials::password("alice", &*personal);
    for (case, request) in [
        ("not asked for", change(|request| request.offline = false)),
        ("anonymous", change(|request| request.credentials = Credentials::Anonymous)),
        ("no name", login("")),
        ("bearer", change(|request| request.credentials = Credentials::Bearer(Password::new("x")))),
        ("restricted", login("guest")),
        ("personal token", by_personal),
    ] {
        let response = world.service.answer(&request).await.result.unwrap();
        assert_eq!(response.refresh_token, None, "{case}");
        let body = String::from_utf8(response.to_json(false)).unwrap();
        assert!(!body.contains("refresh_token") && !body.contains("scope"), "{case}: {body}");
    }
    // A source that cannot say later whether the account is still there: docker would forget the password for nothing.
    world.set(Present::Gone);
    assert_eq!(world.login("alice").await, None);
    assert_eq!(world.records().await.len(), 1, "a token was made that nobody got");

    let disabled = World::with(|tokens| tokens);
    assert_eq!(disabled.login("alice").await, None);
    let answer = disabled.refresh("x").await;
    assert_eq!(answer.result.unwrap_err(), TokenError::UnsupportedGrantType);
}

#[tokio::test]
async fn a_refresh_token_ends() {
    let world = World::new();
    let token = world.login("alice").await.unwrap();
    let gone = TokenError::InvalidRefreshToken;
    let mut elsewhere = refresh(&token);
    elsewhere.service = "other".to_owned();
    refused(&world.service.answer(&elsewhere).await, &gone, "another service");
    for (present, reason) in [
        (Present::Gone, "no longer known"),
        (Present::Disabled, "locked"),
        (Present::Renamed, "another name"),
        (Present::There { team: "blue", stamp: "2" }, "password has changed"),
    ] {
        world.set(present);
        refused(&world.refresh(&token).await, &gone, reason);
    }
    world.set(THERE);
    assert!(world.refresh(&token).await.result.is_ok());
    world.wait(30 * DAY - 1);
    assert!(world.refresh(&token).await.result.is_ok());
    world.wait(30 * DAY + 61);
    refused(&world.refresh(&token).await, &gone, "not used for too long");

    // Used every day, it ends all the same.
    let token = world.login("alice").await.unwrap();
    for _ in 0..179 {
        world.wait(DAY);
        assert!(world.refresh(&token).await.result.is_ok());
    }
    world.wait(DAY - 60);
    let last = world.refresh(&token).await;
    assert_eq!(last.result.unwrap().expires_in, 60, "an access token outlives the refresh token");
    world.wait(60);
    refused(&world.refresh(&token).await, &gone, "expired");

    let token = world.login("alice").await.unwrap();
    world.tokens.store().revoke_account("alice", None).await.unwrap();
    refused(&world.refresh(&token).await, &gone, "revoked");
}

#[tokio::test]
async fn each_kind_of_token_is_good_in_its_own_place_only() {
    let world = World::new();
    let token = world.login("alice").await.unwrap();
    let personal = world.create(NewPersonalToken::new("alice", "ci")).await;
    let access = world.refresh(&token).await.result.unwrap().token;
    let no_refresh = TokenError::InvalidRefreshToken;
    refused(&world.refresh(&access).await, &no_refresh, "not a refresh token");
    refused(&world.refresh(&personal).await, &no_refresh, "presented as a refresh token");
    refused(&world.refresh("right").await, &no_refresh, "not a refresh token");
    let as_password = world.service.answer(&with_token("alice", &token)).await;
    refused(&as_password, &TokenError::Unauthorized, "presented as a personal token");
    for token in [&token, &personal] {
        let mut bearer = refresh("");
        bearer.credentials = Credentials::Bearer(Password::new(token.as_str()));
        bearer.grant_type = GrantType::Implicit;
        refused(&world.service.answer(&bearer).await, &TokenError::Unauthorized, "as a bearer token");
    }
    let as_other = world.service.answer(&with_token("bob", &personal)).await;
    refused(&as_other, &TokenError::Unauthorized, "another account");
}

/// Fails if it is asked.
struct Silent;

#[async_trait]
impl crate::TokenStore for Silent {
    async fn insert(&self, _: &TokenRecord) -> Result<(), BackendError> {
        panic!("the store was asked")
    }
    async fn get(&self, _: &crate::TokenId) -> Result<Option<TokenRecord>, BackendError> {
        panic!("the store was asked")
    }
    async fn touch(&self, _: &crate::TokenId, _: &crate::LastUse) -> Result<(), BackendError> {
        panic!("the store was asked")
    }
    async fn list(
        &self,
        _: &TokenQuery,
        _: Option<&crate::PageCursor>,
        _: usize,
    ) -> Result<crate::TokenPage, BackendError> {
        Err(BackendError::new("store", "away"))
    }
    async fn revoke(&self, _: &crate::TokenId) -> Result<bool, BackendError> {
        panic!("the store was asked")
    }
    async fn revoke_account(&self, _: &str, _: Option<TokenKind>) -> Result<u64, BackendError> {
        panic!("the store was asked")
    }
    async fn purge(&self, _: SystemTime) -> Result<u64, BackendError> {
        panic!("the store was asked")
    }
}

#[async_trait]
impl crate::BlobStore for Silent {
    async fn read_blob(&self, _: &crate::BlobKey) -> Result<Option<crate::Blob>, BackendError> {
        panic!("the store was asked")
    }
    async fn write_blob(
        &self,
        _: &crate::BlobKey,
        _: Option<&crate::BlobVersion>,
        _: &[u8],
    ) -> Result<crate::BlobWrite, BackendError> {
        panic!("the store was asked")
    }
    async fn remove_blob(&self, _: &crate::BlobKey) -> Result<bool, BackendError> {
        panic!("the store was asked")
    }
}

#[tokio::test]
async fn a_wrong_checksum_is_refused_without_asking_the_store_or_the_source() {
    let world = World::new();
    let silent = StoredTokens { store: Arc::new(Silent), ..world.tokens.clone() };
    let service = world.service.clone().with_stored_tokens(silent);
    let damage = |kind| {
        let text = OpaqueToken::generate(kind).unwrap().expose().to_owned();
        let last = if text.ends_with('a') { 'b' } else { 'a' };
        format!("{}{last}", &text[..text.len() - 1])
    };
    let answer = service.answer(&refresh(&damage(TokenKind::Refresh))).await;
    refused(&answer, &TokenError::InvalidRefreshToken, "checksum");
    let answer = service.answer(&with_token("alice", &damage(TokenKind::Personal))).await;
    refused(&answer, &TokenError::Unauthorized, "checksum");
}

#[tokio::test]
async fn the_public_id_alone_opens_nothing() {
    let world = World::new();
    let token = world.login("alice").await.unwrap();
    let forged = OpaqueToken::generate(TokenKind::Refresh).unwrap();
    let mut record = world.records().await.remove(0);
    world.tokens.store().revoke(&record.id).await.unwrap();
    record.id = forged.id().clone();
    world.tokens.store().insert(&record).await.unwrap();
    refused(&world.refresh(forged.expose()).await, &TokenError::InvalidRefreshToken, "wrong secret");
    refused(&world.refresh(&token).await, &TokenError::InvalidRefreshToken, "not known");
}

#[tokio::test]
async fn a_source_that_is_away_costs_no_token() {
    let world = World::new();
    let token = world.login("alice").await.unwrap();
    world.set(Present::Away);
    let answer = world.refresh(&token).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::Unavailable);
    let answer = world.service.answer(&login("alice")).await;
    assert_eq!(answer.result.unwrap_err(), TokenError::Unavailable);
    world.set(THERE);
    assert!(world.refresh(&token).await.result.is_ok());
    assert_eq!(world.records().await.len(), 1);
}

#[tokio::test]
async fn a_personal_token_only_narrows() {
    let world = World::new();
    let new = NewPersonalToken::new("alice", "ci")
        .with_lifetime(Some(Duration::from_secs(1000)))
        .with_scopes(["repository:blue/**:pull".parse().unwrap(), "repository:red/**:*".parse().unwrap()])
        .with_networks(["10.0.0.0/8".parse().unwrap()])
        .with_service("reg");
    let token = world.create(new).await;
    let ask = async |address: Option<&str>, change: fn(&mut TokenRequest)| {
        let mut request = with_token("alice", &token);
        request.address = address.map(|address| address.parse().unwrap());
        change(&mut request);
        world.service.answer(&request).await
    };
    let inside = ask(Some("::ffff:10.1.2.3"), |_| {}).await;
    assert_eq!(
        claims(&inside)["access"],
        json!([{"type": "repository", "name": "blue/x", "actions": ["pull"]}])
    );
    assert_eq!((inside.result.unwrap().expires_in, inside.record.source.as_deref()), (900, Some("source")));
    // The pattern allows more than the account may do.
    let red = ask(Some("10.1.2.3"), |request| {
        let scopes = ["repository:red/x:pull,push"];
        request.scopes = crate::ScopeSet::parse(scopes, crate::ScopeLimits::default()).unwrap();
    })
    .await;
    assert_eq!(claims(&red)["access"][0]["actions"], json!([]));
    for address in [None, Some("192.0.2.1")] {
        refused(&ask(address, |_| {}).await, &TokenError::Unauthorized, "address");
    }
    let elsewhere = ask(Some("10.1.2.3"), |request| request.service = "other".to_owned()).await;
    refused(&elsewhere, &TokenError::Unauthorized, "another service");
    // It outlives the password, and not itself.
    world.set(Present::There { team: "blue", stamp: "2" });
    world.wait(400);
    assert_eq!(ask(Some("10.1.2.3"), |_| {}).await.result.unwrap().expires_in, 600);
    world.wait(600);
    refused(&ask(Some("10.1.2.3"), |_| {}).await, &TokenError::Unauthorized, "expired");
}

#[tokio::test]
async fn a_token_of_a_narrow_identity_is_as_narrow() {
    let world = World::new();
    let token = world.login("bob").await.unwrap();
    let mut request = refresh(&token);
    let scopes = ["repository:b:pull,push repository:blue/x:pull"];
    request.scopes = crate::ScopeSet::parse(scopes, crate::ScopeLimits::default()).unwrap();
    let answer = world.service.answer(&request).await;
    assert_eq!(answer.result.unwrap().scope, "");
    world.set(Present::There { team: "b", stamp: "1" });
    let answer = world.service.answer(&request).await;
    assert_eq!(answer.result.unwrap().scope, "repository:b:pull");
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() {
    let world = World::new();
    let token = world.login("alice").await.unwrap();
    let ask = async |client: &str| {
        let mut request = refresh(&token);
        request.client_id = Some(client.to_owned());
        request.address = "192.0.2.7".parse().ok();
        assert!(world.service.answer(&request).await.result.is_ok());
        world.records().await[0].last_use.clone().unwrap()
    };
    world.wait(10);
    let first = ask("docker").await;
    assert_eq!((first.time, first.client_id.as_deref()), (at(START + 10), Some("docker")));
    assert_eq!(first.address, "192.0.2.7".parse().ok());
    world.wait(59);
    assert_eq!(ask("containerd-client").await, first);
    world.wait(1);
    assert_eq!(ask("containerd-client").await.client_id.as_deref(), Some("containerd-client"));
    // What is refused is no use.
    let before = world.records().await[0].last_use.clone();
    world.set(Present::Gone);
    world.wait(3600);
    assert!(world.refresh(&token).await.result.is_err());
    assert_eq!(world.records().await[0].last_use, before);
}

#[tokio::test]
async fn an_account_has_a_limited_number_of_refresh_tokens() {
    let world =
        World::with(|tokens| tokens.with_refresh_tokens(RefreshPolicy::default().with_per_account(2)));
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(world.login("alice").await.unwrap());
        world.wait(1);
    }
    let other = world.login("carol").await.unwrap();
    let mut good = Vec::new();
    for token in tokens.iter().chain([&other]) {
        good.push(world.refresh(token).await.result.is_ok());
    }
    assert_eq!(good, [false, true, true, true]);
}

#[tokio::test]
async fn no_more_personal_tokens_are_made_than_there_may_be() {
    let world = World::with(|tokens| tokens.with_personal_tokens(PersonalPolicy::default()));
    let source = Source(Arc::clone(&world.present));
    let new = || NewPersonalToken::new("alice", "ci").with_lifetime(Some(Duration::from_secs(60)));
    let create =
        async || world.tokens.create(new().with_at_most(2), &source, world.service.now()).await.map(|_| ());
    world.create(new()).await;
    create().await.unwrap();
    assert!(matches!(create().await.unwrap_err(), CreateTokenError::Enough));
    world.create(NewPersonalToken::new("carol", "ci").with_at_most(1)).await;
    world.wait(61);
    create().await.unwrap();
    assert_eq!(world.records().await.len(), 4, "what has ended does not count");
}

#[tokio::test]
async fn what_would_be_of_no_use_is_not_made() {
    let world = World::with(|tokens| tokens.with_personal_tokens(PersonalPolicy::default()));
    let source = Source(Arc::clone(&world.present));
    let new = || NewPersonalToken::new("alice", "ci");
    let create = async |new: NewPersonalToken| {
        world.tokens.create(new, &source, world.service.now()).await.map(|_| ()).unwrap_err().to_string()
    };
    assert!(create(NewPersonalToken::new("alice", "")).await.contains("name"));
    assert!(create(NewPersonalToken::new("alice", "a\nb")).await.contains("name"));
    assert!(create(new().with_lifetime(None)).await.contains("366 days"));
    assert!(create(new().with_lifetime(Some(Duration::from_secs(367 * DAY)))).await.contains("366 days"));
    assert!(create(new().with_lifetime(Some(Duration::ZERO))).await.contains("time"));
    assert!(create(new().with_scopes([])).await.contains("scope"));
    assert!(create(new().with_networks([])).await.contains("network"));
    assert!(create(NewPersonalToken::new("", "ci")).await.contains("no source"));
    world.set(Present::Gone);
    assert!(create(new()).await.contains("no source"));
    assert!(world.records().await.is_empty());
    let disabled = World::with(|tokens| tokens).tokens;
    let error = disabled.create(new(), &source, at(START)).await.unwrap_err();
    assert!(matches!(error, CreateTokenError::NotEnabled));
}

#[tokio::test]
async fn services_that_share_a_store_do_not_share_tokens() {
    let store: Arc<dyn Store> = Arc::new(MemoryTokenStore::default());
    let tenant = |issuer| {
        World::of(issuer, Arc::clone(&store), |tokens| {
            tokens
                .with_refresh_tokens(RefreshPolicy::default())
                .with_personal_tokens(PersonalPolicy::default())
        })
    };
    let (blue, red) = (tenant("blue"), tenant("red"));
    let refreshing = blue.login("alice").await.unwrap();
    let personal = blue.create(NewPersonalToken::new("alice", "ci")).await;
    refused(&red.refresh(&refreshing).await, &TokenError::InvalidRefreshToken, "made by another issuer");
    let presented = red.service.answer(&with_token("alice", &personal)).await;
    refused(&presented, &TokenError::Unauthorized, "made by another issuer");
    assert!(blue.refresh(&refreshing).await.result.is_ok());
    assert!(blue.service.answer(&with_token("alice", &personal)).await.result.is_ok());
}

#[tokio::test]
async fn a_token_without_an_issuer_is_the_first_ones_that_it_is_presented_to() {
    let store: Arc<dyn Store> = Arc::new(MemoryTokenStore::default());
    let tenant = |issuer| {
        World::of(issuer, Arc::clone(&store), |tokens| tokens.with_refresh_tokens(RefreshPolicy::default()))
    };
    let (blue, red) = (tenant("blue"), tenant("red"));
    for _ in 0..2 {
        blue.login("alice").await.unwrap();
    }
    let records = blue.records().await;
    let mut tokens = Vec::new();
    for mut record in records {
        let token = OpaqueToken::generate(TokenKind::Refresh).unwrap();
        (record.id, record.secret, record.issuer) = (token.id().clone(), token.digest(), None);
        store.insert(&record).await.unwrap();
        tokens.push(token.expose().to_owned());
    }
    // Who cannot use it does not get it.
    red.set(Present::Gone);
    refused(&red.refresh(&tokens[0]).await, &TokenError::InvalidRefreshToken, "no longer known");
    red.set(THERE);
    for _ in 0..2 {
        assert!(blue.refresh(&tokens[0]).await.result.is_ok());
        let answer = red.refresh(&tokens[0]).await;
        refused(&answer, &TokenError::InvalidRefreshToken, "made by another issuer");
    }
    // Both at once: it is one's.
    let (one, other) = tokio::join!(blue.refresh(&tokens[1]), red.refresh(&tokens[1]));
    assert_ne!(one.result.is_ok(), other.result.is_ok());
    let again = [blue.refresh(&tokens[1]).await.result.is_ok(), red.refresh(&tokens[1]).await.result.is_ok()];
    assert_eq!(again, [one.result.is_ok(), other.result.is_ok()]);
}

#[tokio::test]
async fn the_store_is_asked_about_so_many_forged_tokens_and_no_more() {
    let world = World::new();
    let known = world.login("alice").await.unwrap();
    let ask = async |token: &str| {
        let mut request = refresh(token);
        request.address = Some([192, 0, 2, 1].into());
        world.service.answer(&request).await.result.map(drop)
    };
    assert_eq!(ask(&known).await, Ok(()));
    let forged = || OpaqueToken::generate(TokenKind::Refresh).unwrap().expose().to_owned();
    for number in 0..1000 {
        assert_eq!(ask(&forged()).await, Err(TokenError::InvalidRefreshToken), "{number}");
    }
    assert!(matches!(ask(&forged()).await, Err(TokenError::TooManyAttempts { .. })));
    assert_eq!(ask(&known).await, Ok(()), "one that was good from here has to wait");
    // Passwords are another matter.
    let mut request = login("alice");
    request.address = Some([192, 0, 2, 1].into());
    assert!(world.service.answer(&request).await.result.is_ok());
}

#[tokio::test]
async fn a_personal_token_is_of_the_person_who_had_the_account() {
    let world = World::new();
    // One that was made when the source did not tell who that is, goes on.
    let old = world.create(NewPersonalToken::new("alice", "old")).await;
    world.set(Present::Person("1"));
    let token = world.create(NewPersonalToken::new("alice", "new")).await;
    for token in [&old, &token] {
        assert!(world.service.answer(&with_token("alice", token)).await.result.is_ok());
    }
    for present in [Present::Person("2"), THERE] {
        world.set(present);
        let answer = world.service.answer(&with_token("alice", &token)).await;
        refused(&answer, &TokenError::Unauthorized, "another person's");
    }
    let source = Source(Arc::clone(&world.present));
    let new = NewPersonalToken::new("alice", "late").with_subject(Some("1"));
    let late = world.tokens.create(new, &source, world.service.now()).await;
    assert!(matches!(late, Err(CreateTokenError::UnknownAccount(_))), "{late:?}");
}

#[tokio::test]
async fn sessions_of_an_account_end_together() {
    let world = World::new();
    assert_eq!(world.tokens.session_mark("alice").await.unwrap(), None);
    let first = world.tokens.begin_session("alice").await.unwrap();
    assert_eq!(world.tokens.begin_session("alice").await.unwrap(), first);
    let other = world.tokens.begin_session("bob").await.unwrap();
    assert_ne!(first, other);
    world.create(NewPersonalToken::new("alice", "ci")).await;
    assert_eq!(world.tokens.revoke_account("alice", Some(TokenKind::Personal)).await.unwrap(), 1);
    assert_ne!(world.tokens.session_mark("alice").await.unwrap(), Some(first));
    assert_eq!(world.tokens.session_mark("bob").await.unwrap(), Some(other));
}

fn exchange(credential: &str, scopes: &[&str]) -> TokenRequest {
    let mut request = TokenRequest::new("reg");
    request.credentials = Credentials::Bearer(Password::new(credential));
    request.grant_type = GrantType::TokenExchange;
    request.requested = crate::RequestedToken::Password;
    request.scopes = crate::ScopeSet::parse(scopes.iter().copied(), crate::ScopeLimits::default()).unwrap();
    request
}

#[tokio::test]
async fn a_password_in_exchange_is_good_for_what_was_granted_to_the_job() {
    let world = World::new();
    let scopes = ["repository:blue/x:pull,push", "repository:red/x:pull", "repository:blue/[y]*:pull"];
    let answer = world.service.answer(&exchange("for 1800", &scopes)).await;
    let response = answer.result.as_ref().unwrap();
    let body: Value = serde_json::from_slice(&response.to_json(true)).unwrap();
    assert_eq!(
        (&body["issued_token_type"], &body["token_type"], &body["expires_in"], &body["token"]),
        (&json!("urn:token-auth:token-type:password"), &json!("N_A"), &json!(1800), &Value::Null)
    );
    assert_eq!(body["scope"], "repository:blue/x:pull,push repository:blue/[y]*:pull");
    let password = body["access_token"].as_str().unwrap().to_owned();
    assert!(password.starts_with("tap_") && !format!("{answer:?}").contains(&password));
    // The job's own token has ended, and nobody knows the account; the user name is of no matter.
    world.wait(900);
    world.set(Present::Gone);
    let ask = async |username: &str, scope: &str, service: &str| {
        let mut request = with_token(username, &password);
        request.service = service.to_owned();
        request.scopes = crate::ScopeSet::parse([scope], crate::ScopeLimits::default()).unwrap();
        request.offline = true;
        world.service.answer(&request).await
    };
    for (scope, actions) in [
        ("repository:blue/x:pull,push,delete", json!(["pull", "push"])),
        ("repository:blue/xy:pull", json!([])),
        ("repository:blue/[y]*:pull,push", json!(["pull"])),
        ("repository:blue/y:pull", json!([])),
        ("repository:red/x:pull", json!([])),
    ] {
        let answer = ask("anyone", scope, "reg").await;
        assert_eq!(claims(&answer)["access"][0]["actions"], actions, "{scope}");
        assert_eq!(claims(&answer)["sub"], "job:a/b");
        assert_eq!(answer.result.unwrap().refresh_token, None);
    }
    refused(&ask("", "repository:blue/x:pull", "other").await, &TokenError::Unauthorized, "another service");
    // Its end, or its revocation, is the end.
    world.wait(899);
    assert_eq!(ask("", "repository:blue/x:pull", "reg").await.result.unwrap().expires_in, 1);
    world.wait(1);
    refused(&ask("", "repository:blue/x:pull", "reg").await, &TokenError::Unauthorized, "expired");
    // Of two, both.
    *world.now.lock().unwrap() = START;
    let answer = world.service.answer(&exchange("for 600", &scopes[..1])).await;
    assert!(answer.result.is_ok());
    assert_eq!(world.tokens.revoke_account("job:a/b", None).await.unwrap(), 2);
}

#[tokio::test]
async fn where_no_password_is_given_no_other_token_is() {
    let (world, without) =
        (World::new(), World::with(|tokens| tokens.with_refresh_tokens(RefreshPolicy::default())));
    let own = ["repository:blue/x:pull"];
    for (world, credential, scopes, error) in [
        (&world, "not for passwords", &own[..], TokenError::NoPassword),
        (&world, "for 0", &own[..], TokenError::NoPassword),
        (&without, "for 1800", &own[..], TokenError::NoPassword),
        (&world, "for 1800", &[][..], TokenError::NothingGranted),
        (&world, "for 1800", &["repository:red/x:pull"][..], TokenError::NothingGranted),
    ] {
        let answer = world.service.answer(&exchange(credential, scopes)).await;
        assert_eq!(answer.result.as_ref().err(), Some(&error), "{credential} {scopes:?}");
        assert_eq!(error.status(), 400);
        assert!(world.records().await.is_empty());
    }
}
