//! Why a signer, or its certificates, cannot be used.

use super::KeyError;

/// Certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is no certificate in the PEM text.
    #[error("no certificate found, but {found}: expected a PEM block CERTIFICATE")]
    NoCertificate {
        /// What was found instead, e.g. "an empty file".
        found: String,
    },
    /// The PEM armour is broken.
    #[error("broken PEM: each block ends with an END line, and holds base64 only")]
    Pem,
    /// A certificate cannot be parsed; the first is 1.
    #[error("certificate {0} of the file is malformed: look at it with `openssl x509 -in FILE -text`")]
    Malformed(usize),
    /// The first certificate is for a key that cannot be used.
    #[error("certificate {number} of the file: {error}")]
    Key {
        /// Which one; the first is 1.
        number: usize,
        /// What is wrong with its key.
        error: KeyError,
    },
    /// There are this many certificates, more than a token can carry.
    #[error("{0} certificates are more than a token can carry: keep the leaf and its intermediates")]
    TooMany(usize),
}

/// A signer that cannot be, or that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The first certificate is for another key.
    #[error(
        "the certificate is for another key: the first certificate of the file must belong to the private key ({hint})"
    )]
    CertificateOfAnotherKey {
        /// Which one does, if one does; else whose the first is, and what to do.
        hint: String,
    },
    /// The cryptographic library refused to sign. It does not say why.
    #[error("cannot sign")]
    Signature,
    /// A signature that was made elsewhere is not in the form in which tokens carry it.
    #[error(
        "a signature of {found} bytes, where tokens of this key carry {expected}: for ECDSA r and s, each in its full length; \
         what a KMS answers in DER (ASN.1) is for Envelope::seal_der"
    )]
    SignatureLength {
        /// How long it is, in bytes.
        found: usize,
        /// How long it would have to be.
        expected: usize,
    },
    /// A signature is not the DER form of an ECDSA signature by this key.
    #[error("not an ECDSA signature of this key's curve in DER (ASN.1)")]
    SignatureDer,
}
