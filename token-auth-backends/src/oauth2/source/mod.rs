//! Accounts of an identity provider, as a source that is asked at each use of their tokens.

#[cfg(all(feature = "password", feature = "token-store-redis"))]
mod adopt;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Blob, BlobKey, BlobVersion, BlobWrite,
    Clock, Identity, Memory as Remembering, Precedence, SourceId, Store, StoredTokens, Succeed, SystemClock,
    TokenPages, TokenQuery, async_trait, hand_over, unix_seconds,
};

use crate::oauth2::exchange::unavailable;
use crate::oauth2::memory::{Lease, Memory};
use crate::oauth2::provider::{IdentityProvider, Profile, Renewal, SignInRefusal, SignInVerdict};
use crate::oauth2::seal::{Purpose, SealingKeys};

/// How long one process has the provider to itself for an account. A rotated refresh token that is used twice ends the
/// session at many providers.
const LEASE: Duration = Duration::from_secs(30);
/// How long a provider that could not be asked is left alone, account by account.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is looked whether another process has the answer.
const POLL: Duration = Duration::from_millis(100);
/// Of writes that others were faster than.
const ATTEMPTS: usize = 8;

/// An identity provider with the accounts that have signed in there.
///
/// Accepts no password: what people take away is a personal access token, and [`revalidate`](Authenticator::revalidate)
/// answers for the account behind it. The provider is asked when its last word is older than
/// [`with_revalidation`](Self::with_revalidation) says; until then that word holds, be the provider away or not.
/// Afterwards a provider that is away means 503, and one that does not know the account any more, the end.
///
/// The provider's tokens are kept in the store, encrypted.
#[derive(Clone)]
pub struct SignInSource {
    id: SourceId,
    provider: Arc<dyn IdentityProvider>,
    store: Arc<dyn Store>,
    keys: Arc<SealingKeys>,
    account_prefix: Arc<str>,
    revalidate_after: Duration,
    clock: Arc<dyn Clock>,
}

impl SignInSource {
    /// A provider by its id, under which the source is put into a chain: it names the source in the log, in the store, and in
    /// its path `/ID_auth`.
    pub fn new(
        id: SourceId,
        provider: Arc<dyn IdentityProvider>,
        store: Arc<dyn Store>,
        keys: SealingKeys,
    ) -> Self {
        Self {
            id,
            provider,
            store,
            keys: Arc::new(keys),
            account_prefix: "".into(),
            revalidate_after: Duration::from_secs(3600),
            clock: Arc::new(SystemClock),
        }
    }

    /// Says what the account names of this provider begin with, so that they are not those of another source. Default:
    /// nothing.
    #[must_use]
    pub fn with_account_prefix(self, prefix: impl Into<Arc<str>>) -> Self {
        Self { account_prefix: prefix.into(), ..self }
    }

    /// Says after what time the provider is asked again. Default: an hour.
    #[must_use]
    pub fn with_revalidation(self, after: Duration) -> Self {
        Self { revalidate_after: after, ..self }
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// The id.
    pub fn id(&self) -> &SourceId {
        &self.id
    }

    pub(in crate::oauth2) fn provider(&self) -> &Arc<dyn IdentityProvider> {
        &self.provider
    }

    /// Whose account this is, by the name that rules see.
    fn identity(&self, profile: &Profile) -> Identity {
        let subject = digest(&SHA256, format!("{}\0{}", self.id, profile.subject).as_bytes());
        let subject = URL_SAFE_NO_PAD.encode(subject);
        Identity::new(format!("{}{}", self.account_prefix, profile.account))
            .with_labels(profile.labels.clone())
            // A name that another person has now does not open what was made for the one before.
            .with_security_stamp(&*subject)
            .with_subject(&*subject)
    }

    /// The [subject](Identity::subject) of whoever has this account now, as far as the provider has said; nothing if nobody
    /// has it any more.
    pub(in crate::oauth2) async fn subject(&self, account: &str) -> Result<Option<Arc<str>>, BackendError> {
        let key = self.grant_of(account);
        let blob = self.store.read_blob(&key).await?;
        let memory = blob.and_then(|blob| self.open(&key, &blob)).filter(|memory| memory.ended.is_none());
        Ok(memory.and_then(|memory| self.identity(&memory.profile).subject))
    }

    /// Keeps what the provider said of someone who has just signed in. If another person had the name before, all that was
    /// theirs ends: what they still begin now is of a subject that the account has no more, and what they have begun ends
    /// with the sessions first, which make tokens, and then with the tokens.
    pub(in crate::oauth2) async fn remember(&self, profile: Profile) -> Result<Identity, BackendError> {
        let identity = self.identity(&profile);
        let key = self.grant_of(&identity.account);
        let memory = Memory::new(profile, unix_seconds(self.clock.now()));
        for _ in 0..ATTEMPTS {
            let before = self.store.read_blob(&key).await?;
            if self.write(&key, before.as_ref().map(|blob| &blob.version), &memory).await?.is_none() {
                continue;
            }
            // What cannot be read any more may be of anyone.
            let of_before = before.as_ref().map(|blob| self.open(&key, blob));
            if of_before.is_some_and(|known| {
                known.is_none_or(|known| known.profile.subject != memory.profile.subject)
            }) {
                // Sessions are those of an account, whoever issues its tokens.
                StoredTokens::new("", Arc::clone(&self.store)).end_sessions(&identity.account).await?;
                self.revoke_all(&identity.account).await?;
            }
            return Ok(identity);
        }
        Err(unavailable(&self.id, "the store is written by others all the time"))
    }

    /// What is kept of an account.
    fn grant_of(&self, account: &str) -> BlobKey {
        BlobKey::Grant { source: self.id.clone(), account: account.to_owned() }
    }

    fn open(&self, key: &BlobKey, blob: &Blob) -> Option<Memory> {
        Memory::from_json(&self.keys.open(Purpose::Grant, &context(key), &blob.data)?)
    }

    /// Removes the tokens that were made for someone who had this name before.
    async fn revoke_all(&self, account: &str) -> Result<(), BackendError> {
        let mut pages = TokenPages::new(&*self.store, TokenQuery::all().of_account(account));
        while let Some(page) = pages.next().await? {
            for record in page.records.iter().filter(|record| record.source.as_ref() == Some(&self.id)) {
                self.store.revoke(&record.id).await?;
                tracing::warn!(source = &*self.id, account, token = %record.id, "revoked: the account is another person's now");
            }
        }
        Ok(())
    }

    /// Writes, unless someone else has written before.
    async fn write(
        &self,
        key: &BlobKey,
        expected: Option<&BlobVersion>,
        memory: &Memory,
    ) -> Result<Option<BlobVersion>, BackendError> {
        let sealed = self.keys.seal(Purpose::Grant, &context(key), &memory.to_json());
        let sealed =
            sealed.ok_or_else(|| unavailable(&self.id, "the provider's tokens cannot be encrypted"))?;
        Ok(match self.store.write_blob(key, expected, &sealed).await? {
            BlobWrite::Written(version) => Some(version),
            BlobWrite::Conflict => None,
        })
    }

    /// Answers for the account that is remembered under this key.
    async fn judge(&self, key: BlobKey) -> Result<Authn, BackendError> {
        let patience = tokio::time::Instant::now() + LEASE;
        loop {
            let Some(blob) = self.store.read_blob(&key).await? else { return Ok(Authn::Abstain) };
            let Some(memory) = self.open(&key, &blob) else {
                tracing::warn!(
                    source = &*self.id,
                    account = key.name(),
                    "the provider's tokens cannot be opened: the sealing key has changed"
                );
                return Ok(Authn::Reject("the provider's tokens cannot be opened: sign in again".into()));
            };
            if let Some(reason) = memory.ended {
                return Ok(Authn::Reject(reason.into()));
            }
            let now = unix_seconds(self.clock.now());
            if now < memory.checked.saturating_add(self.revalidate_after.as_secs()) {
                return Ok(Authn::Accept(self.identity(&memory.profile)));
            }
            match memory.lease {
                Some(Lease { until, failed: true }) if now < until => {
                    return Err(unavailable(&self.id, "the provider did not answer a moment ago"));
                }
                Some(Lease { until, .. }) if now < until => {
                    if tokio::time::Instant::now() >= patience {
                        return Err(unavailable(
                            &self.id,
                            "the provider takes too long to answer another request",
                        ));
                    }
                    tokio::time::sleep(POLL).await;
                }
                _ => {
                    // To its end, also when the client goes away meanwhile: a refresh token that the provider has
                    // rotated and nobody kept ends the session there.
                    let asked = tokio::spawn(self.clone().ask(key.clone(), blob.version, memory));
                    let asked = asked.await.map_err(|error| unavailable(&self.id, error))?;
                    if let Some(answer) = asked? {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    /// Asks the provider, if nobody else does; nothing if someone does, or signed in meanwhile.
    async fn ask(
        self,
        key: BlobKey,
        version: BlobVersion,
        memory: Memory,
    ) -> Result<Option<Authn>, BackendError> {
        let mut memory = memory.leased(unix_seconds(self.clock.now()) + LEASE.as_secs(), false);
        let Some(mut version) = self.write(&key, Some(&version), &memory).await? else { return Ok(None) };
        let verdict = match self.provider.renew(&memory.profile.grant).await {
            Err(error) => Err(error),
            Ok(Renewal::Ended(reason)) => Ok(SignInVerdict::Refused(SignInRefusal::Ended(reason))),
            Ok(Renewal::Current { grant, id_token }) => {
                if memory.profile.grant != grant {
                    memory.profile.grant = grant;
                    match self.write(&key, Some(&version), &memory).await? {
                        Some(written) => version = written,
                        None => return Ok(None),
                    }
                }
                self.provider.revalidate(&memory.profile, id_token.as_ref()).await
            }
        };
        let now = unix_seconds(self.clock.now());
        let (memory, answer) = match verdict {
            // What cannot be believed may be the fault of a clock: it ends nothing, and lets nobody in.
            Err(error) => (memory.leased(now + PAUSE.as_secs(), true), Err(error)),
            Ok(SignInVerdict::Refused(SignInRefusal::Untrusted(reason))) => {
                let error = unavailable(&self.id, reason.into_owned());
                (memory.leased(now + PAUSE.as_secs(), true), Err(error))
            }
            Ok(SignInVerdict::Refused(refusal)) => {
                let reason = refusal.reason().to_owned();
                (memory.ended(reason.clone()), Ok(Authn::Reject(reason.into())))
            }
            Ok(SignInVerdict::Known(profile)) if profile.account != memory.profile.account => {
                let reason = "the account has another name now: sign in again";
                (memory.ended(reason.to_owned()), Ok(Authn::Reject(reason.into())))
            }
            Ok(SignInVerdict::Known(profile)) => {
                let identity = self.identity(&profile);
                (Memory::new(profile, now), Ok(Authn::Accept(identity)))
            }
        };
        match self.write(&key, Some(&version), &memory).await? {
            Some(_) => answer.map(Some),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl Authenticator for SignInSource {
    async fn authenticate(&self, _: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        Ok(Authn::Abstain)
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        match request.source {
            Some(source) if *source != self.id => Ok(Authn::Abstain),
            _ => self.judge(self.grant_of(request.account)).await,
        }
    }

    /// Whoever has signed in, without a word of the provider.
    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        Ok(self.store.read_blob(&self.grant_of(request.account)).await?.is_some())
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        Precedence::by_prefix(&self.account_prefix, request.account)
    }

    fn memory(&self) -> Option<&dyn Remembering> {
        Some(self)
    }
}

/// Goes on with what is known of the provider. What is known of accounts is in the store.
impl Succeed for SignInSource {
    fn succeed(&self, previous: &Self) {
        hand_over(previous.provider.memory(), self.provider.memory());
    }
}

impl fmt::Debug for SignInSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInSource")
            .field("id", &self.id)
            .field("provider", &self.provider)
            .field("account_prefix", &self.account_prefix)
            .field("revalidate_after", &self.revalidate_after)
            .finish_non_exhaustive()
    }
}

/// A blob that is copied to another account does not open.
fn context(key: &BlobKey) -> String {
    format!("{}\0{}", key.room(), key.name())
}
