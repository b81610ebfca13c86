//! Which registries accept the tokens of a configuration, why others do not, and what to give them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use token_auth_backends::config::{Config, ConfigOptions, ListenAddress, Loaded, ServerConfig};
use token_auth_backends::core::token::{Algorithm, Claims, PublicKey};
use token_auth_backends::registry::{Registry, RegistryRefusal, RegistrySetup, RegistryTrust, TrustForm};

use crate::cli::Doctor;
use crate::keys;

/// Examines a configuration, tells of it, and writes what registries need.
pub(crate) fn run(options: &Doctor) -> Result<()> {
    let reading = if options.lenient { ConfigOptions::lenient() } else { ConfigOptions::default() };
    let loaded = Config::load(&options.config, &reading.examining().with_settle_time(Duration::ZERO))?;
    for note in &loaded.notes {
        println!("note: {note}");
    }
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
    let listed = (!options.signing_algorithm.is_empty()).then_some(&*options.signing_algorithm);
    let examined = Examined { loaded: &loaded, service: &service, token: &token, listed, now };
    let verdicts: Vec<RegistryVerdict> = registries.iter().map(|registry| examined.by(*registry)).collect();
    verdicts.iter().for_each(RegistryVerdict::tell);
    if let Some(folder) = &options.write {
        let realm = options.realm.clone().unwrap_or_else(|| {
            let realm = guessed_realm(&loaded.server);
            println!("note: the realm {realm} is a guess: say with --realm how clients reach /auth");
            realm
        });
        let block = Block { realm: &realm, service: &service, issuer: loaded.service.issuer() };
        write(folder, options.overwrite, &block, &verdicts, &loaded.trust)?;
    }
    let refusing: Vec<&str> =
        verdicts.iter().filter(|verdict| !verdict.accepts()).map(|verdict| verdict.registry.name()).collect();
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

/// What registries are asked about.
struct Examined<'a> {
    loaded: &'a Loaded,
    service: &'a str,
    token: &'a str,
    /// What `signingalgorithms` of distribution 3 lists.
    listed: Option<&'a [Algorithm]>,
    now: SystemTime,
}

impl Examined<'_> {
    fn by(&self, registry: Registry) -> RegistryVerdict {
        let loadable = self.loaded.trust.loadable_by(registry);
        let verify = |form, trust| {
            let (issuer, service) = (self.loaded.service.issuer(), self.service);
            let setup = RegistrySetup { registry, form, trust, issuer, service, algorithms: self.listed };
            setup.verify(self.token, self.now)
        };
        let forms = [TrustForm::Certificates, TrustForm::Jwks].into_iter();
        let forms = forms.filter(|form| registry.takes(*form)).map(|form| Judged {
            form,
            configured: verify(form, &self.loaded.trust),
            loadable: verify(form, &loadable),
        });
        RegistryVerdict { registry, forms: forms.collect(), loadable: loadable.certificates_pem() }
    }
}

/// What a registry makes of the token, given what it must trust in one form.
struct Judged {
    form: TrustForm,
    /// All that the configuration has.
    configured: Result<(), RegistryRefusal>,
    /// What of it lets it start.
    loadable: Result<(), RegistryRefusal>,
}

/// What a registry makes of the token, by each form in which it can be given what it trusts.
struct RegistryVerdict {
    registry: Registry,
    forms: Vec<Judged>,
    /// The certificates that it can load, as a PEM file.
    loadable: String,
}

impl RegistryVerdict {
    /// The first form in which it works with what it can load.
    fn good(&self) -> Option<TrustForm> {
        self.forms.iter().find(|judged| judged.loadable.is_ok()).map(|judged| judged.form)
    }

    /// Whether it accepts without anything being left out.
    fn accepts(&self) -> bool {
        self.forms.iter().any(|judged| judged.configured.is_ok())
    }

    fn tell(&self) {
        let registry = self.registry;
        for Judged { form, configured, loadable } in &self.forms {
            let key = key_of(registry, *form);
            let said = |result: &Result<(), RegistryRefusal>| match result {
                Ok(()) => "accepts".to_owned(),
                Err(refusal @ RegistryRefusal::UnknownCertificate) => {
                    format!("refuses: {refusal} (token.x5c: false)")
                }
                Err(refusal) => format!("refuses: {refusal}"),
            };
            match configured {
                Err(refusal @ RegistryRefusal::DoesNotStart { .. }) => println!(
                    "registry {registry} with {key}: does not start: {refusal}; leave it out, as --write does, and it {}",
                    said(loadable)
                ),
                result => println!("registry {registry} with {key}: {}", said(result)),
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

/// Writes the files for those registries that accept. What several registries are given holds nothing with which one of them
/// would not start; who can load more has files of its own.
fn write(
    folder: &Path,
    overwrite: bool,
    block: &Block<'_>,
    verdicts: &[RegistryVerdict],
    trust: &RegistryTrust,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let jwks = folder.join("jwks.json");
    let mut files = vec![(jwks.clone(), serde_json::to_string_pretty(&trust.jwks())? + "\n")];
    let good: Vec<&RegistryVerdict> = verdicts.iter().filter(|verdict| verdict.good().is_some()).collect();
    let common = good.iter().fold(trust.clone(), |trust, verdict| trust.loadable_by(verdict.registry));
    let mut groups: Vec<(String, Vec<&RegistryVerdict>)> = vec![(common.certificates_pem(), Vec::new())];
    for verdict in good {
        match groups.iter_mut().find(|(certificates, _)| *certificates == verdict.loadable) {
            Some((_, group)) => group.push(verdict),
            None => groups.push((verdict.loadable.clone(), vec![verdict])),
        }
    }
    let all_of_one = groups.len() == 2 && groups.first().is_some_and(|(_, group)| group.is_empty());
    for (at, (certificates, group)) in groups.into_iter().enumerate() {
        let names: Vec<&str> = group.iter().map(|verdict| verdict.registry.name()).collect();
        let suffix = if at == 0 || all_of_one { String::new() } else { format!("-{}", names.join("-")) };
        if at == 0 && all_of_one {
            continue;
        }
        if !suffix.is_empty() {
            println!("note: {} can load more certificates, and has files of its own", names.join(" and "));
        }
        let bundle = folder.join(format!("rootcertbundle{suffix}.pem"));
        files.push((bundle.clone(), certificates));
        let (zot, distribution): (Vec<&RegistryVerdict>, Vec<&RegistryVerdict>) =
            group.into_iter().partition(|verdict| verdict.registry == Registry::Zot);
        let forms: Vec<TrustForm> = distribution.iter().filter_map(|verdict| verdict.good()).collect();
        if !forms.is_empty() {
            let given = [(TrustForm::Certificates, &bundle), (TrustForm::Jwks, &jwks)];
            let given = given.into_iter().filter(|(form, _)| forms.contains(form));
            let algorithms = distribution.iter().any(|verdict| verdict.registry != Registry::V2);
            let algorithms = algorithms.then(|| trust.algorithms());
            let text = distribution_block(block, given, algorithms.as_deref());
            files.push((folder.join(format!("registry-auth{suffix}.yml")), text));
        }
        if !zot.is_empty() {
            files.push((folder.join("zot-auth.json"), zot_block(block, &bundle)?));
        }
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
    algorithms: Option<&[Algorithm]>,
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
    if let Some(algorithms) = algorithms {
        // 2.8 passes the key over; 3.x then takes nothing that is signed in another way.
        let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
        text += &format!("    signingalgorithms: [{}]\n", names.join(", "));
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
