use std::path::PathBuf;

use super::Client;
use crate::{Finished, Place, Program, Registry, run};

/// Docker's command line, without an engine.
pub struct Docker(Client);

impl Docker {
    /// A client of this registry that is not logged in.
    pub fn new(place: &Place, registry: &Registry) -> Self {
        let mut client = Client::new(Program::DOCKER, place, registry);
        // Not the engine of whoever runs the tests: without one, the command line logs in by itself.
        let nobody = format!("unix://{}", client.home.join("no-engine.sock").display());
        client.environment.push(("DOCKER_HOST".to_owned(), nobody.into()));
        let config = client.home.clone();
        client.environment.push(("DOCKER_CONFIG".to_owned(), config));
        Self(client)
    }

    /// Logs in.
    pub fn login(&self, user: &str, password: &str) -> Finished {
        let mut command = self.0.command();
        command.args(["login", "--username", user, "--password-stdin", &self.0.registry]);
        run(&mut command, password)
    }

    /// Where it keeps its logins.
    pub fn config(&self) -> PathBuf {
        self.0.home.join("config.json")
    }

    /// Reads the manifest of an image.
    pub fn manifest(&self, name: &str) -> Finished {
        run(self.0.command().args(["manifest", "inspect", "--insecure", &self.0.name(name)]), "")
    }
}
