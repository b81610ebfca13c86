//! The way to the storage, on which no answer is longer than it may be.

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService, ReqwestConnector,
};
use token_auth_core::async_trait;

/// For `with_http_connector` of the builders of [`object_store`]: what the storage answers is read up to a length, be it an
/// object, a listing or the text of an error.
#[derive(Clone, Copy, Debug)]
pub struct BoundedConnector {
    answer_bytes: usize,
}

impl BoundedConnector {
    /// No answer may be longer than this, in bytes.
    pub fn new(answer_bytes: usize) -> Self {
        Self { answer_bytes }
    }
}

impl HttpConnector for BoundedConnector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Service { client, most: self.answer_bytes }))
    }
}

#[derive(Debug)]
struct Service {
    client: HttpClient,
    most: usize,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = self.client.execute(request).await?.into_parts();
        let most = self.most;
        let announced = http_body::Body::size_hint(&body).lower();
        if announced > most as u64 {
            return Err(too_long(most));
        }
        let body = Limited::new(body, most).map_err(move |error| match error.downcast::<HttpError>() {
            Ok(error) => *error,
            Err(error) if error.is::<LengthLimitError>() => too_long(most),
            Err(error) => HttpError::new(HttpErrorKind::Unknown, Shown(error)),
        });
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}

fn too_long(most: usize) -> HttpError {
    HttpError::new(HttpErrorKind::Decode, TooLong(most))
}

#[derive(Debug, thiserror::Error)]
#[error("the answer is longer than {0} bytes")]
struct TooLong(usize);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Shown(Box<dyn std::error::Error + Send + Sync>);
