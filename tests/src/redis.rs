use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::daemon::free_port;
use crate::{Daemon, Finished, KeyPair, Place, Program, run, until};

/// Keeps what it has answered over its death; nobody else's keys.
const LASTING: [&str; 8] =
    ["--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always", "--save", ""];

const READY: &str = "Ready to accept connections";

/// A Redis server, killed when this is dropped. It has the user `registry`, who may do nothing but what the store needs
/// on keys that begin with `token-auth:`, and a default user with the password `default-secret`.
pub struct Redis {
    /// The server.
    pub daemon: Daemon,
}

impl Redis {
    /// The user that a store is.
    pub const USER: &str = "registry";
    /// Its password.
    pub const PASSWORD: &str = "registry-secret";
    /// That of the default user, who may do everything.
    pub const DEFAULT_PASSWORD: &str = "default-secret";

    /// One that keeps what it has answered, even if it is killed.
    pub fn start(place: &Place) -> Self {
        let folder = place.own_folder("redis-");
        let [user, password, default] = [Self::USER, Self::PASSWORD, Self::DEFAULT_PASSWORD];
        let commands = "-@all +eval +exists +hget +hmget +hset +del +expire +expireat +persist +zadd +zrem \
                        +zrangebylex +select +info";
        let users = format!(
            "user default on >{default} ~* &* +@all\nuser {user} on >{password} ~token-auth:* {commands}\n"
        );
        fs::write(folder.join("users.acl"), users).unwrap();
        Self {
            daemon: Daemon::start(READY, move |port| {
                let mut command = server(&folder, port);
                command.arg("--aclfile").arg(folder.join("users.acl"));
                command
            }),
        }
    }

    /// One that speaks TLS only, and the certificate of the authority that signed its own.
    pub fn start_with_tls(place: &Place) -> (Self, PathBuf) {
        let folder = place.own_folder("redis-");
        let authority = KeyPair::issue(&folder, "redis", "IP:127.0.0.1");
        let daemon = Daemon::start(READY, move |port| {
            let mut command = server(&folder, 0);
            command.args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
            command.args(["--requirepass", Self::DEFAULT_PASSWORD]);
            command.args(["--tls-cert-file", "redis.pem", "--tls-key-file", "redis.key"]);
            command
        });
        (Self { daemon }, authority)
    }

    /// Runs a command as the default user.
    #[track_caller]
    pub fn cli(&self, arguments: &[&str]) -> Finished {
        cli(self.daemon.port, Some(Self::DEFAULT_PASSWORD), arguments)
    }
}

/// A cluster of three Redis servers without replicas, killed when this is dropped.
pub struct RedisCluster {
    /// Its servers.
    pub nodes: [Daemon; 3],
}

impl RedisCluster {
    /// One that keeps what it has answered, even if it is killed.
    pub fn start(place: &Place) -> Self {
        let nodes = [0; 3].map(|_| {
            let (folder, bus) = (place.own_folder("redis-node-"), free_port());
            Daemon::start(READY, move |port| {
                let mut command = server(&folder, port);
                command.args(["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()]);
                command.args(["--cluster-node-timeout", "2000"]);
                command
            })
        });
        let cluster = Self { nodes };
        let addresses: Vec<_> = cluster.nodes.iter().map(Daemon::address).collect();
        let mut create = vec!["--cluster", "create"];
        create.extend(addresses.iter().map(String::as_str));
        create.extend(["--cluster-yes", "--cluster-replicas", "0"]);
        cli(cluster.nodes[0].port, None, &create).ok();
        cluster.wait_until_whole();
        cluster
    }

    /// Kills all servers.
    pub fn kill(&mut self) {
        self.nodes.iter_mut().for_each(Daemon::kill);
    }

    /// Starts all servers again, and waits until they are a cluster again.
    pub fn restart(&mut self) {
        self.nodes.iter_mut().for_each(Daemon::restart);
        self.wait_until_whole();
    }

    /// Waits until every node knows that all keys are served.
    fn wait_until_whole(&self) {
        for node in &self.nodes {
            until("the cluster to be whole", || {
                let info = cli(node.port, None, &["cluster", "info"]).stdout;
                (info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")).then_some(())
            });
        }
    }
}

fn server(folder: &std::path::Path, port: u16) -> Command {
    let mut command = Program::REDIS_SERVER.command();
    command.current_dir(folder).args(["--port", &port.to_string()]).args(LASTING);
    command
}

fn cli(port: u16, password: Option<&str>, arguments: &[&str]) -> Finished {
    let mut command = Program::REDIS_CLI.command();
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]).args(arguments);
    if let Some(password) = password {
        command.env("REDISCLI_AUTH", password);
    }
    run(&mut command, "")
}
