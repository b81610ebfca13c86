//! What is asked of an OpenID Connect provider.

use std::time::Duration;

use crate::http_client::HttpOptions;
use crate::oauth2::{LabelClaim, Registration};

/// Which provider, and what is made of its claims.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OidcOptions {
    /// The issuer, exactly as the provider writes it.
    pub issuer: String,
    /// How this server is known there.
    pub registration: Registration,
    /// What is asked for. Default `openid`, `email`.
    pub scopes: Vec<String>,
    /// The claim that is the account name. Default `email`, which must be [verified](Self::dangerous_unverified_email).
    /// `preferred_username` and the like may be editable by the user at some providers: make sure that yours is not.
    pub user_claim: String,
    /// Takes addresses (claims named `email`, as account or as label) of which the provider does not say whether they are
    /// verified. Default: they are refused, as are those that it calls unverified, which this does not change.
    ///
    /// Danger: where people enter their address themselves, they choose whose account it is. Right only for a provider that
    /// has no `email_verified`, and whose addresses only an administrator writes.
    pub dangerous_unverified_email: bool,
    /// The claims that become labels. Default none.
    pub label_claims: Vec<LabelClaim>,
    /// The `hd` claim that a Google account must have.
    pub hosted_domain: Option<String>,
    /// Further parameters for the authorization endpoint.
    pub parameters: Vec<(String, String)>,
    /// How far the provider's clock may be off. Default 60 s.
    pub clock_skew: Duration,
    /// How old the provider's configuration and keys may be before they are fetched again. Default 1 h.
    pub discovery_ttl: Duration,
    /// How the provider is asked.
    pub http: HttpOptions,
}

impl OidcOptions {
    /// The provider with this issuer.
    pub fn new(issuer: impl Into<String>, registration: Registration) -> Self {
        Self {
            issuer: issuer.into(),
            registration,
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            user_claim: "email".to_owned(),
            dangerous_unverified_email: false,
            label_claims: Vec::new(),
            hosted_domain: None,
            parameters: Vec::new(),
            clock_skew: Duration::from_secs(60),
            discovery_ttl: Duration::from_secs(3600),
            http: HttpOptions::default(),
        }
    }

    /// Google, for the accounts of one domain (Google Workspace), or for every Google account.
    pub fn google(registration: Registration, domain: Option<String>) -> Self {
        let mut parameters = vec![
            // Google's way to ask for a refresh token.
            ("access_type".to_owned(), "offline".to_owned()),
            ("prompt".to_owned(), "consent".to_owned()),
        ];
        // A hint for the page; what counts is the claim.
        parameters.extend(domain.iter().map(|domain| ("hd".to_owned(), domain.clone())));
        Self {
            parameters,
            hosted_domain: domain,
            label_claims: vec![LabelClaim::new("groups")],
            ..Self::new("https://accounts.google.com", registration)
        }
    }
}
