//! The contract that every backend keeps, as tests for the test suites of backends.
//!
//! ```
//! use std::sync::Arc;
//! # use token_auth_backends::core::{
//! #     AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Identity, async_trait,
//! # };
//! use token_auth_backends::testkit::{KnownAccount, check_authenticator};
//! # #[derive(Debug)]
//! # struct Mine;
//! # #[async_trait]
//! # impl Authenticator for Mine {
//! #     async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
//! #         let known = *request.credentials == Credentials::password("alice", "wonderland");
//! #         Ok(if known { Authn::Accept(Identity::new("alice")) } else { Authn::Abstain })
//! #     }
//! #
//! #     async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
//! #         let known = request.account == "alice";
//! #         Ok(if known { Authn::Accept(Identity::new("alice")) } else { Authn::Abstain })
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! check_authenticator(Arc::new(Mine), &KnownAccount::new("alice", "wonderland")).await;
//! # }
//! ```

mod decorator;
mod token_store;

use std::fmt::Debug;
use std::sync::Arc;

use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Precedence,
};

pub use decorator::check_decorator;
pub use token_store::{check_token_store, check_token_store_lasts};

/// An account that the authenticator under test knows, and that has a password: one that occurs nowhere by chance.
#[derive(Clone)]
pub struct KnownAccount {
    username: String,
    password: String,
    account: String,
    secrets: Vec<String>,
}

impl KnownAccount {
    /// An account whose canonical name is the user name.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        let username = username.into();
        Self { account: username.clone(), username, password: password.into(), secrets: Vec::new() }
    }

    /// The canonical name, where the source knows it by another than the client.
    #[must_use]
    pub fn with_account(self, account: impl Into<String>) -> Self {
        Self { account: account.into(), ..self }
    }

    /// A further secret that nothing may print: the stored hash, the password of a database.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }
}

/// Checks the contract of an authenticator.
///
/// # Panics
///
/// When it is broken, saying how.
pub async fn check_authenticator<A>(authenticator: Arc<A>, known: &KnownAccount)
where
    A: Authenticator + Debug + 'static,
{
    let shown = format!("{authenticator:?} {authenticator:#?}");
    assert_hides(&shown, known, "Debug");
    let dynamic: Arc<dyn Authenticator> = authenticator;
    accepts_the_known(&*dynamic, known).await;
    refuses_wrong_passwords(&*dynamic, known).await;
    refuses_unknown_names(&*dynamic, known).await;
    believes_no_claim(&*dynamic, known).await;
    revalidates_what_it_knows(&*dynamic, known).await;
    owns_what_it_knows(&*dynamic, known).await;
}

async fn accepts_the_known(authenticator: &dyn Authenticator, known: &KnownAccount) {
    // Twice: the second time may come from a cache, and must say the same.
    for time in ["first", "second"] {
        let credentials = Credentials::password(&*known.username, &*known.password);
        match login(authenticator, &credentials).await {
            Ok(Authn::Accept(identity)) => {
                assert_eq!(*identity.account, *known.account, "the {time} time under another account");
            }
            other => {
                assert!(accepted(&other), "the known account is not accepted the {time} time: {other:?}");
            }
        }
    }
}

async fn refuses_wrong_passwords(authenticator: &dyn Authenticator, known: &KnownAccount) {
    let right = &known.password;
    let wrong = [
        String::new(),
        " ".to_owned(),
        "\0".to_owned(),
        "*".to_owned(),
        "' OR '1'='1".to_owned(),
        format!("{right}x"),
        format!("{right}\0"),
        format!("{right}\0{right}"),
        format!("\0{right}"),
        format!(" {right}"),
        format!("{right} "),
        format!("{right}\n"),
        right.chars().skip(1).collect(),
        right.chars().rev().chain(['x']).collect(),
        "\u{1f511}".repeat(40),
        "\u{e4}\u{308}\u{202e}".to_owned(),
        "x".repeat(72),
        "x".repeat(100_000),
    ];
    for password in wrong {
        let credentials = Credentials::password(&*known.username, &*password);
        let answer = login(authenticator, &credentials).await;
        let case: String = password.escape_debug().take(40).collect();
        assert!(!accepted(&answer), "the wrong password {case:?} is accepted");
        if password.len() > 3 {
            let shown = format!("{answer:?}");
            assert!(!shown.contains(&password), "the answer shows the password that was given: {case:?}");
        }
        assert_hides(&format!("{answer:?}"), known, "the answer to a wrong password");
    }
}

async fn refuses_unknown_names(authenticator: &dyn Authenticator, known: &KnownAccount) {
    let name = &known.username;
    let unknown = [
        format!("{name}-who-does-not-exist"),
        format!("{name}\0"),
        format!("{name}\n"),
        format!("\0{name}"),
        format!("{name})(uid=*"),
        format!("{name}' OR '1'='1"),
        format!("../{name}"),
        "*".to_owned(),
        "\0".to_owned(),
        "\u{202e}\u{fffd}".to_owned(),
        "x".repeat(100_000),
    ];
    for username in unknown {
        for password in [&*known.password, "", "x"] {
            let answer = login(authenticator, &Credentials::password(&*username, password)).await;
            let case: String = username.escape_debug().take(40).collect();
            assert!(
                !accepted(&answer),
                "the unknown name {case:?} is accepted with the password {password:?}"
            );
        }
    }
}

/// A source that revalidates at all says the same of an account as at its login, and knows no other.
async fn revalidates_what_it_knows(authenticator: &dyn Authenticator, known: &KnownAccount) {
    let credentials = Credentials::password(&*known.username, &*known.password);
    let login = login(authenticator, &credentials).await;
    assert!(accepted(&login), "the known account is not accepted any more: {login:?}");
    let Ok(Authn::Accept(identity)) = login else { return };
    match authenticator.revalidate(&AccountRequest::of(&identity)).await {
        Ok(Authn::Accept(now)) => {
            assert_eq!(now.account, identity.account, "revalidated under another account");
            assert_eq!(now.labels, identity.labels, "revalidated with other labels than at the login");
        }
        other => {
            assert_eq!(other.ok(), Some(Authn::Abstain), "the known account is refused when revalidated");
        }
    }
    for account in [format!("{}-who-does-not-exist", known.account), "*".to_owned(), "x".repeat(100_000)] {
        let case: String = account.escape_debug().take(40).collect();
        let unknown = AccountRequest::new(&account).from_source(identity.source.as_ref());
        let answer = authenticator.revalidate(&unknown).await;
        assert!(!accepted(&answer), "the unknown account {case:?} is accepted when revalidated");
    }
}

/// Otherwise another source could let somebody else in under the name.
async fn owns_what_it_knows(authenticator: &dyn Authenticator, known: &KnownAccount) {
    let request = AccountRequest::new(&known.account);
    let owned = authenticator.owns(&request).await;
    assert_eq!(owned.ok(), Some(true), "the known account is not owned");
    let precedence = authenticator.precedence(&request);
    assert_ne!(precedence, Precedence::None, "there is no right to the known account");
    for account in [format!("{}-who-does-not-exist", known.account), "*".to_owned(), "x".repeat(100_000)] {
        let case: String = account.escape_debug().take(40).collect();
        let request = AccountRequest::new(&account);
        let owned = authenticator.owns(&request).await;
        assert!(!matches!(owned, Ok(true)), "the unknown account {case:?} is owned");
        let listed = authenticator.precedence(&request) == Precedence::Listed;
        assert!(!listed, "the unknown account {case:?} stands in a table");
    }
}

/// Without a name of its own, a request is at most anonymous.
async fn believes_no_claim(authenticator: &dyn Authenticator, known: &KnownAccount) {
    for credentials in [Credentials::Anonymous, Credentials::password("", &*known.password)] {
        if let Ok(Authn::Accept(identity)) = login(authenticator, &credentials).await {
            assert_eq!(&*identity.account, "", "credentials without a name are accepted as an account");
        }
    }
}

async fn login(authenticator: &dyn Authenticator, credentials: &Credentials) -> Result<Authn, BackendError> {
    authenticator.authenticate(&AuthnRequest::new(credentials)).await
}

fn accepted(answer: &Result<Authn, BackendError>) -> bool {
    matches!(answer, Ok(Authn::Accept(_)))
}

fn assert_hides(shown: &str, known: &KnownAccount, what: &str) {
    for secret in known.secrets.iter().chain([&known.password]) {
        assert!(!shown.contains(secret.as_str()), "{what} shows a secret");
    }
}
