//! `docker-auth check`: warnings about rules, and policy tests.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use token_auth_tests::{Finished, KeyPair, Place, Server, docker_auth, run};

fn check(config: &str, options: &[&str]) -> Finished {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place.write("config.yml", config);
    run(docker_auth().current_dir(place.path()).arg("check").args(options).arg("config.yml"), "")
}

#[test]
fn usual_files_are_not_warned_of() {
    let article = include_str!("../data/article/auth_config.yml");
    let article = article.replace("/config/auth.pem", "token.pem").replace("/config/auth.key", "token.key");
    for config in [Server::USUAL, &article] {
        let said = check(config, &["--deny-warnings"]).ok().stdout;
        // Neither says whether tokens carry the certificate.
        let (note, rest) = said.split_once('\n').unwrap();
        let about = "note: config.yml:";
        assert!(
            note.starts_with(about) && note.contains("a registry 3.x that has `jwks` alone refuses them"),
            "{said}"
        );
        assert_eq!(rest, "config.yml: good\n");
        let (before, after) = config.split_once("issuer:").unwrap();
        let indent = before.rsplit('\n').next().unwrap();
        let known = format!("{before}x5c: true\n{indent}issuer:{after}");
        let said = check(&known, &["--deny-warnings"]).ok().stdout;
        assert_eq!(said, "config.yml: good\n");
    }
}

#[test]
fn suspicious_rules_are_warnings_and_errors_on_request() {
    let config = Server::USUAL.replace("public/*", "public/**");
    let said = check(&config, &[]).ok().stdout;
    assert!(said.contains("\nwarning: config.yml:31: acl[4].match.name: "), "{said}");
    assert!(
        said.contains("(double-star); write \"public/*\"") && said.ends_with("config.yml: good\n"),
        "{said}"
    );
    let denied = check(&config, &["--deny-warnings"]).fails_with("1 warnings");
    assert_eq!(denied.status.code(), Some(1), "{denied}");
}

#[test]
fn policy_tests_are_run_and_decide_the_exit_code() {
    let tests = "
tests:
  - name: A team pushes
    account: alice
    scope: repository:blue/app:pull,push
    expect: [pull, push]
  - scope: repository:public/app:pull,push
    expect: [pull]
";
    let config = format!("{}{tests}", Server::USUAL);
    assert_eq!(
        check(&config, &["--deny-warnings"]).ok().stdout.split_once('\n').unwrap().1,
        "policy test A team pushes ... ok\n\
         policy test \"\" asks for repository:public/app:pull,push ... ok\n\
         policy tests: 2 passed, 0 failed\n\
         config.yml: good\n"
    );
    let broken = config.replace("team: \"blue\"}", "team: \"red\"}");
    let failed = check(&broken, &[]).fails_with("1 policy tests failed");
    assert_eq!(failed.status.code(), Some(1), "{failed}");
    for line in [
        "policy test A team pushes ... FAILED\n  config.yml:36: tests[1]: expected pull,push, granted nothing\n",
        "\n  rule 3 (line 28, A team shares its repositories): label \"team\": \"red\" does not match \"blue\"\n",
        "\npolicy tests: 1 passed, 1 failed\n",
    ] {
        assert!(failed.stdout.contains(line), "{line}\n{failed}");
    }
    check(&config.replace("expect: [pull]", "expect: [delete]"), &[]).fails_with("tests[2].expect");
}

#[test]
fn a_rule_that_never_denies_what_it_is_to_deny_is_an_error() {
    let rule = "acl:\n  - {match: {name: 'secret/*', account: '${Account}'}, actions: []}";
    for lenient in [&[][..], &["--lenient"]] {
        let config = Server::USUAL.replace("acl:", rule);
        let finished = check(&config, lenient);
        assert!(
            finished.stdout.contains("warning: config.yml:22: acl[1].match.account: in \"${Account}\""),
            "{finished}"
        );
        assert!(
            finished.stdout.contains("error: config.yml:22: acl[1].match.account: the rule denies"),
            "{finished}"
        );
        finished.fails_with("1 rules that never deny");
    }
    // An unknown key, which is a warning then, hides nothing.
    let config = Server::USUAL
        .replace("acl:", "foo_auth: {}\nacl:")
        .replace("team: \"blue\"}", "team: \"${labels:x}\", grp: a}");
    let said = check(&config, &["--lenient"]).ok().stdout;
    assert!(said.contains("(unknown-label)") && said.contains("(unknown-placeholder)"), "{said}");
}

#[test]
fn the_server_says_what_check_would() {
    let rules = Server::USUAL.replace("public/*", "public/**");
    let config = format!("{rules}\ntests: [{{scope: 'repository:public/app:pull', expect: []}}]\n");
    let place = Place::new();
    let server = Server::with(&place, &config);
    server.wait_for_log("(double-star)");
    server.wait_for_log("tests[1]: expected nothing, granted pull");
    // And again when it is read again.
    place.write("config.yml", &config.replace("public/**", "public/*/*/**"));
    server.signal("HUP");
    server.wait_for_log("public/*/*/*");
    server.token(None, &[]);
    drop(server);

    let start = |option: &str, text: &str| {
        place.write("config.yml", text);
        let arguments = [option, "config.yml", "--listen", "127.0.0.1:0"];
        run(docker_auth().current_dir(place.path()).args(arguments), "")
    };
    start("--deny-warnings", &config).fails_with("config.yml: 2 warnings");
    let failing = config.replace("public/**", "public/*");
    start("--deny-warnings", &failing).fails_with("config.yml: 1 warnings");
}

/// `check <(envsubst < template)`: what can be read once only.
#[test]
fn a_pipe_is_read_once() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    let mut command = docker_auth();
    run(command.current_dir(place.path()).args(["check", "/dev/stdin"]), Server::USUAL).ok();
}
