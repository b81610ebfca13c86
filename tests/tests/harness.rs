//! The harness itself, against a registry that lets everyone do everything.

use token_auth_tests::{Docker, Image, Place, Podman, RegistrySetup, Skopeo};

const OCI: &str = "Accept: application/vnd.oci.image.manifest.v1+json";

#[test]
fn an_image_goes_through_an_open_registry() {
    let place = Place::new();
    let registry = RegistrySetup::new(&place).start();
    let image = Image::new(&place, "hello");
    let skopeo = Skopeo::new(&place, &registry);
    skopeo.push(&image, "a/b:1").ok();
    skopeo.pull("a/b:1").ok();
    assert!(skopeo.tags("a/b").ok().stdout.contains("\"1\""));
    let answer = registry.ask("/v2/a/b/manifests/1", None, &["--header", OCI]).is(200);
    assert_eq!(answer.header("docker-content-digest"), Some(image.manifest.as_str()));

    let podman = Podman::new(&place, &registry);
    podman.push(&image, "a/c:1").ok();
    podman.pull("a/c:1").ok();
    podman.pull("a/nothing:1").fails_with("unknown");

    skopeo.push_schema2(&image, "a/d:1").ok();
    let docker = Docker::new(&place, &registry);
    assert!(docker.manifest("a/d:1").ok().stdout.contains("layers"));
    docker.manifest("a/nothing:1").fails_with("no such manifest");
}
