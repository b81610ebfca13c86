//! Who asks: by a token that this service has issued, or by what an identity source makes of the credentials.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Record, TokenError, TokenService};
use crate::stored_tokens::{Presented, Redeemed};
use crate::{Authn, Credentials, Identity, Password, StoredTokens, TokenRequest};

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
            Some((tokens, presented)) => self.redeem(tokens, &presented, request, record, now).await?,
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

    /// The store is asked about a limited number of tokens that it does not know.
    async fn redeem(
        &self,
        tokens: &StoredTokens,
        presented: &Presented,
        request: &TokenRequest,
        record: &mut Record,
        now: SystemTime,
    ) -> Result<Authn, TokenError> {
        record.token_id = presented.id().cloned();
        let attempt = match presented {
            Presented::Token(token) => {
                let secret = Password::new(token.expose());
                let begun = self.forgeries.begin(token.id().as_str(), &secret, request.address, now).await;
                Some(begun.map_err(|wait| too_many(record, "too many unknown tokens", wait))?)
            }
            Presented::Bad(_) => None,
        };
        let outcome = tokens.redeem(presented, request, &*self.authenticator, now).await;
        if let Some(attempt) = attempt {
            match &outcome {
                Ok(Redeemed::Accepted(_)) => attempt.was_right(),
                Ok(Redeemed::Refused(_)) => attempt.was_wrong(),
                Err(_) => attempt.was_nothing(),
            }
        }
        match outcome {
            Ok(Redeemed::Accepted(identity)) => Ok(Authn::Accept(identity)),
            Ok(Redeemed::Refused(reason)) => Ok(Authn::Reject(reason)),
            Err(error) => Err(record.unavailable(&error)),
        }
    }

    /// Passwords are asked about a limited number of times.
    async fn ask_the_source(
        &self,
        request: &TokenRequest,
        record: &mut Record,
        now: SystemTime,
    ) -> Result<Authn, TokenError> {
        let attempt = match &request.credentials {
            Credentials::Password { username, password }
                if !self.authenticator.is_signed(&request.credentials) =>
            {
                let begun = self.attempts.begin(username, password, request.address, now).await;
                Some(begun.map_err(|wait| too_many(record, "too many wrong passwords", wait))?)
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

fn too_many(record: &mut Record, what: &'static str, wait: Duration) -> TokenError {
    record.reason = Some(what.into());
    TokenError::TooManyAttempts { retry_after: wait.as_secs().max(1) }
}
