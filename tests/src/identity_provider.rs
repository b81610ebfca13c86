use serde_json::{Value, json};

use crate::node::node;
use crate::{Process, curl};

/// A certified OpenID Connect provider that runs, and is killed when this is dropped. Its one client is the registry's
/// token server.
pub struct IdentityProvider {
    process: Process,
    /// The issuer, which is also its address.
    pub issuer: String,
}

impl IdentityProvider {
    /// The id of the client.
    pub const CLIENT_ID: &str = "registry";
    /// Its secret.
    pub const CLIENT_SECRET: &str = "client-secret-of-the-registry";

    /// A provider that sends browsers back to these addresses.
    pub fn start(redirect_urls: &[&str]) -> Self {
        Self::start_at("0", redirect_urls)
    }

    /// The same provider, ended and started again: with other keys, and without a memory.
    #[must_use]
    pub fn restarted(self, redirect_urls: &[&str]) -> Self {
        let port = self.issuer.rsplit(':').next().unwrap().to_owned();
        drop(self.process);
        Self::start_at(&port, redirect_urls)
    }

    fn start_at(port: &str, redirect_urls: &[&str]) -> Self {
        let process = Process::spawn(node("provider.mjs").arg(port).args(redirect_urls));
        let issuer = process.wait_for_stdout("where it listens", |text| {
            text.lines().find_map(|line| line.strip_prefix("listening on ")).map(ToOwned::to_owned)
        });
        Self { process, issuer }
    }

    /// Lets someone in, with these claims.
    pub fn person(&self, subject: &str, claims: &Value) {
        self.control("person", &json!({"sub": subject, "claims": claims}));
    }

    /// Knows someone no more.
    pub fn remove(&self, subject: &str) {
        self.control("remove", &json!({"sub": subject}));
    }

    /// A refresh token of someone who has signed in through another program of the same client.
    pub fn refresh_token(&self, subject: &str) -> String {
        let grant = self.control("grant", &json!({"sub": subject}));
        grant["refresh_token"].as_str().unwrap().to_owned()
    }

    /// Makes it break, or with `{}` work again.
    pub fn mode(&self, mode: &Value) {
        self.control("mode", mode);
    }

    /// What it was asked since the last time: `METHOD PATH`.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.control("asked", &json!({}));
        asked.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }

    fn control(&self, what: &str, content: &Value) -> Value {
        let url = format!("{}/control/{what}", self.issuer);
        curl(&["--json", &content.to_string(), &url]).is(200).json()
    }
}
