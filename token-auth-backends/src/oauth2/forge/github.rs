//! What GitHub says of someone who has signed in.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use token_auth_core::{BackendError, Clock, Password, async_trait};
use url::Url;

use super::{Forge, Particulars};
use crate::http_client::HttpOptions;
use crate::oauth2::claims::MAX_LABEL_VALUES;
use crate::oauth2::exchange::unavailable;
use crate::oauth2::provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Registration, Renewal, SignInVerdict, not_allowed,
    same_person, untrusted,
};

/// Which GitHub, and who is let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GitHubOptions {
    /// How this server is known there.
    pub registration: Registration,
    /// The organization that an account must be a member of; its teams, with all above them, become the label `teams`.
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
pub struct GitHub(Forge);

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
struct Nested {
    parent: Option<Parent>,
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
        let GitHubOptions { registration, organization, web, api, scopes, http } = options;
        let forge = Particulars {
            registration,
            organization,
            scopes,
            web,
            authorize: "/login/oauth/authorize",
            token: "/login/oauth/access_token",
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
        let teams = match &self.0.organization {
            None => None,
            Some(organization) => match self.teams(organization, &token).await? {
                None => return Ok(not_allowed("the account is not a member of the organization")),
                Some(teams) => Some(("teams", teams)),
            },
        };
        Ok(self.0.verdict((user.id, user.login), teams, grant))
    }

    /// The teams of a member, with all above them; nothing for an account that is no member.
    async fn teams(
        &self,
        organization: &str,
        token: &Password,
    ) -> Result<Option<BTreeSet<String>>, BackendError> {
        let path = format!("/user/memberships/orgs/{}", percent_encoded(organization));
        match self.0.get::<Membership>(&path, token).await? {
            Ok(membership) if membership.state == "active" => {}
            _ => return Ok(None),
        }
        let Ok(teams) = self.0.list::<Team>("/user/teams", token).await? else { return Ok(None) };
        let mut names = BTreeSet::new();
        let mut parents = Vec::new();
        for team in
            teams.into_iter().filter(|team| team.organization.login.eq_ignore_ascii_case(organization))
        {
            names.insert(team.slug);
            parents.extend(team.parent);
        }
        // Whoever is in a team is in all above it, of which the list names only the next.
        while let Some(Parent { slug }) = parents.pop() {
            if names.len() > MAX_LABEL_VALUES || !names.insert(slug.clone()) {
                continue;
            }
            let path = format!("/orgs/{}/teams/{}", percent_encoded(organization), percent_encoded(&slug));
            match self.0.get::<Nested>(&path, token).await? {
                Ok(team) => parents.extend(team.parent),
                Err(status) => {
                    let problem = format!("{path} answers {}", status.as_u16());
                    return Err(unavailable(&self.0.name, problem));
                }
            }
        }
        Ok(Some(names))
    }
}

/// As one segment of a path.
fn percent_encoded(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

#[async_trait]
impl IdentityProvider for GitHub {
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
