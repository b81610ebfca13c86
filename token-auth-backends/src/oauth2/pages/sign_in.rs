//! To the provider and back.

use std::sync::Arc;
use std::time::Duration;

use token_auth_core::{AccountRequest, Authn, Password};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, PageProblem, page, redirect, with_cookie};
use super::form::Fields;
use super::session::{Session, Ticket, same};
use super::templates::{Choice, SignInPage};
use super::{Member, SignInOffer, Visit};
use crate::oauth2::cookie;
use crate::oauth2::exchange::plain;
use crate::oauth2::provider::{Challenge, SignInRefusal, SignInVerdict};

/// How long a page waits to learn whether the providers answer.
const PATIENCE: Duration = Duration::from_secs(1);

impl Visit<'_> {
    /// One button a provider; of one provider alone on its own page.
    pub(super) async fn sign_in_page(&self, only: Option<&SignInOffer>) -> Answer {
        let offers = self.pages.offers.iter();
        let offers = offers.filter(|offer| only.is_none_or(|only| only.source.id() == offer.source.id()));
        // All at once, and each to its end: what a slow one says is there for the next page.
        let asked: Vec<_> = offers
            .map(|offer| {
                let provider = Arc::clone(offer.source.provider());
                (offer, tokio::spawn(async move { provider.ready().await }))
            })
            .collect();
        let deadline = Instant::now() + PATIENCE;
        let mut choices = Vec::new();
        for (offer, ready) in asked {
            // A slow one is offered all the same.
            let ready = timeout_at(deadline, ready).await.map_or(true, Result::unwrap_or_default);
            choices.push(Choice { id: offer.source.id(), name: &offer.name, ready });
        }
        let signed_out = self.parts.uri.query() == Some("signed-out");
        page(http::StatusCode::OK, &SignInPage { frame: self.frame(None), signed_out, choices })
    }

    /// Sends the browser to the provider, with a ticket that it brings back.
    pub(super) async fn begin(&self, offer: &SignInOffer) -> Result<Answer, PageProblem> {
        let (options, now) = (&self.pages.options, self.pages.clock.now());
        let id = offer.source.id();
        let redirect_url = offer
            .sends_redirect_url
            .then(|| offer.redirect_url.clone().unwrap_or_else(|| self.place.url(&format!("/{id}_auth"))));
        let ticket = Ticket::new(redirect_url, now, options.sign_in).ok_or(PageProblem::UNAVAILABLE)?;
        let url = offer.source.provider().authorization_url(&challenge(&ticket)).await;
        let url = url.map_err(|error| self.unavailable(&error, PageProblem::AWAY))?;
        let sealed = ticket.seal(&self.envelope(offer)).ok_or(PageProblem::UNAVAILABLE)?;
        let cookie = cookie::set(&self.cookie_name("sign-in"), &sealed, options.sign_in, self.place.secure);
        Ok(with_cookie(redirect(url.as_str()), cookie))
    }

    /// The browser comes back. Whatever comes of it, the ticket is used up.
    pub(super) async fn callback(&self, offer: &SignInOffer) -> Result<Answer, PageProblem> {
        let fields = Fields::parse(self.parts.uri.query().unwrap_or_default().as_bytes());
        if !["code", "error", "state"].iter().any(|name| fields.has(name)) {
            return Ok(self.sign_in_page(Some(offer)).await);
        }
        let answer = match self.finish(offer, &fields).await {
            Ok(session) => {
                let sealed = session.seal(&self.envelope(offer)).ok_or(PageProblem::UNAVAILABLE)?;
                let (name, lifetime) = (self.cookie_name("session"), self.pages.options.session);
                with_cookie(self.to("/account"), cookie::set(&name, &sealed, lifetime, self.place.secure))
            }
            Err(problem) => self.problem(&problem),
        };
        Ok(with_cookie(answer, cookie::clear(&self.cookie_name("sign-in"), self.place.secure)))
    }

    async fn finish(&self, offer: &SignInOffer, fields: &Fields<'_>) -> Result<Session, PageProblem> {
        let id = offer.source.id();
        let refused = |problem: PageProblem, reason: &str| {
            let address = &self.address;
            tracing::warn!(target: "token_auth::sign_in", id = self.id, address, provider = id.as_str(), reason, "a sign-in is refused");
            problem
        };
        let ticket = cookie::read(&self.parts.headers, &self.cookie_name("sign-in"))
            .and_then(|cookie| Ticket::open(&cookie, &self.envelope(offer), self.pages.clock.now()))
            .ok_or_else(|| {
                refused(
                    PageProblem::OTHER_BROWSER,
                    "the browser has no ticket, an old one, or one for another provider",
                )
            })?;
        if !fields.get("state").is_some_and(|state| same(state, &ticket.state)) {
            return Err(refused(PageProblem::OTHER_BROWSER, "the state is missing or another one"));
        }
        if let (Some(issuer), true) = (offer.source.provider().issuer(), fields.has("iss"))
            && fields.get("iss") != Some(issuer)
        {
            return Err(refused(PageProblem::UNTRUSTED, "the answer names another issuer"));
        }
        if let Some(error) = fields.get("error") {
            let problem = match error {
                "access_denied" => PageProblem::CANCELLED,
                "temporarily_unavailable" | "server_error" => PageProblem::AWAY,
                _ => PageProblem::REFUSED_BY_PROVIDER,
            };
            return Err(refused(problem, &format!("the provider answers {}", plain(error))));
        }
        let code = fields.get("code").ok_or_else(|| refused(PageProblem::MALFORMED, "there is no code"))?;
        let verdict = offer.source.provider().redeem(&Password::new(code), &challenge(&ticket)).await;
        let profile = match verdict.map_err(|error| self.unavailable(&error, PageProblem::AWAY))? {
            SignInVerdict::Known(profile) => profile,
            SignInVerdict::Refused(refusal) => {
                let problem = match refusal {
                    SignInRefusal::NotAllowed(_) => PageProblem::NOT_ALLOWED,
                    SignInRefusal::Untrusted(_) | SignInRefusal::Ended(_) => PageProblem::UNTRUSTED,
                };
                return Err(refused(problem, refusal.reason()));
            }
        };
        let identity = offer.source.remember(profile).await;
        let identity = identity.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        // The provider says who it is, and the service, whether that is an account of the provider's.
        let about = AccountRequest::new(&identity.account).from_source(Some(id));
        match self.pages.accounts.revalidate(&about).await {
            Ok(Authn::Accept(_)) => {}
            Ok(Authn::Reject(reason)) => return Err(refused(PageProblem::NOT_ALLOWED, &reason)),
            Ok(Authn::Abstain) => {
                return Err(refused(PageProblem::NOT_ALLOWED, "the service does not know the source"));
            }
            Err(error) => return Err(self.unavailable(&error, PageProblem::UNAVAILABLE)),
        }
        let (address, account) = (&self.address, &*identity.account);
        tracing::info!(target: "token_auth::sign_in", id = self.id, address, provider = id.as_str(), account, "signed in");
        let mark = self.pages.tokens.begin_session(&identity.account).await;
        let mark = mark.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        let who = (&*identity.account, identity.subject.as_deref().unwrap_or_default());
        Session::new(who, mark, self.pages.clock.now(), self.pages.options.session)
            .ok_or(PageProblem::UNAVAILABLE)
    }

    /// Ends the session in this browser, and all others of the account: a copy of the cookie is worth nothing any more.
    pub(super) async fn sign_out(&self, form: &[u8]) -> Result<Answer, PageProblem> {
        let answer = match self.end_sessions(form).await {
            // Who is not signed in any more is signed out.
            Ok(()) | Err(PageProblem::SIGNED_OUT) => self.to("/sign-in?signed-out"),
            Err(PageProblem::UNAVAILABLE) => self.problem(&PageProblem::SIGNED_OUT_HERE),
            Err(problem) => return Err(problem),
        };
        Ok(with_cookie(answer, cookie::clear(&self.cookie_name("session"), self.place.secure)))
    }

    async fn end_sessions(&self, form: &[u8]) -> Result<(), PageProblem> {
        let Member { session, .. } = self.sender(&Fields::parse(form)).await?;
        let ended = self.pages.tokens.end_sessions(&session.account).await;
        ended.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        self.log("signed out", Some(&session.account), None);
        Ok(())
    }
}

fn challenge(ticket: &Ticket) -> Challenge<'_> {
    Challenge {
        state: &ticket.state,
        nonce: &ticket.nonce,
        verifier: &ticket.verifier,
        redirect_url: ticket.redirect_url.as_deref(),
    }
}
