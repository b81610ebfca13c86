//! The contract suite, run by every backend of this crate.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::testkit::{KnownAccount, check_authenticator};

const HASH: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";

fn verifier() -> Arc<PasswordVerifier> {
    Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap())
}

fn alice() -> KnownAccount {
    KnownAccount::new("alice", "badmin").with_secret(HASH).with_secret("LO.vzwpWC5LZGqThvEfznu")
}

#[cfg(feature = "static-users")]
#[tokio::test]
async fn static_users() {
    use token_auth_backends::static_users::{StaticUser, StaticUsers};
    let anonymous = StaticUser::dangerous_any_password();
    let users = [("alice", StaticUser::new(HASH.parse().unwrap())), ("", anonymous)];
    check_authenticator(Arc::new(StaticUsers::new(verifier(), users)), &alice()).await;
}

#[cfg(feature = "htpasswd")]
#[tokio::test]
async fn htpasswd() {
    use token_auth_backends::htpasswd::{Htpasswd, HtpasswdOptions};
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    std::fs::write(&file, format!("alice:{HASH}\n")).unwrap();
    let users = Htpasswd::open(HtpasswdOptions::new(file), verifier()).unwrap();
    check_authenticator(Arc::new(users), &alice()).await;
}
