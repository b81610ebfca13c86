use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use token_auth_core::token::{PublicKey, Verifier};
use token_auth_core::{Credentials, ScopeLimits, ScopeSet, TokenError, TokenRequest};

use super::ARTICLE;
use crate::FileStamps;
use crate::config::{Config, ConfigOptions, LoadError, Loaded};

/// A folder with a configuration and the files that it names.
struct Folder(TempDir);

impl Folder {
    /// With the pair `auth.pem` and `auth.key`, and the configuration with `DIR` for the folder.
    fn new(config: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        let key = KeyPair::generate().unwrap();
        folder.write_pair("auth", &key, &CertificateParams::default());
        folder.write("auth.yml", &config.replace("DIR", &folder.path("").display().to_string()));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    fn write_pair(&self, name: &str, key: &KeyPair, params: &CertificateParams) {
        self.write(&format!("{name}.pem"), &params.self_signed(key).unwrap().pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }

    fn load(&self) -> Result<Loaded, LoadError> {
        Config::load(self.path("auth.yml"), &ConfigOptions::default().with_settle_time(Duration::ZERO))
    }

    /// What is wrong, with `DIR/` for the folder.
    fn complaints(&self) -> String {
        self.shown(&self.load().unwrap_err().to_string())
    }

    fn shown(&self, text: &str) -> String {
        text.replace(&self.path("").display().to_string(), "DIR/")
    }
}

/// What a token allows, or the status.
async fn ask(loaded: &Loaded, credentials: Credentials, scopes: &str) -> Result<String, u16> {
    let mut request = TokenRequest::new("registry");
    request.credentials = credentials;
    request.scopes = ScopeSet::parse([scopes], ScopeLimits::default()).unwrap();
    let answer = loaded.service.answer(&request).await.result.map_err(|error: TokenError| error.status())?;
    let key = loaded.service.signer().public_keys().remove(0);
    let verifier = Verifier::builder(loaded.service.issuer(), "registry").key(key).build().unwrap();
    let token = verifier.verify(&answer.token, SystemTime::now()).unwrap();
    let access = token.claims().access.iter();
    let shown = access.map(|entry| format!("{}:{}", entry.name, entry.actions));
    Ok(format!("{:?} {}", token.claims().subject, shown.collect::<Vec<_>>().join(" ")))
}

#[tokio::test]
async fn the_article() {
    let folder = Folder::new(&ARTICLE.replace("/config/", "DIR"));
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.files, ["auth.yml", "auth.pem", "auth.key"].map(|name| folder.path(name)));
    assert_eq!(loaded.service.issuer(), "Acme auth server");

    let basic = Credentials::password;
    let scopes = "repository:hello-world:pull,push repository:app:pull";
    for (name, credentials, expected) in [
        ("right", basic("admin", "badmin"), Ok("\"admin\" hello-world:pull,push app:pull")),
        ("wrong", basic("admin", "x"), Err(401)),
        ("unknown", basic("eve", "badmin"), Err(401)),
        ("anonymous", Credentials::Anonymous, Ok("\"\" hello-world:pull app:")),
    ] {
        let answer = ask(&loaded, credentials, scopes).await;
        assert_eq!(answer, expected.map(str::to_owned), "{name}");
    }
}

const BOTH: &str = "
server: {addr: ':1', certificate: DIRauth.pem, key: DIRauth.key}
token: {issuer: x, expiration: 60, services: [registry]}
users:
  alice: {password: $2b$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e}
htpasswd_auth: {file: DIRusers, group_file: DIRgroups}
acl:
- match: {labels: {group: dev}}
  actions: [pull]
";

#[tokio::test]
async fn users_and_then_the_password_file_and_the_pair_of_the_server() {
    let folder = Folder::new(BOTH);
    let badmin = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
    folder.write("users", &format!("alice:{badmin}\nbob:{badmin}\n"));
    folder.write("groups", "dev: alice bob\n");
    let loaded = folder.load().unwrap();
    let basic = Credentials::password;
    for (name, credentials, expected) in [
        ("static", basic("alice", "x"), Ok("\"alice\" app:")),
        ("known to both, right for the second only", basic("alice", "badmin"), Err(401)),
        ("of the file, with its group", basic("bob", "badmin"), Ok("\"bob\" app:pull")),
        ("of neither", basic("eve", "badmin"), Err(401)),
        ("anonymous", Credentials::Anonymous, Err(401)),
    ] {
        let answer = ask(&loaded, credentials, "repository:app:pull,push").await;
        assert_eq!(answer, expected.map(str::to_owned), "{name}");
    }
    let elsewhere = loaded.service.answer(&TokenRequest::new("elsewhere")).await.result;
    assert_eq!(elsewhere.unwrap_err(), TokenError::UnknownService);
    assert_eq!(loaded.files, ["auth.yml", "auth.pem", "auth.key"].map(|name| folder.path(name)));
}

#[tokio::test(start_paused = true)]
async fn password_files_settle_for_as_long_as_the_configuration_does() {
    let folder = Folder::new(BOTH);
    let badmin = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
    folder.write("groups", "");
    for (settle_time, expected) in [(Duration::ZERO, Ok(())), (Duration::from_secs(2), Err(401))] {
        folder.write("users", "");
        let options = ConfigOptions::default().with_settle_time(settle_time);
        let loaded = Config::load(folder.path("auth.yml"), &options).unwrap();
        folder.write("users", &format!("bob:{badmin}\n"));
        // Files are looked at again; by their own times they were written a moment ago.
        tokio::time::advance(Duration::from_secs(5)).await;
        let answer = ask(&loaded, Credentials::password("bob", "badmin"), "").await;
        assert_eq!(answer.map(drop), expected, "{settle_time:?}");
    }
}

#[test]
fn says_which_file_is_wrong() {
    let folder = Folder::new(BOTH);
    folder.write("users", "alice:hunter2\nbob\n");
    folder.write("groups", "");
    let users = "DIR/users:1: user \"alice\": this is not a password hash that is known here: make one with \
                 `htpasswd -nB NAME`\nDIR/users:2: must have the form `name:hash`";
    assert_eq!(folder.complaints(), users);
    fs::remove_file(folder.path("groups")).unwrap();
    let missing = "DIR/auth.yml:6: htpasswd_auth: DIR/groups: No such file or directory (os error 2)";
    assert_eq!(folder.complaints(), missing);

    let other = KeyPair::generate().unwrap();
    folder.write("auth.key", &other.serialize_pem());
    let certificate = "DIR/auth.yml:2: server.certificate: DIR/auth.pem: the certificate is for another key: the first \
                       certificate of the file must belong to the private key (it is that of `CN=rcgen self signed cert`: ";
    let complaints = folder.complaints();
    assert!(complaints.starts_with(certificate) && complaints.ends_with(missing), "{complaints}");
    folder.write("auth.pem", "");
    assert!(
        folder
            .complaints()
            .starts_with("DIR/auth.yml:2: server.certificate: DIR/auth.pem: no certificate found")
    );
    folder.write("auth.key", "hunter2");
    assert!(
        folder.complaints().starts_with("DIR/auth.yml:2: server.key: DIR/auth.key: no private key found")
    );
    fs::remove_file(folder.path("auth.key")).unwrap();
    assert!(
        folder
            .complaints()
            .starts_with("DIR/auth.yml:2: server.key: DIR/auth.key: No such file or directory")
    );

    folder.write("auth.yml", "users: [");
    assert_eq!(folder.complaints(), "DIR/auth.yml:1: not YAML: unclosed bracket '['");
    fs::remove_file(folder.path("auth.yml")).unwrap();
    assert_eq!(folder.complaints(), "cannot read DIR/auth.yml");
}

const KEYS: &str = "server: {addr: ':1'}
token: {issuer: x, expiration: 60, certificate: DIRauth.pem, key: DIRauth.key, x5c: true}
users: {'': {}}
acl: [{match: {}, actions: ['*']}]";

#[tokio::test]
async fn keys_of_every_kind_sign() {
    let folder = Folder::new(KEYS);
    for (name, algorithm) in [
        ("P-256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("P-384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("RSA", &rcgen::PKCS_RSA_SHA256),
    ] {
        folder.write_pair("auth", &KeyPair::generate_for(algorithm).unwrap(), &CertificateParams::default());
        let answer = ask(&folder.load().unwrap(), Credentials::Anonymous, "repository:app:push").await;
        assert_eq!(answer.as_deref(), Ok("\"\" app:push"), "{name}");
    }
}

#[test]
fn warns_of_certificates() {
    let folder = Folder::new(KEYS);
    let warnings = || {
        let shown: Vec<_> =
            folder.load().unwrap().warnings.iter().map(|finding| finding.to_string()).collect();
        folder.shown(&shown.join("\n"))
    };
    assert_eq!(warnings(), "");
    let mut expired = CertificateParams::default();
    expired.not_after = (SystemTime::now() - Duration::from_secs(3600)).into();
    folder.write_pair("auth", &KeyPair::generate().unwrap(), &expired);
    let place = "DIR/auth.yml:2: token.certificate: DIR/auth.pem: ";
    assert!(warnings().starts_with(&format!("{place}certificate 1 expired on")), "{}", warnings());

    let without =
        KEYS.replace("DIR", &folder.path("").display().to_string()).replace("x5c: true", "x5c: false");
    folder.write("auth.yml", &without);
    assert!(warnings().contains("tokens carry the libtrust key id and no certificate"), "{}", warnings());
    folder.write("auth.key", &KeyPair::generate().unwrap().serialize_pem());
    assert!(folder.complaints().contains("the certificate is for another key"));
}

const PUBLISHED: &str = "server: {addr: ':1'}
token:
  issuer: x
  expiration: 60
  certificate: DIRauth.pem
  key: DIRauth.key
  published_keys:
  - {file: DIRnext.pem}
  - {file: DIRplain.pem, until: 2100-01-01T00:00:00Z}
  - {file: DIRpast.pem, until: 2020-01-01T00:00:00+01:00}
users: {'': {}}
acl: []";

#[test]
fn published_keys_are_published_and_trusted() {
    let folder = Folder::new(PUBLISHED);
    let [next, plain, past] = [(); 3].map(|()| KeyPair::generate().unwrap());
    folder.write_pair("next", &next, &CertificateParams::default());
    folder.write("plain.pem", &plain.public_key_pem());
    folder.write_pair("past", &past, &CertificateParams::default());
    let loaded = folder.load().unwrap();
    let id = |pair: &KeyPair| PublicKey::from_pem(pair.public_key_pem().as_bytes()).unwrap().thumbprint();
    let published = |now| {
        let keys = loaded.service.public_keys(now);
        keys.iter().skip(1).map(PublicKey::thumbprint).collect::<Vec<_>>()
    };
    assert_eq!(published(SystemTime::now()), [id(&next), id(&plain)]);
    let in_a_century = SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800);
    assert_eq!(published(in_a_century), [id(&next)]);
    let warnings: Vec<_> = loaded.warnings.iter().map(|finding| folder.shown(&finding.to_string())).collect();
    let passed = "is not published any more, since `until` has passed: remove it";
    assert_eq!(warnings, [format!("DIR/auth.yml:10: token.published_keys[3]: {passed}")]);
    assert_eq!(loaded.trust.certificates_pem().matches("BEGIN").count(), 2);
    assert_eq!(loaded.trust.jwks().keys.len(), 6, "three keys, each under two ids");
    let files = ["auth.yml", "auth.pem", "auth.key", "next.pem", "plain.pem", "past.pem"];
    assert_eq!(loaded.files, files.map(|name| folder.path(name)));
}

#[test]
fn says_which_published_key_is_wrong() {
    let folder = Folder::new(PUBLISHED);
    folder.write("next.pem", &KeyPair::generate().unwrap().serialize_pem());
    folder.write("plain.pem", "hunter2");
    let complaints = folder.complaints();
    let expected = [
        "DIR/auth.yml:8: token.published_keys[1]: DIR/next.pem: a private key where a public key was expected",
        "DIR/auth.yml:9: token.published_keys[2]: DIR/plain.pem: no public key found",
        "DIR/auth.yml:10: token.published_keys[3]: DIR/past.pem: No such file or directory",
    ];
    assert_eq!(complaints.lines().count(), expected.len(), "{complaints}");
    for (line, expected) in complaints.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
    }
}

#[cfg(feature = "http")]
#[tokio::test]
async fn the_endpoint_keeps_limits_and_proxies() {
    use http::{Request, StatusCode};
    use http_body_util::Full;
    use token_auth_core::http::ClientAddress;

    let config = KEYS.replace("':1'", "':1', real_ip_header: X-Real-IP, trusted_proxies: [192.0.2.1]");
    let config = config.replace("match: {}", "match: {ip: 10.0.0.1}") + "\nlimits: {query_bytes: 100}";
    let endpoint = Folder::new(&config).load().unwrap().endpoint();
    let answer = async |query: &str, peer: [u8; 4], header: Option<&str>| {
        let mut request = Request::builder().uri(format!("/auth?{query}"));
        if let Some(header) = header {
            request = request.header("X-Real-IP", header);
        }
        let mut request = request.body(Full::<&[u8]>::default()).unwrap();
        request.extensions_mut().insert(ClientAddress::Ip(peer.into()));
        endpoint.respond(request).await.status()
    };
    assert_eq!(answer("", [192, 0, 2, 1], Some("10.0.0.1")).await, StatusCode::OK);
    assert_eq!(answer("", [192, 0, 2, 1], Some("10.0.0.9, 10.0.0.1")).await, StatusCode::OK);
    assert_eq!(answer("", [192, 0, 2, 1], None).await, StatusCode::BAD_REQUEST);
    assert_eq!(answer("", [203, 0, 113, 1], None).await, StatusCode::OK, "not by the proxy");
    assert_eq!(answer(&"x".repeat(101), [203, 0, 113, 1], None).await, StatusCode::URI_TOO_LONG);
}

/// docker_auth does not note at which of several providers someone has signed in.
#[cfg(all(feature = "oauth2", feature = "token-store-redis"))]
#[tokio::test]
async fn docker_passwords_need_one_provider() {
    let base = "server: {addr: ':0'}\ntoken: {issuer: i, expiration: 900, certificate: DIR/auth.pem, key: DIR/auth.key}\nusers: \
                {}\nacl: []\nsign_in: {key_file: DIR/sealing.key}\n";
    // Nobody is there: whoever asks the database fails.
    let database = "redis_token_db: {redis_options: {addr: '127.0.0.1:1'}}";
    let oidc = |id: &str, more: &str| {
        format!(
            "{{id: {id}, account_prefix: {id}-, issuer: 'https://x', redirect_url: 'https://y/{id}_auth', client_id: x, client_secret: x, {more}}}"
        )
    };
    let folder = |blocks: &str| {
        let folder = Folder::new(&format!("{base}{blocks}"));
        folder.write("sealing.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
        folder
    };
    let alice = || Credentials::password("alice", "wonderland");
    for (blocks, status, warnings) in [
        (format!("oidc_auth: {}", oidc("one", database)), 503, 0),
        (format!("oidc_auth: [{}, {}]", oidc("one", database), oidc("two", database)), 401, 1),
        (
            format!("oidc_auth: {}", oidc("one", &database.replace("'}", "', docker_passwords: false}"))),
            401,
            0,
        ),
    ] {
        let loaded = folder(&blocks).load().unwrap();
        assert_eq!(ask(&loaded, alice(), "repository:a:pull").await, Err(status), "{blocks}");
        assert_eq!(loaded.warnings.len(), warnings, "{:?}", loaded.warnings);
    }
    let tokens = "tokens: {store: {redis: {addr: '127.0.0.1:1', docker_passwords: true}}}\n";
    let complaint = "`docker_passwords` needs exactly one provider to sign in at";
    let two = format!("{tokens}oidc_auth: [{}, {}]", oidc("one", ""), oidc("two", ""));
    let none = Folder::new(&format!("{base}{tokens}").replace("sign_in: {key_file: DIR/sealing.key}\n", ""));
    for said in [folder(&two).complaints(), none.complaints()] {
        assert!(said.contains(complaint), "{said}");
    }
    let one = format!("{tokens}oidc_auth: {}", oidc("one", ""));
    let loaded = folder(&one).load().unwrap();
    assert_eq!(ask(&loaded, alice(), "repository:a:pull").await, Err(503));
}

#[cfg(feature = "oauth2")]
#[tokio::test]
async fn cookies_without_tls_are_warned_of() {
    let base = "token: {issuer: i, expiration: 900, certificate: DIR/auth.pem, key: DIR/auth.key}\nusers: {}\nacl: []\n";
    let github = "github_auth: {organization: x, client_id: x, client_secret: x, level_token_db: {path: DIR/tokens.redb}}\n";
    for (more, warnings) in [
        ("server: {addr: ':0'}\n", 1),
        ("server: {addr: ':0', certificate: DIR/auth.pem, key: DIR/auth.key}\n", 0),
        ("server: {addr: ':0'}\nsign_in: {public_url: 'https://auth.example.com'}\n", 0),
    ] {
        let loaded = Folder::new(&format!("{base}{github}{more}")).load().unwrap();
        let found: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        let of_cookies = found.iter().filter(|warning| warning.contains("`sign_in.public_url`")).count();
        assert_eq!(of_cookies, warnings, "{more}: {found:?}");
    }
}

const SOURCES: &str = "server: {addr: ':0'}\ntoken: {issuer: Acme, expiration: 900, certificate: DIRauth.pem, key: DIRauth.key, x5c: true}\n\
                       acl: []\nusers: {}\n";

fn directory(more: &str) -> String {
    format!("{{addr: '127.0.0.1:1', tls: none, base: dc=x, filter: '(uid=${{account}})', {more}}}")
}

#[cfg(feature = "ldap")]
#[test]
fn each_source_has_an_id_of_its_own() {
    let two = |one: &str, other: &str| {
        format!("{SOURCES}ldap_auth:\n- {}\n- {}\n", directory(one), directory(other))
    };
    for (config, expected) in [
        (two("account_prefix: a/", "id: other"), None),
        (two("account_prefix: a/", "account_prefix: b/"), Some("DIR/auth.yml:7: ldap_auth[2]: ")),
        (two("id: users", "id: other"), Some("DIR/auth.yml:6: ldap_auth[1].id: ")),
    ] {
        let folder = Folder::new(&config);
        match (folder.load(), expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) => {
                let told = folder.shown(&error.to_string());
                assert!(told.starts_with(expected), "{told}");
            }
            (loaded, _) => panic!("{config}: {loaded:?}"),
        }
    }
}

#[cfg(all(feature = "ldap", feature = "workload"))]
#[test]
fn names_that_can_meet_are_warned_of() {
    let two = |one: &str, other: &str| {
        let [one, other] =
            [format!("id: one, {one}"), format!("id: other, {other}")].map(|more| directory(&more));
        format!("{SOURCES}ldap_auth:\n- {one}\n- {other}\n")
    };
    let workload = |account: &str| {
        format!(
            "{SOURCES}workload_auth: {{issuers: [{{issuer: 'https://i.example', audience: r, keys: {{file: DIRkeys.json}}, require: {{team: x}}, account: '{account}'}}]}}\n"
        )
    };
    for (config, expected) in [
        (two("", "account_prefix: b/"), vec![]),
        (two("account_prefix: a/", "account_prefix: b/"), vec![]),
        (two("", ""), vec!["give it an `account_prefix` of its own"]),
        (two("account_prefix: a/", "account_prefix: a/b/"), vec!["one prefix begins with the other"]),
        (workload("ci/${claim.name}"), vec![]),
        (workload("${claim.name}"), vec!["begins with no text of its own"]),
    ] {
        let folder = Folder::new(&config);
        let key = PublicKey::from_pem(KeyPair::generate().unwrap().public_key_pem().as_bytes()).unwrap();
        folder.write("keys.json", &serde_json::to_string(&token_auth_core::token::jwks([&key])).unwrap());
        let loaded = folder.load().unwrap_or_else(|error| panic!("{config}: {error}"));
        let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), expected.len(), "{config}: {warnings:?}");
        assert!(warnings.iter().zip(&expected).all(|(told, words)| told.contains(words)), "{warnings:?}");
    }
}

/// A rule of which a half is there grants more than the whole.
#[test]
fn a_file_that_is_being_written_is_waited_for() {
    let settled = ConfigOptions::default().with_settle_time(Duration::from_secs(2));
    for written in ["auth.yml", "users"] {
        let folder = Folder::new(BOTH);
        let badmin = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
        folder.write("users", &format!("alice:{badmin}\nbob:{badmin}\n"));
        folder.write("groups", "dev: alice bob\n");
        let whole = fs::read_to_string(folder.path(written)).unwrap();
        let half = whole.lines().take(whole.lines().count() - 1);
        folder.write(written, &half.map(|line| format!("{line}\n")).collect::<String>());
        let path = folder.path(written);
        let writer = std::thread::spawn(move || {
            for pause in [100, 300] {
                std::thread::sleep(Duration::from_millis(pause));
                fs::write(&path, if pause == 300 { &whole } else { "" }).unwrap();
            }
            FileStamps::of([path])
        });
        let loaded = Config::load(folder.path("auth.yml"), &settled).unwrap();
        assert_eq!(writer.join().unwrap().now(), FileStamps::of([folder.path(written)]), "{written}");
        assert_eq!(loaded.stamps, FileStamps::of(&loaded.files));
        assert!(
            FileStamps::of([folder.path(written)]).settled(settled.settle_time, Duration::ZERO).is_some()
        );
    }
}

#[test]
fn what_was_broken_long_ago_is_said_at_once() {
    let folder = Folder::new(BOTH);
    folder.write("auth.yml", "server: [");
    let long_ago = ConfigOptions::default().with_settle_time(Duration::from_millis(1));
    assert!(matches!(Config::load(folder.path("auth.yml"), &long_ago), Err(LoadError::Invalid(_))));
    assert!(matches!(
        Config::load(folder.path("nothing"), &ConfigOptions::default()),
        Err(LoadError::Read { .. })
    ));
}

#[test]
fn files_that_are_written_all_the_time_are_given_up() {
    let folder = Folder::new(BOTH);
    let patient = ConfigOptions::default().with_settle_time(ConfigOptions::PATIENCE * 2);
    let error = Config::load(folder.path("auth.yml"), &patient).unwrap_err();
    let expected = "DIR/auth.yml is being written all the time: write another file, and rename it";
    assert_eq!(folder.shown(&error.to_string()), expected);
}
