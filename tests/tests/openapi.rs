//! The OpenAPI document against the running server: schemathesis makes requests of it, right ones and wrong ones, and
//! compares every answer with what the document says.

use std::path::Path;

use token_auth_tests::{Browser, Doorway, Place, Server, SignIn, curl, python, run};

/// Whether all answers are as the document under this address says.
#[track_caller]
fn holds(folder: &Path, document: &str, options: &[&str]) {
    let mut schemathesis = python("st");
    schemathesis.args(["run", document, "--no-color", "--seed", "1", "--max-examples", "100"]);
    // Which values are good is more than a schema can say: one scope that cannot be read is passed over beside another,
    // and a refresh token is one of this server's or not.
    schemathesis.args(["--exclude-checks", "negative_data_rejection,positive_data_acceptance"]);
    let finished = run(schemathesis.args(options).current_dir(folder), "").ok();
    assert!(finished.stdout.contains("No issues found"), "{finished}");
}

#[test]
fn the_document_holds_for_whoever_comes() {
    let place = Place::new();
    let server = Server::usual(&place);
    holds(place.path(), &format!("{}/openapi.json", server.url), &["--exclude-tag", "sign-in"]);
}

#[test]
fn the_document_holds_for_a_user_with_refresh_tokens_and_below_a_prefix() {
    let place = Place::new();
    let prefixed = Server::USUAL.replace("server:\n", "server:\n  path_prefix: /below\n");
    let server = Server::with(&place, &(prefixed + "\ntokens:\n  store: {path: tokens.redb}\n"));
    curl(&[&format!("{}/openapi.json", server.url)]).is(404);
    let base = format!("{}/below", server.url);
    // It does not resolve the document's `servers` by RFC 3986.
    // Its forms name others beside the user that all of its requests do, which is refused and no finding.
    let options =
        ["--url", &base, "--auth", "alice:alice-password", "--exclude-tag", "sign-in", "--warnings", "off"];
    holds(place.path(), &format!("{base}/openapi.json"), &options);
    server.never_told(&["alice-password"]);
}

/// In a session, with its proof in the forms; signing out, which ends it, without one.
#[test]
fn the_document_holds_for_the_pages_of_people() {
    let place = Place::new();
    let setup = SignIn::start(&place, "", "");
    let browser = Browser::new(&place);
    setup.sign_in(&browser);
    let cookies = browser.cookies();
    let session = cookies.iter().find(|cookie| cookie["name"] == "token-auth-session").unwrap();
    let cookie = format!("Cookie: token-auth-session={}", session["value"].as_str().unwrap());
    let page = browser.html();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut document = curl(&[&setup.page("/openapi.json")]).is(200).json();
    for form in ["Proof", "NewToken"] {
        document["components"]["schemas"][form]["properties"]["csrf"]["const"] = csrf.into();
    }
    place.write("openapi.json", &document.to_string());
    // That most of what it makes up is refused is no finding.
    let pages = ["--url", &setup.url, "--include-tag", "sign-in", "--warnings", "off"];
    for accept in ["Accept: text/html", "Accept: application/json"] {
        let asking = ["--header", accept, "--header", &cookie, "--exclude-operation-id", "signOut"];
        holds(place.path(), "openapi.json", &[&pages[..], &asking].concat());
        let out = ["--header", accept, "--include-operation-id", "signOut"];
        holds(place.path(), "openapi.json", &[&pages[..2], &pages[4..], &out].concat());
    }
    browser.go(&setup.page("/account"));
    assert!(browser.count(".tokens li") > 0, "its forms were good");
}

#[test]
fn the_document_of_the_control_socket_holds() {
    let place = Place::new();
    let server =
        Server::with(&place, &format!("{}\ntokens:\n  store: {{path: tokens.redb}}\n", Server::USUAL));
    let doorway = Doorway::to(&place.at("tokens.redb.sock"));
    // That most of the ids that it makes up name nothing is no finding.
    holds(place.path(), &format!("{}/openapi.json", doorway.url()), &["--warnings", "off"]);
    server.wait_for_log("a command for the tokens");
}
