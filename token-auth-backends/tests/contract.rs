//! The contract suite, run by every backend of this crate.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::testkit::{
    KnownAccount, check_authenticator, check_token_store, check_token_store_lasts,
};

const HASH: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";

fn verifier() -> Arc<PasswordVerifier> {
    Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap())
}

fn alice() -> KnownAccount {
    KnownAccount::new("alice", "badmin").with_secret(HASH).with_secret("LO.vzwpWC5LZGqThvEfznu")
}

#[tokio::test]
async fn static_users() {
    use token_auth_backends::static_users::{StaticUser, StaticUsers};
    let anonymous = StaticUser::dangerous_any_password();
    let users = [("alice", StaticUser::new(HASH.parse().unwrap())), ("", anonymous)];
    check_authenticator(Arc::new(StaticUsers::new(verifier(), users)), &alice()).await;
}

#[tokio::test]
async fn htpasswd() {
    use token_auth_backends::htpasswd::{Htpasswd, HtpasswdOptions};
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    std::fs::write(&file, format!("alice:{HASH}\n")).unwrap();
    let users = Htpasswd::open(HtpasswdOptions::new(file), verifier()).unwrap();
    check_authenticator(Arc::new(users), &alice()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_token_store() {
    use token_auth_backends::MemoryTokenStore;
    check_token_store(Arc::new(MemoryTokenStore::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redb_token_store() {
    use token_auth_backends::token_store::redb::RedbTokenStore;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.redb");
    check_token_store(Arc::new(RedbTokenStore::open(&file).unwrap())).await;
    check_token_store_lasts(async || RedbTokenStore::open(&file).unwrap()).await;
}

/// Each breaks the contract in one way.
mod broken {
    use std::fmt;
    use std::sync::Arc;

    use token_auth_backends::testkit::{KnownAccount, check_authenticator};
    use token_auth_backends::{
        AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Identity, async_trait,
    };

    struct Broken {
        shown: &'static str,
        accepts: fn(&Credentials, &str, &str) -> bool,
        owns: fn(&str) -> bool,
    }

    impl fmt::Debug for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.shown)
        }
    }

    #[async_trait]
    impl Authenticator for Broken {
        async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
            let credentials = request.credentials;
            let (name, password) = match credentials {
                Credentials::Password { username, password } => (username.as_str(), password.expose()),
                _ => ("", ""),
            };
            Ok(
                match (name, password) == ("alice", "wonderland")
                    || (self.accepts)(credentials, name, password)
                {
                    true => Authn::Accept(Identity::new("alice")),
                    false => Authn::Abstain,
                },
            )
        }

        async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
            Ok(match request.account {
                "alice" => Authn::Accept(Identity::new("alice")),
                _ => Authn::Abstain,
            })
        }

        async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
            Ok((self.owns)(request.account))
        }
    }

    async fn check(shown: &'static str, accepts: fn(&Credentials, &str, &str) -> bool) {
        check_that_owns(shown, accepts, |account| account == "alice").await;
    }

    async fn check_that_owns(
        shown: &'static str,
        accepts: fn(&Credentials, &str, &str) -> bool,
        owns: fn(&str) -> bool,
    ) {
        let alice = KnownAccount::new("alice", "wonderland");
        check_authenticator(Arc::new(Broken { shown, accepts, owns }), &alice).await;
    }

    #[tokio::test]
    #[should_panic = "the known account is not owned"]
    async fn owns_nobody() {
        check_that_owns("Broken", |_, _, _| false, |_| false).await;
    }

    #[tokio::test]
    #[should_panic = "the unknown account \"alice-who-does-not-exist\" is owned"]
    async fn owns_everybody() {
        check_that_owns("Broken", |_, _, _| false, |_| true).await;
    }

    #[tokio::test]
    async fn nothing() {
        check("Broken", |_, _, _| false).await;
    }

    #[tokio::test]
    #[should_panic = "Debug shows a secret"]
    async fn shows_the_password() {
        check("Broken(wonderland)", |_, _, _| false).await;
    }

    #[tokio::test]
    #[should_panic = "the wrong password \"\" is accepted"]
    async fn accepts_an_empty_password() {
        check("Broken", |_, name, password| name == "alice" && password.is_empty()).await;
    }

    #[tokio::test]
    #[should_panic = "the wrong password \"wonderland\\\\0\" is accepted"]
    async fn reads_a_password_as_a_c_string() {
        check("Broken", |_, name, password| {
            name == "alice" && password.split('\0').next() == Some("wonderland")
        })
        .await;
    }

    #[tokio::test]
    #[should_panic = "the unknown name \"*\" is accepted"]
    async fn takes_a_name_for_a_pattern() {
        check("Broken", |_, name, password| name == "*" && password == "wonderland").await;
    }

    #[tokio::test]
    #[should_panic = "credentials without a name are accepted as an account"]
    async fn believes_nobody() {
        check("Broken", |credentials, _, _| *credentials == Credentials::Anonymous).await;
    }
}

/// Authenticators that wrap another one, and forget to hand something on.
mod decorators {
    use std::sync::Arc;

    use token_auth_backends::testkit::check_decorator;
    use token_auth_backends::{
        AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Memory, Precedence,
        Prefixed, SourceId, async_trait,
    };

    /// Hands everything on but this.
    struct Forgetful {
        inner: Arc<dyn Authenticator>,
        what: &'static str,
    }

    #[async_trait]
    impl Authenticator for Forgetful {
        async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
            match self.what {
                "authenticate" => Ok(self.inner.authenticate(request).await.unwrap_or(Authn::Abstain)),
                "the service" => self.inner.authenticate(&request.with_service("")).await,
                _ => self.inner.authenticate(request).await,
            }
        }

        async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
            match self.what {
                "revalidate" => Ok(Authn::Abstain),
                "the source" => self.inner.revalidate(&request.from_source(None)).await,
                _ => self.inner.revalidate(request).await,
            }
        }

        async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
            match self.what {
                // As the trait's default does.
                "owns" => Ok(self.revalidate(request).await? != Authn::Abstain),
                _ => self.inner.owns(request).await,
            }
        }

        fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
            match self.what {
                "precedence" => Precedence::Place,
                _ => self.inner.precedence(request),
            }
        }

        fn sources(&self) -> Vec<SourceId> {
            match self.what {
                "sources" => Vec::new(),
                _ => self.inner.sources(),
            }
        }

        fn is_signed(&self, credentials: &Credentials) -> bool {
            self.what != "is_signed" && self.inner.is_signed(credentials)
        }

        fn memory(&self) -> Option<&dyn Memory> {
            self.inner.memory().filter(|_| self.what != "memory")
        }
    }

    #[tokio::test]
    async fn everything_has_to_be_handed_on() {
        check_decorator(|inner| Forgetful { inner, what: "" }).await;
        check_decorator(|inner| Prefixed::new("", inner)).await;
        for (what, found) in [
            ("authenticate", "authenticate"),
            ("the service", "authenticate"),
            ("revalidate", "revalidate"),
            ("the source", "revalidate"),
            ("owns", "owns"),
            ("precedence", "precedence"),
            ("sources", "sources"),
            ("is_signed", "is_signed"),
            ("memory", "memory"),
        ] {
            let check = check_decorator(move |inner| Forgetful { inner, what });
            let panic = tokio::spawn(check).await.unwrap_err().into_panic();
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap();
            assert!(said.contains(&format!("`{found}`")), "{what}: {said}");
        }
    }
}
