//! GitHub and GitLab, by the shapes of their interfaces.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use serde_json::json;

use super::*;
use crate::oauth2::fake::{Asked, Fake, Told};
use crate::oauth2::{IdentityProvider, SignInRefusal};

fn registration() -> Registration {
    Registration { client_id: "client".to_owned(), client_secret: Password::new("client-secret") }
}

const CHALLENGE: Challenge<'_> = Challenge {
    state: "state",
    nonce: "nonce",
    verifier: "verifier-verifier-verifier-verifier-verifier",
    redirect_url: Some("https://auth.example/github_auth"),
};

const NEXT: &str =
    "Link: <https://evil.example/user/teams?page=2>; rel=\"next\", <https://x>; rel=\"last\"\r\n";

/// GitHub, for a member of Acme with 101 teams on two pages.
fn github(asked: &Asked, _: &str) -> Told {
    let team = |slug: &str, organization: &str, parent: Option<&str>| json!({"slug": slug, "organization": {"login": organization}, "parent": parent.map(|slug| json!({"slug": slug}))});
    match asked.path.as_str() {
        "/login/oauth/access_token" => {
            (200, "", json!({"access_token": "gho_1", "token_type": "bearer", "scope": ""}).to_string())
        }
        "/user" => (200, "", json!({"id": 7, "login": "Alice", "name": "A"}).to_string()),
        "/user/memberships/orgs/acme" => (200, "", json!({"state": "active"}).to_string()),
        "/user/teams?per_page=100&page=1" => {
            (200, NEXT, json!([team("dev", "Acme", Some("all")), team("root", "other", None)]).to_string())
        }
        "/user/teams?per_page=100&page=2" => (200, "", json!([team("ops", "acme", None)]).to_string()),
        // A parent has a parent, and no end would be no reason to ask for ever.
        "/orgs/acme/teams/all" => (200, "", team("all", "Acme", Some("company")).to_string()),
        "/orgs/acme/teams/company" => (200, "", team("company", "Acme", Some("all")).to_string()),
        _ => (404, "", "{}".to_owned()),
    }
}

async fn at_github(tell: impl Fn(&Asked, &str) -> Told + Send + Sync + 'static) -> (Fake, GitHub) {
    let fake = Fake::start(tell).await;
    let mut options = GitHubOptions::new(registration(), Some("acme".to_owned()));
    (options.web, options.api) = (fake.url.clone(), format!("{}/", fake.url));
    let provider = GitHub::new("github", options).unwrap();
    (fake, provider)
}

fn labels(verdict: SignInVerdict) -> serde_json::Value {
    match verdict {
        SignInVerdict::Known(profile) => serde_json::to_value(&profile.labels).unwrap(),
        SignInVerdict::Refused(refusal) => panic!("{refusal:?}"),
    }
}

#[tokio::test]
async fn github_tells_login_teams_and_parents() {
    let (fake, github) = at_github(github).await;
    let url = github.authorization_url(&CHALLENGE).await.unwrap();
    for part in [
        "/login/oauth/authorize?",
        "code_challenge_method=S256",
        "state=state",
        "scope=read%3Aorg",
        "client_id=client",
    ] {
        assert!(url.as_str().contains(part), "{url}");
    }
    assert!(!url.as_str().contains("verifier-verifier"), "{url}");
    let verdict = github.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
    let SignInVerdict::Known(profile) = &verdict else { panic!("{verdict:?}") };
    assert_eq!((&*profile.subject, &*profile.account), ("7", "Alice"));
    assert_eq!(labels(verdict), json!({"teams": ["all", "company", "dev", "ops"]}));
    let asked = fake.asked.lock().unwrap();
    assert!(asked[0].body.contains("code_verifier=verifier-verifier") && asked[0].body.contains("code=code"));
    assert!(asked[1..].iter().all(|asked| asked.authorization == "Bearer gho_1"));
}

#[tokio::test]
async fn github_refuses_strangers_and_fails_closed() {
    let over = |path: &'static str, told: Told| {
        move |asked: &Asked, own: &str| if asked.path == path { told.clone() } else { github(asked, own) }
    };
    let none = String::new;
    for (name, path, told, refused) in [
        ("no member", "/user/memberships/orgs/acme", (404, "", none()), true),
        ("no access", "/user/memberships/orgs/acme", (403, "", none()), true),
        (
            "only invited",
            "/user/memberships/orgs/acme",
            (200, "", json!({"state": "pending"}).to_string()),
            true,
        ),
        ("a parent that cannot be read", "/orgs/acme/teams/company", (404, "", none()), false),
        ("token revoked", "/user", (401, "", none()), true),
        ("teams refused", "/user/teams?per_page=100&page=2", (403, "", none()), true),
        (
            "code refused",
            "/login/oauth/access_token",
            (200, "", json!({"error": "bad_verification_code"}).to_string()),
            true,
        ),
        (
            "code used up",
            "/login/oauth/access_token",
            (400, "", json!({"error": "invalid_grant"}).to_string()),
            true,
        ),
        ("a name with a colon", "/user", (200, "", json!({"id": 7, "login": "a:b"}).to_string()), true),
        (
            "too many requests",
            "/user/memberships/orgs/acme",
            (403, "X-RateLimit-Remaining: 0\r\n", none()),
            false,
        ),
        ("slow down", "/user", (403, "Retry-After: 60\r\n", none()), false),
        ("broken", "/user", (502, "", none()), false),
        ("garbage", "/user", (200, "", "<html>".to_owned()), false),
        ("garbage token", "/login/oauth/access_token", (200, "", "secret-garbage".to_owned()), false),
        (
            "wrong secret",
            "/login/oauth/access_token",
            (401, "", json!({"error": "invalid_client"}).to_string()),
            false,
        ),
        ("redirect", "/user", (302, "Location: https://evil.example\r\n", none()), false),
        ("teams without end", "/user/teams?per_page=100&page=2", (200, NEXT, "[]".to_owned()), true),
    ] {
        let (_fake, github) = at_github(over(path, told)).await;
        let answer = github.redeem(&Password::new("code"), &CHALLENGE).await;
        let shown = format!("{answer:?}");
        assert!(
            !shown.contains("client-secret") && !shown.contains("secret-garbage") && !shown.contains("gho_1"),
            "{shown}"
        );
        match name {
            // The third page is not there.
            "teams without end" => assert!(!matches!(answer, Ok(SignInVerdict::Known(_))), "{shown}"),
            _ => match answer {
                Ok(SignInVerdict::Refused(_)) => assert!(refused, "{name}"),
                Err(_) => assert!(!refused, "{name}"),
                Ok(SignInVerdict::Known(_)) => panic!("{name}: {shown}"),
            },
        }
    }
}

fn gitlab(asked: &Asked, _: &str) -> Told {
    match asked.path.as_str() {
        "/oauth/token" => {
            let token = if asked.body.contains("refresh_token=r1") { ["a2", "r2"] } else { ["a1", "r1"] };
            let told = json!({"access_token": token[0], "refresh_token": token[1], "token_type": "Bearer", "expires_in": 7200});
            (200, "", told.to_string())
        }
        "/api/v4/user" => (200, "", json!({"id": 9, "username": "bob", "state": "active"}).to_string()),
        "/api/v4/groups?min_access_level=10&per_page=100&page=1" => {
            (200, NEXT, json!([{"full_path": "acme/dev"}, {"full_path": "base-images"}]).to_string())
        }
        "/api/v4/groups?min_access_level=10&per_page=100&page=2" => {
            let groups = ["Acme", "acme-evil", "acme/dev/web", "base/acme", "acmeé", "acme/devil"];
            let groups: Vec<_> = groups.iter().map(|path| json!({"full_path": path})).collect();
            (200, "", json!(groups).to_string())
        }
        _ => (404, "", "{}".to_owned()),
    }
}

async fn at_gitlab(
    organization: &str,
    tell: impl Fn(&Asked, &str) -> Told + Send + Sync + 'static,
) -> (Fake, GitLab) {
    let fake = Fake::start(tell).await;
    let mut options = GitLabOptions::new(registration(), Some(organization.to_owned()));
    (options.web, options.api) = (fake.url.clone(), format!("{}/api/v4", fake.url));
    let provider = GitLab::new("gitlab", options).unwrap();
    (fake, provider)
}

#[tokio::test]
async fn gitlab_checks_the_group() {
    // Whoever likes makes a group of any other name: those do not count.
    for (organization, groups) in [
        ("acme", Some(json!(["Acme", "acme/dev", "acme/dev/web", "acme/devil"]))),
        ("ACME/dev/", Some(json!(["acme/dev", "acme/dev/web"]))),
        ("acme/ops", None),
        ("dev", None),
        ("base", None),
    ] {
        let (_fake, gitlab) = at_gitlab(organization, gitlab).await;
        let verdict = gitlab.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
        match groups {
            Some(groups) => assert_eq!(labels(verdict), json!({"groups": groups})),
            None => assert!(
                matches!(verdict, SignInVerdict::Refused(SignInRefusal::NotAllowed(_))),
                "{organization}: {verdict:?}"
            ),
        }
    }
    let blocked = |asked: &Asked, own: &str| match asked.path.as_str() {
        "/api/v4/user" => (200, "", json!({"id": 9, "username": "bob", "state": "blocked"}).to_string()),
        _ => gitlab(asked, own),
    };
    let (_fake, provider) = at_gitlab("acme", blocked).await;
    let verdict = provider.redeem(&Password::new("code"), &CHALLENGE).await.unwrap();
    assert!(matches!(verdict, SignInVerdict::Refused(SignInRefusal::NotAllowed(_))), "{verdict:?}");
}

#[tokio::test]
async fn gitlabs_tokens_are_renewed_when_they_end() {
    static NOW: AtomicU64 = AtomicU64::new(1_800_000_000);
    let (fake, provider) = at_gitlab("acme", gitlab).await;
    let provider = provider.with_clock(|| UNIX_EPOCH + Duration::from_secs(NOW.load(Ordering::Relaxed)));
    let SignInVerdict::Known(mut profile) =
        provider.redeem(&Password::new("code"), &CHALLENGE).await.unwrap()
    else {
        panic!("refused")
    };
    let renew = async |profile: &Profile| match provider.renew(&profile.grant).await.unwrap() {
        Renewal::Current { grant, .. } => grant,
        Renewal::Ended(reason) => panic!("{reason}"),
    };
    assert_eq!(renew(&profile).await, profile.grant, "nothing is asked while the token is good");
    NOW.fetch_add(7_180, Ordering::Relaxed);
    let grant = renew(&profile).await;
    assert_eq!((grant.access_token.expose(), grant.refresh_token.as_ref().unwrap().expose()), ("a2", "r2"));
    profile.grant = grant;
    assert!(matches!(provider.revalidate(&profile, None).await, Ok(SignInVerdict::Known(_))));
    assert_eq!(fake.paths().iter().filter(|path| path.contains("/oauth/token")).count(), 2);
    // Someone else with the same name is not the one who signed in.
    profile.subject = "10".to_owned();
    assert!(matches!(
        provider.revalidate(&profile, None).await,
        Ok(SignInVerdict::Refused(SignInRefusal::Untrusted(_)))
    ));
    profile.grant = ProviderGrant { refresh_token: None, expires: Some(UNIX_EPOCH), ..profile.grant };
    assert!(matches!(provider.renew(&profile.grant).await, Ok(Renewal::Ended(_))));
}
