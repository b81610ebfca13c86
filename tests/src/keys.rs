use std::path::{Path, PathBuf};

use crate::{Finished, Place, Program, docker_auth, run};

/// Runs openssl with these arguments in this folder.
pub fn openssl(folder: &Path, arguments: &[&str]) -> Finished {
    run(Program::OPENSSL.command().args(arguments).current_dir(folder), "")
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

    /// A self-signed certificate with more arguments to `openssl req`, for a key that is kept for tests.
    pub fn self_sign_with(place: &Place, kept: &str, more: &[&str]) -> Self {
        let key = format!("{}/../token-auth-core/testdata/keys/{kept}.pem", env!("CARGO_MANIFEST_DIR"));
        let pair = Self::named(place, kept);
        std::fs::copy(key, &pair.key).unwrap();
        let (key, certificate) = (format!("{kept}.key"), format!("{kept}.pem"));
        let request = ["req", "-x509", "-new", "-key", &key, "-out", &certificate, "-subj", "/CN=token"];
        openssl(place.path(), &[&request[..], &["-days", "30"], more].concat()).ok();
        pair
    }

    /// A certificate that expired years ago, for a key that is there already.
    pub fn self_sign_expired(place: &Place, name: &str) -> Self {
        let folder = place.own_folder("ca-");
        std::fs::write(folder.join("ca.cnf"), CA_CONFIG).unwrap();
        std::fs::write(folder.join("index"), "").unwrap();
        let pair = Self::named(place, name);
        let key = pair.key.to_str().unwrap();
        let subject = format!("/CN={name}");
        openssl(&folder, &["req", "-new", "-key", key, "-out", "request", "-subj", &subject]).ok();
        let issue = ["ca", "-config", "ca.cnf", "-selfsign", "-batch", "-notext", "-keyfile", key];
        let files = ["-in", "request", "-out", pair.certificate.to_str().unwrap()];
        let times = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"];
        openssl(&folder, &[&issue[..], &files, &times].concat()).ok();
        pair
    }

    /// `NAME.key` and, as `NAME.pem`, its certificate with the intermediate one that issued it; the root that issued
    /// that, `root.pem`, is the answer.
    pub fn chain(place: &Place, name: &str) -> (Self, PathBuf) {
        let make = |name: &str| {
            let key = format!("{name}.key");
            let curve = ["-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key];
            openssl(place.path(), &[&["genpkey", "-algorithm", "EC"][..], &curve].concat()).ok();
        };
        let issue = |name: &str, issuer: &str, extensions: &str| {
            make(name);
            let file = |ending| format!("{name}.{ending}");
            let (key, request, certificate) = (file("key"), file("csr"), file("crt"));
            let subject = format!("/CN={name}");
            let ask = ["req", "-new", "-key", &key, "-out", &request, "-subj", &subject];
            openssl(place.path(), &ask).ok();
            place.write("extensions", extensions);
            let (issuer, issuer_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
            let sign = ["x509", "-req", "-in", &request, "-CA", &issuer, "-CAkey", &issuer_key];
            let rest = ["-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out", &certificate];
            openssl(place.path(), &[&sign[..], &rest].concat()).ok();
            place.read(certificate)
        };
        make("root");
        let root = Self::self_sign(place, "root").certificate;
        let intermediate = issue("intermediate", "root", "basicConstraints=critical,CA:true\n");
        place.write("intermediate.pem", &intermediate);
        let leaf = issue(name, "intermediate", "basicConstraints=critical,CA:false\n");
        place.write(format!("{name}.pem"), &(leaf + &intermediate));
        (Self::named(place, name), root)
    }

    /// `NAME.key` and `NAME.pem` in a folder: a certificate of a server with this subject alternative name
    /// (`IP:127.0.0.1`). The authority that issued it, `NAME-ca.pem`, is the answer.
    pub fn issue(folder: &Path, name: &str, alternative_name: &str) -> PathBuf {
        let file = |ending| format!("{name}{ending}");
        let (key, request, certificate) = (file(".key"), file(".csr"), file(".pem"));
        let (authority_key, authority) = (file("-ca.key"), file("-ca.pem"));
        let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let subject = ["-subj", "/CN=Authority", "-days", "30"];
        let to = ["-x509", "-keyout", &authority_key, "-out", &authority];
        openssl(folder, &[&new[..], &subject, &to].concat()).ok();
        let to = ["-subj", "/CN=Server", "-keyout", &key, "-out", &request];
        openssl(folder, &[&new[..], &to].concat()).ok();
        let extensions = format!("basicConstraints=critical,CA:false\nsubjectAltName={alternative_name}\n");
        std::fs::write(folder.join("extensions"), extensions).unwrap();
        let sign = ["x509", "-req", "-in", &request, "-CA", &authority, "-CAkey", &authority_key];
        let rest = ["-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out", &certificate];
        openssl(folder, &[&sign[..], &rest].concat()).ok();
        folder.join(authority)
    }

    fn named(place: &Place, name: &str) -> Self {
        Self { key: place.at(format!("{name}.key")), certificate: place.at(format!("{name}.pem")) }
    }
}

/// What `openssl ca` wants to know; nothing else lets it choose the first and the last day.
const CA_CONFIG: &str = "[ca]
default_ca = here
[here]
new_certs_dir = .
database = index
rand_serial = yes
default_md = sha256
policy = anything
[anything]
commonName = supplied
";
