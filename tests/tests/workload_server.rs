//! Build jobs push and pull with the identity that they carry.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a JSON value that is not there is null")]

use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use token_auth_tests::{
    Answer, Image, Issuer, KeyPair, Kubelet, Place, Registry, Server, Skopeo, curl, guide_to_workloads,
};

/// A server that trusts this issuer beside its users.
fn trusting(place: &Place, issuer: &Issuer) -> Server {
    let block = format!(
        r#"
workload_auth:
  issuers:
    - issuer: {}
      name: github
      audience: registry.example.com
      require: {{repository_owner: acme}}
      account: "github:${{claim.repository}}"
      labels: {{repository: "${{claim.repository}}", ref: "${{claim.ref}}"}}
      keys: {{allow_loopback_http: true, interval: 0s}}
"#,
        issuer.url
    );
    let rules = r#"acl:
  - match: {account: "/^github:/", labels: {ref: refs/heads/main}, name: "${labels:repository}"}
    actions: [pull, push]
    comment: main pushes
  - match: {account: "/^github:/", name: "${labels:repository}"}
    actions: [pull]
"#;
    Server::with(place, &(Server::USUAL.replace("acl:\n", rules) + &block))
}

fn job(repository: &str, branch: &str) -> Value {
    json!({
        "aud": "registry.example.com", "sub": format!("repo:{repository}:ref:refs/heads/{branch}"),
        "repository": repository, "repository_owner": repository.split('/').next(),
        "ref": format!("refs/heads/{branch}"),
    })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn ask(server: &Server, jwt: &str, scope: &str) -> Answer {
    server.ask(Some(&format!("jwt:{jwt}")), &[scope])
}

#[test]
fn a_job_pushes_and_pulls_what_is_its_own() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let registry = Registry::trusting(&place, &server).start();
    let image = Image::new(&place, "app");
    let main = issuer.token(&job("acme/app", "main"));
    let skopeo = Skopeo::new(&place, &registry).logged_in("jwt", &main);
    skopeo.push(&image, "acme/app:1").ok();
    skopeo.pull("acme/app:1").ok();
    skopeo.push(&image, "acme/other:1").fails_with("denied");

    let branch = Skopeo::new(&place, &registry).logged_in("x", &issuer.token(&job("acme/app", "feature")));
    branch.pull("acme/app:1").ok();
    branch.push(&image, "acme/app:2").fails_with("denied");

    let stranger = issuer.token(&job("evil/app", "main"));
    Skopeo::new(&place, &registry).login("jwt", &stranger).fails_with("invalid username/password");
    // The users of the server are who they were.
    Skopeo::new(&place, &registry).logged_in("admin", "badmin").push(&image, "acme/other:1").ok();
    server.never_told(&[&main, &stranger]);
}

#[test]
fn a_token_is_presented_in_three_ways() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let now = now();
    let mut claims = job("acme/app", "main");
    claims["exp"] = json!(now + 120);
    let jwt = issuer.token(&claims);
    let bearer = format!("Authorization: Bearer {jwt}");
    let scope = "scope=repository:acme/app:pull,push,delete";
    let endpoint = format!("{}/auth/token", server.url);
    let url = format!("{endpoint}?service=registry&{scope}");
    let exchange = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={jwt}\
         &subject_token_type=urn:ietf:params:oauth:token-type:jwt&service=registry&{scope}"
    );
    for answer in [
        ask(&server, &jwt, "repository:acme/app:pull,push,delete"),
        curl(&["--header", &bearer, &url]),
        curl(&["--data", &exchange, &endpoint]),
    ] {
        let answer = answer.is(200);
        // Nothing longer-lived comes of it.
        assert!(answer.json().get("refresh_token").is_none(), "{answer}");
        let token = answer.token();
        assert_eq!(token.claims["sub"], "github:acme/app");
        assert_eq!(token.actions("repository", "acme/app").unwrap(), "pull,push");
        assert!(token.claims["exp"].as_u64().unwrap() <= now + 120, "{}", token.claims);
    }
    let line = &server.requests(1)[0];
    assert_eq!((&line["source"], &line["account"]), (&json!("workload github"), &json!("github:acme/app")));
    server.never_told(&[&jwt]);
}

#[test]
fn what_a_branch_is_named_opens_nothing() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    for name in ["acme/*", "acme/../../.*/", "/.*/", "${account}", "acme/?pp"] {
        let mut claims = job("acme/app", "main");
        claims["repository"] = json!(name);
        let token = ask(&server, &issuer.token(&claims), "repository:acme/app:pull").is(200).token();
        assert_eq!(token.actions("repository", "acme/app").unwrap(), "", "{name}");
    }
}

#[test]
fn tokens_that_are_not_good_are_refused() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let scope = "repository:acme/app:pull";
    let mut expired = job("acme/app", "main");
    (expired["iat"], expired["nbf"], expired["exp"]) = (json!(1_000), json!(1_000), json!(1_300));
    let mut elsewhere = job("acme/app", "main");
    elsewhere["aud"] = json!("https://github.com/acme");
    for claims in [expired, elsewhere, job("evil/app", "main")] {
        ask(&server, &issuer.token(&claims), scope).is_error(401);
    }
    issuer.rotate();
    ask(&server, &issuer.token(&job("acme/app", "main")), scope).is(200);
    ask(&server, &Issuer::start().token(&job("acme/app", "main")), scope).is_error(401);
}

#[test]
fn the_server_starts_without_the_issuer() {
    let (place, issuer) = (Place::new(), Issuer::start());
    issuer.go_away(true);
    let server = trusting(&place, &issuer);
    let jwt = issuer.token(&job("acme/app", "main"));
    let scope = "repository:acme/app:pull";
    let answer = ask(&server, &jwt, scope).is_error(503);
    assert!(!answer.body.contains("127.0.0.1"), "{answer}");
    server.wait_for_log("cannot ask for an issuer's keys");
    // Everyone else is served.
    server.ask(Some("admin:badmin"), &[scope]).is(200);
    issuer.go_away(false);
    ask(&server, &jwt, scope).is(200);
    // And what is known is known, after a change of the configuration, too.
    issuer.go_away(true);
    ask(&server, &jwt, scope).is(200);
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
    ask(&server, &jwt, scope).is(200);
}

#[test]
fn a_slow_issuer_holds_up_nobody_else() {
    let place = Place::new();
    let (slow, quick) = (Issuer::start(), Issuer::start());
    let block = |issuer: &Issuer, name: &str| {
        let keys = "keys: {allow_loopback_http: true, refresh_after: 0s, interval: 0s}";
        format!(
            "    - {{issuer: \"{}\", name: {name}, audience: registry.example.com, require: {{}}, {keys}}}\n",
            issuer.url
        )
    };
    let issuers = format!("\nworkload_auth:\n  issuers:\n{}{}", block(&slow, "slow"), block(&quick, "quick"));
    let server = Server::with(&place, &format!("{}{issuers}", Server::USUAL));
    let claims = json!({"aud": "registry.example.com", "sub": "x"});
    let asks = |issuer: &Issuer| ask(&server, &issuer.token(&claims), "repository:app:pull");
    slow.stall(true);
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| asks(&slow))).collect();
        // Its question is on the way.
        token_auth_tests::until("the slow issuer to be asked", || (!slow.asked().is_empty()).then_some(()));
        for _ in 0..10 {
            asks(&quick).is(200);
            server.ask(Some("admin:badmin"), &[]).is(200);
            server.ask(Some("admin:wrong"), &[]).is_error(401);
        }
        assert!(waiting.iter().all(|login| !login.is_finished()), "the issuer did not stall");
        slow.stall(false);
        for login in waiting {
            login.join().unwrap().is(200);
        }
    });
    // With keys that are good already, its own workloads do not wait long either.
    slow.stall(true);
    asks(&slow).is(200);
    slow.stall(false);
}

/// A server with a block of the guide, whose issuer's keys are in a file.
fn by_the_guide(place: &Place, heading: &str, keys: &Issuer) -> Server {
    let blocks = guide_to_workloads(heading);
    let block = blocks.iter().find(|block| block.starts_with("workload_auth:")).unwrap();
    place.write("keys.json", &keys.jwks().to_string());
    let mut config: Vec<&str> = block.lines().collect();
    // The addresses of the guide's issuers are nobody's here.
    config.retain(|line| !["keys:", "url:", "ca_certificate:", "token_file:"].contains(&key(line)));
    let audience = config.iter().position(|line| key(line) == "audience:").unwrap();
    config.insert(audience, "      keys: {file: keys.json}");
    let usual = Server::USUAL.split("acl:\n").next().unwrap();
    let admin = "acl:\n  - match: {account: admin}\n    actions: [\"*\"]\n";
    let config = format!("{usual}{}\n", config.join("\n")).replace("acl:\n", admin);
    Server::with(place, &config)
}

fn key(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// Tokens as the forges and Kubernetes make them, their blocks in the guide, and what comes of them.
#[test]
fn the_blocks_of_the_guide_do_what_they_say() {
    let issuer = Issuer::start();
    let now = now();
    let github = json!({
        "iss": "https://token.actions.githubusercontent.com", "aud": "registry.example.com",
        "sub": "repo:acme/app:ref:refs/heads/main", "jti": "6f4762ed-0758-4ccb-808d-ee3af5d723a8", "ref": "refs/heads/main",
        "sha": "2b5f7e1d0c3a49688d7f6e5c4b3a29180f7e6d5c", "repository": "acme/app", "repository_owner": "acme",
        "repository_id": "74", "repository_owner_id": "65", "repository_visibility": "private", "run_id": "1530",
        "run_number": "10", "run_attempt": "2", "runner_environment": "github-hosted", "actor": "octocat",
        "actor_id": "12", "workflow": "ci", "workflow_ref": "acme/app/.github/workflows/ci.yml@refs/heads/main",
        "workflow_sha": "2b5f7e1d0c3a49688d7f6e5c4b3a29180f7e6d5c", "head_ref": "", "base_ref": "", "event_name": "push",
        "ref_type": "branch", "ref_protected": "true", "check_run_id": "4711",
        "job_workflow_ref": "acme/app/.github/workflows/ci.yml@refs/heads/main",
        "nbf": now - 300, "iat": now, "exp": now + 300,
    });
    let gitlab = json!({
        "iss": "https://gitlab.example.com", "aud": ["registry.example.com", "https://vault.example.com"],
        "sub": "project_path:acme/tools/app:ref_type:branch:ref:main", "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
        "namespace_id": "72", "namespace_path": "acme/tools", "project_id": "20", "project_path": "acme/tools/app",
        "user_id": "1", "user_login": "sidney", "user_email": "sidney@example.com", "user_access_level": "developer",
        "user_identities": [{"provider": "github", "extern_uid": "2435223452345"}], "pipeline_id": "574",
        "pipeline_source": "push", "job_id": "302", "ref": "main", "ref_type": "branch",
        "ref_path": "refs/heads/main", "ref_protected": "true", "groups_direct": ["acme", "acme/tools"],
        "environment": "test-environment", "environment_protected": "false", "deployment_tier": "testing",
        "environment_action": "start", "runner_id": 1, "runner_environment": "self-hosted",
        "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc", "project_visibility": "private",
        "ci_config_ref_uri": "gitlab.example.com/acme/tools/app//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": "714a629c0b401fdce83e847fc9589983fc6f46bc",
        "nbf": now - 5, "iat": now, "exp": now + 3600,
    });
    let kubernetes = json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["registry.example.com"],
        "sub": "system:serviceaccount:prod:web", "jti": "aed34954-b33a-4142-b1ec-389d6bbb4936",
        "kubernetes.io": {
            "namespace": "prod",
            "node": {"name": "node-1", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
            "pod": {"name": "web-6d4b75cb6d-hp2xk", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
            "serviceaccount": {"name": "web", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
            "warnafter": now + 3607,
        },
        "nbf": now, "iat": now, "exp": now + 3600,
    });
    let forgejo = json!({
        "iss": "https://forgejo.example.com/api/actions", "aud": "registry.example.com",
        "sub": "repo:acme/app:ref:refs/heads/main", "repository": "acme/app", "repository_owner": "acme",
        "repository_id": "12", "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "false",
        "event_name": "push", "actor": "ada", "run_id": "7", "run_number": "7", "run_attempt": "1",
        "sha": "2b5f7e1d0c3a49688d7f6e5c4b3a29180f7e6d5c", "workflow": "ci.yml",
        "nbf": now, "iat": now, "exp": now + 3600,
    });
    for (heading, claims, account, own, may, changes) in [
        (
            "GitHub Actions",
            github,
            "github:65/74",
            "acme/app",
            "pull,push",
            vec![
                ("repository_owner_id", json!("66"), None),
                ("event_name", json!("pull_request"), Some("pull")),
            ],
        ),
        (
            "GitLab CI",
            gitlab,
            "gitlab:20",
            "acme/tools/app",
            "pull,push",
            vec![("ref_protected", json!("false"), None), ("namespace_id", json!("7"), None)],
        ),
        (
            "Kubernetes",
            kubernetes,
            "k8s:prod/web",
            "prod/web",
            "pull",
            vec![
                ("kubernetes.io", json!({"namespace": "dev", "serviceaccount": {"name": "web"}}), Some("")),
                ("kubernetes.io", json!({"namespace": "*", "serviceaccount": {"name": "web"}}), Some("")),
                ("kubernetes.io", json!({"namespace": "prod"}), None),
            ],
        ),
        (
            "Forgejo Actions",
            forgejo,
            "forgejo:12",
            "acme/app",
            "pull,push",
            vec![("repository", json!("acme/other"), Some("")), ("repository_id", json!("13"), None)],
        ),
    ] {
        let place = Place::new();
        let server = by_the_guide(&place, heading, &issuer);
        // Kubernetes writes no `typ`, and GitHub more than anyone asks for.
        let sign = |claims: &Value| {
            let header = json!({"typ": if heading == "Kubernetes" { Value::Null } else { "JWT".into() }, "x5t": "AAAA"});
            issuer.sign(&header, claims)
        };
        let scopes = [own, "other/app"].map(|name| format!("repository:{name}:pull,push,delete"));
        let asks =
            |jwt: &str| server.ask(Some(&format!("any:{jwt}")), &scopes.each_ref().map(String::as_str));
        let token = asks(&sign(&claims)).is(200).token();
        assert_eq!(token.claims["sub"], account);
        assert_eq!(token.actions("repository", own).unwrap(), may, "{heading}");
        assert_eq!(token.actions("repository", "other/app").unwrap(), "", "{heading}");
        let audience = ("aud", json!(["https://vault.example.com"]), None);
        for (claim, value, may) in changes.into_iter().chain([audience]) {
            let mut changed = claims.clone();
            changed[claim] = value;
            let answer = asks(&sign(&changed));
            match may {
                None => drop(answer.is_error(401)),
                Some(may) => {
                    let token = answer.is(200).token();
                    assert_eq!(token.actions("repository", own).unwrap(), may, "{heading}: {claim}");
                }
            }
        }
    }
}

#[test]
fn a_kubelet_pulls_with_the_identity_of_the_pod() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = by_the_guide(&place, "Kubernetes", &issuer);
    let registry = Registry::trusting(&place, &server).start();
    let image = Image::new(&place, "web");
    let admin = Skopeo::new(&place, &registry).logged_in("admin", "badmin");
    admin.push(&image, "prod/web:1").ok();
    admin.push(&image, "dev/web:1").ok();
    let jwt = issuer.token(&json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["registry.example.com"],
        "sub": "system:serviceaccount:prod:default",
        "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "default"}},
    }));
    // The kubelet asks for an image without its tag.
    let (user, password) = Kubelet::credentials(&format!("{}/prod/web", registry.address), &jwt);
    let pod = Skopeo::new(&place, &registry).logged_in(&user, &password);
    pod.pull("prod/web:1").ok();
    pod.pull("dev/web:1").fails_with("denied");
    pod.push(&image, "prod/web:2").fails_with("denied");
    server.never_told(&[&jwt]);
    for (asked, problem) in [
        (Kubelet::request("registry.example.com/prod/web", "", &json!({})).to_string(), "there is no token"),
        (Kubelet::request("web", "a.b.c", &json!({})).to_string(), "names no registry"),
        ("{".to_owned(), "not JSON"),
    ] {
        let refusal = Kubelet::ask(&asked).fails();
        assert!(refusal.stdout.is_empty() && refusal.stderr.contains(problem), "{refusal}");
        assert!(!refusal.stderr.contains("a.b.c"), "{refusal}");
    }
}

/// The issuer is a token server, too: it publishes its keys over TLS.
#[test]
fn keys_come_over_tls_from_whom_the_authority_vouches_for() {
    let (home, place) = (Place::new(), Place::new());
    let authority = KeyPair::issue(home.path(), "tls", "IP:127.0.0.1");
    let tls = "server:\n  certificate: tls.pem\n  key: tls.key\n";
    let issuer = Server::with(&home, &Server::USUAL.replacen("server:\n", tls, 1));
    let url = format!("{}/auth?service=registry.example.com", issuer.url);
    let answer = curl(&["--cacert", authority.to_str().unwrap(), "--user", "alice:alice-password", &url]);
    let jwt = answer.is(200).token().text;

    let block = format!(
        "\nworkload_auth:\n  issuers:\n    - issuer: {}\n      name: acme\n      audience: registry.example.com\n      \
         require: {{}}\n      keys: {{interval: 0s, url: \"{}/.well-known/jwks.json\", ca_certificate: ca.pem}}\n",
        Server::ISSUER,
        issuer.url
    );
    let other = KeyPair::issue(place.path(), "other", "IP:127.0.0.1");
    place.write("ca.pem", &std::fs::read_to_string(other).unwrap());
    let server = Server::with(&place, &format!("{}{block}", Server::USUAL));
    ask(&server, &jwt, "repository:app:pull").is_error(503);
    server.wait_for_log("invalid peer certificate");
    place.replace("ca.pem", &std::fs::read_to_string(authority).unwrap());
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
    let token = ask(&server, &jwt, "repository:app:pull").is(200).token();
    assert_eq!(token.claims["sub"], "acme:alice");
}

/// RFC 8693, section 2.2.
#[test]
fn an_exchange_is_answered_as_its_specification_has_it() {
    const GRANT: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&service=registry\
                         &scope=repository:acme/app:pull";
    const TYPE: &str = "subject_token_type=urn:ietf:params:oauth:token-type";
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    let endpoint = format!("{}/auth/token", server.url);
    let exchange = |form: &str| curl(&["--data", &format!("{GRANT}&{form}"), &endpoint]);
    let jwt = issuer.token(&job("acme/app", "main"));
    for kind in ["jwt", "id_token"] {
        let answer = exchange(&format!("subject_token={jwt}&{TYPE}:{kind}")).is(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let answer = answer.json();
        assert_eq!(answer["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
        assert_eq!((&answer["token_type"], &answer["access_token"]), (&json!("Bearer"), &answer["token"]));
        assert!(answer["expires_in"].as_u64().is_some_and(|seconds| seconds <= 300), "{answer}");
    }
    let mut late = job("acme/app", "main");
    (late["iat"], late["nbf"], late["exp"]) = (json!(1_000), json!(1_000), json!(1_300));
    let (late, stranger) = (issuer.token(&late), Issuer::start().token(&job("acme/app", "main")));
    for (form, status, error) in [
        (format!("subject_token={late}&{TYPE}:jwt"), 401, "invalid_grant"),
        (format!("subject_token={stranger}&{TYPE}:jwt"), 401, "invalid_grant"),
        (format!("subject_token=badmin&{TYPE}:jwt"), 401, "invalid_grant"),
        (format!("subject_token={jwt}"), 400, "invalid_request"),
        (format!("{TYPE}:jwt"), 400, "invalid_request"),
        (format!("subject_token={jwt}&{TYPE}:saml2"), 400, "invalid_request"),
        (format!("subject_token={jwt}&subject_token={jwt}&{TYPE}:jwt"), 400, "invalid_request"),
        (
            format!("subject_token={jwt}&{TYPE}:jwt&actor_token={jwt}&actor_token_type=x"),
            400,
            "invalid_request",
        ),
    ] {
        let answer = exchange(&form).is_error(status);
        assert_eq!(answer.json()["error"], error, "{form}");
        assert!(!answer.body.contains(&jwt), "{answer}");
    }
    let user = ["--user", "admin:badmin", "--data"];
    let form = format!("{GRANT}&subject_token={jwt}&{TYPE}:jwt");
    curl(&[user[0], user[1], user[2], &form, &endpoint]).is_error(400);
    server.never_told(&[&jwt, &late, &stranger]);
}

#[test]
fn a_file_of_keys_is_read_again_with_the_configuration() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = by_the_guide(&place, "GitHub Actions", &issuer);
    let job = || {
        let mut claims = job("acme/app", "main");
        claims["iss"] = json!("https://token.actions.githubusercontent.com");
        (claims["repository_owner_id"], claims["repository_id"]) = (json!("65"), json!("74"));
        issuer.token(&claims)
    };
    let (old, scope) = (job(), "repository:acme/app:pull");
    ask(&server, &old, scope).is(200);
    issuer.rotate();
    issuer.withdraw_old_keys();
    ask(&server, &job(), scope).is_error(401);
    let reload = |keys: &str, word: &str| {
        place.replace("keys.json", keys);
        server.signal("HUP");
        server.wait_for_log(word);
    };
    // What cannot be used changes nothing.
    reload("{}", "keys.json");
    ask(&server, &old, scope).is(200);
    reload(&issuer.jwks().to_string(), "configuration loaded again");
    ask(&server, &job(), scope).is(200);
    ask(&server, &old, scope).is_error(401);
}

/// A job goes on after its token has ended, with what was granted to it, until that is revoked.
#[test]
fn a_job_takes_a_password_in_exchange() {
    const FORM: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
                        &subject_token_type=urn:ietf:params:oauth:token-type:jwt&scope=repository:acme/app:pull,push";
    const PASSWORD: &str = "requested_token_type=urn:token-auth:token-type:password";
    let (place, issuer) = (Place::new(), Issuer::start());
    let block = |more: &str| {
        let usual = Server::USUAL.split("acl:\n").next().unwrap();
        format!(
            "{usual}workload_auth:\n  issuers:\n    - issuer: {}\n      name: ci\n      audience: registry.example.com\n      \
             require: {{}}\n      account: 'ci:${{claim.sub}}'\n      labels: {{repository: '${{claim.repository}}'}}\n      \
             keys: {{allow_loopback_http: true}}\n{more}tokens: {{store: {{path: tokens.redb}}}}\nacl:\n  \
             - match: {{account: '/^ci:/', name: '${{labels:repository}}'}}\n    actions: [pull, push]\n",
            issuer.url
        )
    };
    let server = Server::with(&place, &block("      password_lifetime: 15m\n"));
    let endpoint = format!("{}/auth/token", server.url);
    let jwt = issuer.token(&json!({"aud": "registry.example.com", "sub": "1", "repository": "acme/app"}));
    let exchange = |more: &str| curl(&["--data", &format!("{FORM}&subject_token={jwt}&{more}"), &endpoint]);
    let answer = exchange(&format!("audience=registry&{PASSWORD}")).is(200).json();
    let password = answer["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"], &answer["scope"]),
        (&json!("N_A"), &json!(900), &json!("repository:acme/app:pull,push"))
    );
    let granted = |scope: &str| {
        let answer = server.ask(Some(&format!("job:{password}")), &[scope]);
        (answer.status == 200)
            .then(|| answer.token().actions("repository", scope.split(':').nth(1).unwrap()).unwrap())
    };
    assert_eq!(granted("repository:acme/app:pull,push,delete").as_deref(), Some("pull,push"));
    assert_eq!(granted("repository:acme/other:pull").as_deref(), Some(""));
    // For no registry, and for kinds of token that are not given out.
    for (more, error) in [
        (PASSWORD.to_owned(), "invalid_request"),
        (String::new(), "invalid_request"),
        ("service=registry&audience=other".to_owned(), "invalid_request"),
        (
            "service=registry&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token".to_owned(),
            "invalid_request",
        ),
    ] {
        assert_eq!(exchange(&more).is_error(400).json()["error"], error, "{more}");
    }
    let revoke = ["tokens", "revoke", "config.yml", "--account", "ci:1"];
    token_auth_tests::run(token_auth_tests::docker_auth().current_dir(place.path()).args(revoke), "").ok();
    assert_eq!(granted("repository:acme/app:pull"), None);
    // Where it is not allowed, which is the default.
    place.replace("config.yml", &block(""));
    server.signal("HUP");
    server.wait_for_log("configuration loaded again");
    let answer = exchange(&format!("service=registry&{PASSWORD}")).is_error(400);
    assert_eq!(answer.json()["error"], "invalid_request");
    server.never_told(&[&jwt, &password]);
}

/// All jobs come with one user name, and often from one address: what is refused of one is nothing to the others.
#[test]
fn refused_jobs_do_not_keep_the_others_out() {
    let (place, issuer) = (Place::new(), Issuer::start());
    let server = trusting(&place, &issuer);
    for number in 0..150 {
        let stranger = issuer.token(&job(&format!("evil/app-{number}"), "main"));
        ask(&server, &stranger, "repository:acme/app:pull").is_error(401);
    }
    ask(&server, &issuer.token(&job("acme/app", "main")), "repository:acme/app:pull").is(200);
    // Of an issuer that nobody trusts it is a password like any other.
    let impostor = Issuer::start();
    for number in 0..10 {
        let dressed = impostor.token(&job(&format!("acme/app-{number}"), "main"));
        ask(&server, &dressed, "repository:acme/app:pull").is_error(401);
    }
    let dressed = impostor.token(&job("acme/app", "main"));
    ask(&server, &dressed, "repository:acme/app:pull").is_error(429);
    ask(&server, &issuer.token(&job("acme/app", "main")), "repository:acme/app:pull").is(200);
}
