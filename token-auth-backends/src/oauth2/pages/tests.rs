//! What an attacker, a broken provider, or a client that is no browser meets. The provider is one that says what the test
//! wants.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use token_auth_core::{
    AccountRequest, AuthenticatorChain, Authn, AuthnRequest, Labels, MemoryTokenStore, Password,
    PersonalPolicy, Precedence, Store, TokenKind, TokenStore as _, async_trait,
};
use url::Url;

use super::*;
use crate::oauth2::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Renewal, SignInRefusal, SignInVerdict,
};

/// Answers a code with whom the test says; remembers what it was asked with.
#[derive(Debug)]
struct Scripted {
    issuer: &'static str,
    verdict: Mutex<Option<SignInVerdict>>,
    asked: Mutex<Vec<(String, String, String)>>,
    away: bool,
    /// Says neither that it is there nor that it is not.
    hangs: bool,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            issuer: "https://id.example",
            verdict: Mutex::default(),
            asked: Mutex::default(),
            away: false,
            hangs: false,
        }
    }
}

#[async_trait]
impl IdentityProvider for Scripted {
    async fn authorization_url(&self, challenge: &Challenge<'_>) -> Result<Url, BackendError> {
        if self.away {
            return Err(BackendError::new("scripted", "secret-detail"));
        }
        let redirect = challenge.redirect_url.unwrap_or_default();
        let url = format!("https://id.example/authorize?state={}&redirect_uri={redirect}", challenge.state);
        Ok(url.parse().unwrap())
    }

    async fn redeem(
        &self,
        code: &Password,
        challenge: &Challenge<'_>,
    ) -> Result<SignInVerdict, BackendError> {
        let asked = (code.expose().to_owned(), challenge.nonce.to_owned(), challenge.verifier.to_owned());
        self.asked.lock().unwrap().push(asked);
        self.verdict.lock().unwrap().clone().ok_or_else(|| BackendError::new("scripted", "secret-detail"))
    }

    async fn renew(&self, grant: &ProviderGrant) -> Result<Renewal, BackendError> {
        Ok(Renewal::Current { grant: grant.clone(), id_token: None })
    }

    async fn revalidate(&self, known: &Profile, _: Option<&Password>) -> Result<SignInVerdict, BackendError> {
        Ok(SignInVerdict::Known(known.clone()))
    }

    async fn ready(&self) -> bool {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        !self.away
    }

    fn issuer(&self) -> Option<&str> {
        Some(self.issuer)
    }
}

fn profile(account: &str) -> Profile {
    let grant =
        ProviderGrant { access_token: Password::new("secret-access"), expires: None, refresh_token: None };
    Profile {
        subject: format!("subject of {account}"),
        account: account.to_owned(),
        labels: Labels::new(),
        grant,
    }
}

/// The static account `admin`.
struct Admin;

#[async_trait]
impl Authenticator for Admin {
    async fn authenticate(&self, _: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        Ok(Authn::Abstain)
    }

    async fn revalidate(&self, _: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        Ok(Authn::Abstain)
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        match request.account {
            "admin" => Precedence::Listed,
            _ => Precedence::None,
        }
    }
}

fn accounts(sources: &[SignInSource]) -> Arc<dyn Authenticator> {
    let mut chain = AuthenticatorChain::new();
    chain.push("users", Admin).unwrap();
    sources.iter().for_each(|source| chain.push(source.id().clone(), source.clone()).unwrap());
    Arc::new(chain)
}

/// A clock that the test sets.
static NOW: Mutex<u64> = Mutex::new(1_800_000_000);

struct Site {
    pages: SignInPages,
    providers: [Arc<Scripted>; 2],
    store: Arc<MemoryTokenStore>,
}

impl Site {
    fn new() -> Self {
        Self::with(PageOptions {
            public_url: Some("https://a.example/x".parse().unwrap()),
            ..PageOptions::default()
        })
    }

    fn with(options: PageOptions) -> Self {
        let providers = [Arc::new(Scripted::default()), Arc::new(Scripted::default())];
        let store = Arc::new(MemoryTokenStore::default());
        let keys = SealingKeys::random().unwrap();
        let sources = ["one", "two"].iter().zip(&providers).map(|(id, provider)| {
            let id = (*id).try_into().unwrap();
            SignInSource::new(id, provider.clone() as Arc<_>, store.clone() as Arc<_>, keys.clone())
        });
        let sources: Vec<SignInSource> = sources.collect();
        let accounts = accounts(&sources);
        let offers: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let name = format!("Provider {}", source.id());
                SignInOffer::new(source, name)
            })
            .collect();
        let tokens = StoredTokens::new("Acme", store.clone()).with_personal_tokens(PersonalPolicy::default());
        Self { pages: SignInPages::new(offers, accounts, tokens, keys, options), providers, store }
    }

    async fn ask(&self, request: http::request::Builder, body: &str) -> Seen {
        let request =
            request.header(HOST, "a.example").body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let answer = self.pages.respond(request).await;
        let (head, body) = answer.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Seen { head, body }
    }

    async fn get(&self, path: &str, cookies: &str) -> Seen {
        self.ask(Request::get(path).header("accept", "text/html").header(COOKIE, cookies), "").await
    }

    async fn post(&self, path: &str, cookies: &str, form: &str) -> Seen {
        let request = Request::post(path).header("accept", "text/html").header(COOKIE, cookies);
        self.ask(request.header("origin", "https://a.example").header("sec-fetch-site", "same-origin"), form)
            .await
    }

    /// A sign-in that was begun: its cookie and its state.
    async fn begun(&self, id: &str) -> (String, String) {
        let begun = self.get(&format!("/sign-in/{id}"), "").await;
        assert_eq!(begun.head.status, 303);
        let state = begun.location().split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        (begun.cookie(), state)
    }

    /// Sends the form that makes a token, and follows to the page that shows it.
    async fn make(&self, session: &str, form: &str) -> Seen {
        let made = self.post("/account/tokens", session, form).await;
        assert_eq!(made.head.status, 303, "{}", made.body);
        self.get(made.location().strip_prefix("/x").unwrap(), session).await
    }

    /// The cookie of someone who has signed in.
    async fn session(&self, account: &str) -> String {
        *self.providers[0].verdict.lock().unwrap() = Some(SignInVerdict::Known(profile(account)));
        let (cookie, state) = self.begun("one").await;
        let seen = self.get(&format!("/one_auth?code=c&state={state}"), &cookie).await;
        assert_eq!(seen.head.status, 303, "{}", seen.body);
        seen.cookie()
    }
}

struct Seen {
    head: http::response::Parts,
    body: String,
}

impl Seen {
    fn location(&self) -> &str {
        self.head.headers[LOCATION].to_str().unwrap()
    }

    /// The first cookie that is set, as a browser sends it.
    fn cookie(&self) -> String {
        let line = self.head.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        line.split(';').next().unwrap().to_owned()
    }

    fn sets(&self) -> Vec<&str> {
        self.head.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    fn csrf(&self) -> &str {
        self.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap()
    }

    #[track_caller]
    fn is(&self, status: u16, words: &str) {
        assert_eq!(self.head.status.as_u16(), status, "{}", self.body);
        assert!(self.body.contains(words), "{words}: {}", self.body);
        assert!(!self.body.contains("secret-"), "{}", self.body);
        // No session comes of what is refused.
        assert!(!self.sets().iter().any(|line| line.contains("-session=")), "{:?}", self.sets());
    }
}

#[tokio::test]
async fn every_answer_is_locked_down() {
    let site = Site::new();
    for path in ["/sign-in", "/one_auth", "/nothing", "/account", "/one_auth?code=x", "/"] {
        let seen = site.get(path, "").await;
        let header = |name: &str| seen.head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(header(name).as_deref(), Some(value), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_is_bound_to_its_browser_and_its_provider() {
    let site = Site::new();
    for provider in &site.providers {
        *provider.verdict.lock().unwrap() = Some(SignInVerdict::Known(profile("alice")));
    }
    let (cookie, state) = site.begun("one").await;
    let (other_cookie, other_state) = site.begun("one").await;
    assert!(cookie.starts_with("__Host-token-auth-x-sign-in="), "{cookie}");
    let value = cookie.split_once('=').unwrap().1;
    let good = format!("code=c&state={state}");
    for (name, path, cookie) in [
        ("no cookie", format!("/one_auth?{good}"), ""),
        ("another browser", format!("/one_auth?{good}"), &*other_cookie),
        ("another state", format!("/one_auth?code=c&state={other_state}"), &*cookie),
        ("no state", "/one_auth?code=c".to_owned(), &*cookie),
        ("an empty state", "/one_auth?code=c&state=".to_owned(), &*cookie),
        ("two states", format!("/one_auth?{good}&state=x"), &*cookie),
        ("another provider", format!("/two_auth?{good}"), &*cookie),
        ("two cookies", format!("/one_auth?{good}"), &*format!("{cookie}; {cookie}")),
        ("a changed cookie", format!("/one_auth?{good}"), &*format!("{cookie}A")),
        ("no cookie of ours", format!("/one_auth?{good}"), &*format!("__Host-token-auth-x-session={value}")),
        ("an error without a ticket", "/one_auth?error=access_denied".to_owned(), ""),
    ] {
        let seen = site.get(&path, cookie).await;
        seen.is(400, "This sign-in cannot be finished");
        assert!(seen.sets().iter().any(|line| line.contains("sign-in=; Path=/; Max-Age=0")), "{name}");
    }
    site.get(&format!("/one_auth?{good}&iss=https://evil.example"), &cookie)
        .await
        .is(403, "cannot be trusted");
    site.get(&format!("/one_auth?state={state}&code=c&code=d"), &cookie).await.is(400, "cannot be read");
    assert!(
        site.providers.iter().all(|provider| provider.asked.lock().unwrap().is_empty()),
        "nobody was asked"
    );

    let seen = site.get(&format!("/one_auth?{good}&iss=https://id.example"), &cookie).await;
    assert_eq!((seen.head.status.as_u16(), seen.location()), (303, "/x/account"));
    let asked = site.providers[0].asked.lock().unwrap();
    let (code, nonce, verifier) = &asked[0];
    assert_eq!((code.as_str(), nonce.len(), verifier.len()), ("c", 43, 43));
    assert!(nonce != verifier && *verifier != state);
}

#[tokio::test]
async fn a_session_opens_the_pages_and_is_no_ticket() {
    let site = Site::new();
    let session = site.session("alice").await;
    assert!(session.starts_with("__Host-token-auth-x-session="), "{session}");
    site.get("/account", &session).await.is(200, "Your access tokens");
    let value = session.split_once('=').unwrap().1;
    site.get("/one_auth?code=c&state=s", &format!("__Host-token-auth-x-sign-in={value}"))
        .await
        .is(400, "cannot be");
    for cookies in ["", "__Host-token-auth-x-session=AAAA", &format!("{session}; {session}"), &session[..90]]
    {
        let seen = site.get("/account", cookies).await;
        assert_eq!((seen.head.status.as_u16(), seen.location()), (303, "/x/sign-in"), "{cookies}");
    }
}

/// A copy of the cookie, in another browser or in a thief's hands, ends with the session that it was copied from.
#[tokio::test]
async fn signing_out_ends_every_copy_of_the_session() {
    let site = Site::new();
    let (first, second) = (site.session("alice").await, site.session("alice").await);
    let mallory = site.session("mallory").await;
    let csrf = site.get("/account", &first).await.csrf().to_owned();
    let out = site.post("/sign-out", &first, &format!("csrf={csrf}")).await;
    assert_eq!(out.location(), "/x/sign-in?signed-out");
    for copy in [&first, &second] {
        assert_eq!(site.get("/account", copy).await.location(), "/x/sign-in");
        assert_eq!(site.get("/", copy).await.location(), "/x/sign-in");
        site.post("/account/tokens", copy, &format!("csrf={csrf}&name=a&days=7"))
            .await
            .is(401, "not signed in");
    }
    // Again, by one who does not know yet.
    assert_eq!(site.post("/sign-out", &second, "csrf=x").await.location(), "/x/sign-in?signed-out");
    site.get("/account", &mallory).await.is(200, "Your access tokens");
    let again = site.session("alice").await;
    site.get("/account", &again).await.is(200, "Your access tokens");
}

#[tokio::test]
async fn redirects_lead_to_our_own_pages_or_the_provider() {
    let site = Site::new();
    let tricks =
        ["next=https://evil.example", "return_to=//evil.example", "redirect_uri=https://evil.example"];
    for trick in tricks {
        for path in ["/", "/sign-in/one", "/account"] {
            let seen = site.get(&format!("{path}?{trick}"), "").await;
            let to = seen.location();
            assert!(!to.contains("evil"), "{path}: {to}");
            assert!(to.starts_with("/x/") || to.starts_with("https://id.example/"), "{path}: {to}");
        }
    }
    // An address in the path, a line break in it.
    for path in ["//evil.example/sign-in", "/sign-in/%0d%0aSet-Cookie:x=y", "/sign-in/..%2f", "/%0d%0a_auth"]
    {
        let seen = site.get(path, "").await;
        assert_eq!(seen.head.status, 404, "{path}");
        assert!(seen.sets().is_empty());
    }
    let begun = site.get("/sign-in/one", "").await;
    assert!(begun.location().contains("redirect_uri=https://a.example/x/one_auth"), "{}", begun.location());
}

#[tokio::test]
async fn forms_of_others_change_nothing() {
    let site = Site::new();
    let alice = site.session("alice").await;
    let csrf = site.get("/account", &alice).await.csrf().to_owned();
    let mallory = site.session("mallory").await;
    let foreign = site.get("/account", &mallory).await.csrf().to_owned();
    let form = format!("csrf={csrf}&name=Laptop&days=30");
    for (name, form) in [
        ("no proof", "name=Laptop&days=30".to_owned()),
        ("someone else's proof", format!("csrf={foreign}&name=Laptop&days=30")),
        ("two proofs", format!("csrf={csrf}&csrf={csrf}&name=Laptop&days=30")),
    ] {
        site.post("/account/tokens", &alice, &form).await.is(403, "not sent from this page");
        assert_eq!(
            site.get("/account", &alice).await.body.matches("Revoke token</button>").count(),
            0,
            "{name}"
        );
    }
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = Request::post("/account/tokens").header("accept", "text/html").header(COOKIE, &alice);
        site.ask(request.header(header, value), &form).await.is(403, "not sent from this page");
    }
    site.post("/account/tokens", "", &form).await.is(401, "You are not signed in");
    let get = site.get(&format!("/account/tokens?{form}"), &alice).await;
    get.is(405, "cannot be used so");
    assert_eq!(get.head.headers["allow"], "POST");
    let post = site.post("/one_auth", &alice, &form).await;
    post.is(405, "cannot be used so");
    assert_eq!(post.head.headers["allow"], "GET, HEAD");
    assert_eq!(site.get("/account", &alice).await.body.matches("Revoke token</button>").count(), 0);

    let created = site.make(&alice, &form).await;
    created.is(200, "docker login --username alice REGISTRY");
    // Nobody revokes another's token, or learns that it is there.
    let id = site.get("/account", &alice).await;
    let id = id.body.split("/account/tokens/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let path = format!("/account/tokens/{id}/revoke");
    site.post(&path, &mallory, &format!("csrf={foreign}")).await.is(404, "no such page");
    site.post("/account/tokens/AAAAAAAAAAAAAAAA/revoke", &mallory, &format!("csrf={foreign}"))
        .await
        .is(404, "no such page");
    assert!(site.store.get(&id.parse().unwrap()).await.unwrap().is_some());
    assert_eq!(site.post(&path, &alice, &format!("csrf={csrf}")).await.location(), "/x/account?revoked");
    assert!(site.store.get(&id.parse().unwrap()).await.unwrap().is_none());
    // Signing out needs the proof, too.
    site.post("/sign-out", &alice, "csrf=x").await.is(403, "not sent from this page");
    let out = site.post("/sign-out", &alice, &format!("csrf={csrf}")).await;
    assert!(out.sets()[0].contains("session=; Path=/; Max-Age=0"), "{:?}", out.sets());
}

#[tokio::test]
async fn whatever_goes_wrong_lets_nobody_in() {
    let site = Site::new();
    let refused = |refusal| Some(SignInVerdict::Refused(refusal));
    for (verdict, status, words) in [
        (None, 503, "does not answer"),
        (refused(SignInRefusal::NotAllowed("secret-detail".into())), 403, "You have no access"),
        (refused(SignInRefusal::Untrusted("secret-detail".into())), 403, "cannot be trusted"),
        (refused(SignInRefusal::Ended("secret-detail".into())), 403, "cannot be trusted"),
        (Some(SignInVerdict::Known(profile("admin"))), 403, "You have no access"),
    ] {
        let (cookie, state) = site.begun("one").await;
        *site.providers[0].verdict.lock().unwrap() = verdict;
        let path = format!("/one_auth?code=secret-code&state={state}");
        site.get(&path, &cookie).await.is(status, words);
        // Clients get JSON.
        let seen = site
            .ask(Request::get(&path).header("accept", "application/json").header(COOKIE, &cookie), "")
            .await;
        seen.is(status, "{\"errors\":[{\"code\":\"");
        assert_eq!(seen.head.headers["content-type"], "application/json");
    }
    for (error, status, words) in [
        ("access_denied", 403, "cancelled"),
        ("temporarily_unavailable", 503, "does not answer"),
        ("server_error", 503, "does not answer"),
        ("invalid_scope", 502, "refuses"),
        ("%3Cscript%3Esecret-", 502, "refuses"),
    ] {
        let (cookie, state) = site.begun("one").await;
        let path = format!("/one_auth?error={error}&error_description=secret-description&state={state}");
        site.get(&path, &cookie).await.is(status, words);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_said_to_be() {
    let store: Arc<dyn Store> = Arc::new(MemoryTokenStore::default());
    let keys = SealingKeys::random().unwrap();
    let offer = |id: &str, provider: Scripted| {
        let source =
            SignInSource::new(id.try_into().unwrap(), Arc::new(provider), store.clone(), keys.clone());
        SignInOffer::new(source, id)
    };
    let away = Scripted { away: true, ..Scripted::default() };
    let slow = || Scripted { hangs: true, ..Scripted::default() };
    let offers = [offer("one", away), offer("slow", slow()), offer("slower", slow())];
    let tokens = StoredTokens::new("Acme", store.clone());
    let pages = SignInPages::new(offers, accounts(&[]), tokens, keys, PageOptions::default());
    let ask = async |path: &str| {
        let request = Request::get(path).header(HOST, "a.example").header("accept", "text/html");
        let answer = pages.respond(request.body(Full::<Bytes>::default()).unwrap()).await;
        (
            answer.status().as_u16(),
            String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        )
    };
    let (status, page) = ask("/one_auth").await;
    assert_eq!(status, 200);
    assert!(
        page.contains("does not answer at the moment") && !page.contains("href=\"/sign-in/one\""),
        "{page}"
    );
    // One that is slow does not hold up the page, and can be tried.
    let start = tokio::time::Instant::now();
    let (_, page) = ask("/sign-in").await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(page.contains("href=\"/sign-in/slow\"") && !page.contains("href=\"/sign-in/one\""), "{page}");
    let (status, page) = ask("/sign-in/one").await;
    assert_eq!(status, 503);
    assert!(page.contains("Try again in a few minutes") && !page.contains("secret-"), "{page}");
}

#[tokio::test]
async fn what_people_write_is_text() {
    let site = Site::new();
    let account = "<b>\"o'neil\"</b>&";
    let session = site.session(account).await;
    let csrf = site.get("/account", &session).await.csrf().to_owned();
    let name = "%3Cscript%3Ealert(1)%3C/script%3E%22";
    let created = site.make(&session, &format!("csrf={csrf}&name={name}&days=30")).await;
    for page in [created, site.get("/account", &session).await] {
        page.is(200, "&#60;script&#62;");
        assert!(!page.body.contains("<script") && !page.body.contains("<b>"), "{}", page.body);
    }
    for (form, words) in [
        ("name=&days=30", "Give the token a name"),
        ("name=%20&days=30", "Give the token a name"),
        ("name=a%0ab&days=30", "Give the token a name"),
        (&format!("name={}&days=30", "x".repeat(101)), "Give the token a name"),
        ("name=a&days=31", "Choose when"),
        ("name=a&days=-1", "Choose when"),
        ("name=a&days=0", "Choose when"),
        ("name=a", "Choose when"),
    ] {
        site.post("/account/tokens", &session, &format!("csrf={csrf}&{form}")).await.is(400, words);
    }
    let long = format!("csrf={csrf}&name={}", "x".repeat(20_000));
    site.post("/account/tokens", &session, &long).await.is(413, "too large");
    site.get(&format!("/account?{}", "x".repeat(20_000)), &session).await.is(413, "too large");
}

#[tokio::test]
async fn an_account_has_only_so_many_tokens() {
    let options = PageOptions { tokens: 2, ..Site::new().pages.0.options.clone() };
    let site = Site::with(options);
    let session = site.session("alice").await;
    let csrf = site.get("/account", &session).await.csrf().to_owned();
    let form = format!("csrf={csrf}&name=a&days=7");
    for _ in 0..2 {
        site.make(&session, &form).await.is(200, "Your new token");
    }
    site.post("/account/tokens", &session, &form).await.is(400, "as many tokens as you may");
}

/// An account of another provider has the same name, and tokens of its own.
#[tokio::test]
async fn a_namesakes_tokens_do_not_count() {
    let site = Site::with(PageOptions { tokens: 2, ..Site::new().pages.0.options.clone() });
    for id in ["0000000000000001", "0000000000000002"] {
        let id = id.parse().unwrap();
        let secret = token_auth_core::SecretDigest::of("x");
        let mut record =
            token_auth_core::TokenRecord::new(id, TokenKind::Personal, "alice", secret, UNIX_EPOCH);
        record.source = "two".try_into().ok();
        site.store.insert(&record).await.unwrap();
    }
    let session = site.session("alice").await;
    let csrf = site.get("/account", &session).await.csrf().to_owned();
    let form = format!("csrf={csrf}&name=a&days=7");
    for _ in 0..2 {
        site.make(&session, &form).await.is(200, "Your new token");
    }
    site.post("/account/tokens", &session, &form).await.is(400, "as many tokens as you may");
}

#[tokio::test]
async fn many_tokens_are_on_several_pages() {
    let site = Site::with(PageOptions { tokens: 60, ..Site::new().pages.0.options.clone() });
    let session = site.session("alice").await;
    let csrf = site.get("/account", &session).await.csrf().to_owned();
    for number in 0..60 {
        let form = format!("csrf={csrf}&name=job+{number}&days=7");
        site.make(&session, &form).await.is(200, "Your new token");
    }
    let first = site.get("/account", &session).await;
    assert_eq!(first.body.matches("Revoke token</button>").count(), 50);
    let next = first.body.split("href=\"/x/account?").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let second = site.get(&format!("/account?{next}"), &session).await;
    assert_eq!(second.body.matches("Revoke token</button>").count(), 10);
    assert!(!second.body.contains("More tokens"), "{}", second.body);
    // What is no cursor of ours begins at the beginning.
    let begin = site.get("/account?after=0000000000000001", &session).await;
    assert_eq!(begin.body.matches("Revoke token</button>").count(), 50);
}

#[tokio::test]
async fn sessions_and_tickets_end() {
    let clock = || UNIX_EPOCH + Duration::from_secs(*NOW.lock().unwrap());
    let store: Arc<dyn Store> = Arc::new(MemoryTokenStore::default());
    let keys = SealingKeys::random().unwrap();
    let provider = Arc::new(Scripted::default());
    *provider.verdict.lock().unwrap() = Some(SignInVerdict::Known(profile("alice")));
    let source =
        SignInSource::new("one".try_into().unwrap(), provider, store.clone(), keys.clone()).with_clock(clock);
    let options =
        PageOptions { public_url: Some("https://a.example".parse().unwrap()), ..PageOptions::default() };
    let (session, ticket) = (options.session.as_secs(), options.sign_in.as_secs());
    let accounts = accounts(std::slice::from_ref(&source));
    let offers = [SignInOffer::new(source, "One")];
    let tokens = StoredTokens::new("Acme", store.clone());
    let pages = SignInPages::with_clock(offers, accounts, tokens, keys, options, clock);
    let site = Site { pages, providers: [Arc::default(), Arc::default()], store: Arc::default() };
    let begin = async || {
        let begun = site.get("/sign-in/one", "").await;
        let state = begun.location().split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        (begun.cookie(), format!("/one_auth?code=c&state={state}"))
    };
    let (cookie, path) = begin().await;
    *NOW.lock().unwrap() += ticket;
    site.get(&path, &cookie).await.is(400, "begun too long ago");
    let (cookie, path) = begin().await;
    *NOW.lock().unwrap() += ticket - 1;
    let signed_in = site.get(&path, &cookie).await.cookie();
    *NOW.lock().unwrap() += session - 1;
    assert_eq!(site.get("/account", &signed_in).await.head.status, 200);
    *NOW.lock().unwrap() += 1;
    assert_eq!(site.get("/account", &signed_in).await.head.status, 303);
}

/// What the browser asks for again when a page is loaded anew: the page, and not another token.
#[tokio::test]
async fn a_new_token_is_shown_once_and_made_once() {
    let site = Site::new();
    let session = site.session("alice").await;
    let csrf = site.get("/account", &session).await.csrf().to_owned();
    let form = format!("csrf={csrf}&name=Laptop&days=30");
    let made = site.post("/account/tokens", &session, &form).await;
    assert_eq!(made.head.status, 303);
    assert!(!made.body.contains("tap_") && !made.location().contains("tap_"));
    let path = made.location().strip_prefix("/x").unwrap().to_owned();
    // Neither the head alone, nor anyone else, uses it up or sees it: not even another session of the same person.
    let head = Request::head(&path).header("accept", "text/html").header(COOKIE, &session);
    assert_eq!(site.ask(head, "").await.head.status, 405);
    let (again, mallory) = (site.session("alice").await, site.session("mallory").await);
    assert_eq!(site.get(&path, "").await.location(), "/x/sign-in");
    assert_eq!(site.get(&path, &again).await.location(), "/x/account?shown");
    site.get(&path, &mallory).await.is(404, "no such page");
    let shown = site.get(&path, &session).await;
    shown.is(200, "tap_");
    assert!(shown.body.contains("Laptop"), "{}", shown.body);
    assert_eq!(site.get(&path, &session).await.location(), "/x/account?shown");
    let list = site.get("/account?shown", &session).await;
    list.is(200, "A token is shown once");
    assert_eq!(list.body.matches("Revoke token</button>").count(), 1);
    // One that was revoked meanwhile is not shown, nor one that nobody has made.
    let made = site.post("/account/tokens", &session, &form).await;
    let path = made.location().strip_prefix("/x").unwrap().to_owned();
    site.post(&format!("{path}/revoke"), &session, &format!("csrf={csrf}")).await;
    site.get(&path, &session).await.is(404, "no such page");
    site.get("/account/tokens/AAAAAAAAAAAAAAAA", &session).await.is(404, "no such page");
    site.get("/account/tokens/x", &session).await.is(404, "no such page");
}

/// Sessions that were begun elsewhere, with the same sealing keys, are none here.
#[tokio::test]
async fn a_session_is_good_where_it_was_begun() {
    let keys = SealingKeys::random().unwrap();
    let shared = Arc::new(MemoryTokenStore::default());
    let place = |store: &Arc<MemoryTokenStore>, provider: Scripted, id: &str, url: &str, issuer: &str| {
        *provider.verdict.lock().unwrap() = Some(SignInVerdict::Known(profile("ceo")));
        let source = SignInSource::new(
            id.try_into().unwrap(),
            Arc::new(provider),
            store.clone() as Arc<_>,
            keys.clone(),
        );
        let accounts = accounts(std::slice::from_ref(&source));
        let mut options = PageOptions::at(url.parse().unwrap());
        options.issuer = issuer.to_owned();
        let tokens = StoredTokens::new("Acme", store.clone()).with_personal_tokens(PersonalPolicy::default());
        let pages =
            SignInPages::new([SignInOffer::new(source, "One")], accounts, tokens, keys.clone(), options);
        Site { pages, providers: [Arc::default(), Arc::default()], store: store.clone() }
    };
    let usual = |store: &Arc<MemoryTokenStore>| {
        place(store, Scripted::default(), "one", "https://a.example/x", "auth")
    };
    let at = |issuer| Scripted { issuer, ..Scripted::default() };
    let site = usual(&shared);
    let (cookie, state) = site.begun("one").await;
    let callback = format!("/one_auth?code=c&state={state}");
    let session = site.get(&callback, &cookie).await.cookie();
    site.get("/account", &session).await.is(200, "Your access tokens");
    // A replica.
    usual(&shared).get("/account", &session).await.is(200, "Your access tokens");
    let other_store = Arc::new(MemoryTokenStore::default());
    for (name, other) in [
        ("another store", usual(&other_store)),
        (
            "another provider",
            place(&shared, at("https://evil.example"), "one", "https://a.example/x", "auth"),
        ),
        ("another id", place(&shared, Scripted::default(), "two", "https://a.example/x", "auth")),
        ("another origin", place(&shared, Scripted::default(), "one", "https://b.example/x", "auth")),
        ("another path", place(&shared, Scripted::default(), "one", "https://a.example/y", "auth")),
        ("another issuer", place(&shared, Scripted::default(), "one", "https://a.example/x", "staging")),
    ] {
        // Somebody of the same name is there.
        let provider = other.pages.0.offers[0].source.id().to_owned();
        let (theirs, state) = other.begun(&provider).await;
        let signed_in = other.get(&format!("/{provider}_auth?code=c&state={state}"), &theirs).await;
        assert_eq!(signed_in.head.status, 303, "{name}");
        let cookie_name = signed_in.cookie().split_once('=').unwrap().0.to_owned();
        let moved = format!("{cookie_name}={}", session.split_once('=').unwrap().1);
        let seen = other.get("/account", &moved).await;
        assert_eq!(seen.head.status, 303, "{name}");
        assert!(seen.location().ends_with("/sign-in"), "{name}");
    }
}

/// Whoever had the name before has neither a session nor a token of the one who has it now, in whatever order things happen.
#[tokio::test]
async fn nothing_survives_the_change_of_a_name_to_another_person() {
    let site = Site::new();
    let before = site.session("eve").await;
    let csrf = site.get("/account", &before).await.csrf().to_owned();
    let form = format!("csrf={csrf}&name=Laptop&days=30");
    site.make(&before, &form).await.is(200, "tap_");
    let other =
        |subject: &str| SignInVerdict::Known(Profile { subject: subject.to_owned(), ..profile("eve") });
    let source = site.pages.0.offers[0].source.clone();
    // A token that is being made while the name changes hands is of the person before.
    let now = SystemTime::now();
    let identity = source.subject("eve").await.unwrap();
    let tokens = site.pages.0.tokens.clone();
    let made = async |subject: Option<&str>| {
        let new = token_auth_core::NewPersonalToken::new("eve", "late")
            .of_source(source.id().clone())
            .with_subject(subject);
        tokens.create(new, &*site.pages.0.accounts, now).await
    };
    let (_, late) = made(identity.as_deref()).await.unwrap();
    *site.providers[0].verdict.lock().unwrap() = Some(other("the next eve"));
    let (cookie, state) = site.begun("one").await;
    let after = site.get(&format!("/one_auth?code=c&state={state}"), &cookie).await.cookie();
    assert_eq!(site.get("/account", &before).await.location(), "/x/sign-in");
    site.post("/account/tokens", &before, &form).await.is(401, "not signed in");
    assert!(made(identity.as_deref()).await.is_err(), "the account is another person's");
    // Inserted after all has been revoked.
    site.store.insert(&late).await.unwrap();
    let list = site.get("/account", &after).await;
    assert!(list.body.contains("You have no tokens yet."), "{}", list.body);
}

/// As the command for operators does it.
#[tokio::test]
async fn sessions_end_with_the_tokens_of_the_account() {
    let site = Site::new();
    let (alice, mallory) = (site.session("alice").await, site.session("mallory").await);
    let csrf = site.get("/account", &alice).await.csrf().to_owned();
    let form = format!("csrf={csrf}&name=Laptop&days=30");
    site.make(&alice, &form).await.is(200, "tap_");
    let tokens = &site.pages.0.tokens;
    assert_eq!(tokens.revoke_account("alice", Some(TokenKind::Refresh)).await.unwrap(), 0);
    site.get("/account", &alice).await.is(200, "Your access tokens");
    assert_eq!(tokens.revoke_account("alice", None).await.unwrap(), 1);
    assert_eq!(site.get("/account", &alice).await.location(), "/x/sign-in");
    site.post("/account/tokens", &alice, &form).await.is(401, "not signed in");
    site.get("/account", &mallory).await.is(200, "Your access tokens");
    let again = site.session("alice").await;
    site.get("/account", &again).await.is(200, "Your access tokens");
}
