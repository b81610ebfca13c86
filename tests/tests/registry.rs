//! What a registry lets a token do: list, mount, delete; and what it refuses.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use token_auth_tests::{Image, Place, Registry, Server, Skopeo, Token, curl};

struct Scene {
    server: Server,
    registry: Registry,
    image: Image,
    _place: Place,
}

/// A registry that allows deletion, with the same image in three repositories.
fn scene() -> Scene {
    let place = Place::new();
    let server = Server::usual(&place);
    let setup = Registry::trusting(&place, &server);
    let registry = setup.environment("REGISTRY_STORAGE_DELETE_ENABLED", "true").start();
    let image = Image::new(&place, "hello");
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    for repository in ["alice/app", "bob/app", "public/app"] {
        admin.push(&image, &format!("{repository}:1")).ok();
    }
    Scene { server, registry, image, _place: place }
}

#[test]
fn only_who_may_lists_the_catalog() {
    let scene = scene();
    let catalog = |user| {
        let token = scene.server.token(user, &["registry:catalog:*"]);
        (token.actions("registry", "catalog").unwrap(), scene.registry.ask("/v2/_catalog", Some(&token), &[]))
    };
    let (actions, answer) = catalog(Some("admin:badmin"));
    assert_eq!(actions, "*");
    let repositories = &answer.is(200).json()["repositories"];
    assert_eq!(*repositories, serde_json::json!(["alice/app", "bob/app", "public/app"]));
    for user in [Some("alice:alice-password"), None] {
        let (actions, answer) = catalog(user);
        assert_eq!(actions, "");
        answer.asks_for("registry:catalog:*");
    }
}

#[test]
fn a_mount_needs_pull_where_the_layer_comes_from() {
    let scene = scene();
    let mount = |token: &Token, from: &str| {
        let path = format!("/v2/alice/new/blobs/uploads/?mount={}&from={from}", scene.image.layer);
        scene.registry.ask(&path, Some(token), &["--request", "POST", "--data", ""])
    };
    let alice = Some("alice:alice-password");
    let push = "repository:alice/new:pull,push";

    let token = scene.server.token(alice, &[push, "repository:alice/app:pull"]);
    mount(&token, "alice/app").is(201);
    let token = scene.server.token(alice, &[push, "repository:public/app:pull"]);
    mount(&token, "public/app").is(201);

    let token = scene.server.token(alice, &[push, "repository:bob/app:pull"]);
    assert_eq!(token.actions("repository", "alice/new").as_deref(), Some("pull,push"));
    assert_eq!(token.actions("repository", "bob/app").as_deref(), Some(""));
    mount(&token, "bob/app").asks_for("repository:bob/app:pull");
    mount(&scene.server.token(alice, &[push]), "bob/app").asks_for("repository:bob/app:pull");
}

#[test]
fn deletion_is_an_action_of_its_own() {
    let scene = scene();
    let path = format!("/v2/alice/app/manifests/{}", scene.image.manifest);
    let delete = |token: &Token| scene.registry.ask(&path, Some(token), &["--request", "DELETE"]);
    let alice = Some("alice:alice-password");

    let pusher = scene.server.token(alice, &["repository:alice/app:pull,push"]);
    delete(&pusher).asks_for("repository:alice/app:delete");
    let stranger = scene.server.token(Some("bob:bob-password"), &["repository:alice/app:delete"]);
    assert_eq!(stranger.actions("repository", "alice/app").as_deref(), Some(""));
    delete(&stranger).asks_for("repository:alice/app:delete");
    let owner = scene.server.token(alice, &["repository:alice/app:delete"]);
    assert_eq!(owner.actions("repository", "alice/app").as_deref(), Some("delete"));
    delete(&owner).is(202);
    // It is gone, and nothing else is.
    let token =
        scene.server.token(Some("admin:badmin"), &["repository:alice/app:pull", "repository:bob/app:pull"]);
    let head = |repository: &str| {
        let path = format!("/v2/{repository}/manifests/{}", scene.image.manifest);
        let accept = "Accept: application/vnd.oci.image.manifest.v1+json";
        scene.registry.ask(&path, Some(&token), &["--header", accept]).status
    };
    assert_eq!((head("alice/app"), head("bob/app")), (404, 200));
}

#[test]
fn a_token_opens_only_what_it_names() {
    let scene = scene();
    let alice = Some("alice:alice-password");
    let pull = scene.server.token(alice, &["repository:alice/app:pull"]);
    scene.registry.ask("/v2/alice/app/tags/list", Some(&pull), &[]).is(200);
    scene.registry.ask("/v2/bob/app/tags/list", Some(&pull), &[]).asks_for("repository:bob/app:pull");
    let post = ["--request", "POST", "--data", ""];
    let upload = scene.registry.ask("/v2/alice/app/blobs/uploads/", Some(&pull), &post);
    upload.asks_for("repository:alice/app:pull,push");
    scene.registry.ask("/v2/", None, &[]).is(401);
    let nothing = scene.server.token(alice, &[]);
    scene.registry.ask("/v2/", Some(&nothing), &[]).is(200);
    scene.registry.ask("/v2/alice/app/tags/list", Some(&nothing), &[]).is(401);
}

#[test]
fn a_token_for_another_service_is_refused() {
    let scene = scene();
    let url = format!("{}/auth?service=another&scope=repository:public/app:pull", scene.server.url);
    let token = curl(&[&url]).is(200).token();
    assert_eq!(token.claims["aud"], "another");
    scene.registry.ask("/v2/public/app/tags/list", Some(&token), &[]).is(401);
}

#[test]
fn a_changed_token_is_refused() {
    let scene = scene();
    let path = "/v2/public/app/tags/list";
    let token = scene.server.token(None, &["repository:public/app:pull"]);
    scene.registry.ask(path, Some(&token), &[]).is(200);
    let other = scene.server.token(Some("admin:badmin"), &["repository:bob/app:pull"]);
    // The claims of one under the signature of the other.
    let part = |token: &Token, at: usize| token.text.split('.').nth(at).unwrap().to_owned();
    let text = format!("{}.{}.{}", part(&token, 0), part(&other, 1), part(&token, 2));
    let forged = Token { text, ..other };
    scene.registry.ask("/v2/bob/app/tags/list", Some(&forged), &[]).is(401);
}
