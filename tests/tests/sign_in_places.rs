//! Sign-in where people find it in earnest: with TLS, below a path, behind a reverse proxy.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use token_auth_tests::{
    Browser, Image, KeyPair, Place, Proxy, Registry, SignIn, Skopeo, curl, guide_to_proxies,
};

/// The cookies of the pages. Each is bound to TLS, to this very host, and to no script.
#[track_caller]
fn cookies(browser: &Browser) -> Vec<Value> {
    let all = browser.cookies();
    let own = all.into_iter().filter(|cookie| cookie["name"].as_str().unwrap().contains("token-auth"));
    let own: Vec<Value> = own.collect();
    for cookie in &own {
        assert!(cookie["name"].as_str().unwrap().starts_with("__Host-token-auth"), "{cookie}");
        for (attribute, value) in [
            ("secure", json!(true)),
            ("httpOnly", json!(true)),
            ("sameSite", json!("Lax")),
            ("path", json!("/")),
            // Of the host alone: that of a whole domain begins with a dot.
            ("domain", json!("127.0.0.1")),
        ] {
            assert_eq!(cookie[attribute], value, "{attribute} of {cookie}");
        }
        assert!(cookie["expires"].as_f64().unwrap() > 0.0, "{cookie}");
    }
    own
}

/// From the button to the registry and out again, and never anywhere else.
fn whole_way(place: &Place, setup: &SignIn, certificate: &(PathBuf, PathBuf)) {
    let (certificate, authority) = certificate;
    let browser = Browser::trusting(place, certificate);
    assert_eq!(browser.go(&setup.page("/")), 200);
    assert_eq!(browser.address(), setup.page("/oidc_auth"));
    browser.follow("Continue with 127.0.0.1");
    assert!(cookies(&browser)[0]["name"].as_str().unwrap().ends_with("-sign-in"));
    setup.at_provider(&browser, "alice");
    assert_eq!(browser.address(), setup.page("/account"));
    // The provider's pages are the provider's.
    browser.complaints();
    let session = cookies(&browser);
    assert_eq!(session.len(), 1, "{session:?}");

    browser.fill("Name", "Laptop");
    browser.press("Create token");
    assert_eq!(browser.address(), setup.page("/account/tokens"));
    let token = browser.read("#secret");
    let registry = Registry::trusting(place, &setup.server)
        .environment("REGISTRY_AUTH_TOKEN_REALM", &setup.page("/auth"))
        .tls(&KeyPair { key: certificate.with_extension("key"), certificate: certificate.clone() })
        .start();
    let alice = Skopeo::new(place, &registry).with_tls().trusting(authority);
    let alice = alice.logged_in("alice@example.com", &token);
    alice.push(&Image::new(place, "hello"), "dev/app:1").ok();
    alice.pull("dev/app:1").ok();

    browser.follow("All tokens");
    assert_eq!(browser.address(), setup.page("/account"));
    assert!(browser.html().contains("Last used"), "{}", browser.html());
    browser.click_first("summary");
    browser.press("Revoke token");
    assert_eq!(browser.address(), setup.page("/account?revoked"));
    alice.pull("dev/app:1").fails();

    browser.press("Sign out");
    assert_eq!(browser.address(), setup.page("/sign-in?signed-out"));
    assert_eq!(cookies(&browser), Vec::<Value>::new());
    // A copy that someone took of the session is worth nothing.
    browser.set_cookies(&session);
    browser.go(&setup.page("/account"));
    assert_eq!(browser.address(), setup.page("/sign-in"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn with_a_certificate_of_the_server_and_below_a_path() {
    let place = Place::new();
    let authority = KeyPair::issue(place.path(), "web", "IP:127.0.0.1");
    let keys = "certificate: web.pem, key: web.key, path_prefix: /registry/auth";
    let setup = SignIn::found_at(&place, keys, |server| format!("{}/registry/auth", server.url));
    assert!(setup.url.starts_with("https://"), "{}", setup.url);
    whole_way(&place, &setup, &(place.at("web.pem"), authority));
}

#[test]
fn behind_a_reverse_proxy_that_ends_tls_and_takes_a_path_off() {
    let place = Place::new();
    let mut proxy = None;
    let (keys, _) = guide_to_proxies();
    let setup = SignIn::found_at(&place, &keys, |server| {
        proxy.insert(Proxy::start(&place, &server.url, "/login")).url.clone()
    });
    let proxy = proxy.unwrap();
    whole_way(&place, &setup, &proxy.certificate);
    only_the_proxy_is_believed(&setup, &proxy.certificate.1);
}

/// What a client says of itself in the headers of proxies is worth nothing, through the proxy or past it.
fn only_the_proxy_is_believed(setup: &SignIn, authority: &Path) {
    let forged = [
        "X-Forwarded-For: 192.0.2.9",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Prefix: /evil",
        "Forwarded: for=192.0.2.9;host=evil.example;proto=http",
    ];
    let forged: Vec<&str> = forged.iter().flat_map(|header| ["--header", header]).collect();
    let authority = authority.to_str().unwrap();
    for (base, client) in [(&setup.url, "127.0.0.2"), (&setup.server.url, "127.0.0.3")] {
        let ask = |path: &str| {
            let url = format!("{base}{path}");
            let from = ["--cacert", authority, "--interface", client, &url];
            curl(&[&forged[..], &from].concat())
        };
        let begun = ask("/sign-in/oidc").is(303);
        let to = begun.header("location").unwrap();
        let back = setup.page("/oidc_auth").replace(':', "%3A").replace('/', "%2F");
        assert!(to.contains(&format!("redirect_uri={back}")), "{to}");
        let cookie = begun.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-") && cookie.ends_with("; Secure"), "{cookie}");
        let page = ask("/sign-in").is(200);
        assert!(page.body.contains("href=\"/login/sign-in/oidc\""), "{page}");
        assert!(!page.body.contains("evil"), "{page}");
        // Who it was, for rules and the log.
        let count = setup.server.requests(0).len();
        ask("/auth?service=registry");
        assert_eq!(setup.server.requests(count + 1)[count]["address"], client);
        ask("/oidc_auth?code=x&state=x").is_error(400);
        let reason = "the browser has no ticket";
        setup.server.wait_for_log(&format!(r#""address":"{client}","provider":"oidc","reason":"{reason}"#));
    }
}
