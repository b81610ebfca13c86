use std::path::Path;
use std::process::Command;

use super::{Client, Outcome, RegistryClient};
use crate::{Finished, Image, Place, Program, Registry, run};

/// `podman` or `buildah`, with a storage of its own.
pub struct Podman(Client);

impl Podman {
    /// A client of this registry that is not logged in.
    pub fn new(place: &Place, registry: &Registry) -> Self {
        Self(Client::new(Program::PODMAN, place, registry))
    }

    /// Gives it the logins in this file: its own, or docker's.
    #[must_use]
    pub fn with_logins(self, file: &Path) -> Self {
        std::fs::copy(file, self.0.authfile()).unwrap();
        self
    }

    /// The same with `buildah`, whose commands for this are the same.
    pub fn buildah(place: &Place, registry: &Registry) -> Self {
        Self(Client::new(Program::BUILDAH, place, registry))
    }

    /// Logs in.
    pub fn login(&self, user: &str, password: &str) -> Finished {
        let mut command = self.command("login");
        run(command.args(["--username", user, "--password-stdin", &self.0.registry]), password)
    }

    /// Pushes an image, by way of its own storage.
    #[track_caller]
    pub fn push(&self, image: &Image, name: &str) -> Finished {
        // Podman makes a name of the path, and refuses capital letters in it: so the last part alone.
        let (parent, name_there) = (image.folder().parent().unwrap(), image.folder().file_name().unwrap());
        let layout = format!("oci:{}:latest", name_there.display());
        let mut load = self.storage();
        let id = run(load.args(["pull", "--quiet", &layout]).current_dir(parent), "").ok().stdout;
        self.push_stored(id.trim(), name)
    }

    /// Pulls an image.
    pub fn pull(&self, name: &str) -> Finished {
        run(self.command("pull").args(["--quiet", &self.0.name(name)]), "")
    }

    fn push_stored(&self, id: &str, name: &str) -> Finished {
        run(self.command("push").args([id, &format!("docker://{}", self.0.name(name))]), "")
    }

    fn search(&self, what: &[&str]) -> Outcome {
        match self.0.program.name() {
            "podman" => run(self.command("search").args(what), "").into(),
            _ => Outcome::Cannot("buildah has no command for it"),
        }
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = self.storage();
        command.args([verb, "--tls-verify=false", "--authfile"]).arg(self.0.authfile());
        command
    }

    fn storage(&self) -> Command {
        let mut command = self.0.command();
        command.arg("--root").arg(self.0.home.join("storage"));
        command.arg("--runroot").arg(self.0.home.join("run"));
        command.args(["--storage-driver", "vfs"]);
        command
    }
}

impl RegistryClient for Podman {
    fn login(&mut self, user: &str, password: &str) -> Outcome {
        Self::login(self, user, password).into()
    }

    fn push(&self, image: &Image, name: &str) -> Outcome {
        Self::push(self, image, name).into()
    }

    fn pull(&self, name: &str) -> Outcome {
        Self::pull(self, name).into()
    }

    fn mount(&self, _: &Image, from: &str, to: &str) -> Outcome {
        let id = Self::pull(self, from).ok().stdout;
        self.push_stored(id.trim(), to).into()
    }

    fn delete(&self, _: &str) -> Outcome {
        Outcome::Cannot("it deletes from its own storage only")
    }

    fn tags(&self, repository: &str) -> Outcome {
        self.search(&["--list-tags", &self.0.name(repository)])
    }

    fn catalog(&self) -> Outcome {
        self.search(&[&self.0.name("")])
    }
}
