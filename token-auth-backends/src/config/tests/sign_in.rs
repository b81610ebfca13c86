use super::findings;
use crate::config::ConfigOptions;

const BASE: &str =
    "server: {addr: \":5001\"}\ntoken: {issuer: x, expiration: 900, certificate: c, key: k}\nacl: []\n";

fn found(block: &str) -> Result<Vec<String>, Vec<String>> {
    let found = findings(format!("{BASE}{block}"), &ConfigOptions::default());
    let (Ok(texts) | Err(texts)) = &found;
    assert!(!texts.concat().contains("hunter2"), "{texts:?}");
    found
}

/// The blocks as docker_auth's examples have them, but for the store.
#[test]
fn docker_auths_blocks() {
    for block in [
        "google_auth: {domain: x, client_id: x, client_secret: hunter2, level_token_db: {path: x, token_hash_cost: 5}, http_timeout: 10s}",
        "github_auth: {organization: x, client_id: x, client_secret_file: x, level_token_db: {path: x}, http_timeout: 10s, revalidate_after: 1h, github_web_uri: 'https://x', github_api_uri: 'https://x/api/v3', registry_url: x}",
        "oidc_auth: {issuer: 'https://x', redirect_url: 'https://y/oidc_auth', client_id: x, client_secret: hunter2, level_token_db: {path: x}, http_timeout: 10s, registry_url: 'https://x', user_claim: x, label_claims: [x], scopes: [x]}",
        "oidc_auth: {issuer: 'https://x', redirect_url: 'https://y/oidc_auth', client_id: x, client_secret: hunter2, level_token_db: {path: x}, labels_claims: [x]}",
        "gitlab_auth: {organization: x, client_id: x, client_secret: hunter2, level_token_db: {path: x}, http_timeout: 10s, revalidate_after: 1h, gitlab_web_uri: 'https://x', gitlab_api_uri: 'https://x', registry_url: x, grant_type: authorization_code, redirect_uri: 'https://y/gitlab_auth'}",
    ] {
        assert_eq!(found(block), Ok(vec![]), "{block}");
    }
}

#[test]
fn several_providers() {
    let google = "google_auth: {domain: x, client_id: x, client_secret: x, level_token_db: {path: x}}\n";
    let oidc = |id: &str, more: &str| {
        format!(
            "{{id: {id}, issuer: 'https://x', redirect_url: 'https://y/{id}_auth', client_id: x, client_secret: x, level_token_db: {{path: x}}, {more}}}"
        )
    };
    for blocks in [
        format!("{google}oidc_auth: {}", oidc("oidc", "account_prefix: 'corp/'")),
        format!("oidc_auth: [{}, {}]", oidc("one", "account_prefix: 1-"), oidc("two", "account_prefix: 2-")),
    ] {
        assert_eq!(found(&blocks), Ok(vec![]), "{blocks}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let github = |more: &str| {
        format!(
            "github_auth:\n  organization: x\n  client_id: x\n  client_secret: hunter2\n  level_token_db: {{path: x}}\n  {more}"
        )
    };
    let everyone = "is not given: everyone who has";
    for (block, expected) in [
        (
            "oidc_auth: {}".to_owned(),
            vec![
                "4: oidc_auth.issuer: is required",
                "4: oidc_auth.client_id: is required",
                "4: oidc_auth.client_secret_file: is required, or `client_secret`",
                "4: oidc_auth.redirect_url: is required",
                "4: oidc_auth.level_token_db: is required, or `tokens.store`: it says where tokens are kept",
            ],
        ),
        (github("clientid: x"), vec!["9: github_auth.clientid: unknown key: did you mean `client_id`?"]),
        (github("id: Git Hub"), vec!["9: github_auth.id: must be 1 to 32 small letters, digits and `-`"]),
        (
            github("github_web_uri: github.example.com"),
            vec!["9: github_auth.github_web_uri: must be an address: https://HOST/PATH, without user, query or fragment"],
        ),
        (
            github("redirect_url: https://y/login"),
            vec!["9: github_auth.redirect_url: must end in /github_auth"],
        ),
        (
            github("redis_token_db: {redis_options: {addr: x, pasword: hunter2}}"),
            vec!["9: github_auth.redis_token_db: stands beside `level_token_db`: keep one of them"],
        ),
        (
            "gitlab_auth: {organization: x, client_id: x, client_secret: x, level_token_db: {path: x}, grant_type: password, redirect_uri: 'https://y/gitlab_auth'}".to_owned(),
            vec!["4: gitlab_auth.grant_type: must be authorization_code, and is \"password\""],
        ),
        (
            "oidc_auth: {issuer: 'https://x', redirect_url: 'https://y/oidc_auth', client_id: x, client_secret: x, level_token_db: {path: x}, clock_skew: 1h, label_claims: [], labels_claims: []}".to_owned(),
            vec![
                "4: oidc_auth.clock_skew: must be at most 10m: set the clocks right instead",
                "4: oidc_auth.labels_claims: is another name of `label_claims`: remove one of them",
            ],
        ),
        (
            "users: {}\nsign_in: {session: 1h}".to_owned(),
            vec!["5: sign_in: needs a provider: `oidc_auth`, `google_auth`, `github_auth` or `gitlab_auth`"],
        ),
    ] {
        let mut told = found(&block).unwrap_err();
        told.retain(|finding| !finding.contains(everyone));
        assert_eq!(told, expected, "{block}");
    }
}

#[test]
fn what_is_risky_is_warned_of() {
    for (block, expected) in [
        (
            "github_auth: {client_id: x, client_secret: x, level_token_db: {path: x}}",
            vec![
                "4: github_auth.organization: is not given: everyone who has an account at GitHub can sign in",
            ],
        ),
        (
            "google_auth: {client_id: x, client_secret: x, level_token_db: {path: x}}",
            vec!["4: google_auth.domain: is not given: everyone who has a Google account can sign in"],
        ),
        (
            "oidc_auth: {issuer: 'http://keycloak.internal', redirect_url: 'http://127.0.0.1/oidc_auth', client_id: x, client_secret: x, client_secret_file: x, level_token_db: {path: x}}",
            vec![
                "4: oidc_auth.issuer: is without TLS: whoever is on the way can read and change what is sent",
                "4: oidc_auth.client_secret: does not count beside `client_secret_file`: remove one of them",
            ],
        ),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(found(block), Ok(expected), "{block}");
    }
}
