use std::path::Path;
use std::process::Command;

use crate::{Answer, Finished, KeyPair, Place, Process, Program, Server, Token, curl, run};

/// A registry that runs, and is killed when this is dropped.
pub struct Registry {
    process: Process,
    /// `HOST:PORT`.
    pub address: String,
}

impl Registry {
    /// A registry that sends its clients to this server and trusts its certificate.
    pub fn trusting(place: &Place, server: &Server) -> RegistrySetup {
        RegistrySetup::new(place)
            .environment("REGISTRY_AUTH", "token")
            .environment("REGISTRY_AUTH_TOKEN_REALM", &format!("{}/auth", server.url))
            .environment("REGISTRY_AUTH_TOKEN_SERVICE", "registry")
            .environment("REGISTRY_AUTH_TOKEN_ISSUER", Server::ISSUER)
            .bundle(&server.certificate)
    }

    /// Asks the registry, with a token or without; further arguments go to curl.
    #[track_caller]
    pub fn ask(&self, path: &str, token: Option<&Token>, arguments: &[&str]) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let bearer = token.map(Token::bearer);
        let mut all = arguments.to_vec();
        if let Some(bearer) = &bearer {
            all.extend(["--header", bearer]);
        }
        all.push(&url);
        curl(&all)
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        self.process.stderr()
    }
}

/// How to start a registry.
#[derive(Clone, Debug)]
pub struct RegistrySetup {
    config: std::path::PathBuf,
    environment: Vec<(String, String)>,
}

impl RegistrySetup {
    /// A registry that lets everyone do everything, with a storage of its own.
    pub fn new(place: &Place) -> Self {
        let folder = place.own_folder("registry-");
        let config = folder.join("config.yml");
        std::fs::write(&config, include_str!("../data/registry.yml")).unwrap();
        let this = Self { config, environment: Vec::new() };
        this.environment("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", folder.join("data").to_str().unwrap())
            .environment("REGISTRY_HTTP_ADDR", "127.0.0.1:0")
    }

    /// Sets an environment variable, which it reads over its configuration file.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the file of certificates that it trusts.
    #[must_use]
    pub fn bundle(self, path: &Path) -> Self {
        self.environment("REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE", path.to_str().unwrap())
    }

    /// Adds a block to its configuration file.
    #[must_use]
    pub fn configured(self, block: &str) -> Self {
        let config = std::fs::read_to_string(&self.config).unwrap();
        std::fs::write(&self.config, config + block).unwrap();
        self
    }

    /// Serves TLS with this pair.
    #[must_use]
    pub fn tls(self, pair: &KeyPair) -> Self {
        self.environment("REGISTRY_HTTP_TLS_CERTIFICATE", pair.certificate.to_str().unwrap())
            .environment("REGISTRY_HTTP_TLS_KEY", pair.key.to_str().unwrap())
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start(self) -> Registry {
        let mut command = self.command();
        let process = Process::spawn(&mut command);
        let address = process.wait_for_stderr("where it listens", |text| {
            let address = text.split_once("listening on ")?.1;
            Some(address.split(['"', ',', ' ', '\n']).next()?.to_owned())
        });
        Registry { process, address }
    }

    /// Runs it where it is expected to end by itself.
    pub fn finish(self) -> Finished {
        run(&mut self.command(), "")
    }

    fn command(self) -> Command {
        let mut command = Program::DOCKER_REGISTRY.command();
        command.arg("serve").arg(&self.config).envs(self.environment);
        command
    }
}
