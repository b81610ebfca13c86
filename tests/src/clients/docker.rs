use std::path::PathBuf;

use super::{Client, Outcome, RegistryClient};
use crate::{Finished, Image, Place, Program, Registry, run};

/// Docker's command line, without an engine.
pub struct Docker(Client);

impl Docker {
    /// What [`push`](RegistryClient::push) takes instead of a local image, which the command line alone does not have.
    pub const SEED: &str = "public/app:1";

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

    /// Pushes a list with this image, whose layers are mounted if they are in another repository.
    fn push_list(&self, from: &str, to: &str) -> Outcome {
        let (from, to) = (self.0.name(from), self.0.name(to));
        let mut create = self.0.command();
        let created = run(create.args(["manifest", "create", "--amend", "--insecure", &to, &from]), "");
        if !created.status.success() {
            return created.into();
        }
        run(self.0.command().args(["manifest", "push", "--insecure", "--purge", &to]), "").into()
    }
}

impl RegistryClient for Docker {
    fn login(&mut self, user: &str, password: &str) -> Outcome {
        Self::login(self, user, password).into()
    }

    fn push(&self, _: &Image, name: &str) -> Outcome {
        self.push_list(Self::SEED, name)
    }

    fn pull(&self, name: &str) -> Outcome {
        self.manifest(name).into()
    }

    fn mount(&self, _: &Image, _: &str, to: &str) -> Outcome {
        self.push_list(Self::SEED, to)
    }

    fn delete(&self, _: &str) -> Outcome {
        Outcome::Cannot("docker has no command for it")
    }

    fn tags(&self, _: &str) -> Outcome {
        Outcome::Cannot("docker has no command for it")
    }

    fn catalog(&self) -> Outcome {
        Outcome::Cannot("docker asks Docker Hub only")
    }
}
