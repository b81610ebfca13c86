//! The blocks `xorm_auth`, `acl_xorm` and `casbin_authz`, through the server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]

use sqlx::AssertSqlSafe;
use token_auth_tests::{BadPeer, KeyPair, MariaDb, Place, Postgres, Server, ServerSetup, until};

/// `badmin`.
const HASH: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const SCOPE: &str = "repository:team/app:pull,push";
const HEAD: &str = "server: {addr: '127.0.0.1:0'}\n\
    token: {issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}\n";

/// As an administrator fills the tables.
const ROWS: [&str; 3] = [
    "INSERT INTO xorm_user (username, password_hash, labels) VALUES ('alice', '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC', '{\"group\":[\"team/*\"]}')",
    "INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES ('{\"Match\":{\"name\":\"${labels:group}\"},\"Actions\":[\"pull\"],\"Comment\":\"own\"}', 2)",
    "INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES ('{\"Match\":{\"account\":\"eve\"},\"Actions\":[]}', 1)",
];

fn granted(server: &Server) -> Option<String> {
    let answer = server.ask(Some("alice:badmin"), &[SCOPE]);
    (answer.status == 200).then(|| answer.token().actions("repository", "team/app").unwrap_or_default())
}

/// A server whose accounts and rules are in this database. `fill` runs statements there.
fn check(kind: &str, conn_string: &str, mut fill: impl FnMut(&str)) -> (Place, Server) {
    let place = Place::new();
    place.write("database", &format!("{conn_string}\n"));
    let block = format!("{{database_type: {kind}, conn_string_file: database");
    let server =
        Server::with(&place, &format!("{HEAD}xorm_auth: {block}}}\nacl_xorm: {block}, cache_ttl: 200ms}}\n"));
    // The tables are made with the first questions.
    server.ask(Some("alice:badmin"), &[SCOPE]).is_error(401);
    fill(ROWS[0]);
    server.token(Some("alice:badmin"), &[SCOPE]);
    fill(ROWS[1]);
    fill(ROWS[2]);
    until("the rules count", || (granted(&server)? == "pull").then_some(()));
    server.ask(Some("alice:goodmin"), &[]).is_error(401);
    server.ask(Some("Alice:badmin"), &[]).is_error(401);
    server.never_told(&["registry-secret", HASH]);
    (place, server)
}

#[test]
fn postgresql() {
    let mut postgres = Postgres::start();
    let (runtime, url) = (tokio::runtime::Runtime::new().unwrap(), postgres.url());
    let pool = runtime.block_on(sqlx::PgPool::connect(&url)).unwrap();
    let fill = |sql: &str| {
        runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool)).unwrap();
    };
    let (_place, server) = check("postgres", &Postgres::conn_string(&postgres.daemon.address()), fill);
    postgres.daemon.kill();
    server.ask(Some("alice:badmin"), &[SCOPE]).is_error(503);
    postgres.daemon.restart();
    until("it answers again", || (granted(&server)? == "pull").then_some(()));
    server.never_told(&["registry-secret", HASH]);
}

#[test]
fn mariadb() {
    let mariadb = MariaDb::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pool =
        runtime.block_on(sqlx::MySqlPool::connect(&mariadb.url().replace("mariadb://", "mysql://"))).unwrap();
    let fill = |sql: &str| {
        runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool)).unwrap();
    };
    let (_place, server) = check("mysql", &MariaDb::conn_string(&mariadb.daemon.address()), fill);
    server.never_told(&["registry-secret"]);
}

#[test]
fn sqlite() {
    let folder = Place::new();
    let file = folder.at("registry.sqlite").display().to_string();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pool = runtime.block_on(sqlx::SqlitePool::connect(&format!("sqlite://{file}?mode=rwc"))).unwrap();
    let fill = |sql: &str| {
        runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool)).unwrap();
    };
    let (_place, server) = check("sqlite3", &file, fill);
    server.ask(Some("' OR '1'='1:badmin"), &[]).is_error(401);
}

/// What a database answers is bounded before it is parsed, here as with the stores.
#[test]
fn bad_databases_are_503_within_the_memory_of_before() {
    let saying = |begin: &[u8]| BadPeer::saying(begin);
    let row = b"R\0\0\0\x08\0\0\0\0D\x3f\xff\xff\xff";
    for (name, kind, peer) in [
        ("a row without an end", "postgres", saying(row).then_forever(&[0])),
        ("a length without a content", "postgres", saying(b"R\x7f\xff\xff\xff").then_nothing()),
        ("another protocol", "postgres", saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").then_nothing()),
        ("a packet without an end", "mysql", saying(b"\xff\xff\xff\0").first().then_forever(&[0])),
        ("garbled", "mysql", saying(b"\x10\0\0\xffgarbage").first().then_nothing()),
    ] {
        let (place, address) = (Place::new(), peer.start());
        let conn_string = match kind {
            "postgres" => Postgres::conn_string(&address),
            _ => MariaDb::conn_string(&address),
        };
        let block = format!("{{database_type: {kind}, conn_string: '{conn_string}'}}");
        let users = format!("users:\n  admin: {{password: '{HASH}'}}\n");
        let server = Server::with(&place, &format!("{HEAD}{users}xorm_auth: {block}\nacl_xorm: {block}\n"));
        server.ask(Some("admin:badmin"), &[]).is(200);
        let before = server.memory();
        for _ in 0..3 {
            server.ask(Some("alice:badmin"), &[]).is_error(503);
            server.ask(Some("admin:badmin"), &[SCOPE]).is_error(503);
        }
        let after = server.memory();
        assert!(after < before + (64 << 20), "{name}: {before} bytes became {after}");
    }
}

#[test]
fn casbin_may_be_the_only_one_to_authorize() {
    let place = Place::new();
    place.write(
        "model.conf",
        "[request_definition]\nr = account, type, name, service, ip, action, labels\n\
         [policy_definition]\np = account, name, action, labels\n[role_definition]\ng = _, _\n\
         [policy_effect]\ne = some(where (p.eft == allow))\n\
         [matchers]\nm = g(r.account, p.account) && keyMatch(r.name, p.name) && r.action == p.action && \\\n\
         labelMatch(r.labels, p.labels) && ipMatch(r.ip, \"127.0.0.0/8\")\n",
    );
    let policy = "p, team, team/*, pull, \"{\"\"group\"\":[\"\"dev\"\"]}\"\np, team, team/*, push, \"{\"\"group\"\":[\"\"ops\"\"]}\"\ng, alice, team\n";
    place.write("policy.csv", policy);
    let users = format!("users:\n  alice: {{password: '{HASH}', labels: {{group: [dev]}}}}\n");
    let casbin = "casbin_authz: {model_path: model.conf, policy_path: policy.csv}\n";
    let server = Server::with(&place, &format!("{HEAD}{users}{casbin}"));
    assert_eq!(granted(&server).as_deref(), Some("pull"));
    place.write("policy.csv", &policy.replace("ops", "dev"));
    until("the changed policy counts", || (granted(&server)? == "pull,push").then_some(()));
    place.write("policy.csv", "p, team\n");
    server.wait_for_log("policy.csv:1: has 1 values");
    assert_eq!(granted(&server).as_deref(), Some("pull,push"));
    let wrong = ServerSetup::new(&place).arg("config.yml").finish();
    assert!(wrong.stderr.contains("casbin_authz: policy.csv:1: has 1 values"), "{}", wrong.stderr);
}

/// What is wrong with a block is said with its line, and without its values.
#[test]
fn wrong_blocks_are_named() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place.write("empty", "");
    for (block, said) in [
        ("xorm_auth: {database_type: oracle, conn_string: x}", "xorm_auth.database_type: "),
        ("xorm_auth: {database_type: mysql}", "xorm_auth.conn_string: is required"),
        ("xorm_auth: {database_type: mysql, conn_string: 'u:hunter2@/r?tsl=true'}", r#"the parameter "tsl""#),
        (
            "xorm_auth: {database_type: postgres, conn_string: 'password=hunter2 hots=x'}",
            r#"the parameter "hots""#,
        ),
        ("xorm_auth: {database_type: sqlite3, conn_string_file: empty}", "empty: holds no connection string"),
        ("xorm_auth: {database_type: sqlite3, conn_string_file: nowhere}", "nowhere: No such file"),
        ("xorm_auth: {database_type: sqlite3, conn_string: x, conn_string_file: empty}", "keep one of them"),
        ("acl_xorm: {database_type: sqlite3, conn_string: x, cache_ttl: 0}", "acl_xorm.cache_ttl: "),
        ("casbin_authz: {model_path: nowhere, policy_path: x}", "casbin_authz: nowhere: No such file"),
    ] {
        place.write("config.yml", &format!("{HEAD}users: {{}}\nacl: []\n{block}\n"));
        let finished = ServerSetup::bare(place.path()).arg("check").arg("config.yml").finish();
        let told = format!("{}{}", finished.stdout, finished.stderr);
        assert!(told.contains(said), "{block}: {told}");
        assert!(told.contains("config.yml:5") && !told.contains("hunter2"), "{block}: {told}");
    }
}
