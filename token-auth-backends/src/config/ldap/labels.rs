//! Which labels an account of a directory gets: from its attributes, and from its groups.

use super::super::field::Field;
use super::super::section::Section;
use super::filter;
use crate::ldap::{AttributeLabel, Filter, GroupSearch, LabelRule};

/// `labels: {NAME: {attribute, parse_cn, lower_case, pattern, value}}`
pub(super) fn of_attributes(field: &Field<'_>) -> Vec<AttributeLabel> {
    let label = |(name, field): (&str, Field<'_>)| {
        let section = field.section()?;
        let attribute = section.require("attribute").and_then(|field| attribute(&field));
        let parse_cn = flag(&section, "parse_cn");
        let rule = rule(&section, name);
        section.finish();
        let mut label = AttributeLabel::new(name, attribute?);
        (label.parse_cn, label.rule) = (parse_cn, rule?);
        Some(label)
    };
    field.entries().unwrap_or_default().into_iter().filter_map(label).collect()
}

/// `groups: [{base, filter, name, nested, nested_filter, primary_group, label, lower_case, labels}]`
pub(super) fn of_groups(field: &Field<'_>) -> Vec<GroupSearch> {
    field.list(|item| group_search(item, item.section()?))
}

fn group_search(item: &Field<'_>, section: Section<'_>) -> Option<GroupSearch> {
    let base = section.require("base").and_then(|field| field.text());
    let filter_field = section.require("filter");
    let placeholders = ["${dn}", "${account}", "${user:"];
    let found = filter_field.as_ref().and_then(|field| filter(field, &placeholders));
    let name = section.get("name").map(|field| attribute(&field));
    let nested = nested(&section, found.as_ref());
    let primary_group = flag(&section, "primary_group");

    let mut labels = Vec::new();
    let of_all = rule(&section, section.get("label").and_then(|field| field.filled()).unwrap_or_default());
    match of_all {
        Some(rule) if !rule.label().is_empty() => labels.push(rule),
        _ => {
            for field in ["lower_case", "pattern", "value"].into_iter().filter_map(|key| section.get(key)) {
                field.error("counts only beside a `label`");
            }
        }
    }
    if let Some(field) = section.get("labels") {
        for (name, field) in field.entries().unwrap_or_default() {
            let Some(section) = field.section() else { continue };
            labels.extend(rule(&section, name));
            section.finish();
        }
    }
    if labels.is_empty() {
        item.error("says nothing of the groups: name a `label` for them, or several `labels`");
    }
    section.finish();
    let mut search = GroupSearch::new(base?, found?);
    if let Some(name) = name {
        search.name_attribute = name?;
    }
    (search.nested, search.primary_group, search.labels) = (nested, primary_group, labels);
    Some(search)
}

/// How groups of groups are found.
fn nested(section: &Section<'_>, outer: Option<&Filter>) -> Option<Filter> {
    let own = section.get("nested_filter");
    let wanted = section.get("nested");
    match (wanted.as_ref().and_then(Field::flag), own) {
        (Some(false), Some(field)) => {
            field.error("has no effect with `nested: false`");
            None
        }
        (_, Some(field)) => filter(&field, &["${dn}"]),
        (Some(true), None) => {
            let only_dn = |filter: &&Filter| {
                let shown = filter.to_string();
                !shown.contains("${account}") && !shown.contains("${user:")
            };
            let found = outer?;
            if Some(found).filter(only_dn).is_none() {
                section.missing(
                    "nested_filter",
                    "is required where `filter` has more than ${dn}: `(member=${dn})`",
                );
                return None;
            }
            // The server does it already.
            (!found.is_transitive()).then(|| found.clone())
        }
        (Some(false) | None, None) => None,
    }
}

/// `pattern`, `value` and `lower_case` of a label.
fn rule(section: &Section<'_>, name: &str) -> Option<LabelRule> {
    let mut rule = LabelRule::new(name);
    if flag(section, "lower_case") {
        rule = rule.in_lower_case();
    }
    if let Some(field) = section.get("pattern") {
        rule = field.parsed(|pattern| rule.with_pattern(pattern))?;
    }
    if let Some(field) = section.get("value") {
        rule = field.parsed(|value| rule.with_value(value))?;
    }
    Some(rule)
}

pub(super) fn attribute(field: &Field<'_>) -> Option<String> {
    field.parsed(|text| match crate::ldap::is_attribute(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is not the name of an attribute")),
    })
}

fn flag(section: &Section<'_>, key: &'static str) -> bool {
    section.get(key).and_then(|field| field.flag()).unwrap_or(false)
}
