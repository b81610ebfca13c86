//! The server with a directory behind it: what groups may, and what happens when the directory fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]

use std::time::Duration;

use token_auth_tests::{
    Image, Place, Quality, Registry, Relay, Server, Skopeo, Slapd, SlapdSetup, curl, guide_to_directories,
    until,
};

const CONFIG: &str = include_str!("../data/ldap/server.yml");
const ALICE: &str = "alice:alice-password";
const SECRETS: [&str; 3] = ["alice-password", "wrong-password", Slapd::SERVICE_PASSWORD];

/// A server that asks at this address, its configuration changed so.
fn server(place: &Place, address: &str, change: impl Fn(String) -> String) -> Server {
    if !place.at("service-password").exists() {
        place.write("service-password", Slapd::SERVICE_PASSWORD);
    }
    Server::with(place, &change(CONFIG.replace("ADDRESS", address)))
}

fn address(slapd: &Slapd) -> String {
    slapd.url().replace("ldap://", "")
}

/// Nobody gets in and nobody is told to go away; the log says why, and no secret.
#[track_caller]
fn fails(server: &Server, why: &str) {
    for credentials in [ALICE, "alice:wrong-password", "nobody:wrong-password"] {
        server.ask(Some(credentials), &["repository:alice/app:pull"]).is_error(503);
    }
    server.ask(Some("admin:badmin"), &[]).is(200);
    server.wait_for_log(why);
    server.never_told(&SECRETS);
}

/// Changes the configuration of a server that runs.
#[track_caller]
fn reconfigure(place: &Place, server: &Server, change: impl Fn(String) -> String) {
    place.replace("config.yml", &change(place.read("config.yml")));
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
}

/// The server finds back by itself.
#[track_caller]
fn recovers(server: &Server) {
    let lets_in = || (server.ask(Some(ALICE), &[]).status == 200).then_some(());
    until("the directory to be asked again", lets_in);
    server.ask(Some("alice:wrong-password"), &[]).is_error(401);
    server.never_told(&SECRETS);
}

#[test]
fn a_user_in_a_group_pulls_what_the_group_may() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| config);
    let registry = Registry::trusting(&place, &server).start();
    let image = Image::new(&place, "hello");
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    for repository in ["dev/app", "ops/app", "secret/app", "secret/x"] {
        admin.push(&image, &format!("{repository}:1")).ok();
    }
    // Whatever she calls herself, her repositories are below one name.
    let alice = Skopeo::new(&place, &registry).logged_in("ALICE", "alice-password");
    alice.push(&image, "alice/app:1").ok();
    alice.pull("dev/app:1").ok();
    alice.push(&image, "dev/app:2").fails();
    alice.pull("ops/app:1").fails();
    // Her title is `*`, and no pattern.
    alice.pull("secret/app:1").fails();
    let carol = Skopeo::new(&place, &registry).logged_in("carol", "carol-password");
    carol.pull("dev/app:1").fails();
    let stranger = Skopeo::new(&place, &registry);
    stranger.login("alice", "wrong-password").fails();
    stranger.login("dave", "dave-password").fails();
    server.wait_for_log("the account has expired");
    server.never_told(&["alice-password", "carol-password", "dave-password", Slapd::SERVICE_PASSWORD]);

    // The next token knows of it.
    slapd.modify(
        "dn: cn=registry-dev,ou=groups,dc=example,dc=com\nchangetype: modify\nadd: member\n\
         member: uid=carol,ou=people,dc=example,dc=com\n",
    );
    carol.pull("dev/app:1").ok();
}

/// What stands before and behind a block of the guide.
const AROUND: (&str, &str) = (
    "server: {addr: \"127.0.0.1:0\"}\ntoken: {issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}\n",
    "acl:\n  - {match: {name: \"${account}/*\"}, actions: [\"*\"]}\n  - {match: {name: \"${labels:groups}/*\"}, actions: [pull]}\n",
);

#[test]
fn the_guide_to_openldap() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let password = place.write("ldap-password", Slapd::SERVICE_PASSWORD);
    let [block] = guide_to_directories("OpenLDAP")[..] else { panic!("one block") };
    let block = block
        .replace("ldaps://ldap.example.com", &slapd.tls_url())
        .replace("/etc/docker-auth/ca.pem", slapd.authority.to_str().unwrap())
        .replace("/etc/docker-auth/ldap-password", password.to_str().unwrap());
    let server = Server::with(&place, &format!("{}{block}{}", AROUND.0, AROUND.1));
    let repositories = ["alice", "company", "registry-dev", "staff", "operators"];
    let scopes = repositories.map(|group| format!("repository:{group}/app:pull,push"));
    let scopes = scopes.each_ref().map(String::as_str);
    for name in ["Alice", "ALICE@example.com"] {
        let token = server.token(Some(&format!("{name}:alice-password")), &scopes);
        assert_eq!(token.claims["sub"], "alice");
        let granted = repositories.map(|group| token.actions("repository", &format!("{group}/app")).unwrap());
        assert_eq!(granted, ["pull,push", "pull", "pull", "pull", ""]);
    }
}

#[test]
fn a_directory_that_is_killed() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| config);
    server.ask(Some(ALICE), &[]).is(200);
    slapd.kill();
    fails(&server, "Connection refused");
    slapd.restart();
    recovers(&server);
    server.wait_for_log("the directory server is there again");
}

#[test]
fn a_directory_that_is_restarted_unnoticed() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| config);
    server.ask(Some(ALICE), &[]).is(200);
    slapd.restart();
    // The connections that there were are of no use, and that is no reason to fail.
    server.ask(Some(ALICE), &[]).is(200);
    assert!(!server.log().contains("the directory server failed"));
}

#[test]
fn a_directory_that_hangs() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| config);
    server.ask(Some(ALICE), &[]).is(200);
    slapd.signal("STOP");
    fails(&server, "no answer within 1000 ms");
    slapd.signal("CONT");
    recovers(&server);
}

#[test]
fn a_directory_that_answers_slowly() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let relay = Relay::to(&address(&slapd));
    let server = server(&place, &relay.address(), |config| config);
    relay.set(Quality::Slow(Duration::from_millis(50)));
    server.ask(Some(ALICE), &[]).is(200);
    relay.set(Quality::Slow(Duration::from_secs(2)));
    fails(&server, "no answer within 1000 ms");
    relay.set(Quality::Good);
    recovers(&server);
}

#[test]
fn connections_that_are_cut() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let relay = Relay::to(&address(&slapd));
    let server = server(&place, &relay.address(), |config| config);
    server.ask(Some(ALICE), &[]).is(200);
    relay.set(Quality::Cut);
    fails(&server, "the connection was closed");
    relay.set(Quality::Good);
    recovers(&server);
}

#[test]
fn a_searching_account_that_is_refused() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    place.write("service-password", "of-yesterday");
    let server =
        server(&place, &address(&slapd), |config| config.replace("100ms", "1h").replace("50ms", "1h"));
    fails(
        &server,
        "the searching account \\\"cn=registry,dc=example,dc=com\\\" is refused: result 49 (invalidCredentials)",
    );
    server.never_told(&["of-yesterday"]);
    // It is not tried again and again: the directory might lock it.
    assert_eq!(slapd.log().matches("BIND dn=\"cn=registry,").count(), 1);
    place.write("service-password", Slapd::SERVICE_PASSWORD);
    server.ask(Some(ALICE), &[]).is(200);
    recovers(&server);
}

#[test]
fn a_searching_account_whose_password_changes() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| config);
    server.ask(Some(ALICE), &[]).is(200);
    slapd.replace("cn=registry,dc=example,dc=com", "userPassword", "of-tomorrow");
    slapd.restart();
    fails(&server, "is refused");
    place.replace("service-password", "of-tomorrow\n");
    recovers(&server);
    place.replace("service-password", "");
    slapd.restart();
    fails(&server, "holds no password");
    place.replace("service-password", "of-tomorrow");
    recovers(&server);
}

#[test]
fn a_wrong_certificate() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let other = Slapd::start(&place);
    let authority = |slapd: &Slapd| std::fs::read_to_string(&slapd.authority).unwrap();
    place.write("ca.pem", &authority(&other));
    let server = server(&place, &slapd.tls_url().replace("ldaps://", ""), |config| {
        config.replace("  bind_dn", "  tls: always\n  ca_certificate: ca.pem\n  bind_dn")
    });
    fails(&server, "invalid peer certificate");
    // It is read again when it changes.
    place.replace("ca.pem", "rubbish");
    fails(&server, "no certificate found");
    place.replace("ca.pem", &authority(&slapd));
    recovers(&server);
}

#[test]
fn a_certificate_for_another_name() {
    let place = Place::new();
    let slapd = SlapdSetup::new(&place).certificate_for("DNS:ldap.example.com,IP:127.0.0.1").start();
    let port = slapd.url().rsplit_once(':').unwrap().1.to_owned();
    let server = server(&place, &format!("localhost:{port}"), |config| {
        let tls = format!("  tls: starttls\n  ca_certificate: {}\n  bind_dn", slapd.authority.display());
        config.replace("  bind_dn", &tls)
    });
    fails(&server, "certificate not valid for name \\\"localhost\\\"");
    // Under a name that it is for, the same server, certificate and connection are good.
    reconfigure(&place, &server, |config| config.replace("localhost:", "127.0.0.1:"));
    recovers(&server);
}

#[test]
fn too_many_entries() {
    let place = Place::new();
    let slapd = SlapdSetup::new(&place).database("sizelimit 1").people(3).start();
    let address = address(&slapd);
    let filter = "(|(uid=${account})(sn=${account})(cn=user*))";
    let ambiguous = server(&place, &address, |config| config.replace("(uid=${account})", filter));
    for credentials in [ALICE, "alice:wrong-password", "nobody:wrong-password"] {
        ambiguous.ask(Some(credentials), &["repository:alice/app:pull"]).is_error(401);
    }
    ambiguous.wait_for_log(
        "search with the filter (|(uid=${account})(uid=${account})(cn=user*)) below \\\"ou=people,dc=example,dc=com\\\": several",
    );
    let limited = server(&place, &address, |config| config);
    // Alice is in one group, which is in one: no search finds more than the server gives.
    limited.ask(Some(ALICE), &[]).is(200);
    slapd.modify(
        "dn: cn=second,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\ncn: second\n\
         member: uid=alice,ou=people,dc=example,dc=com\n",
    );
    limited.ask(Some(ALICE), &[]).is_error(503);
    limited.wait_for_log("result 4 (sizeLimitExceeded)");
    slapd.modify("dn: cn=second,ou=groups,dc=example,dc=com\nchangetype: delete\n");
    recovers(&limited);
}

#[test]
fn a_directory_that_refers_elsewhere() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    slapd.modify(
        "dn: ou=elsewhere,dc=example,dc=com\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n\
         ref: ldap://127.0.0.1:1/ou=people,dc=example,dc=com\n",
    );
    let base =
        |base: &'static str| move |config: String| config.replace("base: ou=people,dc=example,dc=com", base);
    // A reference within what is found is passed over.
    let around = server(&place, &address(&slapd), base("base: dc=example,dc=com"));
    around.ask(Some(ALICE), &[]).is(200);
    around.ask(Some("nobody:x"), &[]).is_error(401);
    let there = server(&place, &address(&slapd), base("base: ou=x,ou=elsewhere,dc=example,dc=com"));
    fails(&there, "referrals are not followed");
    reconfigure(&place, &there, |config| config.replace("ou=x,ou=elsewhere", "ou=people"));
    recovers(&there);
}

#[test]
fn a_name_that_two_entries_have() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| {
        config.replace("(uid=${account})", "(|(uid=${account})(mail=${account}))")
    });
    // What someone writes into the own entry hurts nobody else.
    slapd.replace("uid=Bob,ou=people,dc=example,dc=com", "mail", "alice");
    let token = server.token(Some(ALICE), &[]);
    assert_eq!(token.claims["sub"], "alice");
    server.ask(Some("alice:bob-password"), &["repository:alice/app:pull"]).is_error(401);
    assert_eq!(server.token(Some("bob:bob-password"), &[]).claims["sub"], "bob");
    // A name that two have, and neither is called so, is nobody's.
    for (uid, name) in [("Bob", "bob"), ("carol", "carol")] {
        slapd.replace(&format!("uid={uid},ou=people,dc=example,dc=com"), "mail", "shared@example.com");
        server.ask(Some(&format!("shared@example.com:{name}-password")), &[]).is_error(401);
        assert_eq!(server.token(Some(&format!("{name}:{name}-password")), &[]).claims["sub"], name);
    }
    server.wait_for_log("below \\\"ou=people,dc=example,dc=com\\\": several entries");
}

#[test]
fn refresh_tokens_end_with_the_account_and_outlast_the_directory() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let server =
        server(&place, &address(&slapd), |config| config + "tokens:\n  store: {path: tokens.redb}\n");
    let endpoint = format!("{}/auth", server.url);
    let login = |credentials: &str| -> String {
        let query = format!("{endpoint}?service=registry&client_id=test&offline_token=true");
        let answer = curl(&["--user", credentials, &query]).is(200).json();
        answer["refresh_token"].as_str().expect("a refresh token").to_owned()
    };
    let refresh = |token: &str| {
        let form = format!(
            "grant_type=refresh_token&service=registry&client_id=test&refresh_token={token}\
             &scope=repository:dev/app:pull,push"
        );
        curl(&["--data", &form, &endpoint])
    };
    let granted = |token: &str| {
        let token = refresh(token).is(200).token();
        token.actions("repository", "dev/app").unwrap_or_default()
    };
    let [alice, carol] = ["alice:alice-password", "carol:carol-password"].map(login);
    assert_eq!((granted(&alice), granted(&carol)), ("pull".to_owned(), String::new()));

    // What the directory cannot say is no reason to forget a token.
    slapd.kill();
    for token in [&alice, &carol] {
        refresh(token).is_error(503);
    }
    slapd.restart();
    until("the directory to be asked again", || (refresh(&alice).status == 200).then_some(()));
    assert_eq!((granted(&alice), granted(&carol)), ("pull".to_owned(), String::new()));

    // The groups of now, and no longer than there is an account.
    slapd.modify(
        "dn: cn=registry-dev,ou=groups,dc=example,dc=com\nchangetype: modify\nadd: member\n\
         member: uid=carol,ou=people,dc=example,dc=com\n",
    );
    assert_eq!(granted(&carol), "pull");
    slapd.modify("dn: uid=carol,ou=people,dc=example,dc=com\nchangetype: delete\n");
    refresh(&carol).is_error(401);
    server.wait_for_log("the account is no longer known");
    let shadow = |change: &str| {
        let dn = "dn: uid=alice,ou=people,dc=example,dc=com";
        slapd.modify(&format!("{dn}\nchangetype: modify\n{change}"));
    };
    shadow("add: objectClass\nobjectClass: shadowAccount\n-\nadd: shadowExpire\nshadowExpire: 1\n");
    refresh(&alice).is_error(401);
    server.wait_for_log("the account is refused: the account has expired");
    shadow("replace: shadowExpire\nshadowExpire: 99999\n");
    assert_eq!(granted(&alice), "pull");
    server.never_told(&["alice-password", "carol-password", &alice, &carol]);
}

#[test]
fn another_server_answers_for_one_that_is_away() {
    let place = Place::new();
    let (mut first, second) = (Slapd::start(&place), Slapd::start(&place));
    let servers = format!("servers: [\"{}\", \"{}\"]", first.url(), second.url());
    let server = server(&place, "", |config| {
        config.replace("addr: \n", &format!("{servers}\n")).replace("50ms", "1h").replace("100ms", "1h")
    });
    let logins = |slapd: &Slapd| slapd.log().matches("BIND dn=\"uid=alice").count();
    let asks = || server.ask(Some(ALICE), &[]).is(200);
    asks();
    assert_eq!((logins(&first) > 0, logins(&second)), (true, 0));
    first.kill();
    (0..10).for_each(|_| drop(asks()));
    server.ask(Some("alice:wrong-password"), &[]).is_error(401);
    // One has found out; the others did not have to.
    assert_eq!(server.log().matches("the directory server failed").count(), 1);
    server.never_told(&SECRETS);
    // Should the second fail, too, the first is asked before its time.
    first.restart();
    drop(second);
    asks();
    assert!(logins(&first) > 0);
}

#[test]
fn who_was_here_a_moment_ago_stays_while_the_directory_is_away() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    let with_grace = |config: String| config.replace("  timeouts", "  grace: 10m\n  timeouts");
    let server = server(&place, &address(&slapd), with_grace);
    server.ask(Some(ALICE), &[]).is(200);
    server.ask(Some("carol:carol-password"), &[]).is(200);
    server.ask(Some("bob:wrong-password"), &[]).is_error(401);
    // Carol is refused while the directory can still say so.
    slapd.modify(
        "dn: uid=carol,ou=people,dc=example,dc=com\nchangetype: modify\nadd: objectClass\nobjectClass: shadowAccount\n\
         -\nadd: shadowExpire\nshadowExpire: 1\n",
    );
    server.ask(Some("carol:carol-password"), &[]).is_error(401);
    slapd.kill();
    let token = server.token(Some(ALICE), &["repository:dev/app:pull,push"]);
    assert_eq!(token.actions("repository", "dev/app").as_deref(), Some("pull"));
    server.wait_for_log("the directory is away: accepted as remembered");
    for credentials in ["alice:wrong-password", "bob:bob-password", "carol:carol-password", "nobody:x"] {
        server.ask(Some(credentials), &[]).is_error(503);
    }
    slapd.restart();
    recovers(&server);
    server.never_told(&SECRETS);
}

#[test]
fn a_login_that_is_remembered_costs_the_directory_nothing() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let with_cache = |config: String| config.replace("  timeouts", "  cache_ttl: 10m\n  timeouts");
    let server = server(&place, &address(&slapd), with_cache);
    for _ in 0..5 {
        server.ask(Some(ALICE), &[]).is(200);
        server.ask(Some("alice:wrong-password"), &[]).is_error(401);
    }
    // What slapd has written of a later login stands behind all of the earlier ones.
    server.ask(Some("bob:bob-password"), &[]).is(200);
    slapd.wait_for_log("BIND dn=\"uid=Bob,ou=people,dc=example,dc=com\" method=128");
    let binds = slapd.log().matches("BIND dn=\"uid=alice,ou=people,dc=example,dc=com\" method=128").count();
    assert_eq!(binds, 6);
}

#[test]
fn a_slow_directory_is_no_reason_to_wait() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let way = Relay::to(&address(&slapd));
    let server = server(&place, &way.address(), |config| {
        let patient = config.replace("bind: 1s, search: 1s, total: 3s", "bind: 10s, search: 10s, total: 30s");
        format!("{patient}\nlimits: {{answer_time: 1s}}\n")
    });
    server.ask(Some(ALICE), &[]).is(200);
    way.set(Quality::Slow(Duration::from_secs(30)));
    for credentials in ["carol:carol-password", "bob:wrong-password"] {
        let answer = server.ask(Some(credentials), &[]).is_error(503);
        assert!(answer.header("retry-after").is_some(), "{answer}");
    }
    server.wait_for_log("no answer within");
    server.ask(Some("admin:badmin"), &[]).is(200);
    way.set(Quality::Good);
    recovers(&server);
}

/// Whatever a name is to the directory, it is to the limit of guesses.
#[test]
fn the_spellings_of_a_name_are_guessed_at_as_one() {
    let place = Place::new();
    let slapd = Slapd::start(&place);
    let server = server(&place, &address(&slapd), |config| config);
    let letter = |at: usize, number: usize| match (number >> at) & 1 {
        0 => b"alice"[at],
        _ => b"ALICE"[at],
    };
    let by_case = (0..32).map(|number| (0..5).map(|at| char::from(letter(at, number))).collect::<String>());
    let by_blanks = (1..9).flat_map(|count| {
        let blanks = " ".repeat(count);
        [format!("alice{blanks}"), format!("{blanks}alice"), format!("{blanks}Alice\u{a0}")]
    });
    let by_form = [
        "ａｌｉｃｅ",
        "ＡＬＩＣＥ",
        "ａlice",
        "ⓐlice",
        "𝐚lice",
        "al\u{ad}ice",
        "alice\u{200b}",
        "\u{3000}alice",
    ];
    let mut heard = std::collections::BTreeMap::new();
    for (number, name) in by_case.chain(by_blanks).chain(by_form.map(str::to_owned)).enumerate() {
        let status = server.ask(Some(&format!("{name}:wrong-password-{number}")), &[]).status;
        *heard.entry(status).or_insert(0) += 1;
    }
    assert_eq!(heard, [(401, 10), (429, 54)].into());
    let binds = slapd.log().matches("BIND dn=\"uid=alice,ou=people,dc=example,dc=com\" method=128").count();
    assert!((1..=10).contains(&binds), "{binds}\n{}", slapd.log());
    server.ask(Some("bob:bob-password"), &[]).is(200);
}
