//! The schema accepts what is read, and refuses what is refused for its form.

use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use super::BASE;
use crate::config::{Config, ConfigOptions, yaml};

/// What a schema can see.
const OF_FORM: [&str; 4] = ["unknown key", "must be a text", "must be a list", "must be a mapping"];

fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| jsonschema::draft202012::new(&ConfigOptions::default().schema()).unwrap())
}

fn complaints(document: &Value) -> Vec<String> {
    let errors = validator().iter_errors(document);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Holds the schema against what came of reading a text.
pub(super) fn agrees(text: &str, findings: &Result<Vec<String>, Vec<String>>) {
    let budget = yaml::Budget { bytes: 1 << 20, nodes: 100_000, depth: 32 };
    let (Some(root), problems) = yaml::parse(text, budget) else { return };
    if !problems.is_empty() {
        return;
    }
    let said = complaints(&root.to_json());
    match findings {
        Ok(_) => assert_eq!(said, Vec::<String>::new(), "{text}"),
        Err(errors) => {
            let of_form = errors.iter().any(|error| OF_FORM.iter().any(|form| error.contains(form)));
            assert!(!of_form || !said.is_empty(), "the schema takes what is refused: {errors:#?}\n{text}");
        }
    }
}

#[test]
fn is_a_schema() {
    let schema = ConfigOptions::default().schema();
    jsonschema::meta::validate(&schema).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn refuses_what_is_missing_and_what_is_too_much() {
    let base = || yaml::to_json(BASE);
    assert_eq!(complaints(&base()), Vec::<String>::new());
    for key in ["server", "token", "users", "acl"] {
        let mut document = base();
        document.as_object_mut().unwrap().remove(key);
        assert_ne!(complaints(&document), Vec::<String>::new(), "without {key}");
    }
    for (key, value) in [
        ("x-anchors", "{}"),
        ("limits", "{password_queue: 0}"),
        ("ldap_auth", "~"),
        ("tests", "[{scope: 'a:b:c', expect: []}]"),
    ] {
        let mut document = base();
        document[key] = yaml::to_json(value);
        assert_eq!(complaints(&document), Vec::<String>::new(), "{key}");
    }
    for (key, value) in [
        ("anchors", "{}"),
        ("limits", "{password_queue: -1}"),
        ("limits", "{password_cache_ttl: 300}"),
        ("limits", "{password_cache_ttl: 1d}"),
        ("server", "{addr: ':1', net: udp}"),
        ("server", "{addr: ':1', timeouts: {request: 0}}"),
        ("ext_auth", "{args: [x]}"),
        ("mongo_auth", "{collection: x}"),
        ("acl", "[{match: {account: ~}, actions: []}]"),
        ("acl", "[{match: {}}]"),
        ("github_auth", "{client_id: [x], client_secret: y}"),
    ] {
        let mut document = base();
        document[key] = yaml::to_json(value);
        assert_ne!(complaints(&document), Vec::<String>::new(), "{key}: {value}");
    }
}

/// Every configuration, or part of one, that the repository shows.
#[test]
fn accepts_every_configuration_in_the_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut texts = Vec::new();
    for folder in [
        "",
        "token-auth-backends/guides",
        "token-auth-backends/testdata",
        "tests/data",
        "tests/data/article",
        "tests/data/ldap",
    ] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = || std::fs::read_to_string(&path).unwrap();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("md") => {
                    let text = text();
                    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
                    texts.extend(blocks.map(|block| (path.clone(), block.to_owned())));
                }
                Some("yml") => texts.push((path.clone(), text())),
                _ => {}
            }
        }
    }
    let names: Vec<_> = ConfigOptions::default().all_blocks().iter().map(|block| block.name()).collect();
    let mut count = 0;
    for (path, text) in texts {
        let budget = yaml::Budget { bytes: 1 << 20, nodes: 100_000, depth: 32 };
        let (Some(node), problems) = yaml::parse(&text, budget) else { continue };
        let Value::Object(part) = node.to_json() else { continue };
        // What is left out is not there.
        if text.contains("# ...") {
            continue;
        }
        // Others are of Kubernetes, of forges, of registries.
        if !problems.is_empty() || !part.keys().all(|key| names.contains(&&**key)) {
            continue;
        }
        let mut document = yaml::to_json(BASE);
        document.as_object_mut().unwrap().extend(part);
        assert_eq!(complaints(&document), Vec::<String>::new(), "{}\n{text}", path.display());
        let read = Config::from_yaml(document.to_string(), "f", &ConfigOptions::default());
        if let Err(errors) = read {
            let of_form = OF_FORM.iter().any(|form| errors.to_string().contains(form));
            assert!(!of_form, "{}: {errors}\n{text}", path.display());
        }
        count += 1;
    }
    assert!(count > 20, "{count}");
}
