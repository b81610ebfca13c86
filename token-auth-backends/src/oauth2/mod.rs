//! Sign-in with the browser: at an OpenID Connect provider, at Google, GitHub or GitLab.
mod claims;
mod cookie;
mod exchange;
mod forge;
mod memory;
mod oidc;
mod pages;
mod provider;
mod seal;
mod source;

pub use claims::LabelClaim;
pub use forge::{GitHub, GitHubOptions, GitLab, GitLabOptions};
pub use oidc::{Oidc, OidcOptions};
pub use pages::{PageOptions, SignInOffer, SignInPages};
pub use provider::{
    Challenge, IdentityProvider, Profile, ProviderGrant, Refusal, Registration, Renewal, Verdict,
};
pub use seal::{SealingKeys, SealingKeysError};
pub use source::SignInSource;
