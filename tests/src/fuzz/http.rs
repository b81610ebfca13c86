//! HTTP requests to the token endpoint, made of pieces that mean something there.

use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use bytes::Bytes as Content;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use token_auth_core::http::TokenEndpoint;
use token_auth_core::token::{Claims, PublicKey, Sign};
use token_auth_core::{
    AccessRequest, Authn, Authz, BackendError, Credentials, Grant, Identity, TokenService, async_trait,
    authenticator_fn, authorizer_fn,
};

use super::bytes::Bytes;

const METHODS: [&str; 6] = ["GET", "POST", "HEAD", "PUT", "OPTIONS", "BREW"];
/// The password of `alice`, which no answer may hold.
const SECRET: &str = "c3VwZXJzZWNyZXQ";
const PIECES: [&str; 40] = [
    "service",
    "scope",
    "account",
    "client_id",
    "offline_token",
    "grant_type",
    "username",
    "password",
    "refresh_token",
    "subject_token",
    "subject_token_type",
    "access_type",
    "audience",
    "requested_token_type",
    "=",
    "&",
    ";",
    "%20",
    "%",
    "%zz",
    "%ff",
    "+",
    " ",
    "alice",
    "bob",
    "registry",
    SECRET,
    "true",
    "refresh_token",
    "repository:",
    "registry:catalog:*",
    "a/b",
    ":pull",
    ",push",
    "*",
    ":",
    "é",
    "\u{1}",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:token-type:id_token",
];
const SCHEMES: [&str; 8] = [
    "Basic ",
    "basic  ",
    "Bearer ",
    "Basic\t",
    "",
    "Digest ",
    "Basic YWxpY2U6YzNWd1pYSnpaV055WlhR",
    "Basic Og==",
];
const TYPES: [&str; 5] = [
    "application/x-www-form-urlencoded",
    "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8",
    "application/json",
    "",
    "multipart/form-data; boundary=x",
];

static ENDPOINT: LazyLock<TokenEndpoint> = LazyLock::new(|| {
    let users = authenticator_fn(|credentials: Credentials| async move {
        Ok(match credentials {
            Credentials::Anonymous => Authn::Accept(Identity::new("")),
            Credentials::Password { username, password }
                if username == "alice" && password.expose() == SECRET =>
            {
                Authn::Accept(Identity::new(username))
            }
            _ => Authn::Reject("wrong password".into()),
        })
    });
    // More than was asked for, of which the service keeps what was asked.
    let all = authorizer_fn(|_: &AccessRequest<'_>| {
        Authz::Grant(Grant::new(["delete", "pull", "push", "*"].into_iter().collect()))
    });
    TokenEndpoint::new(TokenService::new("Acme", users, all, Plain).unwrap())
});

/// A token that shows who got it.
struct Plain;

#[async_trait]
impl Sign for Plain {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        Ok(format!("{}|{}", claims.subject, serde_json::to_string(&claims.access).unwrap()))
    }

    fn public_keys(&self) -> Vec<PublicKey> {
        Vec::new()
    }
}

/// Whatever is asked is answered in the protocol's form, at once and without the password; only the password makes `alice`.
pub fn http(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let method: Method = bytes.choose(&METHODS).parse().unwrap();
    let query = bytes.join(24, &PIECES);
    let mut request = Request::builder().method(&method).uri(format!("/auth?{}", as_target(&query)));
    let mut proved = false;
    for _ in 0..bytes.below(3) {
        let value = format!("{}{}", bytes.choose(&SCHEMES), bytes.join(3, &PIECES));
        proved |= value.contains("YWxpY2U6");
        if let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes()) {
            request = request.header("authorization", value);
        }
    }
    let kind = bytes.choose(&TYPES);
    if !kind.is_empty() {
        request = request.header("content-type", kind);
    }
    let form = bytes.join(24, &PIECES);
    proved |= form.contains(SECRET);
    // A scope is no secret: one that cannot be read is said in the answer.
    let is_said_as_scope = [&query, &form]
        .into_iter()
        .flat_map(|text| text.split('&'))
        .any(|pair| pair.starts_with("scope") && pair.contains(SECRET));
    let request = request.body(Full::new(Content::from(form))).unwrap();

    let (parts, body) = at_once(ENDPOINT.respond(request)).into_parts();
    let body = at_once(body.collect()).unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let text = body.to_string();
    assert!(is_said_as_scope || !text.contains(SECRET), "{text}");
    match parts.status.as_u16() {
        200 => {
            let token = body["token"].as_str().or(body["access_token"].as_str()).unwrap();
            let account = token.split('|').next().unwrap();
            assert!(account.is_empty() || (account == "alice" && proved), "{token}");
            assert!(matches!(method, Method::GET | Method::POST));
        }
        400 | 401 | 405 | 413 | 414 | 415 | 429 | 431 => {
            assert!(body["errors"][0]["code"].as_str().is_some_and(|code| !code.is_empty()), "{text}");
        }
        status => panic!("{status}: {text}"),
    }
}

/// As an HTTP library would let it through.
fn as_target(text: &str) -> String {
    text.replace(' ', "%20").replace('\u{1}', "%01").replace('é', "%C3%A9")
}

/// The result of a future that waits for nothing.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("waits for something"),
    }
}
