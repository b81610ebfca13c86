//! What goes wrong between a person, the server and the provider: nobody is let in, everybody is told, nothing is leaked.

use serde_json::{Value, json};
use token_auth_tests::{Browser, Place, SignIn, curl, until};

/// Begins a sign-in, and makes the provider break before the browser comes back.
fn broken(setup: &SignIn, browser: &Browser, mode: &Value) -> String {
    setup.provider.mode(&json!({}));
    browser.clear_cookies();
    browser.go(&setup.page("/sign-in/oidc"));
    browser.type_into("input[name=login]", "alice");
    browser.type_into("input[name=password]", "anything");
    browser.click_first("button[type=submit]");
    setup.provider.mode(mode);
    browser.click_first("button[type=submit]");
    setup.provider.mode(&json!({}));
    assert!(browser.address().starts_with(&setup.page("/oidc_auth?")), "{}", browser.address());
    let heading = browser.read("h1");
    // Nobody is signed in.
    assert!(
        !browser
            .cookies()
            .iter()
            .any(|cookie| cookie["name"].as_str().is_some_and(|name| name.ends_with("-session")))
    );
    browser.go(&setup.page("/account"));
    assert_eq!(browser.address(), setup.page("/sign-in"));
    heading
}

#[test]
fn a_provider_that_breaks_lets_nobody_in() {
    let place = Place::new();
    let setup = SignIn::start(&place, "http_timeout: 2s", "");
    let browser = Browser::new(&place);
    let away = "The identity provider does not answer";
    for (name, mode, heading) in [
        ("down", json!({"at": "/token", "status": 503}), away),
        ("slow", json!({"at": "/token", "wait": 4000}), away),
        ("garbage", json!({"at": "/token", "status": 200, "body": "<html>secret-garbage"}), away),
        ("nothing", json!({"at": "/token", "status": 200, "body": "{}"}), away),
        (
            "refusal",
            json!({"at": "/token", "status": 400, "body": "{\"error\":\"invalid_grant\"}"}),
            "The sign-in failed",
        ),
        (
            "no identity",
            json!({"at": "/token", "status": 200, "body": "{\"access_token\":\"x\",\"token_type\":\"Bearer\"}"}),
            "The sign-in failed",
        ),
        ("its clock is behind", json!({"skew": -7200}), "The sign-in failed"),
        ("its clock is ahead", json!({"skew": 600}), "The sign-in failed"),
    ] {
        assert_eq!(broken(&setup, &browser, &mode), heading, "{name}");
    }
    setup.server.never_told(&["secret-garbage", "client-secret-of-the-registry"]);
    // And it works again.
    setup.sign_in(&browser);
    assert_eq!(browser.address(), setup.page("/account"));
}

#[test]
fn a_provider_that_is_away_at_the_start_is_asked_again() {
    for mode in [
        json!({"at": "/.well-known", "status": 503}),
        json!({"at": "/.well-known", "status": 200, "body": "secret-garbage"}),
        json!({"at": "/jwks", "status": 500}),
        json!({"at": "/.well-known", "replace": "\"issuer\":\"http://127.0.0.1", "by": "\"issuer\":\"http://127.0.0.2"}),
    ] {
        let place = Place::new();
        let setup = SignIn::start(&place, "", "");
        let browser = Browser::new(&place);
        // Nobody has asked it anything yet.
        setup.provider.mode(&mode);
        assert_eq!(browser.go(&setup.page("/sign-in")), 200);
        assert!(browser.html().contains("does not answer at the moment"), "{mode}");
        assert_eq!(browser.go(&setup.page("/sign-in/oidc")), 503);
        assert_eq!(browser.read("h1"), "The identity provider does not answer");
        let answer = curl(&[&setup.page("/sign-in/oidc")]).is_error(503);
        assert!(!answer.body.contains("127.0.0.1") && !answer.body.contains("secret-garbage"), "{answer}");
        setup.provider.mode(&json!({}));
        until("the provider to be noticed", || {
            browser.go(&setup.page("/sign-in"));
            (browser.count(".providers a") == 1).then_some(())
        });
        setup.sign_in(&browser);
        setup.server.never_told(&["secret-garbage"]);
    }
}

#[test]
fn keys_of_the_provider_change() {
    let place = Place::new();
    let mut setup = SignIn::start(&place, "discovery_ttl: 24h", "");
    let browser = Browser::new(&place);
    setup.sign_in(&browser);
    setup.provider = setup.provider.restarted(&[&format!("{}/oidc_auth", setup.url)]);
    setup.provider.person("alice", &json!({"email": "alice@example.com", "email_verified": true}));
    browser.clear_cookies();
    // An unknown key makes the server ask, at most every ten seconds.
    until("the new keys", || {
        browser.clear_cookies();
        browser.go(&setup.page("/sign-in/oidc"));
        setup.at_provider(&browser, "alice");
        (browser.address() == setup.page("/account")).then_some(())
    });
}

#[test]
fn people_who_cancel_or_may_not_are_told_so() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let browser = Browser::new(&place);
    browser.go(&setup.page("/sign-in/oidc"));
    browser.follow("[ Cancel ]");
    assert_eq!(browser.read("h1"), "The sign-in was cancelled");
    browser.follow("Back to the start");
    assert_eq!(browser.address(), setup.page("/oidc_auth"));

    let unverified = json!({"email": "admin@example.com", "email_verified": false});
    setup.provider.person("mallory", &unverified);
    browser.go(&setup.page("/sign-in/oidc"));
    setup.at_provider(&browser, "mallory");
    assert_eq!(browser.read("h1"), "You have no access");
    // A user of the configuration is nobody's to become.
    setup.configure(&place, "", "");
    let answer = curl(&["--header", "Accept: application/json", &setup.page("/account")]).is_error(401);
    assert!(answer.header("set-cookie").is_none());
}

/// The answer of the provider is worth nothing in another browser, and nothing a second time.
#[test]
fn an_answer_is_good_once_and_in_one_browser() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let (victim, attacker) = (Browser::new(&place), Browser::new(&place));
    // The attacker's sign-in, stopped before its end: the address that would finish it.
    attacker.go(&setup.page("/sign-in/oidc"));
    attacker.type_into("input[name=login]", "alice");
    attacker.type_into("input[name=password]", "anything");
    attacker.click_first("button[type=submit]");
    let cookies = attacker.cookies();
    attacker.clear_cookies();
    let without: Vec<Value> = cookies
        .iter()
        .filter(|cookie| !cookie["name"].as_str().unwrap().starts_with("token-auth"))
        .cloned()
        .collect();
    attacker.set_cookies(&without);
    attacker.click_first("button[type=submit]");
    assert_eq!(attacker.read("h1"), "This sign-in cannot be finished");
    let finish = attacker.address();
    assert!(finish.contains("code=") && finish.contains("state="), "{finish}");
    victim.go(&finish);
    assert_eq!(victim.read("h1"), "This sign-in cannot be finished");
    // In the middle of a sign-in of the victim's own: another state.
    victim.go(&setup.page("/sign-in/oidc"));
    victim.go(&finish);
    assert_eq!(victim.read("h1"), "This sign-in cannot be finished");

    setup.sign_in(&victim);
    assert_eq!(victim.address(), setup.page("/account"));
    for cookie in
        victim.cookies().iter().filter(|cookie| cookie["name"].as_str().unwrap().starts_with("token-auth"))
    {
        assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&json!(true), &json!("Lax")), "{cookie}");
    }
}
