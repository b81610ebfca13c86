//! One key after another under a running server, before the reference registry.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use token_auth_tests::{KeyPair, Place, Registry, Server, Token, curl};

/// The key ids of the JWK set.
fn published(server: &Server) -> Vec<String> {
    let jwks = curl(&[&format!("{}/.well-known/jwks.json", server.url)]).is(200).json();
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn token(server: &Server) -> Token {
    server.token(Some("admin:badmin"), &["repository:app:pull"])
}

fn kid(token: &Token) -> String {
    token.header["kid"].as_str().unwrap().to_owned()
}

fn with_new_key() -> String {
    Server::USUAL.replace("token.pem", "new.pem").replace("token.key", "new.key")
}

/// With a line more in the block `token`.
fn and(config: &str, line: &str) -> String {
    config.replace("expiration: 900", &format!("expiration: 900\n  {line}"))
}

#[test]
fn a_key_that_is_simply_replaced_stays_published() {
    let place = Place::new();
    let server = Server::usual(&place);
    let old = token(&server);
    KeyPair::generate(&place, "new", "p384");
    place.replace("config.yml", &with_new_key());
    server.wait_for_log("configuration loaded again");
    server.wait_for_log("the new key was not published before");
    let new = token(&server);
    assert_ne!(kid(&old), kid(&new));
    let ids = published(&server);
    assert!(ids.contains(&kid(&old)) && ids.contains(&kid(&new)), "{ids:?}");
    // By any number of further reloads, too.
    for count in 2..=4 {
        server.signal("HUP");
        server.wait_for_logs("configuration loaded again", count);
    }
    assert_eq!(published(&server), ids);
    // And by one that changes the files under the same names.
    std::fs::remove_file(place.at("new.key")).unwrap();
    std::fs::remove_file(place.at("new.pem")).unwrap();
    KeyPair::generate(&place, "newest", "p256");
    for ending in ["pem", "key"] {
        std::fs::rename(place.at(format!("newest.{ending}")), place.at(format!("new.{ending}"))).unwrap();
    }
    server.signal("HUP");
    server.wait_for_logs("another key signs from now on", 2);
    assert_eq!(published(&server).len(), 6);
}

#[test]
fn the_whole_way_from_one_key_to_the_next() {
    let place = Place::new();
    let server = Server::usual(&place);
    let old = token(&server);
    KeyPair::generate(&place, "new", "p256");
    let bundle = place.write("both.pem", &(place.read("token.pem") + &place.read("new.pem")));
    let registry = Registry::trusting(&place, &server).bundle(&bundle).start();
    let opens = |token: &Token| registry.ask("/v2/", Some(token), &[]).is(200);

    // First the new key is published, and the old one signs.
    place.replace("config.yml", &and(Server::USUAL, "published_keys: [{file: new.pem}]"));
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
    assert_eq!(kid(&token(&server)), kid(&old));
    let both = published(&server);
    assert_eq!(both.len(), 4);

    // Then they change places.
    let swapped = and(&with_new_key(), "published_keys: [{file: token.pem}]");
    place.replace("config.yml", &swapped);
    server.signal("HUP");
    server.wait_for_log("another key signs from now on");
    assert!(!server.log().contains("was not published before"), "{}", server.log());
    let new = token(&server);
    assert!(both.contains(&kid(&new)), "{both:?}");
    assert!(published(&server).contains(&kid(&old)));
    opens(&old);
    opens(&new);

    // A server that starts anew knows of the old key by the configuration alone.
    drop(server);
    let server = Server::with(&place, &swapped);
    let mut ids = published(&server);
    assert!(ids.contains(&kid(&old)) && ids.contains(&kid(&new)));
    opens(&token(&server));

    // At last it is forgotten, once no token of it can be left.
    place.replace(
        "config.yml",
        &and(&with_new_key(), "published_keys: [{file: token.pem, until: 2020-01-01T00:00:00Z}]"),
    );
    server.signal("HUP");
    server.wait_for_log("`until` has passed");
    server.wait_for_log("configuration loaded again");
    ids.retain(|id| published(&server).contains(id));
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&kid(&new)));
}
