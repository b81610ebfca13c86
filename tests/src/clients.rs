//! Clients of registries. Each has a home of its own, so that nothing of whoever runs the tests counts.

mod ctr;
mod docker;
mod engine;
mod oras;
mod outcome;
mod podman;
mod registry_client;
mod skopeo;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub use ctr::Ctr;
pub use docker::Docker;
pub use engine::DockerEngine;
pub use oras::Oras;
pub use outcome::Outcome;
pub use podman::Podman;
pub use registry_client::RegistryClient;
pub use skopeo::Skopeo;

use crate::{Place, Program, Registry};

const AUTHFILE: &str = "auth.json";

/// What the clients have in common: a home, and the registry that they speak with.
struct Client {
    program: Program,
    home: PathBuf,
    registry: String,
    environment: Vec<(String, PathBuf)>,
}

impl Client {
    fn new(program: Program, place: &Place, registry: &Registry) -> Self {
        let home = place.own_folder("home-");
        // Podman wants the file to be there.
        fs::write(home.join(AUTHFILE), "{}").unwrap();
        Self { program, home, registry: registry.address.clone(), environment: Vec::new() }
    }

    fn command(&self) -> Command {
        let mut command = self.program.command();
        command.env("HOME", &self.home).env("XDG_RUNTIME_DIR", &self.home);
        command.env_remove("REGISTRY_AUTH_FILE").env_remove("DOCKER_CONFIG").current_dir(&self.home);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn authfile(&self) -> PathBuf {
        self.home.join(AUTHFILE)
    }

    fn name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.registry)
    }
}
