//! The first start on an empty machine: a key, a certificate and a configuration in a folder of their own.

use std::fs::DirBuilder;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cli::Algorithm;
use crate::{keys, out};

const ISSUER: &str = "token-auth";

/// The configuration in this folder, made if it is not there yet. What is made and told holds an address, so that the
/// socket is opened before: it is handed back.
pub(crate) fn prepare(folder: &Path, listen: Option<SocketAddr>) -> Result<(PathBuf, Option<TcpListener>)> {
    let config = folder.join("config.yml");
    if config.exists() {
        return Ok((config, None));
    }
    let address = listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 5001)));
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let (key, certificate) = (folder.join("token.key"), folder.join("token.pem"));
    keys::generate(&key, &certificate, Algorithm::P256, 3650, ISSUER)?;
    let mut random = [0; 18];
    aws_lc_rs::rand::fill(&mut random).context("the system has no randomness")?;
    let password = URL_SAFE_NO_PAD.encode(random);
    let hash = keys::hash_password(&password, 10)?;
    keys::create(&config, 0o600)?.write_all(text(address, &certificate, &key, &hash).as_bytes())?;
    announce(address, &folder, &certificate, &password);
    // A password that nobody has seen is of no use: the next start makes another.
    out::written().inspect_err(|_| {
        for file in [&config, &key, &certificate] {
            // What stays behind is in the way of that start, which says so.
            let _ = std::fs::remove_file(file);
        }
    })?;
    Ok((config, Some(listener)))
}

fn text(address: SocketAddr, certificate: &Path, key: &Path, hash: &str) -> String {
    let (certificate, key) = (quoted(certificate), quoted(key));
    format!(
        "# Made at the first start. Every key of docker_auth's configuration file works here.
server:
  addr: \"{address}\"

token:
  issuer: \"{ISSUER}\"
  expiration: 900 # seconds
  certificate: {certificate}
  key: {key}
  x5c: true # tokens carry the certificate, which registries have as rootcertbundle

users:
  # Make a hash with: docker-auth hash-password
  \"admin\":
    password: \"{hash}\"

acl:
  - match: {{account: \"admin\"}}
    actions: [\"*\"]
    comment: \"The administrator has full access.\"
  - match: {{account: \"/.+/\", name: \"${{account}}/*\"}}
    actions: [\"*\"]
    comment: \"Users have full access below their own name.\"
"
    )
}

/// A path as a YAML string: single quotes, doubled inside.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}

fn announce(address: SocketAddr, folder: &Path, certificate: &Path, password: &str) {
    println!(
        "Made a key, a certificate and config.yml in {}

The administrator, shown this once:

    user      admin
    password  {password}

Paste into the registry's environment:

    REGISTRY_AUTH=token
    REGISTRY_AUTH_TOKEN_REALM=http://{address}/auth
    REGISTRY_AUTH_TOKEN_SERVICE=registry
    REGISTRY_AUTH_TOKEN_ISSUER={ISSUER}
    REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE={}

Then, with a registry at 127.0.0.1:5000:

    docker login -u admin 127.0.0.1:5000
",
        folder.display(),
        certificate.display(),
    );
}
