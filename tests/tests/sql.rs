//! Accounts and rules in the tables of docker_auth, in the real databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
use token_auth_backends::sql::{SqlAcl, SqlAclOptions, SqlDatabase, SqlKind, SqlUsers, SqlUsersOptions};
use token_auth_backends::testkit::{KnownAccount, check_authenticator};
use token_auth_core::acl::{Acl, Rule};
use token_auth_core::{
    AccessRequest, AccountRequest, Authenticator, Authn, AuthnRequest, Authorizer, Authz, BackendError,
    Credentials, Deadline, Identity, Origin, Succeed,
};
use token_auth_tests::{DEADLINE, Daemon, MariaDb, Place, Postgres, Quality, Relay};

/// `badmin`, and `123`.
const BADMIN: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const ONE_TWO_THREE: &str = "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya";

/// A database in which a test writes as an administrator does.
enum Writer {
    Postgres(sqlx::PgPool),
    MySql(sqlx::MySqlPool),
    Sqlite(sqlx::SqlitePool),
}

impl Writer {
    /// Several statements are one transaction.
    async fn run(&self, sql: &str) {
        let text = AssertSqlSafe(sql.to_owned());
        let begin = "BEGIN;";
        let whole = AssertSqlSafe(format!("{begin} {sql}; COMMIT"));
        match self {
            Self::Postgres(pool) => sqlx::raw_sql(text).execute(pool).await.map(drop),
            Self::MySql(pool) => sqlx::raw_sql(whole).execute(pool).await.map(drop),
            Self::Sqlite(pool) => sqlx::raw_sql(whole).execute(pool).await.map(drop),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

struct Tables {
    database: SqlDatabase,
    writer: Writer,
}

impl Tables {
    async fn postgres(postgres: &Postgres) -> Self {
        let conn_string = Postgres::conn_string(&postgres.daemon.address());
        let database = SqlDatabase::new(SqlKind::Postgres, conn_string).unwrap();
        Self { database, writer: Writer::Postgres(sqlx::PgPool::connect(&postgres.url()).await.unwrap()) }
    }

    async fn mariadb(mariadb: &MariaDb) -> Self {
        let database =
            SqlDatabase::new(SqlKind::MySql, MariaDb::conn_string(&mariadb.daemon.address())).unwrap();
        let url = mariadb.url().replace("mariadb://", "mysql://");
        Self { database, writer: Writer::MySql(sqlx::MySqlPool::connect(&url).await.unwrap()) }
    }

    async fn sqlite(place: &Place) -> Self {
        let file = place.at("registry.sqlite").display().to_string();
        let database =
            SqlDatabase::new(SqlKind::Sqlite, format!("file:{file}?cache=shared&_loc=auto")).unwrap();
        let url = format!("sqlite://{file}?mode=rwc");
        let writer = Writer::Sqlite(sqlx::SqlitePool::connect(&url).await.unwrap());
        Self { database, writer }
    }

    fn users(&self) -> SqlUsers {
        let mut options = SqlUsersOptions::new(self.database.clone());
        options.timeout = Duration::from_secs(3);
        options.owned = Duration::ZERO;
        SqlUsers::new(options, verifier())
    }

    fn rules(&self, change: impl FnOnce(&mut SqlAclOptions)) -> SqlAcl {
        let mut options = SqlAclOptions::new(self.database.clone());
        options.cache_ttl = Duration::from_millis(200);
        options.timeout = Duration::from_secs(3);
        change(&mut options);
        SqlAcl::new(options)
    }

    /// As xorm inserts one.
    async fn user(&self, name: &str, hash: &str, labels: &str) {
        let columns = "INSERT INTO xorm_user (username, password_hash, labels) VALUES";
        self.writer.run(&format!("{columns} ('{name}', '{hash}', {labels})")).await;
    }

    async fn rule(&self, seq: i64, entry: &str) {
        self.writer
            .run(&format!("INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES ('{entry}', {seq})"))
            .await;
    }
}

fn verifier() -> Arc<PasswordVerifier> {
    Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap())
}

async fn login(users: &SqlUsers, name: &str, password: &str) -> Result<Authn, BackendError> {
    users.authenticate(&AuthnRequest::new(&Credentials::password(name, password))).await
}

#[track_caller]
fn accepted(answer: Result<Authn, BackendError>) -> Identity {
    match answer {
        Ok(Authn::Accept(identity)) => identity,
        other => panic!("not accepted: {other:?}"),
    }
}

#[track_caller]
fn rejected(answer: Result<Authn, BackendError>, why: &str) {
    match answer {
        Ok(Authn::Reject(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("not rejected: {other:?}"),
    }
}

/// What is granted of pull and push, or that nobody decides, or why nobody can.
async fn ask(rules: &SqlAcl, account: &str, name: &str) -> Result<Option<String>, String> {
    let asked = ["pull", "push"].into_iter().collect();
    match rules.authorize(&AccessRequest::new(account, "repository", name, &asked)).await {
        Ok(Authz::Grant(grant)) => Ok(Some(grant.actions.to_string())),
        Ok(Authz::Abstain) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// As soon as it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so().await {
        assert!(Instant::now() < end, "it does not come to this: {what}");
        tokio::task::yield_now().await;
    }
}

async fn check_accounts(tables: &Tables) {
    let users = tables.users();
    // The table is made; nobody is in it.
    assert_eq!(login(&users, "alice", "badmin").await.unwrap(), Authn::Abstain);
    tables.user("alice", ONE_TWO_THREE, "NULL").await;
    tables.user("alice", BADMIN, r#"'{"group":["dev","test/*"],"empty":[],"none":null}'"#).await;
    tables.user("bob", ONE_TWO_THREE, "NULL").await;
    let known = KnownAccount::new("alice", "badmin").with_secret(BADMIN).with_secret("registry-secret");
    check_authenticator(Arc::new(tables.users()), &known).await;

    // The newest row counts, and its labels act as patterns.
    let alice = accepted(login(&users, "alice", "badmin").await);
    let labels: Vec<_> = alice.labels.iter().map(|(name, values)| (name.to_owned(), values.len())).collect();
    assert_eq!(labels, [("empty".to_owned(), 0), ("group".to_owned(), 2), ("none".to_owned(), 0)]);
    assert!(alice.labels.get("group").iter().all(|value| value.origin() == Origin::Administrator));
    rejected(login(&users, "alice", "123").await, "wrong password");
    assert!(accepted(login(&users, "bob", "123").await).labels.is_empty());

    // Another spelling is another account, whatever the table takes for equal.
    for name in ["Alice", "ALICE", "alice ", " alice", "\u{e1}lice", "alic%", "alic_", "a\u{17f}"] {
        assert_eq!(login(&users, name, "badmin").await.unwrap(), Authn::Abstain, "{name:?}");
        assert!(!users.owns(&AccountRequest::new(name)).await.unwrap(), "{name:?}");
    }
    tables.user("Alice", ONE_TWO_THREE, "NULL").await;
    assert_eq!(&*accepted(login(&users, "alice", "badmin").await).account, "alice");
    assert_eq!(&*accepted(login(&users, "Alice", "123").await).account, "Alice");

    // Names are never words of the question.
    for name in [
        "' OR '1'='1",
        "alice' --",
        "alice'; DROP TABLE xorm_user; --",
        "\\' OR 1=1 -- ",
        "alice' UNION SELECT 1, 'alice', '', NULL -- ",
        "\" OR \"\"=\"",
        "alice\0",
        "$1",
        "?",
        "\u{ff07} OR 1=1",
    ] {
        assert_eq!(login(&users, name, "badmin").await.unwrap(), Authn::Abstain, "{name:?}");
        let about = AccountRequest::new(name);
        assert_eq!(users.revalidate(&about).await.unwrap(), Authn::Abstain, "{name:?}");
        assert!(!users.owns(&about).await.unwrap(), "{name:?}");
    }
    accepted(login(&users, "alice", "badmin").await);

    // A change counts at once, and ends what the old password began.
    let before = accepted(users.revalidate(&AccountRequest::new("bob")).await);
    tables.user("bob", BADMIN, "NULL").await;
    rejected(login(&users, "bob", "123").await, "wrong password");
    let after = accepted(users.revalidate(&AccountRequest::new("bob")).await);
    assert!(before.security_stamp.is_some() && before.security_stamp != after.security_stamp);
    assert!(users.owns(&AccountRequest::new("bob")).await.unwrap());
    tables.writer.run("DELETE FROM xorm_user WHERE username = 'bob'").await;
    assert_eq!(login(&users, "bob", "badmin").await.unwrap(), Authn::Abstain);
    assert_eq!(users.revalidate(&AccountRequest::new("bob")).await.unwrap(), Authn::Abstain);

    // What is wrong is named, and shows nothing.
    tables.user("locked", "!", "NULL").await;
    rejected(login(&users, "locked", "!").await, "xorm_user, id ");
    rejected(users.revalidate(&AccountRequest::new("locked")).await, "password_hash");
    tables.user("plain", "badmin", "NULL").await;
    let answer = login(&users, "plain", "badmin").await;
    assert!(!format!("{answer:?}").contains("badmin"), "{answer:?}");
    rejected(answer, "password_hash");
    for labels in [r#"'{"group":"dev"}'"#, r#"'["dev"]'"#, r#"'{"group":[1]}'"#] {
        tables.user("odd", BADMIN, labels).await;
        let error = login(&users, "odd", "badmin").await.unwrap_err().to_string();
        assert!(error.contains("xorm_user, id ") && error.contains("labels"), "{error}");
        rejected(login(&users, "odd", "123").await, "wrong password");
        assert!(users.revalidate(&AccountRequest::new("odd")).await.is_err());
        assert!(users.owns(&AccountRequest::new("odd")).await.unwrap());
    }
}

const ADMIN: &str = r#"{"Match":{"account":"admin"},"Actions":["*"],"Comment":"Admin has full access"}"#;
const OWN: &str =
    r#"{"Match":{"account":"/.+/","name":"${account}/*"},"Actions":["pull","push"],"Comment":null}"#;
const NO_SECRETS: &str = r#"{"Match":{"name":"secret/*"},"Actions":[],"Comment":""}"#;
const ALL_PULL: &str = r#"{"Match":{},"Actions":["pull"]}"#;

async fn check_rules(tables: &Tables) {
    let some = |actions: &str| Ok(Some(actions.to_owned()));
    let rules = tables.rules(|_| {});
    // The table is made, and empty.
    assert_eq!(ask(&rules, "admin", "x/y").await, Ok(None));
    // Not in the order in which they are written.
    for (seq, entry) in [(30, ALL_PULL), (10, ADMIN), (20, NO_SECRETS), (-1, OWN)] {
        tables.rule(seq, entry).await;
    }
    until("new rules count", async || ask(&rules, "admin", "x/y").await == some("pull,push")).await;
    assert_eq!(ask(&rules, "admin", "secret/y").await, some("pull,push"));
    assert_eq!(ask(&rules, "bob", "secret/y").await, some(""));
    assert_eq!(ask(&rules, "bob", "bob/y").await, some("pull,push"));
    assert_eq!(ask(&rules, "bob", "x/y").await, some("pull"));

    // A row that is none spoils nothing that counted, and nothing of what is new counts.
    tables.rule(5, r#"{"Match":{"name":"["},"Actions":["*"]}"#).await;
    tables.rule(4, ALL_PULL).await;
    let fresh = tables.rules(|_| {});
    let error = ask(&fresh, "bob", "x/y").await.unwrap_err();
    assert!(error.contains(r#"xorm_acl_entry, seq 5: name "[": malformed glob"#), "{error}");
    let strict = tables.rules(|options| options.keep_while_wrong = Duration::ZERO);
    strict.succeed(&rules);
    until("rules of before end", async || ask(&strict, "bob", "secret/y").await.is_err()).await;
    assert_eq!(ask(&rules, "bob", "secret/y").await, some(""));
    tables.writer.run("DELETE FROM xorm_acl_entry WHERE seq = 5").await;
    until("mended rules count", async || ask(&rules, "bob", "secret/y").await == some("pull")).await;
    until("mended rules count", async || ask(&strict, "bob", "secret/y").await == some("pull")).await;
    assert_eq!(ask(&fresh, "bob", "secret/y").await, some("pull"));

    // A change is seen whole: never the old rules' half, nor none.
    tables.writer.run("DELETE FROM xorm_acl_entry").await;
    tables.rule(1, ADMIN).await;
    let flip = |account: &str| {
        format!(
            "DELETE FROM xorm_acl_entry; \
             INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES \
             ('{{\"Match\":{{\"account\":\"{account}\",\"name\":\"secret/*\"}},\"Actions\":[]}}', 1), \
             ('{{\"Match\":{{\"account\":\"{account}\"}},\"Actions\":[\"pull\"]}}', 2), ('{ADMIN}', 3)"
        )
    };
    tables.writer.run(&flip("one")).await;
    until("the first of them counts", async || ask(&rules, "one", "x/y").await == some("pull")).await;
    let over = AtomicBool::new(false);
    let write = async {
        for round in 0..20 {
            tables.writer.run(&flip(if round % 2 == 0 { "other" } else { "one" })).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    let rules = tables.rules(|options| options.cache_ttl = Duration::from_millis(100));
    let read = async {
        while !over.load(Ordering::Relaxed) {
            assert_ne!(ask(&rules, "one", "secret/y").await, some("pull"));
            assert_ne!(ask(&rules, "other", "secret/y").await, some("pull"));
            assert_eq!(ask(&rules, "admin", "secret/y").await, some("pull,push"));
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(write, read);
}

/// Errors in time while it is away, whatever the way, and answers as soon as it is back.
async fn check_outage(tables: &Tables, daemon: &mut Daemon) {
    tables.writer.run("DELETE FROM xorm_acl_entry").await;
    tables.rule(1, ADMIN).await;
    let (users, rules) =
        (tables.users(), tables.rules(|options| options.timeout = Duration::from_millis(500)));
    let patient = tables.rules(|options| options.keep_while_away = Duration::from_secs(600));
    accepted(login(&users, "alice", "badmin").await);
    for rules in [&rules, &patient] {
        assert!(ask(rules, "admin", "x/y").await.unwrap().is_some());
    }
    for hang in [true, false] {
        match hang {
            true => daemon.signal("STOP"),
            false => daemon.kill(),
        }
        let credentials = Credentials::password("alice", "badmin");
        let soon = Deadline::at(Instant::now() + Duration::from_millis(200));
        let answer = users.authenticate(&AuthnRequest::new(&credentials).with_deadline(soon)).await;
        assert!(answer.is_err(), "{answer:?}");
        let about = AccountRequest::new("alice").with_deadline(soon);
        assert!(users.revalidate(&about).await.is_err() && users.owns(&about).await.is_err());
        until("old rules end", async || ask(&rules, "admin", "x/y").await.is_err()).await;
        assert!(ask(&patient, "admin", "x/y").await.unwrap().is_some());
        match hang {
            true => daemon.signal("CONT"),
            false => daemon.restart(),
        }
        until("it answers again", async || login(&users, "alice", "badmin").await.is_ok()).await;
        accepted(login(&users, "alice", "badmin").await);
        until("the rules are there again", async || ask(&rules, "admin", "x/y").await.is_ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql() {
    let mut postgres = Postgres::start();
    let tables = Tables::postgres(&postgres).await;
    check_accounts(&tables).await;
    check_rules(&tables).await;
    check_outage(&tables, &mut postgres.daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb() {
    let mut mariadb = MariaDb::start();
    let tables = Tables::mariadb(&mariadb).await;
    check_accounts(&tables).await;
    check_rules(&tables).await;
    check_outage(&tables, &mut mariadb.daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let place = Place::new();
    let tables = Tables::sqlite(&place).await;
    check_accounts(&tables).await;
    check_rules(&tables).await;

    // A file that is moved away is an error and not an empty table; one that is put in its place counts.
    let (users, file) = (tables.users(), place.at("registry.sqlite"));
    accepted(login(&users, "alice", "badmin").await);
    tables.writer.run("DELETE FROM xorm_user WHERE username = 'alice'").await;
    assert_eq!(login(&users, "alice", "badmin").await.unwrap(), Authn::Abstain);
    tables.user("alice", BADMIN, "NULL").await;
    std::fs::rename(&file, place.at("away.sqlite")).unwrap();
    let error = login(&users, "alice", "badmin").await.unwrap_err();
    assert!(error.to_string().contains("moved away"), "{error}");
    assert!(!file.exists());
    std::fs::copy(place.at("away.sqlite"), &file).unwrap();
    accepted(login(&users, "alice", "badmin").await);
}

/// Whoever may only read finds the tables that are there, and makes none.
#[tokio::test]
async fn tables_are_only_read_where_that_is_all_that_is_allowed() {
    let place = Place::new();
    let file = place.at("read.sqlite").display().to_string();
    let read_only = SqlDatabase::new(SqlKind::Sqlite, format!("file:{file}?mode=ro")).unwrap();
    let users = SqlUsers::new(SqlUsersOptions::new(read_only), verifier());
    assert!(login(&users, "alice", "badmin").await.is_err());
    assert!(!place.at("read.sqlite").exists());
    let writing = SqlDatabase::new(SqlKind::Sqlite, &*file).unwrap();
    let makes = SqlUsers::new(SqlUsersOptions::new(writing), verifier());
    assert_eq!(login(&makes, "alice", "badmin").await.unwrap(), Authn::Abstain);
    assert_eq!(login(&users, "alice", "badmin").await.unwrap(), Authn::Abstain);
}

/// Over a slow way answers come, if they come in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_database_is_waited_for_and_not_for_ever() {
    let mariadb = MariaDb::start();
    let tables = Tables::mariadb(&mariadb).await;
    let relay = Relay::to(&mariadb.daemon.address());
    let database = SqlDatabase::new(SqlKind::MySql, MariaDb::conn_string(&relay.address())).unwrap();
    let far = Tables { database, ..tables };
    let users = far.users();
    assert_eq!(login(&users, "alice", "badmin").await.unwrap(), Authn::Abstain);
    far.user("alice", BADMIN, "NULL").await;
    relay.set(Quality::Slow(Duration::from_millis(50)));
    accepted(login(&users, "alice", "badmin").await);
    relay.set(Quality::Slow(Duration::from_secs(20)));
    let error = login(&users, "alice", "badmin").await.unwrap_err();
    assert!(error.to_string().contains("no answer within"), "{error}");
    relay.set(Quality::Cut);
    assert!(login(&users, "alice", "badmin").await.is_err());
    relay.set(Quality::Good);
    until("it answers again", async || login(&users, "alice", "badmin").await.is_ok()).await;
}

/// Ten thousand rules decide what they decide in a file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rules_decide_as_those_of_a_file() {
    let place = Place::new();
    let tables = Tables::sqlite(&place).await;
    let entry = |number: usize| match number % 4 {
        0 => format!(r#"{{"Match":{{"account":"user-{number}"}},"Actions":["pull"]}}"#),
        1 => format!(r#"{{"Match":{{"name":"/^team-{number}\/.+$/"}},"Actions":["*"]}}"#),
        2 => format!(
            r#"{{"Match":{{"account":"/^bot-{number}-/","name":"${{account}}/*"}},"Actions":["push"]}}"#
        ),
        _ => format!(r#"{{"Match":{{"account":"x{number}*"}},"Actions":[]}}"#),
    };
    let entries: Vec<String> = (0..10_000).map(entry).collect();
    let rules = tables.rules(|options| options.timeout = Duration::from_secs(60));
    assert_eq!(ask(&rules, "a", "b/c").await, Ok(None));
    for (chunk, part) in entries.chunks(1_000).enumerate() {
        let values: Vec<_> = part
            .iter()
            .enumerate()
            .map(|(at, entry)| format!("('{entry}', {})", chunk * 1_000 + at))
            .collect();
        let values = values.join(", ");
        tables.writer.run(&format!("INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES {values}")).await;
    }
    let rules = tables.rules(|options| options.timeout = Duration::from_secs(60));
    let file = Acl::new(entries.iter().map(|entry| serde_json::from_str::<Rule>(entry).unwrap())).unwrap();
    let asked = ["pull", "push"].into_iter().collect();
    for number in (0..10_000).step_by(37) {
        for (account, name) in [
            (format!("user-{number}"), "a/b".to_owned()),
            ("anyone".to_owned(), format!("team-{number}/app")),
            (format!("bot-{number}-1"), format!("bot-{number}-1/app")),
            (format!("x{number}"), format!("team-{}/app", number + 1)),
        ] {
            let decided = file.decide(&AccessRequest::new(&account, "repository", &name, &asked));
            let expected = decided.map(|decision| decision.actions.to_string());
            assert_eq!(ask(&rules, &account, &name).await, Ok(expected), "{account} {name}");
        }
    }
    let short = tables.rules(|options| options.answer_bytes = 100_000);
    assert!(ask(&short, "a", "b/c").await.unwrap_err().contains("more than 100000 bytes"));
    let few = tables.rules(|options| options.rules = 9_999);
    assert!(ask(&few, "a", "b/c").await.unwrap_err().contains("more than 9999 rows"));
}
