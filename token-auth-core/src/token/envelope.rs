//! Everything of a token but its claims and its signature.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

use super::claims::BACKDATE;
use super::material::Material;
use super::{Algorithm, CertificateChain, Claims, KeyIdKind, PublicKey, SignerError};
use super::{certificate, der};
use crate::unix_seconds;

/// How much younger than a token's `iat`, which is backdated, a certificate may be, in seconds: what registries allow.
const YOUNGER: u64 = 60;

/// Everything of a token but its claims and its signature: how its header announces the key.
///
/// A [`Signer`](super::Signer) has one. By itself it serves a signer that keeps its key elsewhere, in a KMS or an HSM: that
/// signs [`signing_input`](Self::signing_input), and [`seal`](Self::seal)s it; [`seal_der`](Self::seal_der) if it answers
/// ECDSA in DER, as the usual key management services do.
///
/// ```
/// use token_auth_core::token::{Claims, Envelope, PublicKey, SignerError};
///
/// fn remote_signature(input: &[u8]) -> Vec<u8> {
///     // What the KMS answers: for ECDSA r and s, each in its full length (RFC 7518, section 3.4).
///     # vec![0; 64]
/// }
///
/// fn sign(public: PublicKey, claims: &Claims) -> Result<String, SignerError> {
///     let envelope = Envelope::new(public);
///     let input = envelope.signing_input(claims)?;
///     let signature = remote_signature(input.as_bytes());
///     envelope.seal(input, &signature)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Envelope {
    key: PublicKey,
    key_id: KeyIdKind,
    chain: Option<CertificateChain>,
    /// The header with the key id alone, in base64url.
    plain: Box<str>,
    certified: Option<Certified>,
}

#[derive(Clone, Debug)]
struct Certified {
    /// The header with certificates, in base64url.
    header: Box<str>,
    /// From when until when all that it carries is valid, in Unix seconds.
    validity: (u64, u64),
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: Algorithm,
    kid: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    x5c: Vec<String>,
}

impl Envelope {
    /// Tokens announce the key by its libtrust id.
    pub fn new(key: PublicKey) -> Self {
        let mut envelope =
            Self { key, key_id: KeyIdKind::Libtrust, chain: None, plain: Box::default(), certified: None };
        envelope.write_headers();
        envelope
    }

    /// Tokens announce the key by this id.
    #[must_use]
    pub fn with_key_id(mut self, kind: KeyIdKind) -> Self {
        self.key_id = kind;
        self.write_headers();
        self
    }

    /// Tokens carry these certificates, as long as they are all valid when the token is signed, or will be within a minute of its
    /// `iat`; the key id alone otherwise, because to a registry an expired certificate is final, while an id is not. A self-signed root at
    /// the end is left out: whoever trusts it has it.
    ///
    /// # Errors
    ///
    /// When the first certificate is not that of the key.
    pub fn with_certificates(mut self, chain: CertificateChain) -> Result<Self, SignerError> {
        chain.check_key(&self.key)?;
        self.chain = Some(chain);
        self.write_headers();
        Ok(self)
    }

    /// The key that verifies the tokens.
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// By which of its ids tokens announce the key.
    pub fn key_id(&self) -> KeyIdKind {
        self.key_id
    }

    /// The certificates that it was given.
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.chain.as_ref()
    }

    /// Whether tokens that are made at that time carry certificates.
    pub fn carries_certificates(&self, now: SystemTime) -> bool {
        self.is_certified(backdated(now))
    }

    /// The header of tokens that are made at that time, in base64url.
    pub fn header(&self, now: SystemTime) -> &str {
        self.header_issued(backdated(now))
    }

    /// The header and the claims, as they are signed (RFC 7515, section 5.1).
    ///
    /// # Errors
    ///
    /// Not with claims as they are today.
    pub fn signing_input(&self, claims: &Claims) -> Result<String, SignerError> {
        let mut payload = Vec::with_capacity(256 + 96 * claims.access.len());
        serde_json::to_writer(&mut payload, claims).map_err(|_| SignerError::Signature)?;
        let header = self.header_issued(claims.issued_at);
        let length =
            header.len() + base64_len(payload.len()) + base64_len(self.key.material().signature_len()) + 2;
        let mut token = String::with_capacity(length);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        Ok(token)
    }

    /// The token, made of what was signed and the signature. ECDSA signatures are `r` and `s`, each in its full length
    /// (RFC 7518, section 3.4), not ASN.1.
    ///
    /// # Errors
    ///
    /// When the signature is longer or shorter than those of the key are.
    pub fn seal(&self, mut signing_input: String, signature: &[u8]) -> Result<String, SignerError> {
        let (found, expected) = (signature.len(), self.key.material().signature_len());
        if found != expected {
            return Err(SignerError::SignatureLength { found, expected });
        }
        signing_input.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut signing_input);
        Ok(signing_input)
    }

    /// The same with an ECDSA signature in ASN.1's DER (RFC 3279, section 2.2.3), which is what AWS KMS, Google Cloud KMS,
    /// OpenSSL and PKCS#11 tools answer.
    ///
    /// # Errors
    ///
    /// When it is not such a signature by a key of this curve, or the key is of another kind: those have no DER form.
    pub fn seal_der(&self, signing_input: String, signature: &[u8]) -> Result<String, SignerError> {
        let Material::Ec { x, .. } = self.key.material() else { return Err(SignerError::SignatureDer) };
        let fixed = der::ecdsa_signature(signature, x.len()).ok_or(SignerError::SignatureDer)?;
        self.seal(signing_input, &fixed)
    }

    fn header_issued(&self, issued_at: u64) -> &str {
        match &self.certified {
            Some(certified) if self.is_certified(issued_at) => &certified.header,
            _ => &self.plain,
        }
    }

    fn is_certified(&self, issued_at: u64) -> bool {
        self.certified.as_ref().is_some_and(|Certified { validity: (from, until), .. }| {
            *from <= issued_at.saturating_add(YOUNGER)
                && issued_at.saturating_add(BACKDATE.as_secs()) <= *until
        })
    }

    fn write_headers(&mut self) {
        let kid = self.key_id.of(&self.key);
        let write = |x5c| {
            let header = Header { typ: "JWT", alg: self.key.algorithm(), kid: &kid, x5c };
            // Strings and names of algorithms always have a JSON form.
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap_or_default()).into_boxed_str()
        };
        let plain = write(Vec::new());
        let certified = self.chain.as_ref().map(|chain| {
            let carried = chain.carried();
            Certified {
                header: write(carried.iter().map(|certificate| STANDARD.encode(certificate.der())).collect()),
                validity: certificate::validity(carried),
            }
        });
        (self.plain, self.certified) = (plain, certified);
    }
}

/// The `iat` of a token that is made then.
fn backdated(now: SystemTime) -> u64 {
    unix_seconds(now).saturating_sub(BACKDATE.as_secs())
}

fn base64_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}
