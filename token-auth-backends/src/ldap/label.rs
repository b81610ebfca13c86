//! What becomes of the values of an attribute as a label.

use std::collections::BTreeSet;

use regex::Regex;
use token_auth_core::{LabelValue, Labels};

/// What becomes of the values of an attribute, or of the names of groups: which of them a label takes, and in which form.
///
/// ```
/// use token_auth_backends::ldap::LabelRule;
///
/// let rule = LabelRule::new("team").with_pattern("^registry-(.+)$")?;
/// assert_eq!(rule.value("registry-dev").as_deref(), Some("dev"));
/// assert_eq!(rule.value("staff"), None);
/// let rule = rule.with_value("${1}/*")?;
/// assert_eq!(rule.value("registry-dev").as_deref(), Some("dev/*"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct LabelRule {
    label: String,
    pattern: Option<Regex>,
    value: Option<String>,
    lower_case: bool,
}

impl PartialEq for LabelRule {
    fn eq(&self, other: &Self) -> bool {
        let written = |rule: &Self| rule.pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
        let Self { label, pattern: _, value, lower_case } = self;
        (label, value, lower_case) == (&other.label, &other.value, &other.lower_case)
            && written(self) == written(other)
    }
}

/// A pattern that an administrator writes stays far below.
const MAX_PATTERN_BYTES: usize = 1 << 20;

impl LabelRule {
    /// Takes every value as it is.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), pattern: None, value: None, lower_case: false }
    }

    /// Takes only values in which this regular expression is found (it is not anchored). The label then has the text of its
    /// first group; without a group, the whole value.
    ///
    /// # Errors
    ///
    /// When that is not a regular expression.
    pub fn with_pattern(mut self, pattern: &str) -> Result<Self, String> {
        let compiled = regex::RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build();
        self.pattern = Some(compiled.map_err(|error| format!("is not a regular expression: {error}"))?);
        Ok(self)
    }

    /// What the label has instead: a text with places for groups of the pattern, `${1}` or `${name}`.
    ///
    /// # Errors
    ///
    /// When there is no pattern, or it has no such group.
    pub fn with_value(mut self, value: &str) -> Result<Self, String> {
        let Some(pattern) = &self.pattern else { return Err("needs `pattern` beside it".to_owned()) };
        let known = |group: &str| match group.parse::<usize>() {
            Ok(number) => number < pattern.captures_len(),
            Err(_) => pattern.capture_names().flatten().any(|name| name == group),
        };
        let mut rest = value;
        while let Some((_, behind)) = rest.split_once("${") {
            let (group, behind) = behind.split_once('}').ok_or("has `${` without `}`")?;
            if !known(group) {
                return Err(format!("`pattern` has no group `{group}`"));
            }
            rest = behind;
        }
        // A lone `$` is no place for a group.
        self.value = Some(value.replace('$', "$$").replace("$${", "${"));
        Ok(self)
    }

    /// Puts what the label has in lower case.
    #[must_use]
    pub fn in_lower_case(self) -> Self {
        Self { lower_case: true, ..self }
    }

    /// The label's name.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the label has of a value; `None` if it does not take it.
    pub fn value(&self, value: &str) -> Option<String> {
        let taken = match &self.pattern {
            None => value.to_owned(),
            Some(pattern) => {
                let found = pattern.captures(value)?;
                match &self.value {
                    None => found.get(1).map_or(value, |group| group.as_str()).to_owned(),
                    Some(template) => {
                        let mut expanded = String::new();
                        found.expand(template, &mut expanded);
                        expanded
                    }
                }
            }
        };
        let taken = if self.lower_case { taken.to_lowercase() } else { taken };
        (!taken.is_empty()).then_some(taken)
    }
}

/// Labels as they come together, each value once and in a stable order. Nothing of them acts as a pattern.
#[derive(Default)]
pub(super) struct Collected<'a>(Vec<(&'a str, BTreeSet<String>)>);

impl<'a> Collected<'a> {
    pub(super) fn add<'v>(&mut self, rule: &'a LabelRule, values: impl IntoIterator<Item = &'v str>) {
        let values = values.into_iter().filter_map(|value| rule.value(value));
        match self.0.iter_mut().find(|(label, _)| *label == rule.label) {
            Some((_, known)) => known.extend(values),
            None => self.0.push((&rule.label, values.collect())),
        }
    }

    pub(super) fn labels(self) -> Labels {
        let mut labels = Labels::new();
        for (label, values) in self.0 {
            labels.declare(label);
            for value in values {
                labels.insert(label, LabelValue::literal(value));
            }
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_values() {
        let rule = |pattern: &str| LabelRule::new("x").with_pattern(pattern).unwrap();
        for (name, rule, value, expected) in [
            ("all", LabelRule::new("x"), "Dev", Some("Dev")),
            ("lower case", LabelRule::new("x").in_lower_case(), "Dév", Some("dév")),
            ("whole", rule("^dev"), "dev-ops", Some("dev-ops")),
            ("group", rule("^(?i:dev)-(.*)"), "DEV-ops", Some("ops")),
            ("group took no part", rule("^a(b)?"), "ac", Some("ac")),
            ("named", rule("(?<t>.+)-(?<r>ro|rw)$").with_value("${r}:${t}").unwrap(), "a-rw", Some("rw:a")),
            ("dollar", rule("(.+)").with_value("$1 ${1}$").unwrap(), "a", Some("$1 a$")),
            ("other", rule("^x$"), "xy", None),
            ("empty", rule("^x(.*)$"), "x", None),
        ] {
            assert_eq!(rule.value(value).as_deref(), expected, "{name}");
        }
        assert!(LabelRule::new("x").with_pattern("(").is_err());
        assert!(LabelRule::new("x").with_pattern(&"(a{1000}){1000}".repeat(3)).is_err());
        assert!(LabelRule::new("x").with_value("a").is_err());
        assert!(rule("(a)").with_value("${2}").is_err());
        assert!(rule("(a)").with_value("${1").is_err());
    }

    #[test]
    fn collects() {
        let (one, two) = (LabelRule::new("a"), LabelRule::new("b").in_lower_case());
        let mut collected = Collected::default();
        collected.add(&one, ["z", "y", "z"]);
        collected.add(&two, []);
        collected.add(&one, ["*"]);
        let labels = collected.labels();
        let values: Vec<_> = labels.get("a").iter().map(LabelValue::as_str).collect();
        assert_eq!(values, ["*", "y", "z"]);
        assert!(labels.contains("b") && labels.get("b").is_empty());
        assert_eq!(labels.get("a")[0], LabelValue::literal("*"));
    }
}
