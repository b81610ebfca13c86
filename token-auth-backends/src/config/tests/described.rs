//! What the blocks say of themselves is what is read of them.

use serde_json::{Map, Value, json};

use super::{BASE, findings};
use crate::config::kind::{Key, Kind};
use crate::config::{Config, ConfigOptions, yaml};

/// A key of a block with the least that must stand beside it.
struct Case {
    path: String,
    block: &'static str,
    value: Value,
    /// The same with nothing under the key.
    without: Value,
    is_default: bool,
}

/// A case for each key of each block, however deep.
fn cases() -> Vec<Case> {
    let options = ConfigOptions::default();
    let mut cases = Vec::new();
    for block in options.all_blocks().into_iter().filter(|block| block.key.refusal.is_none()) {
        for (path, value, without, is_default) in variants(&block.key.kind) {
            cases.push(Case {
                path: format!("{}{path}", block.name()),
                block: block.name(),
                value,
                without,
                is_default,
            });
        }
    }
    cases
}

fn least(kind: &'static Kind) -> Value {
    match kind {
        Kind::Keys(_) => Value::Object(least_section(kind)),
        Kind::Each(name, kind) => json!({*name: least(kind)}),
        Kind::List(kind) => json!([least(kind)]),
        Kind::OneOrMore(kind) | Kind::OrNothing(kind) => least(kind),
        _ => Value::Null,
    }
}

fn least_section(kind: &'static Kind) -> Map<String, Value> {
    let keys = kind.keys().filter(|key| key.is_required || key.is_usual);
    keys.map(|key| (key.name.to_owned(), shown(key))).collect()
}

fn shown(key: &'static Key) -> Value {
    key.example.or(key.default).map_or_else(|| least(&key.kind), yaml::to_json)
}

/// Paths, values with the key, values without, and whether the value is the key's default.
fn variants(kind: &'static Kind) -> Vec<(String, Value, Value, bool)> {
    let wrapped = |path: &str, kind: &'static Kind, wrap: &dyn Fn(Value) -> Value| {
        let inner = variants(kind).into_iter();
        inner
            .map(|(inner, with, without, default)| {
                (format!("{path}{inner}"), wrap(with), wrap(without), default)
            })
            .collect()
    };
    match kind {
        Kind::Each(name, kind) => wrapped(&format!(".{name}"), kind, &|value| json!({*name: value})),
        Kind::List(kind) => wrapped("[]", kind, &|value| json!([value])),
        Kind::OneOrMore(kind) | Kind::OrNothing(kind) => wrapped("", kind, &|value| value),
        Kind::Keys(_) => kind
            .keys()
            .filter(|key| key.refusal.is_none() && !matches!(key.kind, Kind::Instead(_)))
            .flat_map(|key| of_key(kind, key))
            .collect(),
        _ => Vec::new(),
    }
}

fn of_key(section: &'static Kind, key: &'static Key) -> Vec<(String, Value, Value, bool)> {
    let around = |value: Value| {
        let mut around = least_section(section);
        key.instead_of.iter().for_each(|other| drop(around.remove(*other)));
        for other in section.keys().filter(|other| key.beside.contains(&other.name)) {
            around.entry(other.name).or_insert_with(|| shown(other));
        }
        around.insert(key.name.to_owned(), value);
        Value::Object(around)
    };
    let path = format!(".{}", key.name);
    let mut variants_of_key: Vec<_> = key
        .default
        .map(|default| (path.clone(), around(yaml::to_json(default)), around(Value::Null), true))
        .into_iter()
        .collect();
    variants_of_key.push((path.clone(), around(shown(key)), around(Value::Null), false));
    let inner = variants(&key.kind).into_iter();
    variants_of_key.extend(inner.map(|(inner, with, without, default)| {
        (format!("{path}{inner}"), around(with), around(without), default)
    }));
    variants_of_key
}

/// A configuration with this block, a key a line.
fn document(block: &str, value: Value) -> String {
    let mut document = yaml::to_json(BASE);
    if block == "sign_in" {
        let github = json!({"organization": "x", "client_id": "x", "client_secret": "x", "level_token_db": {"path": "x"}});
        document["github_auth"] = github;
    }
    if block == "workload_auth" {
        document["tokens"] = json!({"store": {"path": "x"}});
    }
    document[block] = value;
    serde_json::to_string_pretty(&document).unwrap()
}

fn read(text: &str) -> Result<Config, String> {
    let read = Config::from_yaml(text, "f", &ConfigOptions::default());
    read.map(|(config, _)| config).map_err(|errors| errors.to_string())
}

#[test]
fn every_key_is_read_as_it_is_described() {
    let mut refused = Vec::new();
    for Case { path, block, value, .. } in cases() {
        let text = document(block, value);
        // Holds it against the schema, too.
        if let Err(errors) = findings(&text, &ConfigOptions::default()) {
            let errors = errors.join("\n");
            for complaint in ["mistake", "unknown", "must be a"] {
                assert!(!errors.contains(complaint), "{path}: {errors}\n{text}");
            }
            refused.push(path);
        }
    }
    // Only together with other values than the usual ones.
    assert_eq!(
        refused,
        ["ldap_auth.search_bind_dn", "ldap_auth.search_bind_password_file", "oidc_auth.id", "gitlab_auth.id"],
    );
}

#[test]
fn the_described_defaults_are_those_that_count() {
    // What providers do not say is left to them.
    let elsewhere = ["google_auth", "github_auth", "oidc_auth", "gitlab_auth"];
    let mut count = 0;
    for Case { path, block, value, without, .. } in cases().into_iter().filter(|case| case.is_default) {
        if elsewhere.contains(&block) {
            continue;
        }
        let [with, without] = [value, without].map(|value| read(&document(block, value)));
        let (with, without) = match (with, without) {
            // That it is said is known.
            (Ok(with), Ok(_)) if path == "token.x5c" => {
                assert_eq!(with.notes(), []);
                continue;
            }
            (Ok(with), Ok(without)) => (format!("{with:#?}"), format!("{without:#?}")),
            _ => continue,
        };
        let differing = with.lines().zip(without.lines()).find(|(with, without)| with != without);
        assert_eq!(differing, None, "{path}");
        count += 1;
    }
    assert!(count > 70, "{count}");
}

#[test]
fn the_reference_is_a_configuration() {
    let reference = ConfigOptions::default().reference();
    let (_, warnings) = Config::from_yaml(&reference, "reference.yml", &ConfigOptions::default())
        .unwrap_or_else(|errors| panic!("{errors}\n{reference}"));
    assert_eq!(warnings, []);
    for block in ConfigOptions::default().all_blocks() {
        let name = block.name();
        if block.key.refusal.is_some() {
            assert!(!reference.contains(&format!("\n#{name}:")), "{name}");
            continue;
        }
        // Without the first `#` of its lines, the block counts.
        let begin = reference.find(&format!("\n#{name}:")).map(|at| at + 1);
        let Some(begin) = begin else { continue };
        let (before, rest) = reference.split_at(begin);
        let end = rest.find("\n\n").unwrap_or(rest.len());
        let lines: Vec<_> = rest[..end].lines().map(|line| line.strip_prefix('#').unwrap_or(line)).collect();
        let mut text = format!("{before}{}{}", lines.join("\n"), &rest[end..]);
        if name == "sign_in" {
            text +=
                "github_auth: {organization: x, client_id: x, client_secret: x, level_token_db: {path: x}}\n";
        }
        read(&text).unwrap_or_else(|errors| panic!("{name}: {errors}\n{}", lines.join("\n")));
    }
}

#[test]
fn the_reference_has_every_key() {
    let (reference, tables) =
        (ConfigOptions::default().reference(), ConfigOptions::default().reference_tables());
    for Case { path, .. } in cases() {
        let key = path.rsplit('.').next().unwrap();
        assert!(reference.contains(&format!("{key}:")), "{path}");
        assert!(tables.contains(&format!("`{key}`")) || tables.contains(&format!(".{key}`")), "{path}");
    }
}

/// Its tables are what `docker-auth reference --tables` prints.
#[test]
fn the_guide_is_what_the_blocks_say() {
    let guide = include_str!("../../../guides/configuration.md");
    let tables = ConfigOptions::default().reference_tables();
    let (_, written) = guide.split_once("\n\n").unwrap();
    let differing = tables.lines().zip(written.lines()).find(|(is, was)| is != was);
    assert_eq!(differing, None);
    assert_eq!(tables.lines().count(), written.lines().count());
}
