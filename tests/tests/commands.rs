//! The commands beside serving: `check`, `hash-password`, `generate-key`, `--help`.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use token_auth_tests::{Finished, KeyPair, Place, Program, Server, ServerSetup, docker_auth, openssl, run};

fn check(place: &Place, config: &str, options: &[&str]) -> Finished {
    place.write("config.yml", config);
    run(docker_auth().current_dir(place.path()).arg("check").args(options).arg("config.yml"), "")
}

fn place() -> Place {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    place
}

#[test]
fn check_accepts_what_would_run() {
    let place = place();
    assert!(check(&place, Server::USUAL, &[]).ok().stdout.contains("config.yml"));
    let article = include_str!("../data/article/auth_config.yml");
    let article = article.replace("/config/auth.pem", "token.pem").replace("/config/auth.key", "token.key");
    check(&place, &article, &[]).ok();
}

#[test]
fn check_names_file_line_and_key_of_everything_that_is_wrong() {
    let place = place();
    let usual = Server::USUAL;
    for (from, to, key) in [
        ("account: \"admin\"", "acount: \"admin\"", "acl[1].match.acount"),
        ("issuer: \"Acme auth server\"", "isuer: \"Acme auth server\"", "token.isuer"),
        ("expiration: 900", "expiration: 0", "token.expiration"),
        ("expiration: 900", "expiration: soon", "token.expiration"),
        ("addr: \"127.0.0.1:0\"", "addr: nowhere", "server.addr"),
        ("addr: \"127.0.0.1:0\"", "addr: \":5001\"\n  letsencypt: {}", "server.letsencypt"),
        ("$2y$05$GiRwt6kM5KzK72MoZ", "$2y$05$Gi", "users.bob.password"),
        ("name: \"public/*\"", "name: \"public/[\"", "acl[4].match.name"),
        ("name: \"public/*\"", "name: \"/public(/\"", "acl[4].match.name"),
    ] {
        let config = usual.replace(from, to);
        assert_ne!(config, usual, "{from}");
        let word = key.rsplit('.').next().unwrap_or(key);
        let finished = check(&place, &config, &[]).fails();
        assert_eq!(finished.status.code(), Some(1), "{finished}");
        let said = &finished.stderr;
        let line =
            said.lines().find(|line| line.contains(key)).unwrap_or_else(|| panic!("{key}: {finished}"));
        let number: usize = line.split(':').nth(1).and_then(|number| number.trim().parse().ok()).unwrap_or(0);
        assert!(line.starts_with("config.yml:"), "{line}");
        assert!(config.lines().nth(number - 1).is_some_and(|text| text.contains(word)), "{line}");
        // The server says the same, and does not start.
        let server = ServerSetup::new(&place).arg("config.yml").finish().fails();
        assert!(server.stderr.contains(key), "{server}");
    }
    // Several at once.
    let both = usual.replace("account: \"admin\"", "acount: \"admin\"").replace("isuer", "issuer");
    let both = both.replace("expiration: 900", "expiration: 0");
    let said = check(&place, &both, &[]).fails().stderr;
    assert!(said.contains("acl[1].match.acount") && said.contains("token.expiration"), "{said}");
}

#[test]
fn check_looks_at_the_files_that_are_named() {
    let place = place();
    for (from, to, word) in [
        ("token.pem", "nothing.pem", "nothing.pem"),
        ("token.key", "nothing.key", "nothing.key"),
        ("key: \"token.key\"", "key: \"token.pem\"", "token.pem"),
    ] {
        check(&place, &Server::USUAL.replace(from, to), &[]).fails_with(word);
    }
    KeyPair::generate(&place, "other", "p256");
    check(&place, &Server::USUAL.replace("token.key", "other.key"), &[]).fails_with("another key");
    run(docker_auth().current_dir(place.path()).args(["check", "absent.yml"]), "").fails_with("absent.yml");
}

#[test]
fn lenient_warns_of_unknown_keys_but_not_where_they_would_open_doors() {
    let place = place();
    let unknown = Server::USUAL.replace("expiration: 900", "expiration: 900\n  colour: blue");
    check(&place, &unknown, &[]).fails_with("token.colour");
    let finished = check(&place, &unknown, &["--lenient"]).ok();
    assert!(finished.stdout.contains("warning") && finished.stdout.contains("token.colour"), "{finished}");
    place.write("config.yml", &unknown);
    ServerSetup::new(&place).arg("config.yml").finish().fails_with("token.colour");
    let server = ServerSetup::new(&place).arg("--lenient").arg("config.yml").start();
    server.wait_for_log("token.colour");
    server.ask(None, &[]).is(200);
    let door = Server::USUAL.replace("account: \"admin\"", "acount: \"admin\"");
    check(&place, &door, &["--lenient"]).fails_with("acount");
}

#[test]
fn check_never_shows_a_secret() {
    let place = place();
    let config = Server::USUAL.replace("$2y$05$GiRwt6kM5KzK72MoZ", "s3cr3t-in-clear-text");
    let finished = check(&place, &config, &[]).fails();
    assert!(!finished.to_string().contains("s3cr3t"), "{finished}");
}

#[test]
fn hashes_open_the_door() {
    let place = place();
    let hash = |arguments: &[&str], password: &str| {
        run(docker_auth().arg("hash-password").args(arguments), password).ok().stdout.trim_end().to_owned()
    };
    let plain = hash(&["--cost", "5"], "correct horse\n");
    assert!(plain.starts_with("$2") && plain.contains("$05$") && plain.len() == 60, "{plain}");
    let named = hash(&["dave", "--cost", "4"], "battery staple");
    let named_hash = named.strip_prefix("dave:").unwrap();
    let crlf = hash(&["--cost", "4"], "windows\r\n");
    let usual = hash(&[], "usual\n");
    assert!(usual.contains("$10$"), "{usual}");
    let users = format!(
        "users:\n  \"carol\": {{password: \"{plain}\"}}\n  \"dave\": {{password: \"{named_hash}\"}}\n  \"erin\": {{password: \"{crlf}\"}}\n"
    );
    let server = Server::with(&place, &Server::USUAL.replace("users:\n", &users));
    for (credentials, status) in [
        ("carol:correct horse", 200),
        ("carol:correct horse ", 401),
        ("dave:battery staple", 200),
        ("erin:windows", 200),
        ("erin:windows\r", 401),
    ] {
        assert_eq!(server.ask(Some(credentials), &[]).status, status, "{credentials:?}");
    }
    // Apache's tool reads them, too.
    let file = place.write("htpasswd", &format!("{named}\n"));
    let verify =
        |password: &str| run(Program::HTPASSWD.command().arg("-vb").arg(&file).args(["dave", password]), "");
    verify("battery staple").ok();
    verify("battery").fails();
}

#[test]
fn passwords_that_bcrypt_would_cut_are_refused() {
    for password in ["", "\n", &"x".repeat(73), "nul\0inside"] {
        let finished = run(docker_auth().args(["hash-password", "--cost", "4"]), password).fails();
        assert!(finished.stdout.is_empty(), "{finished}");
    }
    run(docker_auth().args(["hash-password", "--cost", "4"]), &"x".repeat(72)).ok();
    run(docker_auth().args(["hash-password", "--cost", "40"]), "password").fails_with("cost");
}

#[test]
fn a_hash_of_apache_is_accepted() {
    let place = place();
    let line = run(Program::HTPASSWD.command().args(["-nbB", "-C", "5", "frank", "frank-password"]), "").ok();
    let hash = line.stdout.trim().strip_prefix("frank:").unwrap().to_owned();
    let users = format!("users:\n  \"frank\": {{password: \"{hash}\"}}\n");
    let server = Server::with(&place, &Server::USUAL.replace("users:\n", &users));
    server.ask(Some("frank:frank-password"), &[]).is(200);
    server.ask(Some("frank:other"), &[]).is_error(401);
}

#[test]
fn generated_keys_are_private_and_never_overwritten() {
    let place = Place::new();
    for kind in ["p256", "p384", "ed25519", "rsa2048"] {
        let pair = KeyPair::generate(&place, kind, kind);
        assert_eq!(fs::metadata(&pair.key).unwrap().permissions().mode() & 0o777, 0o600);
        let (key, certificate) = (format!("{kind}.key"), format!("{kind}.pem"));
        let public = |arguments: &[&str]| openssl(place.path(), arguments).ok().stdout;
        assert_eq!(
            public(&["pkey", "-in", &key, "-pubout"]),
            public(&["x509", "-in", &certificate, "-noout", "-pubkey"])
        );
        let before = place.read(&key);
        let mut again = docker_auth();
        again.args(["generate-key", "--algorithm", kind, "--key"]).arg(&pair.key);
        run(again.arg("--certificate").arg(place.at("another.pem")), "").fails_with(&key);
        assert!(place.read(&key) == before && !place.at("another.pem").exists());
        let mut again = docker_auth();
        again.args(["generate-key", "--algorithm", kind, "--key"]).arg(place.at("another.key"));
        run(again.arg("--certificate").arg(&pair.certificate), "").fails_with(&certificate);
        assert!(!place.at("another.key").exists());
    }
}

#[test]
fn a_configuration_that_is_not_there_is_named_once() {
    let place = Place::new();
    let finished = run(docker_auth().current_dir(place.path()).args(["check", "nowhere.yml"]), "").fails();
    assert_eq!(finished.stderr.trim(), "cannot read nowhere.yml: No such file or directory (os error 2)");
}

#[test]
fn a_certificate_lives_as_long_as_was_asked() {
    let place = Place::new();
    let mut command = docker_auth();
    command.current_dir(place.path()).args(["generate-key", "--days", "30", "--common-name", "Acme"]);
    let said = run(&mut command, "").ok().stdout;
    assert!(said.contains("token.key") && said.contains("token.pem"), "{said}");
    let day = 24 * 3600;
    let lives = |seconds: u32| {
        openssl(place.path(), &["x509", "-in", "token.pem", "-checkend", &seconds.to_string()])
    };
    lives(29 * day).ok();
    lives(31 * day).fails();
    let subject = openssl(place.path(), &["x509", "-in", "token.pem", "-noout", "-subject"]).ok().stdout;
    assert!(subject.contains("Acme"), "{subject}");
}

#[test]
fn help_mentions_every_command() {
    let help = run(docker_auth().arg("--help"), "").ok().stdout;
    for word in [
        "check",
        "explain",
        "hash-password",
        "generate-key",
        "tokens",
        "--listen",
        "--data-dir",
        "--lenient",
        "--log-format",
    ] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    for command in ["check", "explain", "hash-password", "generate-key", "tokens"] {
        assert!(!run(docker_auth().args([command, "--help"]), "").ok().stdout.is_empty());
    }
    assert!(run(docker_auth().arg("--version"), "").ok().stdout.starts_with("docker-auth "));
    let wrong = run(docker_auth().arg("--no-such-option"), "").fails();
    assert_eq!(wrong.status.code(), Some(2));
}
