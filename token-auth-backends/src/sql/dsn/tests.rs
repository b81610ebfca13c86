//! What is read of connection strings, and what is refused.

use std::path::Path;
use std::time::Duration;

use sqlx::mysql::MySqlSslMode;

use super::*;
use crate::database::Tls;

#[test]
fn mysql_is_read_as_its_driver_reads_it() {
    type Read = (&'static str, u16, Option<&'static str>, &'static str, &'static str, MySqlSslMode);
    let none = MySqlSslMode::Disabled;
    let rows: &[(&str, Read)] = &[
        ("u:p@tcp(db:3307)/r", ("db", 3307, None, "u", "r", none)),
        ("u:p@tcp(db)/r", ("db", 3306, None, "u", "r", none)),
        ("u@tcp([::1]:3307)/r", ("::1", 3307, None, "u", "r", none)),
        ("u@tcp([::1])/r", ("::1", 3306, None, "u", "r", none)),
        ("u:p@/r", ("127.0.0.1", 3306, None, "u", "r", none)),
        ("u:p:q@x/y@tcp(db)/r", ("db", 3306, None, "u", "r", none)),
        ("u@unix(/run/m.sock)/r", ("localhost", 3306, Some("/run/m.sock"), "u", "r", none)),
        ("tcp(db)/r", ("db", 3306, None, "", "r", none)),
        ("u@tcp(db)/r?tls=skip-verify", ("db", 3306, None, "u", "r", MySqlSslMode::Required)),
        ("u@tcp(db)/r?tls=preferred", ("db", 3306, None, "u", "r", MySqlSslMode::Preferred)),
        ("u@tcp(db)/r?tls=true", ("db", 3306, None, "u", "r", MySqlSslMode::VerifyIdentity)),
        (
            "u@tcp(db)/r?charset=utf8mb4,utf8&parseTime=True&loc=Europe%2FBerlin",
            ("db", 3306, None, "u", "r", none),
        ),
    ];
    for (text, (host, port, socket, user, database, mode)) in rows {
        let connect = MySqlAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).connect;
        assert_eq!((connect.get_host(), connect.get_port()), (*host, *port), "{text}");
        assert_eq!(connect.get_socket().map(|path| &**path), socket.map(Path::new), "{text}");
        assert_eq!((connect.get_username(), connect.get_database()), (*user, Some(*database)), "{text}");
        assert_eq!(format!("{:?}", connect.get_ssl_mode()), format!("{mode:?}"), "{text}");
    }
    let limited = MySqlAddress::parse("u@tcp(db)/r?timeout=10s&readTimeout=1500ms&writeTimeout=0").unwrap();
    assert_eq!(limited.limit, Some(Duration::from_millis(1500)));
}

#[test]
fn postgresql_is_read_as_its_driver_reads_it() {
    type Read = (&'static str, u16, &'static str, Option<&'static str>);
    let rows: &[(&str, Read)] = &[
        ("user=u password=p dbname=r sslmode=disable", ("localhost", 5432, "u", Some("r"))),
        ("host = db  port=5433 user='it''s' dbname = r sslmode=disable", ("db", 5433, "it", None)),
        (r"host=db user='a b\'c' dbname=r\ s sslmode=disable", ("db", 5432, "a b'c", Some("r s"))),
        ("host=/run/postgresql user=u dbname=r sslmode=disable", ("/run/postgresql", 5432, "u", Some("r"))),
        ("postgres://u:p%40q@db:5433/r?sslmode=disable", ("db", 5433, "u", Some("r"))),
        ("postgresql://u@[::1]/r?sslmode=disable&connect_timeout=3", ("[::1]", 5432, "u", Some("r"))),
        (
            "user=u dbname=r search_path=auth statement_timeout=1000 binary_parameters=yes sslmode=disable",
            ("localhost", 5432, "u", Some("r")),
        ),
    ];
    for (text, (host, port, user, database)) in rows {
        // libpq's quotes end at the second one: what follows is a name without a value.
        if text.contains("''") {
            assert!(PostgresAddress::parse(text).is_err(), "{text}");
            continue;
        }
        let connect = PostgresAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).connect;
        assert_eq!((connect.get_host(), connect.get_port()), (*host, *port), "{text}");
        assert_eq!((connect.get_username(), connect.get_database()), (*user, *database), "{text}");
    }
    for (text, expected) in [
        ("user=u dbname=r", "always"),
        ("user=u dbname=r sslmode=require", "always"),
        ("user=u dbname=r sslmode=verify-full", "always"),
        ("user=u dbname=r sslmode=prefer", "if there"),
        ("user=u dbname=r sslmode=disable", "not"),
    ] {
        let tls = match PostgresAddress::parse(text).unwrap().tls {
            Tls::Not => "not",
            Tls::IfThere(_) => "if there",
            Tls::Always(_) => "always",
        };
        assert_eq!(tls, expected, "{text}");
    }
    let limited = PostgresAddress::parse("dbname=r sslmode=disable connect_timeout=3").unwrap();
    assert_eq!(limited.limit, Some(Duration::from_secs(3)));
}

#[test]
fn sqlite_is_read_as_its_driver_reads_it() {
    for (text, path, make) in [
        ("/var/lib/u.sqlite", "/var/lib/u.sqlite", true),
        ("u.sqlite?cache=shared&_loc=auto", "u.sqlite", true),
        ("file:u.sqlite?cache=shared&mode=rwc&_busy_timeout=200", "u.sqlite", true),
        ("file:/a%20b.sqlite?mode=ro", "/a b.sqlite", false),
        ("file:///a.sqlite?mode=rw", "/a.sqlite", false),
        ("file://localhost/a.sqlite?immutable=1", "/a.sqlite", false),
    ] {
        let address = SqliteAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((address.connect.get_filename(), address.make), (Path::new(path), make), "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_named_and_no_secret_is() {
    let (mysql, postgres, sqlite) = (
        |text: &str| MySqlAddress::parse(text).err(),
        |text: &str| PostgresAddress::parse(text).err(),
        |text: &str| SqliteAddress::parse(text).err(),
    );
    let rows = [
        (mysql("u:hunter2@tcp(db:3306)"), "USER:PASSWORD@tcp(HOST:PORT)/DATABASE"),
        (mysql("u:hunter2@tcp(db:3306)/"), "names a database"),
        (mysql("u:hunter2@tcp(db:3306/r"), "USER:PASSWORD@tcp(HOST:PORT)/DATABASE"),
        (mysql("u:hunter2@tcp(db:x)/r"), "USER:PASSWORD@tcp(HOST:PORT)/DATABASE"),
        (mysql("u:hunter2@cloudsql(a)/r"), "unix(SOCKET)"),
        (mysql("u:hunter2@/r?tsl=true"), r#""tsl", which is not known"#),
        (mysql("u:hunter2@/r?tls=mine"), r#"value of "tls""#),
        (mysql("u:hunter2@/r?sql_mode=ANSI"), r#""sql_mode", which is not known"#),
        (mysql("u:hunter2@/r?allowOldPasswords=true"), r#""allowOldPasswords", which cannot be true"#),
        (mysql("u:hunter2@/r?timeout=5"), r#"value of "timeout""#),
        (mysql("u:p@/r?hunter2 is the password"), "[not a name]"),
        (postgres("user=u password=hunter2 pasword=x"), r#""pasword", which is not known"#),
        (postgres("user=u password='hunter2"), "host=HOST"),
        (postgres("user=u hunter2"), "host=HOST"),
        (postgres("password=hunter2 sslmode=yes"), r#"value of "sslmode""#),
        (
            postgres("password=hunter2 sslmode=verify-full sslrootcert=/nowhere"),
            r#"value of "sslrootcert" that cannot be used: /nowhere"#,
        ),
        (postgres("password=hunter2 host=a,b"), "several hosts"),
        (postgres("password=hunter2 port=x"), r#"value of "port""#),
        (postgres("password=hunter2 service=x"), r#""service", which is not supported"#),
        (postgres("postgres://u:hunter2@db:port/r"), "postgres://USER:PASSWORD"),
        (postgres("postgres://u:hunter2@db/r?sslmod=x"), r#""sslmod", which is not known"#),
        (sqlite(""), "memory"),
        (sqlite(":memory:"), "memory"),
        (sqlite("file::memory:?cache=shared"), "memory"),
        (sqlite("file:x?mode=memory"), "memory"),
        (sqlite("file:x?mod=ro"), r#""mod", which is not known"#),
        (sqlite("file:x?vfs=unix"), r#""vfs", which is not known"#),
        (sqlite("file:x?_auth&_auth_user=u&_auth_pass=hunter2"), r#""_auth", which is not supported"#),
        (sqlite("file://host/x"), "FILE or file:FILE"),
    ];
    for (error, said) in rows {
        let error = error.unwrap_or_else(|| panic!("accepted: {said}")).to_string();
        assert!(error.contains(said), "{error} lacks {said}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
