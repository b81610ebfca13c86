use std::path::Path;
use std::process::Command;

use super::Client;
use crate::{Finished, Image, Place, Program, Registry, run};

/// `podman`, with a storage of its own.
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
        let to = format!("docker://{}", self.0.name(name));
        run(self.command("push").args([id.trim(), &to]), "")
    }

    /// Pulls an image.
    pub fn pull(&self, name: &str) -> Finished {
        run(self.command("pull").arg(self.0.name(name)), "")
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
