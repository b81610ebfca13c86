use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use redis::cmd;
use serde::Deserialize;
use token_auth_core::{
    Authenticator, Authn, BackendError, Credentials, Identity, LabelValue, Labels, async_trait,
};

use super::link::Link;
use super::{DOCKER_AUTH_PREFIX, RedisOptions, RedisStoreError};
use crate::password::{PasswordHash, PasswordVerifier};

const NAME: &str = "legacy";

/// Of the same cost as docker_auth's hashes usually are; for names that are not there.
const DECOY: &str = "$2y$10$Ay/qELVi0IPT/dWrfjSrMuKohGmcIy/SJkW9.T7dfd.YtYndT9VKu";

/// The users of a token database that docker_auth has kept in Redis, with the docker passwords that it has given them. The
/// source `legacy`; it knows who is in the database, and abstains for everyone else. Nothing is written.
///
/// Danger: the identity provider is not asked. Who has left keeps access until the entry is removed (by revoking the account's
/// tokens in the store, or by hand: `DEL t:NAME`). Meant for the time until everyone has signed in again.
///
/// The labels are those that docker_auth has noted; they came from a provider, and are never patterns.
pub struct DockerAuthPasswords {
    link: Link,
    verifier: Arc<PasswordVerifier>,
    decoy: Option<PasswordHash>,
}

/// What docker_auth keeps of a user. Tokens of the provider are there, too, and of no use here.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    docker_password: String,
    #[serde(default)]
    labels: Option<BTreeMap<String, Vec<String>>>,
}

impl DockerAuthPasswords {
    /// The database at these servers, which are not asked for anything yet.
    ///
    /// # Errors
    ///
    /// When the options make no sense.
    pub fn new(options: &RedisOptions, verifier: Arc<PasswordVerifier>) -> Result<Self, RedisStoreError> {
        Ok(Self { link: Link::new(options)?, verifier, decoy: DECOY.parse().ok() })
    }

    /// The identity of an account, and the hash of its password.
    async fn find(&self, account: &str) -> Result<Option<(Identity, PasswordHash)>, BackendError> {
        if account.is_empty() {
            return Ok(None);
        }
        let mut get = cmd("GET");
        get.arg(format!("{DOCKER_AUTH_PREFIX}{account}"));
        let json: Option<Vec<u8>> =
            self.link.ask(&get).await.map_err(|fault| BackendError::new(NAME, fault))?;
        let Some(json) = json else { return Ok(None) };
        // Not the parser's words, which may hold what stands there.
        let unreadable = || BackendError::new(NAME, "an entry of docker_auth's database cannot be read");
        let entry: Entry = serde_json::from_slice(&json).map_err(|_| unreadable())?;
        let hash: PasswordHash = entry.docker_password.parse().map_err(|_| unreadable())?;
        let mut labels = Labels::new();
        for (name, values) in entry.labels.unwrap_or_default() {
            labels.declare(name.as_str());
            values.into_iter().for_each(|value| labels.insert(name.as_str(), LabelValue::literal(value)));
        }
        let identity = Identity::new(account).with_labels(labels).with_security_stamp(hash.security_stamp());
        Ok(Some((identity, hash)))
    }
}

#[async_trait]
impl Authenticator for DockerAuthPasswords {
    async fn authenticate(&self, credentials: &Credentials) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = credentials else { return Ok(Authn::Abstain) };
        match self.find(username).await? {
            Some((identity, hash)) => Ok(match self.verifier.verify(&hash, password).await? {
                true => Authn::Accept(identity),
                false => Authn::Reject("wrong password".into()),
            }),
            None => {
                if let Some(decoy) = &self.decoy {
                    self.verifier.spend(decoy, password).await?;
                }
                Ok(Authn::Abstain)
            }
        }
    }

    async fn revalidate(&self, identity: &Identity) -> Result<Authn, BackendError> {
        Ok(match self.find(&identity.account).await? {
            Some((identity, _)) => Authn::Accept(identity),
            None => Authn::Abstain,
        })
    }

    fn name(&self) -> Cow<'static, str> {
        NAME.into()
    }
}

impl fmt::Debug for DockerAuthPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerAuthPasswords").finish_non_exhaustive()
    }
}
