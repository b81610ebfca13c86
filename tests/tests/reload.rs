//! Changes under a running server, and its end.

use token_auth_tests::{Answer, Connection, KeyPair, Place, Registry, Server, until};

const RELOADED: &str = "configuration loaded again";
const KEPT: &str = "the configuration stays as it was";

/// What bob may do with what is public.
fn granted(server: &Server) -> String {
    let token = server.token(Some("bob:bob-password"), &["repository:public/app:pull,push"]);
    token.actions("repository", "public/app").unwrap_or_default()
}

/// The usual configuration, where everyone may push what is public, too.
fn generous() -> String {
    Server::USUAL.replace("actions: [\"pull\"]\n", "actions: [\"pull\", \"push\"]\n")
}

#[test]
fn a_renamed_file_counts_without_being_asked_to() {
    let place = Place::new();
    let server = Server::usual(&place);
    assert_eq!(granted(&server), "pull");
    place.replace("config.yml", &generous());
    server.wait_for_log(RELOADED);
    assert_eq!(granted(&server), "pull,push");
    place.replace("config.yml", Server::USUAL);
    server.wait_for_logs(RELOADED, 2);
    assert_eq!(granted(&server), "pull");
}

#[test]
fn a_hangup_reads_the_file_at_once_and_keeps_connections() {
    let place = Place::new();
    let server = Server::usual(&place);
    let mut connection = Connection::open(server.address());
    let ask = |connection: &mut Connection| {
        let answer = connection.get("/auth?service=registry&scope=repository:public/app:pull,push");
        actions(&answer)
    };
    assert_eq!(ask(&mut connection), "pull");
    for round in 1..=5 {
        let (config, expected) =
            if round % 2 == 1 { (generous(), "pull,push") } else { (Server::USUAL.to_owned(), "pull") };
        place.write("config.yml", &config);
        server.signal("HUP");
        until("the new rules", || (ask(&mut connection) == expected).then_some(()));
    }
    server.wait_for_logs(RELOADED, 5);
}

fn actions(answer: &Answer) -> String {
    answer.token().actions("repository", "public/app").unwrap_or_default()
}

#[test]
fn a_broken_file_changes_nothing() {
    let place = Place::new();
    let server = Server::usual(&place);
    let broken = generous().replace("account: \"admin\"", "acount: \"admin\"");
    let line = 1 + broken.lines().position(|line| line.contains("acount")).unwrap_or_default();
    place.replace("config.yml", &broken);
    server.signal("HUP");
    let told = server.wait_for_log(KEPT);
    assert!(told.contains(&format!("config.yml:{line}: acl[1].match.acount")), "{told}");
    assert_eq!(granted(&server), "pull");
    // Other ways to be broken: not YAML, gone, a key that is not there, a hash that is none.
    let mut kept = server.log().matches(KEPT).count();
    for text in [
        "server: [",
        "",
        &generous().replace("token.key", "nothing.key"),
        &generous().replace("$2y$05$LO", "$2y$99$LO"),
    ] {
        place.replace("config.yml", text);
        server.signal("HUP");
        kept += 1;
        server.wait_for_logs(KEPT, kept);
        assert_eq!(granted(&server), "pull", "{text}");
    }
    place.replace("config.yml", &generous());
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    assert_eq!(granted(&server), "pull,push");
    server.never_told(&["bob-password", "badmin", "GiRwt6kM5KzK72MoZKACXOluYiIbP3RP78BCivfAu1vJoxDcBU9wy"]);
}

#[test]
fn a_new_key_signs_from_the_next_reload_on() {
    let place = Place::new();
    let server = Server::usual(&place);
    let first = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    let new = KeyPair::generate(&place, "new", "p256");
    let both = place.read("token.pem") + &place.read("new.pem");
    let bundle = place.write("both.pem", &both);
    place.replace(
        "config.yml",
        &Server::USUAL.replace("token.pem", "new.pem").replace("token.key", "new.key"),
    );
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    let second = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    assert_ne!(first.header["kid"], second.header["kid"]);
    // A registry that trusts both takes the tokens of both.
    let registry = Registry::trusting(&place, &server).bundle(&bundle).start();
    for token in [&first, &second] {
        registry.ask("/v2/app/tags/list", Some(token), &[]).is(404);
    }
    let registry = Registry::trusting(&place, &server).bundle(&new.certificate).start();
    registry.ask("/v2/app/tags/list", Some(&first), &[]).is(401);
    registry.ask("/v2/app/tags/list", Some(&second), &[]).is(404);
}

#[test]
fn a_removed_user_is_out_at_once() {
    let place = Place::new();
    let server = Server::usual(&place);
    // Twice: verified credentials may be remembered.
    server.ask(Some("alice:alice-password"), &[]).is(200);
    server.ask(Some("alice:alice-password"), &[]).is(200);
    place.replace("config.yml", &Server::USUAL.replace("\"alice\"", "\"alicia\""));
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    server.ask(Some("alice:alice-password"), &[]).is_error(401);
    server.ask(Some("alicia:alice-password"), &[]).is(200);
}

#[test]
fn termination_finishes_the_request_under_way() {
    for signal in ["TERM", "INT"] {
        let place = Place::new();
        let server = Server::usual(&place);
        let form = "service=registry&scope=repository:public/app:pull,push";
        let (half, rest) = form.split_at(10);
        let mut connection = Connection::open(server.address());
        connection.send(format!(
            "POST /auth HTTP/1.1\r\nHost: tests\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{half}",
            form.len()
        ));
        let mut idle = Connection::open(server.address());
        assert_eq!(idle.get("/auth?service=registry").status, 200);
        server.signal(signal);
        // Whoever waits with nothing under way is let go, and nobody new comes in.
        idle.until_closed();
        until("the port to close", || Connection::try_open(server.address()).is_err().then_some(()));
        assert_eq!(actions(&connection.send(rest).answer()), "pull");
        assert_eq!(server.finish().ok().status.code(), Some(0));
    }
}
