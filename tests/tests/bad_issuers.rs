//! Issuers and providers that answer without an end, nested, garbled, cut or slowly, whichever document they are asked for: an error
//! in time, and none of it takes memory.

use std::thread;

use serde_json::json;
use token_auth_tests::{Answer, BadPeer, Issuer, Place, Server, curl, garbage};

/// Far above what any bounded answer takes, and far below what an unbounded one does.
const ROOM: u64 = 64 << 20;

fn faults() -> Vec<(&'static str, BadPeer)> {
    let ok =
        |rest: &str| BadPeer::saying(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{rest}"));
    let whole = |content: String| ok(&format!("Content-Length: {}\r\n\r\n{content}", content.len()));
    let chunked = || ok("Transfer-Encoding: chunked\r\n\r\n");
    vec![
        ("a content without an end", ok("\r\n").then_forever(b"a")),
        ("chunks without an end", chunked().then_forever(b"4\r\naaaa\r\n")),
        ("a chunk without an end", ok("Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n").then_forever(b"a")),
        (
            "an extension of a chunk without an end",
            ok("Transfer-Encoding: chunked\r\n\r\n1;").then_forever(b"a"),
        ),
        ("trailers without an end", ok("Transfer-Encoding: chunked\r\n\r\n0\r\n").then_forever(b"A: b\r\n")),
        ("a head without an end", ok("").then_forever(b"A: b\r\n")),
        ("a header without an end", ok("A: ").then_forever(b"b")),
        ("a first line without an end", BadPeer::saying("HTTP/1.1 200 ").then_forever(b"a")),
        ("a length without a content", ok("Content-Length: 4000000000000\r\n\r\n").then_nothing()),
        ("lists in lists", whole("[".repeat(1_000_000))),
        ("objects in objects", whole(r#"{"a":"#.repeat(200_000))),
        ("keys in keys", whole(format!(r#"{{"keys": {}"#, r#"[{"keys":"#.repeat(100_000)))),
        ("many values", whole(format!("[{}1]", "1,".repeat(500_000)))),
        ("many keys", whole(format!(r#"{{"keys": [{}{{}}]}}"#, "{},".repeat(300_000)))),
        ("another document", whole("true".to_owned())),
        ("garbled", BadPeer::saying(garbage(7, 4096)).then_nothing()),
        ("another protocol", BadPeer::saying("* OK IMAP4rev1\r\n").then_nothing()),
        ("cut", ok("Content-Length: 100\r\n\r\n{\"issuer\":")),
        ("closed", BadPeer::saying("")),
        ("elsewhere", BadPeer::saying("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")),
        ("slow", ok("Content-Length: 1000\r\n\r\n").then_slowly([b'{'; 1000])),
        ("silent", BadPeer::saying("").then_nothing()),
    ]
}

/// For each fault: an issuer that has it at this path, and a new server that has this block. The server answers 503 to what needs the
/// issuer, within its memory, and goes on.
#[track_caller]
fn check(
    path: &str,
    block: impl Fn(&Issuer) -> String + Sync,
    ask: impl Fn(&Server, &Issuer) -> Answer + Sync,
) {
    let check = |name: &str, issuer: &Issuer| {
        let place = Place::new();
        place.write("client.secret", "secret\n");
        let config = format!("{}\nlimits: {{answer_time: 2s}}\n{}", Server::USUAL, block(issuer));
        let server = Server::with(&place, &config);
        let before = server.memory();
        let answer = ask(&server, issuer);
        assert_eq!(answer.status, 503, "{path}: {name}: {answer}");
        let after = server.memory();
        assert!(after < before + ROOM, "{path}: {name}: {before} bytes became {after}");
        server.ask(Some("alice:alice-password"), &[]).is(200);
        assert!(!server.log().contains("panicked"), "{path}: {name}: {}", server.log());
    };
    // Several at once: some take as long as is waited for an answer.
    let issuers: Vec<Issuer> = (0..3).map(|_| Issuer::start()).collect();
    for faults in faults().chunks(issuers.len()) {
        thread::scope(|scope| {
            for ((name, fault), issuer) in faults.iter().zip(&issuers) {
                issuer.publish_endpoints();
                issuer.misbehave(path, fault.clone());
                scope.spawn(|| check(name, issuer));
            }
        });
    }
}

fn workload(issuer: &Issuer) -> String {
    format!(
        "\nworkload_auth:\n  issuers:\n    - {{issuer: '{}', audience: registry, require: {{}}, account: 'ci:${{claim.sub}}', \
         keys: {{allow_loopback_http: true, interval: 0s}}}}\n",
        issuer.url
    )
}

fn log_in(server: &Server, issuer: &Issuer) -> Answer {
    let token = issuer.token(&json!({"aud": "registry", "sub": "job"}));
    server.ask(Some(&format!("jwt:{token}")), &[])
}

#[test]
fn issuers_of_workloads() {
    for path in ["/.well-known/openid-configuration", "/keys"] {
        check(path, workload, log_in);
    }
}

fn provider(issuer: &Issuer) -> String {
    format!(
        "\noidc_auth: {{issuer: '{}', redirect_url: 'http://127.0.0.1/oidc_auth', client_id: registry, client_secret_file: \
         client.secret, http_timeout: 2s, level_token_db: {{path: tokens.redb}}}}\n",
        issuer.url
    )
}

fn begin(server: &Server) -> Answer {
    curl(&[&format!("{}/sign-in/oidc", server.url)])
}

#[test]
fn what_providers_publish() {
    for path in ["/.well-known/openid-configuration", "/keys"] {
        check(path, provider, |server, _| begin(server).is_error(503));
    }
}

#[test]
fn token_endpoints() {
    check("/token", provider, |server, _| {
        let begun = begin(server);
        let state = begun.header("location").unwrap().split("state=").nth(1).unwrap();
        let state = state.split('&').next().unwrap();
        let cookie = begun.header("set-cookie").unwrap().split(';').next().unwrap();
        let back = format!("{}/oidc_auth?code=c&state={state}", server.url);
        curl(&["--header", &format!("Cookie: {cookie}"), &back]).is_error(503)
    });
}
