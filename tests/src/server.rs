use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::{Answer, Finished, KeyPair, Place, Process, Token, curl, run};

/// A command that runs the server under test.
///
/// It is the program that `DOCKER_AUTH_BIN` names, or else one that is built now.
pub fn docker_auth() -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let given = || env::var_os("DOCKER_AUTH_BIN").map(PathBuf::from);
    Command::new(BINARY.get_or_init(|| given().unwrap_or_else(|| build(&["--package", "docker-auth"]))))
}

/// The credential provider for the kubelet: the one among the examples beside the server under test, or else one that is built now.
pub(crate) fn credential_provider() -> PathBuf {
    const NAME: &str = "kubelet_credential_provider";
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let beside = || {
        let server = PathBuf::from(env::var_os("DOCKER_AUTH_BIN")?);
        Some(server.with_file_name("examples").join(NAME)).filter(|path| path.exists())
    };
    let arguments = ["--package", "token-auth-examples", "--example", NAME];
    BINARY.get_or_init(|| beside().unwrap_or_else(|| build(&arguments))).clone()
}

fn build(what: &[&str]) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["build", "--release", "--locked", "--message-format", "json"]);
    cargo.args(what);
    // Not through `run`: a build takes longer than anything else may.
    let output = cargo.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{what:?} cannot be built");
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    executables.next_back().expect("cargo names what it built")
}

/// A server that runs, and is killed when this is dropped.
pub struct Server {
    process: Process,
    /// Where it listens: `http://127.0.0.1:PORT`, `https://…`, or `unix:PATH`.
    pub url: String,
    /// What the registry must trust.
    pub certificate: PathBuf,
}

impl Server {
    /// The usual issuer.
    pub const ISSUER: &str = "Acme auth server";

    /// The usual configuration, `data/usual.yml`.
    pub const USUAL: &str = include_str!("../data/usual.yml");

    /// A server with the usual configuration and a P-256 key, both made in this place.
    pub fn usual(place: &Place) -> Self {
        Self::with(place, Self::USUAL)
    }

    /// A server with this configuration, as `config.yml` in this place, and a P-256 key unless one is there.
    pub fn with(place: &Place, config: &str) -> Self {
        if !place.at("token.key").exists() {
            KeyPair::generate(place, "token", "p256");
        }
        place.write("config.yml", config);
        ServerSetup::new(place).arg("config.yml").start()
    }

    /// `HOST:PORT`.
    ///
    /// # Panics
    ///
    /// When it listens on a socket file.
    pub fn address(&self) -> &str {
        self.url.split_once("//").expect("a TCP address").1
    }

    /// Asks the endpoint `/auth`, with `USER:PASSWORD` or without, for these scopes.
    #[track_caller]
    pub fn ask(&self, credentials: Option<&str>, scopes: &[&str]) -> Answer {
        let parameters: Vec<String> = scopes.iter().map(|scope| format!("scope={scope}")).collect();
        let mut arguments = vec!["--get", "--data-urlencode", "service=registry"];
        for parameter in &parameters {
            arguments.extend(["--data-urlencode", parameter]);
        }
        if let Some(credentials) = credentials {
            arguments.extend(["--user", credentials]);
        }
        let url = format!("{}/auth", self.url);
        arguments.push(&url);
        curl(&arguments)
    }

    /// The token that [`ask`](Self::ask) is answered with.
    #[track_caller]
    pub fn token(&self, credentials: Option<&str>, scopes: &[&str]) -> Token {
        self.ask(credentials, scopes).is(200).token()
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// The first `count` lines about requests, once they are there.
    #[track_caller]
    pub fn requests(&self, count: usize) -> Vec<Value> {
        self.process.wait_for_stderr(&format!("{count} lines about requests"), |log| {
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let requests: Vec<Value> = lines.filter(|line| !line["micros"].is_null()).collect();
            (requests.len() >= count).then_some(requests)
        })
    }

    /// Waits for a line with these words.
    #[track_caller]
    pub fn wait_for_log(&self, words: &str) -> String {
        self.process.wait_for_stderr(words, |log| {
            log.lines().find(|line| line.contains(words)).map(ToOwned::to_owned)
        })
    }

    /// Waits until there are as many lines with these words.
    #[track_caller]
    pub fn wait_for_logs(&self, words: &str, count: usize) {
        let what = format!("{count} times {words}");
        self.process.wait_for_stderr(&what, |log| (log.matches(words).count() >= count).then_some(()));
    }

    /// Asserts that none of these is in what it printed or logged.
    #[track_caller]
    pub fn never_told(&self, secrets: &[&str]) {
        for secret in secrets {
            assert!(!self.log().contains(secret), "{secret} is in the log");
            assert!(!self.process.stdout().contains(secret), "{secret} was printed");
        }
    }

    /// A path as the server sees it, where that has a tree of its own.
    pub fn seen(&self, path: &Path) -> PathBuf {
        let root = format!("/proc/{}/root", self.process.id());
        Path::new(&root).join(path.strip_prefix("/").unwrap())
    }

    /// How much of the machine's memory it has, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// What it has printed.
    pub fn stdout(&self) -> String {
        self.process.stdout()
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits for its end.
    pub fn finish(self) -> Finished {
        self.process.finish()
    }
}

/// How to start a server.
pub struct ServerSetup {
    command: Command,
    certificate: PathBuf,
    log: Stdio,
}

impl ServerSetup {
    /// On a free port, with a log of JSON lines, in this folder; it trusts `token.pem` there.
    pub fn new(place: &Place) -> Self {
        // What a test has written is whole.
        let this = Self::bare(place.path()).args(["--settle-time", "0", "--listen", "127.0.0.1:0"]);
        this.arg("--log-format").arg("json").certificate(place.at("token.pem"))
    }

    /// With no arguments, in this folder.
    pub fn bare(folder: &Path) -> Self {
        let mut command = docker_auth();
        command.current_dir(folder);
        Self { command, certificate: PathBuf::new(), log: Stdio::piped() }
    }

    /// With no arguments, where this folder is also found at the path `at` below `/`, as a container would map it: in a
    /// tree of its own that has everything else from the machine's.
    pub fn mapped(place: &Place, folder: &Path, at: &str) -> Self {
        const MAP: &str = r#"
            root=$1 folder=$2 at=$3 && shift 3
            mount -t tmpfs none "$root"
            for top in /*; do [ ! -d "$top" ] || { mkdir "$root$top" && mount --rbind "$top" "$root$top"; }; done
            mkdir "$root$at" && mount --bind "$folder" "$root$at"
            exec chroot "$root" "$@""#;
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-ec", MAP, "sh"]);
        command.arg(place.folder("root")).arg(folder).arg(at).arg(docker_auth().get_program());
        Self { command, certificate: PathBuf::new(), log: Stdio::piped() }
    }

    /// As [`new`](Self::new), with a small disk (of so many MiB) at the folder `disk`, which only the server sees.
    pub fn with_small_disk(place: &Place, mebibytes: u32) -> Self {
        const MOUNT: &str = r#"mount -t tmpfs -o "size=$1m" none "$2" && shift 2 && exec "$@""#;
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-ec", MOUNT, "sh", &mebibytes.to_string()]);
        command.arg(place.folder("disk")).arg(docker_auth().get_program()).current_dir(place.path());
        let this = Self { command, certificate: place.at("token.pem"), log: Stdio::piped() };
        this.arg("--listen").arg("127.0.0.1:0").arg("--log-format").arg("json")
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Says which certificate a registry must trust.
    #[must_use]
    pub fn certificate(mut self, path: PathBuf) -> Self {
        self.certificate = path;
        self
    }

    /// Sends its log elsewhere than to [`Server::log`].
    #[must_use]
    pub fn log_to(self, place: impl Into<Stdio>) -> Self {
        Self { log: place.into(), ..self }
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start(mut self) -> Server {
        let process = Process::spawn_into(&mut self.command, Stdio::piped(), self.log);
        let url = process.wait_for_stdout("where it listens", |text| {
            text.lines().find_map(|line| line.strip_prefix("listening on ")).map(ToOwned::to_owned)
        });
        // All interfaces: loopback is one of them.
        let url = url.replace("//[::]:", "//127.0.0.1:").replace("//0.0.0.0:", "//127.0.0.1:");
        Server { process, url, certificate: self.certificate }
    }

    /// Runs it where it is expected to end by itself.
    pub fn finish(mut self) -> Finished {
        run(&mut self.command, "")
    }
}
