use std::path::PathBuf;
use std::process::Command;

use crate::unprivileged::Unprivileged;
use crate::{Daemon, Finished, KeyPair, Place, Program, run};

/// The password of the databases' user, `registry`.
const PASSWORD: &str = "registry-secret";

/// A PostgreSQL server, killed when this is dropped.
pub struct Postgres {
    /// The server.
    pub daemon: Daemon,
}

impl Postgres {
    /// One with a database and a user `registry`.
    pub fn start() -> Self {
        Self::started(Unprivileged::new("token-auth-postgres-"), &[])
    }

    /// One that speaks TLS only, for the address 127.0.0.1, and the certificate of the authority that signed its own.
    pub fn start_with_tls(folder: &Place) -> (Self, PathBuf) {
        let place = Unprivileged::new("token-auth-postgres-");
        let authority = KeyPair::issue(place.path(), "server", "IP:127.0.0.1");
        let copy = folder.at("postgres-ca.pem");
        std::fs::copy(authority, &copy).unwrap();
        for file in ["server.key", "server.pem"] {
            place.own(&place.path().join(file));
        }
        std::fs::write(place.path().join("hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n")
            .unwrap();
        place.own(&place.path().join("hba.conf"));
        let at = |name: &str| place.path().join(name).display().to_string();
        let settings = [
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", at("server.pem")),
            format!("ssl_key_file={}", at("server.key")),
            format!("hba_file={}", at("hba.conf")),
        ];
        (Self::started(place, &settings), copy)
    }

    fn started(place: Unprivileged, settings: &[String]) -> Self {
        let settings: Vec<_> =
            settings.iter().flat_map(|setting| ["-c".to_owned(), setting.clone()]).collect();
        let data = place.path().join("data");
        let password = place.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let mut init = place.command(postgres("initdb"));
        init.args(["--username", "registry", "--auth", "scram-sha-256", "--no-sync", "--encoding", "UTF8"]);
        init.args(["--locale", "C", "--pwfile"]).arg(&password).arg("--pgdata").arg(&data);
        run(&mut init, "").ok();
        let program = postgres("postgres");
        let daemon = Daemon::start("database system is ready to accept connections", move |port| {
            let mut command = place.command(&program);
            command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k", ""]);
            command.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=40"]);
            command.args(&settings);
            command
        });
        Self { daemon }
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres://registry:{PASSWORD}@{}/postgres", self.daemon.address())
    }

    /// Runs statements.
    #[track_caller]
    pub fn run(&self, statements: &str) -> Finished {
        let mut command = Command::new(postgres("psql"));
        run(command.args(["--set", "ON_ERROR_STOP=1", "--command", statements, &self.url()]), "").ok()
    }

    /// The same as docker_auth's driver has it, at this `HOST:PORT`.
    pub fn conn_string(address: &str) -> String {
        let (host, port) = address.split_once(':').unwrap();
        format!("host={host} port={port} user=registry password={PASSWORD} dbname=postgres sslmode=disable")
    }
}

/// Debian keeps the server's programs off the search path.
fn postgres(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|version| version.path().join("bin").join(name)).collect();
    found.retain(|path| path.is_file());
    found.sort();
    let missing = || panic!("{name} is missing: install it with `apt-get install postgresql`");
    found.pop().unwrap_or_else(missing)
}

/// A MariaDB server, killed when this is dropped.
pub struct MariaDb {
    /// The server.
    pub daemon: Daemon,
}

impl MariaDb {
    /// One with a database and a user `registry`.
    pub fn start() -> Self {
        let place = Unprivileged::new("token-auth-mariadb-");
        let data = place.path().join("data");
        let mut init = place.command(Program::MARIADB_INSTALL_DB.path());
        init.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]);
        init.arg(format!("--datadir={}", data.display()));
        run(&mut init, "").ok();
        let user = format!(
            "CREATE DATABASE IF NOT EXISTS registry;\n\
             CREATE USER IF NOT EXISTS registry@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
             GRANT ALL ON registry.* TO registry@'127.0.0.1';\n"
        );
        let start = place.path().join("start.sql");
        std::fs::write(&start, user).unwrap();
        std::fs::set_permissions(&start, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let daemon = Daemon::start("ready for connections", move |port| {
            let mut command = place.command(Program::MARIADBD.path());
            command.args(["--no-defaults", "--skip-name-resolve", "--bind-address=127.0.0.1"]);
            command.arg(format!("--port={port}")).arg(format!("--datadir={}", data.display()));
            command.arg(format!("--socket={}", data.join("socket").display()));
            command.arg(format!("--pid-file={}", data.join("pid").display()));
            command.arg(format!("--init-file={}", start.display()));
            command
        });
        Self { daemon }
    }

    /// Runs statements.
    #[track_caller]
    pub fn run(&self, statements: &str) -> Finished {
        let mut command = Program::MARIADB.command();
        command.args(["--no-defaults", "--host=127.0.0.1", "--user=registry", "registry"]);
        command.arg(format!("--port={}", self.daemon.port)).env("MYSQL_PWD", PASSWORD);
        run(command.arg("--execute").arg(statements), "").ok()
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("mariadb://registry:{PASSWORD}@{}/registry", self.daemon.address())
    }

    /// The same as docker_auth's driver has it, at this `HOST:PORT`.
    pub fn conn_string(address: &str) -> String {
        format!("registry:{PASSWORD}@tcp({address})/registry?parseTime=true")
    }
}
