//! Which registries accept the tokens of a configuration, why others do not, and what to give them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use token_auth_backends::config::{Config, ConfigOptions, ListenAddress, Loaded, ServerConfig};
use token_auth_backends::core::token::{
    Claims, PublicKey, Refusal, Registry, RegistrySetup, RegistryTrust, TrustForm,
};

use crate::cli::Doctor;
use crate::keys;

/// Examines a configuration, tells of it, and writes what registries need.
pub(crate) fn run(options: &Doctor) -> Result<()> {
    let reading = if options.lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let loaded = Config::load(&options.config, &reading.examining())?;
    for warning in &loaded.warnings {
        println!("warning: {warning}");
    }
    let service = match &options.service {
        Some(service) => service.clone(),
        None => loaded.service.services().next().unwrap_or("registry").to_owned(),
    };
    let now = SystemTime::now();
    let token = signed(&loaded, &service, now)?;
    let keys = loaded.service.public_keys(now);
    for (at, key) in keys.iter().enumerate() {
        println!("{} {}", if at == 0 { "signs with" } else { "publishes" }, described(key));
    }
    let registries = if options.registry.is_empty() { &Registry::ALL } else { options.registry.as_slice() };
    let verdicts: Vec<Verdict> =
        registries.iter().map(|registry| Verdict::of(*registry, &loaded, &service, &token, now)).collect();
    verdicts.iter().for_each(Verdict::tell);
    if let Some(folder) = &options.write {
        let realm = options.realm.clone().unwrap_or_else(|| {
            let realm = guessed_realm(&loaded.server);
            println!("note: the realm {realm} is a guess: say with --realm how clients reach /auth");
            realm
        });
        let block = Block { realm: &realm, service: &service, issuer: loaded.service.issuer() };
        write(folder, options.overwrite, &block, &verdicts, &loaded.trust)?;
    }
    let refusing: Vec<&str> = verdicts
        .iter()
        .filter(|verdict| verdict.good().is_none())
        .map(|verdict| verdict.registry.name())
        .collect();
    match refusing.is_empty() {
        true => Ok(()),
        false => bail!("not accepted by {}", refusing.join(", ")),
    }
}

/// A token as the server would sign it now.
fn signed(loaded: &Loaded, service: &str, now: SystemTime) -> Result<String> {
    let claims = Claims::new(loaded.service.issuer(), "doctor", service, now, loaded.service.lifetime());
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(loaded.service.signer().sign(&claims)).context("cannot sign")
}

fn described(key: &PublicKey) -> String {
    format!("{}, key id {} or {}", key.algorithm(), key.libtrust_id(), key.thumbprint())
}

/// What a registry makes of the token, by each form in which it can be given what it trusts.
struct Verdict {
    registry: Registry,
    forms: Vec<(TrustForm, Result<(), Refusal>)>,
}

impl Verdict {
    fn of(registry: Registry, loaded: &Loaded, service: &str, token: &str, now: SystemTime) -> Self {
        let forms =
            [TrustForm::Certificates, TrustForm::Jwks].into_iter().filter(|form| registry.takes(*form));
        let verify = |form| {
            let issuer = loaded.service.issuer();
            RegistrySetup { registry, form, trust: &loaded.trust, issuer, service }.verify(token, now)
        };
        Self { registry, forms: forms.map(|form| (form, verify(form))).collect() }
    }

    /// The first form in which it works.
    fn good(&self) -> Option<TrustForm> {
        self.forms.iter().find(|(_, result)| result.is_ok()).map(|(form, _)| *form)
    }

    fn tell(&self) {
        let Self { registry, forms } = self;
        for (form, result) in forms {
            let key = key_of(*registry, *form);
            match result {
                Ok(()) => println!("registry {registry} with {key}: accepts"),
                Err(refusal) => {
                    let how = match refusal {
                        Refusal::UnknownCertificate => " (token.x5c: false)",
                        _ => "",
                    };
                    println!("registry {registry} with {key}: refuses: {refusal}{how}");
                }
            }
        }
    }
}

/// How the registry's configuration calls it.
fn key_of(registry: Registry, form: TrustForm) -> &'static str {
    match (registry, form) {
        (Registry::Zot, _) => "cert",
        (_, TrustForm::Certificates) => "rootcertbundle",
        (_, TrustForm::Jwks) => "jwks",
    }
}

fn guessed_realm(server: &ServerConfig) -> String {
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    let authority = match &server.address {
        ListenAddress::Tcp { host, port } if host.is_empty() => format!("127.0.0.1:{port}"),
        ListenAddress::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        ListenAddress::Tcp { host, port } => format!("{host}:{port}"),
        ListenAddress::Unix(_) => "127.0.0.1".to_owned(),
    };
    format!("{scheme}://{authority}{}/auth", server.path_prefix)
}

/// What a registry's configuration says of the token server.
struct Block<'a> {
    realm: &'a str,
    service: &'a str,
    issuer: &'a str,
}

/// Writes the files for those registries that accept.
fn write(
    folder: &Path,
    overwrite: bool,
    block: &Block<'_>,
    verdicts: &[Verdict],
    trust: &RegistryTrust,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let (bundle, jwks) = (folder.join("rootcertbundle.pem"), folder.join("jwks.json"));
    let mut files = vec![
        (bundle.clone(), trust.certificates_pem()),
        (jwks.clone(), serde_json::to_string_pretty(&trust.jwks())? + "\n"),
    ];
    let distribution = verdicts.iter().filter(|verdict| verdict.registry != Registry::Zot);
    let forms: Vec<TrustForm> = distribution.filter_map(Verdict::good).collect();
    if !forms.is_empty() {
        let given = [(TrustForm::Certificates, &bundle), (TrustForm::Jwks, &jwks)];
        let given = given.into_iter().filter(|(form, _)| forms.contains(form));
        files.push((folder.join("registry-auth.yml"), distribution_block(block, given)));
    }
    if verdicts.iter().any(|verdict| verdict.registry == Registry::Zot && verdict.good().is_some()) {
        files.push((folder.join("zot-auth.json"), zot_block(block, &bundle)?));
    }
    for (file, text) in files {
        write_file(&file, &text, overwrite)?;
        println!("wrote {}", file.display());
    }
    Ok(())
}

fn distribution_block<'a>(
    block: &Block<'_>,
    given: impl Iterator<Item = (TrustForm, &'a PathBuf)>,
) -> String {
    let Block { realm, service, issuer } = block;
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut text = format!(
        "auth:\n  token:\n    realm: {}\n    service: {}\n    issuer: {}\n",
        quoted(realm),
        quoted(service),
        quoted(issuer)
    );
    for (form, file) in given {
        let key = key_of(Registry::V3_1, form);
        text += &format!("    {key}: {}\n", quoted(&file.display().to_string()));
    }
    text
}

fn zot_block(block: &Block<'_>, certificate: &Path) -> Result<String> {
    let bearer = serde_json::json!({"realm": block.realm, "service": block.service, "cert": certificate});
    Ok(serde_json::to_string_pretty(&serde_json::json!({"http": {"auth": {"bearer": bearer}}}))? + "\n")
}

/// A registry that starts meanwhile finds the old file or the new one, never a part.
fn write_file(file: &Path, text: &str, overwrite: bool) -> Result<()> {
    use std::io::Write as _;
    let written = |path: &Path| -> Result<()> {
        let mut out = keys::create(path, 0o644)?;
        out.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    };
    if !overwrite {
        return written(file).context("use --overwrite to replace files");
    }
    let new = file.with_extension("new");
    // Left behind by a run that was cut off.
    let _ = fs::remove_file(&new);
    written(&new)?;
    fs::rename(&new, file).with_context(|| format!("cannot replace {}", file.display()))
}
