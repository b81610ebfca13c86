//! Makes keys, certificates and password hashes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::signature::Ed25519KeyPair;
use rcgen::{CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, RsaKeySize};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::cli::Algorithm;

/// Makes a private key and its self-signed certificate. Neither file may exist.
pub(crate) fn generate(
    key_file: &Path,
    certificate_file: &Path,
    algorithm: Algorithm,
    days: i64,
    common_name: &str,
) -> Result<()> {
    let key = match algorithm {
        Algorithm::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?,
        Algorithm::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?,
        Algorithm::Ed25519 => ed25519()?,
        Algorithm::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        Algorithm::Rsa3072 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_3072)?,
        Algorithm::Rsa4096 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_4096)?,
    };
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    // A registry whose clock is a little behind must not see a certificate from the future.
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(days);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, common_name);
    let certificate = params.self_signed(&key)?;

    let mut key_out = create(key_file, 0o600)?;
    let mut certificate_out = create(certificate_file, 0o644).inspect_err(|_| {
        // A key without its certificate would only be in the way of the next try.
        let _ = std::fs::remove_file(key_file);
    })?;
    let pem = Zeroizing::new(key.serialize_pem());
    key_out.write_all(pem.as_bytes()).with_context(|| format!("cannot write {}", key_file.display()))?;
    certificate_out
        .write_all(certificate.pem().as_bytes())
        .with_context(|| format!("cannot write {}", certificate_file.display()))
}

/// In the first version of PKCS#8: OpenSSL 3.0 reads no other.
fn ed25519() -> Result<KeyPair> {
    let pkcs8 = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1()).context("cannot make a key")?;
    Ok(KeyPair::try_from(pkcs8.as_ref())?)
}

/// Opens a new file with these permissions; one that exists is not touched.
pub(crate) fn create(path: &Path, mode: u32) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// A bcrypt hash in the form that htpasswd writes.
pub(crate) fn hash_password(password: &str, cost: u32) -> Result<String> {
    if password.is_empty() {
        bail!("the password is empty");
    }
    if password.len() > 72 || password.contains('\0') {
        bail!("bcrypt takes at most 72 bytes, none of them NUL");
    }
    let mut salt = [0; 16];
    aws_lc_rs::rand::fill(&mut salt).context("the system has no randomness")?;
    let hash = bcrypt::hash_with_salt(password, cost, salt).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(hash.format_for_version(bcrypt::Version::TwoY))
}

/// The password: twice from a terminal, or the first line of standard input.
pub(crate) fn ask_password() -> Result<Zeroizing<String>> {
    if std::io::stdin().is_terminal() {
        let first = Zeroizing::new(rpassword::prompt_password("Password: ")?);
        let second = Zeroizing::new(rpassword::prompt_password("Again: ")?);
        if first != second {
            bail!("the two passwords differ");
        }
        return Ok(first);
    }
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}
