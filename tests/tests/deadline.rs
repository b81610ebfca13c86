//! An answer comes in time, whatever is slow behind the server.

use std::time::Duration;

use token_auth_tests::{Place, Quality, Redis, Relay, Server, curl};

#[test]
fn a_store_that_hangs_is_no_reason_to_wait() {
    let place = Place::new();
    let redis = Redis::start(&place);
    let (address, user, password) = (redis.daemon.address(), Redis::USER, Redis::PASSWORD);
    let way = Relay::to(&address);
    let config = format!(
        "{}\nlimits: {{answer_time: 1s}}\ntokens:\n  store: {{redis: {{addr: '{}', username: {user}, \
         password: {password}}}}}\n  refresh: {{}}\n",
        Server::USUAL,
        way.address()
    );
    let server = Server::with(&place, &config);
    let query = "service=registry&offline_token=true&account=alice";
    let login = ["--user", "alice:alice-password", &format!("{}/auth?{query}", server.url)];
    curl(&login).is(200);
    way.set(Quality::Slow(Duration::from_secs(30)));
    let answer = curl(&login).is_error(503);
    assert!(answer.header("retry-after").is_some(), "{answer}");
    server.wait_for_log("there was no answer within the time that a request may take");
    // Whoever needs no store is answered as before.
    server.ask(Some("alice:alice-password"), &[]).is(200);
}
