//! The token database that docker_auth has kept in Redis, served as it is.

use serde_json::{Value, json};
use token_auth_tests::{Place, Program, Redis, Server, ServerSetup, SignIn, docker_auth, run, until};

const SCOPE: [&str; 1] = ["repository:dev/app:pull,push"];

/// As docker_auth has written it: long ago, with labels that nobody should believe any more.
fn entry(refresh_token: &str, password: &str) -> Value {
    let hash = run(Program::HTPASSWD.command().args(["-bnBC", "5", "", password]), "");
    let hash = hash.ok().stdout.trim().trim_start_matches(':').replacen("$2y$", "$2a$", 1);
    json!({
        "token_type": "Bearer", "access_token": "provider-access-token", "refresh_token": refresh_token,
        "valid_until": "2020-01-01T00:00:00Z", "docker_password": hash, "labels": {"groups": ["ops", "*"]},
    })
}

struct Setup {
    place: Place,
    redis: Redis,
    sign_in: SignIn,
}

impl Setup {
    /// Alice and bob have signed in through docker_auth, and have the password `wonderland`.
    fn new() -> Self {
        Self::with("")
    }

    /// The same with these lines in the block of the provider.
    fn with(lines: &str) -> Self {
        let place = Place::new();
        let redis = Redis::start(&place);
        // No more rights than the guide says.
        redis.cli(&["acl", "setuser", Redis::USER, "~t:*", "+get"]).ok();
        let (address, user, password) = (redis.daemon.address(), Redis::USER, Redis::PASSWORD);
        let options = format!("addr: '{address}', username: {user}, password: {password}");
        let key = run(Program::OPENSSL.command().args(["rand", "-base64", "32"]), "").ok().stdout;
        place.write("sealing.key", &key);
        let lines =
            format!("{lines}\nrevalidate_after: 1s\nredis_token_db: {{redis_options: {{{options}}}}}");
        let sign_in = SignIn::start(&place, &lines, "sign_in: {key_file: sealing.key}\n");
        let bob = json!({"email": "bob@example.com", "email_verified": true, "groups": ["dev"]});
        sign_in.provider.person("bob", &bob);
        let this = Self { place, redis, sign_in };
        for name in ["alice", "bob"] {
            let token = this.sign_in.provider.refresh_token(name);
            this.keep(&format!("{name}@example.com"), &entry(&token, "wonderland").to_string());
        }
        this
    }

    fn keep(&self, name: &str, entry: &str) {
        self.redis.cli(&["set", &format!("t:{name}"), entry]).ok();
    }

    fn kept(&self, name: &str) -> String {
        self.redis.cli(&["get", &format!("t:{name}")]).ok().stdout
    }

    fn granted(server: &Server, credentials: &str) -> Result<String, u16> {
        let answer = server.ask(Some(credentials), &SCOPE);
        match answer.status {
            200 => Ok(answer.token().actions("repository", "dev/app").unwrap_or_default()),
            status => Err(status),
        }
    }

    fn alice(&self) -> Result<String, u16> {
        Self::granted(&self.sign_in.server, "alice@example.com:wonderland")
    }
}

#[test]
fn docker_passwords_are_good_as_long_as_the_provider_says_so() {
    let setup = Setup::new();
    let before = setup.kept("alice@example.com");
    // The labels are those of the provider, not those of the entry.
    assert_eq!(setup.alice().as_deref(), Ok("pull,push"));
    for wrong in
        ["alice@example.com:wrong", "alice@example.com:", "alice:wonderland", "carol@example.com:wonderland"]
    {
        assert_eq!(Setup::granted(&setup.sign_in.server, wrong), Err(401), "{wrong}");
    }
    setup.keep("broken@example.com", "{\"docker_password\": \"provider-access-token");
    assert_eq!(Setup::granted(&setup.sign_in.server, "broken@example.com:wonderland"), Err(503));
    assert_eq!(setup.kept("alice@example.com"), before, "the database was written to");

    // Asked again and again, with tokens of which the provider takes each one once; also by another server.
    let second = ServerSetup::new(&setup.place).arg("config.yml").start();
    setup.sign_in.provider.asked();
    let mut refreshes = 0;
    until("some refreshes", || {
        assert_eq!(setup.alice().as_deref(), Ok("pull,push"));
        assert_eq!(Setup::granted(&second, "alice@example.com:wonderland").as_deref(), Ok("pull,push"));
        let asked = setup.sign_in.provider.asked();
        refreshes += asked.iter().filter(|line| *line == "POST /token").count();
        (refreshes >= 3).then_some(())
    });

    // Away, in another group, and gone.
    setup.sign_in.provider.mode(&json!({"at": "/token", "status": 503}));
    until("the provider to be missed", || (setup.alice() == Err(503)).then_some(()));
    setup.sign_in.provider.mode(&json!({}));
    let claims = json!({"email": "alice@example.com", "email_verified": true, "groups": ["ops"]});
    setup.sign_in.provider.person("alice", &claims);
    until("the new labels", || (setup.alice().as_deref() == Ok("pull")).then_some(()));
    setup.sign_in.provider.remove("alice");
    until("the end", || (setup.alice() == Err(401)).then_some(()));
    setup.sign_in.provider.person("alice", &claims);
    assert_eq!(setup.alice(), Err(401), "the session at the provider is gone for good");

    // Until she has signed in again, be it through docker_auth.
    let again = entry(&setup.sign_in.provider.refresh_token("alice"), "looking-glass");
    setup.keep("alice@example.com", &again.to_string());
    assert_eq!(setup.alice(), Err(401));
    let with_new = Setup::granted(&setup.sign_in.server, "alice@example.com:looking-glass");
    assert_eq!(with_new.as_deref(), Ok("pull"));
    let secrets = ["wonderland", "looking-glass", "provider-access-token", Redis::PASSWORD, "$2a$05$"];
    for server in [&setup.sign_in.server, &second] {
        server.never_told(&secrets);
    }
}

#[test]
fn docker_passwords_end_with_their_entry() {
    let setup = Setup::new();
    // A name that someone has at the provider now, and another one had before.
    let mallory = json!({"email": "mallory@example.com", "email_verified": true, "groups": ["dev"]});
    setup.sign_in.provider.person("mallory", &mallory);
    let foreign = setup.sign_in.provider.refresh_token("mallory");
    setup.keep("bob@example.com", &entry(&foreign, "wonderland").to_string());
    assert_eq!(Setup::granted(&setup.sign_in.server, "bob@example.com:wonderland"), Err(401));

    assert_eq!(setup.alice().as_deref(), Ok("pull,push"));
    let revoke = ["tokens", "revoke", "config.yml", "--account", "alice@example.com", "--kind", "personal"];
    run(docker_auth().current_dir(setup.place.path()).args(revoke), "").ok();
    assert_eq!(setup.alice(), Err(401));
    assert_eq!(setup.kept("alice@example.com").trim(), "");
}

/// What the log calls an account is what its passwords are revoked by.
#[test]
fn a_docker_password_is_revoked_by_the_name_with_its_prefix() {
    let setup = Setup::with("account_prefix: 'gh/'");
    let revoke = |account: &str| {
        let revoke = ["tokens", "revoke", "config.yml", "--account", account];
        run(docker_auth().current_dir(setup.place.path()).args(revoke), "")
    };
    assert_eq!(setup.alice().as_deref(), Ok("pull,push"));
    for other in ["alice@example.com", "gh/alice", "gh/gh/alice@example.com", "gh/"] {
        revoke(other).fails();
    }
    assert_eq!(setup.alice().as_deref(), Ok("pull,push"));
    revoke("gh/alice@example.com").ok();
    assert_eq!(setup.alice(), Err(401));
    assert_eq!(setup.kept("alice@example.com").trim(), "");
    assert_ne!(setup.kept("bob@example.com").trim(), "");
    revoke("gh/alice@example.com").fails();
}
