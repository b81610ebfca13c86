//! Why something is no key that can be used.

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
