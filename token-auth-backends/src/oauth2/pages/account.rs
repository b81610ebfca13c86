//! The tokens of whoever is signed in.

use std::cmp::Reverse;
use std::time::Duration;

use http::StatusCode;
use token_auth_core::{
    BackendError, CreateTokenError, NewPersonalToken, PageCursor, TokenId, TokenKind, TokenQuery, TokenRecord,
};

use super::answer::{Answer, PageProblem, is_for_a_person, page};
use super::form::Fields;
use super::templates::{AccountPage, Lifetime, TokenLine};
use super::{Member, Visit, dates};
use crate::oauth2::seal::Purpose;

/// Tokens on one page.
const PAGE: usize = 50;
const DAY: u64 = 86_400;
/// What people may choose, as far as it is not too long.
const LIFETIMES: [(u64, &str); 4] =
    [(7, "in 7 days"), (30, "in 30 days"), (90, "in 90 days"), (365, "in a year")];
const USUAL_LIFETIME: u64 = 90;
const NAME_CHARS: usize = 100;
const SHOWN: &str =
    "A token is shown once, for two minutes. If you have no copy of it, revoke it and create another.";

impl Visit<'_> {
    pub(super) async fn account(&self) -> Result<Answer, PageProblem> {
        match self.member().await? {
            Some(member) => self.tokens(&member, None).await,
            None if is_for_a_person(self.parts) => Ok(self.to("/sign-in")),
            None => Err(PageProblem::SIGNED_OUT),
        }
    }

    async fn tokens(&self, member: &Member<'_>, problem: Option<&str>) -> Result<Answer, PageProblem> {
        let Member { session, offer } = member;
        let envelope = self.envelope(offer);
        let fields = Fields::parse(self.parts.uri.query().unwrap_or_default().as_bytes());
        // A store need not tell a cursor that is none of its own from a failure.
        let after = fields.get("after").and_then(|sealed| envelope.open_text(Purpose::Cursor, sealed));
        let after = after.map(|cursor: String| PageCursor::new(cursor));
        let query = TokenQuery::all().of_account(&*session.account);
        let found = self.pages.tokens.store().list(&query, after.as_ref(), PAGE).await;
        let mut found = found.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        found.records.sort_by_key(|record| Reverse(record.created));
        let now = self.pages.clock.now();
        let own = found.records.iter().filter(|record| member.owns(record) && !record.has_ended(now));
        let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Ok(page(
            status,
            &AccountPage {
                frame: self.frame(Some(session)),
                csrf: &session.csrf,
                notice: match (fields.has("revoked"), fields.has("shown")) {
                    (true, _) => Some("The token is revoked."),
                    (false, true) => Some(SHOWN),
                    (false, false) => None,
                },
                problem,
                lifetimes: self.lifetimes(),
                tokens: own.map(line).collect(),
                next: found.next.and_then(|cursor| envelope.seal_text(Purpose::Cursor, &cursor.as_str())),
            },
        ))
    }

    fn lifetimes(&self) -> Vec<Lifetime> {
        let longest = self.pages.options.token_lifetime;
        let mut choices: Vec<Lifetime> = LIFETIMES
            .iter()
            .filter(|(days, _)| longest.is_none_or(|longest| Duration::from_secs(days * DAY) <= longest))
            .map(|(days, text)| Lifetime {
                days: *days,
                text: (*text).to_owned(),
                chosen: *days == USUAL_LIFETIME,
            })
            .collect();
        match longest {
            None => choices.push(Lifetime { days: 0, text: "never".to_owned(), chosen: false }),
            Some(longest) if choices.is_empty() => {
                let days = longest.as_secs().div_ceil(DAY);
                choices.push(Lifetime { days, text: "as late as possible".to_owned(), chosen: true });
            }
            Some(_) => {}
        }
        if let (false, Some(last)) = (choices.iter().any(|choice| choice.chosen), choices.last_mut()) {
            last.chosen = true;
        }
        choices
    }

    pub(super) async fn create(&self, form: &[u8]) -> Result<Answer, PageProblem> {
        let fields = Fields::parse(form);
        let member = self.sender(&fields).await?;
        let Member { offer, session } = &member;
        let name = fields.get("name").unwrap_or_default().trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
            return self.tokens(&member, Some("Give the token a name of at most 100 characters.")).await;
        }
        let days = fields.get("days").and_then(|days| days.parse::<u64>().ok());
        let Some(days) = days.filter(|days| self.lifetimes().iter().any(|choice| choice.days == *days))
        else {
            return self.tokens(&member, Some("Choose when the token expires.")).await;
        };
        let now = self.pages.clock.now();
        let wanted = (days > 0).then(|| Duration::from_secs(days.saturating_mul(DAY)));
        let lifetime = match (wanted, self.pages.options.token_lifetime) {
            (Some(wanted), Some(longest)) => Some(wanted.min(longest)),
            (wanted, longest) => wanted.or(longest),
        };
        let new = NewPersonalToken::new(&*session.account, name)
            .of_source(offer.source.id().clone())
            .with_lifetime(lifetime)
            .with_subject(Some(session.subject.as_str()))
            .with_at_most(self.pages.options.tokens);
        let (token, record) = match self.pages.tokens.create(new, &*self.pages.accounts, now).await {
            Ok(created) => created,
            Err(CreateTokenError::UnknownAccount(_)) => return Err(PageProblem::SIGNED_OUT),
            Err(CreateTokenError::Enough) => {
                return self
                    .tokens(&member, Some("You have as many tokens as you may: revoke one first."))
                    .await;
            }
            Err(CreateTokenError::Unavailable(error)) => {
                return Err(self.unavailable(&error, PageProblem::AWAY));
            }
            Err(error) => {
                let error = BackendError::new("pages", error);
                return Err(self.unavailable(&error, PageProblem::UNAVAILABLE));
            }
        };
        let kept = match self.is_current(&member).await {
            Ok(true) => self.keep(&member, &token).await,
            // All that the session could do has ended while it made this token.
            Ok(false) => Err(PageProblem::SIGNED_OUT),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = kept {
            // Nobody will ever have read it.
            let removed = self.pages.tokens.store().revoke(&record.id).await;
            removed.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
            return Err(problem);
        }
        let (id, address, account) = (&self.id, &self.address, &*session.account);
        let expires = record.expires.map_or_else(|| "never".to_owned(), dates::rfc3339);
        tracing::info!(
            target: "token_auth::sign_in", id, address, account, token = %record.id, name, expires, "a token was made"
        );
        Ok(self.to(&format!("/account/tokens/{}", record.id)))
    }

    pub(super) async fn revoke(&self, id: &str, form: &[u8]) -> Result<Answer, PageProblem> {
        let member = self.sender(&Fields::parse(form)).await?;
        let id: TokenId = id.parse().map_err(|_| PageProblem::NOT_FOUND)?;
        let record = self.pages.tokens.store().get(&id).await;
        let record = record.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        // Someone else's token is no token at all.
        record.filter(|record| member.owns(record)).ok_or(PageProblem::NOT_FOUND)?;
        self.pages
            .tokens
            .store()
            .revoke(&id)
            .await
            .map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        self.log("a token was revoked", Some(&member.session.account), Some(&id));
        Ok(self.to("/account?revoked"))
    }
}

impl Member<'_> {
    /// Whether a token is of this person: of the account, at the same source, where an account of another has the same name,
    /// and not of whoever had the name before.
    pub(super) fn owns(&self, record: &TokenRecord) -> bool {
        let Self { offer, session } = self;
        record.account == session.account
            && record.source.as_ref() == Some(offer.source.id())
            && record.security_stamp.as_ref().is_none_or(|subject| *subject == session.subject)
    }
}

fn line(record: &TokenRecord) -> TokenLine {
    let name = match (&record.name, record.kind) {
        (Some(name), _) => name.clone(),
        (None, TokenKind::Personal) => "Without a name".to_owned(),
        (None, TokenKind::Refresh) => match &record.service {
            Some(service) => format!("Login of a client at {service}"),
            None => "Login of a client".to_owned(),
        },
    };
    let last_use = match &record.last_use {
        None => "Not used yet".to_owned(),
        Some(used) => {
            let client = used.client_id.as_ref().map(|client| format!(" by {client}")).unwrap_or_default();
            let from = used.address.map(|address| format!(" from {address}")).unwrap_or_default();
            format!("Last used {}{client}{from}", dates::minute(used.time))
        }
    };
    TokenLine {
        id: record.id.to_string(),
        name,
        made: format!("Made {}", dates::day(record.created)),
        expires: record
            .end()
            .map_or_else(|| "does not expire".to_owned(), |end| format!("expires {}", dates::day(end))),
        last_use,
    }
}
