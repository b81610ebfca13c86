//! Which registries accept a token, what they must be given for that, and what an operator should know of keys and
//! certificates: the rules of registries, apart from their code.
//!
//! ```
//! use std::time::SystemTime;
//! use token_auth_backends::core::token::{CertificateChain, KeyIdKind, Signer, SigningKey};
//! use token_auth_backends::registry::KeyFinding;
//!
//! # let pair = rcgen::KeyPair::generate()?;
//! # let (key, certificate) = (pair.serialize_pem(), rcgen::CertificateParams::default().self_signed(&pair)?.pem());
//! let signer = Signer::new(SigningKey::from_pem(key.as_bytes())?)?.with_key_id(KeyIdKind::Thumbprint)?;
//! for finding in KeyFinding::of(signer.envelope(), SystemTime::now()) {
//!     println!("{}: {finding}", finding.code());
//! }
//! let signer = signer.with_certificates(CertificateChain::from_pem(certificate.as_bytes())?)?;
//! assert_eq!(KeyFinding::of(signer.envelope(), SystemTime::now()), []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificate;
mod finding;
mod key_id;
mod refusal;
mod setup;
#[cfg(test)]
mod tests;
mod trust;

use std::fmt;
use std::str::FromStr;

use token_auth_core::token::Algorithm;

pub use finding::{KeyFinding, Severity};
pub use refusal::{RegistryRefusal, Unloadable};
pub use setup::RegistrySetup;
pub use trust::{RegistryTrust, TrustForm};

/// A series of registries that verify tokens, each by rules of its own: distribution's, and zot.
///
/// ```
/// use token_auth_backends::registry::Registry;
///
/// assert_eq!("3.1".parse(), Ok(Registry::V3_1));
/// assert_eq!(Registry::V2.name(), "2.8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Registry {
    /// distribution 2.x, to 2.8.
    V2,
    /// distribution 3.0, which takes the generator of the curve for an elliptic curve key: all keys of a curve have one id.
    V3_0,
    /// distribution 3.1, which drops leading zero bytes of coordinates.
    V3_1,
    /// zot, which has one key and looks at no id.
    Zot,
}

/// No registry has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown registry: 2.8, 3.0, 3.1 and zot are known")]
pub struct UnknownRegistry;

impl Registry {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V2, Self::V3_0, Self::V3_1, Self::Zot];

    /// What people call it: `2.8`, `3.0`, `3.1`, `zot`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2 => "2.8",
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::Zot => "zot",
        }
    }

    /// Whether it can be given what it trusts in this form.
    pub fn takes(self, form: TrustForm) -> bool {
        matches!((self, form), (_, TrustForm::Certificates) | (Self::V3_0 | Self::V3_1, TrustForm::Jwks))
    }

    /// Whether it verifies signatures of this algorithm, unless its configuration lists others.
    pub fn verifies(self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::EdDSA | Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => self != Self::V2,
            _ => true,
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Registry {
    type Err = UnknownRegistry;

    fn from_str(name: &str) -> Result<Self, UnknownRegistry> {
        Self::ALL.into_iter().find(|registry| registry.name() == name).ok_or(UnknownRegistry)
    }
}
