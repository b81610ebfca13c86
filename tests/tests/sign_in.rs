//! Sign-in with a browser at a certified provider: from the button to the registry.

use serde_json::{Value, json};
use token_auth_tests::{Browser, Image, Place, Registry, SignIn, Skopeo, docker_auth, run, until};

#[test]
fn from_the_button_to_the_registry() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let registry = Registry::trusting(&place, &setup.server).start();
    let browser = Browser::new(&place);

    // In.
    assert_eq!(browser.go(&setup.page("/")), 200);
    assert_eq!(browser.address(), setup.page("/oidc_auth"));
    browser.follow("Continue with 127.0.0.1");
    setup.at_provider(&browser, "alice");
    assert_eq!(browser.address(), setup.page("/account"));
    browser.complaints();
    assert!(browser.html().contains("You have no tokens yet."));

    // A token, shown once.
    browser.fill("Name", "Laptop");
    browser.select("Expires", "30");
    browser.press("Create token");
    let token = browser.read("#secret");
    assert_eq!(browser.read("#login-docker"), "docker login --username alice@example.com REGISTRY");
    assert_eq!(browser.read("#login-helm"), "helm registry login --username alice@example.com REGISTRY");
    browser.follow("All tokens");
    assert!(!browser.html().contains(&token));
    assert!(browser.html().contains("Not used yet"));

    // The registry takes it, for what the labels of the account allow.
    let alice = Skopeo::new(&place, &registry).logged_in("alice@example.com", &token);
    let image = Image::new(&place, "hello");
    alice.push(&image, "dev/app:1").ok();
    alice.pull("dev/app:1").ok();
    alice.push(&image, "ops/app:1").fails();
    Skopeo::new(&place, &registry).login("bob@example.com", &token).fails();
    let grant = setup.server.token(Some(&format!("alice@example.com:{token}")), &["repository:dev/app:push"]);
    assert_eq!(grant.claims["sub"], "alice@example.com");

    // Its use is seen, and its end is at once.
    browser.go(&setup.page("/account"));
    assert!(browser.html().contains("Last used"), "{}", browser.html());
    browser.click_first("summary");
    browser.press("Revoke token");
    assert!(browser.html().contains("The token is revoked."));
    assert_eq!(browser.count(".tokens li"), 0);
    alice.pull("dev/app:1").fails();

    // Out.
    browser.press("Sign out");
    assert!(browser.html().contains("You are signed out."));
    browser.go(&setup.page("/account"));
    assert_eq!(browser.address(), setup.page("/sign-in"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    setup.server.never_told(&[&token, "client-secret-of-the-registry"]);
}

/// A page that is loaded again makes no other token, and an operator who revokes ends the sessions, too.
#[test]
fn a_token_is_made_once_and_revoked_with_the_session_that_made_it() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let browser = Browser::new(&place);
    setup.sign_in(&browser);
    let token = setup.make_token(&browser, "Laptop");
    let log = setup.server.log();
    let line = log.lines().find(|line| line.contains("a token was made")).unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains("Laptop") && line.contains("alice@example.com") && line.contains("expires"),
        "{line}"
    );
    browser.go(&browser.address());
    assert_eq!(browser.address(), setup.page("/account?shown"));
    assert_eq!(browser.count(".tokens li"), 1);
    assert!(!browser.html().contains(&token));

    let revoke = ["tokens", "revoke", "config.yml", "--account", "alice@example.com"];
    let revoke = || run(docker_auth().current_dir(place.path()).args(revoke), "");
    revoke().ok();
    let credentials = format!("alice@example.com:{token}");
    assert_eq!(setup.server.ask(Some(&credentials), &["repository:dev/app:pull"]).status, 401);
    browser.go(&setup.page("/account"));
    assert_eq!(browser.address(), setup.page("/sign-in"));
    revoke().fails_with("nothing was revoked");
}

#[test]
fn commands_work_as_they_are_shown() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let registry = Registry::trusting(&place, &setup.server).start();
    let browser = Browser::new(&place);
    setup.sign_in(&browser);
    let token = setup.make_token(&browser, "script");
    let command = browser.read("#script-podman").replace("REGISTRY", &registry.address);
    let command = command.replace(&format!("${}_TOKEN", registry.address), "$REGISTRY_TOKEN");
    let mut shell = std::process::Command::new("sh");
    let authfile = place.write("auth.json", "{}");
    let script = format!("{command} --tls-verify=false --authfile {}", authfile.display());
    shell.args(["-ec", &script]).env("REGISTRY_TOKEN", &token);
    run(&mut shell, "").ok();
    assert!(place.read("auth.json").contains(&registry.address));
}

/// The provider's last word holds until it is old; then it is asked, and what it says counts.
#[test]
fn removal_at_the_provider_ends_access() {
    let place = Place::new();
    let setup = SignIn::start(&place, "revalidate_after: 1s", "");
    let browser = Browser::new(&place);
    setup.sign_in(&browser);
    let credentials = format!("alice@example.com:{}", setup.make_token(&browser, "Laptop"));
    let scopes = ["repository:dev/app:pull,push"];
    let granted = || {
        let answer = setup.server.ask(Some(&credentials), &scopes);
        (answer.status == 200).then(|| answer.token().actions("repository", "dev/app").unwrap_or_default())
    };
    assert_eq!(granted().as_deref(), Some("pull,push"));

    // Each time a rotated refresh token, of which the provider takes each one once.
    let refreshes = || {
        let asked = setup.provider.asked();
        asked.iter().filter(|line| *line == "POST /token").count()
    };
    refreshes();
    let mut count = 0;
    until("three refreshes", || {
        assert_eq!(granted().as_deref(), Some("pull,push"));
        count += refreshes();
        (count >= 3).then_some(())
    });

    // Another group.
    let claims = json!({"email": "alice@example.com", "email_verified": true, "groups": ["ops"]});
    setup.provider.person("alice", &claims);
    until("the new labels", || (granted().as_deref() == Some("pull")).then_some(()));

    // Away: no answer is no grant. And back.
    setup.provider.mode(&json!({"at": "/token", "status": 503}));
    until("the provider to be missed", || {
        (setup.server.ask(Some(&credentials), &scopes).status == 503).then_some(())
    });
    setup.provider.mode(&json!({}));
    until("the provider to be back", granted);

    // Gone.
    setup.provider.remove("alice");
    until("the end", || (setup.server.ask(Some(&credentials), &scopes).status == 401).then_some(()));
    setup.provider.person("alice", &claims);
    assert_eq!(granted(), None, "the session at the provider is gone for good");
}

/// Narrow and wide, light and dark, by the keyboard, and as a screen reader tells it.
#[test]
fn pages_fit_and_can_be_used_without_a_mouse() {
    let place = Place::new();
    let setup = SignIn::start(&place, "registry_url: registry.example.com", "");
    let browser = Browser::new(&place);
    let fits = |name: &str| fits(&browser, &place, name);
    browser.go(&setup.page("/"));
    fits("sign-in");
    // From the top of the page the first key reaches the button.
    assert_eq!(browser.key("Tab"), "Continue with 127.0.0.1");
    assert_eq!(
        browser.outline().lines().find(|line| line.contains("heading")),
        Some("  - heading \"Sign in\" [level=1]")
    );
    setup.sign_in(&browser);
    fits("no-token");
    let order: Vec<String> = (0..4).map(|_| browser.key("Tab")).collect();
    assert_eq!([&*order[0], &*order[3]], ["Sign out", "Create token"], "{order:?}");
    setup.make_token(&browser, "Laptop");
    fits("created");
    browser.follow("All tokens");
    fits("one-token");
    // A revocation is asked for twice, all by the keyboard.
    for _ in 0..4 {
        browser.key("Tab");
    }
    assert_eq!(browser.key("Tab"), "Revoke…");
    browser.key("Enter");
    fits("revoke");
    assert_eq!(browser.key("Tab"), "Revoke token");
    browser.press("Revoke token");
    assert_eq!(browser.address(), setup.page("/account?revoked"));
    fits("revoked");

    let long =
        "Build-server-of-the-platform-team-in-the-cellar-of-the-old-house-beside-the-river-with-no-gaps";
    for name in ["Laptop", "Build server of the platform team, in the cellar of the old house", long] {
        setup.make_token(&browser, name);
    }
    (0..4).for_each(|number| drop(setup.make_token(&browser, &format!("Job {number}"))));
    browser.go(&setup.page("/account"));
    fits("many-tokens");
    let outline = browser.outline();
    for part in
        ["heading \"Your access tokens\" [level=1]", "textbox \"Name\"", "combobox \"Expires\"", "Revoke…"]
    {
        assert!(outline.contains(part), "{part}: {outline}");
    }
    browser.go(&setup.page("/oidc_auth?error=access_denied&state=x"));
    fits("problem");
}

/// Several providers, each with a name of its own; one does not answer.
#[test]
fn people_choose_among_providers() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let long = "Partner companies of the north-western region and all of their subsidiaries";
    let client = "client_id: registry, client_secret: s, level_token_db: {path: tokens.redb}";
    let (issuer, url) = (&setup.provider.issuer, &setup.url);
    let blocks = format!(
        "google_auth:
  - {{id: partners, name: {long}, issuer: '{issuer}', domain: a.example, account_prefix: 'p/', {client}}}
  - {{id: old, name: Old directory, issuer: 'http://127.0.0.1:9', domain: a.example, account_prefix: 'o/', {client}}}
github_auth: {{organization: acme, account_prefix: 'github/', {client}}}
gitlab_auth: {{organization: acme, account_prefix: 'gitlab/', redirect_uri: '{url}/gitlab_auth', {client}}}
"
    );
    setup.configure(&place, "name: Corporate directory", &blocks);
    let browser = Browser::new(&place);
    browser.go(&setup.page("/"));
    assert_eq!(browser.address(), setup.page("/sign-in"));
    until("the one that is away to be known", || {
        browser.go(&setup.page("/sign-in"));
        (browser.count(".away") == 1).then_some(())
    });
    let outline = browser.outline();
    for name in [long, "GitHub", "Corporate directory", "GitLab"] {
        assert!(outline.contains(&format!("link \"Continue with {name}\"")), "{name}: {outline}");
    }
    assert!(browser.read(".away").starts_with("Old directory does not answer"), "{outline}");
    fits(&browser, &place, "providers");
    browser.follow("Continue with Corporate directory");
    setup.at_provider(&browser, "alice");
    assert_eq!(browser.address(), setup.page("/account"));
}

/// Nothing scrolls sideways, and an accessibility checker finds nothing, on phones and screens, in daylight and at night.
#[track_caller]
fn fits(browser: &Browser, place: &Place, name: &str) {
    // Where the pictures go, for whoever wants to look at them.
    let pictures = std::env::var_os("PICTURES").map_or_else(|| place.own_folder("pictures-"), Into::into);
    for size in [(320, 640), (375, 812), (1280, 800)] {
        for scheme in ["light", "dark"] {
            let width = size.0;
            assert_eq!(browser.look(size, scheme), 0, "{name} scrolls sideways at {width}");
            if width == 1280 {
                assert_eq!(browser.audit(), Vec::<Value>::new(), "{name}, {scheme}");
            }
            browser.picture(&pictures.join(format!("{name}-{width}-{scheme}.png")));
        }
    }
}
