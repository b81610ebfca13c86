use std::path::{Path, PathBuf};

use crate::{Finished, Place, Program, docker_auth, run};

/// Runs openssl with these arguments in this folder.
pub fn openssl(folder: &Path, arguments: &[&str]) -> Finished {
    openssl_answering(folder, arguments, "")
}

fn openssl_answering(folder: &Path, arguments: &[&str], answers: &str) -> Finished {
    run(Program::OPENSSL.command().args(arguments).current_dir(folder), answers)
}

/// A private key and its certificate, as files.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The private key.
    pub key: PathBuf,
    /// The certificate.
    pub certificate: PathBuf,
}

impl KeyPair {
    /// `NAME.key` and `NAME.pem`, made by `docker-auth generate-key`.
    pub fn generate(place: &Place, name: &str, algorithm: &str) -> Self {
        let pair = Self::named(place, name);
        let mut command = docker_auth();
        command.arg("generate-key").args(["--algorithm", algorithm]);
        run(command.arg("--key").arg(&pair.key).arg("--certificate").arg(&pair.certificate), "").ok();
        pair
    }

    /// A self-signed certificate for a key that is there already, made by openssl.
    pub fn self_sign(place: &Place, name: &str) -> Self {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
        let subject = format!("/CN={name}");
        let request = ["req", "-x509", "-new", "-key", &key, "-out", &certificate, "-subj", &subject];
        let extensions = ["-days", "30", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
        openssl(place.path(), &[&request[..], &extensions].concat()).ok();
        Self::named(place, name)
    }

    fn named(place: &Place, name: &str) -> Self {
        Self { key: place.at(format!("{name}.key")), certificate: place.at(format!("{name}.pem")) }
    }
}
