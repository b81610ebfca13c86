//! A tree as JSON, by the rules by which it is read.

use serde_json::{Map, Number, Value as Json};

use super::{Node, Scalar, Value};

impl Node {
    /// The tree as JSON; what is neither text, number, flag nor null is a text.
    pub(in super::super) fn to_json(&self) -> Json {
        match &self.value {
            Value::Scalar(scalar) => scalar.to_json(),
            Value::Sequence(items) => items.iter().map(|item| item.to_json()).collect(),
            Value::Mapping(entries) => {
                let entries = entries.iter().map(|(key, node)| (key.text.clone(), node.to_json()));
                Json::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

impl Scalar {
    fn to_json(&self) -> Json {
        if self.is_null() {
            return Json::Null;
        }
        let number = || self.as_integer().map(|number| Json::Number(Number::from(number)));
        self.as_bool().map(Json::Bool).or_else(number).unwrap_or_else(|| Json::String(self.text().to_owned()))
    }
}
