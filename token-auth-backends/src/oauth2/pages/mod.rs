//! The pages: sign in, make and revoke tokens, sign out.

mod account;
mod answer;
mod commands;
mod created;
mod dates;
mod form;
mod options;
mod place;
mod session;
mod sign_in;
mod templates;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use token_auth_core::http::{ClientAddress, request_id};
use token_auth_core::{Authenticator, BackendError, Clock, StoredTokens, SystemClock, TokenId, with_causes};
use tracing::field::DisplayValue;

use super::cookie;
use super::seal::SealingKeys;
use super::source::SignInSource;
use answer::{Answer, PageProblem, is_for_a_person, json, page, redirect, secured};
use place::Mount;
use session::{Envelope, Session};
use templates::{Frame, ProblemPage, User};

pub use options::PageOptions;

/// A provider as the pages offer it.
#[derive(Clone, Debug)]
pub struct SignInOffer {
    source: SignInSource,
    name: String,
    redirect_url: Option<String>,
    sends_redirect_url: bool,
    registry: Option<String>,
}

impl SignInOffer {
    /// A provider under the name that its button has.
    pub fn new(source: SignInSource, name: impl Into<String>) -> Self {
        Self { source, name: name.into(), redirect_url: None, sends_redirect_url: true, registry: None }
    }

    /// Says where the provider sends browsers back to. Default: to the path `/ID_auth` of the pages.
    #[must_use]
    pub fn with_redirect_url(self, url: impl Into<String>) -> Self {
        Self { redirect_url: Some(url.into()), ..self }
    }

    /// Tells the provider no such address: it takes the one that was registered there.
    #[must_use]
    pub fn with_registered_redirect_url(self) -> Self {
        Self { sends_redirect_url: false, ..self }
    }

    /// Says which registry the commands are for, where it is another one than the pages' own.
    #[must_use]
    pub fn with_registry(self, registry: impl Into<String>) -> Self {
        Self { registry: Some(registry.into()), ..self }
    }
}

/// The pages as a tower `Service`, for any server, behind any path.
///
/// | path | |
/// |---|---|
/// | `/` | to the sign-in, or to the tokens of whoever is signed in |
/// | `/sign-in` | one button a provider |
/// | `/sign-in/ID` | to the provider |
/// | `/ID_auth` | back from the provider; without its answer, the sign-in. docker_auth's paths, where the id is `oidc`, `google`, `github` or `gitlab` |
/// | `/account` | tokens, with their last use: make one, revoke one |
/// | `/account/tokens/ID` | a token that has just been made, once |
/// | `/sign-out` | |
///
/// Everything works without scripts. Nothing is kept between two requests but in sealed cookies and the token store, so that
/// any replica with the same keys and store can answer.
#[derive(Clone)]
pub struct SignInPages(Arc<Inner>);

struct Inner {
    offers: Vec<SignInOffer>,
    accounts: Arc<dyn Authenticator>,
    tokens: StoredTokens,
    keys: SealingKeys,
    options: PageOptions,
    clock: Arc<dyn Clock>,
}

/// One request on its way to its answer.
struct Visit<'a> {
    pages: &'a Inner,
    parts: &'a Parts,
    place: Mount,
    id: String,
    address: Option<DisplayValue<IpAddr>>,
}

/// Someone who is signed in, and where.
struct Member<'a> {
    offer: &'a SignInOffer,
    session: Session,
}

impl SignInPages {
    /// The pages for these providers, which make personal access tokens of these: the ones of the service. `accounts` is the
    /// authenticator of the service, in which each of the providers is, under its id: it says whether an account is its source's
    /// to have. Who has signed in to one that it refuses is refused.
    pub fn new(
        offers: impl IntoIterator<Item = SignInOffer>,
        accounts: Arc<dyn Authenticator>,
        tokens: StoredTokens,
        keys: SealingKeys,
        options: PageOptions,
    ) -> Self {
        Self::with_clock(offers, accounts, tokens, keys, options, SystemClock)
    }

    /// The same with another clock.
    pub fn with_clock(
        offers: impl IntoIterator<Item = SignInOffer>,
        accounts: Arc<dyn Authenticator>,
        tokens: StoredTokens,
        keys: SealingKeys,
        options: PageOptions,
        clock: impl Clock + 'static,
    ) -> Self {
        let offers = offers.into_iter().collect();
        Self(Arc::new(Inner { offers, accounts, tokens, keys, options, clock: Arc::new(clock) }))
    }

    /// Whether this path is one of the pages'.
    pub fn owns(&self, path: &str) -> bool {
        let path = self.0.inner_path(path);
        matches!(path, "/" | "/sign-in" | "/sign-out" | "/account")
            || path.starts_with("/sign-in/")
            || path.starts_with("/account/")
            || self.0.offer_of_callback(path).is_some()
    }

    /// Answers one request.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let (parts, body) = request.into_parts();
        let Some(place) = Mount::of(&self.0.options, &parts) else {
            return secured(json(&PageProblem::MALFORMED));
        };
        let connection = parts.extensions.get::<ClientAddress>().copied();
        let address = self.0.options.addresses.resolve(&parts.headers, connection).ok().flatten();
        let address = address.map(tracing::field::display);
        let visit = Visit { pages: &self.0, parts: &parts, place, id: request_id(&parts.headers), address };
        let answer = match visit.answer(body).await {
            Ok(answer) => answer,
            Err(problem) => visit.problem(&problem),
        };
        let mut answer = secured(answer);
        if let Ok(id) = HeaderValue::from_str(&visit.id) {
            answer.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
        }
        answer
    }
}

impl Inner {
    /// The path below the prefix; a router may have taken that off already.
    fn inner_path<'p>(&self, path: &'p str) -> &'p str {
        let prefix = self.options.path_prefix.trim_end_matches('/');
        path.strip_prefix(prefix).filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    fn offer(&self, id: &str) -> Option<&SignInOffer> {
        self.offers.iter().find(|offer| offer.source.id().as_str() == id)
    }

    fn offer_of_callback(&self, path: &str) -> Option<&SignInOffer> {
        self.offer(path.strip_prefix('/')?.strip_suffix("_auth")?)
    }
}

impl Visit<'_> {
    async fn answer<B>(&self, body: B) -> Result<Answer, PageProblem>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let path = self.pages.inner_path(self.parts.uri.path());
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let methods = match segments.as_slice() {
            ["" | "sign-in" | "account"] | ["sign-in", _] => "GET, HEAD",
            // Whoever asks for the head alone must not use it up.
            ["account", "tokens", _] => "GET",
            ["sign-out"] | ["account", "tokens"] | ["account", "tokens", _, "revoke"] => "POST",
            _ if self.pages.offer_of_callback(path).is_some() => "GET, HEAD",
            _ => return Err(PageProblem::NOT_FOUND),
        };
        if !methods.split(", ").any(|method| self.parts.method == *method) {
            let mut answer = self.problem(&PageProblem::METHOD);
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
            return Ok(answer);
        }
        if self.parts.uri.query().is_some_and(|query| query.len() > self.pages.options.request_bytes) {
            return Err(PageProblem::TOO_LARGE);
        }
        match segments.as_slice() {
            [""] => self.index().await,
            ["sign-in"] => Ok(self.sign_in_page(None).await),
            ["sign-in", id] => self.begin(self.pages.offer(id).ok_or(PageProblem::NOT_FOUND)?).await,
            ["account"] => self.account().await,
            ["account", "tokens"] => self.create(&self.form(body).await?).await,
            ["account", "tokens", id] => self.show(id).await,
            ["account", "tokens", id, _] => self.revoke(id, &self.form(body).await?).await,
            ["sign-out"] => self.sign_out(&self.form(body).await?).await,
            _ => self.callback(self.pages.offer_of_callback(path).ok_or(PageProblem::NOT_FOUND)?).await,
        }
    }

    /// docker_auth's way: to the one provider's page. Whoever is signed in sees the tokens.
    async fn index(&self) -> Result<Answer, PageProblem> {
        let to = match (self.member().await?, self.pages.offers.as_slice()) {
            (Some(_), _) => "/account".to_owned(),
            (None, [offer]) => format!("/{}_auth", offer.source.id()),
            (None, _) => "/sign-in".to_owned(),
        };
        Ok(self.to(&to))
    }

    /// The body of a form that one of these pages has sent.
    async fn form<B>(&self, body: B) -> Result<Bytes, PageProblem>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        if !self.place.sent(self.parts) {
            self.log("another site sent a form", None, None);
            return Err(PageProblem::FORGED);
        }
        let body = Limited::new(body, self.pages.options.request_bytes).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| match error.is::<LengthLimitError>() {
            true => PageProblem::TOO_LARGE,
            false => PageProblem::MALFORMED,
        })
    }

    /// Whoever is signed in, if the form is of their session.
    async fn sender(&self, fields: &form::Fields<'_>) -> Result<Member<'_>, PageProblem> {
        let member = self.member().await?.ok_or(PageProblem::SIGNED_OUT)?;
        match fields.get("csrf").is_some_and(|csrf| session::same(csrf, &member.session.csrf)) {
            true => Ok(member),
            false => Err(PageProblem::FORGED),
        }
    }

    /// Whoever is signed in, as the cookie says, unless they have signed out since.
    async fn member(&self) -> Result<Option<Member<'_>>, PageProblem> {
        let Some(cookie) = cookie::read(&self.parts.headers, &self.cookie_name("session")) else {
            return Ok(None);
        };
        let now = self.pages.clock.now();
        let member = self.pages.offers.iter().find_map(|offer| {
            let session = Session::open(&cookie, &self.envelope(offer), now)?;
            Some(Member { offer, session })
        });
        match member {
            Some(member) if self.is_current(&member).await? => Ok(Some(member)),
            _ => Ok(None),
        }
    }

    /// Whether the account's sessions have not ended since this one was begun, and the account is still the same person's.
    async fn is_current(&self, Member { offer, session }: &Member<'_>) -> Result<bool, PageProblem> {
        let unavailable = |error: BackendError| self.unavailable(&error, PageProblem::UNAVAILABLE);
        let mark = self.pages.tokens.session_mark(&session.account).await.map_err(unavailable)?;
        if mark.as_ref() != Some(&session.mark) {
            return Ok(false);
        }
        let subject = offer.source.subject(&session.account).await.map_err(unavailable)?;
        Ok(subject.as_deref() == Some(session.subject.as_str()))
    }

    /// What seals for this provider on these pages, of the tokens of this issuer.
    fn envelope(&self, offer: &SignInOffer) -> Envelope<'_> {
        let provider = offer.source.provider().identifier();
        let parts = [&*self.pages.options.issuer, &self.place.url(""), offer.source.id(), &provider];
        Envelope::new(&self.pages.keys, &parts)
    }

    fn cookie_name(&self, kind: &str) -> String {
        cookie::name(kind, &self.place.base, self.place.secure)
    }

    fn frame<'f>(&'f self, session: Option<&'f Session>) -> Frame<'f> {
        Frame {
            registry: self.pages.options.registry.as_deref().unwrap_or("Container registry"),
            base: &self.place.base,
            user: session.map(|session| User { account: &session.account, csrf: &session.csrf }),
        }
    }

    fn to(&self, path: &str) -> Answer {
        redirect(&format!("{}{path}", self.place.base))
    }

    fn problem(&self, problem: &PageProblem) -> Answer {
        if !is_for_a_person(self.parts) {
            return json(problem);
        }
        let (title, text) = (problem.title, problem.text);
        page(problem.status, &ProblemPage { frame: self.frame(None), title, text, request_id: &self.id })
    }

    /// A backend that could not answer. The error is for the log alone.
    fn unavailable(&self, error: &BackendError, problem: PageProblem) -> PageProblem {
        let error = with_causes(error);
        tracing::error!(target: "token_auth::sign_in", id = self.id, error, "a page cannot be answered");
        problem
    }

    fn log(&self, what: &str, account: Option<&str>, token: Option<&TokenId>) {
        let (id, address, token) = (&self.id, &self.address, token.map(tracing::field::display));
        tracing::info!(target: "token_auth::sign_in", id, address, account, token, "{what}");
    }
}

impl<B> tower_service::Service<Request<B>> for SignInPages
where
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let pages = self.clone();
        Box::pin(async move { Ok(pages.respond(request).await) })
    }
}

impl fmt::Debug for SignInPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInPages")
            .field("offers", &self.0.offers)
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}
