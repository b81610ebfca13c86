//! Why a registry refuses a token, or does not start.

use token_auth_core::token::Algorithm;

use super::{Registry, TrustForm};

/// Why a registry refuses a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryRefusal {
    /// It cannot be given what it trusts in this form.
    #[error("{registry} reads no JWKS file: give it the certificate")]
    Form {
        /// Which registry.
        registry: Registry,
    },
    /// There is nothing to give it in this form.
    #[error("there is no {} to give it", match form { TrustForm::Certificates => "certificate", TrustForm::Jwks => "key" })]
    Nothing {
        /// In which form.
        form: TrustForm,
    },
    /// Given a certificate that it cannot load, it does not start, whatever the token:
    /// [`RegistryTrust::loadable_by`](super::RegistryTrust::loadable_by) leaves such certificates out.
    #[error("it does not start with the certificate of {subject}: {reason}")]
    DoesNotStart {
        /// Whose certificate it is.
        subject: String,
        /// Why it cannot load it.
        reason: Unloadable,
    },
    /// Its configuration lists algorithms (`signingalgorithms` of distribution 3), and not this one.
    #[error("its `signingalgorithms` do not list {algorithm}: add it, or remove the list")]
    Unlisted {
        /// The token's algorithm.
        algorithm: Algorithm,
    },
    /// It does not verify this algorithm.
    #[error("{registry} does not verify {algorithm}: sign with a P-256 or an RSA key")]
    Algorithm {
        /// Which registry.
        registry: Registry,
        /// The token's algorithm.
        algorithm: Algorithm,
    },
    /// The certificate in the token's header is not one that it trusts, and that is final.
    #[error(
        "tokens carry a certificate (x5c), and a registry that does not have it among its certificates refuses them \
         without a look at the key id: give it the certificate, or let tokens carry the key id alone"
    )]
    UnknownCertificate,
    /// The certificate in the token's header is not valid at that time.
    #[error("the certificate that tokens carry is not valid now: make a new one for the same key")]
    CertificateNotValid,
    /// The certificate in the token's header has a critical extension that it does not know (RFC 5280, section 4.2).
    #[error(
        "the certificate that tokens carry has a critical extension that it does not know: make a new one without it for the \
         same key, or let tokens carry the key id alone"
    )]
    CriticalExtension,
    /// The key id is not one that it knows.
    #[error("it knows the key by the id {expected}, and tokens say {found}")]
    UnknownKeyId {
        /// What the token says.
        found: String,
        /// What it would have to say.
        expected: String,
    },
    /// The signature is not of a key that it trusts.
    #[error("the signature is not of a key that it trusts")]
    Signature,
    /// The issuer is another.
    #[error("the issuer is another than the registry expects")]
    Issuer,
    /// The audience is another, or in a form that it does not read.
    #[error("the audience is another than the registry's service, or not a plain text")]
    Audience,
    /// The token has expired.
    #[error("the token has expired, by the registry's clock")]
    Expired,
    /// The token is not valid yet, or comes from the future.
    #[error("the token is not valid yet, by the registry's clock")]
    NotYet,
    /// It cannot be read.
    #[error("the token cannot be read")]
    Malformed,
}

/// Why a registry cannot load a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unloadable {
    /// Its key is Ed25519, and 2.8 panics.
    #[error("it knows no Ed25519 keys")]
    Ed25519,
    /// Its serial number is negative, which Go has refused since 1.23, and RFC 5280 (section 4.1.2.2) always has.
    #[error("the serial number is negative: make a new certificate for the same key")]
    NegativeSerial,
}
