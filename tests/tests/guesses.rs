//! Passwords that are guessed: how many are looked at, and that nothing behind the limit tells right from wrong.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use token_auth_tests::{Connection, Place, Server};

/// The usual server behind a proxy, which the tests are: it is told which address asks.
fn server(place: &Place) -> Server {
    let config =
        Server::USUAL.replace("server:\n", "server:\n  real_ip_header: X-Client\n  real_ip_pos: -1\n");
    Server::with(place, &config)
}

struct Client<'a> {
    connection: Connection,
    address: &'a str,
}

impl<'a> Client<'a> {
    fn new(server: &Server, address: &'a str) -> Self {
        Self { connection: Connection::open(server.address()), address }
    }

    /// The status of the answer to this name and password.
    fn logs_in(&mut self, name: &str, password: &str) -> u16 {
        let basic = STANDARD.encode(format!("{name}:{password}"));
        self.connection.send(format!(
            "GET /auth?service=registry HTTP/1.1\r\nHost: tests\r\nX-Client: {}\r\nAuthorization: Basic {basic}\r\n\r\n",
            self.address
        ));
        self.connection.answer().status
    }
}

#[test]
fn a_guesser_hears_nothing_behind_the_limit_and_the_owner_is_let_in() {
    let place = Place::new();
    let server = server(&place);
    let mut owner = Client::new(&server, "192.0.2.1");
    assert_eq!(owner.logs_in("alice", "alice-password"), 200);
    let mut guesser = Client::new(&server, "203.0.113.9");
    let mut heard = BTreeMap::new();
    for number in 0..400 {
        *heard.entry(guesser.logs_in("alice", &format!("guess-{number}"))).or_insert(0) += 1;
    }
    assert_eq!(heard, BTreeMap::from([(401, 10), (429, 390)]));
    assert_eq!(guesser.logs_in("alice", "alice-password"), 429, "the limit tells which one is right");
    assert_eq!(owner.logs_in("alice", "alice-password"), 200);
}

#[test]
fn beside_the_owner_a_guesser_hears_as_much_as_is_bounded() {
    let place = Place::new();
    let server = server(&place);
    let address = "192.0.2.1";
    assert_eq!(Client::new(&server, address).logs_in("alice", "alice-password"), 200);
    let mut guesser = Client::new(&server, address);
    let mut heard = BTreeMap::new();
    for number in 0..400 {
        *heard.entry(guesser.logs_in("alice", &format!("guess-{number}"))).or_insert(0) += 1;
        if number == 50 {
            assert_eq!(Client::new(&server, address).logs_in("alice", "alice-password"), 200);
        }
    }
    assert_eq!(heard, BTreeMap::from([(401, 10), (429, 390)]));
    assert_eq!(guesser.logs_in("alice", "alice-password"), 429);
}

#[test]
fn an_address_guesses_a_bounded_number_over_all_accounts() {
    let place = Place::new();
    let server = server(&place);
    let mut guesser = Client::new(&server, "203.0.113.9");
    for number in 0..10 {
        assert_eq!(guesser.logs_in("admin", &format!("guess-{number}")), 401);
    }
    let mut heard = BTreeMap::new();
    for number in 0..300 {
        *heard.entry(guesser.logs_in(&format!("invented-{number}"), "Winter2026")).or_insert(0) += 1;
    }
    assert_eq!(heard, BTreeMap::from([(401, 90), (429, 210)]));
    assert_eq!(guesser.logs_in("admin", "badmin"), 429, "the count of admin was flushed");
    assert_eq!(Client::new(&server, "203.0.113.10").logs_in("admin", "badmin"), 200);
}

#[test]
fn guesses_are_answered_with_429_and_the_right_password_is_let_in() {
    let place = Place::new();
    let server = Server::usual(&place);
    server.ask(Some("alice:alice-password"), &[]).is(200);
    for guess in 0..10 {
        server.ask(Some(&format!("alice:guess-{guess}")), &[]).is_error(401);
    }
    let answer = server.ask(Some("alice:guess-10"), &[]).is_error(429);
    assert_eq!(answer.json()["errors"][0]["code"], "TOOMANYREQUESTS");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    server.ask(Some("alice:guess-9"), &[]).is_error(401);
    server.ask(Some("alice:alice-password"), &[]).is(200);
    server.ask(Some("bob:bob-password"), &[]).is(200);
}
