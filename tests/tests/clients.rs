//! What users with different rights see, and what clients tell them. `matrix` tries every client in every operation.

use token_auth_tests::{Docker, Image, Place, Registry, Server, Skopeo};

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

    fn docker(&self) -> Docker {
        Docker::new(&self.place, &self.registry)
    }
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
