//! Whose a name is in a real directory, and what is remembered of it: nobody is hurt by what a stranger types, or by what another
//! user writes into the own entry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]

use std::time::{Duration, Instant};

use token_auth_backends::core::{AccountRequest, Authenticator, AuthnRequest, Credentials, Deadline};
use token_auth_backends::ldap::{
    AccountName, BindTemplate, LdapAuthenticator, LdapOptions, ServiceAccount, UserSearch,
};
use token_auth_tests::{Place, Quality, Relay, Slapd, login, show_verdict};

const PEOPLE: &str = "ou=people,dc=example,dc=com";
const ALICE: &str = "uid=alice,ou=people,dc=example,dc=com";
const BOB: &str = "uid=Bob,ou=people,dc=example,dc=com";
const EITHER: &str = "(|(uid=${account})(mail=${account}))";

fn options(place: &Place, url: &str, filter: &str) -> LdapOptions {
    let users = UserSearch::new(PEOPLE, filter.parse().unwrap());
    let mut options = LdapOptions::new([url.parse().unwrap()], users);
    let password = place.write("service-password", Slapd::SERVICE_PASSWORD);
    options.service = Some(ServiceAccount::new("cn=registry,dc=example,dc=com", password));
    // The next login asks again.
    options.timeouts.retry = Duration::from_millis(1);
    options.timeouts.max_retry = Duration::from_millis(1);
    options
}

/// An account that searches, among the people, and locked after three wrong passwords.
fn add_service(slapd: &Slapd) {
    slapd.modify(&format!(
        "dn: uid=registry,{PEOPLE}\nobjectClass: inetOrgPerson\nuid: registry\ncn: Registry\nsn: Registry\n\
         mail: registry@example.com\nuserPassword: {}\npwdPolicySubentry: cn=policy,dc=example,dc=com\n",
        Slapd::SERVICE_PASSWORD
    ));
}

#[tokio::test]
async fn the_account_that_searches_is_nobodys() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    add_service(&slapd);
    // Whatever it is called there.
    let is_its = |line: &&str| {
        line.contains(" BIND dn=") && line.contains("method=128") && line.to_lowercase().contains("registry")
    };
    let binds = || slapd.log().lines().filter(is_its).count();
    // The last is the same entry by another name of its attribute: only the directory can tell.
    for name in [
        "uid=registry,ou=people,dc=example,dc=com",
        "UID = Registry, OU=People,dc=example,dc=com",
        "userid=registry,ou=people,dc=example,dc=com",
    ] {
        let mut options = options(&place, &slapd.url(), EITHER);
        options.service.as_mut().unwrap().name = name.to_owned();
        let directory = LdapAuthenticator::new(options.clone()).unwrap();
        let before = binds();
        for typed in ["registry", "REGISTRY", "ｒegistry", "Registry@example.com"] {
            for password in ["wrong", "other", Slapd::SERVICE_PASSWORD] {
                assert_eq!(login(&directory, typed, password).await, "abstains", "{name}: {typed}");
            }
        }
        assert_eq!(show_verdict(directory.revalidate(&AccountRequest::new("registry")).await), "abstains");
        assert!(
            directory.owns(&AccountRequest::new("registry")).await.unwrap(),
            "nor is it another source's"
        );
        assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
        assert_eq!(binds() - before, 1, "{name}: only to search");

        // Nor is it bound before anything is searched.
        options.bind_as_user = Some(BindTemplate::new(format!("uid=${{account}},{PEOPLE}")).unwrap());
        let directory = LdapAuthenticator::new(options).unwrap();
        let before = binds();
        for typed in ["registry", "Registry", "ｒegistry"] {
            for _ in 0..3 {
                assert_eq!(login(&directory, typed, "wrong").await, "abstains", "{name}: {typed}");
            }
        }
        assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
        assert_eq!(binds() - before, 1, "{name}: only to learn who it is");
    }
    let plain = LdapAuthenticator::new(options(&place, &slapd.url(), EITHER)).unwrap();
    assert_eq!(login(&plain, "registry", Slapd::SERVICE_PASSWORD).await, "registry", "not locked");
}

#[tokio::test]
async fn what_someone_writes_into_the_own_entry_hurts_nobody() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    slapd.replace(BOB, "mail", "alice");
    let by_uid = AccountName::default();
    let mut named = by_uid.clone();
    named.attribute = Some("uid".to_owned());
    for (name, account) in [("the first attribute", by_uid), ("the attribute that is named", named)] {
        for filter in [EITHER, "(|(mail=${account})(uid=${account}))"] {
            let mut options = options(&place, &slapd.url(), filter);
            options.account = account.clone();
            if filter != EITHER {
                options.account.attribute = Some("uid".to_owned());
            }
            let directory = LdapAuthenticator::new(options).unwrap();
            for (typed, password, expected) in [
                ("alice", "alice-password", "alice"),
                ("ALICE", "alice-password", "alice"),
                ("alice@example.com", "alice-password", "alice"),
                ("alice", "bob-password", "rejects: wrong password"),
                ("bob", "bob-password", "bob"),
            ] {
                assert_eq!(login(&directory, typed, password).await, expected, "{name} {filter}: {typed}");
            }
            let revalidated = directory.revalidate(&AccountRequest::new("alice")).await;
            assert_eq!(show_verdict(revalidated), "alice");
        }
    }
    // Also where she is found by another search than he.
    slapd.replace(BOB, "mail", "zoe");
    let mut two = options(&place, &slapd.url(), EITHER);
    two.users.push(UserSearch::new("ou=contractors,dc=example,dc=com", "(uid=${account})".parse().unwrap()));
    let directory = LdapAuthenticator::new(two).unwrap();
    assert_eq!(login(&directory, "zoe", "zoe-password").await, "zoe");
    assert_eq!(login(&directory, "zoe", "bob-password").await, "rejects: wrong password");
    // A name that nobody is called is not made an account by it.
    slapd.replace(BOB, "mail", "admin");
    assert_eq!(login(&directory, "admin", "bob-password").await, "bob");
    // A second value of the attribute itself.
    slapd.modify(&format!("dn: {BOB}\nchangetype: modify\nadd: uid\nuid: alice\n"));
    for filter in [EITHER, "(uid=${account})"] {
        let directory = LdapAuthenticator::new(options(&place, &slapd.url(), filter)).unwrap();
        assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
        assert_eq!(login(&directory, "alice", "bob-password").await, "rejects: wrong password");
    }
}

#[tokio::test]
async fn says_whose_an_account_is() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let directory = LdapAuthenticator::new(options(&place, &slapd.url(), EITHER)).unwrap();
    let searches = || slapd.log().matches(" SRCH base=").count();
    let owns = async |account: &str| directory.owns(&AccountRequest::new(account)).await;
    for (account, expected) in [
        ("alice", true),
        ("ALICE", true),
        (" alice ", true),
        ("ａｌｉｃｅ", true),
        ("bob", true),
        ("dave", true),
        ("alice@example.com", false),
        ("nobody", false),
        ("al*", false),
        ("*", false),
        ("", false),
        (" ", false),
    ] {
        assert_eq!(owns(account).await.ok(), Some(expected), "{account:?}");
    }
    let before = searches();
    for account in ["Alice", "alice ", "NOBODY", "nobody"] {
        assert_eq!(
            owns(account).await.ok(),
            Some(account.trim().eq_ignore_ascii_case("alice")),
            "{account:?}"
        );
    }
    assert_eq!(searches(), before, "asked a moment ago");
    slapd.kill();
    assert!(owns("carol").await.is_err(), "nobody can tell");

    let mut as_user = options(&place, &slapd.url(), EITHER);
    as_user.service = None;
    as_user.bind_as_user = Some(BindTemplate::new("${account}@example.com").unwrap());
    let directory = LdapAuthenticator::new(as_user).unwrap();
    let error = directory.owns(&AccountRequest::new("alice")).await.unwrap_err().to_string();
    assert!(error.contains("name one who searches"), "{error}");
    assert!(!directory.owns(&AccountRequest::new("gh/alice")).await.unwrap(), "such a name cannot be bound");
}

/// A directory with `grace`.
fn forgiving(place: &Place, url: &str) -> LdapAuthenticator {
    let mut options = options(place, url, EITHER);
    options.memory.grace = Duration::from_secs(600);
    LdapAuthenticator::new(options).unwrap()
}

#[tokio::test]
async fn while_the_directory_is_away_it_is_as_it_last_said() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let directory = forgiving(&place, &slapd.url());
    for (name, password) in [
        ("alice", "alice-password"),
        ("Alice@example.com", "alice-password"),
        ("carol", "carol-password"),
        ("bob", "bob-password"),
        ("bob@example.com", "bob-password"),
        ("erin", "erin-password"),
    ] {
        assert!(!login(&directory, name, password).await.contains(':'), "{name}");
    }
    // The directory has refused what was right.
    slapd.replace(ALICE, "userPassword", "new-password");
    assert_eq!(login(&directory, "alice", "alice-password").await, "rejects: wrong password");
    // Another password has been right since.
    slapd.replace(BOB, "userPassword", "new-password");
    assert_eq!(login(&directory, "BOB", "new-password").await, "bob");
    // A mistyped one is no reason to forget anything.
    assert_eq!(login(&directory, "carol", "mistyped").await, "rejects: wrong password");
    // The directory has said that the account is locked.
    for _ in 0..3 {
        assert_eq!(login(&directory, "erin", "wrong").await, "rejects: wrong password");
    }
    assert_eq!(login(&directory, "erin", "another").await, "rejects: the account is locked");
    slapd.kill();
    for (name, password, expected) in [
        ("alice", "alice-password", None),
        ("alice@example.com", "alice-password", None),
        ("alice", "new-password", None),
        ("bob", "bob-password", None),
        ("bob@example.com", "bob-password", None),
        ("bob", "new-password", Some("bob")),
        ("ＢＯＢ", "new-password", Some("bob")),
        ("bob ", "new-password", Some("abstains")),
        ("carol", "carol-password", Some("carol")),
        ("CAROL", "carol-password", Some("carol")),
        ("carol", "mistyped", None),
        ("erin", "erin-password", None),
    ] {
        let answer = login(&directory, name, password).await;
        match expected {
            Some(expected) => assert_eq!(answer, expected, "{name} {password}"),
            None => assert!(answer.starts_with("error: "), "{name} {password}: {answer}"),
        }
    }
}

#[tokio::test]
async fn time_that_is_spent_waiting_is_no_outage() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let relay = Relay::to(&slapd.url().replace("ldap://", ""));
    let mut options = options(&place, &format!("ldap://{}", relay.address()), EITHER);
    options.memory.grace = Duration::from_secs(600);
    options.pool.connections = 1;
    options.timeouts.total = Duration::from_millis(500);
    // A deadline that passes first shall never look like a server that is away.
    (options.timeouts.bind, options.timeouts.search) = (Duration::from_secs(60), Duration::from_secs(60));
    let directory = LdapAuthenticator::new(options).unwrap();
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
    relay.set(Quality::Slow(Duration::from_secs(1)));
    let strangers = (0..20).map(|number| {
        let directory = directory.clone();
        tokio::spawn(async move { login(&directory, &format!("stranger{number}"), "x").await })
    });
    let strangers: Vec<_> = strangers.collect();
    let answer = login(&directory, "alice", "alice-password").await;
    assert_eq!(answer, "error: ldap: the directory: no answer within 500 ms");
    for stranger in strangers {
        assert!(stranger.await.unwrap().starts_with("error: "));
    }
    // While it truly is away, she is let in.
    relay.set(Quality::Cut);
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
}

#[tokio::test]
async fn a_searching_account_that_is_refused_is_no_outage() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let directory = forgiving(&place, &slapd.url());
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
    slapd.replace("cn=registry,dc=example,dc=com", "userPassword", "of-tomorrow");
    slapd.restart();
    for _ in 0..3 {
        let answer = login(&directory, "alice", "alice-password").await;
        assert!(answer.starts_with("error: ") && answer.contains("refused"), "{answer}");
    }
}

#[tokio::test]
async fn gives_up_when_an_answer_would_be_of_no_use() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let directory = LdapAuthenticator::new(options(&place, &slapd.url(), EITHER)).unwrap();
    let credentials = Credentials::password("alice", "alice-password");
    slapd.signal("STOP");
    let deadline = Deadline::at(Instant::now() + Duration::from_millis(200));
    let answer = directory.authenticate(&AuthnRequest::new(&credentials).with_deadline(deadline)).await;
    let answer = show_verdict(answer);
    assert!(answer.starts_with("error: ldap: the directory: no answer within "), "{answer}");
    let request = AccountRequest::new("alice").with_deadline(deadline);
    assert!(show_verdict(directory.revalidate(&request).await).contains("no answer within 0 ms"));
    assert!(directory.owns(&request).await.is_err());
    slapd.signal("CONT");
}
