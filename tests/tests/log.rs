//! The log: one line a request, which tells what an operator needs and nothing that a client could forge.

#![allow(clippy::indexing_slicing, reason = "a JSON value that is not there is null")]

use serde_json::Value;
use token_auth_tests::{Connection, Place, Registry, Server, ServerSetup, Skopeo, curl};

fn one(server: &Server) -> Value {
    let mut requests = server.requests(1);
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

#[test]
fn a_line_tells_who_asked_for_what_and_what_decided() {
    let place = Place::new();
    let server = Server::usual(&place);
    let scopes = ["repository:blue/app:pull,push,delete", "repository:bob/app:pull"];
    server.token(Some("alice:alice-password"), &scopes);
    let line = one(&server);
    assert_eq!(line["account"], "alice", "{line}");
    assert_eq!(line["asked"], "repository:blue/app:delete,pull,push repository:bob/app:pull", "{line}");
    assert_eq!(line["granted"], "repository:blue/app:pull,push repository:bob/app:", "{line}");
    let decided = line["decided_by"].as_str().unwrap_or_default();
    assert!(decided.contains("A team shares its repositories"), "{line}");
    assert_eq!(line["status"], 200, "{line}");
    assert_eq!(line["method"], "GET", "{line}");
    assert_eq!(line["service"], "registry", "{line}");
    assert_eq!(line["address"], "127.0.0.1", "{line}");
    assert!(line["source"].is_string() && line["micros"].is_u64() && line["timestamp"].is_string(), "{line}");
}

#[test]
fn a_refusal_tells_why_and_whom_it_met() {
    let place = Place::new();
    let server = Server::usual(&place);
    server.ask(Some("alice:wrong-password"), &["repository:alice/app:pull"]).is(401);
    let line = one(&server);
    assert_eq!((&line["status"], &line["claimed"]), (&401.into(), &"alice".into()), "{line}");
    assert!(line["account"].is_null(), "{line}");
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
    assert_eq!(line["asked"], "repository:alice/app:pull", "{line}");
    server.never_told(&["wrong-password"]);
}

#[test]
fn every_request_has_one_line_and_an_id() {
    let place = Place::new();
    let server = Server::usual(&place);
    let url = format!("{}/auth?service=registry", server.url);
    let answer = curl(&["--header", "X-Request-Id: from-the-proxy.1", &url]).is(200);
    assert_eq!(answer.header("x-request-id"), Some("from-the-proxy.1"));
    let answers = [
        curl(&["--header", "X-Request-Id: bad\tid", &url]),
        curl(&["--user", "admin:badmin", &url]),
        curl(&[&format!("{url}&scope=nothing")]),
        curl(&["--request", "DELETE", &url]),
        curl(&["--json", "{}", &url]),
    ];
    let ids: Vec<String> =
        answers.iter().map(|answer| answer.header("x-request-id").unwrap_or_default().to_owned()).collect();
    let lines = server.requests(6);
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0]["id"], "from-the-proxy.1");
    for (line, id) in lines[1..].iter().zip(&ids) {
        assert_eq!(line["id"], **id);
        assert!(id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    }
    let statuses: Vec<u64> = lines.iter().filter_map(|line| line["status"].as_u64()).collect();
    assert_eq!(statuses, [200, 200, 200, 400, 405, 415]);
}

/// Newlines, quotes, colours and field names in everything that a client chooses.
#[test]
fn nobody_forges_a_line() {
    const FORGED: &str =
        "x%0a%7b%22account%22%3a%22root%22%2c%22micros%22%3a1%7d%0a%1b%5b31m%22%20account%3droot";
    for format in ["json", "text"] {
        let place = Place::new();
        let server = Server::usual(&place);
        drop(server);
        let setup = ServerSetup::bare(place.path()).arg("--listen").arg("127.0.0.1:0");
        let server = setup.arg("--log-format").arg(format).arg("config.yml").start();
        let mut connection = Connection::open(server.address());
        for parameter in ["account", "client_id", "service", "scope"] {
            connection.get(&format!("/auth?{parameter}={FORGED}"));
        }
        connection.get(&format!("/auth?service=registry&scope=repository:{FORGED}:pull"));
        // admin\nroot:x
        connection
            .send("GET /auth HTTP/1.1\r\nHost: t\r\nAuthorization: Basic YWRtaW4Kcm9vdDp4\r\n\r\n")
            .answer();
        connection.send("GET /auth HTTP/1.1\r\nHost: t\r\nX-Request-Id: a b=\"c\"\r\n\r\n").answer();
        connection.send("GET /auth HTTP/1.1\r\nHost: t\r\nX-Request-Id: the-last\r\n\r\n").answer();
        server.wait_for_log("the-last");
        let log = server.log();
        // Beside what the server says of itself.
        let lines = log.lines().filter(|line| !line.contains("docker_auth")).count();
        assert_eq!(lines, 8, "{log}");
        assert!(!log.contains('\u{1b}'), "{log}");
        assert!(!log.lines().any(|line| line.starts_with('{') != (format == "json")), "{log}");
        if format == "json" {
            let lines = server.requests(8);
            assert!(lines.iter().all(|line| line["account"] != "root"), "{log}");
        }
    }
}

#[test]
fn a_whole_session_of_a_client_tells_no_secret() {
    let place = Place::new();
    let server = Server::usual(&place);
    drop(server);
    let server = ServerSetup::new(&place).arg("--log-level").arg("trace").arg("config.yml").start();
    let registry = Registry::trusting(&place, &server).start();
    let image = token_auth_tests::Image::new(&place, "hello");
    let skopeo = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    skopeo.push(&image, "app:1").ok();
    skopeo.login("alice", "wrong-password").fails();
    let token = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    let form = "grant_type=password&username=admin&password=badmin&service=registry";
    curl(&["--data", form, &format!("{}/auth", server.url)]).is(200);
    curl(&["--header", &token.bearer(), &format!("{}/auth?service=registry", server.url)]).is(401);
    let key = place.read("token.key");
    let key = key.lines().nth(1).unwrap_or_default();
    let signature = token.text.rsplit('.').next().unwrap_or_default();
    // The last two: `admin:badmin` and `alice:wrong-password` as Basic credentials.
    server.never_told(&[
        "badmin",
        "wrong-password",
        signature,
        key,
        "LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC",
        "YWRtaW46YmFkbWlu",
        "YWxpY2U6d3JvbmctcGFzc3dvcmQ",
    ]);
}

#[test]
fn a_quieter_log_leaves_requests_out() {
    let place = Place::new();
    drop(Server::usual(&place));
    let server = ServerSetup::new(&place).arg("--log-level").arg("warn").arg("config.yml").start();
    server.ask(None, &[]).is(200);
    server.signal("TERM");
    let finished = server.finish().ok();
    assert!(!finished.stderr.contains("micros"), "{finished}");
}

/// Nobody answers for `ldap_auth`: what does not concern users is 503.
#[test]
fn failures_are_errors_and_denials_are_what_they_are_said_to_be() {
    let place = Place::new();
    let config = Server::USUAL.replace(
        "acl:",
        "ldap_auth:\n  addr: 127.0.0.1:1\n  base: dc=example,dc=org\n  filter: (uid=${account})\nacl:",
    );
    drop(Server::with(&place, &config));
    let start = |arguments: &[&str]| ServerSetup::new(&place).arg("config.yml").args(arguments).start();
    let server = start(&["--log-level", "warn"]);
    server.ask(Some("alice:wrong"), &[]).is(401);
    server.ask(Some("nobody:anything"), &[]).is(503);
    let line = one(&server);
    assert_eq!((&line["level"], &line["status"]), (&"ERROR".into(), &503.into()), "{line}");
    drop(server);
    let server = start(&["--log-level", "warn", "--log-denials", "warn"]);
    server.ask(Some("admin:badmin"), &[]).is(200);
    server.ask(Some("alice:wrong"), &[]).is(401);
    let line = one(&server);
    assert_eq!((&line["level"], &line["status"]), (&"WARN".into(), &401.into()), "{line}");
}

#[test]
fn somebody_unknown_writes_little() {
    let place = Place::new();
    drop(Server::usual(&place));
    for format in ["json", "text"] {
        let setup = ServerSetup::bare(place.path()).args(["--listen", "127.0.0.1:0", "--log-format", format]);
        let server = setup.arg("config.yml").start();
        let mut count = 0;
        for what in ["%1b", "%22", "x", "%f3%a0%80%81"] {
            let long = what.repeat(10_000 / what.len());
            for form in [
                format!(
                    "username={long}&password={long}&client_id={long}&service={long}&scope=repository:{long}:pull"
                ),
                format!(
                    "service={long}&account={long}&scope=repository:a:{long}&scope=repository:{long}:pull"
                ),
                format!("scope={}", format!("{long} ").repeat(3)),
                format!("grant_type={long}"),
            ] {
                let content = "application/x-www-form-urlencoded";
                let head = format!("Content-Type: {content}\r\nContent-Length: {}", form.len());
                // What is too long ends its connection.
                let request = format!("POST /auth HTTP/1.1\r\nHost: t\r\n{head}\r\n\r\n{form}");
                Connection::open(server.address()).send(request).answer();
                count += 1;
            }
        }
        let last = "GET /auth HTTP/1.1\r\nHost: t\r\nX-Request-Id: the-last\r\n\r\n";
        Connection::open(server.address()).send(last).answer();
        server.wait_for_log("the-last");
        let log = server.log();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains("docker_auth")).collect();
        assert_eq!(lines.len(), count + 1, "{log}");
        for line in lines {
            assert!(line.len() <= 2048, "{} bytes: {line}", line.len());
        }
    }
}

/// `docker login -u TOKEN`, and the like.
#[test]
fn a_token_in_the_place_of_a_name_is_not_told() {
    let place = Place::new();
    let server = Server::usual(&place);
    let jwt = server.token(Some("admin:badmin"), &[]).text;
    let secret = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlM";
    let token = format!("tap_0123456789abcdef_{secret}");
    for text in [&jwt, &token] {
        server.ask(Some(&format!("{text}:x")), &[&format!("repository:{text}:pull")]);
        curl(&["--get", "--data-urlencode", &format!("client_id={text}"), &format!("{}/auth", server.url)]);
        curl(&["--get", "--data-urlencode", &format!("account={text}"), &format!("{}/auth", server.url)]);
    }
    server.requests(7);
    server.wait_for_log("tap_0123456789abcdef");
    let signature = jwt.rsplit('.').next().unwrap();
    server.never_told(&[secret, signature]);
}
