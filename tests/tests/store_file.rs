//! The file of the embedded store, while its disk is full for a moment, and when somebody moves it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::fs::{self, File};
use std::io::Write as _;

use token_auth_tests::{Answer, KeyPair, Place, Server, ServerSetup, curl, docker_auth, run, until};

fn config(store: &str) -> String {
    format!("{}\ntokens:\n  store: {{path: {store}}}\n  refresh: {{per_account: 100000}}\n", Server::USUAL)
}

fn login(server: &Server) -> Answer {
    let query = "service=registry&client_id=docker&offline_token=true&account=alice";
    curl(&["--user", "alice:alice-password", &format!("{}/auth?{query}", server.url)])
}

fn token(answer: &Answer) -> String {
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn refresh(server: &Server, token: &str) -> Answer {
    let form = format!("grant_type=refresh_token&service=registry&client_id=test&refresh_token={token}");
    curl(&["--data", &form, &format!("{}/auth", server.url)])
}

fn reload(server: &Server) {
    server.signal("HUP");
}

#[test]
fn a_full_disk_passes_and_nothing_that_was_answered_is_lost() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place.write("config.yml", &config("disk/tokens.redb"));
    let server = ServerSetup::with_small_disk(&place, 3).arg("config.yml").start();
    let first = token(&login(&server).is(200));
    let mut known = vec![first.clone()];
    for _ in 0..2 {
        let fill = server.seen(&place.at("disk/fill"));
        let mut file = File::create(&fill).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        drop(file);
        until("a login that finds no room", || {
            let answer = login(&server);
            if answer.status == 200 {
                known.push(token(&answer));
            }
            (answer.status == 503).then_some(())
        });
        // What is there is still read, and passwords need no store.
        server.ask(Some("alice:alice-password"), &[]).is(200);
        refresh(&server, &first).is(200);
        login(&server).is_error(503);

        fs::remove_file(&fill).unwrap();
        known.push(token(&login(&server).is(200)));
        for token in &known {
            refresh(&server, token).is(200);
        }
    }
    // A revocation is done, and stays done.
    let socket = server.seen(&place.at("disk/tokens.redb.sock"));
    let revoked = known.pop().unwrap();
    let id = revoked.split('_').nth(1).unwrap();
    revoke(&server, &socket, &place, id);
    refresh(&server, &revoked).is_error(401);
    reload(&server);
    server.wait_for_log("configuration loaded again");
    for token in &known {
        refresh(&server, token).is(200);
    }
    refresh(&server, &revoked).is_error(401);
}

/// By the command, in the server's tree.
fn revoke(server: &Server, socket: &std::path::Path, place: &Place, id: &str) {
    assert!(socket.exists());
    let config = place
        .read("config.yml")
        .replace("disk/tokens.redb", server.seen(&place.at("disk/tokens.redb")).to_str().unwrap());
    place.write("seen.yml", &config);
    run(docker_auth().current_dir(place.path()).args(["tokens", "revoke", "seen.yml", id]), "").ok();
}

#[test]
fn a_file_that_is_moved_or_replaced_is_an_error_until_it_is_back() {
    let place = Place::new();
    let server = Server::with(&place, &config("tokens.redb"));
    let known = token(&login(&server).is(200));
    fs::rename(place.at("tokens.redb"), place.at("elsewhere")).unwrap();
    for _ in 0..2 {
        login(&server).is_error(503);
        refresh(&server, &known).is_error(503);
        assert!(!place.at("tokens.redb").exists(), "a new store was made");
        reload(&server);
        server.wait_for_log("was moved away while it was open");
    }
    // Another file in its place, and be it a store.
    fs::copy(place.at("elsewhere"), place.at("tokens.redb")).unwrap();
    login(&server).is_error(503);
    refresh(&server, &known).is_error(503);
    reload(&server);
    server.wait_for_log("is another file than the one that is open");
    refresh(&server, &known).is_error(503);
    fs::rename(place.at("elsewhere"), place.at("tokens.redb")).unwrap();
    refresh(&server, &known).is(200);
    login(&server).is(200);
}
