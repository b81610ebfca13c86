use super::findings;
use crate::config::workload::Workload;
use crate::config::{Config, ConfigOptions};

const START: &str =
    "server: {addr: \":5001\"}\ntoken: {issuer: x, expiration: 900, certificate: c, key: k}\n";

#[test]
fn the_blocks_of_the_guide_are_read_as_they_are() {
    let guide = include_str!("../../../guides/workload.md");
    let blocks: Vec<&str> = guide
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block)
        .filter(|block| block.starts_with("workload_auth:"))
        .collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        // Without `users`: this is a method of its own.
        let text = format!("{START}{block}");
        let (config, warnings) = Config::from_yaml(&text, "f", &ConfigOptions::default()).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        // The files of Kubernetes are not here.
        let workload = config.part::<Workload>().unwrap();
        assert!(config.files.len() > 2 || workload.open().is_ok(), "{block}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("workload_auth: {}", "3: workload_auth.issuers: is required"),
        (
            "workload_auth: {issuers: x}",
            "3: workload_auth.issuers: must be a list: [..], or lines that begin with `-`",
        ),
        ("workload_auth: {issuer: []}", "3: workload_auth.issuer: unknown key: did you mean `issuers`?"),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: a}]}",
            "3: workload_auth.issuers[1].require: is required: write `require: {}` to believe every token of this issuer",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", require: {}}]}",
            "3: workload_auth.issuers[1].audience: is required",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: [], require: {}}]}",
            "3: workload_auth.issuers[1].audience: must not be empty",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: a, require: {ref: []}}]}",
            "3: workload_auth.issuers[1].require.ref: must not be empty",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: a, require: {ref: \"[\"}}]}",
            "3: workload_auth.issuers[1].require.ref: malformed glob: the class that",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: a, require: {}, account: \"${sub}\"}]}",
            "3: workload_auth.issuers[1].account: unknown placeholder `${sub}`: write `${claim.NAME}`",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: a, require: {}, label: {}}]}",
            "3: workload_auth.issuers[1].label: unknown key: did you mean `labels`?",
        ),
        (
            "workload_auth: {issuers: [{issuer: \"https://i\", audience: a, require: {}, keys: {url: \"https://i\", file: f}}]}",
            "3: workload_auth.issuers[1].keys.url: there is a `file`, too: only one of them can count",
        ),
    ];
    for (block, expected) in cases {
        let found = findings(format!("{START}{block}\nacl: []"), &ConfigOptions::default()).unwrap_err();
        assert!(found.iter().any(|finding| finding.starts_with(expected)), "{block}: {found:#?}");
    }
}

#[test]
fn what_cannot_be_asked_is_named() {
    let open = |issuer: &str| {
        let block = format!("workload_auth: {{issuers: [{issuer}]}}\nacl: []");
        let (config, _) =
            Config::from_yaml(START.to_owned() + &block, "f", &ConfigOptions::default()).unwrap();
        config.part::<Workload>().unwrap().open().map(drop).map_err(|finding| finding.to_string())
    };
    let error = open("{issuer: \"http://i\", audience: a, require: {}}").unwrap_err();
    assert!(error.starts_with("f:3: workload_auth.issuers[1]: must be an https URL"), "{error}");
    let error = open("{issuer: i, audience: a, require: {}, keys: {file: /nowhere.json}}").unwrap_err();
    assert!(error.starts_with("f:3: workload_auth.issuers[1].keys.file: /nowhere.json: "), "{error}");
    let error = open("{issuer: \"https://i\", audience: a, require: {}, keys: {ca_certificate: /dev/null}}")
        .unwrap_err();
    assert!(error.contains("certificate"), "{error}");
}

/// Whoever is renamed leaves the name to others.
#[test]
fn names_that_change_hands_are_warned_of() {
    let github = "https://token.actions.githubusercontent.com";
    for (issuer, rest, name) in [
        (
            github,
            "require: {repository_owner: acme}, account: \"gh:${claim.repository_id}\"",
            Some("repository_owner"),
        ),
        (
            github,
            "require: {repository: acme/app}, account: \"gh:${claim.repository_id}\"",
            Some("repository"),
        ),
        (github, "require: {sub: \"repo:acme/*:*\"}, account: \"gh:${claim.repository_id}\"", Some("sub")),
        (github, "require: {sub: \"repo:acme@65/app@74:*\"}, account: \"gh:${claim.repository_id}\"", None),
        // The default account is made of the subject.
        (github, "require: {}", Some("sub")),
        ("https://ghe.example.com/_services/token", "require: {}", Some("sub")),
        (github, "require: {repository_owner_id: \"65\"}", None),
        (github, "require: {repository_owner_id: \"65\", repository: acme/app, ref: x}", None),
        (github, "require: {repository_owner_id: \"65\", actor: ada}", Some("actor")),
        (github, "require: {repository_owner_id: \"65\", actor: ada, actor_id: \"1\"}", None),
        (github, "require: {}, account: \"gh:${claim.repository}\"", Some("repository")),
        (github, "require: {}, account: \"gh:${claim.repository_id}\"", None),
        ("https://gitlab.example.com", "require: {namespace_path: acme}", Some("namespace_path")),
        ("https://gitlab.example.com", "require: {sub: \"project_path:acme/*\"}", Some("sub")),
        (
            "https://gitlab.example.com",
            "require: {namespace_id: \"72\"}, account: \"gl:${claim.project_path}\"",
            None,
        ),
        ("https://i", "require: {}", None),
    ] {
        let block = format!("workload_auth: {{issuers: [{{issuer: \"{issuer}\", audience: a, {rest}}}]}}\n");
        let (_, warnings) =
            Config::from_yaml(format!("{START}acl: []\n{block}"), "f", &ConfigOptions::default()).unwrap();
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let told: Vec<&String> = told.iter().filter(|warning| warning.contains("after a rename")).collect();
        match name {
            None => assert!(told.is_empty(), "{rest}: {told:?}"),
            Some(name) => {
                assert!(
                    told.len() == 1 && told[0].contains(&format!("the claim `{name}`")),
                    "{rest}: {told:?}"
                );
            }
        }
    }
}

#[test]
fn passwords_live_for_minutes() {
    for (lifetime, good) in [("5m", true), ("1h", true), ("299s", false), ("61m", false), ("0s", false)] {
        let block = format!(
            "workload_auth: {{issuers: [{{issuer: \"https://i\", audience: a, require: {{}}, password_lifetime: {lifetime}}}]}}\n\
             tokens: {{store: {{path: t.redb}}}}\n"
        );
        let read = Config::from_yaml(format!("{START}acl: []\n{block}"), "f", &ConfigOptions::default());
        assert_eq!(read.is_ok(), good, "{lifetime}");
    }
    // They are kept somewhere, or not given.
    for tokens in ["", "tokens: {store: {path: t.redb}, personal: {enabled: false}}\n"] {
        let block = format!(
            "workload_auth: {{issuers: [{{issuer: \"https://i\", audience: a, require: {{}}, password_lifetime: 5m}}]}}\n{tokens}"
        );
        let read = Config::from_yaml(format!("{START}acl: []\n{block}"), "f", &ConfigOptions::default());
        assert!(read.is_err(), "{tokens}");
    }
}
