//! What clients send that they should not: each gets an answer that it can read, and the server goes on.

use token_auth_tests::{Answer, Connection, Malformed, Place, Server};

/// `admin:badmin`.
const ADMIN: &str = "YWRtaW46YmFkbWlu";
/// A Basic header with a password that must never be logged, and its parts.
const SECRETS: [&str; 4] = [ADMIN, "badmin", "s3cr3t-value", "czNjcjN0LXZhbHVl"];

struct Case {
    name: &'static str,
    request: String,
    status: u16,
}

fn get(name: &'static str, target: impl AsRef<str>, status: u16) -> Case {
    let request = format!("GET {} HTTP/1.1\r\nHost: tests\r\n\r\n", target.as_ref());
    Case { name, request, status }
}

fn authorized(name: &'static str, authorization: impl AsRef<str>, status: u16) -> Case {
    let header = authorization.as_ref();
    let request =
        format!("GET /auth?service=registry HTTP/1.1\r\nHost: tests\r\nAuthorization: {header}\r\n\r\n");
    Case { name, request, status }
}

fn post(name: &'static str, content_type: &str, body: impl AsRef<str>, status: u16) -> Case {
    let body = body.as_ref();
    let request = format!(
        "POST /auth HTTP/1.1\r\nHost: tests\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Case { name, request, status }
}

fn method(name: &'static str, method: &str, status: u16) -> Case {
    let request = format!("{method} /auth?service=registry HTTP/1.1\r\nHost: tests\r\n\r\n");
    Case { name, request, status }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn cases() -> Vec<Case> {
    let many_scopes = "&scope=repository:a:pull".repeat(500);
    vec![
        authorized("not base64", "Basic s3cr3t-value!!", 400),
        authorized("base64 without a colon", "Basic czNjcjN0LXZhbHVl", 400),
        authorized("base64 of what is not UTF-8", "Basic //86//8=", 400),
        authorized("nothing after Basic", "Basic", 400),
        authorized("empty", "", 400),
        authorized("another scheme", "Bearer s3cr3t-value", 401),
        authorized("a wrong password", "Basic YWRtaW46czNjcjN0LXZhbHVl", 401),
        // admin:badmin, a NUL byte, and more.
        authorized("a password behind a NUL byte", "Basic YWRtaW46YmFkbWluAHg=", 401),
        authorized("an empty password", "Basic YWRtaW46", 401),
        authorized("twice", format!("Basic {ADMIN}\r\nAuthorization: Basic {ADMIN}"), 400),
        authorized("too long", format!("Basic {}", "QUJD".repeat(5_000)), 431),
        get("a percent sign alone", "/auth?service=%", 400),
        get("bad percent-encoding", "/auth?service=%zz", 400),
        get("percent-encoding of what is not UTF-8", "/auth?service=%ff%fe", 400),
        get("service twice", "/auth?service=registry&service=other", 400),
        get("account twice", "/auth?account=a&account=b&service=registry", 400),
        get("a scope without parts", "/auth?service=registry&scope=repository", 400),
        get("a scope without actions", "/auth?service=registry&scope=repository:a", 400),
        // No registry has such a repository: the token opens nothing.
        get("a scope of control characters", "/auth?service=registry&scope=repository:a%0ab:pull", 200),
        get("too many scopes", format!("/auth?service=registry{many_scopes}"), 400),
        get("a query too long", format!("/auth?service={}", "a".repeat(40_000)), 414),
        get("an unknown path", "/etc/passwd", 404),
        get("a path upwards", "/auth/../../etc/passwd", 404),
        get("a path with a slash at its end", "/auth/", 404),
        get("an absolute target", "http://example.com/secret", 404),
        post("a JSON body", "application/json", "{\"password\": \"s3cr3t-value\"}", 415),
        post("a multipart body", "multipart/form-data; boundary=x", "--x--", 415),
        post(
            "bad encoding in a form",
            FORM,
            "grant_type=password&username=admin&password=%zzs3cr3t-value",
            400,
        ),
        post("a name twice", FORM, "username=admin&username=alice&password=s3cr3t-value", 400),
        post("a password twice", FORM, "username=admin&password=badmin&password=s3cr3t-value", 400),
        post("an unknown grant type", FORM, "grant_type=authorization_code&code=s3cr3t-value", 400),
        post(
            "a refresh token nobody issued",
            FORM,
            "grant_type=refresh_token&refresh_token=s3cr3t-value",
            400,
        ),
        post(
            "a wrong password in a form",
            FORM,
            "grant_type=password&username=admin&password=s3cr3t-value",
            401,
        ),
        post("a body too long", FORM, format!("password=s3cr3t-value{}", "a".repeat(100_000)), 413),
        method("PUT", "PUT", 405),
        method("DELETE", "DELETE", 405),
        method("PATCH", "PATCH", 405),
        method("OPTIONS", "OPTIONS", 405),
        method("an unknown method", "BREW", 405),
    ]
}

#[test]
fn malformed_requests_are_answered_in_the_protocols_form() {
    let place = Place::new();
    let server = Server::usual(&place);
    let mut wrong = Vec::new();
    for Case { name, request, status } in cases() {
        let answer = Connection::open(server.address()).send(&request).answer();
        let told = answer.header("content-type") == Some("application/json")
            && (status == 200 || is_told(&answer))
            && !SECRETS.iter().any(|secret| answer.body.contains(secret));
        if answer.status != status || !told {
            wrong.push(format!("{name}: expected {status}, got {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
    server.never_told(&SECRETS);
}

/// Whether the body has the code and the message that registry clients read.
fn is_told(answer: &Answer) -> bool {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let text = |name| body.pointer(&format!("/errors/0/{name}")).and_then(|text| text.as_str());
    text("code").is_some_and(|code| !code.is_empty()) && text("message").is_some_and(|text| !text.is_empty())
}

#[test]
fn an_answer_to_a_form_speaks_oauth_too() {
    let place = Place::new();
    let server = Server::usual(&place);
    for (body, status, error) in [
        ("grant_type=password&username=admin&password=wrong&service=registry", 401, "invalid_grant"),
        ("grant_type=authorization_code&code=x", 400, "unsupported_grant_type"),
        ("service=%zz", 400, "invalid_request"),
        ("service=registry&scope=nothing", 400, "invalid_scope"),
    ] {
        let case = post("", FORM, body, status);
        let answer = Connection::open(server.address()).send(case.request).answer().is_error(status);
        assert_eq!(answer.json().get("error").and_then(|text| text.as_str()), Some(error), "{answer}");
    }
}

#[test]
fn a_refusal_asks_for_a_password() {
    let place = Place::new();
    let server = Server::usual(&place);
    let answer = server.ask(Some("admin:wrong"), &[]).is_error(401);
    assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"Acme auth server\""));
    let answer = Connection::open(server.address()).send(method("", "PUT", 405).request).answer();
    assert_eq!(answer.header("allow"), Some("GET, POST"));
}

#[test]
fn head_is_answered_without_a_body() {
    let place = Place::new();
    let server = Server::usual(&place);
    let mut connection = Connection::open(server.address());
    connection.send("HEAD /auth?service=registry HTTP/1.1\r\nHost: tests\r\nConnection: close\r\n\r\n");
    let said = connection.until_closed();
    assert!(said.starts_with("HTTP/1.1 405 "), "{said}");
    assert!(said.ends_with("\r\n\r\n"), "a body: {said}");
}

/// What is not HTTP, or too much of it, is refused in the protocol's form all the same, and ends the connection.
#[test]
fn what_is_not_http_is_told_so_and_ends_the_connection() {
    let place = Place::new();
    let server = Server::usual(&place);
    let long_header = format!("GET /auth HTTP/1.1\r\nHost: tests\r\nX-Long: {}\r\n\r\n", "a".repeat(300_000));
    let many_headers = format!("GET /auth HTTP/1.1\r\n{}\r\n", "X-Many: s3cr3t-value\r\n".repeat(5_000));
    let long_target = format!("GET /auth?{} HTTP/1.1\r\nHost: tests\r\n\r\n", "a".repeat(300_000));
    let cases: [(&str, &[u8], u16); 20] = [
        ("garbage", b"\x00\xff\x13\x37 s3cr3t-value \r\n\r\n", 400),
        (
            "a TLS greeting",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
            400,
        ),
        ("no version", b"GET /auth\r\n\r\n", 400),
        ("an unknown version", b"GET /auth HTTP/3.7\r\nHost: t\r\n\r\n", 400),
        ("a lower-case version", b"GET /auth http/1.1\r\nHost: t\r\n\r\n", 400),
        ("a space in the target", b"GET /auth?service=a b HTTP/1.1\r\nHost: t\r\n\r\n", 400),
        ("a NUL byte in the target", b"GET /auth?service=\x00 HTTP/1.1\r\nHost: t\r\n\r\n", 400),
        ("a target that is not UTF-8", b"GET /auth?service=\xff\xfe HTTP/1.1\r\nHost: t\r\n\r\n", 400),
        ("a target that is not a path", b"GET auth HTTP/1.1\r\nHost: t\r\n\r\n", 404),
        ("a header without a colon", b"GET /auth HTTP/1.1\r\nHost tests\r\n\r\n", 400),
        ("a folded header", b"GET /auth HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n", 400),
        (
            "two lengths",
            b"POST /auth HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            400,
        ),
        ("a negative length", b"POST /auth HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", 400),
        (
            "a length beyond all numbers",
            b"POST /auth HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            400,
        ),
        (
            "an encoding that is not the last",
            b"POST /auth HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("a control character in a header", b"GET /auth HTTP/1.1\r\nHost: t\r\nX: a\x01b\r\n\r\n", 400),
        ("chunks that are none", CHUNKED_GARBAGE, 400),
        ("a long header", long_header.as_bytes(), 431),
        ("many headers", many_headers.as_bytes(), 431),
        ("a long target", long_target.as_bytes(), 431),
    ];
    let mut wrong = Vec::new();
    for (name, request, status) in cases {
        let mut connection = Connection::open(server.address());
        connection.try_send(request).unwrap_or_else(|error| panic!("{name}: {error}"));
        match connection.try_answer() {
            Some(answer) if answer.status == status && is_json(&answer) => {}
            answer => wrong.push(format!("{name}: expected {status}, got {answer:?}")),
        }
        // As hyper did: nothing that follows on this connection is read as a request.
        connection.finish();
        let rest = connection.until_closed();
        assert_eq!(rest, "", "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    server.ask(None, &[]).is(200);
    server.never_told(&SECRETS);
}

const CHUNKED_GARBAGE: &[u8] =
    b"POST /auth HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\n\
    Transfer-Encoding: chunked\r\n\r\nzz\r\ns3cr3t-value\r\n0\r\n\r\n";

/// Whether it is in the form that registry clients read.
fn is_json(answer: &Answer) -> bool {
    answer.header("content-type") == Some("application/json") && is_told(answer)
}

/// The forms of a target that only proxies and whole servers have a use for, and what a length promises and does not
/// bring.
#[test]
fn odd_requests_are_refused_in_the_protocols_form() {
    let place = Place::new();
    let server = Server::usual(&place);
    for (request, status) in [
        ("GET http://tests/auth?service=registry HTTP/1.1\r\nHost: tests\r\n\r\n", 200),
        ("GET http://elsewhere/nowhere HTTP/1.1\r\nHost: tests\r\n\r\n", 404),
        ("OPTIONS * HTTP/1.1\r\nHost: tests\r\n\r\n", 404),
        ("CONNECT tests:443 HTTP/1.1\r\nHost: tests\r\n\r\n", 404),
        ("OPTIONS /auth HTTP/1.1\r\nHost: tests\r\n\r\n", 405),
        ("TRACE /auth HTTP/1.1\r\nHost: tests\r\n\r\n", 405),
        ("GET /auth?service=registry HTTP/1.1\r\n\r\n", 200),
        ("GET /auth?service=registry HTTP/1.0\r\n\r\n", 200),
        ("GET /auth?service=\u{e9} HTTP/1.1\r\nHost: tests\r\n\r\n", 200),
        (
            "POST /auth HTTP/1.1\r\nHost: tests\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 4000000000000\r\n\r\npassword=s3cr3t-value",
            413,
        ),
    ] {
        let answer = Connection::open(server.address()).send(request).answer();
        let told = status == 200 || is_json(&answer);
        assert!(answer.status == status && told, "{request}: expected {status}, got {answer}");
    }
    server.never_told(&SECRETS);
}

#[test]
fn a_slow_client_is_left_alone_and_then_left() {
    let place = Place::new();
    let limits = "limits: {connections: 50}\nserver:\n  timeouts: {header: 1s, request: 2s}\n";
    let config = Server::USUAL.replace("server:\n", limits);
    let server = Server::with(&place, &config);
    let mut silent = Connection::open(server.address());
    let mut half = Connection::open(server.address());
    half.send("GET /auth?service=registry HTTP/1.1\r\nHost: te");
    let mut body = Connection::open(server.address());
    body.send(format!(
        "POST /auth HTTP/1.1\r\nHost: tests\r\nContent-Type: {FORM}\r\nContent-Length: 9\r\n\r\nhalf"
    ));
    // More than there are places, with what could be the beginning of HTTP/1, of HTTP/2, or nothing.
    let many: Vec<Connection> = ["GET /auth", "PRI * HT", ""]
        .iter()
        .cycle()
        .take(150)
        .map(|beginning| {
            let mut connection = Connection::open(server.address());
            connection.send(beginning);
            connection
        })
        .collect();
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
    silent.until_closed();
    half.until_closed();
    assert!(is_json(&body.answer().is_error(408)));
    for mut connection in many {
        connection.until_closed();
    }
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
}

#[test]
fn requests_on_one_connection_are_answered_in_order() {
    let place = Place::new();
    let server = Server::usual(&place);
    let mut connection = Connection::open(server.address());
    let one = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: tests\r\n\r\n");
    connection.send(one("/auth?service=registry") + &one("/nowhere") + &one("/.well-known/jwks.json"));
    assert_eq!(
        [connection.answer().status, connection.answer().status, connection.answer().status],
        [200, 404, 200]
    );
    // A refusal does not cost a client its connection.
    assert_eq!(connection.get("/auth?service=%zz").status, 400);
    assert_eq!(connection.get("/auth?service=registry").status, 200);
}

#[test]
fn malformed_requests_by_chance_are_refused_or_cut() {
    let place = Place::new();
    let server = Server::usual(&place);
    let report = Malformed { requests: 4_000, clients: 8, seed: 20_261_125 }.run(&server);
    assert!(report.wrong.is_empty(), "{report}");
    for status in [200, 400, 401, 404, 405] {
        assert!(
            report.answers.contains_key(&status),
            "never {status}: these are not the requests meant\n{report}"
        );
    }
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
    server.never_told(&["badmin", "YWRtaW46YmFkbWlu"]);
}
