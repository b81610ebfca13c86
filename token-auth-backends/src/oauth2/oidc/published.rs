//! What a provider publishes of itself (OpenID Connect Discovery 1.0, section 3), and its keys.

use serde::Deserialize;
use token_auth_core::async_trait;
use token_auth_core::token::TrustedKeys;
use url::Url;

use crate::http_client::HttpClient;
use crate::issuer::{KeysError, Publisher, discovery_url, get};

/// A provider's endpoints, and the keys that it signs ID tokens with.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) user_info: Option<Url>,
    /// Whether the client's secret goes into the header: what a provider supports that does not say.
    pub(super) basic: bool,
    /// By their names, what ID tokens may be signed with.
    pub(super) algorithms: Vec<String>,
    pub(super) keys: TrustedKeys,
}

/// Where a provider publishes it.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) http: HttpClient,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Vec<String>,
}

impl Provider {
    async fn get(&self, what: &'static str, url: &str) -> Result<Vec<u8>, KeysError> {
        get(&self.http, what, url.parse().map_err(|_| KeysError::NoDiscovery)?, None).await
    }

    /// What was reached safely does not lead to what is not.
    fn endpoint(&self, url: &str) -> Result<Url, KeysError> {
        let url = Url::parse(url).map_err(|_| KeysError::NoDiscovery)?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if self.issuer.starts_with("http:") => Ok(url),
            "http" => Err(KeysError::WithoutTls),
            _ => Err(KeysError::NoDiscovery),
        }
    }
}

#[async_trait]
impl Publisher for Provider {
    type Published = Published;

    async fn fetch(&self) -> Result<Published, KeysError> {
        let document = self.get("the discovery document", &discovery_url(&self.issuer)).await?;
        let document: Document = serde_json::from_slice(&document).map_err(|_| KeysError::NoDiscovery)?;
        if document.issuer != self.issuer {
            return Err(KeysError::OtherIssuer);
        }
        let jwks = self.endpoint(&document.jwks_uri)?;
        let methods = document.token_endpoint_auth_methods_supported;
        Ok(Published {
            authorization: self.endpoint(&document.authorization_endpoint)?,
            token: self.endpoint(&document.token_endpoint)?,
            user_info: document.userinfo_endpoint.map(|url| self.endpoint(&url)).transpose()?,
            basic: methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")),
            algorithms: document.id_token_signing_alg_values_supported,
            keys: TrustedKeys::from_json(&self.get("the key set", jwks.as_str()).await?)?,
        })
    }

    fn issuer(&self) -> &str {
        &self.issuer
    }
}
