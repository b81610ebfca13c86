//! A bounded HTTP client, for backends that ask someone over HTTP: an identity provider, a key set.
//!
//! An answer comes whole, within a time and a size, or it is an error. Redirects are not followed: who asks an identity
//! provider names it exactly. Environment variables such as `HTTPS_PROXY` and `SSL_CERT_FILE` count.

#[cfg(any(feature = "webhook", feature = "workload"))]
mod address;
mod error;
mod identity;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use reqwest::redirect::Policy;
use reqwest::tls::Certificate;

#[cfg(any(feature = "webhook", feature = "workload"))]
pub use address::AddressError;
#[cfg(any(feature = "webhook", feature = "workload"))]
pub(crate) use address::check;
#[cfg(feature = "workload")]
pub(crate) use address::check_named;
pub use error::HttpError;
pub use identity::ClientIdentity;

/// What bounds an exchange, and whom TLS trusts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// For a whole exchange, from the look-up of the name to the last byte. Default 10 s.
    pub timeout: Duration,
    /// Bytes of an answer's content. Default 1 MiB.
    pub content_bytes: usize,
    /// Certificates in PEM that are trusted beside those of the system.
    pub certificates: Option<Vec<u8>>,
    /// Who the client is, for servers that ask for a certificate. Default: nobody.
    pub identity: Option<ClientIdentity>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), content_bytes: 1 << 20, certificates: None, identity: None }
    }
}

impl HttpOptions {
    /// The same with another time for a whole exchange.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same, where further certificates are trusted.
    #[must_use]
    pub fn with_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { certificates: Some(pem.into()), ..self }
    }

    /// The same with another bound on the content of an answer.
    #[must_use]
    pub fn with_content_bytes(self, content_bytes: usize) -> Self {
        Self { content_bytes, ..self }
    }

    /// The same, where the client shows this certificate.
    #[must_use]
    pub fn with_identity(self, identity: ClientIdentity) -> Self {
        Self { identity: Some(identity), ..self }
    }
}

/// Sends requests and reads the whole answers. Clones share their connections.
///
/// ```no_run
/// use token_auth_backends::http_client::{HttpClient, HttpOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = HttpClient::new(&HttpOptions::default())?;
/// let request = http::Request::get("https://issuer.example/.well-known/openid-configuration").body(Vec::new())?;
/// let answer = client.send(request).await?;
/// println!("{} with {} bytes", answer.status(), answer.body().len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    content_bytes: usize,
}

impl HttpClient {
    /// A client with these bounds.
    ///
    /// # Errors
    ///
    /// When the certificates cannot be read.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("token-auth/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(options.timeout)
            .timeout(options.timeout);
        if let Some(pem) = &options.certificates {
            let certificates = Certificate::from_pem_bundle(pem).map_err(HttpError::setup)?;
            if certificates.is_empty() {
                return Err(HttpError::NoCertificate);
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(identity) = &options.identity {
            builder = builder.identity(identity.inner());
        }
        let client = builder.build().map_err(HttpError::setup)?;
        Ok(Self { client, content_bytes: options.content_bytes })
    }

    /// Sends a request; whatever the status of the answer.
    ///
    /// # Errors
    ///
    /// When there is no answer within the bounds. The error names the host that was asked, and neither path nor query.
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> Result<Response<Vec<u8>>, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let failed = |error: reqwest::Error| HttpError::exchange(&host, error);
        let request = request.map(|body| reqwest::Body::from(body.into())).try_into().map_err(failed)?;
        let response = self.client.execute(request).await.map_err(failed)?;
        let (head, mut body) = Response::<reqwest::Body>::from(response).into_parts();
        let mut content = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
            if content.len() + data.len() > self.content_bytes {
                return Err(HttpError::TooLong { host, limit: self.content_bytes });
            }
            content.extend_from_slice(&data);
        }
        Ok(Response::from_parts(head, content.into()))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("content_bytes", &self.content_bytes).finish_non_exhaustive()
    }
}
