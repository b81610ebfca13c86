//! Every client in every operation that it has, before the reference registry: anonymous, with a wrong password, logged in,
//! and through a push that takes longer than its token lives.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

mod expiry;
mod oci;
mod slow;

use std::path::Path;

use oci::OciClient;
use serde_json::Value;
use token_auth_tests::{
    Ctr, Docker, DockerEngine, Image, Oras, Outcome, Place, Podman, Registry, RegistryClient, Server, Skopeo,
};

type Make = fn(&Place, &Registry) -> Box<dyn RegistryClient>;

/// Each client, and the operations that it has. What is missing it says itself, with the reason.
const TABLE: [(&str, Make, &str); 8] = [
    ("skopeo", |place, registry| Box::new(Skopeo::new(place, registry)), "login push pull mount tags delete"),
    (
        "podman",
        |place, registry| Box::new(Podman::new(place, registry)),
        "login push pull mount tags catalog",
    ),
    ("buildah", |place, registry| Box::new(Podman::buildah(place, registry)), "login push pull mount"),
    ("docker alone", |place, registry| Box::new(Docker::new(place, registry)), "login push pull mount"),
    (
        "docker with an engine",
        |place, registry| Box::new(DockerEngine::new(place, registry)),
        "login push pull mount",
    ),
    ("ctr", |place, registry| Box::new(Ctr::new(place, registry)), "push pull mount"),
    ("oci-client", |_, registry| Box::new(OciClient::new(registry)), "push pull tags"),
    ("oras", |_, registry| Box::new(Oras::new(registry)), "push pull tags delete"),
];

/// Whether the registry has mounted a layer into this repository.
fn mounted(registry: &Registry, repository: &str) -> bool {
    let begin = format!("http.request.uri=\"/v2/{repository}/blobs/uploads/?");
    registry.log().lines().any(|line| {
        line.contains(&begin) && line.contains("mount=") && line.contains("http.response.status=201")
    })
}

/// The usual configuration, with refresh tokens for those clients that ask for one.
fn config(store: &Path) -> String {
    format!("{}\ntokens:\n  store: {{path: '{}'}}\n", Server::USUAL, store.display())
}

/// Writes the manifest of an image anew in the form that docker gives to one. Older command lines bring every manifest into
/// that form when they copy it, and then look for it by the digest that it had before.
fn as_docker_writes_it(server: &Server, registry: &Registry, repository: &str) {
    const TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
    let token = server.token(Some("admin:badmin"), &[&format!("repository:{repository}:pull,push")]);
    let path = format!("/v2/{repository}/manifests/1");
    let manifest =
        registry.ask(&path, Some(&token), &["--header", &format!("Accept: {TYPE}")]).is(200).json();
    let descriptor = |of: &Value, indent: &str| {
        let (kind, size, digest) = (&of["mediaType"], &of["size"], &of["digest"]);
        format!(
            "{{\n{indent}   \"mediaType\": {kind},\n{indent}   \"size\": {size},\n{indent}   \"digest\": {digest}\n{indent}}}"
        )
    };
    let (config, layer) =
        (descriptor(&manifest["config"], "   "), descriptor(&manifest["layers"][0], "      "));
    let text = format!(
        "{{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"{TYPE}\",\n   \"config\": {config},\n   \"layers\": [\n      {layer}\n   ]\n}}"
    );
    let put = ["--request", "PUT", "--header", &format!("Content-Type: {TYPE}"), "--data-binary", &text];
    registry.ask(&path, Some(&token), &put).is(201);
}

/// What each client goes through.
fn go_through(name: &str) {
    let (_, make, expected) = TABLE.iter().find(|(known, ..)| *known == name).unwrap();
    let place = Place::new();
    let server = Server::with(&place, &config(&place.at("tokens.redb")));
    let setup = Registry::trusting(&place, &server).environment("REGISTRY_STORAGE_DELETE_ENABLED", "true");
    let registry = setup.start();
    let image = Image::new(&place, "hello");
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    for repository in ["public/app:1", "private/app:1"] {
        admin.push_schema2(&image, repository).ok();
    }
    as_docker_writes_it(&server, &registry, "public/app");
    let mut client = make(&place, &registry);

    client.pull("public/app:1").done();
    client.pull("private/app:1").failed();
    client.push(&image, "public/new:1").failed();

    match client.login("alice", "wrong-password") {
        Outcome::Cannot(_) => client.pull("public/app:1").failed(),
        outcome => outcome.failed(),
    }

    let mut can = Vec::new();
    let mut note = |operation, could: bool| {
        if could {
            can.push(operation);
        }
    };
    note("login", client.login("alice", "alice-password").done());
    note("push", client.push(&image, "alice/app:1").done());
    note("pull", client.pull("alice/app:1").done());
    client.pull("private/app:1").failed();
    client.push(&image, "bob/app:1").failed();
    let could = client.mount(&image, "alice/app:1", "alice/copy:1").done();
    assert!(!could || mounted(&registry, "alice/copy"), "nothing was mounted\n{}", registry.log());
    note("mount", could);
    note("tags", client.tags("alice/app").says("1"));
    client.tags("private/app").failed();
    client.delete("public/app:1").failed();
    let could = client.delete("alice/app:1").done();
    if could {
        client.pull("alice/app:1").failed();
    }
    note("delete", could);
    if let Outcome::Done(said) = client.catalog() {
        assert!(!said.contains("private/app"), "{said}");
    }
    client.login("admin", "badmin").done();
    note("catalog", client.catalog().says("private/app"));
    assert_eq!(can.join(" "), *expected);
    server.never_told(&["wrong-password", "alice-password", "badmin"]);
}

macro_rules! clients {
    ($($test:ident: $name:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            go_through($name);
        }
    )*};
}

clients! {
    skopeo_in_all_its_operations: "skopeo",
    podman_in_all_its_operations: "podman",
    buildah_in_all_its_operations: "buildah",
    docker_alone_in_all_its_operations: "docker alone",
    docker_with_an_engine_in_all_its_operations: "docker with an engine",
    ctr_in_all_its_operations: "ctr",
    oci_client_in_all_its_operations: "oci-client",
    oras_in_all_its_operations: "oras",
}
