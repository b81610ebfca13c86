//! Passwords that docker_auth has kept in Redis, still good here.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use redis::cmd;
use serde::Deserialize;
use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Memory, Password,
    Precedence, SourceId, Succeed, async_trait,
};
use zeroize::Zeroizing;

use super::link::Link;
use super::{DOCKER_AUTH_PREFIX, RedisOptions, RedisStoreError};
use crate::oauth2::{ProviderGrant, SignInSource};
use crate::password::{PasswordHash, PasswordVerifier};

const NAME: &str = "legacy";

/// Of the same cost as docker_auth's hashes usually are; for names that are not there.
const DECOY: &str = "$2y$10$Ay/qELVi0IPT/dWrfjSrMuKohGmcIy/SJkW9.T7dfd.YtYndT9VKu";

/// The users of a token database that docker_auth has kept in Redis, with the docker passwords that it has given them. It
/// knows who is in the database, and, as the provider's source that it takes the place of, who has signed in there: these are
/// the same people. Nothing is written there.
///
/// The provider is asked about them, with the tokens that docker_auth has kept, as it is about those who have signed in here:
/// at first, and whenever its last word is older than the source of sign-ins says. Who has left it is rejected; labels are
/// those that it gives now.
pub struct DockerAuthPasswords {
    link: Link,
    verifier: Arc<PasswordVerifier>,
    decoy: Option<PasswordHash>,
    provider: SignInSource,
}

/// What docker_auth keeps of a user, as far as it is of use.
#[derive(Deserialize)]
struct StoredLogin {
    #[serde(default)]
    access_token: Zeroizing<String>,
    #[serde(default)]
    refresh_token: Zeroizing<String>,
    #[serde(default)]
    docker_password: String,
}

impl StoredLogin {
    fn grant(&self) -> ProviderGrant {
        let refresh_token = Some(&self.refresh_token)
            .filter(|token| !token.is_empty())
            .map(|token| Password::new(token.as_str()));
        ProviderGrant {
            access_token: Password::new(self.access_token.as_str()),
            // What docker_auth notes is when it would have asked again. Where there is a way to a new token it is taken at once.
            expires: refresh_token.is_some().then_some(UNIX_EPOCH),
            refresh_token,
        }
    }
}

impl DockerAuthPasswords {
    /// The database at these servers, which are not asked for anything yet, and the provider at which its users have
    /// signed in.
    ///
    /// # Errors
    ///
    /// When the options make no sense.
    pub fn new(
        options: &RedisOptions,
        verifier: Arc<PasswordVerifier>,
        provider: SignInSource,
    ) -> Result<Self, RedisStoreError> {
        Ok(Self { link: Link::new(options)?, verifier, decoy: DECOY.parse().ok(), provider })
    }

    /// What there is of an account, and the hash of its password.
    async fn find(&self, account: &str) -> Result<Option<(StoredLogin, PasswordHash)>, BackendError> {
        if account.is_empty() {
            return Ok(None);
        }
        let mut get = cmd("GET");
        get.arg(format!("{DOCKER_AUTH_PREFIX}{account}"));
        let json: Option<Vec<u8>> =
            self.link.ask(&get).await.map_err(|fault| BackendError::new(NAME, fault))?;
        let Some(json) = json.map(Zeroizing::new) else { return Ok(None) };
        // Not the parser's words, which may hold what stands there.
        let unreadable = || BackendError::new(NAME, "an entry of docker_auth's database cannot be read");
        let entry: StoredLogin = serde_json::from_slice(&json).map_err(|_| unreadable())?;
        let hash: PasswordHash = entry.docker_password.parse().map_err(|_| unreadable())?;
        Ok(Some((entry, hash)))
    }

    /// What the provider says of an account now.
    async fn ask(
        &self,
        account: &str,
        entry: &StoredLogin,
        hash: &PasswordHash,
    ) -> Result<Authn, BackendError> {
        let stamp = hash.security_stamp();
        Ok(match self.provider.adopt(account, &stamp, entry.grant()).await? {
            // Its tokens end with the entry, and with a new password.
            Authn::Accept(identity) => Authn::Accept(identity.with_security_stamp(stamp)),
            answer => answer,
        })
    }
}

#[async_trait]
impl Authenticator for DockerAuthPasswords {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, .. } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        match self.find(username).await? {
            Some((entry, hash)) => match self.verifier.check(request, &hash).await? {
                true => self.ask(username, &entry, &hash).await,
                false => Ok(Authn::Reject("wrong password".into())),
            },
            None => {
                if let Some(decoy) = &self.decoy {
                    self.verifier.spend(request, decoy).await?;
                }
                Ok(Authn::Abstain)
            }
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        let Some(account) = self.provider.name_there(request.account) else { return Ok(Authn::Abstain) };
        if request.source.is_none()
            && let Some((entry, hash)) = self.find(account).await?
        {
            return self.ask(account, &entry, &hash).await;
        }
        Ok(match self.provider.revalidate(request).await? {
            Authn::Accept(identity) => Authn::Accept(identity.with_source(self.provider.id().clone())),
            answer => answer,
        })
    }

    /// Whoever is in the database or has signed in, without a word of the provider.
    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        let Some(account) = self.provider.name_there(request.account) else { return Ok(false) };
        Ok(self.find(account).await?.is_some() || self.provider.owns(request).await?)
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        self.provider.precedence(request)
    }

    fn sources(&self) -> Vec<SourceId> {
        vec![self.provider.id().clone()]
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

/// Goes on with the passwords that were verified, and what is known of the provider.
impl Succeed for DockerAuthPasswords {
    fn succeed(&self, previous: &Self) {
        self.verifier.succeed(&previous.verifier);
        self.provider.succeed(&previous.provider);
        self.link.succeed(&previous.link);
    }
}

impl fmt::Debug for DockerAuthPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerAuthPasswords").finish_non_exhaustive()
    }
}
