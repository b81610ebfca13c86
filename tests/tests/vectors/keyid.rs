//! Key ids: libtrust's, the thumbprint of RFC 7638, and what registries make of it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use token_auth_backends::registry::{KeyFinding, Registry};
use token_auth_core::token::{CertificateChain, KeyError, KeyIdKind, PublicKey, Signer, SigningKey};

use super::reader::{Verdict, run};

#[derive(Deserialize)]
struct Line {
    kty: String,
    crv: Option<String>,
    alg: String,
    bits: usize,
    leading_zero_coordinate: Option<bool>,
    private_pem: String,
    public_pem: String,
    cert_pem: String,
    libtrust_kid: String,
    docker_auth_rfc7638_kid: String,
    registry_v3_0_kid: Option<String>,
    registry_v3_1_kid: Option<String>,
    rfc7638_thumbprint: String,
}

#[test]
fn keyid() {
    run("keyid", |line: Line| match judge(&line) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Differed(error.to_string()),
    });
}

fn judge(line: &Line) -> Result<Verdict, Box<dyn std::error::Error>> {
    if line.kty == "RSA" && !(2048..=4096).contains(&line.bits) {
        let (private, public, certificate) = (&line.private_pem, &line.public_pem, &line.cert_pem);
        let errors = [
            SigningKey::from_pem(private.as_bytes()).err(),
            PublicKey::from_pem(public.as_bytes()).err(),
            PublicKey::from_pem(certificate.as_bytes()).err(),
        ];
        return Ok(match errors.iter().all(|error| matches!(error, Some(KeyError::Unsupported(_)))) {
            true => Verdict::OnPurpose("an RSA key has 2048 to 4096 bits"),
            false => Verdict::Differed(format!("read as {errors:?}")),
        });
    }
    let signing = SigningKey::from_pem(line.private_pem.as_bytes())?;
    let public = PublicKey::from_pem(line.public_pem.as_bytes())?;
    let chain = CertificateChain::from_pem(line.cert_pem.as_bytes())?;
    let of_jwk = PublicKey::from_jwk(&public.to_jwk("any"))?;
    let halves =
        [signing.public_key(), &of_jwk, chain.public_keys().next().ok_or("no key in the certificate")?];
    if halves.iter().any(|half| **half != public) {
        return Ok(Verdict::Differed(
            "private key, public key and certificate are read as different keys".to_owned(),
        ));
    }
    if format!("{:?}", signing.algorithm()) != line.alg {
        return Ok(Verdict::Differed(format!("signs {:?}", signing.algorithm())));
    }
    if (public.libtrust_id(), public.thumbprint())
        != (line.libtrust_kid.clone(), line.rfc7638_thumbprint.clone())
    {
        return Ok(Verdict::Differed(format!("{} {}", public.libtrust_id(), public.thumbprint())));
    }
    let libtrust_id = Some(line.libtrust_kid.clone());
    for (registry, kid) in [
        (Registry::V2, &libtrust_id),
        (Registry::V3_0, &line.registry_v3_0_kid),
        (Registry::V3_1, &line.registry_v3_1_kid),
    ] {
        let computed = registry.key_id(&public);
        if kid.is_some() && computed != *kid {
            return Ok(Verdict::Differed(format!("{registry:?} computes {computed:?}")));
        }
    }
    let signer = Signer::new(signing)?.with_key_id(KeyIdKind::Thumbprint)?;
    let valid = chain.validity().0;
    let found = KeyFinding::of(signer.envelope(), valid);
    let codes: Vec<_> = found.iter().map(KeyFinding::code).collect();
    let right = |kid: &Option<String>| kid.as_ref().is_none_or(|kid| *kid == line.rfc7638_thumbprint);
    let expected = [
        ("elliptic-thumbprint", !right(&line.registry_v3_0_kid)),
        ("leading-zero", !right(&line.registry_v3_1_kid)),
        ("leading-zero", line.leading_zero_coordinate == Some(true)),
    ];
    for (code, wrong) in expected {
        if codes.contains(&code) != wrong {
            return Ok(Verdict::Differed(format!("told of {codes:?}")));
        }
    }
    // With a certificate no registry looks at the id.
    let certified = KeyFinding::of(signer.with_certificates(chain)?.envelope(), valid);
    if !certified.is_empty() {
        return Ok(Verdict::Differed(format!("told of {certified:?} although there is a certificate")));
    }
    if line.docker_auth_rfc7638_kid == line.rfc7638_thumbprint {
        return Ok(Verdict::Agreed);
    }
    Ok(match generators_id(line) {
        Some(id) if id == line.docker_auth_rfc7638_kid => Verdict::OnPurpose(
            "the RFC 7638 id of an EC key is the key's, not the one of its curve's generator",
        ),
        _ => {
            Verdict::Differed("docker_auth's RFC 7638 id is neither the key's nor the generator's".to_owned())
        }
    })
}

/// What docker_auth says of every key on a curve: the thumbprint of the curve's generator, without leading zeros.
fn generators_id(line: &Line) -> Option<String> {
    let (x, y) = match (line.kty.as_str(), line.crv.as_deref()?) {
        ("EC", "P-256") => (
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ),
        ("EC", "P-384") => (
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
        ("EC", "P-521") => (
            "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
            "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        ),
        _ => return None,
    };
    let number = |hex: &str| {
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
        Some(URL_SAFE_NO_PAD.encode(bytes?))
    };
    let members = format!(
        r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
        line.crv.as_deref()?,
        number(x)?,
        number(y)?
    );
    Some(URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes())))
}
