//! `docker-auth explain`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

use serde_json::{Value, json};
use token_auth_tests::{Finished, Place, Server, docker_auth, run};

fn explain(config: &str, arguments: &[&str]) -> Finished {
    let place = Place::new();
    place.write("config.yml", config);
    run(docker_auth().current_dir(place.path()).args(["explain", "config.yml"]).args(arguments), "")
}

#[test]
fn names_the_rule_and_what_the_others_lacked() {
    let arguments = [
        "--account",
        "eve",
        "--scope",
        "repository:blue/app:pull,push",
        "--label",
        "team=blue",
        "--ip",
        "10.0.0.7",
    ];
    assert_eq!(
        explain(Server::USUAL, &arguments).ok().stdout,
        r#"account "eve" (team: blue) at 10.0.0.7 asks for pull,push on repository "blue/app"
rule 1 (line 22, Administrators do everything): account: "admin" does not match "eve"
rule 2 (line 25, Users own what is below their name): name: "${account}/*" ("eve/*") does not match "blue/app"
rule 3 (line 28, A team shares its repositories): decides: grants pull,push
"#
    );
}

#[test]
fn a_static_user_has_the_labels_of_the_configuration() {
    let said =
        explain(Server::USUAL, &["--account", "alice", "--scope", "repository:blue/app:pull"]).ok().stdout;
    assert!(
        said.starts_with(
            "note: the labels of \"alice\" are those under `users`\naccount \"alice\" (team: blue) asks"
        ),
        "{said}"
    );
    assert!(
        said.ends_with("rule 3 (line 28, A team shares its repositories): decides: grants pull\n"),
        "{said}"
    );
    let said =
        explain(Server::USUAL, &["--account", "eve", "--scope", "repository:blue/app:pull"]).ok().stdout;
    assert!(
        said.contains("note: \"eve\" is not under `users`") && said.contains("no rule decides"),
        "{said}"
    );
    let nobody = Server::USUAL.replace("  \"\": {}\n", "");
    let said = explain(&nobody, &["--scope", "repository:public/app:pull"]).ok().stdout;
    assert!(
        said.contains("anonymous requests are refused") && said.contains("decides: grants pull"),
        "{said}"
    );
}

#[test]
fn labels_are_text_unless_they_are_given_as_patterns() {
    let config = Server::USUAL.replace("name: \"public/*\"", "name: \"${labels:access}\"");
    let decides = |label: &str| {
        let arguments = ["--account", "eve", "--scope", "repository:test/x:pull", label, "access=test/*"];
        explain(&config, &arguments)
            .ok()
            .stdout
            .contains("rule 4 (line 31, Everyone pulls what is public): decides")
    };
    assert!(decides("--pattern-label") && !decides("--label"));
}

#[test]
fn programs_read_json() {
    let arguments = [
        "--scope",
        "repository:public/x:pull",
        "--scope",
        "registry:catalog:*",
        "--service",
        "hub",
        "--json",
    ];
    let said: Value = serde_json::from_str(&explain(Server::USUAL, &arguments).ok().stdout).unwrap();
    assert_eq!(said["notes"], json!([]));
    let [first, second] = said["explanations"].as_array().unwrap().as_slice() else { panic!("{said}") };
    assert_eq!(first["decision"]["rule"], 4);
    assert_eq!(first["decision"]["line"], 31);
    assert_eq!(first["request"]["service"], "hub");
    assert_eq!(first["passed"][0]["conditions"][0]["values"], json!([""]));
    assert_eq!((&second["decision"], second["passed"].as_array().map(Vec::len)), (&Value::Null, Some(4)));
}

#[test]
fn complains_of_what_it_cannot_read() {
    explain(Server::USUAL, &["--scope", "oops"]).fails_with("type:name:actions");
    explain(Server::USUAL, &["--scope", "repository:x:pull", "--label", "team"]).fails_with("NAME=VALUE");
    explain(Server::USUAL, &["--scope", "repository:x:pull", "--ip", "here"]).fails_with("--ip");
    explain(Server::USUAL, &[]).fails_with("--scope");
    explain(
        &Server::USUAL.replace("account: \"admin\"", "acount: \"admin\""),
        &["--scope", "repository:x:pull"],
    )
    .fails_with("acl[1].match.acount");
}
