use std::fs;
use std::process::Command;

use super::{Client, Outcome, RegistryClient};
use crate::{Finished, Image, Place, Process, Program, Registry, run};

/// containerd's own client, with a containerd of its own. Only root can start one.
pub struct Ctr {
    client: Client,
    containerd: Process,
    credentials: Option<String>,
}

impl Ctr {
    /// A client of this registry without credentials.
    pub fn new(place: &Place, registry: &Registry) -> Self {
        let client = Client::new(Program::CTR, place, registry);
        let at = |name: &str| client.home.join(name).display().to_string();
        let config = format!(
            "version = 2
root = {:?}
state = {:?}
disabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.internal.v1.opt\"]
[grpc]
address = {:?}
[ttrpc]
address = {:?}
",
            at("root"),
            at("state"),
            at("containerd.sock"),
            at("ttrpc.sock"),
        );
        let file = client.home.join("config.toml");
        fs::write(&file, config).unwrap();
        let containerd = Process::spawn(Program::CONTAINERD.command().arg("--config").arg(&file));
        containerd
            .wait_for_stderr("that it has started", |log| log.contains("successfully booted").then_some(()));
        Self { client, containerd, credentials: None }
    }

    fn images(&self, verb: &str) -> Command {
        let mut command = self.client.command();
        command.arg("--address").arg(self.client.home.join("containerd.sock")).args(["images", verb]);
        command
    }

    /// A command that speaks with the registry.
    fn remote(&self, verb: &str) -> Command {
        let mut command = self.images(verb);
        command.arg("--plain-http");
        if let Some(credentials) = &self.credentials {
            command.args(["--user", credentials]);
        }
        command
    }

    fn push_tagged(&self, from: &str, to: &str) -> Finished {
        run(self.images("tag").args(["--force", from, to]), "").ok();
        run(self.remote("push").arg(to), "")
    }
}

impl Drop for Ctr {
    fn drop(&mut self) {
        self.containerd.terminate();
    }
}

impl RegistryClient for Ctr {
    fn login(&mut self, user: &str, password: &str) -> Outcome {
        self.credentials = Some(format!("{user}:{password}"));
        Outcome::Cannot("credentials go with each command")
    }

    fn push(&self, image: &Image, name: &str) -> Outcome {
        let archive = self.client.home.join("image.tar");
        let mut pack = Command::new("tar");
        run(pack.arg("-cf").arg(&archive).arg("-C").arg(image.folder()).arg("."), "").ok();
        let mut import = self.images("import");
        import.args(["--snapshotter", "native", "--base-name", "localhost/image"]);
        run(import.arg(&archive), "").ok();
        self.push_tagged("localhost/image:latest", &self.client.name(name)).into()
    }

    fn pull(&self, name: &str) -> Outcome {
        let name = self.client.name(name);
        let _ = run(self.images("rm").arg(&name), "");
        run(self.remote("pull").args(["--snapshotter", "native", &name]), "").into()
    }

    fn mount(&self, _: &Image, from: &str, to: &str) -> Outcome {
        // Where a layer comes from it remembers when it pulls.
        run(self.remote("pull").args(["--snapshotter", "native", &self.client.name(from)]), "").ok();
        self.push_tagged(&self.client.name(from), &self.client.name(to)).into()
    }

    fn delete(&self, _: &str) -> Outcome {
        Outcome::Cannot("it deletes from its own storage only")
    }

    fn tags(&self, _: &str) -> Outcome {
        Outcome::Cannot("ctr has no command for it")
    }

    fn catalog(&self) -> Outcome {
        Outcome::Cannot("ctr has no command for it")
    }
}
