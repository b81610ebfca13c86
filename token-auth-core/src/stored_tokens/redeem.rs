//! From a token that a client presents to the identity that it stands for.

use std::borrow::Cow;
use std::time::SystemTime;

use super::{OpaqueToken, StoredTokens, exchange};
use crate::{
    AccountRequest, Authenticator, Authn, BackendError, Credentials, Identity, LastUse, Restriction,
    TOUCH_RESOLUTION, TokenId, TokenKind, TokenRecord, TokenRequest,
};

/// What a request presents, if it is a token of ours.
pub(crate) enum Presented {
    Token(OpaqueToken),
    /// It looks like one, and cannot be: nobody is asked.
    Bad(Cow<'static, str>),
}

/// What became of a token.
pub(crate) enum Redeemed {
    Accepted(Identity),
    /// The reason is for the operator's log.
    Refused(Cow<'static, str>),
}

impl Presented {
    /// Tells tokens of ours from other credentials. Whatever looks like one goes to no identity source, which would see
    /// the secret.
    pub(crate) fn in_request(request: &TokenRequest) -> Option<Self> {
        let (text, expected) = match &request.credentials {
            Credentials::RefreshToken(token) => (token.expose(), TokenKind::Refresh),
            Credentials::Password { password, .. } => (password.expose(), TokenKind::Personal),
            Credentials::Bearer(token) => {
                let why = "a refresh or personal token was presented as a bearer token";
                return OpaqueToken::recognize(token.expose()).map(|_| Self::Bad(why.into()));
            }
            Credentials::Anonymous => return None,
        };
        match OpaqueToken::recognize(text) {
            Some(Ok(token)) if token.kind() == expected => Some(Self::Token(token)),
            Some(Ok(token)) => {
                let (kind, id) = (token.kind(), token.id());
                Some(Self::Bad(format!("{kind} token {id} was presented as a {expected} token").into()))
            }
            Some(Err(damaged)) => Some(Self::Bad(damaged.to_string().into())),
            None if expected == TokenKind::Refresh => {
                Some(Self::Bad("not a refresh token of this service".into()))
            }
            None => None,
        }
    }

    /// The public half of the token.
    pub(crate) fn id(&self) -> Option<&TokenId> {
        match self {
            Self::Token(token) => Some(token.id()),
            Self::Bad(_) => None,
        }
    }
}

impl StoredTokens {
    /// Verifies a token, and asks the source about its account. An `Err` leaves the token as it is.
    pub(crate) async fn redeem(
        &self,
        presented: &Presented,
        request: &TokenRequest,
        authenticator: &dyn Authenticator,
        now: SystemTime,
    ) -> Result<Redeemed, BackendError> {
        let token = match presented {
            Presented::Token(token) => token,
            Presented::Bad(reason) => return Ok(Redeemed::Refused(reason.clone())),
        };
        let refused =
            |why: &str| Ok(Redeemed::Refused(format!("{} token {}: {why}", token.kind(), token.id()).into()));
        if !self.accepts(token.kind()) {
            return refused("this kind of token is not enabled");
        }
        let Some(record) = self.store.get(token.id()).await? else {
            return refused("not known, or revoked");
        };
        if let Err(why) = check(&record, token, request, now) {
            return refused(why);
        }
        if let Some(bearer) = exchange::bearer(&record) {
            if !self.is_own(&record).await? {
                return refused("made by another issuer");
            }
            self.note_use(&record, request, now).await;
            return Ok(Redeemed::Accepted(bearer.restricted(restriction(&record))));
        }
        let about = AccountRequest::new(&record.account)
            .from_source(record.source.as_ref())
            .with_deadline(request.deadline);
        let present = match authenticator.revalidate(&about).await? {
            Authn::Accept(present) => present,
            Authn::Reject(reason) => return refused(&format!("the account is refused: {reason}")),
            Authn::Abstain => return refused("the account is no longer known"),
        };
        if *present.account != *record.account {
            return refused("the account has another name now");
        }
        match (record.kind, record.security_stamp.as_deref()) {
            (TokenKind::Refresh, stamp) if stamp != present.security_stamp.as_deref() => {
                return refused("the account's password has changed");
            }
            (TokenKind::Personal, Some(subject)) if Some(subject) != present.subject.as_deref() => {
                return refused("the account is another person's now");
            }
            (TokenKind::Refresh | TokenKind::Personal, _) => {}
        }
        if !self.is_own(&record).await? {
            return refused("made by another issuer");
        }
        self.note_use(&record, request, now).await;
        let restriction = restriction(&record);
        Ok(Redeemed::Accepted(present.restricted(restriction)))
    }

    fn accepts(&self, kind: TokenKind) -> bool {
        match kind {
            TokenKind::Refresh => self.refresh.is_some(),
            TokenKind::Personal => self.personal.is_some(),
        }
    }

    /// A use that cannot be noted is a use all the same: a store that does not write tells so by itself.
    async fn note_use(&self, record: &TokenRecord, request: &TokenRequest, now: SystemTime) {
        let since = record.last_use.as_ref().map(|last| now.duration_since(last.time).unwrap_or_default());
        if since.is_none_or(|since| since >= TOUCH_RESOLUTION) {
            let client = request.client_id.as_deref().map(|client| client.chars().take(100).collect());
            let last_use = LastUse::new(now).by_client(client).from_address(request.address);
            let _ = self.store.touch(&record.id, &last_use).await;
        }
    }
}

/// Whether this token, in this request, is the record's. The secret first: whoever does not hold it learns nothing.
fn check(
    record: &TokenRecord,
    token: &OpaqueToken,
    request: &TokenRequest,
    now: SystemTime,
) -> Result<(), &'static str> {
    if record.kind != token.kind() || !record.secret.matches(token.expose()) {
        return Err("wrong secret");
    }
    if record.has_ended(now) {
        return Err("expired, or not used for too long");
    }
    if record.service.as_ref().is_some_and(|service| *service != request.service) {
        return Err("made for another service");
    }
    // One that was given in exchange for a credential that has no user name needs none either.
    let named = record.labels.is_none() && record.kind == TokenKind::Personal;
    if named && request.credentials.username() != record.account {
        return Err("presented with the name of another account");
    }
    let inside = |networks: &Vec<ipnet::IpNet>| {
        let address = request.address.map(|address| address.to_canonical());
        address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
    };
    if record.networks.as_ref().is_some_and(|networks| !inside(networks)) {
        return Err("presented from an address that it is not good for");
    }
    Ok(())
}

/// What the record allows, and no more; and no token of a token.
fn restriction(record: &TokenRecord) -> Restriction {
    let mut restriction = Restriction::none().without_refresh_tokens();
    for patterns in &record.scopes {
        restriction = restriction.to_scopes(patterns.iter().cloned());
    }
    match record.expires {
        Some(expires) => restriction.until(expires),
        None => restriction,
    }
}
