//! An account is one source's: nobody becomes somebody else's account through another source, neither at a login nor with a
//! token that was made before.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]

use serde_json::json;
use token_auth_tests::{Issuer, Place, Server, Slapd, docker_auth, run};

/// `badmin`.
const HASH: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const SCOPE: &str = "repository:secret/app:push";

fn config(slapd: &Slapd, issuer: &Issuer) -> String {
    let directory = |id: &str, prefix: &str| {
        format!(
            "- id: {id}\n  account_prefix: '{prefix}'\n  addr: {}\n  tls: none\n  bind_dn: cn=registry,dc=example,dc=com\n  \
             bind_password_file: service-password\n  base: ou=people,dc=example,dc=com\n  \
             filter: (|(uid=${{account}})(mail=${{account}}))\n  account: {{attribute: uid}}\n",
            slapd.url().replace("ldap://", "")
        )
    };
    format!(
        "server: {{addr: '127.0.0.1:0'}}\n\
         token: {{issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}}\n\
         tokens: {{store: {{path: tokens.redb}}}}\n\
         users:\n  admin: {{password: '{HASH}'}}\n  partner/alice: {{password: '{HASH}'}}\n\
         htpasswd_auth: {{file: users.htpasswd}}\n\
         ldap_auth:\n{}{}\
         workload_auth:\n  issuers:\n  - issuer: {}\n    audience: registry\n    require: {{team: x}}\n    \
         account: '${{claim.who}}'\n    keys: {{allow_loopback_http: true, interval: 0s}}\n\
         acl:\n- {{match: {{account: '/^(admin|hugo|partner\\/alice)$/'}}, actions: ['*']}}\n\
         - {{match: {{account: '/.+/', name: 'secret/*'}}, actions: []}}\n",
        directory("ldap", ""),
        directory("partners", "partner/"),
        issuer.url
    )
}

fn start(place: &Place, slapd: &Slapd, issuer: &Issuer) -> Server {
    place.write("service-password", Slapd::SERVICE_PASSWORD);
    place.write("users.htpasswd", &format!("hugo:{HASH}\n"));
    slapd.modify(
        "dn: uid=admin,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: admin\ncn: a\nsn: a\nuserPassword: ldap-pw\n\n\
         dn: uid=Hugo,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: Hugo\ncn: h\nsn: h\nmail: admin\n\
         userPassword: ldap-pw\n",
    );
    Server::with(place, &config(slapd, issuer))
}

#[test]
fn nobody_logs_in_as_an_account_of_another_source() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let slapd = Slapd::start(&place);
    let server = start(&place, &slapd, &issuer);
    // Each is who the own source says.
    for account in ["admin", "hugo", "partner/alice"] {
        let token = server.token(Some(&format!("{account}:badmin")), &[SCOPE]);
        assert_eq!(token.actions("repository", "secret/app").as_deref(), Some("push"), "{account}");
    }
    assert_eq!(
        server.token(Some("bob:bob-password"), &[SCOPE]).actions("repository", "secret/app").as_deref(),
        Some("")
    );
    // The directory has them, too, under another password and any spelling, and one user by a mail address of the own choice.
    for name in [
        "admin",
        "Admin",
        "ADMIN",
        "admin ",
        " admin",
        "ａdmin",
        "hugo",
        "Hugo",
        "HUGO",
        "partner/alice",
        "partner/ALICE",
    ] {
        for password in ["ldap-pw", "alice-password"] {
            server.ask(Some(&format!("{name}:{password}")), &[SCOPE]).is_error(401);
        }
    }
    // The name of a job is its owner's to choose.
    let job = |who: &str| {
        let jwt = issuer.token(&json!({"aud": "registry", "sub": "x", "team": "x", "who": who}));
        server.ask(Some(&format!("jwt:{jwt}")), &[SCOPE])
    };
    for who in ["admin", "hugo", "partner/alice", "partner/bob", "alice", "Alice"] {
        job(who).is_error(401);
    }
    assert_eq!(job("somebody").is(200).token().actions("repository", "secret/app").as_deref(), Some(""));
    server.wait_for_log("begins with no text of its own");
    server.wait_for_log("belongs to the source users");
}

#[test]
fn a_token_does_not_pass_to_the_next_owner_of_a_name() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let slapd = Slapd::start(&place);
    let server = start(&place, &slapd, &issuer);
    let create = |account: &str| {
        let mut command = docker_auth();
        command.current_dir(place.path());
        command.args(["tokens", "create", "config.yml", "--account", account, "--name", "ci"]);
        let printed = run(&mut command, "").ok().stdout;
        printed.split_whitespace().find(|word| word.starts_with("tap_")).unwrap().to_owned()
    };
    let (of_bob, of_partner) = (create("bob"), create("partner/bob"));
    for (account, token) in [("bob", &of_bob), ("partner/bob", &of_partner)] {
        server.ask(Some(&format!("{account}:{token}")), &[]).is(200);
    }
    // The account of the directory becomes one of the file: its token was not made for that one.
    place.replace("users.htpasswd", &format!("hugo:{HASH}\nbob:{HASH}\n"));
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
    server.ask(Some("bob:badmin"), &[]).is(200);
    server.ask(Some("bob:bob-password"), &[]).is_error(401);
    server.ask(Some(&format!("bob:{of_bob}")), &[]).is_error(401);
    server.ask(Some(&format!("partner/bob:{of_partner}")), &[]).is(200);
    // Their directory is gone; the other one, which has a bob as well, does not answer for it.
    let without = place.read("config.yml");
    let (before, rest) = without.split_once("- id: partners").unwrap();
    let (_, after) = rest.split_once("workload_auth:").unwrap();
    place.replace("config.yml", &format!("{before}workload_auth:{after}"));
    server.signal("HUP");
    server.wait_for_logs("configuration loaded again", 2);
    server.ask(Some(&format!("partner/bob:{of_partner}")), &[]).is_error(401);
}
