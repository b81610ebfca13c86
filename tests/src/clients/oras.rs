use std::path::Path;

use super::{Outcome, RegistryClient};
use crate::{Image, Registry, python, run};

/// oras, the Python library, by way of a small program.
pub struct Oras {
    registry: String,
    user: String,
    password: String,
}

impl Oras {
    /// A client of this registry without credentials.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.address.clone(), user: String::new(), password: String::new() }
    }

    fn run(&self, verb: &str, name: &str, file: Option<&Path>) -> Outcome {
        let mut command = python("python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/data/oras_client.py"));
        command.args([&self.registry, &self.user, &self.password, verb, name]).args(file);
        run(&mut command, "").into()
    }
}

impl RegistryClient for Oras {
    fn login(&mut self, user: &str, password: &str) -> Outcome {
        (self.user, self.password) = (user.to_owned(), password.to_owned());
        Outcome::Cannot("it keeps credentials for the next request, and asks nobody")
    }

    fn push(&self, image: &Image, name: &str) -> Outcome {
        self.run("push", name, Some(&image.folder().join("layer.tar.gz")))
    }

    fn pull(&self, name: &str) -> Outcome {
        self.run("pull", name, None)
    }

    fn mount(&self, _: &Image, _: &str, _: &str) -> Outcome {
        Outcome::Cannot("the library has no function for it")
    }

    fn delete(&self, name: &str) -> Outcome {
        self.run("delete", name, None)
    }

    fn tags(&self, repository: &str) -> Outcome {
        self.run("tags", repository, None)
    }

    fn catalog(&self) -> Outcome {
        Outcome::Cannot("the library has no function for it")
    }
}
