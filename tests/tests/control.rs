//! The control socket as other programs use it: HTTP over a Unix socket, and what the log says of who used it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};
use token_auth_tests::{Answer, Place, Server, curl, docker_auth, run};

struct Scene {
    place: Place,
    server: Server,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        let config = format!("{}\ntokens:\n  store: {{path: tokens.redb}}\n", Server::USUAL);
        let server = Server::with(&place, &config);
        Self { place, server }
    }

    #[track_caller]
    fn ask(&self, arguments: &[&str], target: &str) -> Answer {
        let socket = self.place.at("tokens.redb.sock");
        let url = format!("http://server{target}");
        curl(&[&["--unix-socket", socket.to_str().unwrap(), &url], arguments].concat())
    }

    #[track_caller]
    fn create(&self, body: &str) -> Answer {
        self.ask(&["--header", "Content-Type: application/json", "--data", body], "/v1/tokens")
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.place.at("tokens.redb.sock")).unwrap()
    }
}

const CI: &str = r#"{"account": "alice", "name": "ci", "days": 7, "scopes": ["repository:alice/**:pull"]}"#;

#[test]
fn tokens_are_made_listed_and_revoked_over_http_and_the_log_says_by_whom() {
    let scene = Scene::new();
    assert_eq!(scene.ask(&[], "/v1/tokens").is(200).json()["records"], json!([]));
    let made = scene.create(CI).is(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json();
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    scene.server.ask(Some(&format!("alice:{token}")), &[]).is(200);
    let listed = scene.ask(&[], "/v1/tokens?account=alice&kind=personal").is(200).json();
    assert_eq!(listed["records"][0]["id"], id);
    assert_eq!((&listed["records"][0]["token"], &listed["next"]), (&json!(null), &json!(null)));
    assert_eq!(scene.ask(&[], "/v1/tokens?kind=refresh").is(200).json()["records"], json!([]));

    let one = format!("/v1/tokens/{id}");
    assert_eq!(scene.ask(&["-X", "DELETE"], &one).is(200).json(), json!({"revoked": 1}));
    scene.ask(&["-X", "DELETE"], &one).is(404);
    scene.server.ask(Some(&format!("alice:{token}")), &[]).is_error(401);
    scene.create(CI).is(201);
    scene.create(&CI.replace("\"days\": 7", "\"days\": 8")).is(201);
    let all = scene.ask(&["-X", "DELETE"], "/v1/tokens?account=alice&kind=personal").is(200);
    assert_eq!(all.json(), json!({"revoked": 2}));
    scene.ask(&["-X", "DELETE"], "/v1/tokens?account=alice").is(404);
    scene.create(&CI.replace("alice\"", "nobody\"")).is(404);
    run(docker_auth().current_dir(scene.place.path()).args(["tokens", "list", "config.yml"]), "").ok();

    scene.server.wait_for_logs("a command for the tokens", 12);
    let uid = fs::metadata(scene.place.path()).unwrap().uid();
    let log = scene.server.log();
    let lines = log.lines().filter(|line| line.contains("a command for the tokens"));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["uid"] == uid && line["pid"].as_i64().unwrap() > 0), "{log}");
    let said = |line: &Value| ["command", "account", "token_id", "outcome"].map(|key| line[key].clone());
    let unknown = "failed: nothing was revoked: there is no such token of the account \"alice\"";
    let nobody = "failed: no source knows the account \"nobody\", or can tell whether it still exists";
    for (line, (command, account, token, outcome)) in lines.iter().zip([
        ("list", json!(null), json!(null), "0 tokens"),
        ("create", json!("alice"), json!(id), "created"),
        ("list", json!("alice"), json!(null), "1 tokens"),
        ("list", json!(null), json!(null), "0 tokens"),
        ("revoke one", json!(null), json!(id), "1 revoked"),
        ("revoke one", json!(null), json!(id), &*format!("failed: there is no token {id}")),
        ("create", json!("alice"), lines[6]["token_id"].clone(), "created"),
        ("create", json!("alice"), lines[7]["token_id"].clone(), "created"),
        ("revoke all of an account", json!("alice"), json!(null), "2 revoked"),
        ("revoke all of an account", json!("alice"), json!(null), unknown),
        ("create", json!("nobody"), json!(null), nobody),
        // By the command, beside the server.
        ("list", json!(null), json!(null), "0 tokens"),
    ]) {
        assert_eq!(said(line), [json!(command), account, token, json!(outcome)]);
    }
    assert_eq!(lines.len(), 12);
    scene.server.never_told(&[token]);
}

/// Nothing is done, and the answer says why.
#[test]
fn what_is_no_command_is_refused() {
    let scene = Scene::new();
    scene.create(CI).is(201);
    let kind = ["--header", "Content-Type: application/json"];
    let long = format!(r#"{{"account": "{}"}}"#, "a".repeat(70_000));
    let data = |body| [&kind[..], &["--data-binary", body]].concat();
    for (arguments, target, status, why) in [
        (vec![], "/v2/tokens", 404, "/openapi.json"),
        (vec![], "/v1/token", 404, "/openapi.json"),
        (vec![], "/auth", 404, "/openapi.json"),
        (vec!["-X", "DELETE"], "/v1/tokens", 400, "`account` is missing"),
        (vec!["-X", "DELETE"], "/v1/tokens?accuont=alice", 400, "`account` is missing"),
        (vec!["-X", "DELETE"], "/v1/tokens?account=alice&kinds=refresh", 400, "`kinds` is not known here"),
        (vec!["-X", "DELETE"], "/v1/tokens?account=bob&account=alice", 400, "`account` is given twice"),
        (vec!["-X", "DELETE"], "/v1/tokens?account=alice&kind=all", 400, "`kind`: "),
        (vec!["-X", "DELETE"], "/v1/tokens?account=alice%ff", 400, "not UTF-8"),
        (vec!["-X", "DELETE"], "/v1/tokens/", 400, "sixteen letters and digits"),
        (vec!["-X", "DELETE"], "/v1/tokens/..%2f", 400, "sixteen letters and digits"),
        (vec![], "/v1/tokens?after=x", 400, "sixteen letters and digits"),
        (vec!["-X", "PUT"], "/v1/tokens", 405, "use GET, POST, DELETE"),
        (vec![], "/v1/tokens/4rZs0bXyQ1kE7uPw", 405, "use DELETE"),
        (vec!["-X", "POST"], "/openapi.json", 405, "use GET"),
        (vec!["--data", CI], "/v1/tokens", 415, "must be application/json"),
        (data(&long), "/v1/tokens", 413, "too long"),
        (data("{"), "/v1/tokens", 400, "the body cannot be read"),
        (data("{\"account\": \"\u{fffd}\"}"), "/v1/tokens", 400, "the body cannot be read"),
        (data(r#"{"account": "alice", "name": "x"}"#), "/v1/tokens", 400, "`days`"),
        (data(r#"{"account": "alice", "name": "x", "days": null}"#), "/v1/tokens", 400, "366 days"),
        (data(r#"{"account": "alice", "name": "x", "days": 0}"#), "/v1/tokens", 400, "no time"),
        (
            data(r#"{"account": "alice", "name": "x", "days": 1, "admin": true}"#),
            "/v1/tokens",
            400,
            "`admin`",
        ),
        (
            data(r#"{"account": "alice", "account": "bob", "name": "x", "days": 1}"#),
            "/v1/tokens",
            400,
            "duplicate",
        ),
    ] {
        let answer = scene.ask(&arguments, target);
        assert!(answer.status == status && answer.body.contains(why), "{arguments:?} {target}: {answer}");
        answer.is_error(status);
    }
    assert_eq!(scene.ask(&[], "/v1/tokens").is(200).json()["records"].as_array().unwrap().len(), 1);
}

#[test]
fn who_speaks_something_else_or_stops_halfway_is_answered_or_let_go() {
    let scene = Scene::new();
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    for (said, heard) in [
        // The socket's language of before.
        ("{\"list\":{\"account\":null,\"kind\":null}}\n", "HTTP/1.1 400"),
        ("\0\x16\x03\x01\r\n\r\n", "HTTP/1.1 400"),
        ("GET /v1/tokens HTTP/3.0\r\n\r\n", "HTTP/1.1 400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        (&*long, "HTTP/1.1 431"),
        ("GET /v1/tokens HT", ""),
        ("", ""),
        ("POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", "HTTP/1.1 400"),
        ("GET /v1/tokens HTTP/1.0\r\n\r\n", "HTTP/1.0 200"),
        ("GET /v1/tokens HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200"),
    ] {
        let mut stream = scene.connect();
        // A refused one may be closed on already.
        let _ = stream.write_all(said.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(heard) && answer.is_empty() == heard.is_empty(), "{said:?}: {answer:?}");
        assert!(
            !heard.contains(" 4") || answer.contains(r#"{"errors":[{"code":"INVALID_REQUEST""#),
            "{answer:?}"
        );
    }
    scene.server.wait_for_log("a request on the control socket was not answered");
    // More than are served at once: who comes last waits for a place, and is served.
    let silent: Vec<_> = (0..40).map(|_| scene.connect()).collect();
    let mut last = scene.connect();
    last.write_all(b"GET /v1/tokens HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    drop(silent);
    let mut answer = String::new();
    last.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_long_list_comes_in_pages() {
    let scene = Scene::new();
    for number in 0..501 {
        let body = CI.replace("\"ci\"", &format!("\"ci {number}\""));
        let mut connection = scene.connect();
        let head = "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
        write!(connection, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    let first = scene.ask(&[], "/v1/tokens").is(200).json();
    assert_eq!(first["records"].as_array().unwrap().len(), 500);
    let next = first["next"].as_str().unwrap();
    let second = scene.ask(&[], &format!("/v1/tokens?after={next}")).is(200).json();
    assert_eq!((second["records"].as_array().unwrap().len(), &second["next"]), (1, &json!(null)));
    let list = ["tokens", "list", "config.yml", "--json"];
    let all = run(docker_auth().current_dir(scene.place.path()).args(list), "").ok().stdout;
    let all: Vec<Value> = serde_json::from_str(&all).unwrap();
    assert_eq!(all.len(), 501);
    assert!(all.is_sorted_by_key(|record| record["created"].as_u64().unwrap()));
}
