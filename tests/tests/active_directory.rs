//! The directory backend against a real Active Directory domain. One test, since a domain takes its time to be made.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

use std::sync::Arc;

use token_auth_backends::core::{AccountRequest, Authenticator, Authn, AuthnRequest, Credentials};
use token_auth_backends::ldap::{
    AttributeLabel, BindTemplate, GroupSearch, LdapAuthenticator, LdapOptions, Security, ServiceAccount,
    UserSearch,
};
use token_auth_backends::testkit::{KnownAccount, check_authenticator};
use token_auth_tests::{Place, Samba, Server, guide_to_directories, login, show_verdict};

const DOMAIN: &str = "DC=ex,DC=test";
const IN_CHAIN: &str = "(member:1.2.840.113556.1.4.1941:=${dn})";

#[tokio::test]
async fn active_directory() {
    let place = Place::new();
    let samba = Samba::start(&place);
    keeps_the_contract(&place, &samba).await;
    knows_two_names_for_each(&place, &samba).await;
    refuses_who_may_not(&place, &samba).await;
    finds_groups(&place, &samba).await;
    binds_as_the_user(&place, &samba).await;
    insists_on_tls(&place, &samba).await;
    follows_the_guide(&place, &samba);
}

fn options(place: &Place, samba: &Samba) -> LdapOptions {
    let filter = "(&(objectClass=user)(|(sAMAccountName=${account})(userPrincipalName=${account})))";
    let users = UserSearch::new(DOMAIN, filter.parse().unwrap());
    let mut options = LdapOptions::new([samba.url().parse().unwrap()], users);
    options.tls.ca_file = Some(samba.authority.clone());
    let password = place.write("service-password", "registry-secret\n");
    options.service = Some(ServiceAccount::new("registry@ex.test", password));
    options.account.attribute = Some("sAMAccountName".to_owned());
    options.account.lower_case = true;
    options
}

async fn label(directory: &LdapAuthenticator, name: &str, password: &str) -> String {
    let answer = directory.authenticate(&AuthnRequest::new(&Credentials::password(name, password))).await;
    let Ok(Authn::Accept(identity)) = answer else { panic!("{name}: {}", show_verdict(answer)) };
    let now = directory.revalidate(&AccountRequest::of(&identity)).await;
    let Ok(Authn::Accept(now)) = now else { panic!("{name}: {}", show_verdict(now)) };
    assert_eq!(now.labels, identity.labels, "{name}: other labels when revalidated");
    identity.labels.get("groups").iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", ")
}

async fn keeps_the_contract(place: &Place, samba: &Samba) {
    let mut options = options(place, samba);
    options.groups.push(GroupSearch::new(DOMAIN, IN_CHAIN.parse().unwrap()).with_label("groups"));
    let directory = Arc::new(LdapAuthenticator::new(options).unwrap());
    // It locks after three wrong passwords; the contract tries more.
    samba.modify("dn: DC=ex,DC=test\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 0\n");
    let known = KnownAccount::new("alice.liddell@EX.test", "alice-password").with_account("alice");
    check_authenticator(directory, &known.with_secret(Samba::SERVICE_PASSWORD)).await;
    samba.modify("dn: DC=ex,DC=test\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 3\n");
}

async fn knows_two_names_for_each(place: &Place, samba: &Samba) {
    let directory = LdapAuthenticator::new(options(place, samba)).unwrap();
    for (name, password, expected) in [
        ("alice", "alice-password", "alice"),
        ("ALICE", "alice-password", "alice"),
        ("Alice.Liddell@ex.test", "alice-password", "alice"),
        ("bob", "bob-password", "bob"),
        ("bob@ex.test", "bob-password", "bob"),
        ("alice", "wrong", "rejects: wrong password"),
        ("alice", "", "abstains"),
        ("*", "alice-password", "abstains"),
        ("nobody", "x", "abstains"),
        // The account that searches: its other names, and what would lock it.
        ("registry", "wrong", "abstains"),
        ("REGISTRY", "wrong", "abstains"),
        ("registry@ex.test", "wrong", "abstains"),
        ("registry", "wrong", "abstains"),
        ("registry", Samba::SERVICE_PASSWORD, "abstains"),
    ] {
        assert_eq!(login(&directory, name, password).await, expected, "{name}");
    }
    for (account, expected) in
        [("alice", "alice"), ("Alice", "abstains"), ("alice.liddell@ex.test", "abstains")]
    {
        assert_eq!(
            show_verdict(directory.revalidate(&AccountRequest::new(account)).await),
            expected,
            "{account}"
        );
    }
}

async fn refuses_who_may_not(place: &Place, samba: &Samba) {
    let directory = LdapAuthenticator::new(options(place, samba)).unwrap();
    for (name, reason) in [
        ("dave", "the account is disabled"),
        ("frank", "the account has expired"),
        ("grace", "the password must be changed first"),
    ] {
        let password = format!("{name}-password");
        assert_eq!(login(&directory, name, &password).await, format!("rejects: {reason}"), "{name}");
    }
    for (name, expected) in [
        ("dave", "rejects: the account is disabled"),
        ("frank", "rejects: the account has expired"),
        ("grace", "rejects: the password has expired"),
        ("erin", "erin"),
    ] {
        assert_eq!(show_verdict(directory.revalidate(&AccountRequest::new(name)).await), expected, "{name}");
    }
    for _ in 0..3 {
        assert_eq!(login(&directory, "erin", "wrong").await, "rejects: wrong password");
    }
    let locked = "rejects: the account is locked";
    assert_eq!(login(&directory, "erin", "erin-password").await, locked);
    assert_eq!(show_verdict(directory.revalidate(&AccountRequest::new("erin")).await), locked);
    samba.modify(
        "dn: CN=Erin,OU=Staff,DC=ex,DC=test\nchangetype: modify\nreplace: lockoutTime\nlockoutTime: 0\n",
    );
    assert_eq!(login(&directory, "erin", "erin-password").await, "erin");
    assert_eq!(show_verdict(directory.revalidate(&AccountRequest::new("erin")).await), "erin");
}

async fn finds_groups(place: &Place, samba: &Samba) {
    let of = async |groups: Option<GroupSearch>, name: &str| {
        let mut options = options(place, samba);
        options.groups.extend(groups.map(|groups| groups.with_label("groups")));
        if options.groups.is_empty() {
            let mut member_of = AttributeLabel::new("groups", "memberOf");
            member_of.parse_cn = true;
            options.labels.push(member_of);
        }
        let directory = LdapAuthenticator::new(options).unwrap();
        label(&directory, name, &format!("{name}-password")).await
    };
    let search = |filter: &str, base: &str| Some(GroupSearch::new(base, filter.parse().unwrap()));
    assert_eq!(of(None, "alice").await, "registry-dev");
    assert_eq!(of(search("(member=${dn})", DOMAIN), "bob").await, "registry-dev, registry-ops");
    assert_eq!(of(search(IN_CHAIN, DOMAIN), "alice").await, "Company, Engineering, registry-dev");

    let mut whole = search(IN_CHAIN, DOMAIN).unwrap();
    whole.primary_group = true;
    let all = "Company, Domain Users, Engineering, Everybody, Users, registry-dev";
    assert_eq!(of(Some(whole), "alice").await, all);
    let mut step_by_step = search("(member=${dn})", DOMAIN).unwrap();
    step_by_step.primary_group = true;
    step_by_step.nested = Some("(member=${dn})".parse().unwrap());
    assert_eq!(of(Some(step_by_step.clone()), "alice").await, all);
    step_by_step.base = "OU=Teams,DC=ex,DC=test".to_owned();
    assert_eq!(
        of(Some(step_by_step), "bob").await,
        "Company, Engineering, Pagers, registry-dev, registry-ops",
        "the primary group is elsewhere"
    );
}

async fn binds_as_the_user(place: &Place, samba: &Samba) {
    for (template, name) in [
        ("${account}@ex.test", "bob"),
        ("EX\\${account}", "ALICE"),
        ("CN=${account},OU=Staff,DC=ex,DC=test", "Erin"),
    ] {
        let mut options = options(place, samba);
        options.service = None;
        options.bind_as_user = Some(BindTemplate::new(template).unwrap());
        options.groups.push(GroupSearch::new(DOMAIN, IN_CHAIN.parse().unwrap()).with_label("groups"));
        let directory = LdapAuthenticator::new(options).unwrap();
        let (account, password) = (name.to_lowercase(), format!("{}-password", name.to_lowercase()));
        assert_eq!(login(&directory, name, &password).await, account, "{template}");
        assert_eq!(login(&directory, name, "wrong").await, "rejects: wrong password", "{template}");
    }
}

async fn insists_on_tls(place: &Place, samba: &Samba) {
    let mut options = options(place, samba);
    options.servers = vec![samba.plain_url().parse().unwrap()];
    let directory = LdapAuthenticator::new(options.clone()).unwrap();
    let answer = login(&directory, "alice", "alice-password").await;
    assert!(answer.contains("result 8 (strongerAuthRequired)"), "{answer}");
    let server = options.servers.remove(0).with_security(Security::StartTls);
    options.servers.push(server);
    let directory = LdapAuthenticator::new(options).unwrap();
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
}

/// Its blocks as they are, but for the names, behind the real server.
fn follows_the_guide(place: &Place, samba: &Samba) {
    let password = place.at("service-password");
    let [with_service, as_user] = guide_to_directories("Active Directory")[..] else { panic!("two blocks") };
    for block in [with_service, as_user] {
        let block = block
            .replace("ldaps://dc1.example.com", &samba.url())
            // Nobody is there.
            .replace("ldaps://dc2.example.com", "ldaps://127.0.0.1:1")
            .replace("/etc/docker-auth/ca.pem", samba.authority.to_str().unwrap())
            .replace("/etc/docker-auth/ldap-password", password.to_str().unwrap())
            .replace("DC=example,DC=com", DOMAIN)
            .replace("@example.com", "@ex.test")
            // Without it the system's authorities are trusted, which this server's is not among.
            .replace(
                "  initial_bind_as_user",
                &format!("  ca_certificate: {}\n  initial_bind_as_user", samba.authority.display()),
            );
        let server = Server::with(
            place,
            &format!(
                "server: {{addr: \"127.0.0.1:0\"}}\n\
                 token: {{issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}}\n{block}\
                 acl:\n  - {{match: {{labels: {{groups: registry-dev}}, name: \"dev/*\"}}, actions: [pull]}}\n  \
                 - {{match: {{labels: {{groups: Domain Users, team: dev}}, name: \"all/*\"}}, actions: [pull]}}\n"
            ),
        );
        let token =
            server.token(Some("bob:bob-password"), &["repository:dev/app:pull", "repository:all/app:pull"]);
        assert_eq!(token.claims["sub"], "bob");
        assert_eq!(token.actions("repository", "dev/app").as_deref(), Some("pull"), "{block}");
        let all = if block.contains("primary_group") { "pull" } else { "" };
        assert_eq!(token.actions("repository", "all/app").as_deref(), Some(all), "{block}");
        server.ask(Some("bob:wrong"), &[]).is_error(401);
        server.ask(Some("dave:dave-password"), &[]).is_error(401);
        server.wait_for_log("the account is disabled");
        server.never_told(&["bob-password", "dave-password", Samba::SERVICE_PASSWORD]);
    }
}
