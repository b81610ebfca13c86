//! Who asks: by a token that this service has issued, or by what an identity source makes of the credentials.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Record, TokenError, TokenService};
use crate::stored_tokens::{Presented, Redeemed};
use crate::{Authn, Credentials, Identity, TokenRequest};

impl TokenService {
    pub(super) async fn authenticate(
        &self,
        request: &TokenRequest,
        record: &mut Record,
        now: SystemTime,
    ) -> Result<Identity, TokenError> {
        let presented =
            self.tokens.as_ref().and_then(|tokens| Some((tokens, Presented::in_request(request)?)));
        let outcome = match presented {
            Some((tokens, presented)) => {
                record.token_id = presented.id().cloned();
                match tokens.redeem(&presented, request, &*self.authenticator, now).await {
                    Ok(Redeemed::Accepted(identity)) => Authn::Accept(identity),
                    Ok(Redeemed::Refused(reason)) => Authn::Reject(reason),
                    Err(error) => return Err(record.unavailable(&error)),
                }
            }
            None => self.ask_the_source(request, record, now).await?,
        };
        let reason = match outcome {
            Authn::Accept(identity) => {
                record.account = Some(Arc::clone(&identity.account));
                record.source.clone_from(&identity.source);
                return Ok(identity);
            }
            Authn::Reject(reason) => reason,
            Authn::Abstain => Cow::Borrowed("no authenticator knows these credentials"),
        };
        record.reason = Some(reason);
        Err(match request.credentials {
            Credentials::RefreshToken(_) => TokenError::InvalidRefreshToken,
            _ => TokenError::Unauthorized,
        })
    }

    /// Passwords are asked about a limited number of times.
    async fn ask_the_source(
        &self,
        request: &TokenRequest,
        record: &mut Record,
        now: SystemTime,
    ) -> Result<Authn, TokenError> {
        let attempt = match &request.credentials {
            Credentials::Password { username, password } => {
                let begun = self.attempts.begin(username, password, request.address, now).await;
                Some(begun.map_err(|wait| {
                    record.reason = Some("too many wrong passwords".into());
                    TokenError::TooManyAttempts { retry_after: wait.as_secs().max(1) }
                })?)
            }
            _ => None,
        };
        let outcome = self.authenticator.authenticate(&request.authn()).await;
        match (attempt, &outcome) {
            (Some(attempt), Ok(Authn::Accept(_))) => attempt.was_right(),
            (Some(attempt), Ok(Authn::Reject(_) | Authn::Abstain)) => attempt.was_wrong(),
            // Nobody could tell: it goes on counting.
            (Some(_), Err(_)) | (None, _) => {}
        }
        outcome.map_err(|error| record.unavailable(&error))
    }
}
