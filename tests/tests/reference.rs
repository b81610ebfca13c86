//! `docker-auth reference` and `docker-auth schema`.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use serde_json::Value;
use token_auth_tests::{KeyPair, Place, docker_auth, run};

#[test]
fn the_reference_runs_once_its_files_are_there() {
    let reference = run(docker_auth().arg("reference"), "").ok().stdout;
    for key in ["addr: \":5001\"", "#  #servers: ", "#oidc_auth:", "#tokens:", "#workload_auth:"] {
        assert!(reference.contains(key), "{key}\n{reference}");
    }
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place.write("config.yml", &reference.replace("/etc/docker-auth/token", "token"));
    let said = run(docker_auth().current_dir(place.path()).args(["check", "config.yml"]), "").ok().stdout;
    assert!(said.ends_with("config.yml: good\n"), "{said}");
}

#[test]
fn the_schema_is_one() {
    let schema = run(docker_auth().arg("schema"), "").ok().stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["server"]["required"][0], "addr");
}
