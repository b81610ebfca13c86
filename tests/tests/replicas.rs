//! Two servers that share a store of tokens: one of them is killed, then the store itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::sync::Mutex;
use std::thread;

use serde_json::Value;
use token_auth_tests::{
    Answer, Daemon, MariaDb, ObjectStorage, Place, Postgres, Redis, RedisCluster, Server, ServerSetup, curl,
    docker_auth, run, until,
};

/// The usual configuration, with this store of tokens.
fn config(store: &str) -> String {
    let tokens = format!("tokens:\n  store: {store}\n  refresh: {{per_account: 10000}}\n");
    format!("{}\n{tokens}", Server::USUAL)
}

fn login(server: &str) -> Answer {
    let query = "service=registry&client_id=docker&offline_token=true&account=alice";
    curl(&["--user", "alice:alice-password", &format!("{server}/auth?{query}")])
}

fn token(answer: &Answer) -> String {
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn refresh(server: &Server, token: &str) -> Answer {
    let form = format!("grant_type=refresh_token&service=registry&client_id=test&refresh_token={token}");
    curl(&["--data", &form, &format!("{}/auth", server.url)])
}

fn tokens(place: &Place, arguments: &[&str]) -> String {
    run(docker_auth().current_dir(place.path()).arg("tokens").args(arguments), "").ok().stdout
}

/// The public half of a token.
fn id(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

/// Logs in again and again, on two connections, until the server is killed; hands back what was answered.
fn logins_until_killed(server: Server) -> Vec<String> {
    let answered = Mutex::new(Vec::new());
    let url = server.url.clone();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(token) = attempt(&url) {
                    answered.lock().unwrap().push(token);
                }
            });
        }
        until("some logins", || (answered.lock().unwrap().len() > 10).then_some(()));
        server.signal("KILL");
        server.finish();
    });
    answered.into_inner().unwrap()
}

/// A login at a server that may be killed meanwhile.
fn attempt(url: &str) -> Option<String> {
    let query = "service=registry&client_id=docker&offline_token=true&account=alice";
    let mut command = token_auth_tests::Program::CURL.command();
    command.args(["--silent", "--user", "alice:alice-password", &format!("{url}/auth?{query}")]);
    let finished = run(&mut command, "");
    let answer: Value = finished.status.success().then(|| serde_json::from_str(&finished.stdout).ok())??;
    Some(answer["refresh_token"].as_str()?.to_owned())
}

fn check<D>(store: &str, daemon: &mut D, kill: fn(&mut D), restart: fn(&mut D)) {
    let place = Place::new();
    let first = Server::with(&place, &config(store));
    let second = ServerSetup::new(&place).arg("config.yml").start();

    // What one of them issues is good at the other, until it is revoked: at once, at both.
    let good = token(&login(&first.url).is(200));
    let revoked = token(&login(&second.url).is(200));
    for server in [&first, &second] {
        refresh(server, &good).is(200);
        refresh(server, &revoked).is(200);
    }
    tokens(&place, &["revoke", "config.yml", id(&revoked)]);
    for server in [&first, &second] {
        refresh(server, &revoked).is_error(401);
        refresh(server, &good).is(200);
    }

    // One of them dies in the middle of its work: whatever it has answered is good at the other.
    let answered = logins_until_killed(first);
    for token in &answered {
        refresh(&second, token).is(200);
    }

    // The store dies: nobody is granted anything by a token, and nobody is told that a good one is bad.
    kill(daemon);
    refresh(&second, &good).is_error(503);
    refresh(&second, &revoked).is_error(503);
    login(&second.url).is_error(503);
    let password = second.ask(Some("alice:alice-password"), &["repository:alice/app:pull"]);
    assert_eq!(password.is(200).token().claims["access"][0]["actions"][0], "pull");

    // It comes back: so do the tokens, without a restart of the server, and apart from what was revoked.
    restart(daemon);
    until("the server to reach its store again", || {
        let answer = refresh(&second, &good);
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        (answer.status == 200).then_some(())
    });
    refresh(&second, &revoked).is_error(401);
    let third = ServerSetup::new(&place).arg("config.yml").start();
    for token in &answered {
        refresh(&third, token).is(200);
    }
    tokens(&place, &["revoke", "config.yml", "--account", "alice"]);
    for server in [&second, &third] {
        refresh(server, &good).is_error(401);
        refresh(server, &answered[0]).is_error(401);
    }
    for server in [&second, &third] {
        server.never_told(&["alice-password", "registry-secret", good.rsplit('_').next().unwrap()]);
    }
}

#[test]
fn two_servers_on_one_redis() {
    let place = Place::new();
    let mut redis = Redis::start(&place);
    let (address, user, password) = (redis.daemon.address(), Redis::USER, Redis::PASSWORD);
    let store = format!("{{redis: {{addr: '{address}', username: {user}, password: {password}}}}}");
    check(&store, &mut redis.daemon, Daemon::kill, Daemon::restart);
}

#[test]
fn two_servers_on_a_redis_cluster() {
    let place = Place::new();
    let mut cluster = RedisCluster::start(&place);
    let nodes: Vec<_> = cluster.nodes.iter().map(|node| format!("'{}'", node.address())).collect();
    let options = format!("redis_cluster_options: {{addrs: [{}]}}", nodes.join(", "));
    check(
        &format!("{{redis_token_db: {{{options}}}}}"),
        &mut cluster,
        RedisCluster::kill,
        RedisCluster::restart,
    );
}

#[test]
fn two_servers_on_one_postgresql() {
    let mut postgres = Postgres::start();
    check(
        &format!("{{sql: {{url: '{}'}}}}", postgres.url()),
        &mut postgres.daemon,
        Daemon::kill,
        Daemon::restart,
    );
}

#[test]
fn two_servers_on_one_mariadb() {
    let mut mariadb = MariaDb::start();
    check(
        &format!("{{sql: {{url: '{}'}}}}", mariadb.url()),
        &mut mariadb.daemon,
        Daemon::kill,
        Daemon::restart,
    );
}

#[test]
fn two_servers_on_one_bucket() {
    let place = Place::new();
    let mut storage = ObjectStorage::s3(&place);
    let store = format!("{{{}}}", storage.block);
    check(&store, &mut storage, ObjectStorage::kill, ObjectStorage::restart);
}

#[test]
fn a_redis_that_removes_what_it_likes_is_warned_of() {
    let place = Place::new();
    let redis = Redis::start(&place);
    let (address, user, password) = (redis.daemon.address(), Redis::USER, Redis::PASSWORD);
    let store = format!("{{redis: {{addr: '{address}', username: {user}, password: {password}}}}}");
    let warns = || {
        let server = Server::with(&place, &config(&store));
        login(&server.url).is(200);
        login(&server.url).is(200);
        server.log().matches("Redis removes what it likes").count()
    };
    assert_eq!(warns(), 0);
    redis.cli(&["config", "set", "maxmemory-policy", "allkeys-lru"]).ok();
    assert_eq!(warns(), 1, "once");
    // Nothing depends on the right to look.
    redis.cli(&["acl", "setuser", user, "-info"]).ok();
    assert_eq!(warns(), 0);
}

#[test]
fn commands_show_what_can_be_read_and_name_the_rest() {
    let place = Place::new();
    let redis = Redis::start(&place);
    let (address, user, password) = (redis.daemon.address(), Redis::USER, Redis::PASSWORD);
    let store = format!("{{redis: {{addr: '{address}', username: {user}, password: {password}}}}}");
    let server = Server::with(&place, &config(&store));
    let [good, bad] = [(); 2].map(|()| token(&login(&server.url).is(200)));
    redis.cli(&["HSET", &format!("token-auth:token:{}", id(&bad)), "record", "{"]).ok();
    let list =
        || run(docker_auth().current_dir(place.path()).args(["tokens", "list", "config.yml"]), "").ok();
    let listed = list();
    assert!(listed.stdout.contains(id(&good)) && !listed.stdout.contains(id(&bad)), "{listed}");
    assert!(listed.stderr.contains("1 more cannot be read") && listed.stderr.contains(id(&bad)), "{listed}");
    // Its token opens nothing, and nobody else's suffers.
    refresh(&server, &bad).is_error(503);
    refresh(&server, &good).is(200);
    assert_eq!(tokens(&place, &["revoke", "config.yml", id(&bad)]), "revoked 1 token\n");
    let listed = list();
    assert!(listed.stdout.contains(id(&good)) && !listed.stderr.contains(id(&bad)), "{listed}");
    refresh(&server, &bad).is_error(401);
}
