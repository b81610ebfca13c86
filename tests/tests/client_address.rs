//! Which address a client has behind nginx, configured as the guide says: for rules, for the limit of guesses, for the log.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code fails by panicking")]

use std::path::Path;

use token_auth_tests::{Answer, Place, Proxy, Server, curl, guide_to_proxies};

/// A server whose rules give push to addresses of a company's network alone, and nginx in front of it.
fn behind_nginx(place: &Place, more: &str) -> (Server, Proxy) {
    let (keys, _) = guide_to_proxies();
    let keys = keys.replace(", ", "\n  ");
    let (server, acl) = Server::USUAL.split_once("\nacl:").unwrap();
    let (before, after) = server.split_once("server:\n").unwrap();
    let rules = "\nacl:\n  - {match: {ip: 10.0.0.0/8}, actions: ['*']}\n  - {match: {}, actions: [pull]}\n";
    assert!(acl.contains("match"));
    let server = Server::with(place, &format!("{before}server:\n  {keys}\n{after}{rules}{more}"));
    let proxy = Proxy::start(place, &server.url, "/login");
    (server, proxy)
}

struct Client<'a> {
    proxy: &'a Proxy,
    authority: &'a Path,
}

impl Client<'_> {
    /// Asks with headers of its own, as a user or as nobody.
    fn ask(&self, user: Option<&str>, headers: &[&str]) -> Answer {
        let url = format!("{}/auth?service=registry&scope=repository:app:pull,push", self.proxy.url);
        let mut arguments = vec!["--cacert", self.authority.to_str().unwrap(), "--interface", "127.0.0.2"];
        headers.iter().for_each(|header| arguments.extend(["--header", header]));
        user.iter().for_each(|user| arguments.extend(["--user", user]));
        curl(&[&arguments[..], &[&url]].concat())
    }
}

#[test]
fn a_client_cannot_choose_it() {
    let place = Place::new();
    let (server, proxy) = behind_nginx(&place, "");
    let client = Client { proxy: &proxy, authority: &proxy.certificate.1 };
    for headers in [
        &[][..],
        &["X-Forwarded-For: 10.0.0.7"],
        &["X-Forwarded-For: 10.0.0.7, 127.0.0.1"],
        &["X-Forwarded-For: 10.0.0.7,"],
        &["X-Forwarded-For: 10.0.0.7", "X-Forwarded-For: 10.0.0.8"],
        &["Forwarded: for=10.0.0.7", "X-Real-IP: 10.0.0.7"],
    ] {
        let count = server.requests(0).len();
        let token = client.ask(None, headers).is(200).token();
        assert_eq!(token.claims["access"][0]["actions"], serde_json::json!(["pull"]), "{headers:?}");
        assert_eq!(server.requests(count + 1)[count]["address"], "127.0.0.2", "{headers:?}");
    }
}

#[test]
fn guesses_are_counted_by_it_whatever_the_client_writes() {
    let place = Place::new();
    let (_server, proxy) = behind_nginx(&place, "");
    let client = Client { proxy: &proxy, authority: &proxy.certificate.1 };
    let guess = |at: u8| {
        let header = format!("X-Forwarded-For: 192.0.2.{at}");
        client.ask(Some(&format!("admin:wrong{at}")), &[&header]).status
    };
    let answers: Vec<u16> = (1..=12).map(guess).collect();
    assert_eq!(answers[..10], [401; 10]);
    assert_eq!(answers[10..], [429; 2]);
}
