use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use token_auth_core::{Authenticator, BackendError, Password, StoredTokens};

use super::SignIn;
use super::common::{Common, Secret};
use super::provider::{Claims, Forge, Kind, Provider};
use crate::config::exposed::exposed;
use crate::config::finding::{Finding, Spot};
use crate::config::server::ServerConfig;
use crate::config::tokens::TokensConfig;
use crate::http_client::HttpOptions;
use crate::named_file;
use crate::oauth2::{
    GitHub, GitHubOptions, GitLab, GitLabOptions, IdentityProvider, Oidc, OidcOptions, PageOptions,
    Registration, SealingKeys, SignInOffer, SignInPages, SignInSource,
};
use crate::token_store::redb::RedbTokenStore;

/// Sign-in, as soon as all sources of accounts are known.
pub(in crate::config) struct Assembled {
    /// Who is asked about the accounts, in docker_auth's order, and where their ids stand.
    pub(in crate::config) sources: Vec<(SignInSource, Spot)>,
    offers: Vec<SignInOffer>,
    tokens: StoredTokens,
    keys: SealingKeys,
    options: PageOptions,
    /// What was read: when one of these changes, everything is read again.
    pub(in crate::config) files: Vec<PathBuf>,
    pub(in crate::config) warnings: Vec<Finding>,
}

impl Assembled {
    /// The pages, with the authenticator of the service.
    pub(in crate::config) fn pages(self, accounts: Arc<dyn Authenticator>) -> SignInPages {
        SignInPages::new(self.offers, accounts, self.tokens, self.keys, self.options)
    }
}

impl SignIn {
    /// Reads secrets and keys.
    pub(in crate::config) fn assemble(
        &self,
        tokens: &TokensConfig,
        stored: &StoredTokens,
        server: &ServerConfig,
        issuer: &str,
        examine: bool,
    ) -> Result<Assembled, Vec<Finding>> {
        let mut files = Vec::new();
        let mut errors = Vec::new();
        let Some(key_file) = self.key_file.clone().or_else(|| tokens.store.file().map(beside)) else {
            let missing = "needs `sign_in.key_file`: servers that share a store of tokens share the key, too";
            return Err(vec![self.spot.finding(missing)]);
        };
        let beside = tokens.store.file().filter(|_| self.key_file.is_none());
        let keys = sealing_keys(&key_file, beside, examine)
            .map_err(|problem| errors.push(self.spot.finding(format!("{}: {problem}", key_file.display()))));
        // One that the configuration names is looked at with the others there.
        let exposed = beside.and_then(|_| exposed(&key_file));
        let exposed = exposed.map(|exposed| self.spot.finding(format!("{} {exposed}", key_file.display())));
        let mut warnings = Vec::from_iter(exposed);
        files.push(key_file);
        let (mut sources, mut offers) = (Vec::new(), Vec::new());
        for provider in &self.providers {
            let read = ready(provider, &mut files);
            match (read, &keys) {
                (Ok(ready), Ok(keys)) => {
                    let source = SignInSource::new(
                        provider.common.source.id.clone(),
                        ready,
                        Arc::clone(stored.store()),
                        keys.clone(),
                    );
                    let source = configured(source, &provider.common);
                    offers.push(offer(source.clone(), provider));
                    sources.push((source, provider.common.source.spot.clone()));
                }
                (Err(problem), _) => errors.push(problem),
                (Ok(_), Err(())) => {}
            }
        }
        let (Ok(keys), true) = (keys, errors.is_empty()) else { return Err(errors) };
        let mut options = self.pages.clone();
        options.path_prefix.clone_from(&server.path_prefix);
        options.tls = server.tls.is_some();
        issuer.clone_into(&mut options.issuer);
        options.addresses = server.addresses();
        if let Some(policy) = &tokens.personal {
            options.token_lifetime = policy.max_lifetime;
        }
        if options.public_url.is_none() && !options.tls {
            warnings.push(self.spot.finding(
                "needs `sign_in.public_url` behind a proxy that ends TLS: without it, cookies of the sign-in go over plain HTTP, too",
            ));
        }
        Ok(Assembled { sources, offers, tokens: stored.clone(), keys, options, files, warnings })
    }
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

fn ready(provider: &Provider, files: &mut Vec<PathBuf>) -> Result<Arc<dyn IdentityProvider>, Finding> {
    let Common { source, client_id, client_secret, ca_certificate, http_timeout, .. } = &provider.common;
    let mut read = |path: &PathBuf, spot: &Spot| {
        files.push(path.clone());
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
