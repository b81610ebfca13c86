use std::path::Path;
use std::process::Command;

use super::Client;
use crate::{Finished, Image, Place, Program, Registry, run};

/// `skopeo`.
pub struct Skopeo(Client);

impl Skopeo {
    /// A client of this registry that is not logged in.
    pub fn new(place: &Place, registry: &Registry) -> Self {
        Self(Client::new(Program::SKOPEO, place, registry))
    }

    /// Makes it trust the certificates in this file.
    #[must_use]
    pub fn trusting(mut self, certificate: &Path) -> Self {
        self.0.environment.push(("SSL_CERT_FILE".to_owned(), certificate.to_owned()));
        self
    }

    /// Logs in.
    pub fn login(&self, user: &str, password: &str) -> Finished {
        let mut command = self.command("login");
        command.args(["--tls-verify=false", "--username", user, "--password-stdin", &self.0.registry]);
        run(&mut command, password)
    }

    /// The same, where it must succeed.
    #[must_use]
    #[track_caller]
    pub fn logged_in(self, user: &str, password: &str) -> Self {
        self.login(user, password).ok();
        self
    }

    /// Pushes an image.
    pub fn push(&self, image: &Image, name: &str) -> Finished {
        self.copy(&["--dest-tls-verify=false"], &layout(image), &self.docker(name))
    }

    /// Pushes an image in the registry's own format, which every client reads.
    pub fn push_schema2(&self, image: &Image, name: &str) -> Finished {
        let options = ["--dest-tls-verify=false", "--format", "v2s2"];
        self.copy(&options, &layout(image), &self.docker(name))
    }

    /// Pulls an image.
    pub fn pull(&self, name: &str) -> Finished {
        let folder = tempfile::tempdir_in(&self.0.home).unwrap();
        let to = format!("dir:{}", folder.path().display());
        self.copy(&["--src-tls-verify=false"], &self.docker(name), &to)
    }

    /// Lists the tags of a repository.
    pub fn tags(&self, repository: &str) -> Finished {
        run(self.command("list-tags").args(["--tls-verify=false", &self.docker(repository)]), "")
    }

    /// Deletes an image.
    pub fn delete(&self, name: &str) -> Finished {
        run(self.command("delete").args(["--tls-verify=false", &self.docker(name)]), "")
    }

    fn copy(&self, options: &[&str], from: &str, to: &str) -> Finished {
        run(self.command("copy").args(options).args([from, to]), "")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = self.0.command();
        command.args(["--insecure-policy", verb, "--authfile"]).arg(self.0.authfile());
        command
    }

    fn docker(&self, name: &str) -> String {
        format!("docker://{}", self.0.name(name))
    }
}

fn layout(image: &Image) -> String {
    format!("oci:{}:latest", image.folder().display())
}
