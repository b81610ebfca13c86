use super::{Registry, TrustForm};
use crate::token::Algorithm;

/// Why a registry refuses a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
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
