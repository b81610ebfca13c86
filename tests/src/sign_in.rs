use serde_json::json;

use crate::{Browser, IdentityProvider, KeyPair, Place, Server, ServerSetup};

/// A server where people sign in at a certified provider, which has alice, of the group `dev`.
pub struct SignIn {
    /// The provider.
    pub provider: IdentityProvider,
    /// The server.
    pub server: Server,
    /// Where browsers find the server.
    pub url: String,
    /// What the block `server` has besides.
    keys: String,
}

impl SignIn {
    /// The block of the provider, to be added to.
    const BLOCK: &str = "
  issuer: ISSUER
  redirect_url: URL/ID_auth
  client_id: registry
  client_secret_file: client.secret
  level_token_db: {path: tokens.redb}
  scopes: [openid, email, groups, offline_access]
  label_claims: [groups, roles=realm_access.roles]
";

    /// With this configuration besides: lines of the provider's block, and further blocks.
    pub fn start(place: &Place, lines: &str, blocks: &str) -> Self {
        let this = Self::found_at(place, "", |server| server.url.clone());
        this.configure(place, lines, blocks);
        this
    }

    /// With these keys in the block `server`, and where browsers find what has been started with them.
    pub fn found_at(place: &Place, keys: &str, url: impl FnOnce(&Server) -> String) -> Self {
        KeyPair::generate(place, "token", "p256");
        place.write("client.secret", &format!("{}\n", IdentityProvider::CLIENT_SECRET));
        // The provider must know where the server is, and the server where the provider is.
        place.write("config.yml", &Self::base(keys, ""));
        let server = ServerSetup::new(place).arg("config.yml").start();
        let url = url(&server);
        let provider = IdentityProvider::start(&[&format!("{url}/oidc_auth"), &format!("{url}/google_auth")]);
        let alice = json!({
            "email": "alice@example.com", "email_verified": true, "groups": ["dev"],
            "realm_access": {"roles": ["pusher"]},
        });
        provider.person("alice", &alice);
        let this = Self { provider, server, url, keys: keys.to_owned() };
        this.configure(place, "", "");
        this
    }

    /// Changes the configuration under the running server.
    pub fn configure(&self, place: &Place, lines: &str, blocks: &str) {
        let count = self.server.log().matches("configuration loaded again").count();
        let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
        let mut block = format!("oidc_auth:{}{lines}{blocks}", Self::BLOCK);
        if lines.contains("redis_token_db") {
            block = block.replace("  level_token_db: {path: tokens.redb}\n", "");
        }
        let id = lines.lines().find_map(|line| line.trim().strip_prefix("id: ")).unwrap_or("oidc");
        let block = block.replace("ISSUER", &self.provider.issuer).replace("URL", &self.url);
        let block = block.replace("/ID_auth", &format!("/{id}_auth"));
        place.replace("config.yml", &Self::base(&self.keys, &block));
        self.server.signal("HUP");
        self.server.wait_for_logs("configuration loaded again", count + 1);
    }

    fn base(keys: &str, blocks: &str) -> String {
        format!(
            "server: {{addr: ':0', {keys}}}
token: {{issuer: {:?}, expiration: 900, certificate: token.pem, key: token.key}}
users: {{}}
acl:
  - match: {{labels: {{groups: dev}}, name: 'dev/*'}}
    actions: ['*']
  - match: {{labels: {{groups: acme/dev}}, name: 'dev/*'}}
    actions: ['*']
  - match: {{labels: {{teams: dev}}, name: 'dev/*'}}
    actions: ['*']
  - match: {{account: '/.+/'}}
    actions: [pull]
{blocks}",
            Server::ISSUER
        )
    }

    /// The address of a page.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Signs alice in, from the button to her tokens.
    #[track_caller]
    pub fn sign_in(&self, browser: &Browser) {
        browser.go(&self.page("/"));
        browser.click_first(".providers a");
        self.at_provider(browser, "alice");
    }

    /// What a person does at the provider.
    #[track_caller]
    pub fn at_provider(&self, browser: &Browser, person: &str) {
        assert!(browser.address().starts_with(&self.provider.issuer), "{}", browser.address());
        if browser.count("input[name=login]") > 0 {
            browser.type_into("input[name=login]", person);
            browser.type_into("input[name=password]", "anything");
            browser.click_first("button[type=submit]");
        }
        if browser.address().starts_with(&self.provider.issuer) {
            // Consent.
            browser.click_first("button[type=submit]");
        }
    }

    /// Makes a token of whoever is signed in.
    #[track_caller]
    pub fn make_token(&self, browser: &Browser, name: &str) -> String {
        browser.go(&self.page("/account"));
        browser.fill("Name", name);
        browser.press("Create token");
        let token = browser.read("#secret");
        assert!(token.starts_with("tap_"), "{token}");
        token
    }
}
