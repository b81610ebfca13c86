//! What a server has answered is still so after it was killed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use token_auth_tests::{Connection, KeyPair, Place, Server, ServerSetup, until};

const ROUNDS: usize = 100;
const CLIENTS: usize = 3;
/// `alice:alice-password`.
const BASIC: &str = "YWxpY2U6YWxpY2UtcGFzc3dvcmQ=";

/// What a client knows of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It was answered.
    Issued,
    /// Its revocation was asked for, and not answered.
    Doubtful,
    /// Its revocation was answered.
    Revoked,
}

type Ledger = Arc<Mutex<BTreeMap<String, Known>>>;

#[test]
fn no_token_and_no_revocation_is_lost_when_the_server_is_killed() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    let tokens = "\ntokens:\n  store: {path: tokens.redb}\n  refresh: {per_account: 1000000}\n";
    place.write("config.yml", &format!("{}{tokens}", Server::USUAL));
    let random = RandomState::new();
    let mut all: BTreeMap<String, Known> = BTreeMap::new();
    let mut server = start(&place);
    for round in 0..ROUNDS {
        let ledger = Ledger::default();
        let answers = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (address, socket) = (server.address().to_owned(), place.at("tokens.redb.sock"));
                let (ledger, answers) = (Arc::clone(&ledger), Arc::clone(&answers));
                thread::spawn(move || work(client, &address, &socket, &ledger, &answers))
            })
            .collect();
        let enough = usize::try_from(random.hash_one(round) % 25).unwrap();
        until("answers", || (answers.load(Ordering::Relaxed) > enough).then_some(()));
        server.signal("KILL");
        server.finish();
        for client in clients {
            client.join().unwrap();
        }
        server = start(&place);
        let known = std::mem::take(&mut *ledger.lock().unwrap());
        check(&server, &known, round);
        all.extend(known);
    }
    check(&server, &all, ROUNDS);
    let count = |wanted| all.values().filter(|known| **known == wanted).count();
    assert!(count(Known::Issued) > ROUNDS / 2 && count(Known::Revoked) > ROUNDS / 2, "too little was tried");
}

fn start(place: &Place) -> Server {
    ServerSetup::new(place).arg("config.yml").arg("--log-level").arg("warn").start()
}

/// Asks for tokens, and revokes every other one, until the server is gone.
fn work(client: usize, address: &str, socket: &Path, ledger: &Ledger, answers: &AtomicUsize) -> Option<()> {
    let mut connection = Connection::try_open(address).ok()?;
    for number in client.. {
        let query = "service=registry&client_id=docker&offline_token=true&account=alice";
        let request =
            format!("GET /auth?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {BASIC}\r\n\r\n");
        connection.try_send(request).ok()?;
        let token = connection.try_answer()?.is(200).json()["refresh_token"].as_str()?.to_owned();
        ledger.lock().unwrap().insert(token.clone(), Known::Issued);
        answers.fetch_add(1, Ordering::Relaxed);
        if number % 2 == 0 {
            ledger.lock().unwrap().insert(token.clone(), Known::Doubtful);
            revoke(socket, token.split('_').nth(1)?)?;
            ledger.lock().unwrap().insert(token, Known::Revoked);
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
    Some(())
}

/// What `docker-auth tokens revoke` does.
fn revoke(socket: &Path, id: &str) -> Option<()> {
    let mut stream = UnixStream::connect(socket).ok()?;
    write!(stream, "DELETE /v1/tokens/{id} HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    (!reply.is_empty()).then(|| assert!(reply.ends_with("\r\n\r\n{\"revoked\":1}"), "{reply}"))
}

fn check(server: &Server, known: &BTreeMap<String, Known>, round: usize) {
    let mut connection = Connection::open(server.address());
    for (token, known) in known {
        let form = format!("grant_type=refresh_token&service=registry&refresh_token={token}");
        let kind = "application/x-www-form-urlencoded";
        let length = form.len();
        let head = format!(
            "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        let status = connection.send(head + &form).answer().status;
        let expected: &[u16] = match known {
            Known::Issued => &[200],
            Known::Revoked => &[401],
            Known::Doubtful => &[200, 401],
        };
        assert!(
            expected.contains(&status),
            "in round {round} a token that is {known:?} is answered with {status}"
        );
    }
}
