use std::fs;

use super::{Client, Outcome, RegistryClient};
use crate::{Finished, Image, Place, Process, Program, Registry, run};

/// Docker's command line with an engine of its own, which does the work.
pub struct DockerEngine {
    client: Client,
    engine: Process,
}

impl DockerEngine {
    /// A client of this registry that is not logged in, and its engine. Only root can start one.
    pub fn new(place: &Place, registry: &Registry) -> Self {
        let mut client = Client::new(Program::DOCKER, place, registry);
        let at = |name: &str| client.home.join(name);
        let socket = format!("unix://{}", at("engine.sock").display());
        let mut command = Program::DOCKERD.command();
        command.args(["--host", &socket, "--iptables=false", "--ip6tables=false", "--bridge=none"]);
        command.args(["--storage-driver=vfs", "--data-root"]).arg(at("data"));
        command.arg("--exec-root").arg(at("exec")).arg("--pidfile").arg(at("engine.pid"));
        // Its own containerd, too, would otherwise find the machine's.
        command.env("HOME", &client.home).current_dir(&client.home);
        let engine = Process::spawn(&mut command);
        engine.wait_for_stderr("that it listens", |log| log.contains("API listen on").then_some(()));
        client.environment.push(("DOCKER_HOST".to_owned(), socket.into()));
        client.environment.push(("DOCKER_CONFIG".to_owned(), client.home.clone()));
        Self { client, engine }
    }

    fn docker(&self, arguments: &[&str]) -> Finished {
        run(self.client.command().args(arguments), "")
    }

    /// Pushes what it has under one name under another.
    fn push_tagged(&self, from: &str, to: &str) -> Outcome {
        self.docker(&["tag", from, to]).ok();
        self.docker(&["push", "--quiet", to]).into()
    }
}

/// Asks it to end: killed, it would leave its containerd behind.
impl Drop for DockerEngine {
    fn drop(&mut self) {
        self.engine.terminate();
    }
}

impl RegistryClient for DockerEngine {
    fn login(&mut self, user: &str, password: &str) -> Outcome {
        let mut command = self.client.command();
        command.args(["login", "--username", user, "--password-stdin", &self.client.registry]);
        run(&mut command, password).into()
    }

    fn push(&self, image: &Image, name: &str) -> Outcome {
        let local = "localhost/image:latest";
        let archive = self.client.home.join("image.tar");
        let _ = fs::remove_file(&archive);
        let mut convert = Program::SKOPEO.command();
        let to = format!("docker-archive:{}:{local}", archive.display());
        convert.args(["--insecure-policy", "copy", &format!("oci:{}:latest", image.folder().display()), &to]);
        run(&mut convert, "").ok();
        self.docker(&["load", "--quiet", "--input", archive.to_str().unwrap()]).ok();
        self.push_tagged(local, &self.client.name(name))
    }

    fn pull(&self, name: &str) -> Outcome {
        let name = self.client.name(name);
        // What it has already it would not ask for again.
        let _ = self.docker(&["image", "rm", "--force", &name]);
        self.docker(&["pull", "--quiet", &name]).into()
    }

    fn mount(&self, _: &Image, from: &str, to: &str) -> Outcome {
        self.push_tagged(&self.client.name(from), &self.client.name(to))
    }

    fn delete(&self, _: &str) -> Outcome {
        Outcome::Cannot("it deletes from its own storage only")
    }

    fn tags(&self, _: &str) -> Outcome {
        Outcome::Cannot("docker has no command for it")
    }

    fn catalog(&self) -> Outcome {
        Outcome::Cannot("docker asks Docker Hub only")
    }
}
