//! The directory backend against a real Active Directory domain. One test, since a domain takes its time to be made.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

use std::sync::Arc;

use token_auth_backends::core::{Authenticator, Authn, Credentials, Identity};
use token_auth_backends::ldap::{
    AttributeLabel, BindTemplate, GroupSearch, LdapAuthenticator, LdapOptions, Security, ServiceAccount,
    UserSearch,
};
use token_auth_backends::testkit::{KnownAccount, check_authenticator};
use token_auth_tests::{Place, Samba};

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

async fn login(directory: &LdapAuthenticator, name: &str, password: &str) -> String {
    show(directory.authenticate(&Credentials::password(name, password)).await)
}

fn show(answer: Result<Authn, impl std::fmt::Display>) -> String {
    match answer {
        Ok(Authn::Accept(identity)) => identity.account.to_string(),
        Ok(Authn::Abstain) => "abstains".to_owned(),
        Ok(Authn::Reject(reason)) => format!("rejects: {reason}"),
        Err(error) => format!("error: {error}"),
    }
}

async fn label(directory: &LdapAuthenticator, name: &str, password: &str) -> String {
    let answer = directory.authenticate(&Credentials::password(name, password)).await;
    let Ok(Authn::Accept(identity)) = answer else { panic!("{name}: {}", show(answer)) };
    let now = directory.revalidate(&identity).await;
    let Ok(Authn::Accept(now)) = now else { panic!("{name}: {}", show(now)) };
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
    ] {
        assert_eq!(login(&directory, name, password).await, expected, "{name}");
    }
    for (account, expected) in
        [("alice", "alice"), ("Alice", "abstains"), ("alice.liddell@ex.test", "abstains")]
    {
        assert_eq!(show(directory.revalidate(&Identity::new(account)).await), expected, "{account}");
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
        assert_eq!(show(directory.revalidate(&Identity::new(name)).await), expected, "{name}");
    }
    for _ in 0..3 {
        assert_eq!(login(&directory, "erin", "wrong").await, "rejects: wrong password");
    }
    let locked = "rejects: the account is locked";
    assert_eq!(login(&directory, "erin", "erin-password").await, locked);
    assert_eq!(show(directory.revalidate(&Identity::new("erin")).await), locked);
    samba.modify(
        "dn: CN=Erin,OU=Staff,DC=ex,DC=test\nchangetype: modify\nreplace: lockoutTime\nlockoutTime: 0\n",
    );
    assert_eq!(login(&directory, "erin", "erin-password").await, "erin");
    assert_eq!(show(directory.revalidate(&Identity::new("erin")).await), "erin");
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
