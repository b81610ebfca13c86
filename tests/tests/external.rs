//! Programs say who somebody is and what they may do, through the whole server.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use std::fs;
use std::thread;

use token_auth_tests::{KeyPair, Place, Server, ServerSetup, docker_auth, run, until};

const BASE: &str = "server: {addr: '127.0.0.1:0'}\n\
                    token: {issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}\n";

/// docker_auth's keys alone, as its reference has them.
const DOCKER_AUTH: &str = "users: {'': {}}\n\
                           ext_auth: {command: sh, args: [auth.sh, wonderland]}\n\
                           acl:\n- {match: {name: '${labels:own}'}, actions: [pull]}\n\
                           ext_authz: {command: sh, args: [authz.sh]}\n";

fn start(place: &Place, config: &str, auth: &str, authz: &str) -> Server {
    place.write("auth.sh", auth);
    place.write("authz.sh", authz);
    Server::with(place, &format!("{BASE}{config}"))
}

#[test]
fn programs_decide_as_with_docker_auth() {
    let place = Place::new();
    let auth = "read -r user password\n\
                echo \"$user tried $password\" >&2\n\
                case $user in alice) ;; bob) exit 2;; *) exit 7;; esac\n\
                [ \"$password\" = \"$1\" ] || exit 1\n\
                echo '{\"labels\": {\"own\": [\"alice/*\"]}}'\n";
    let authz = "asked=$(cat)\n\
                 case $asked in *'\"Name\":\"broken/'*) exit 9;; *'\"Account\":\"alice\"'*'\"Name\":\"shared/'*) exit 0;; esac\n\
                 exit 1\n";
    KeyPair::generate(&place, "token", "p256");
    place.write("auth.sh", auth);
    place.write("authz.sh", authz);
    place.write("config.yml", &format!("{BASE}{DOCKER_AUTH}"));
    let server = ServerSetup::new(&place).args(["--log-level", "debug", "config.yml"]).start();

    let alice = Some("alice:wonderland");
    let token = server.token(alice, &["repository:alice/app:pull,push", "repository:shared/app:pull,push"]);
    assert_eq!(token.claims["sub"], "alice");
    assert_eq!(
        token.actions("repository", "alice/app").as_deref(),
        Some("pull"),
        "its label acts as a pattern"
    );
    assert_eq!(token.actions("repository", "shared/app").as_deref(), Some("pull,push"));
    let token = server.token(alice, &["repository:other/app:pull"]);
    assert_eq!(token.actions("repository", "other/app").as_deref(), Some(""));

    server.ask(Some("alice:guess"), &[]).is_error(401);
    server.ask(Some("bob:wonderland"), &[]).is_error(401);
    for (credentials, scopes, reason) in [
        (Some("carol:wonderland"), &[][..], "the program ended with status 7, which means nothing here"),
        (
            alice,
            &["repository:broken/app:pull"][..],
            "the program ended with status 9, which means nothing here",
        ),
    ] {
        let answer = server.ask(credentials, scopes).is_error(503);
        assert!(!answer.body.contains("status"), "{answer}");
        server.wait_for_log(reason);
    }
    server.wait_for_log("alice tried [redacted]");
    server.never_told(&["wonderland", "guess"]);
}

#[test]
fn many_log_in_at_once_and_a_program_that_hangs_is_gone() {
    let place = Place::new();
    let seconds = format!("{}77", std::process::id());
    let auth = format!(
        "read -r user password\n\
         [ $user = slow ] || exit 0\n\
         setsid sleep {seconds} &\n\
         sleep {seconds}\n"
    );
    let server = start(
        &place,
        "ext_auth: {command: sh, args: [auth.sh], timeout: 2s, concurrency: 8}\nacl: []\nlimits: {answer_time: 50s}\n",
        &auth,
        "",
    );
    server.ask(Some("slow:x"), &[]).is_error(503);
    server.wait_for_log("the program has not ended within 2000 ms, and was killed");
    let is_there = |process: fs::DirEntry| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == seconds.as_bytes())
    };
    until("nothing is left running", || {
        (!fs::read_dir("/proc").unwrap().flatten().any(is_there)).then_some(())
    });
    thread::scope(|scope| {
        let server = &server;
        let logins: Vec<_> = (0..64)
            .map(|number| scope.spawn(move || server.ask(Some(&format!("user-{number}:x")), &[]).status))
            .collect();
        for login in logins {
            assert_eq!(login.join().unwrap(), 200);
        }
    });
}

#[test]
fn refresh_tokens_need_a_program_that_answers_about_accounts() {
    let place = Place::new();
    let tokens = "tokens: {store: {path: tokens.redb}}\nacl: []\n";
    let ask = |server: &Server| {
        let url = format!("{}/auth?service=registry&offline_token=true&account=alice", server.url);
        token_auth_tests::curl(&["--user", "alice:x", &url]).is(200)
    };
    let server =
        start(&place, &format!("ext_auth: {{command: sh, args: [auth.sh]}}\n{tokens}"), "exit 0", "");
    assert!(!ask(&server).body.contains("refresh_token"));
    drop(server);
    let config = "ext_auth: {command: sh, args: [auth.sh], form: json, accounts: true}\n";
    let server = start(
        &place,
        &format!("{config}{tokens}"),
        "grep -q '\"account\":\"alice\"\\|\"login\"' || exit 2",
        "",
    );
    assert!(ask(&server).body.contains("refresh_token"));
}

#[test]
fn what_cannot_be_run_is_refused_when_the_configuration_is_loaded() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place.write("plain", "not a program");
    for (block, said) in [
        ("ext_auth: {command: /no/such/program}", "there is no program \"/no/such/program\""),
        ("ext_authz: {command: ./plain}", "is not a file that this user may run"),
        ("ext_auth: {args: [x]}", "command: is required"),
        ("ext_auth: {command: sh, accounts: true}", "must be `json` with `accounts`"),
        ("ext_auth: {command: sh, enviroment: [HOME]}", "did you mean `environment`"),
    ] {
        place.write("config.yml", &format!("{BASE}users: {{}}\nacl: []\n{block}\n"));
        let finished = run(docker_auth().current_dir(place.path()).args(["check", "config.yml"]), "").fails();
        let told = format!("{}{}", finished.stdout, finished.stderr);
        assert!(told.contains(said), "{block}: {told}");
    }
}
