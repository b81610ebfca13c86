//! How a server speaks TLS: names of versions, curves and cipher suites as Go has them.

use super::field::Field;
use super::key_pair::KeyPair;
use super::section::Section;

/// TLS of the server. What is not configured is the TLS library's default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsConfig {
    /// Certificate and key.
    pub key_pair: KeyPair,
    /// The oldest version to speak.
    pub minimum: TlsVersion,
    /// Key exchange groups in the order of preference; empty for the default.
    pub curves: Vec<Curve>,
    /// Cipher suites of TLS 1.2; empty for the default. Those of TLS 1.3 are always on.
    pub cipher_suites: Vec<CipherSuite>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

/// A group for the key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub enum Curve {
    X25519,
    P256,
    P384,
}

/// A cipher suite of TLS 1.2 with forward secrecy and authenticated encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub enum CipherSuite {
    EcdheEcdsaAes128GcmSha256,
    EcdheEcdsaAes256GcmSha384,
    EcdheEcdsaChacha20Poly1305,
    EcdheRsaAes128GcmSha256,
    EcdheRsaAes256GcmSha384,
    EcdheRsaChacha20Poly1305,
}

impl Curve {
    /// Its name in IANA's registry of groups.
    pub fn name(self) -> &'static str {
        match self {
            Self::X25519 => "x25519",
            Self::P256 => "secp256r1",
            Self::P384 => "secp384r1",
        }
    }
}

impl CipherSuite {
    /// Its name in IANA's registry of cipher suites.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdheEcdsaAes128GcmSha256 => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            Self::EcdheEcdsaAes256GcmSha384 => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            Self::EcdheEcdsaChacha20Poly1305 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            Self::EcdheRsaAes128GcmSha256 => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            Self::EcdheRsaAes256GcmSha384 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            Self::EcdheRsaChacha20Poly1305 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        }
    }
}

/// Name as in Go's crypto/tls, number as in IANA's registry, and what it is here: `None` for what is always on.
type Table<T> = [(&'static str, u16, T)];

const VERSIONS: &Table<TlsVersion> =
    &[("TLS12", 0x0303, TlsVersion::Tls12), ("TLS13", 0x0304, TlsVersion::Tls13)];

const CURVES: &Table<Curve> =
    &[("X25519", 29, Curve::X25519), ("P256", 23, Curve::P256), ("P384", 24, Curve::P384)];

const CIPHER_SUITES: &Table<Option<CipherSuite>> = &[
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b, Some(CipherSuite::EcdheEcdsaAes128GcmSha256)),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xc02c, Some(CipherSuite::EcdheEcdsaAes256GcmSha384)),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", 0xcca9, Some(CipherSuite::EcdheEcdsaChacha20Poly1305)),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9, Some(CipherSuite::EcdheEcdsaChacha20Poly1305)),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f, Some(CipherSuite::EcdheRsaAes128GcmSha256)),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030, Some(CipherSuite::EcdheRsaAes256GcmSha384)),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", 0xcca8, Some(CipherSuite::EcdheRsaChacha20Poly1305)),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca8, Some(CipherSuite::EcdheRsaChacha20Poly1305)),
    ("TLS_AES_128_GCM_SHA256", 0x1301, None),
    ("TLS_AES_256_GCM_SHA384", 0x1302, None),
    ("TLS_CHACHA20_POLY1305_SHA256", 0x1303, None),
];

pub(super) fn read(server: &Section<'_>, key_pair: Option<KeyPair>) -> Option<TlsConfig> {
    let version = server.get("tls_min_version").filter(|field| field.text() != Some(""));
    let curves = server.get("tls_curve_preferences");
    let suites = server.get("tls_cipher_suites");
    let minimum = version.as_ref().and_then(|field| {
        named(field, VERSIONS, "TLS12 or TLS13", "TLS 1.0 and 1.1 are obsolete (RFC 8996)")
    });
    if let (Some(TlsVersion::Tls13), Some(suites)) = (minimum, &suites) {
        suites.error("cannot be combined with `tls_min_version: TLS13`: the suites of TLS 1.3 are always on");
    }
    let config = |key_pair| TlsConfig {
        key_pair,
        minimum: minimum.unwrap_or(TlsVersion::Tls12),
        curves: curves.as_ref().map(read_curves).unwrap_or_default(),
        cipher_suites: suites.as_ref().map(read_cipher_suites).unwrap_or_default(),
    };
    if let Some(key_pair) = key_pair {
        return Some(config(key_pair));
    }
    for field in [&version, &curves, &suites].into_iter().flatten() {
        field.warn("has no effect without `certificate` and `key`: the server speaks plain HTTP");
    }
    None
}

fn read_curves(field: &Field<'_>) -> Vec<Curve> {
    let reason = "P521 is not available";
    field.list(|item| named(item, CURVES, "X25519, P256 or P384", reason))
}

fn read_cipher_suites(field: &Field<'_>) -> Vec<CipherSuite> {
    let known = "a suite of ECDHE with AES-GCM or ChaCha20-Poly1305";
    let reason = "CBC, RC4, 3DES and key exchange by RSA are not secure";
    let suite = |item: &Field<'_>| {
        let suite = named(item, CIPHER_SUITES, known, reason)?;
        if suite.is_none() {
            item.warn("is a suite of TLS 1.3, and always on");
        }
        suite
    };
    field.list(suite)
}

/// By name, or by number as `0xc02f`.
fn named<T: Copy>(field: &Field<'_>, table: &Table<T>, known: &str, reason: &str) -> Option<T> {
    field.parsed(|text| {
        let number = match text.strip_prefix("0x") {
            Some(hexadecimal) => u16::from_str_radix(hexadecimal, 16).ok(),
            None => text.parse().ok(),
        };
        let wanted = |(name, value, _): &&(&str, u16, T)| *name == text || number == Some(*value);
        let unknown = || format!("must be {known}, and is {text:?}: {reason}");
        table.iter().find(wanted).map(|(_, _, meaning)| *meaning).ok_or_else(unknown)
    })
}
