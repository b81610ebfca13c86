//! The providers and the pages of the sign-in, ready to be used.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use token_auth_core::{Authenticator, BackendError, Password};

use super::common::{Common, Secret};
use super::provider::{Claims, Forge, Kind, Provider};
use super::{Pages, Providers};
use crate::config::exposed::exposed;
use crate::config::finding::{Finding, Spot};
use crate::config::token_store::{DockerPasswords, TokenStoreConfig};
use crate::config::tokens::LocatedTokens;
use crate::config::{Assembly, Config};
use crate::http_client::HttpOptions;
use crate::named_file;
use crate::oauth2::{
    GitHub, GitHubOptions, GitLab, GitLabOptions, IdentityProvider, Oidc, OidcOptions, Registration,
    SealingKeys, SignInOffer, SignInPages, SignInSource,
};
use crate::token_store::redb::RedbTokenStore;

pub(super) fn join(config: &mut Config, assembly: &mut Assembly) {
    let sources = sources(config, assembly);
    if let (Some(tokens), false) = (&config.tokens, assembly.has_errors())
        && let Some((legacy, spot)) = docker_auth(tokens, &sources, assembly)
    {
        assembly.authenticator("legacy", legacy, &spot);
        return;
    }
    for (source, spot) in sources {
        assembly.authenticator(source.id().clone(), source, &spot);
    }
}

/// In the place of the only provider, docker_auth's passwords of its users, if they are good. docker_auth does not note at which
/// of several providers someone has signed in.
fn docker_auth(
    located: &LocatedTokens,
    providers: &[(SignInSource, Spot)],
    assembly: &mut Assembly,
) -> Option<(Arc<dyn Authenticator>, Spot)> {
    let TokenStoreConfig::Served { store } = &located.tokens.store else { return None };
    match (store.docker_passwords(), providers) {
        (DockerPasswords::Refused, _) => None,
        (_, [(provider, spot)]) => {
            let source = store.docker_auth(Arc::clone(assembly.verifier()), provider.clone());
            assembly.take(source, &located.store).map(|source| (source, spot.clone()))
        }
        (DockerPasswords::Offered, _) => None,
        (DockerPasswords::Wanted, _) => {
            assembly.error(located.store.finding(
                "`docker_passwords` needs exactly one provider to sign in at: docker_auth does not note which of them has let \
                 someone in",
            ));
            None
        }
    }
}

/// Reads secrets and keys of the providers, and makes the pages. The sources are in docker_auth's order, each with the place of
/// its id.
fn sources(config: &Config, assembly: &mut Assembly) -> Vec<(SignInSource, Spot)> {
    let none = Vec::new();
    let (Some(Providers(providers)), Some(stored)) = (config.part(), assembly.stored_tokens().cloned())
    else {
        return none;
    };
    let (Some(LocatedTokens { tokens, .. }), Some(first)) = (&config.tokens, providers.first()) else {
        return none;
    };
    let default = Pages::default();
    let configured_pages = config.part::<Pages>().unwrap_or(&default);
    let own = &configured_pages.key_file;
    let Some(key_file) = own.clone().or_else(|| tokens.store.file().map(beside)) else {
        let missing = "needs `sign_in.key_file`: servers that share a store of tokens share the key, too";
        assembly.error(first.spot.finding(missing));
        return none;
    };
    let store = tokens.store.file().filter(|_| own.is_none());
    let keys = sealing_keys(&key_file, store, assembly.is_examined());
    let keys =
        assembly.take(keys.map_err(|problem| format!("{}: {problem}", key_file.display())), &first.spot);
    // One that the configuration names is looked at with the others there.
    if let (Some(_), Some(exposed)) = (store, exposed(&key_file)) {
        assembly.warn(first.spot.finding(format!("{} {exposed}", key_file.display())));
    }
    assembly.watch(key_file);
    let (mut sources, mut offers) = (Vec::new(), Vec::new());
    for provider in providers {
        match (ready(provider), &keys) {
            (Ok(ready), Some(keys)) => {
                let name = &provider.common.source;
                let source =
                    SignInSource::new(name.id.clone(), ready, Arc::clone(stored.store()), keys.clone());
                let source = configured(source, &provider.common);
                offers.push(offer(source.clone(), provider));
                assembly.can_meet(name);
                sources.push((source, name.spot.clone()));
            }
            (Err(problem), _) => assembly.error(problem),
            (Ok(_), None) => {}
        }
    }
    let (Some(keys), false) = (keys, assembly.has_errors()) else { return none };
    let mut options = configured_pages.options.clone();
    if options.public_url.is_none() {
        options.public_url = providers.iter().find_map(Provider::public_url);
    }
    options.path_prefix.clone_from(&config.server.path_prefix);
    options.issuer.clone_from(&config.token.issuer);
    options.tls = config.server.tls.is_some();
    options.addresses = config.server.addresses();
    if let Some(policy) = &tokens.personal {
        options.token_lifetime = policy.max_lifetime;
    }
    if options.public_url.is_none() && !options.tls {
        assembly.warn(first.spot.finding(
            "needs `sign_in.public_url` behind a proxy that ends TLS: without it, cookies of the sign-in go over plain HTTP, too",
        ));
    }
    assembly.provide_last(|accounts| SignInPages::new(offers, accounts, stored, keys, options));
    sources
}

fn configured(source: SignInSource, common: &Common) -> SignInSource {
    let source = source.with_account_prefix(common.source.account_prefix.as_str());
    match common.revalidate_after {
        Some(after) => source.with_revalidation(after),
        None => source,
    }
}

fn offer(source: SignInSource, provider: &Provider) -> SignInOffer {
    let common = &provider.common;
    let offer = SignInOffer::new(source, common.name.as_str());
    let offer = match (&common.redirect_url, &provider.kind) {
        (Some(url), _) => offer.with_redirect_url(url.as_str()),
        // docker_auth's way: what is registered there counts.
        (None, Kind::GitHub(_)) => offer.with_registered_redirect_url(),
        (None, _) => offer,
    };
    match &common.registry {
        Some(registry) => offer.with_registry(registry.as_str()),
        None => offer,
    }
}

fn ready(provider: &Provider) -> Result<Arc<dyn IdentityProvider>, Finding> {
    let Common { source, client_id, client_secret, ca_certificate, http_timeout, .. } = &provider.common;
    let read = |path: &PathBuf, spot: &Spot| {
        named_file::read(path, named_file::PEM_BYTES)
            .map_err(|error| spot.finding(format!("{}: {error}", path.display())))
    };
    let client_secret = match client_secret {
        Secret::Here(secret) => secret.clone(),
        Secret::File(path, spot) => {
            let text = String::from_utf8(read(path, spot)?).map(|text| text.trim().to_owned());
            let text = text.ok().filter(|text| !text.is_empty());
            let empty = || spot.finding(format!("{}: holds no secret", path.display()));
            Password::new(text.ok_or_else(empty)?)
        }
    };
    let mut http = HttpOptions::default();
    replace(&mut http.timeout, http_timeout);
    if let Some((path, spot)) = ca_certificate {
        http.certificates = Some(read(path, spot)?);
    }
    let registration = Registration { client_id: client_id.clone(), client_secret };
    let oidc = |options| match Oidc::new(source.id.as_str(), options) {
        Ok(oidc) => Ok(Arc::new(oidc) as Arc<dyn IdentityProvider>),
        Err(error) => Err(provider.spot.finding(error.to_string())),
    };
    let failed = |error: BackendError| provider.spot.finding(error.to_string());
    match &provider.kind {
        Kind::Oidc { issuer, oidc: claims } => {
            oidc(with_claims(OidcOptions::new(issuer.as_str(), registration), claims, http))
        }
        Kind::Google { domain, oidc: claims, issuer } => {
            let mut options = with_claims(OidcOptions::google(registration, domain.clone()), claims, http);
            replace(&mut options.issuer, issuer);
            oidc(options)
        }
        Kind::GitHub(Forge { organization, web, api, scopes }) => {
            let mut options = GitHubOptions::new(registration, organization.clone());
            replace(&mut options.web, web);
            replace(&mut options.api, api);
            replace(&mut options.scopes, scopes);
            options.http = http;
            Ok(Arc::new(GitHub::new(source.id.as_str(), options).map_err(failed)?))
        }
        Kind::GitLab(Forge { organization, web, api, scopes }) => {
            let mut options = GitLabOptions::new(registration, organization.clone());
            replace(&mut options.web, web);
            replace(&mut options.api, api);
            replace(&mut options.scopes, scopes);
            options.http = http;
            Ok(Arc::new(GitLab::new(source.id.as_str(), options).map_err(failed)?))
        }
    }
}

fn with_claims(mut options: OidcOptions, claims: &Claims, http: HttpOptions) -> OidcOptions {
    replace(&mut options.scopes, &claims.scopes);
    replace(&mut options.user_claim, &claims.user_claim);
    replace(&mut options.dangerous_unverified_email, &claims.dangerous_unverified_email);
    replace(&mut options.label_claims, &claims.label_claims);
    replace(&mut options.clock_skew, &claims.clock_skew);
    replace(&mut options.discovery_ttl, &claims.discovery_ttl);
    options.http = http;
    options
}

fn replace<T: Clone>(usual: &mut T, configured: &Option<T>) {
    if let Some(configured) = configured {
        usual.clone_from(configured);
    }
}

/// `tokens.redb` has its key in `tokens.redb.key`.
fn beside(token_db: &Path) -> PathBuf {
    let mut name = token_db.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// The keys in the file; a store of this machine in which nothing is sealed yet gets a file of its own, beside it.
fn sealing_keys(file: &Path, beside: Option<&Path>, examine: bool) -> Result<SealingKeys, String> {
    if let Some(store) = beside
        && !file.exists()
    {
        if examine {
            return SealingKeys::random().map_err(|error| error.to_string());
        }
        let sealed = RedbTokenStore::open(store).map_err(|error| error.to_string())?.has_blobs();
        if sealed.map_err(|error| error.to_string())? {
            return Err(format!(
                "is not there, and what is sealed in {store} cannot be read without it. Put it back from where {store} came \
                 from; or make a new one (`(umask 077; openssl rand -base64 32 > {file})`), which ends all tokens of those who have signed in",
                store = store.display(),
                file = file.display(),
            ));
        }
        let key = SealingKeys::generate().map_err(|error| error.to_string())?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(file).and_then(|mut file| file.write_all(key.as_bytes()));
        written.map_err(|error| error.to_string())?;
    }
    let text = named_file::read_text(file, named_file::SECRET_BYTES).map_err(|error| error.to_string())?;
    SealingKeys::from_text(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use token_auth_core::{BlobKey, BlobStore as _};

    use super::*;

    #[tokio::test]
    async fn a_store_that_has_lost_its_key_is_given_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("tokens.redb");
        let (key, away) = (beside(&store), folder.path().join("away"));
        let open = RedbTokenStore::open(&store).unwrap();
        sealing_keys(&key, Some(&store), false).unwrap();
        fs::remove_file(&key).unwrap();
        sealing_keys(&key, Some(&store), false).unwrap();
        let key_of_blob = BlobKey::Sessions { account: "alice".to_owned() };
        open.write_blob(&key_of_blob, None, b"sealed").await.unwrap();
        sealing_keys(&key, Some(&store), false).unwrap();
        fs::rename(&key, &away).unwrap();
        let why = sealing_keys(&key, Some(&store), false).err().unwrap();
        assert!(why.contains("Put it back") && why.contains("make a new one"), "{why}");
        assert!(!key.exists());
        fs::rename(&away, &key).unwrap();
        sealing_keys(&key, Some(&store), false).unwrap();
    }
}
