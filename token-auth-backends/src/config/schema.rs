//! The blocks as a JSON Schema (2020-12), by which editors complete and check a configuration.

use serde_json::{Map, Value, json};

use super::block::Block;
use super::kind::{Key, Kind};
use super::yaml;

/// The schema of a configuration with these blocks.
pub(super) fn schema(blocks: &[&'static Block]) -> Value {
    let keys: Vec<&'static Key> = blocks.iter().map(|block| &block.key).collect();
    let one_of = |is: fn(&Block) -> bool| {
        let those = blocks.iter().filter(|block| is(block) && block.key.refusal.is_none());
        json!({"anyOf": those.map(|block| has(block.name())).collect::<Vec<_>>()})
    };
    let mut schema = section(&keys);
    let described = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("title", json!("The configuration of docker-auth")),
        ("patternProperties", json!({"^x-": {"description": "For anchors: left alone."}})),
        ("allOf", json!([one_of(Block::is_authenticator), one_of(Block::is_authorizer)])),
    ];
    schema.extend(described.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(schema)
}

/// There, and not null.
fn has(key: &str) -> Value {
    json!({"required": [key], "properties": {key: {"not": {"type": "null"}}}})
}

fn section(keys: &[&'static Key]) -> Map<String, Value> {
    let known = || keys.iter().filter(|key| !matches!(key.kind, Kind::Instead(_)));
    let properties: Map<_, _> = known().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<_> = known().filter(|key| key.is_required).map(|key| key.name).collect();
    let mut section = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), Value::Object(properties)),
        ("additionalProperties".to_owned(), json!(false)),
    ]);
    if !required.is_empty() {
        section.insert("required".to_owned(), json!(required));
    }
    section
}

fn property(key: &'static Key) -> Value {
    let (about, kind) = match key.refusal {
        Some(refusal) => (format!("{} It {}.", key.about, refusal.message()), json!({"type": "null"})),
        None if key.may_be_null => (key.about.to_owned(), or_null(&of_kind(&key.kind))),
        None => (key.about.to_owned(), of_kind(&key.kind)),
    };
    let Value::Object(mut property) = kind else { return kind };
    property.insert("description".to_owned(), json!(about));
    if let Some(default) = key.default {
        property.insert("default".to_owned(), yaml::to_json(default));
    }
    Value::Object(property)
}

fn of_kind(kind: &'static Kind) -> Value {
    match kind {
        // Any scalar is a text where one is expected.
        Kind::Text | Kind::File | Kind::TendedFile | Kind::Path => {
            json!({"type": ["string", "number", "boolean"]})
        }
        Kind::Choice(choices) => json!({"enum": choices}),
        Kind::Flag => json!({
            "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^([Yy]|[Yy]es|YES|[Nn]|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$"}]
        }),
        Kind::Integer { smallest, largest } => {
            json!({"type": "integer", "minimum": smallest, "maximum": largest})
        }
        Kind::Duration { zero } => {
            let number = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)";
            let units = "(ns|us|\u{b5}s|\u{3bc}s|ms|s|m|h)";
            let text = json!({"type": "string", "pattern": format!(r"^\+?({number}{units})+$"), "examples": ["10s", "1h30m"]});
            if *zero { json!({"anyOf": [text, {"enum": [0, "0"]}]}) } else { text }
        }
        Kind::List(kind) => json!({"type": "array", "items": of_kind(kind)}),
        Kind::OneOrMore(kind) => {
            let one = of_kind(kind);
            json!({"anyOf": [one, {"type": "array", "items": one}]})
        }
        Kind::Each(_, kind) => json!({"type": "object", "additionalProperties": of_kind(kind)}),
        Kind::Keys(_) => Value::Object(section(&kind.keys().collect::<Vec<_>>())),
        Kind::OrNothing(kind) => or_null(&of_kind(kind)),
        Kind::Anything | Kind::Instead(_) => json!({}),
    }
}

fn or_null(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}
