//! An issuer whose tokens are believed, and on what conditions.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use token_auth_core::acl::MalformedGlob;
use token_auth_core::token::TrustedKeys;
use token_auth_core::{Clock, SystemClock};

use super::keys::Keys;
use super::remote::Remote;
use super::requirement::Requirement;
use super::times::Times;
use super::{ClaimTemplate, KeyOptions, KeysError};
use crate::http_client::HttpOptions;
use crate::issuer::Remembered;

/// An issuer whose tokens are believed, what they must say, and who they make of their bearer.
///
/// ```
/// use token_auth_backends::workload::TrustedIssuer;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let github = TrustedIssuer::new("https://token.actions.githubusercontent.com", ["registry.example.com"])
///     .named("github")
///     .require("repository_owner", ["acme"])?
///     .account("github:${claim.repository}".parse()?)
///     .label("repository", ["${claim.repository}".parse()?]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) name: Cow<'static, str>,
    pub(super) requirements: Vec<Requirement>,
    pub(super) account: ClaimTemplate,
    pub(super) labels: Vec<(String, Vec<ClaimTemplate>)>,
    pub(super) times: Times,
    pub(super) password_lifetime: Option<Duration>,
    source: Source,
    options: KeyOptions,
    clock: ArcClock,
}

/// Where the keys come from.
#[derive(Clone, Debug)]
enum Source {
    Discovery,
    Url(String),
    Fixed(Arc<TrustedKeys>),
}

/// How an issuer is asked for its keys.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct IssuerAccess {
    /// Bounds, and further certificates that are trusted.
    pub http: HttpOptions,
    /// A file with a credential for the issuer, read each time: Kubernetes asks for the one of the server's own service
    /// account. It is sent to the issuer's host (or that of the key set's URL, if that was given) and to no other.
    pub token_file: Option<PathBuf>,
    /// Whether `http://` on loopback will do, too. For tests, and for a proxy on the same machine.
    pub dangerous_loopback_http: bool,
}

#[derive(Clone)]
pub(super) struct ArcClock(pub(super) Arc<dyn Clock>);

impl std::fmt::Debug for ArcClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl TrustedIssuer {
    /// An issuer by the exact `iss` of its tokens, and what these must be for: one of the audiences. Its keys are found
    /// through its discovery document; accounts are named `HOST:SUB`.
    pub fn new<A: Into<String>>(issuer: impl Into<String>, audiences: impl IntoIterator<Item = A>) -> Self {
        let issuer = issuer.into();
        let name =
            issuer.split_once("//").map_or(&*issuer, |(_, rest)| rest).trim_end_matches('/').to_owned();
        let account = ClaimTemplate::prefixed(&format!("{name}:"), "sub");
        Self {
            issuer,
            audiences: audiences.into_iter().map(Into::into).collect(),
            name: name.into(),
            requirements: Vec::new(),
            account,
            labels: Vec::new(),
            times: Times::default(),
            password_lifetime: None,
            source: Source::Discovery,
            options: KeyOptions::default(),
            clock: ArcClock(Arc::new(SystemClock)),
        }
    }

    /// What the log calls it; also what accounts begin with, where [`account`](Self::account) does not say otherwise.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.account = ClaimTemplate::prefixed(&format!("{name}:"), "sub");
        self.name = name.into();
        self
    }

    /// Demands a claim with one of these values, which are globs as in the [ACL](token_auth_core::acl): `*` does not match
    /// `/`. Of a claim that is a list, one element must match.
    ///
    /// # Errors
    ///
    /// When one of the globs is malformed.
    pub fn require<G: Into<String>>(
        mut self,
        claim: impl Into<String>,
        globs: impl IntoIterator<Item = G>,
    ) -> Result<Self, MalformedGlob> {
        let globs = globs.into_iter().map(Into::into).collect();
        self.requirements.push(Requirement::new(claim.into(), globs)?);
        Ok(self)
    }

    /// The account of a token's bearer. A token for which it gives none, or several, is refused.
    ///
    /// Danger: begin it with a text that no account of another source begins with, and that ends in neither letter nor digit
    /// (`ci:`). Whoever can choose the claims that it is made of chooses the name otherwise; in a chain an account that another
    /// source owns is refused then.
    #[must_use]
    pub fn account(mut self, account: ClaimTemplate) -> Self {
        self.account = account;
        self
    }

    /// Whether its accounts begin with a text that sets them off from those of other sources.
    pub fn has_accounts_of_its_own(&self) -> bool {
        !self.account.own_prefix().is_empty()
    }

    /// A label of the account. Its values are literal in the patterns of rules. Claims that are missing give none.
    #[must_use]
    pub fn label(
        mut self,
        label: impl Into<String>,
        values: impl IntoIterator<Item = ClaimTemplate>,
    ) -> Self {
        self.labels.push((label.into(), values.into_iter().collect()));
        self
    }

    /// Finds the keys at this URL, without discovery. The issuer need not be an address then.
    #[must_use]
    pub fn keys_at(mut self, url: impl Into<String>) -> Self {
        self.source = Source::Url(url.into());
        self
    }

    /// Trusts these keys alone.
    #[must_use]
    pub fn keys(mut self, keys: TrustedKeys) -> Self {
        self.source = Source::Fixed(Arc::new(keys));
        self
    }

    /// How long keys are good for.
    #[must_use]
    pub fn key_options(mut self, options: KeyOptions) -> Self {
        self.options = options;
        self
    }

    /// How far the issuer's clock and ours may differ. Default 30 seconds.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.times.leeway = leeway;
        self
    }

    /// Refuses tokens that were issued for a longer time than this. Default 24 hours.
    #[must_use]
    pub fn maximum_jwt_lifetime(mut self, lifetime: Duration) -> Self {
        self.times.longest = lifetime;
        self
    }

    /// Our tokens live at most so long. Default: as all of the service's tokens.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.times.ours = Some(lifetime);
        self
    }

    /// Gives a password in exchange for a token, if one is asked for
    /// ([`RequestedToken::Password`](token_auth_core::RequestedToken)): for a job that goes on after its token has ended. It is
    /// good so long, which is at least [`SHORTEST_PASSWORD`](Self::SHORTEST_PASSWORD) and at most
    /// [`LONGEST_PASSWORD`](Self::LONGEST_PASSWORD), and for what is granted when it is given. Default: none is given.
    #[must_use]
    pub fn passwords(mut self, lifetime: Duration) -> Self {
        self.password_lifetime = Some(lifetime.clamp(Self::SHORTEST_PASSWORD, Self::LONGEST_PASSWORD));
        self
    }

    /// Five minutes.
    pub const SHORTEST_PASSWORD: Duration = Duration::from_secs(300);
    /// An hour.
    pub const LONGEST_PASSWORD: Duration = Duration::from_secs(3600);

    /// Lets our tokens outlive the token that they were issued for. Default: they do not.
    #[must_use]
    pub fn outlive_jwt(mut self, outlive: bool) -> Self {
        self.times.outlive = outlive;
        self
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = ArcClock(Arc::new(clock));
        self
    }

    #[cfg(feature = "config")]
    pub(crate) fn gives_passwords(&self) -> bool {
        self.password_lifetime.is_some()
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock.0)
    }

    pub(super) fn source(&self, access: IssuerAccess) -> Result<Keys, KeysError> {
        let url = match &self.source {
            Source::Fixed(keys) => return Ok(Keys::Fixed(Arc::clone(keys))),
            Source::Discovery => None,
            Source::Url(url) => Some(&**url),
        };
        let IssuerAccess { http, token_file, dangerous_loopback_http } = access;
        let remote = Remote::new(&self.issuer, url, dangerous_loopback_http, token_file, &http)?;
        Ok(Keys::Remembered(Arc::new(Remembered::new(remote, self.options, self.clock()))))
    }
}
