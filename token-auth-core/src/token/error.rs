use super::Algorithm;

/// A private or public key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no private key in the PEM text.
    #[error(
        "no private key found, but {found}: expected a PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"
    )]
    NoPrivateKey {
        /// What was found instead, e.g. "an empty file".
        found: String,
    },
    /// There is neither a public key nor a certificate in the PEM text.
    #[error("no public key found, but {found}: expected a PEM block PUBLIC KEY or CERTIFICATE")]
    NoPublicKey {
        /// What was found instead, e.g. "an empty file".
        found: String,
    },
    /// There is a private key where a public one was expected.
    #[error("a private key where a public key was expected: extract it with `openssl pkey -in FILE -pubout`")]
    PrivateKey,
    /// There are several keys in the PEM text, and nothing says which is meant.
    #[error("{0} keys in one file: keep the one that is meant")]
    Several(usize),
    /// The private key is encrypted.
    #[error(
        "the private key is encrypted: decrypt it with `openssl pkey -in FILE -out FILE.plain`, readable by the server only"
    )]
    Encrypted,
    /// The key is of this kind or size, which registries do not verify or which is not safe.
    #[error(
        "{0} is not supported: use RSA with 2048 to 4096 bits, P-256, P-384, P-521 or Ed25519, e.g. \
         `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    Unsupported(String),
    /// The PEM armour is broken.
    #[error("broken PEM: each block ends with an END line, and holds base64 only")]
    Pem,
    /// The key is damaged, or its parts do not belong together.
    #[error("the key is damaged: compare it with `openssl pkey -in FILE -check`")]
    Malformed,
    /// An algorithm that the key cannot be used with.
    #[error("{algorithm} does not go with {key}")]
    WrongAlgorithm {
        /// What was asked for.
        algorithm: Algorithm,
        /// What the key is, e.g. "a P-256 key".
        key: &'static str,
    },
    /// A JWK that is not meant for the signatures of tokens, or lacks what it takes.
    #[error("the JWK cannot verify tokens: {0}")]
    Jwk(&'static str),
    /// There is no key to trust.
    #[error("no key to trust: give the public key, a certificate or the JWK set of the issuer")]
    NothingToTrust,
    /// There are more keys than one token should be tried with.
    #[error("more than {0} keys to trust: remove those that no longer sign")]
    TooMany(usize),
}

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
