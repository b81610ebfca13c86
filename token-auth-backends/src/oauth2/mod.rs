//! Sign-in with the browser: at an OpenID Connect provider, at Google, GitHub or GitLab.
//!
//! Three parts, each of use without the next:
//!
//! * An [`IdentityProvider`] sends a browser away, makes an account of the code that it brings back, and tells later what has
//!   become of that account. [`Oidc`], [`GitHub`] and [`GitLab`] are such; yours is another.
//! * A [`SignInSource`] keeps the provider's last word and its tokens (sealed, in a token store), and answers for the accounts:
//!   an [`Authenticator`] that accepts no password, and revalidates.
//! * [`SignInPages`] are what people see: a tower `Service`.
//!
//! ```no_run
//! use std::sync::Arc;
//! use token_auth_backends::core::{
//!     Authenticator, AuthenticatorChain, MemoryTokenStore, Password, PersonalPolicy, Store, StoredTokens,
//! };
//! use token_auth_backends::oauth2::{
//!     Oidc, OidcOptions, PageOptions, Registration, SealingKeys, SignInOffer, SignInPages, SignInSource,
//! };
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store: Arc<dyn Store> = Arc::new(MemoryTokenStore::default());
//! let keys = SealingKeys::random()?;
//! let registration =
//!     Registration { client_id: "registry".to_owned(), client_secret: Password::new("of the registration") };
//! let provider = Oidc::new("oidc", OidcOptions::new("https://id.example.com", registration))?;
//! let source = SignInSource::new("oidc".try_into()?, Arc::new(provider), Arc::clone(&store), keys.clone());
//! let mut accounts = AuthenticatorChain::new();
//! accounts.push(source.id().clone(), source.clone())?;
//! let accounts: Arc<dyn Authenticator> = Arc::new(accounts);
//!
//! // For the service: `TokenService::new("Acme", accounts.clone(), …)?.with_stored_tokens(tokens.clone())`.
//! let tokens = StoredTokens::new("Acme", store).with_personal_tokens(PersonalPolicy::default());
//! let offer = SignInOffer::new(source, "Example");
//! let pages = SignInPages::new([offer], accounts, tokens, keys, PageOptions::default());
//! # Ok(())
//! # }
//! ```
//!
//! # What it refuses
//!
//! An answer that belongs to another browser, another provider or another time; an ID token that is not signed by the
//! provider's published keys, or is for someone else; an unverified e-mail address as an account; to take the address to go
//! on to from a parameter; to be a registry credential.
#![doc = ""]
#![doc = include_str!("../../guides/sign-in.md")]

mod claims;
mod cookie;
mod exchange;
#[cfg(test)]
mod fake;
mod forge;
mod memory;
mod oidc;
mod pages;
mod provider;
mod seal;
mod source;

#[cfg(doc)]
use token_auth_core::Authenticator;

pub use claims::LabelClaim;
pub use forge::{GitHub, GitHubOptions, GitLab, GitLabOptions};
pub use oidc::{Oidc, OidcOptions};
pub use pages::{PageOptions, SignInOffer, SignInPages};
pub use provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Registration, Renewal, SignInRefusal, SignInVerdict,
};
pub use seal::{SealingKeys, SealingKeysError};
pub use source::SignInSource;
