use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that tests run, with the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    name: &'static str,
    package: &'static str,
}

impl Program {
    /// `buildah`.
    pub const BUILDAH: Self = Self::new("buildah", "buildah");
    /// The browser.
    pub const CHROMIUM: Self = Self::new("chromium", "chromium");
    /// The container runtime.
    pub const CONTAINERD: Self = Self::new("containerd", "containerd");
    /// The container runtime's client.
    pub const CTR: Self = Self::new("ctr", "containerd");
    /// `curl`.
    pub const CURL: Self = Self::new("curl", "curl");
    /// Docker's command line.
    pub const DOCKER: Self = Self::new("docker", "docker.io");
    /// Docker's engine.
    pub const DOCKERD: Self = Self::new("dockerd", "docker.io");
    /// The reference registry, version 2.
    pub const DOCKER_REGISTRY: Self = Self::new("docker-registry", "docker-registry");
    /// Makes htpasswd lines.
    pub const HTPASSWD: Self = Self::new("htpasswd", "apache2-utils");
    /// Changes what is in a directory.
    pub const LDAPMODIFY: Self = Self::new("ldapmodify", "ldap-utils");
    /// Asks a MariaDB server.
    pub const MARIADB: Self = Self::new("mariadb", "mariadb-client");
    /// MariaDB's server.
    pub const MARIADBD: Self = Self::new("mariadbd", "mariadb-server");
    /// Makes the files of a MariaDB server.
    pub const MARIADB_INSTALL_DB: Self = Self::new("mariadb-install-db", "mariadb-server");
    /// Runs the programs in `node/`.
    pub const NODE: Self = Self::new("node", "nodejs");
    /// A reverse proxy.
    pub const NGINX: Self = Self::new("nginx", "nginx-light");
    /// Makes keys and certificates.
    pub const OPENSSL: Self = Self::new("openssl", "openssl");
    /// `podman`.
    pub const PODMAN: Self = Self::new("podman", "podman");
    /// Asks a Redis server.
    pub const REDIS_CLI: Self = Self::new("redis-cli", "redis-tools");
    /// The Redis server.
    pub const REDIS_SERVER: Self = Self::new("redis-server", "redis-server");
    /// The domain controller of an Active Directory.
    pub const SAMBA: Self = Self::new("samba", "samba samba-ad-dc samba-ad-provision");
    /// Makes domains.
    pub const SAMBA_TOOL: Self = Self::new("samba-tool", "samba-common-bin samba-ad-provision");
    /// OpenLDAP's server.
    pub const SLAPD: Self = Self::new("slapd", "slapd");
    /// Fills its database before it starts.
    pub const SLAPADD: Self = Self::new("slapadd", "slapd");
    /// `skopeo`.
    pub const SKOPEO: Self = Self::new("skopeo", "skopeo");

    const fn new(name: &'static str, package: &'static str) -> Self {
        Self { name, package }
    }

    pub(crate) fn name(self) -> &'static str {
        self.name
    }

    /// A command that runs it.
    ///
    /// # Panics
    ///
    /// When it is not on the search path.
    pub fn command(self) -> Command {
        Command::new(self.path())
    }

    /// Where it is.
    ///
    /// # Panics
    ///
    /// When it is not on the search path.
    pub fn path(self) -> PathBuf {
        let search = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&search)
            .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
            .map(|folder| folder.join(self.name))
            .find(|path| Path::is_file(path))
            .unwrap_or_else(|| {
                panic!("{} is missing: install it with `apt-get install {}`", self.name, self.package)
            })
    }
}

/// A command that runs a program of the environment that `python-packages` makes: `python3`, or one that a package brings.
///
/// # Panics
///
/// When it is not installed.
pub fn python(program: &str) -> Command {
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../target").into(), PathBuf::from);
    let path = target.join("python/bin").join(program);
    assert!(path.is_file(), "{} is missing: tests/run installs tests/python-packages", path.display());
    Command::new(path)
}
