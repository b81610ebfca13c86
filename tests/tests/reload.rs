//! Changes under a running server, and its end.

use std::fs::File;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

use token_auth_tests::{
    Answer, Connection, KeyPair, Place, Registry, Server, ServerSetup, Slapd, docker_auth, run, until,
};

const RELOADED: &str = "configuration loaded again";
const KEPT: &str = "the configuration stays as it was";

/// What bob may do with what is public.
fn granted(server: &Server) -> String {
    let token = server.token(Some("bob:bob-password"), &["repository:public/app:pull,push"]);
    token.actions("repository", "public/app").unwrap_or_default()
}

/// The usual configuration, where everyone may push what is public, too.
fn generous() -> String {
    Server::USUAL.replace("actions: [\"pull\"]\n", "actions: [\"pull\", \"push\"]\n")
}

#[test]
fn a_renamed_file_counts_without_being_asked_to() {
    let place = Place::new();
    let server = Server::usual(&place);
    assert_eq!(granted(&server), "pull");
    place.replace("config.yml", &generous());
    server.wait_for_log(RELOADED);
    assert_eq!(granted(&server), "pull,push");
    place.replace("config.yml", Server::USUAL);
    server.wait_for_logs(RELOADED, 2);
    assert_eq!(granted(&server), "pull");
}

#[test]
fn a_hangup_reads_the_file_at_once_and_keeps_connections() {
    let place = Place::new();
    let server = Server::usual(&place);
    let mut connection = Connection::open(server.address());
    let ask = |connection: &mut Connection| {
        let answer = connection.get("/auth?service=registry&scope=repository:public/app:pull,push");
        actions(&answer)
    };
    assert_eq!(ask(&mut connection), "pull");
    for round in 1..=5 {
        let (config, expected) =
            if round % 2 == 1 { (generous(), "pull,push") } else { (Server::USUAL.to_owned(), "pull") };
        place.write("config.yml", &config);
        server.signal("HUP");
        until("the new rules", || (ask(&mut connection) == expected).then_some(()));
    }
    server.wait_for_logs(RELOADED, 5);
}

fn actions(answer: &Answer) -> String {
    answer.token().actions("repository", "public/app").unwrap_or_default()
}

#[test]
fn a_broken_file_changes_nothing() {
    let place = Place::new();
    let server = Server::usual(&place);
    let broken = generous().replace("account: \"admin\"", "acount: \"admin\"");
    let line = 1 + broken.lines().position(|line| line.contains("acount")).unwrap_or_default();
    place.replace("config.yml", &broken);
    server.signal("HUP");
    let told = server.wait_for_log(KEPT);
    assert!(told.contains(&format!("config.yml:{line}: acl[1].match.acount")), "{told}");
    assert_eq!(granted(&server), "pull");
    // Other ways to be broken: not YAML, gone, a key that is not there, a hash that is none.
    let mut kept = server.log().matches(KEPT).count();
    for text in [
        "server: [",
        "",
        &generous().replace("token.key", "nothing.key"),
        &generous().replace("$2y$05$LO", "$2y$99$LO"),
    ] {
        place.replace("config.yml", text);
        server.signal("HUP");
        kept += 1;
        server.wait_for_logs(KEPT, kept);
        assert_eq!(granted(&server), "pull", "{text}");
    }
    place.replace("config.yml", &generous());
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    assert_eq!(granted(&server), "pull,push");
    server.never_told(&["bob-password", "badmin", "GiRwt6kM5KzK72MoZKACXOluYiIbP3RP78BCivfAu1vJoxDcBU9wy"]);
}

#[test]
fn a_new_key_signs_from_the_next_reload_on() {
    let place = Place::new();
    let server = Server::usual(&place);
    let first = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    let new = KeyPair::generate(&place, "new", "p256");
    let both = place.read("token.pem") + &place.read("new.pem");
    let bundle = place.write("both.pem", &both);
    place.replace(
        "config.yml",
        &Server::USUAL.replace("token.pem", "new.pem").replace("token.key", "new.key"),
    );
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    let second = server.token(Some("admin:badmin"), &["repository:app:pull"]);
    assert_ne!(first.header["kid"], second.header["kid"]);
    // A registry that trusts both takes the tokens of both.
    let registry = Registry::trusting(&place, &server).bundle(&bundle).start();
    for token in [&first, &second] {
        registry.ask("/v2/app/tags/list", Some(token), &[]).is(404);
    }
    let registry = Registry::trusting(&place, &server).bundle(&new.certificate).start();
    registry.ask("/v2/app/tags/list", Some(&first), &[]).is(401);
    registry.ask("/v2/app/tags/list", Some(&second), &[]).is(404);
}

#[test]
fn a_removed_user_is_out_at_once() {
    let place = Place::new();
    let server = Server::usual(&place);
    // Twice: verified credentials may be remembered.
    server.ask(Some("alice:alice-password"), &[]).is(200);
    server.ask(Some("alice:alice-password"), &[]).is(200);
    place.replace("config.yml", &Server::USUAL.replace("\"alice\"", "\"alicia\""));
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    server.ask(Some("alice:alice-password"), &[]).is_error(401);
    server.ask(Some("alicia:alice-password"), &[]).is(200);
}

#[test]
fn termination_finishes_the_request_under_way() {
    for signal in ["TERM", "INT"] {
        let place = Place::new();
        let server = Server::usual(&place);
        let form = "service=registry&scope=repository:public/app:pull,push";
        let (half, rest) = form.split_at(10);
        let mut connection = Connection::open(server.address());
        connection.send(format!(
            "POST /auth HTTP/1.1\r\nHost: tests\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{half}",
            form.len()
        ));
        let mut idle = Connection::open(server.address());
        assert_eq!(idle.get("/auth?service=registry").status, 200);
        server.signal(signal);
        // Whoever waits with nothing under way is let go, and nobody new comes in.
        idle.until_closed();
        until("the port to close", || Connection::try_open(server.address()).is_err().then_some(()));
        assert_eq!(actions(&connection.send(rest).answer()), "pull");
        assert_eq!(server.finish().ok().status.code(), Some(0));
    }
}

const NOBODY: [usize; 0] = [];

/// A crowd whose hashes are dear, at a server that computes one at a time and lets nobody wait: whoever comes beside another is
/// let in if the password is remembered, and told to come again if it is not.
struct Crowd(Vec<String>);

impl Crowd {
    const SIZE: usize = 24;

    fn new() -> Self {
        Self((0..Self::SIZE).map(|number| Self::hash(&format!("password-{number}"))).collect())
    }

    fn hash(password: &str) -> String {
        let made = run(docker_auth().args(["hash-password", "--cost", "10"]), password).ok();
        made.stdout.trim_end().to_owned()
    }

    /// The hashes and these rules.
    fn config(&self, rules: &str) -> String {
        let user = |(number, hash): (usize, &String)| format!("  user-{number}: {{password: '{hash}'}}\n");
        let users: String = self.0.iter().enumerate().map(user).collect();
        format!(
            "server: {{addr: ':0'}}\n\
             token: {{issuer: 'Acme auth server', expiration: 900, certificate: token.pem, key: token.key}}\n\
             limits: {{password_concurrency: 1, password_queue: 0}}\n\
             users:\n{users}acl:\n- {rules}\n"
        )
    }

    fn log_in(server: &Server, number: usize) -> u16 {
        server.ask(Some(&format!("user-{number}:password-{number}")), &[]).status
    }

    /// Who is not let in when all come at once.
    fn turned_away(server: &Server) -> Vec<usize> {
        thread::scope(|scope| {
            let all: Vec<_> =
                (0..Self::SIZE).map(|number| scope.spawn(move || Self::log_in(server, number))).collect();
            let let_in =
                |asked: thread::ScopedJoinHandle<'_, u16>| asked.join().is_ok_and(|status| status == 200);
            let answers = all.into_iter().map(let_in).enumerate();
            answers.filter(|(_, let_in)| !let_in).map(|(number, _)| number).collect()
        })
    }
}

#[test]
fn a_reload_keeps_the_passwords_that_are_still_right() {
    let place = Place::new();
    let mut crowd = Crowd::new();
    let (usual, generous) = ("{match: {}, actions: [pull]}", "{match: {}, actions: [pull, push]}");
    let server = Server::with(&place, &crowd.config(usual));
    assert_ne!(Crowd::turned_away(&server), NOBODY, "nobody is remembered yet");
    for number in 0..Crowd::SIZE {
        until("a place", || (Crowd::log_in(&server, number) == 200).then_some(()));
    }
    assert_eq!(Crowd::turned_away(&server), NOBODY);
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    assert_eq!(Crowd::turned_away(&server), NOBODY, "nothing has changed");
    place.replace("config.yml", &crowd.config(generous));
    server.wait_for_logs(RELOADED, 2);
    assert_eq!(Crowd::turned_away(&server), NOBODY, "the rules have changed");
    crowd.0[7] = Crowd::hash("another");
    place.replace("config.yml", &crowd.config(generous));
    server.wait_for_logs(RELOADED, 3);
    assert_eq!(Crowd::turned_away(&server), [7], "one hash has changed");
    server.ask(Some("user-7:password-7"), &[]).is_error(401);
    server.ask(Some("user-7:another"), &[]).is(200);
}

#[test]
fn a_directory_that_is_described_otherwise_begins_anew() {
    let place = Place::new();
    let mut slapd = Slapd::start(&place);
    place.write("ldap-password", "registry-secret");
    let config = |grace: &str, actions: &str| {
        format!(
            "server: {{addr: ':0'}}\n\
             token: {{issuer: 'Acme auth server', expiration: 900, certificate: token.pem, key: token.key}}\n\
             ldap_auth:\n  servers: ['{}']\n  bind_dn: cn=registry,dc=example,dc=com\n  bind_password_file: ldap-password\n  \
             base: ou=people,dc=example,dc=com\n  filter: (uid=${{account}})\n  grace: {grace}\n\
             acl:\n- {{match: {{}}, actions: [{actions}]}}\n",
            slapd.url()
        )
    };
    let configs = [config("1h", "pull"), config("1h", "pull, push"), config("2h", "pull")];
    let server = Server::with(&place, &configs[0]);
    server.ask(Some("alice:alice-password"), &[]).is(200);
    slapd.kill();
    let remembered = || server.ask(Some("alice:alice-password"), &[]).status;
    assert_eq!(remembered(), 200);
    server.signal("HUP");
    server.wait_for_log(RELOADED);
    assert_eq!(remembered(), 200, "nothing has changed");
    place.replace("config.yml", &configs[1]);
    server.wait_for_logs(RELOADED, 2);
    assert_eq!(remembered(), 200, "the rules have changed");
    server.ask(Some("alice:wrong"), &[]).is_error(503);
    place.replace("config.yml", &configs[2]);
    server.wait_for_logs(RELOADED, 3);
    assert_eq!(remembered(), 503, "the directory is described otherwise");
}

/// A rule of which a part grants what the whole does not.
const TWO_CONDITIONS: &str = "  - actions: [\"pull\", \"push\"]
    match:
      account: \"bob\"
      name: \"team/app\"
      service: \"registry\"
";

/// What bob may do elsewhere, asked on one connection.
fn elsewhere(connection: &mut Connection) -> String {
    // bob:bob-password
    connection.send(
        "GET /auth?service=registry&scope=repository:other/x:pull,push HTTP/1.1\r\nHost: tests\r\n\
         Authorization: Basic Ym9iOmJvYi1wYXNzd29yZA==\r\n\r\n",
    );
    connection.answer().token().actions("repository", "other/x").unwrap_or_default()
}

#[test]
fn a_file_is_not_read_while_it_is_being_written() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    let (before, rules) = Server::USUAL.split_at(Server::USUAL.find("acl:\n").unwrap() + "acl:\n".len());
    let whole = format!("{before}{TWO_CONDITIONS}{rules}");
    let torn = whole.find("      name: \"team/app\"").unwrap();
    place.write("config.yml", &whole);
    // Far longer than the pause below takes on the busiest machine.
    let server = ServerSetup::new(&place).args(["--settle-time", "8", "config.yml"]).start();
    let mut connection = Connection::open(server.address());
    assert_eq!(elsewhere(&mut connection), "");
    for asked in [false, true] {
        let mut file = File::create(place.at("config.yml")).unwrap();
        file.write_all(&whole.as_bytes()[..torn]).unwrap();
        if asked {
            server.signal("HUP");
        }
        // Longer than files are left unlooked at, shorter than it takes them to settle.
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(100));
            assert_eq!(elsewhere(&mut connection), "", "asked: {asked}");
        }
        file.write_all(&whole.as_bytes()[torn..]).unwrap();
        drop(file);
        server.wait_for_logs(RELOADED, 1 + usize::from(asked));
        assert_eq!(elsewhere(&mut connection), "");
    }
    assert!(!server.log().contains(KEPT), "what was half-written is not even said to be wrong");
}

#[test]
fn a_server_that_starts_waits_for_whoever_writes_its_configuration() {
    let place = Place::new();
    KeyPair::generate(&place, "token", "p256");
    let (torn, rest) = Server::USUAL.split_at(Server::USUAL.find("  - match: {name: \"public").unwrap());
    let path = place.write("config.yml", torn);
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        File::options().append(true).open(path).unwrap().write_all(rest.as_bytes()).unwrap();
    });
    let server = ServerSetup::new(&place).args(["--settle-time", "3", "config.yml"]).start();
    writer.join().unwrap();
    assert_eq!(granted(&server), "pull");
}

#[test]
fn an_edit_that_keeps_length_and_time_is_an_edit() {
    let place = Place::new();
    let server = Server::usual(&place);
    let (path, edited) = (place.at("config.yml"), Server::USUAL.replace("public/*", "private*"));
    assert_eq!(edited.len(), Server::USUAL.len());
    let time = path.metadata().unwrap().modified().unwrap();
    assert_eq!(granted(&server), "pull");
    place.write("config.yml", &edited);
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    server.wait_for_log(RELOADED);
    assert_eq!(granted(&server), "");
}
