//! Sign-in at several providers at once, by docker_auth's keys.

use serde_json::json;
use token_auth_tests::{Browser, Forge, Place, SignIn, until};

const DEV: [&str; 1] = ["repository:dev/app:pull,push"];

struct Setup {
    place: Place,
    sign_in: SignIn,
    forge: Forge,
}

impl Setup {
    /// Google is played by the certified provider, GitHub and GitLab by what answers as they do.
    fn new() -> Self {
        let place = Place::new();
        let sign_in = SignIn::start(&place, "account_prefix: oidc/", "");
        let forge = Forge::start(&format!("{}/github_auth", sign_in.url));
        let common =
            "client_id: registry, client_secret_file: client.secret, level_token_db: {path: tokens.redb}";
        let blocks = "
google_auth: {COMMON, domain: example.com, issuer: 'ISSUER', redirect_url: 'URL/google_auth', account_prefix: google/, scopes: [openid, email, groups, offline_access], label_claims: [groups], revalidate_after: 1s}
github_auth: {COMMON, organization: acme, github_web_uri: 'FORGE', github_api_uri: 'FORGE/api/v3', revalidate_after: 1s}
gitlab_auth: {COMMON, organization: acme, gitlab_web_uri: 'FORGE', gitlab_api_uri: 'FORGE/api/v4', redirect_uri: 'URL/gitlab_auth', name: Our GitLab, account_prefix: gitlab/, revalidate_after: 1s}
";
        let blocks = blocks.replace("COMMON", common).replace("ISSUER", &sign_in.provider.issuer);
        let blocks = blocks.replace("URL", &sign_in.url).replace("FORGE", &forge.url);
        sign_in.configure(&place, "account_prefix: oidc/", &blocks);
        Self { place, sign_in, forge }
    }

    /// Signs in by this button; the account's new token, if it is let in.
    fn sign_in(&self, browser: &Browser, button: &str) -> Option<String> {
        browser.go(&self.sign_in.page("/"));
        browser.follow(button);
        if browser.address().starts_with(&self.sign_in.provider.issuer) {
            self.sign_in.at_provider(browser, "alice");
        }
        let is_in = browser.address() == self.sign_in.page("/account");
        is_in.then(|| self.sign_in.make_token(browser, "Laptop"))
    }

    fn granted(&self, account: &str, token: &str) -> Result<String, u16> {
        let answer = self.sign_in.server.ask(Some(&format!("{account}:{token}")), &DEV);
        match answer.status {
            200 => Ok(answer.token().actions("repository", "dev/app").unwrap_or_default()),
            status => Err(status),
        }
    }
}

#[test]
fn each_provider_by_its_button() {
    let setup = Setup::new();
    let claims = json!({
        "email": "alice@example.com", "email_verified": true, "hd": "example.com", "groups": ["dev"],
    });
    setup.sign_in.provider.person("alice", &claims);
    for (button, account) in [
        ("Continue with Google", "google/alice@example.com"),
        ("Continue with GitHub", "octocat"),
        ("Continue with Our GitLab", "gitlab/octocat"),
    ] {
        setup.forge.person(583_231, "octocat", true, &["dev"]);
        let browser = Browser::new(&setup.place);
        let token = setup.sign_in(&browser, button);
        let token = token.unwrap_or_else(|| panic!("{button}: {}", browser.html()));
        assert_eq!(setup.granted(account, &token).as_deref(), Ok("pull,push"), "{button}");

        // In no group that may push, then in none at all.
        setup.forge.person(583_231, "octocat", true, &["ops"]);
        let mut changed = claims.clone();
        changed["groups"] = json!(["ops"]);
        setup.sign_in.provider.person("alice", &changed);
        until("the new labels", || (setup.granted(account, &token).as_deref() == Ok("pull")).then_some(()));
        setup.forge.person(583_231, "octocat", false, &[]);
        setup.sign_in.provider.remove("alice");
        until("the end", || (setup.granted(account, &token) == Err(401)).then_some(()));
        setup.sign_in.provider.person("alice", &claims);
    }
    setup.sign_in.server.never_told(&["client-secret-of-the-registry"]);
}

#[test]
fn whoever_is_not_a_member_is_not_let_in() {
    let setup = Setup::new();
    setup.forge.person(1, "mallory", false, &["dev"]);
    let claims =
        json!({"email": "alice@example.com", "email_verified": true, "hd": "example.org", "groups": ["dev"]});
    setup.sign_in.provider.person("alice", &claims);
    for button in ["Continue with Google", "Continue with GitHub", "Continue with Our GitLab"] {
        let browser = Browser::new(&setup.place);
        assert_eq!(setup.sign_in(&browser, button), None, "{button}");
        assert!(browser.address().starts_with(&setup.sign_in.url), "{button}: {}", browser.address());
        assert!(browser.html().contains("Back to the start"), "{}", browser.html());
    }
}
