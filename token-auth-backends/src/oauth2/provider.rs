//! What an identity provider is asked.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use token_auth_core::{BackendError, Labels, Memory, Password, async_trait};
use url::Url;

/// An identity provider that people sign in at: OpenID Connect, or the OAuth 2.0 of a code forge.
///
/// An outcome is a value; `Err` means only "the provider could not answer", and nobody is let in.
#[async_trait]
pub trait IdentityProvider: fmt::Debug + Send + Sync {
    /// Where the browser is sent to sign in (RFC 6749, section 4.1.1, with PKCE of RFC 7636).
    ///
    /// # Errors
    ///
    /// When the provider has not said yet where that is.
    async fn authorization_url(&self, challenge: &Challenge<'_>) -> Result<Url, BackendError>;

    /// Exchanges the code that the browser brought back, and tells whose it is.
    ///
    /// # Errors
    ///
    /// When the provider does not answer, or not so that it can be understood.
    async fn redeem(&self, code: &Password, challenge: &Challenge<'_>)
    -> Result<SignInVerdict, BackendError>;

    /// Makes a grant usable now. What it brings is kept before anything else is asked: the old grant may be good for
    /// nothing any more.
    ///
    /// # Errors
    ///
    /// When the provider does not answer, or not so that it can be understood.
    async fn renew(&self, grant: &ProviderGrant) -> Result<Renewal, BackendError>;

    /// Tells what has become of someone who signed in earlier, by a grant that has just been [renewed](Self::renew) and
    /// the ID token that came with it.
    ///
    /// # Errors
    ///
    /// When the provider does not answer, or not so that it can be understood.
    async fn revalidate(
        &self,
        known: &Profile,
        id_token: Option<&Password>,
    ) -> Result<SignInVerdict, BackendError>;

    /// What tells this provider, and how this server is known there, from every other: its issuer and the client id. A
    /// session that was begun at another one is none. Default: the [issuer](Self::issuer).
    fn identifier(&self) -> Cow<'_, str> {
        self.issuer().unwrap_or_default().into()
    }

    /// Whether a sign-in can begin now; for the page that offers it. Default: always.
    async fn ready(&self) -> bool {
        true
    }

    /// The issuer that must be named in the answer of the browser, if it names one (RFC 9207). Default: none is known.
    fn issuer(&self) -> Option<&str> {
        None
    }

    /// What it remembers, such as the provider's keys, for the one in its place when the configuration is loaded again; and what
    /// goes on with the memory of the one before: [`Succeed`](token_auth_core::Succeed). Default: nothing.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }
}

/// The secrets of one sign-in, bound to one browser.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    /// Comes back in the address.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// The PKCE verifier; only its SHA-256 is sent with the browser.
    pub verifier: &'a str,
    /// Where the provider sends the browser back to, as it was registered there. `None`: to the one that was.
    pub redirect_url: Option<&'a str>,
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").field("redirect_url", &self.redirect_url).finish_non_exhaustive()
    }
}

/// What a provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInVerdict {
    /// This is who it is.
    Known(Profile),
    /// Not let in.
    Refused(SignInRefusal),
}

/// Someone, as the provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the provider never gives to another person: `sub`, or a number. Empty where it has not said it yet: of a grant
    /// that another program has obtained, when it is first revalidated.
    pub subject: String,
    /// The account name that rules see.
    pub account: String,
    /// Groups and the like; always literal.
    pub labels: Labels,
    /// What the provider can be asked with later.
    pub grant: ProviderGrant,
}

/// A provider's tokens for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderGrant {
    /// Opens the provider's interface.
    pub access_token: Password,
    /// Until when, if the provider said so.
    pub expires: Option<SystemTime>,
    /// Gets a new access token.
    pub refresh_token: Option<Password>,
}

/// What became of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// It can be used.
    Current {
        /// The grant as it is now.
        grant: ProviderGrant,
        /// The ID token that came with it.
        id_token: Option<Password>,
    },
    /// The provider does not take it any more, for this reason.
    Ended(Cow<'static, str>),
}

/// Why someone is not let in. The reason is for the operator's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInRefusal {
    /// What came back does not belong to this sign-in, or cannot be believed.
    Untrusted(Cow<'static, str>),
    /// The account is not one of those that are let in: another organization or domain, an unverified address.
    NotAllowed(Cow<'static, str>),
    /// The provider does not know the account any more, or has ended its session.
    Ended(Cow<'static, str>),
}

impl SignInRefusal {
    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Untrusted(reason) | Self::NotAllowed(reason) | Self::Ended(reason) => reason,
        }
    }
}

/// How this server is known at a provider.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Password,
}

pub(super) fn untrusted(reason: &'static str) -> SignInVerdict {
    SignInVerdict::Refused(SignInRefusal::Untrusted(reason.into()))
}

pub(super) fn not_allowed(reason: &'static str) -> SignInVerdict {
    SignInVerdict::Refused(SignInRefusal::NotAllowed(reason.into()))
}

pub(super) fn ended(reason: &'static str) -> SignInVerdict {
    SignInVerdict::Refused(SignInRefusal::Ended(reason.into()))
}

/// Someone else than before is not the account that signed in.
pub(super) fn same_person(known: &Profile, verdict: SignInVerdict) -> SignInVerdict {
    match verdict {
        SignInVerdict::Known(now) if !known.subject.is_empty() && now.subject != known.subject => {
            untrusted("the provider tells of someone else")
        }
        verdict => verdict,
    }
}
