use std::path::Path;
use std::process::Command;

use super::{Client, Outcome, RegistryClient};
use crate::{Finished, Image, Place, Program, Registry, run};

/// `skopeo`.
pub struct Skopeo {
    client: Client,
    tls: bool,
}

impl Skopeo {
    /// A client of this registry that is not logged in.
    pub fn new(place: &Place, registry: &Registry) -> Self {
        Self { client: Client::new(Program::SKOPEO, place, registry), tls: false }
    }

    /// Makes it insist on TLS, of the registry and of the token server.
    #[must_use]
    pub fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Makes it trust the certificates in this file, and nothing else.
    #[must_use]
    pub fn trusting(mut self, certificate: &Path) -> Self {
        self.client.environment.push(("SSL_CERT_FILE".to_owned(), certificate.to_owned()));
        self
    }

    /// Gives it the logins in this file: its own, or docker's.
    #[must_use]
    pub fn with_logins(self, file: &Path) -> Self {
        std::fs::copy(file, self.client.authfile()).unwrap();
        self
    }

    /// Logs in.
    pub fn login(&self, user: &str, password: &str) -> Finished {
        let mut command = self.command("login");
        command.args([&self.tls(""), "--username", user, "--password-stdin", &self.client.registry]);
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
        self.copy(&[&self.tls("dest-")], &layout(image), &self.docker(name))
    }

    /// Pushes an image in the registry's own format, which every client reads.
    pub fn push_schema2(&self, image: &Image, name: &str) -> Finished {
        let options = [&self.tls("dest-"), "--format", "v2s2"];
        self.copy(&options, &layout(image), &self.docker(name))
    }

    /// Pulls an image.
    pub fn pull(&self, name: &str) -> Finished {
        let folder = tempfile::tempdir_in(&self.client.home).unwrap();
        let to = format!("dir:{}", folder.path().display());
        self.copy(&[&self.tls("src-")], &self.docker(name), &to)
    }

    /// Lists the tags of a repository.
    pub fn tags(&self, repository: &str) -> Finished {
        run(self.command("list-tags").args([&self.tls(""), &self.docker(repository)]), "")
    }

    /// Deletes an image.
    pub fn delete(&self, name: &str) -> Finished {
        run(self.command("delete").args([&self.tls(""), &self.docker(name)]), "")
    }

    fn copy(&self, options: &[&str], from: &str, to: &str) -> Finished {
        run(self.command("copy").args(options).args([from, to]), "")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = self.client.command();
        command.args(["--insecure-policy", verb, "--authfile"]).arg(self.client.authfile());
        command
    }

    fn tls(&self, which: &str) -> String {
        format!("--{which}tls-verify={}", self.tls)
    }

    fn docker(&self, name: &str) -> String {
        format!("docker://{}", self.client.name(name))
    }
}

fn layout(image: &Image) -> String {
    format!("oci:{}:latest", image.folder().display())
}

impl RegistryClient for Skopeo {
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
        let (source, destination) = (self.tls("src-"), self.tls("dest-"));
        self.copy(&[&source, &destination], &self.docker(from), &self.docker(to)).into()
    }

    fn delete(&self, name: &str) -> Outcome {
        Self::delete(self, name).into()
    }

    fn tags(&self, repository: &str) -> Outcome {
        Self::tags(self, repository).into()
    }

    fn catalog(&self) -> Outcome {
        Outcome::Cannot("skopeo has no command for it")
    }
}
