use std::path::Path;
use std::time::Duration;

use token_auth_core::{AttemptLimits, PersonalPolicy, RefreshPolicy};

use super::findings;
use crate::config::{Config, ConfigOptions};

const REST: &str = "
server: {addr: ':5001'}
token: {issuer: x, expiration: 900, certificate: c, key: k}
users: {}
acl: []
";

fn read(more: &str) -> Config {
    let (config, warnings) =
        Config::from_yaml(format!("{REST}{more}"), "f", &ConfigOptions::default()).unwrap();
    assert_eq!(warnings, []);
    config
}

#[test]
fn tokens_are_kept_only_where_that_is_configured() {
    assert!(read("").tokens().is_none());
    let config = read("tokens: {store: {path: /var/lib/tokens.redb}}");
    let tokens = config.tokens().unwrap();
    assert_eq!(tokens.store.file(), Some(Path::new("/var/lib/tokens.redb")));
    assert_eq!(tokens.refresh, Some(RefreshPolicy::default()));
    assert_eq!(tokens.personal, Some(PersonalPolicy::default()));
    let config = read(
        "tokens: {store: {path: t}, refresh: {lifetime: 0, idle: 24h, per_account: 3}, personal: {enabled: false, idle: 1h}}",
    );
    let day = Duration::from_secs(86_400);
    let policy = RefreshPolicy::default().with_lifetime(None).with_idle(Some(day)).with_per_account(3);
    assert_eq!(config.tokens().unwrap().refresh, Some(policy));
    assert_eq!(config.tokens().unwrap().personal, None);
}

/// The guide's block is read, and says what the defaults are.
#[test]
fn the_guide_tells_the_truth() {
    let guide = include_str!("../../../guides/tokens.md");
    let block = guide.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config = read(block);
    let tokens = config.tokens().unwrap();
    assert_eq!(tokens.refresh, Some(RefreshPolicy::default()));
    assert_eq!(tokens.personal, Some(PersonalPolicy::default()));
}

#[test]
fn guesses_are_limited_as_configured() {
    assert_eq!(read("").limits.attempts, AttemptLimits::default());
    let limits = read(
        "limits: {password_attempts: 3, password_attempts_per_account: 50, password_attempts_window: 1h,\n  \
         password_attempts_address_total: 30, password_attempts_refused: 0}",
    )
    .limits
    .attempts;
    assert_eq!((limits.per_address, limits.per_account, limits.window), (3, 50, Duration::from_secs(3600)));
    assert_eq!((limits.address_total, limits.refused), (30, 0));
    assert_eq!(read("limits: {password_attempts: 0}").limits.attempts.per_address, 0);
}

#[test]
fn what_is_wrong_is_named() {
    for (more, expected) in [
        ("tokens: {}", "6: tokens.store: is required"),
        (
            "tokens: {store: {}}",
            "6: tokens.store.path: is required, or one of `redis`, `sql`, `s3`, `gcs`, `azure`",
        ),
        ("tokens: {store: {path: ''}}", "6: tokens.store.path: must not be empty"),
        (
            "tokens: {store: {path: t}, refresh: {idle: 1m}}",
            "6: tokens.refresh.idle: must be at least 10m, or 0 for no limit",
        ),
        (
            "tokens: {store: {path: t}, refresh: {per_account: 0}}",
            "6: tokens.refresh.per_account: must be from 1 to 4294967295, and is 0",
        ),
        ("tokens: {store: {path: t}, refesh: {}}", "6: tokens.refesh: unknown key: did you mean `refresh`?"),
        (
            "limits: {password_attempts_window: 0s}",
            "6: limits.password_attempts_window: must not be zero; `password_attempts: 0` is for no limit",
        ),
    ] {
        let found = findings(format!("{REST}{more}"), &ConfigOptions::default());
        assert_eq!(found, Err(vec![expected.to_owned()]), "{more}");
    }
    let short = REST.replace("900", "59");
    let found = findings(short, &ConfigOptions::default()).unwrap();
    assert!(found.len() == 1 && found[0].contains("below 60 seconds"), "{found:?}");
}
