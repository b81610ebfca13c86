//! Stores that answer without an end, nested, garbled, cut or slowly: an error in time, and none of it takes memory.

use token_auth_tests::{Answer, BadPeer, Place, Server, curl};

/// Far above what any bounded answer takes, and far below what an unbounded one does.
const ROOM: u64 = 64 << 20;

fn login(server: &Server) -> Answer {
    let query = "service=registry&client_id=docker&offline_token=true&account=alice";
    curl(&["--user", "alice:alice-password", &format!("{}/auth?{query}", server.url)])
}

/// A server with this store answers that it is away, within its memory, and serves what needs no store.
#[track_caller]
fn check(name: &str, peer: BadPeer, store: &str) -> Server {
    let place = Place::new();
    let store = store.replace("ADDRESS", &peer.start());
    let server = Server::with(&place, &format!("{}\ntokens:\n  store: {store}\n", Server::USUAL));
    server.ask(Some("alice:alice-password"), &[]).is(200);
    let before = server.memory();
    for _ in 0..3 {
        login(&server).is_error(503);
    }
    let after = server.memory();
    assert!(after < before + ROOM, "{name}: {before} bytes became {after}");
    server.ask(Some("alice:alice-password"), &[]).is(200);
    server
}

/// The same, where nobody waits for a time-out.
#[track_caller]
fn check_at_once(name: &str, peer: BadPeer, store: &str) {
    let server = check(name, peer, store);
    for words in ["timed out", "in time", "no answer within"] {
        assert!(!server.log().contains(words), "{name}: waited\n{}", server.log());
    }
}

#[test]
fn redis() {
    const STORE: &str = "{redis: {addr: 'ADDRESS'}}";
    let saying = |begin: &[u8]| BadPeer::saying(begin);
    let garbage: Vec<u8> = (0..=255).rev().collect();
    let at_once = [
        ("bytes without an end", saying(b"$2000000000\r\n").then_forever(b"a")),
        ("a text without an end", saying(b"+").then_forever(b"a")),
        ("arrays without an end", saying(b"*2000000000\r\n").then_forever(b"*1000000\r\n")),
        ("values without an end", saying(b"*2000000000\r\n").then_forever(b":1\r\n")),
        ("answers without an end", saying(b"").then_forever(b"+OK\r\n")),
        ("a length without a content", saying(b"$2000000000\r\n").then_nothing()),
        ("nested", saying(&b"*1\r\n".repeat(200_000)).then_nothing()),
        ("garbled", saying(&garbage).then_nothing()),
        ("another protocol", saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").then_nothing()),
        ("cut", saying(b"$100\r\nabc")),
    ];
    for (name, peer) in at_once {
        check_at_once(name, peer, STORE);
    }
    check("slow", saying(b"$1000\r\n").then_slowly([b'a'; 1000]), STORE);
    check("silent", saying(b"").then_nothing(), STORE);
    let cluster = "{redis: {addrs: ['ADDRESS']}}";
    check("cluster: bytes without an end", saying(b"$2000000000\r\n").then_forever(b"a"), cluster);
    check("cluster: nested", saying(&b"*1\r\n".repeat(200_000)).then_nothing(), cluster);
}

#[test]
fn postgresql() {
    const STORE: &str = "{sql: {url: 'postgres://a@ADDRESS/x?sslmode=disable'}}";
    let saying = |begin: &[u8]| BadPeer::saying(begin);
    let notice = b"N\0\0\0\x10SNOTICE\0\0\0\0\0";
    let status = b"S\0\0\0\x0aname\0\0";
    let at_once = [
        ("a message without an end", saying(b"R\x7f").then_forever(&[0xff])),
        ("a length without a content", saying(b"R\x7f\xff\xff\xff").then_nothing()),
        ("a row without an end", saying(b"R\0\0\0\x08\0\0\0\0D\x3f\xff\xff\xff").then_forever(&[0])),
        ("garbled", saying(&[0; 100]).then_nothing()),
        ("another protocol", saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").then_nothing()),
        ("cut", saying(b"R\0\0")),
    ];
    for (name, peer) in at_once {
        check_at_once(name, peer, STORE);
    }
    check("slow", saying(b"R\0\0\x10\0").then_slowly([0; 1000]), STORE);
    check("silent", saying(b"").then_nothing(), STORE);
    // They are what the protocol has, and end by their number.
    check("notices without an end", saying(b"").then_forever(notice), STORE);
    check("settings without an end", saying(b"").then_forever(status), STORE);
    // Where TLS is asked for first.
    let asking = "{sql: {url: 'postgres://a@ADDRESS/x'}}";
    check_at_once("no TLS", saying(b"NR\x7f\xff\xff\xff").then_forever(&[0]), asking);
    check_at_once("no answer to that", saying(b"X").then_forever(b"X"), asking);
    check_at_once("garbled TLS", saying(b"S").then_forever(b"S"), asking);
}

#[test]
fn mariadb() {
    const STORE: &str = "{sql: {url: 'mariadb://a@ADDRESS/x'}}";
    let saying = |begin: &[u8]| BadPeer::saying(begin).first();
    let at_once = [
        ("a packet without an end", saying(b"\xff\xff\xff\0").then_forever(&[0])),
        ("a length without a content", saying(b"\xff\xff\xff\0\x0a1").then_nothing()),
        ("garbled", saying(b"\x10\0\0\xffgarbage").then_nothing()),
        ("another protocol", saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").then_nothing()),
        ("cut", saying(b"\x50\0\0\0\x0a")),
    ];
    for (name, peer) in at_once {
        check_at_once(name, peer, STORE);
    }
    check("slow", saying(b"\xe8\x03\0\0").then_slowly([b'a'; 1000]), STORE);
    check("silent", saying(b"").then_nothing(), STORE);
}

#[test]
fn object_storage() {
    const STORE: &str = "{s3: {bucket: b, endpoint: 'http://ADDRESS', allow_http: true, access_key_id: a, secret_access_key: s, region: r}}";
    let saying = |begin: &[u8]| BadPeer::saying(begin);
    let endless = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n";
    let refused = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\n\r\n";
    let announced = "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 4000000000000\r\n\r\n";
    let cases = [
        ("a content without an end", saying(endless.as_bytes()).then_forever(b"a")),
        ("an error without an end", saying(refused.as_bytes()).then_forever(b"a")),
        ("elements without an end", saying(refused.as_bytes()).then_forever(b"<a>")),
        ("a length without a content", saying(announced.as_bytes()).then_nothing()),
        ("a head without an end", saying(b"HTTP/1.1 200 OK\r\n").then_forever(b"A: b\r\n")),
        ("garbled", saying(&[0; 1000])),
        ("cut", saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")),
        ("slow", saying(refused.as_bytes()).then_slowly([b'a'; 1000])),
        ("silent", saying(b"").then_nothing()),
    ];
    for (name, peer) in cases {
        check(name, peer, STORE);
    }
}
