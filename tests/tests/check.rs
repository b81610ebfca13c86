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
        assert_eq!(said, "config.yml: good\n");
    }
}

#[test]
fn suspicious_rules_are_warnings_and_errors_on_request() {
    let config = Server::USUAL.replace("public/*", "public/**");
    let said = check(&config, &[]).ok().stdout;
    assert!(said.starts_with("warning: config.yml:31: acl[4].match.name: "), "{said}");
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
        check(&config, &["--deny-warnings"]).ok().stdout,
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
