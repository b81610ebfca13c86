use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use token_auth_core::{Authenticator, Authn, AuthnRequest, Credentials, Origin};

use super::{Htpasswd, HtpasswdError, HtpasswdOptions, parse};
use crate::password::tests::Probe;
use crate::password::{HashLimits, PasswordVerifier, VerifierOptions};

const ONE: &str = "$2b$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e"; // x
const TWO: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"; // badmin

fn open(options: HtpasswdOptions) -> Result<Htpasswd, HtpasswdError> {
    Htpasswd::open(options, Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap()))
}

async fn accepts(users: &Htpasswd, name: &str, password: &str) -> bool {
    let answer =
        users.authenticate(&AuthnRequest::new(&Credentials::password(name, password))).await.unwrap();
    matches!(answer, Authn::Accept(_))
}

#[test]
fn parses() {
    for (name, text, expected) in [
        ("empty", String::new(), vec![]),
        ("usual", format!("alice:{ONE}\nbob:{TWO}\n"), vec!["alice", "bob"]),
        ("no last line break", format!("alice:{ONE}"), vec!["alice"]),
        ("CRLF and BOM", format!("\u{feff}alice:{ONE}\r\nbob:{TWO}\r\n"), vec!["alice", "bob"]),
        ("comments", format!("# bob:{TWO}\n\n  \nalice:{ONE}\n"), vec!["alice"]),
        ("space within a name", format!("alice b:{ONE}"), vec!["alice b"]),
    ] {
        let users =
            parse::users(&text, &HashLimits::default()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(users.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn names_every_line_that_does_not_parse() {
    let text = format!(
        "alice:{ONE}\nhunter2\n:{ONE}\nbob:$apr1$x$hunter2\ncarol:{{SHA}}hunter2\ndave:hunter2\n\
         erin:rqXexS6ZhobKA\nalice:{TWO}\nfrank:\ngrace:{}\n",
        ONE.replace("$04$", "$20$"),
    );
    let problems = parse::users(&text, &HashLimits::default()).unwrap_err();
    let shown: Vec<_> =
        problems.iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect();
    assert_eq!(
        shown,
        [
            "2: must have the form `name:hash`",
            "3: the name is empty: the anonymous account is configured under `users`",
            "4: user \"bob\": MD5 passwords are not accepted: make a bcrypt hash with `htpasswd -nB NAME`",
            "5: user \"carol\": SHA-1 passwords are not accepted: make a bcrypt hash with `htpasswd -nB NAME`",
            "6: user \"dave\": this is not a password hash that is known here: make one with `htpasswd -nB NAME`",
            "7: user \"erin\": this is not a password hash that is known here: make one with `htpasswd -nB NAME`",
            "8: user \"alice\" is already on line 1",
            "9: user \"frank\": the password hash is empty: make one with `htpasswd -nB NAME`",
            "10: user \"grace\": bcrypt cost 20 is above the limit of 16: make a cheaper hash or raise the limit",
        ]
    );
    assert!(!format!("{problems:?}").contains("hunter2"));
}

#[test]
fn parses_groups() {
    let labels = parse::groups("# teams\ndev: alice bob\n\nops:bob\ndev: carol alice\nempty:\n").unwrap();
    let groups = |name| labels[name].get("group").iter().map(|value| value.as_str()).collect::<Vec<_>>();
    assert_eq!(
        (groups("alice"), groups("bob"), groups("carol")),
        (vec!["dev"], vec!["dev", "ops"], vec!["dev"])
    );
    assert_eq!(labels["bob"].get("group")[0].origin(), Origin::Administrator);

    let problems = parse::groups("dev alice\n: alice\n").unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn says_which_file_cannot_be_read() {
    let directory = TempDir::new().unwrap();
    let (users, groups) = (directory.path().join("users"), directory.path().join("groups"));
    let options = || HtpasswdOptions::new(&users).with_group_file(&groups);
    let message = |result: Result<Htpasswd, HtpasswdError>| result.unwrap_err().to_string();
    fs::write(&groups, "dev: alice\n").unwrap();
    assert!(message(open(options())).starts_with(&format!("{}: ", users.display())));
    fs::write(&users, b"alice:\xff\n").unwrap();
    assert_eq!(message(open(options())), format!("{}:1: is not UTF-8", users.display()));
    fs::write(&users, format!("alice:{ONE}\nbob\ncarol\n")).unwrap();
    let form = "must have the form `name:hash`";
    assert_eq!(message(open(options())), format!("{0}:2: {form}\n{0}:3: {form}", users.display()));
    fs::write(&groups, "dev\n").unwrap();
    assert!(message(open(options())).starts_with(&format!("{}:1: ", groups.display())));
}

/// As editors and configuration managers do it.
fn replace(file: &Path, text: impl AsRef<[u8]>) {
    let temporary = file.with_extension("new");
    fs::write(&temporary, text).unwrap();
    fs::rename(temporary, file).unwrap();
}

#[tokio::test(start_paused = true)]
async fn reads_changed_files_again() {
    let directory = TempDir::new().unwrap();
    let (file, groups) = (directory.path().join("users"), directory.path().join("groups"));
    fs::write(&file, format!("alice:{ONE}\n")).unwrap();
    fs::write(&groups, "dev: alice\n").unwrap();
    let mut options = HtpasswdOptions::new(&file).with_group_file(&groups);
    options.settle_time = Duration::ZERO;
    let users = open(options).unwrap();
    let later = || tokio::time::advance(Duration::from_secs(5));
    assert!(accepts(&users, "alice", "x").await);

    replace(&file, format!("alice:{TWO}\n"));
    assert!(accepts(&users, "alice", "x").await, "it is not yet time to look");
    later().await;
    assert!(!accepts(&users, "alice", "x").await, "the remembered password is of the old hash");
    assert!(accepts(&users, "alice", "badmin").await);

    later().await;
    replace(&file, "alice\n");
    assert!(accepts(&users, "alice", "badmin").await, "broken: the old accounts stay");
    fs::remove_file(&file).unwrap();
    later().await;
    assert!(accepts(&users, "alice", "badmin").await, "missing: the old accounts stay");

    replace(&file, format!("bob:{ONE}\n"));
    later().await;
    assert!(!accepts(&users, "alice", "badmin").await);
    assert!(accepts(&users, "bob", "x").await);

    replace(&groups, "ops: bob\n");
    later().await;
    let answer = users.authenticate(&AuthnRequest::new(&Credentials::password("bob", "x"))).await.unwrap();
    assert!(matches!(answer, Authn::Accept(bob) if bob.labels.get("group")[0].as_str() == "ops"));

    fs::write(&file, "").unwrap();
    later().await;
    assert!(!accepts(&users, "bob", "x").await, "whoever removes the last one means it");
}

#[tokio::test(start_paused = true)]
async fn files_that_are_being_written_are_left_alone() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("users");
    fs::write(&file, format!("alice:{ONE}\nbob:{ONE}\n")).unwrap();
    let mut options = HtpasswdOptions::new(&file);
    // Far longer than this test takes: what the times of the file say does not matter.
    options.settle_time = Duration::from_secs(3600);
    let users = open(options).unwrap();
    // Looks are five seconds apart.
    let both = async || {
        tokio::time::advance(Duration::from_secs(5)).await;
        (accepts(&users, "alice", "x").await, accepts(&users, "bob", "x").await)
    };
    assert_eq!(both().await, (true, true));
    // Written in place, by someone who pauses.
    fs::write(&file, format!("carol:{ONE}\n")).unwrap();
    assert_eq!(both().await, (true, true));
    tokio::time::advance(Duration::from_secs(3590)).await;
    assert_eq!(both().await, (true, true));
    fs::write(&file, format!("carol:{ONE}\nalice:{ONE}\n")).unwrap();
    assert_eq!(both().await, (true, true), "it has changed once more");
    tokio::time::advance(Duration::from_secs(3590)).await;
    assert_eq!(both().await, (true, true));
    assert_eq!(both().await, (true, false), "nobody has written to it for an hour");
    assert!(accepts(&users, "carol", "x").await);
}

#[tokio::test]
async fn an_unknown_name_costs_a_hash_of_this_table_or_of_the_one_before() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("users");
    fs::write(&file, "").unwrap();
    let (probe, hash) = Probe::with_hash("hash");
    let users = open(HtpasswdOptions::new(&file)).unwrap().with_decoys([hash]);
    assert!(!accepts(&users, "unknown", "x").await);
    assert_eq!(probe.calls(), 1);
}
