//! A provider that rotates its refresh tokens and takes each one once, asked by many at the same time.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::UNIX_EPOCH;

use token_auth_core::{
    AccountRequest, BlobStore as _, LabelValue, Labels, MemoryTokenStore, Password, SecretDigest, TokenKind,
    TokenRecord, TokenStore as _,
};
use url::Url;

use super::*;
use crate::oauth2::{Challenge, ProviderGrant};

struct Rotating {
    now: AtomicU64,
    /// The one refresh token that is good.
    good: AtomicUsize,
    renewals: AtomicUsize,
    /// What is said next, before "still there".
    script: Mutex<VecDeque<Result<SignInVerdict, &'static str>>>,
}

impl fmt::Debug for Rotating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rotating")
    }
}

fn grant(number: usize) -> ProviderGrant {
    let refresh_token = Some(Password::new(format!("secret-refresh-{number}")));
    ProviderGrant { access_token: Password::new("secret-access"), expires: None, refresh_token }
}

fn alice(number: usize) -> Profile {
    let labels = Labels::new().with("groups", LabelValue::literal("dev"));
    Profile { subject: "1".to_owned(), account: "alice".to_owned(), labels, grant: grant(number) }
}

#[async_trait]
impl IdentityProvider for Rotating {
    async fn authorization_url(&self, _: &Challenge<'_>) -> Result<Url, BackendError> {
        unreachable!()
    }

    async fn redeem(&self, _: &Password, _: &Challenge<'_>) -> Result<SignInVerdict, BackendError> {
        unreachable!()
    }

    async fn renew(&self, known: &ProviderGrant) -> Result<Renewal, BackendError> {
        tokio::task::yield_now().await;
        self.renewals.fetch_add(1, Ordering::SeqCst);
        let number = self.good.load(Ordering::SeqCst);
        if *known != grant(number) {
            return Ok(Renewal::Ended("a refresh token was used twice".into()));
        }
        self.good.store(number + 1, Ordering::SeqCst);
        Ok(Renewal::Current { grant: grant(number + 1), id_token: None })
    }

    async fn revalidate(&self, known: &Profile, _: Option<&Password>) -> Result<SignInVerdict, BackendError> {
        tokio::task::yield_now().await;
        match self.script.lock().unwrap().pop_front() {
            None => Ok(SignInVerdict::Known(known.clone())),
            Some(said) => said.map_err(|text| BackendError::new("rotating", text)),
        }
    }
}

struct Setup {
    provider: Arc<Rotating>,
    store: Arc<MemoryTokenStore>,
    source: SignInSource,
}

impl Setup {
    async fn new() -> Self {
        let provider = Arc::new(Rotating {
            now: AtomicU64::new(1_800_000_000),
            good: AtomicUsize::new(1),
            renewals: AtomicUsize::new(0),
            script: Mutex::default(),
        });
        let store = Arc::new(MemoryTokenStore::default());
        let source = Self::source(&provider, &store, SealingKeys::from_text(KEY).unwrap());
        source.remember(alice(1)).await.unwrap();
        Self { provider, store, source }
    }

    fn source(provider: &Arc<Rotating>, store: &Arc<MemoryTokenStore>, keys: SealingKeys) -> SignInSource {
        let clock = Arc::clone(provider);
        SignInSource::new(id("oidc"), provider.clone(), store.clone(), keys)
            .with_clock(move || UNIX_EPOCH + Duration::from_secs(clock.now.load(Ordering::SeqCst)))
    }

    fn later(&self, seconds: u64) {
        self.provider.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn renewals(&self) -> usize {
        self.provider.renewals.swap(0, Ordering::SeqCst)
    }

    fn next(&self, said: impl IntoIterator<Item = Result<SignInVerdict, &'static str>>) {
        self.provider.script.lock().unwrap().extend(said);
    }

    async fn ask(&self) -> Result<Authn, BackendError> {
        self.source.revalidate(&AccountRequest::new("alice").from_source(Some(&id("oidc")))).await
    }

    #[track_caller]
    fn accepts(answer: &Result<Authn, BackendError>) {
        assert!(matches!(answer, Ok(Authn::Accept(identity)) if &*identity.account == "alice"), "{answer:?}");
    }
}

fn id(text: &str) -> SourceId {
    text.try_into().unwrap()
}

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[tokio::test]
async fn the_last_word_holds_until_it_is_old() {
    let setup = Setup::new().await;
    setup.later(3599);
    Setup::accepts(&setup.ask().await);
    assert_eq!(setup.renewals(), 0);
    setup.later(1);
    Setup::accepts(&setup.ask().await);
    Setup::accepts(&setup.ask().await);
    assert_eq!(setup.renewals(), 1);
    setup.later(3600);
    Setup::accepts(&setup.ask().await);
    assert_eq!(setup.renewals(), 1, "with the rotated token");
}

#[tokio::test(start_paused = true)]
async fn one_asks_and_the_others_wait_also_on_other_replicas() {
    let setup = Setup::new().await;
    setup.later(3600);
    let replicas: Vec<SignInSource> = (0..20)
        .map(|_| Setup::source(&setup.provider, &setup.store, SealingKeys::from_text(KEY).unwrap()))
        .collect();
    let asking: Vec<_> = replicas
        .into_iter()
        .map(|replica| {
            tokio::spawn(async move {
                replica.revalidate(&AccountRequest::new("alice").from_source(Some(&id("oidc")))).await
            })
        })
        .collect();
    for answer in asking {
        Setup::accepts(&answer.await.unwrap());
    }
    assert_eq!(setup.renewals(), 1);
}

/// A client that goes away while the provider is asked does not take the rotated token with it.
#[tokio::test(start_paused = true)]
async fn a_rotated_token_is_kept_for_a_client_that_went_away() {
    let setup = Setup::new().await;
    // Wherever on the way it is.
    for steps in 1..20 {
        setup.later(3600);
        {
            let mut asking = pin!(setup.ask());
            for _ in 0..steps {
                if asking.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        Setup::accepts(&setup.ask().await);
        assert!(setup.renewals() <= 1, "{steps}");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_grants_nothing_and_loses_nothing() {
    let setup = Setup::new().await;
    setup.later(3600);
    setup.next([Err("away")]);
    assert!(setup.ask().await.is_err());
    assert!(setup.ask().await.is_err());
    assert_eq!(setup.renewals(), 1, "it is left alone for a moment");
    setup.later(PAUSE.as_secs());
    // The token that was rotated before the failure was kept.
    Setup::accepts(&setup.ask().await);
    // What cannot be believed (a clock) ends nothing.
    setup.later(3600);
    setup.next([Ok(SignInVerdict::Refused(SignInRefusal::Untrusted("of another time".into())))]);
    assert!(setup.ask().await.is_err());
    setup.later(PAUSE.as_secs());
    Setup::accepts(&setup.ask().await);
}

#[tokio::test]
async fn whoever_is_removed_stays_out_until_the_next_sign_in() {
    let renamed = SignInVerdict::Known(Profile { account: "alicia".to_owned(), ..alice(2) });
    for said in [
        SignInVerdict::Refused(SignInRefusal::Ended("gone".into())),
        SignInVerdict::Refused(SignInRefusal::NotAllowed("left the organization".into())),
        renamed,
    ] {
        let setup = Setup::new().await;
        setup.later(3600);
        setup.next([Ok(said)]);
        for _ in 0..2 {
            assert!(matches!(setup.ask().await, Ok(Authn::Reject(_))));
            setup.later(3600);
        }
        assert_eq!(setup.renewals(), 1);
        let good = setup.provider.good.load(Ordering::SeqCst);
        setup.source.remember(alice(good)).await.unwrap();
        Setup::accepts(&setup.ask().await);
    }
}

#[tokio::test]
async fn another_person_of_the_same_name_inherits_nothing() {
    let setup = Setup::new().await;
    let insert = async |id: &str, source: &str| {
        let id = id.parse().unwrap();
        let mut record =
            TokenRecord::new(id, TokenKind::Personal, "alice", SecretDigest::of("x"), UNIX_EPOCH);
        record.source = Some(self::id(source));
        setup.store.insert(&record).await.unwrap();
    };
    insert("0000000000000001", "oidc").await;
    insert("0000000000000002", "ldap").await;
    let left = async || {
        setup
            .store
            .list(&TokenQuery::all(), None, 10)
            .await
            .unwrap()
            .records
            .iter()
            .map(|record| record.source.clone().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    let before = setup.source.remember(alice(1)).await.unwrap();
    assert_eq!(left().await, ["oidc", "ldap"]);
    let sessions = StoredTokens::new("Acme", setup.store.clone());
    let mark = async || sessions.session_mark("alice").await.unwrap();
    let first = sessions.begin_session("alice").await.unwrap();
    assert_eq!(mark().await.as_ref(), Some(&first));
    let after = setup.source.remember(Profile { subject: "2".to_owned(), ..alice(1) }).await.unwrap();
    assert_eq!(left().await, ["ldap"]);
    assert_ne!(mark().await, Some(first), "a session of the person before is none of the new one's");
    assert_ne!(before.security_stamp, after.security_stamp);
    assert_eq!(setup.source.subject("alice").await.unwrap(), after.subject);
}

#[tokio::test]
async fn what_is_kept_is_sealed() {
    let setup = Setup::new().await;
    let blob = setup.store.read_blob(&setup.source.grant_of("alice")).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&blob.data).contains("secret-"));
    // Copied to another account it is worth nothing; nor under another key.
    setup.store.write_blob(&setup.source.grant_of("root"), None, &blob.data).await.unwrap();
    let root = setup.source.revalidate(&AccountRequest::new("root").from_source(Some(&id("oidc")))).await;
    assert!(matches!(root, Ok(Authn::Reject(_))), "{root:?}");
    let other = Setup::source(&setup.provider, &setup.store, SealingKeys::random().unwrap());
    let answer = other.revalidate(&AccountRequest::new("alice").from_source(Some(&id("oidc")))).await;
    assert!(matches!(answer, Ok(Authn::Reject(_))), "{answer:?}");
    // Accounts of other sources, and unknown ones, are not ours.
    for (account, source) in [("alice", "ldap"), ("bob", "oidc")] {
        let source = id(source);
        let request = AccountRequest::new(account).from_source(Some(&source));
        assert_eq!(setup.source.revalidate(&request).await.unwrap(), Authn::Abstain);
    }
    assert!(!format!("{:?}", setup.source).contains("secret-"));
}

#[tokio::test]
async fn owns_who_has_signed_in_and_its_prefix() {
    let setup = Setup::new().await;
    let source = setup.source.clone().with_account_prefix("corp/");
    let bob = Profile { account: "bob".to_owned(), ..alice(1) };
    assert_eq!(&*source.remember(bob).await.unwrap().account, "corp/bob");
    // Whoever has signed in, and all who begin so.
    for (account, owns, precedence) in [
        ("corp/bob", true, Precedence::Prefix(5)),
        ("corp/eve", false, Precedence::Prefix(5)),
        ("bob", false, Precedence::None),
    ] {
        let request = AccountRequest::new(account);
        assert_eq!(source.owns(&request).await.unwrap(), owns, "{account}");
        assert_eq!(source.precedence(&request), precedence, "{account}");
    }
    assert_eq!(setup.source.precedence(&AccountRequest::new("alice")), Precedence::Place);
}
