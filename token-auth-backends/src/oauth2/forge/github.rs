use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use token_auth_core::{BackendError, Clock, Password, async_trait};
use url::Url;

use super::Forge;
use crate::http_client::HttpOptions;
use crate::oauth2::provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Registration, Renewal, Verdict, ended, not_allowed,
    same_person, untrusted,
};

/// Which GitHub, and who is let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GitHubOptions {
    /// How this server is known there.
    pub registration: Registration,
    /// The organization that an account must be a member of; its teams and their parents become the label `teams`.
    /// Without it every account of GitHub may sign in, and has no labels.
    pub organization: Option<String>,
    /// Where people sign in. Default `https://github.com`.
    pub web: String,
    /// Where the interface is. Default `https://api.github.com`.
    pub api: String,
    /// What is asked for. Default `read:org` with an organization, and nothing without.
    pub scopes: Vec<String>,
    /// How GitHub is asked.
    pub http: HttpOptions,
}

impl GitHubOptions {
    /// github.com, for the members of an organization.
    pub fn new(registration: Registration, organization: Option<String>) -> Self {
        Self {
            registration,
            scopes: organization.iter().map(|_| "read:org".to_owned()).collect(),
            organization,
            web: "https://github.com".to_owned(),
            api: "https://api.github.com".to_owned(),
            http: HttpOptions::default(),
        }
    }
}

/// GitHub, or a GitHub Enterprise server. The account is the login.
#[derive(Debug)]
pub struct GitHub {
    forge: Forge,
    organization: Option<String>,
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
}

#[derive(Deserialize)]
struct Membership {
    state: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
    organization: Organization,
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Organization {
    login: String,
}

#[derive(Deserialize)]
struct Parent {
    slug: String,
}

impl GitHub {
    /// GitHub, by the name that the log has for it.
    ///
    /// # Errors
    ///
    /// When an address or a certificate cannot be used.
    pub fn new(name: impl Into<Arc<str>>, options: GitHubOptions) -> Result<Self, BackendError> {
        let web = options.web.trim_end_matches('/');
        let endpoints = (format!("{web}/login/oauth/authorize"), format!("{web}/login/oauth/access_token"));
        let forge = Forge::new(name.into(), &options.registration, endpoints, &options.api, &options.http)?;
        Ok(Self { forge, organization: options.organization, scopes: options.scopes })
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.forge.clock = Arc::new(clock);
        self
    }

    async fn verdict(&self, grant: ProviderGrant) -> Result<Verdict, BackendError> {
        let token = grant.access_token.clone();
        let user: User = match self.forge.get("/user", &token).await? {
            Ok(user) => user,
            Err(_) => return Ok(ended("GitHub does not take the access token")),
        };
        let teams = match &self.organization {
            None => None,
            Some(organization) => match self.teams(organization, &token).await? {
                None => return Ok(not_allowed("the account is not a member of the organization")),
                Some(teams) => Some(("teams", teams)),
            },
        };
        Ok(self.forge.verdict((user.id, user.login), teams, grant))
    }

    /// The teams of a member, with their parents; nothing for an account that is no member.
    async fn teams(
        &self,
        organization: &str,
        token: &Password,
    ) -> Result<Option<BTreeSet<String>>, BackendError> {
        let path = format!("/user/memberships/orgs/{}", percent_encoded(organization));
        match self.forge.get::<Membership>(&path, token).await? {
            Ok(membership) if membership.state == "active" => {}
            _ => return Ok(None),
        }
        let Ok(teams) = self.forge.list::<Team>("/user/teams", token).await? else { return Ok(None) };
        let own = teams.into_iter().filter(|team| team.organization.login.eq_ignore_ascii_case(organization));
        Ok(Some(
            own.flat_map(|team| [Some(team.slug), team.parent.map(|parent| parent.slug)]).flatten().collect(),
        ))
    }
}

/// As one segment of a path.
fn percent_encoded(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

#[async_trait]
impl IdentityProvider for GitHub {
    async fn authorization_url(&self, challenge: &Challenge<'_>) -> Result<Url, BackendError> {
        self.forge.authorization_url(challenge, &self.scopes)
    }

    async fn redeem(&self, code: &Password, challenge: &Challenge<'_>) -> Result<Verdict, BackendError> {
        match self.forge.redeem(code, challenge).await? {
            Ok(grant) => self.verdict(grant).await,
            Err(reason) => Ok(untrusted(reason)),
        }
    }

    async fn renew(&self, grant: &ProviderGrant) -> Result<Renewal, BackendError> {
        self.forge.renew(grant).await
    }

    async fn revalidate(&self, known: &Profile, _: Option<&Password>) -> Result<Verdict, BackendError> {
        Ok(same_person(known, self.verdict(known.grant.clone()).await?))
    }
}
