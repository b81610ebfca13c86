//! Where the keys of an issuer of workload identities are.

use std::fmt;
use std::path::PathBuf;

use http::Uri;
use http::header::HeaderValue;
use serde::Deserialize;
use token_auth_core::async_trait;
use token_auth_core::token::TrustedKeys;

use crate::http_client::{HttpClient, HttpOptions, check, check_named};
use crate::issuer::{KeysError, Publisher, discovery_url, get};
use crate::named_file;

/// Where the keys of an issuer are asked for.
#[derive(Clone)]
pub(super) struct Remote {
    pub(super) client: HttpClient,
    issuer: String,
    /// Trusted beside those of the system.
    certificates: Option<Vec<u8>>,
    issuer_uri: Uri,
    /// Where the key set is; the issuer's discovery document says it otherwise.
    url: Option<Uri>,
    loopback_http: bool,
    /// A credential for the issuer: Kubernetes asks for one.
    token_file: Option<PathBuf>,
}

impl Remote {
    pub(super) fn new(
        issuer: &str,
        url: Option<&str>,
        loopback_http: bool,
        token_file: Option<PathBuf>,
        options: &HttpOptions,
    ) -> Result<Self, KeysError> {
        let url = url.map(|url| check(url, loopback_http)).transpose()?;
        let issuer_uri = match &url {
            // Then the issuer is a name, and need not be an address.
            Some(url) => url.clone(),
            None => check(issuer, loopback_http)?,
        };
        let client = HttpClient::new(options)?;
        let certificates = options.certificates.clone();
        Ok(Self {
            client,
            issuer: issuer.to_owned(),
            certificates,
            issuer_uri,
            url,
            loopback_http,
            token_file,
        })
    }

    /// Whether the same keys are found there, and believed for the same reason.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let of = |remote: &Self| {
            let Self { issuer, certificates, url, loopback_http, .. } = remote.clone();
            (issuer, certificates, url, loopback_http)
        };
        of(self) == of(other)
    }

    /// OpenID Connect Discovery 1.0, section 4: the document names its issuer, and where the keys are.
    async fn discover(&self) -> Result<Uri, KeysError> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let url = check(&discovery_url(&self.issuer), self.loopback_http)?;
        let document = self.get("the discovery document", url).await?;
        let document: Document = serde_json::from_slice(&document).map_err(|_| KeysError::NoDiscovery)?;
        if document.issuer != self.issuer {
            return Err(KeysError::OtherIssuer);
        }
        Ok(check_named(&document.jwks_uri, &self.issuer_uri, self.loopback_http)?)
    }

    async fn get(&self, what: &'static str, url: Uri) -> Result<Vec<u8>, KeysError> {
        let credential = match &self.token_file {
            // It goes where the configuration says, and not where a document leads.
            Some(file) if url.authority() == self.issuer_uri.authority() => Some(read(file.clone()).await?),
            _ => None,
        };
        get(&self.client, what, url, credential).await
    }
}

#[async_trait]
impl Publisher for Remote {
    type Published = TrustedKeys;

    async fn fetch(&self) -> Result<TrustedKeys, KeysError> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        Ok(TrustedKeys::from_json(&self.get("the key set", url).await?)?)
    }

    fn issuer(&self) -> &str {
        &self.issuer
    }
}

/// `Bearer` and what the file holds now: Kubernetes writes it anew before it expires.
async fn read(file: PathBuf) -> Result<HeaderValue, KeysError> {
    let text = tokio::task::spawn_blocking(move || named_file::read_text(&file, named_file::SECRET_BYTES))
        .await
        .map_err(|_| KeysError::TokenFile(std::io::ErrorKind::Other.into()))?
        .map_err(KeysError::TokenFile)?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
        .map_err(|_| KeysError::TokenFile(std::io::ErrorKind::InvalidData.into()))?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("issuer", &self.issuer).field("url", &self.url).finish_non_exhaustive()
    }
}
