use super::Algorithm;

/// A private or public key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no private key in the PEM text.
    #[error(
        "no private key found{found}: expected a PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"
    )]
    NoPrivateKey {
        /// What was found instead: empty, or ` (found …)`.
        found: String,
    },
    /// There are several private keys in the PEM text.
    #[error("more than one private key found: keep the one that signs")]
    SeveralPrivateKeys,
    /// The key is encrypted.
    #[error("the private key is encrypted: decrypt it with `openssl pkey -in FILE -out FILE.plain`")]
    Encrypted,
    /// The key is of a kind, or a size, that registries do not verify.
    #[error("unsupported key{0}: use RSA with 2048 to 4096 bits, P-256, P-384, P-521 or Ed25519")]
    Unsupported(String),
    /// The key cannot be parsed.
    #[error("malformed key")]
    Malformed,
    /// There is no key to trust.
    #[error("no public key given")]
    NoPublicKey,
    /// An algorithm that this key cannot sign.
    #[error("the key does not go with {0}")]
    WrongAlgorithm(Algorithm),
}

/// Certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is no certificate in the PEM text.
    #[error("no certificate found: expected a PEM block CERTIFICATE")]
    None,
    /// A certificate cannot be parsed; the first is 1.
    #[error("certificate {0} of the file is malformed")]
    Malformed(usize),
    /// A certificate is for a key that no registry verifies.
    #[error("certificate {number} of the file: {error}")]
    Key {
        /// Which one; the first is 1.
        number: usize,
        /// What is wrong with its key.
        error: KeyError,
    },
    /// More certificates than any registry would follow.
    #[error("more than {0} certificates in the file")]
    TooMany(usize),
}

/// A signer that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The first certificate is for another key.
    #[error(
        "the certificate is for another key: the first certificate of the file must belong to the private key{hint}"
    )]
    CertificateOfAnotherKey {
        /// Which one does, if one does.
        hint: String,
    },
    /// A certificate was not issued by the one after it; the first is 1.
    #[error(
        "certificate {0} of the file was not issued by the next one: order them leaf first, each before its issuer"
    )]
    ChainOrder(usize),
    /// The cryptographic library refused to sign.
    #[error("cannot sign")]
    Signature,
}
