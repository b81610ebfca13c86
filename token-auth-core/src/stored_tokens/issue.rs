//! Refresh tokens, for whoever has presented a password.

use std::time::SystemTime;

use super::creation::Quota;
use super::{OpaqueToken, StoredTokens};
use crate::{
    AccountRequest, Authenticator, Authn, BackendError, Credentials, GrantType, Identity, TokenKind,
    TokenRequest,
};

impl StoredTokens {
    /// A refresh token for this identity, if the request asks for one and the identity may have one: an account, not
    /// nobody; by a password of its own, not by another token; of a source that can be asked about it later. Durable.
    pub(crate) async fn issue_refresh(
        &self,
        request: &TokenRequest,
        identity: &Identity,
        authenticator: &dyn Authenticator,
        now: SystemTime,
    ) -> Result<Option<OpaqueToken>, BackendError> {
        let Some(policy) = self.refresh else { return Ok(None) };
        let by_password = matches!(request.credentials, Credentials::Password { .. })
            && matches!(request.grant_type, GrantType::Implicit | GrantType::Password);
        let may = request.offline
            && by_password
            && !identity.account.is_empty()
            && identity.restriction.allows_refresh_tokens();
        if !may {
            return Ok(None);
        }
        // Docker forgets the password for a refresh token: one that will be refused later must not be given.
        let about = AccountRequest::of(identity).with_deadline(request.deadline);
        let present = match authenticator.revalidate(&about).await? {
            Authn::Accept(present) if present.account == identity.account => present,
            _ => return Ok(None),
        };
        let quota = Quota::Replacing(policy.per_account);
        let made = self.make(TokenKind::Refresh, &identity.account, now, quota, |record| {
            record.source = present.source.or_else(|| identity.source.clone());
            record.service = Some(request.service.clone());
            record.name = request.client_id.as_deref().map(|client| client.chars().take(100).collect());
            record.scopes = identity.restriction.scopes().iter().map(|patterns| patterns.to_vec()).collect();
            record.security_stamp = present.security_stamp.as_deref().map(str::to_owned);
            let expires = policy.lifetime.and_then(|lifetime| record.created.checked_add(lifetime));
            record.expires = [expires, identity.restriction.not_after()].into_iter().flatten().min();
            record.idle = policy.idle;
        });
        Ok(made.await?.map(|(token, _)| token))
    }
}
