//! One document of an issuer.

use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use http::{Request, Uri};

use super::KeysError;
use crate::http_client::HttpClient;

/// Where an issuer's discovery document is (OpenID Connect Discovery 1.0, section 4.1).
pub(crate) fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// A document, by what the log calls it.
pub(crate) async fn get(
    client: &HttpClient,
    what: &'static str,
    url: Uri,
    credential: Option<HeaderValue>,
) -> Result<Vec<u8>, KeysError> {
    let mut request = Request::get(url).header(ACCEPT, "application/json");
    if let Some(credential) = credential {
        request = request.header(AUTHORIZATION, credential);
    }
    // The parts are good: what could fail was checked before.
    let request = request.body(Vec::new()).map_err(|_| KeysError::NoDiscovery)?;
    let answer = client.send(request).await?;
    match answer.status().as_u16() {
        200 => Ok(answer.into_body()),
        status => Err(KeysError::Status { what, status }),
    }
}
