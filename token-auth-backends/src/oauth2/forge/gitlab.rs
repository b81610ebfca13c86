//! What GitLab says of someone who has signed in.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use token_auth_core::{BackendError, Clock, Password, async_trait};
use url::Url;

use super::{Forge, Particulars};
use crate::http_client::HttpOptions;
use crate::oauth2::provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Registration, Renewal, SignInVerdict, not_allowed,
    same_person, untrusted,
};

/// Which GitLab, and who is let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GitLabOptions {
    /// How this server is known there.
    pub registration: Registration,
    /// The group, by its full path, that an account must be a member of, directly or through a parent group; its path and
    /// those of the account's groups within it become the label `groups`. Groups elsewhere do not: anyone can make one of
    /// whatever name is free. Without it every account may sign in, and has no labels.
    pub organization: Option<String>,
    /// Where people sign in. Default `https://gitlab.com`.
    pub web: String,
    /// Where the interface is. Default `https://gitlab.com/api/v4`.
    pub api: String,
    /// What is asked for. Default `read_user`, and `read_api` with an organization; the application must have them.
    pub scopes: Vec<String>,
    /// How GitLab is asked.
    pub http: HttpOptions,
}

impl GitLabOptions {
    /// gitlab.com, for the members of a group.
    pub fn new(registration: Registration, organization: Option<String>) -> Self {
        let scopes = if organization.is_some() { &["read_user", "read_api"][..] } else { &["read_user"] };
        Self {
            registration,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            organization,
            web: "https://gitlab.com".to_owned(),
            api: "https://gitlab.com/api/v4".to_owned(),
            http: HttpOptions::default(),
        }
    }
}

/// GitLab. The account is the user name.
#[derive(Debug)]
pub struct GitLab(Forge);

#[derive(Deserialize)]
struct User {
    id: u64,
    username: String,
    state: String,
}

#[derive(Deserialize)]
struct Group {
    full_path: String,
}

impl GitLab {
    /// GitLab, by the name that the log has for it.
    ///
    /// # Errors
    ///
    /// When an address or a certificate cannot be used.
    pub fn new(name: impl Into<Arc<str>>, options: GitLabOptions) -> Result<Self, BackendError> {
        let GitLabOptions { registration, organization, web, api, scopes, http } = options;
        let forge = Particulars {
            registration,
            organization,
            scopes,
            web,
            authorize: "/oauth/authorize",
            token: "/oauth/token",
            api,
            http,
        };
        Forge::new(name.into(), forge).map(Self)
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self(Forge { clock: Arc::new(clock), ..self.0 })
    }

    async fn verdict(&self, grant: ProviderGrant) -> Result<SignInVerdict, BackendError> {
        let token = grant.access_token.clone();
        let user: User = match self.0.user(&token).await? {
            Ok(user) => user,
            Err(verdict) => return Ok(verdict),
        };
        if user.state != "active" {
            return Ok(not_allowed("the account is blocked"));
        }
        let groups = match &self.0.organization {
            None => None,
            Some(organization) => {
                // From guests on; without it the list has every public group, too.
                let path = "/groups?min_access_level=10";
                let Ok(groups) = self.0.list::<Group>(path, &token).await? else {
                    return Ok(not_allowed("GitLab does not tell the groups of the account"));
                };
                let organization = organization.trim_end_matches('/');
                if !groups.iter().any(|group| group.full_path.eq_ignore_ascii_case(organization)) {
                    return Ok(not_allowed("the account is not a member of the group"));
                }
                let paths = groups.into_iter().map(|group| group.full_path);
                Some(("groups", paths.filter(|path| is_within(path, organization)).collect()))
            }
        };
        Ok(self.0.verdict((user.id, user.username), groups, grant))
    }
}

/// Whether this is the path of the organization itself, or of a group below it. GitLab's paths are ASCII, of any case.
fn is_within(path: &str, organization: &str) -> bool {
    match path.split_at_checked(organization.len()) {
        Some((begin, rest)) => {
            begin.eq_ignore_ascii_case(organization) && (rest.is_empty() || rest.starts_with('/'))
        }
        None => false,
    }
}

#[async_trait]
impl IdentityProvider for GitLab {
    async fn authorization_url(&self, challenge: &Challenge<'_>) -> Result<Url, BackendError> {
        self.0.authorization_url(challenge)
    }

    fn identifier(&self) -> Cow<'_, str> {
        self.0.identifier().into()
    }

    async fn redeem(
        &self,
        code: &Password,
        challenge: &Challenge<'_>,
    ) -> Result<SignInVerdict, BackendError> {
        match self.0.redeem(code, challenge).await? {
            Ok(grant) => self.verdict(grant).await,
            Err(reason) => Ok(untrusted(reason)),
        }
    }

    async fn renew(&self, grant: &ProviderGrant) -> Result<Renewal, BackendError> {
        self.0.renew(grant).await
    }

    async fn revalidate(&self, known: &Profile, _: Option<&Password>) -> Result<SignInVerdict, BackendError> {
        Ok(same_person(known, self.verdict(known.grant.clone()).await?))
    }
}
