//! Where the server listens: path prefix, TLS, socket file, all interfaces.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixListener;

use token_auth_tests::{
    Connection, Image, KeyPair, Place, Registry, Server, ServerSetup, Skopeo, curl, openssl,
};

/// The usual configuration with another block `server`.
fn listening(block: &str) -> String {
    let rest = Server::USUAL.split_once("token:").unwrap().1;
    format!("server:\n{block}\ntoken:{rest}")
}

#[test]
fn a_path_prefix_is_in_front_of_everything() {
    let place = Place::new();
    let server = Server::with(&place, &listening("  addr: 127.0.0.1:0\n  path_prefix: /registry/auth\n"));
    let status = |path: &str| curl(&[&format!("{}{path}", server.url)]).status;
    assert_eq!(status("/registry/auth/auth?service=registry"), 200);
    assert_eq!(status("/registry/auth/auth/token?service=registry"), 200);
    assert_eq!(status("/registry/auth/.well-known/jwks.json"), 200);
    assert_eq!(status("/registry/auth/"), 200);
    for path in
        ["/auth?service=registry", "/", "/registry", "/registry/authauth", "/registry/auth/auth/other"]
    {
        assert_eq!(status(path), 404, "{path}");
    }
    let realm = format!("{}/registry/auth/auth", server.url);
    let setup = Registry::trusting(&place, &server);
    let registry = setup.environment("REGISTRY_AUTH_TOKEN_REALM", &realm).start();
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    admin.push(&Image::new(&place, "hello"), "app:1").ok();
}

/// The guide for servers without a reverse proxy: one pair serves TLS and signs the tokens.
#[test]
fn the_pair_that_serves_tls_signs_tokens() {
    let place = Place::new();
    openssl(place.path(), &["genpkey", "-quiet", "-algorithm", "RSA", "-out", "server.key"]).ok();
    let pair = KeyPair::self_sign(&place, "server");
    let config =
        listening("  addr: 127.0.0.1:0\n  certificate: server.pem\n  key: server.key\n  hsts: true\n");
    let config = config.replace("  certificate: \"token.pem\"\n  key: \"token.key\"\n", "");
    place.write("config.yml", &config);
    let server = ServerSetup::new(&place).arg("config.yml").certificate(pair.certificate.clone()).start();
    assert!(server.url.starts_with("https://"), "{}", server.url);

    let trust = ["--cacert", pair.certificate.to_str().unwrap()];
    let answer = curl(&[trust[0], trust[1], &format!("{}/auth?service=registry", server.url)]).is(200);
    let hsts = "max-age=63072000; includeSubDomains";
    assert_eq!(answer.header("strict-transport-security"), Some(hsts));
    for version in ["--tlsv1.2", "--tlsv1.3"] {
        let maximum = version.trim_start_matches("--tlsv");
        let url = format!("{}/auth?service=registry", server.url);
        curl(&[trust[0], trust[1], version, "--tls-max", maximum, "--http1.1", &url]).is(200);
    }
    let registry = Registry::trusting(&place, &server).tls(&pair).start();
    let client = || Skopeo::new(&place, &registry).with_tls();
    let admin = client().trusting(&pair.certificate).logged_in("admin", "badmin");
    admin.push(&Image::new(&place, "hello"), "app:1").ok();
    admin.pull("app:1").ok();
    // A client that does not trust the server does not speak with it.
    client().login("admin", "badmin").fails_with("x509");
}

#[test]
fn someone_without_tls_gets_nothing_from_a_tls_port() {
    let place = Place::new();
    openssl(place.path(), &["genpkey", "-quiet", "-algorithm", "RSA", "-out", "server.key"]).ok();
    KeyPair::self_sign(&place, "server");
    let config = listening("  addr: 127.0.0.1:0\n  certificate: server.pem\n  key: server.key\n");
    let server = Server::with(&place, &config);
    let mut plain = Connection::open(server.address());
    plain.send("GET /auth?service=registry HTTP/1.1\r\nHost: tests\r\n\r\n");
    let said = plain.until_closed();
    assert!(!said.contains("token"), "{said}");
    curl(&["--insecure", &format!("{}/auth?service=registry", server.url)]).is(200);
}

#[test]
fn a_socket_file_is_a_place_to_listen() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    let socket = place.at("auth.sock");
    place.write("config.yml", &listening(&format!("  net: unix\n  addr: {}\n", socket.display())));
    // What a server that was killed leaves behind.
    drop(UnixListener::bind(&socket).unwrap());
    let start = || ServerSetup::bare(place.path()).arg("config.yml").start();
    let server = start();
    assert_eq!(server.url, format!("unix:{}", socket.display()));
    let ask = || {
        let url = "http://localhost/auth?service=registry&scope=repository:public/app:pull";
        curl(&["--unix-socket", socket.to_str().unwrap(), url]).is(200).token()
    };
    assert_eq!(ask().actions("repository", "public/app").as_deref(), Some("pull"));
    server.signal("TERM");
    server.finish().ok();
    assert!(!socket.exists(), "the socket file stays behind");

    // A file that is no socket is somebody's.
    place.write("auth.sock", "precious");
    ServerSetup::bare(place.path()).arg("config.yml").finish().fails();
    assert_eq!(place.read("auth.sock"), "precious");
    std::fs::remove_file(&socket).unwrap();
    let _server = start();
    assert!(std::fs::metadata(&socket).unwrap().file_type().is_socket());
    ask();
}

#[test]
fn a_port_without_a_host_is_every_interface() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place.write("config.yml", &listening("  addr: \":0\"\n"));
    let server = ServerSetup::bare(place.path()).arg("config.yml").start();
    let port = server.address().rsplit_once(':').unwrap().1;
    curl(&[&format!("http://127.0.0.1:{port}/auth?service=registry")]).is(200);
    curl(&[&format!("http://[::1]:{port}/auth?service=registry")]).is(200);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let place = Place::new();
    let server = Server::usual(&place);
    let setup = ServerSetup::bare(place.path()).arg("--listen").arg(server.address()).arg("config.yml");
    setup.finish().fails_with(server.address());
}

/// Rolling restarts overlap.
#[test]
fn a_socket_file_belongs_to_who_answers_there() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    let socket = place.at("auth.sock");
    place.write("config.yml", &listening(&format!("  net: unix\n  addr: {}\n", socket.display())));
    let setup = || ServerSetup::bare(place.path()).arg("config.yml");
    let ask = || {
        curl(&["--unix-socket", socket.to_str().unwrap(), "http://localhost/auth?service=registry"]).is(200)
    };
    let first = setup().start();
    setup().finish().fails_with("another process answers there");
    ask();
    // Somebody has made room by hand.
    std::fs::remove_file(&socket).unwrap();
    let second = setup().start();
    first.signal("TERM");
    first.finish().ok();
    ask();
    drop(second);
}
