//! Registries' rules for tokens, written down a second time, apart from the code under test: chains are judged by openssl.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{Place, Program, Server, Token, openssl, run};

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// distribution 2.8.
    V2,
    /// distribution 3.0.
    V3_0,
    /// distribution 3.1.
    V3_1,
    /// zot.
    Zot,
}

/// A registry that has rules, and something to trust.
pub struct Verifier {
    rules: Rules,
    folder: PathBuf,
    bundle: Option<PathBuf>,
    /// Public keys in DER, by their ids.
    keys: BTreeMap<String, Vec<u8>>,
    /// The key of the first certificate.
    first: Option<Vec<u8>>,
}

impl Verifier {
    /// All of them.
    pub const RULES: [Rules; 4] = [Rules::V2, Rules::V3_0, Rules::V3_1, Rules::Zot];

    /// A registry that has these certificates (PEM), and nothing else.
    pub fn with_bundle(rules: Rules, place: &Place, pem: &str) -> Self {
        let folder = place.own_folder("verifier-");
        let bundle = folder.join("bundle.pem");
        fs::write(&bundle, pem).unwrap();
        let mut this = Self { rules, folder, bundle: Some(bundle), keys: BTreeMap::new(), first: None };
        for block in
            pem.split_inclusive("-----END CERTIFICATE-----\n").filter(|block| block.contains("BEGIN"))
        {
            let key = this.key_of_certificate(block);
            let id = match rules {
                Rules::V2 => libtrust_id(&key),
                _ => thumbprint(&key, rules),
            };
            this.keys.insert(id, key.clone());
            this.first.get_or_insert(key);
        }
        this
    }

    /// A registry that has this JWK set, and nothing else. Only distribution 3 can.
    pub fn with_jwks(rules: Rules, place: &Place, jwks: &Value) -> Self {
        assert!(matches!(rules, Rules::V3_0 | Rules::V3_1), "{rules:?} reads no JWK set");
        let folder = place.own_folder("verifier-");
        let keys = jwks["keys"].as_array().unwrap().iter();
        let keys = keys.map(|jwk| (jwk["kid"].as_str().unwrap().to_owned(), der_of_jwk(jwk))).collect();
        Self { rules, folder, bundle: None, keys, first: None }
    }

    /// What it says of a token: nothing, or why not.
    ///
    /// # Errors
    ///
    /// When it refuses.
    pub fn verify(&self, token: &Token) -> Result<(), String> {
        self.check_claims(&token.claims)?;
        let algorithm = token.header["alg"].as_str().unwrap_or_default();
        if algorithm == "EdDSA" && self.rules == Rules::V2 {
            return Err("EdDSA is not known".to_owned());
        }
        let key = self.key(&token.header)?;
        let (signed, signature) = token.text.rsplit_once('.').unwrap();
        let verification: &'static dyn VerificationAlgorithm = match (algorithm, key.len()) {
            ("RS256", _) => &RSA_PKCS1_2048_8192_SHA256,
            ("RS384", _) => &RSA_PKCS1_2048_8192_SHA384,
            ("RS512", _) => &RSA_PKCS1_2048_8192_SHA512,
            ("ES256", P256) => &ECDSA_P256_SHA256_FIXED,
            ("ES384", P384) => &ECDSA_P384_SHA384_FIXED,
            ("ES512", P521) => &ECDSA_P521_SHA512_FIXED,
            ("EdDSA", 44) => &ED25519,
            _ => return Err(format!("{algorithm} does not go with the key")),
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())?;
        let verified = UnparsedPublicKey::new(verification, key).verify(signed.as_bytes(), &signature);
        verified.map_err(|_| "the signature is wrong".to_owned())
    }

    fn check_claims(&self, claims: &Value) -> Result<(), String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let time = |name: &str| claims[name].as_u64().unwrap_or(0);
        if self.rules == Rules::Zot {
            return match () {
                () if now >= time("exp") => Err("expired".to_owned()),
                () if now < time("nbf") || now < time("iat") => Err("from the future".to_owned()),
                () => Ok(()),
            };
        }
        let audience = &claims["aud"];
        let listed = self.rules != Rules::V2
            && audience.as_array().is_some_and(|all| all.contains(&"registry".into()));
        match () {
            () if claims["iss"] != Server::ISSUER => Err("another issuer".to_owned()),
            () if *audience != "registry" && !listed => Err("another audience".to_owned()),
            () if now > time("exp") + 60 => Err("expired".to_owned()),
            () if now + 60 < time("nbf") => Err("from the future".to_owned()),
            () => Ok(()),
        }
    }

    /// The key that a token with this header must be signed with.
    fn key(&self, header: &Value) -> Result<Vec<u8>, String> {
        if self.rules == Rules::Zot {
            return Ok(self.first.clone().unwrap());
        }
        if let Some(chain) = header["x5c"].as_array().filter(|chain| !chain.is_empty()) {
            return self.key_of_chain(chain);
        }
        let id = match &header["jwk"] {
            Value::Null => header["kid"].as_str().unwrap_or_default().to_owned(),
            jwk if self.rules == Rules::V2 => libtrust_id(&der_of_jwk(jwk)),
            jwk => jwk["kid"].as_str().unwrap_or_default().to_owned(),
        };
        self.keys.get(&id).cloned().ok_or_else(|| format!("no key has the id {id}"))
    }

    fn key_of_chain(&self, chain: &[Value]) -> Result<Vec<u8>, String> {
        let pem = |der: &Value| {
            let der = STANDARD.decode(der.as_str().unwrap()).unwrap();
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                lines(&STANDARD.encode(der))
            )
        };
        let bundle = self.bundle.as_ref().ok_or("there are no certificates to trust")?;
        let leaf = pem(&chain[0]);
        fs::write(self.folder.join("leaf.pem"), &leaf).unwrap();
        let mut verify = Program::OPENSSL.command();
        verify.args(["verify", "-partial_chain", "-no-CApath", "-CAfile"]).arg(bundle);
        if chain.len() > 1 {
            fs::write(self.folder.join("others.pem"), chain[1..].iter().map(pem).collect::<String>())
                .unwrap();
            verify.args(["-untrusted", "others.pem"]);
        }
        verify.arg("leaf.pem").current_dir(&self.folder);
        let verified = run(&mut verify, "");
        match verified.status.success() {
            true => Ok(self.key_of_certificate(&leaf)),
            false => Err(verified.stderr),
        }
    }

    fn key_of_certificate(&self, pem: &str) -> Vec<u8> {
        fs::write(self.folder.join("one.pem"), pem).unwrap();
        let public = openssl(&self.folder, &["x509", "-in", "one.pem", "-noout", "-pubkey"]).ok().stdout;
        let base64: String = public.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(base64).unwrap()
    }
}

/// The lengths of public keys on these curves, in DER.
const P256: usize = 91;
const P384: usize = 120;
const P521: usize = 158;

/// SHA-256 of the DER form, its first 240 bits in base32, in groups of four.
fn libtrust_id(der: &[u8]) -> String {
    let bits: String = digest(&SHA256, der).as_ref()[..30].iter().map(|byte| format!("{byte:08b}")).collect();
    let digit =
        |at: usize| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from_str_radix(&bits[at..at + 5], 2).unwrap()];
    let digits: Vec<u8> = (0..bits.len()).step_by(5).map(digit).collect();
    let groups: Vec<_> = digits.chunks(4).map(|group| String::from_utf8(group.to_vec()).unwrap()).collect();
    groups.join(":")
}

/// RFC 7638, with what 3.0 and 3.1 make of it.
fn thumbprint(der: &[u8], rules: Rules) -> String {
    let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let stripped = |bytes: &[u8]| base64(&bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]);
    let curve = |name, length: usize| {
        let (x, y) = der[der.len() - 2 * length..].split_at(length);
        // All keys of a curve have the id of its generator; which one that is does not matter here.
        match rules {
            Rules::V3_0 => format!("generator of {name}"),
            _ => format!(r#"{{"crv":"{name}","kty":"EC","x":"{}","y":"{}"}}"#, stripped(x), stripped(y)),
        }
    };
    let jwk = match der.len() {
        P256 => curve("P-256", 32),
        P384 => curve("P-384", 48),
        P521 => curve("P-521", 66),
        // By the id alone 3.0 does not find it.
        44 if rules == Rules::V3_0 => "none of Ed25519".to_owned(),
        44 => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64(&der[12..])),
        // Between the tags and the length of the modulus, and before the exponent 65537: 02 03 01 00 01.
        length => format!(r#"{{"e":"AQAB","kty":"RSA","n":"{}"}}"#, base64(&der[33..length - 5])),
    };
    base64(digest(&SHA256, jwk.as_bytes()).as_ref())
}

fn der_of_jwk(jwk: &Value) -> Vec<u8> {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let prefix = |hex: &str| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect::<Vec<_>>()
    };
    match (jwk["kty"].as_str().unwrap(), jwk["crv"].as_str()) {
        ("OKP", _) => [prefix("302a300506032b6570032100"), member("x")].concat(),
        ("EC", Some("P-256")) => {
            [prefix("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), member("x"), member("y")]
                .concat()
        }
        ("EC", Some("P-384")) => {
            [prefix("3076301006072a8648ce3d020106052b8104002203620004"), member("x"), member("y")].concat()
        }
        ("EC", Some("P-521")) => {
            [prefix("30819b301006072a8648ce3d020106052b810400230381860004"), member("x"), member("y")]
                .concat()
        }
        _ => {
            // 2048 bits and the usual exponent.
            let start = prefix("30820122300d06092a864886f70d01010105000382010f003082010a0282010100");
            [start, member("n"), prefix("0203010001")].concat()
        }
    }
}

fn lines(base64: &str) -> String {
    let lines: Vec<_> =
        base64.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    lines.join("\n")
}
