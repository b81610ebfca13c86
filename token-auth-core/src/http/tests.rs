use http_body_util::Full;
use serde_json::Value;

use super::*;
use crate::token::{Claims, PublicKey, Sign};
use crate::{
    AccessRequest, Authn, Authz, BackendError, Credentials, Grant, Identity, async_trait, authenticator_fn,
    authorizer_fn,
};

struct Plain;

#[async_trait]
impl Sign for Plain {
    async fn sign(&self, claims: &Claims) -> Result<String, BackendError> {
        Ok(format!("token-of-{}", claims.subject))
    }

    fn public_keys(&self) -> Vec<PublicKey> {
        Vec::new()
    }
}

fn endpoint() -> TokenEndpoint {
    let users = authenticator_fn(|credentials: Credentials| async move {
        Ok(match credentials {
            Credentials::Anonymous => Authn::Accept(Identity::new("")),
            Credentials::Password { username, password } if password.expose() == "secret" => {
                Authn::Accept(Identity::new(username))
            }
            Credentials::Password { .. } => Authn::Reject("wrong password".into()),
            _ => Authn::Abstain,
        })
    });
    let all = authorizer_fn(|request: &AccessRequest<'_>| Authz::Grant(Grant::new(request.actions.clone())));
    TokenEndpoint::new(TokenService::new("Acme", users, all, Plain).unwrap())
}

async fn send(request: http::request::Builder, body: &str) -> (u16, http::HeaderMap, Value) {
    let response = endpoint().respond(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_get_and_a_post_are_answered() {
    let get = Request::get("/auth?service=s").header("authorization", "Basic YWxpY2U6c2VjcmV0");
    let (status, headers, body) = send(get, "").await;
    assert_eq!(
        (status, &body["token"], &body["access_token"]),
        (200, &"token-of-alice".into(), &body["token"])
    );
    assert_eq!(
        (headers["content-type"].as_bytes(), headers["cache-control"].as_bytes()),
        (&b"application/json"[..], &b"no-store"[..])
    );
    assert!(body["expires_in"].is_u64() && body["issued_at"].is_string());

    let post =
        || Request::post("/auth").header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let (status, _, body) =
        send(post(), "grant_type=password&username=alice&password=secret&service=s").await;
    assert_eq!((status, &body["access_token"]), (200, &"token-of-alice".into()));

    let (status, headers, body) = send(post(), "grant_type=password&username=alice&password=wrong").await;
    assert_eq!(
        (status, &body["error"], &body["errors"][0]["code"]),
        (401, &"invalid_grant".into(), &"UNAUTHORIZED".into())
    );
    assert_eq!(headers["www-authenticate"], "Basic realm=\"Acme\"");

    let (status, _, body) = send(post(), "grant_type=refresh_token&refresh_token=x").await;
    assert_eq!((status, &body["error"]), (400, &"unsupported_grant_type".into()));

    let exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&service=x&subject_token=a.b.c\
                    &subject_token_type=urn:ietf:params:oauth:token-type:jwt";
    let (status, _, body) = send(post(), exchange).await;
    assert_eq!((status, &body["error"]), (401, &"invalid_grant".into()));
}

#[tokio::test]
async fn every_malformed_request_gets_a_4xx_with_the_protocols_body() {
    let form = "application/x-www-form-urlencoded";
    let long = format!("/auth?{}", "a".repeat(40_000));
    let body = "a".repeat(70_000);
    let basic = format!("Basic {}", "a".repeat(20_000));
    let cases = [
        ("method", Request::put("/auth"), "", 405),
        ("head", Request::head("/auth"), "", 405),
        ("delete", Request::delete("/auth"), "", 405),
        ("percent", Request::get("/auth?scope=%zz"), "", 400),
        ("duplicate", Request::get("/auth?account=a&account=b"), "", 400),
        ("scope", Request::get("/auth?scope=oops"), "", 400),
        ("long query", Request::get(long.as_str()), "", 414),
        ("long body", Request::post("/auth").header("content-type", form), body.as_str(), 413),
        ("long header", Request::get("/auth").header("authorization", basic.as_str()), "", 431),
        ("media type", Request::post("/auth").header("content-type", "text/plain"), "a=b", 415),
        ("basic", Request::get("/auth").header("authorization", "Basic ???"), "", 400),
        ("binary header", Request::get("/auth").header("authorization", &b"Basic \xff"[..]), "", 400),
        ("scheme", Request::get("/auth").header("authorization", "Digest abc"), "", 401),
        ("bearer", Request::get("/auth").header("authorization", "Bearer abc"), "", 401),
        ("secret in the query", Request::get("/auth?refresh_token=x"), "", 400),
        (
            "two headers",
            Request::get("/auth").header("authorization", "Basic YTpi").header("authorization", "Basic YTpi"),
            "",
            400,
        ),
        ("wrong password", Request::get("/auth").header("authorization", "Basic YTpi"), "", 401),
    ];
    for (name, request, body, expected) in cases {
        let (status, headers, body) = send(request, body).await;
        assert_eq!(status, expected, "{name}");
        assert_eq!(headers["content-type"], "application/json", "{name}");
        let error = &body["errors"][0];
        assert!(error["code"].as_str().is_some_and(|code| !code.is_empty()), "{name}: {body}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{name}: {body}");
        assert_eq!(headers.contains_key("www-authenticate"), status == 401, "{name}");
        assert_eq!(headers.contains_key("allow"), status == 405, "{name}");
    }
}

#[tokio::test]
async fn a_plain_request_id_is_kept_and_any_other_replaced() {
    for (given, kept) in [("abc-1.2_3", true), ("a b", false), (&*"a".repeat(65), false), ("", false)] {
        let (_, headers, _) = send(Request::get("/auth").header("x-request-id", given), "").await;
        assert_eq!(headers["x-request-id"] == given, kept, "{given}");
    }
}

#[tokio::test]
async fn the_address_comes_from_where_it_was_said_to() {
    let required = endpoint().with_addresses(AddressSource::header(HeaderName::from_static("x-real-ip"), 0));
    let send = |request: http::request::Builder| {
        let endpoint = required.clone();
        async move { endpoint.respond(request.body(Full::<Bytes>::default()).unwrap()).await.status().as_u16() }
    };
    assert_eq!(send(Request::get("/auth").header("x-real-ip", "10.0.0.1")).await, 200);
    assert_eq!(send(Request::get("/auth")).await, 400);
}

/// Warnings and errors, by their messages.
#[derive(Clone, Default)]
struct Heard(Arc<std::sync::Mutex<Vec<String>>>);

impl tracing::Subscriber for Heard {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!("{field}={value:?} ");
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn the_log_says_once_that_addresses_are_missing_or_not_believed() {
    let list = HeaderName::from_static("x-forwarded-for");
    let direct = AddressSource::default();
    let proxied = AddressSource::behind_proxies(list, ["192.0.2.1/32".parse().unwrap()]);
    let [proxy, client] =
        ["192.0.2.1", "203.0.113.9"].map(|address| Some(ClientAddress::Ip(address.parse().unwrap())));
    let local = Some(ClientAddress::LocalSocket);
    let missing = "without their client's address";
    for (name, source, connection, header, expected, status) in [
        ("direct", &direct, client, None, &[][..], 200),
        ("nobody says", &direct, None, None, &[missing, "put a ClientAddress"], 200),
        ("socket", &direct, local, None, &[missing, "a local socket has none"], 200),
        (
            "no header named",
            &direct,
            client,
            Some("10.0.0.7"),
            &["that is not believed", "x-forwarded-for"],
            200,
        ),
        ("by a stranger", &proxied, client, Some("10.0.0.7"), &["that is not believed", "203.0.113.9"], 200),
        ("by the proxy", &proxied, proxy, Some("10.0.0.7"), &[], 200),
        ("by a local proxy", &proxied, local, Some("10.0.0.7"), &[], 200),
        ("by the proxy, missing", &proxied, proxy, None, &[], 400),
        ("by nobody knows whom", &proxied, None, Some("10.0.0.7"), &["put a ClientAddress"], 500),
    ] {
        let heard = Heard::default();
        let _guard = tracing::subscriber::set_default(heard.clone());
        let endpoint = endpoint().with_addresses(source.clone());
        for _ in 0..2 {
            let mut request = Request::get("/auth");
            if let Some(header) = header {
                request = request.header("x-forwarded-for", header);
            }
            let mut request = request.body(Full::<Bytes>::default()).unwrap();
            if let Some(connection) = connection {
                request.extensions_mut().insert(connection);
            }
            assert_eq!(endpoint.respond(request).await.status().as_u16(), status, "{name}");
        }
        let heard = heard.0.lock().unwrap().clone();
        // What is refused is said each time, and its line is an error, too.
        let times = if expected.is_empty() {
            0
        } else if status == 500 {
            4
        } else {
            1
        };
        assert_eq!(heard.len(), times, "{name}: {heard:?}");
        assert!(expected.iter().all(|text| heard[0].contains(text)), "{name}: {heard:?}");
    }
}
