//! Clients that hold connections: each has its end, and nobody is kept out by them; and how connections end with the server.

use std::net::TcpStream;

use token_auth_tests::{
    Connection, Floods, Http2, KeyPair, Place, Server, ServerSetup, curl, openssl, until,
};

/// The usual configuration with these limits and time-outs.
fn config(limits: &str, timeouts: &str) -> String {
    let server = format!("limits: {{{limits}}}\nserver:\n  timeouts: {{{timeouts}}}\n");
    Server::USUAL.replace("server:\n", &server)
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: tests\r\n\r\n")
}

/// More than the buffers on the way hold.
fn pipelined() -> String {
    request("/openapi.json").repeat(700)
}

#[test]
fn whoever_does_not_read_keeps_nobody_out() {
    let place = Place::new();
    let server = Server::with(&place, &config("connections: 20", "header: 1s, write: 1s"));
    let held: Vec<Connection> = (0..60)
        .map(|_| {
            let mut connection = Connection::open(server.address());
            connection.send(pipelined());
            connection
        })
        .collect();
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
    drop(held);
}

#[test]
fn whoever_reads_slowly_gets_everything() {
    let place = Place::new();
    let server = Server::usual(&place);
    let mut connection = Connection::open(server.address());
    connection.send(pipelined());
    for _ in 0..700 {
        connection.answer().is(200);
    }
    connection.get("/auth?service=registry").is(200);
}

#[test]
fn pings_do_not_keep_a_connection() {
    let place = Place::new();
    let server = Server::with(&place, &config("connections: 4", "header: 1s, request: 2s, write: 1s"));
    // Whole answers, and none at all.
    for window in [65_535, 0, 1] {
        let mut connections: Vec<Http2> = (0..4).map(|_| Http2::open(server.address(), window)).collect();
        for connection in &mut connections {
            for stream in 0..40 {
                connection.get(2 * stream + 1, "/openapi.json");
            }
        }
        for connection in &mut connections {
            assert!(connection.idle(), "cut without a word");
        }
        server.ask(None, &[]).is(200);
    }
    // One that never asks for anything.
    let mut silent = Http2::open(server.address(), 65_535);
    silent.idle();
    server.ask(None, &[]).is(200);
}

#[test]
fn floods_of_frames_keep_nobody_out() {
    let place = Place::new();
    let server = Server::usual(&place);
    let report = Floods { frames: 20_000 }.run(&server);
    assert!(report.wrong.is_empty(), "{report}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    server.ask(Some("admin:badmin"), &[]).is(200);
}

#[test]
fn an_address_has_its_share_of_the_connections() {
    let place = Place::new();
    let server = Server::with(&place, &config("connections_per_address: 3", "header: 10m"));
    let open = || {
        let mut connection = Connection::open(server.address());
        // It may be closed before.
        let _ = connection.try_send(request("/auth?service=registry"));
        let answered = connection.try_answer().is_some();
        answered.then_some(connection)
    };
    let mut held: Vec<Connection> = (0..3).map(|_| open().unwrap()).collect();
    assert!(open().is_none());
    server.wait_for_log("limits.connections_per_address");
    held.pop();
    let again = until("a place", open);
    drop((held, again));
}

#[test]
fn trusted_proxies_have_as_many_connections_as_there_are() {
    let place = Place::new();
    let proxies = "limits: {connections_per_address: 1}\nserver:\n  real_ip_header: X-Forwarded-For\n  \
        trusted_proxies: [127.0.0.1]\n";
    let server = Server::with(&place, &Server::USUAL.replace("server:\n", proxies));
    let mut held: Vec<Connection> = (0..5).map(|_| Connection::open(server.address())).collect();
    for connection in &mut held {
        connection
            .send("GET /auth?service=registry HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
            .answer()
            .is(200);
    }
}

#[test]
fn whoever_sends_no_more_gets_the_answer() {
    let place = Place::new();
    let server = Server::usual(&place);
    for _ in 0..10 {
        let mut connection = Connection::open(server.address());
        // admin:badmin
        connection.send(
            "GET /auth?service=registry HTTP/1.1\r\nHost: t\r\nAuthorization: Basic YWRtaW46YmFkbWlu\r\n\r\n",
        );
        connection.finish();
        connection.answer().is(200);
        assert_eq!(connection.until_closed(), "");
    }
}

/// A client that goes on asking on a connection of its own hears that it ends, and loses no request by it.
#[test]
fn no_request_is_lost_when_the_server_ends() {
    let place = Place::new();
    let server = Server::usual(&place);
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let mut connection = Connection::open(server.address());
            connection.get("/auth?service=registry").is(200);
            std::thread::spawn(move || {
                loop {
                    let answer = connection.get("/auth?service=registry").is(200);
                    if answer.header("connection") == Some("close") {
                        return connection.until_closed();
                    }
                }
            })
        })
        .collect();
    server.requests(100);
    server.signal("TERM");
    for thread in threads {
        assert_eq!(thread.join().unwrap(), "");
    }
    server.finish().ok();
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let place = Place::new();
    let config = config("", "request: 10m, header: 10m, shutdown: 20m").replace("limits: {}\n", "");
    for second in ["TERM", "INT"] {
        let server = Server::with(&place, &config);
        let mut held = Connection::open(server.address());
        held.send(
            "POST /auth HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 9\r\n\r\nhalf",
        );
        // The connections are taken in turn: this one comes after it.
        server.ask(None, &[]).is(200);
        server.signal("TERM");
        until("no more connections", || TcpStream::connect(server.address()).err());
        server.signal(second);
        server.finish().ok();
        held.until_closed();
    }
}

#[test]
fn plain_http_at_the_port_of_tls_is_told_so() {
    let place = Place::new();
    openssl(place.path(), &["genpkey", "-quiet", "-algorithm", "RSA", "-out", "server.key"]).ok();
    KeyPair::self_sign(&place, "server");
    let tls = "server:\n  certificate: server.pem\n  key: server.key\n";
    let server = Server::with(&place, &Server::USUAL.replace("server:\n", tls));
    let answer = Connection::open(server.address()).get("/auth?service=registry").is_error(400);
    assert!(answer.body.contains("HTTPS"), "{answer}");
    server.wait_for_log("plain HTTP was sent to the port of TLS");
    curl(&["--insecure", &format!("{}/auth?service=registry", server.url)]).is(200);
}

#[test]
fn load_balancers_may_ask_for_options() {
    let place = Place::new();
    let server = Server::usual(&place);
    for path in ["/", "/.well-known/jwks.json", "/openapi.json"] {
        let answer = curl(&["--request", "OPTIONS", &format!("{}{path}", server.url)]).is(204);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

/// As docker_auth's chart starts it.
#[test]
fn the_flags_of_docker_auth_are_taken() {
    let place = Place::new();
    drop(Server::usual(&place));
    let setup = ServerSetup::bare(place.path()).args(["--v=2", "-logtostderr", "--alsologtostderr"]);
    let server = setup.args(["-stderrthreshold", "INFO", "--listen", "127.0.0.1:0", "config.yml"]).start();
    server.ask(None, &[]).is(200);
    server.wait_for_log("token_auth::access");
}
