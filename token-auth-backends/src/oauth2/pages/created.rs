//! A token that has just been made: shown once, on a page of its own, which can be loaded again without making another.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use token_auth_core::{BlobKey, BlobWrite, OpaqueToken, TokenId, TokenRecord};
use zeroize::Zeroizing;

use super::answer::{Answer, PageProblem, page};
use super::session::seconds;
use super::templates::CreatedPage;
use super::{Member, Visit, commands, dates};
use crate::oauth2::seal::Purpose;

/// How long a token waits to be shown.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of writes that others were faster than.
const ATTEMPTS: usize = 8;

/// A token that waits, sealed for the session that has made it. There is one place for it in each account.
#[derive(Serialize, Deserialize)]
struct Waiting {
    id: TokenId,
    secret: Zeroizing<String>,
    until: u64,
}

impl Visit<'_> {
    /// Puts a token where the next page finds it.
    pub(super) async fn keep(&self, member: &Member<'_>, token: &OpaqueToken) -> Result<(), PageProblem> {
        let until = seconds(self.pages.clock.now(), PATIENCE);
        let secret = Zeroizing::new(token.expose().to_owned());
        let waiting = Waiting { id: token.id().clone(), secret, until };
        let envelope = self.envelope(member.offer).of(&member.session);
        let sealed = envelope.seal(Purpose::Created, &waiting).ok_or(PageProblem::UNAVAILABLE)?;
        let (store, key) = (self.pages.tokens.store(), waiting_for(member));
        for _ in 0..ATTEMPTS {
            let before = store.read_blob(&key).await;
            let before = before.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
            let written = store.write_blob(&key, before.as_ref().map(|blob| &blob.version), &sealed).await;
            let written = written.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
            if matches!(written, BlobWrite::Written(_)) {
                return Ok(());
            }
        }
        Err(PageProblem::UNAVAILABLE)
    }

    /// Shows a token that was made a moment ago, once.
    pub(super) async fn show(&self, id: &str) -> Result<Answer, PageProblem> {
        let Some(member) = self.member().await? else { return Ok(self.to("/sign-in")) };
        let id: TokenId = id.parse().map_err(|_| PageProblem::NOT_FOUND)?;
        let record = self.pages.tokens.store().get(&id).await;
        let record = record.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        let record = record.filter(|record| member.owns(record)).ok_or(PageProblem::NOT_FOUND)?;
        match self.take(&member, &id).await? {
            Some(secret) => Ok(self.created(&member, &record, &secret)),
            None => Ok(self.to("/account?shown")),
        }
    }

    /// Takes the token out; of two who try at once one has it.
    async fn take(
        &self,
        member: &Member<'_>,
        id: &TokenId,
    ) -> Result<Option<Zeroizing<String>>, PageProblem> {
        let (store, key) = (self.pages.tokens.store(), waiting_for(member));
        let blob = store.read_blob(&key).await;
        let blob = blob.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        let Some(blob) = blob else { return Ok(None) };
        let envelope = self.envelope(member.offer).of(&member.session);
        let waiting = envelope.open::<Waiting>(Purpose::Created, &blob.data);
        let Some(waiting) = waiting.filter(|waiting| waiting.id == *id) else { return Ok(None) };
        let taken = store.write_blob(&key, Some(&blob.version), &[]).await;
        let taken = taken.map_err(|error| self.unavailable(&error, PageProblem::UNAVAILABLE))?;
        let in_time = seconds(self.pages.clock.now(), Duration::ZERO) < waiting.until;
        Ok((in_time && matches!(taken, BlobWrite::Written(_))).then_some(waiting.secret))
    }

    fn created(&self, Member { offer, session }: &Member<'_>, record: &TokenRecord, secret: &str) -> Answer {
        let registry = offer.registry.as_deref().or(self.pages.options.registry.as_deref());
        page(
            StatusCode::OK,
            &CreatedPage {
                frame: self.frame(Some(session)),
                name: record.name.as_deref().unwrap_or_default(),
                account: &session.account,
                secret,
                expires: match record.expires {
                    Some(expires) => format!("It expires on {}.", dates::day(expires)),
                    None => "It does not expire.".to_owned(),
                },
                commands: commands::login(&session.account, registry),
                scripts: commands::script(&session.account, registry),
            },
        )
    }
}

fn waiting_for(Member { offer, session }: &Member<'_>) -> BlobKey {
    BlobKey::Created { source: offer.source.id().clone(), account: session.account.clone() }
}
