//! What podman, skopeo and Docker's command line see: logins, pushes, pulls, refusals.

use token_auth_tests::{Docker, Image, Place, Podman, Registry, Server, Skopeo};

struct Scene {
    place: Place,
    server: Server,
    registry: Registry,
    image: Image,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        let server = Server::usual(&place);
        let registry = Registry::trusting(&place, &server).start();
        let image = Image::new(&place, "hello");
        Self { place, server, registry, image }
    }

    fn skopeo(&self) -> Skopeo {
        Skopeo::new(&self.place, &self.registry)
    }

    fn podman(&self) -> Podman {
        Podman::new(&self.place, &self.registry)
    }

    fn docker(&self) -> Docker {
        Docker::new(&self.place, &self.registry)
    }
}

#[test]
fn podman_logs_in_pushes_and_pulls() {
    let scene = Scene::new();
    let podman = scene.podman();
    podman.login("alice", "bob-password").fails_with("invalid username/password");
    podman.login("alice", "alice-password").ok();
    podman.push(&scene.image, "alice/app:1").ok();
    podman.push(&scene.image, "blue/app:1").ok();
    podman.pull("alice/app:1").ok();
    podman.push(&scene.image, "bob/app:1").fails_with("denied");
    podman.pull("bob/app:1").fails_with("denied");
    scene.server.never_told(&["bob-password", "alice-password"]);
}

#[test]
fn podman_pulls_without_a_login() {
    let scene = Scene::new();
    let admin = scene.skopeo().logged_in("admin", "badmin");
    admin.push(&scene.image, "public/app:1").ok();
    admin.push(&scene.image, "private/app:1").ok();
    let anyone = scene.podman();
    anyone.pull("public/app:1").ok();
    anyone.pull("private/app:1").fails_with("denied");
    anyone.push(&scene.image, "public/app:2").fails_with("denied");
}

#[test]
fn skopeo_sees_what_each_user_may_do() {
    let scene = Scene::new();
    let alice = scene.skopeo().logged_in("alice", "alice-password");
    let bob = scene.skopeo().logged_in("bob", "bob-password");
    alice.push(&scene.image, "alice/app:1").ok();
    alice.push(&scene.image, "blue/app:1").ok();
    alice.pull("alice/app:1").ok();
    bob.pull("alice/app:1").fails_with("denied");
    bob.push(&scene.image, "alice/app:1").fails_with("denied");
    // Bob is not of the team.
    bob.pull("blue/app:1").fails_with("denied");
    // `*` ends at a slash.
    alice.push(&scene.image, "alice/deep/app:1").fails_with("denied");
}

#[test]
fn docker_logs_in_and_reads_a_manifest() {
    let scene = Scene::new();
    let alice = scene.skopeo().logged_in("alice", "alice-password");
    alice.push_schema2(&scene.image, "alice/app:1").ok();
    let docker = scene.docker();
    docker.manifest("alice/app:1").fails();
    docker.login("alice", "wrong-password").fails_with("unauthorized");
    docker.manifest("alice/app:1").fails();
    assert!(docker.login("alice", "alice-password").ok().stdout.contains("Login Succeeded"));
    assert!(docker.manifest("alice/app:1").ok().stdout.contains("layers"));
    docker.manifest("bob/app:1").fails();
    scene.server.never_told(&["wrong-password", "alice-password"]);
}

#[test]
fn docker_reads_what_is_public_without_a_login() {
    let scene = Scene::new();
    let admin = scene.skopeo().logged_in("admin", "badmin");
    admin.push_schema2(&scene.image, "public/app:1").ok();
    admin.push_schema2(&scene.image, "private/app:1").ok();
    assert!(scene.docker().manifest("public/app:1").ok().stdout.contains("layers"));
    scene.docker().manifest("private/app:1").fails();
}
