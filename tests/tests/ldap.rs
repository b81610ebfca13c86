//! The directory backend against a real OpenLDAP server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

use std::sync::Arc;

use token_auth_backends::core::acl::{Acl, Match, Rule};
use token_auth_backends::core::token::{Signer, SigningKey};
use token_auth_backends::core::{
    AccountRequest, Authenticator, AuthenticatorChain, Authn, AuthnRequest, Credentials, GrantType, Identity,
    Labels, MemoryTokenStore, Password, RefreshPolicy, ScopeLimits, ScopeSet, StoredTokens, TokenRequest,
    TokenService,
};
use token_auth_backends::ldap::{
    AttributeLabel, BindTemplate, GroupSearch, LabelRule, LdapAuthenticator, LdapOptions, LdapServer,
    Security, ServiceAccount, UserSearch,
};
use token_auth_backends::testkit::{KnownAccount, check_authenticator};
use token_auth_tests::{Place, Slapd, SlapdSetup, Token, login, show_verdict};

const PEOPLE: &str = "ou=people,dc=example,dc=com";
const GROUPS: &str = "ou=groups,dc=example,dc=com";

fn options(place: &Place, slapd: &Slapd) -> LdapOptions {
    let users = UserSearch::new(PEOPLE, "(uid=${account})".parse().unwrap());
    let mut options = LdapOptions::new([slapd.url().parse().unwrap()], users);
    let password = place.write("service-password", "registry-secret\n");
    options.service = Some(ServiceAccount::new("cn=registry,dc=example,dc=com", password));
    options
}

fn groups(filter: &str, label: &str) -> GroupSearch {
    GroupSearch::new(GROUPS, filter.parse().unwrap()).with_label(label)
}

async fn labels(directory: &LdapAuthenticator, name: &str, password: &str) -> Labels {
    match directory.authenticate(&AuthnRequest::new(&Credentials::password(name, password))).await {
        Ok(Authn::Accept(identity)) => Labels::clone(&identity.labels),
        other => panic!("{name}: {}", show_verdict(other)),
    }
}

fn values(labels: &Labels, label: &str) -> String {
    labels.get(label).iter().map(|value| value.as_str()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn keeps_the_contract() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    options.labels.push(AttributeLabel::new("title", "title"));
    options.groups.push(groups("(member=${dn})", "groups"));
    let directory = Arc::new(LdapAuthenticator::new(options).unwrap());
    let known = KnownAccount::new("ALICE", "alice-password").with_account("alice");
    check_authenticator(directory, &known.with_secret(Slapd::SERVICE_PASSWORD)).await;
    for line in slapd.log().lines().filter(|line| line.contains(" BIND ")) {
        assert!(!line.contains("method=128 dn=\"\"") && !line.contains("mech=NONE"), "{line}");
    }
}

#[tokio::test]
async fn tells_who_someone_is() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let directory = LdapAuthenticator::new(options(&place, &slapd)).unwrap();
    for (name, password, expected) in [
        ("alice", "alice-password", "alice"),
        ("ALICE", "alice-password", "alice"),
        ("ａｌｉｃｅ", "alice-password", "alice"),
        (" alice", "alice-password", "abstains"),
        ("alice ", "alice-password", "abstains"),
        ("alice\u{a0}", "alice-password", "abstains"),
        ("al\u{ad}ice", "alice-password", "abstains"),
        ("alice\n", "alice-password", "abstains"),
        ("bob", "bob-password", "bob"),
        ("O,Hara (x) *\\ #;", "ohara-password", "o,hara (x) *\\ #;"),
        ("O,Hara  (x) *\\ #;", "ohara-password", "abstains"),
        ("alice", "wrong", "rejects: wrong password"),
        ("alice", "", "abstains"),
        ("", "", "abstains"),
        ("nobody", "x", "abstains"),
        ("*", "alice-password", "abstains"),
        ("al*", "alice-password", "abstains"),
        ("alice)(uid=*", "alice-password", "abstains"),
        ("zoe", "zoe-password", "abstains"),
        ("frank", "x", "rejects: wrong password"),
        ("dave", "dave-password", "rejects: the account has expired"),
        ("dave", "wrong", "rejects: the account has expired"),
    ] {
        assert_eq!(login(&directory, name, password).await, expected, "{name:?} {password:?}");
    }
}

#[tokio::test]
async fn calls_an_account_by_the_name_that_it_has_there() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    options.users[0].filter = "(|(uid=${account})(mail=${account}))".parse().unwrap();
    options
        .users
        .push(UserSearch::new("ou=contractors,dc=example,dc=com", "(uid=${account})".parse().unwrap()));
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    let several = "rejects: search with the filter (|(uid=${account})(mail=${account})) below \
                   \"ou=people,dc=example,dc=com\": several entries";
    for (name, password, expected) in [
        ("Alice@EXAMPLE.com", "alice-password", "alice"),
        ("ALICE", "alice-password", "alice"),
        ("zoe", "zoe-password", "zoe"),
        ("shared@example.com", "bob-password", several),
    ] {
        assert_eq!(login(&directory, name, password).await, expected, "{name}");
    }
    assert!(
        !show_verdict(directory.revalidate(&AccountRequest::new("alice@example.com")).await)
            .contains("error")
    );

    options.account.attribute = Some("uid".to_owned());
    options.account.lower_case = true;
    let directory = LdapAuthenticator::new(options).unwrap();
    for (name, password, expected) in [
        ("Alice@EXAMPLE.com", "alice-password", "alice"),
        ("ALICE", "alice-password", "alice"),
        ("bob@example.com", "bob-password", "bob"),
        ("zoe", "zoe-password", "zoe"),
    ] {
        assert_eq!(login(&directory, name, password).await, expected, "{name}");
    }
    for (account, expected) in [
        ("alice", "alice"),
        ("bob", "bob"),
        ("zoe", "zoe"),
        ("Bob", "abstains"),
        ("bob@example.com", "abstains"),
        ("nobody", "abstains"),
        ("dave", "rejects: the account has expired"),
    ] {
        assert_eq!(
            show_verdict(directory.revalidate(&AccountRequest::new(account)).await),
            expected,
            "{account}"
        );
    }
}

#[tokio::test]
async fn labels_come_from_attributes_and_act_as_no_pattern() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    let mut groups = AttributeLabel::new("groups", "memberOf");
    groups.parse_cn = true;
    groups.rule = groups.rule.in_lower_case();
    let mut team = AttributeLabel::new("team", "MEMBEROF");
    team.rule = LabelRule::new("team").with_pattern("^cn=registry-([a-z]+),").unwrap();
    options.labels = vec![
        groups,
        team,
        AttributeLabel::new("title", "title"),
        AttributeLabel::new("photo", "jpegPhoto"),
        AttributeLabel::new("entry", "dn"),
    ];
    let directory = LdapAuthenticator::new(options).unwrap();
    let alice = labels(&directory, "alice", "alice-password").await;
    assert_eq!(values(&alice, "groups"), "registry-dev");
    assert_eq!(values(&alice, "team"), "dev");
    assert_eq!(values(&alice, "entry"), "uid=alice,ou=people,dc=example,dc=com");
    assert_eq!(alice.get("title"), [token_auth_backends::core::LabelValue::literal("*")]);
    let carol = labels(&directory, "carol", "carol-password").await;
    assert!(carol.contains("photo") && carol.get("photo").is_empty(), "a picture is no text");
    assert!(carol.contains("groups") && carol.get("groups").is_empty());
}

#[tokio::test]
async fn finds_groups_of_three_kinds_and_those_around_them() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    let mut nested = groups("(member=${dn})", "nested");
    nested.nested = Some("(member=${dn})".parse().unwrap());
    let mut by_name = groups("(memberUid=${user:uid})", "posix");
    by_name.labels.push(
        LabelRule::new("kind").with_pattern("^(s)t(?<rest>.*)$").unwrap().with_value("${rest}-${1}").unwrap(),
    );
    let mut names = groups("(member=${dn})", "names");
    names.name_attribute = "dn".to_owned();
    options.groups = vec![
        groups("(member=${dn})", "direct"),
        nested,
        groups("(uniqueMember=${dn})", "unique"),
        by_name,
        groups("(memberUid=${account})", "posix"),
        names,
    ];
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    let of = async |name: &str, password: &str| {
        let labels = labels(&directory, name, password).await;
        ["direct", "nested", "unique", "posix", "kind", "names"]
            .map(|label| values(&labels, label))
            .join(" | ")
    };
    assert_eq!(
        of("alice", "alice-password").await,
        "registry-dev | Company Engineering Everyone registry-dev |  | staff | aff-s | \
         cn=registry-dev,ou=groups,dc=example,dc=com"
    );
    assert_eq!(of("bob", "bob-password").await, " |  | operators |  |  | ");
    assert_eq!(of("carol", "carol-password").await, " |  |  | staff | aff-s | ");
    let odd = of("O,Hara (x) *\\ #;", "ohara-password").await;
    assert!(odd.starts_with("registry-dev | Company Engineering Everyone registry-dev | "), "{odd}");

    options.limits.nesting = 1;
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    let answer = login(&directory, "alice", "alice-password").await;
    assert_eq!(answer, "error: ldap: groups are nested more than 1 levels deep");
    options.limits.nesting = 3;
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
    options.limits.groups = 2;
    let directory = LdapAuthenticator::new(options).unwrap();
    let answer = login(&directory, "alice", "alice-password").await;
    assert!(
        answer.contains("with the filter (member=${dn}) below") && answer.ends_with("more than 2 groups"),
        "{answer}"
    );
}

#[tokio::test]
async fn binds_as_the_user_where_nobody_else_may_search() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    options.service = None;
    options.bind_as_user = Some(BindTemplate::new("uid=${account},ou=people,dc=example,dc=com").unwrap());
    options.groups = vec![groups("(member=${dn})", "groups")];
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    for (name, password, expected) in [
        ("ALICE", "alice-password", "alice"),
        ("O,Hara (x) *\\ #;", "ohara-password", "o,hara (x) *\\ #;"),
        ("alice", "bob-password", "rejects: wrong password"),
        ("alice,ou=people", "alice-password", "rejects: wrong password"),
        ("nobody", "x", "rejects: wrong password"),
        ("dave", "dave-password", "rejects: the account has expired"),
    ] {
        assert_eq!(login(&directory, name, password).await, expected, "{name}");
    }
    assert_eq!(values(&labels(&directory, "alice", "alice-password").await, "groups"), "registry-dev");
    let alice = Identity::new("alice");
    assert_eq!(
        show_verdict(directory.revalidate(&AccountRequest::of(&alice)).await),
        "abstains",
        "nobody can look"
    );

    // Who is bound is alice, and the filter finds bob.
    options.users[0].filter =
        "(&(uid=*)(|(cn=Bob)(uid=${account})(description=${account})))".parse().unwrap();
    options.users[0].base = "uid=Bob,ou=people,dc=example,dc=com".to_owned();
    options.account.attribute = Some("uid".to_owned());
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    assert_eq!(login(&directory, "alice", "alice-password").await, "rejects: wrong password");

    let mut with_service = self::options(&place, &slapd);
    with_service.bind_as_user = options.bind_as_user;
    let directory = LdapAuthenticator::new(with_service).unwrap();
    assert_eq!(show_verdict(directory.revalidate(&AccountRequest::of(&alice)).await), "alice");
}

#[tokio::test]
async fn speaks_tls_from_the_start_or_from_later_on() {
    let place = Place::new();
    let slapd = SlapdSetup::new(&place).global("security simple_bind=128").start();
    let plain: LdapServer = slapd.url().parse().unwrap();
    let trusting = |server: LdapServer, authority: Option<&std::path::Path>| {
        let mut options = options(&place, &slapd);
        options.servers = vec![server];
        options.tls.ca_file = authority.map(ToOwned::to_owned);
        options
    };
    let right = Some(&*slapd.authority);
    let (tls, starttls) =
        (slapd.tls_url().parse::<LdapServer>().unwrap(), plain.clone().with_security(Security::StartTls));
    for server in [&tls, &starttls] {
        let directory = LdapAuthenticator::new(trusting(server.clone(), right)).unwrap();
        assert_eq!(login(&directory, "alice", "alice-password").await, "alice", "{server}");
        assert_eq!(login(&directory, "alice", "wrong").await, "rejects: wrong password", "{server}");
        let directory = LdapAuthenticator::new(trusting(server.clone(), None)).unwrap();
        let answer = login(&directory, "alice", "alice-password").await;
        assert!(answer.contains("invalid peer certificate: UnknownIssuer"), "{server}: {answer}");
        let mut careless = trusting(server.clone(), None);
        careless.tls.dangerous_skip_verify = true;
        let directory = LdapAuthenticator::new(careless).unwrap();
        assert_eq!(login(&directory, "alice", "alice-password").await, "alice", "{server}");
    }
    let directory = LdapAuthenticator::new(trusting(plain, None)).unwrap();
    let answer = login(&directory, "alice", "alice-password").await;
    assert!(answer.contains("result 13 (confidentialityRequired)"), "{answer}");
}

#[tokio::test]
async fn shows_a_certificate_where_one_is_wanted() {
    let place = Place::new();
    let slapd = SlapdSetup::new(&place).global("TLSVerifyClient demand").start();
    let mut options = options(&place, &slapd);
    options.servers = vec![slapd.tls_url().parse().unwrap()];
    options.tls.ca_file = Some(slapd.authority.clone());
    let without = LdapAuthenticator::new(options.clone()).unwrap();
    let answer = login(&without, "alice", "alice-password").await;
    assert!(answer.starts_with("error: ldap: ldaps://127.0.0.1:"), "{answer}");
    let [certificate, key] =
        ["pem", "key"].map(|ending| slapd.authority.with_file_name(format!("slapd.{ending}")));
    options.tls.client = Some((certificate, key));
    let with = LdapAuthenticator::new(options).unwrap();
    assert_eq!(login(&with, "alice", "alice-password").await, "alice");
}

#[tokio::test]
async fn refuses_accounts_that_are_locked() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let directory = LdapAuthenticator::new(options(&place, &slapd)).unwrap();
    let erin = Identity::new("erin");
    assert_eq!(login(&directory, "erin", "erin-password").await, "erin");
    assert_eq!(show_verdict(directory.revalidate(&AccountRequest::of(&erin)).await), "erin");
    for _ in 0..3 {
        assert_eq!(login(&directory, "erin", "wrong").await, "rejects: wrong password");
    }
    assert_eq!(login(&directory, "erin", "erin-password").await, "rejects: the account is locked");
    assert_eq!(
        show_verdict(directory.revalidate(&AccountRequest::of(&erin)).await),
        "rejects: the account is locked"
    );
    let entry = "uid=erin,ou=people,dc=example,dc=com";
    slapd.modify(&format!("dn: {entry}\nchangetype: modify\ndelete: pwdAccountLockedTime\n"));
    assert_eq!(login(&directory, "erin", "erin-password").await, "erin");
    slapd.replace(entry, "pwdReset", "TRUE");
    assert_eq!(
        login(&directory, "erin", "erin-password").await,
        "rejects: the password must be changed first"
    );
}

#[tokio::test]
async fn revalidates_with_the_present_groups() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    options.groups = vec![groups("(member=${dn})", "groups")];
    let directory = LdapAuthenticator::new(options).unwrap();
    let now = async || match directory.revalidate(&AccountRequest::new("alice")).await {
        Ok(Authn::Accept(identity)) => values(&identity.labels, "groups"),
        other => show_verdict(other),
    };
    assert_eq!(now().await, "registry-dev");
    let group = "cn=Engineering,ou=groups,dc=example,dc=com";
    let alice = "uid=alice,ou=people,dc=example,dc=com";
    slapd.modify(&format!("dn: {group}\nchangetype: modify\nadd: member\nmember: {alice}\n"));
    assert_eq!(now().await, "Engineering registry-dev");
    slapd.modify(&format!("dn: {alice}\nchangetype: delete\n"));
    assert_eq!(now().await, "abstains");
}

/// Issues refresh tokens to people of the directory; a group may pull what is below its name.
fn service(directory: LdapAuthenticator) -> TokenService {
    let acl = Acl::new([Rule::new(Match::any().name("${labels:groups}/*"), ["pull"])]).unwrap();
    let key = SigningKey::from_pem(rcgen::KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap();
    // In a chain, as a configuration makes it.
    let mut chain = AuthenticatorChain::new();
    chain.push("ldap", directory).unwrap();
    let tokens = StoredTokens::new("Acme", Arc::new(MemoryTokenStore::default()));
    TokenService::new("Acme", chain, acl, Signer::new(key).unwrap())
        .unwrap()
        .with_stored_tokens(tokens.with_refresh_tokens(RefreshPolicy::default()))
}

/// The refresh token, or the status.
async fn refresh_token(service: &TokenService, name: &str, password: &str) -> Result<Password, u16> {
    let mut request = TokenRequest::new("registry");
    request.credentials = Credentials::password(name, password);
    request.offline = true;
    let answer = service.answer(&request).await.result.map_err(|error| error.status())?;
    Ok(answer.refresh_token.unwrap())
}

/// What a refreshed token may do with two repositories, or the status and the reason.
async fn refresh(service: &TokenService, token: &Password) -> Result<[String; 2], (u16, String)> {
    let mut request = TokenRequest::new("registry");
    request.credentials = Credentials::RefreshToken(token.clone());
    request.grant_type = GrantType::RefreshToken;
    let scopes = ["repository:registry-dev/x:pull", "repository:Engineering/x:pull"];
    request.scopes = ScopeSet::parse(scopes, ScopeLimits::default()).unwrap();
    let answer = service.answer(&request).await;
    let reason = answer.record.reason.clone().unwrap_or_default();
    let token = answer.result.map_err(|error| (error.status(), reason.into_owned()))?;
    let token = Token::parse(&token.token);
    Ok(["registry-dev/x", "Engineering/x"].map(|name| token.actions("repository", name).unwrap()))
}

#[tokio::test]
async fn a_refresh_token_is_worth_what_the_account_is_now() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let mut options = options(&place, &slapd);
    options.groups = vec![groups("(member=${dn})", "groups")];
    options.timeouts.retry = std::time::Duration::from_millis(1);
    let service = service(LdapAuthenticator::new(options).unwrap());
    let ends_with = |result: Result<_, (u16, String)>, end: &str| {
        let (status, reason) = result.unwrap_err();
        assert!((400..500).contains(&status) && reason.ends_with(end), "{status}: {reason}");
    };
    let alice = refresh_token(&service, "ALICE", "alice-password").await.unwrap();
    assert_eq!(refresh(&service, &alice).await, Ok(["pull".to_owned(), String::new()]));
    let entry = "uid=alice,ou=people,dc=example,dc=com";
    slapd.modify(&format!(
        "dn: cn=Engineering,ou=groups,dc=example,dc=com\nchangetype: modify\nadd: member\nmember: {entry}\n\n\
         dn: cn=registry-dev,ou=groups,dc=example,dc=com\nchangetype: modify\ndelete: member\nmember: {entry}\n"
    ));
    assert_eq!(refresh(&service, &alice).await, Ok([String::new(), "pull".to_owned()]));

    let erin = refresh_token(&service, "erin", "erin-password").await.unwrap();
    assert!(refresh(&service, &erin).await.is_ok());
    for _ in 0..3 {
        assert_eq!(refresh_token(&service, "erin", "wrong").await, Err(401));
    }
    ends_with(refresh(&service, &erin).await, "the account is refused: the account is locked");

    let carol = refresh_token(&service, "carol", "carol-password").await.unwrap();
    slapd.replace("uid=carol,ou=people,dc=example,dc=com", "userPassword", "another-password");
    ends_with(refresh(&service, &carol).await, "the account's password has changed");
    let carol = refresh_token(&service, "carol", "another-password").await.unwrap();
    assert!(refresh(&service, &carol).await.is_ok());

    slapd.kill();
    let (status, reason) = refresh(&service, &alice).await.unwrap_err();
    assert!(status == 503 && reason.contains("Connection refused"), "{status}: {reason}");
    slapd.restart();
    assert!(refresh(&service, &alice).await.is_ok());
    slapd.modify(&format!("dn: {entry}\nchangetype: delete\n"));
    ends_with(refresh(&service, &alice).await, "the account is no longer known");
}

#[tokio::test(flavor = "multi_thread")]
async fn knows_each_of_five_thousand() {
    let place = Place::new();
    let slapd = SlapdSetup::new(&place).people(5000).start();
    let connections = || slapd.log().matches(" ACCEPT from ").count();
    let before = connections();
    let mut options = options(&place, &slapd);
    options.groups = vec![groups("(member=${dn})", "groups")];
    let directory = LdapAuthenticator::new(options).unwrap();
    let mut logins = tokio::task::JoinSet::new();
    for number in 0..5000 {
        let directory = directory.clone();
        logins.spawn(async move {
            let right = login(&directory, &format!("USER{number}"), &format!("password{number}")).await;
            assert_eq!(right, format!("user{number}"));
            if number % 10 == 0 {
                let other = format!("password{}", number + 1);
                assert_eq!(
                    login(&directory, &format!("user{number}"), &other).await,
                    "rejects: wrong password"
                );
            }
        });
        // As many as wait in line.
        if number % 500 == 499 {
            while let Some(done) = logins.join_next().await {
                done.unwrap();
            }
        }
    }
    let made = connections() - before;
    assert!(made <= 16, "{made} connections for 5,500 logins");
}
