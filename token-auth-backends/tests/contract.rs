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
    }

    async fn check(shown: &'static str, accepts: fn(&Credentials, &str, &str) -> bool) {
        check_authenticator(Arc::new(Broken { shown, accepts }), &KnownAccount::new("alice", "wonderland"))
            .await;
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
