//! A condition of a rule as it is told, with what its placeholders make of it.

use std::ops::ControlFlow;

use super::UnmetCondition;
use crate::acl::compiled::Test;
use crate::acl::matching::{Context, Truth};
use crate::acl::pattern::Pattern;

/// The order in which conditions are documented.
pub(super) fn order(test: &Test) -> (u8, &str) {
    match test {
        Test::Field(field, _) => (*field as u8, ""),
        Test::Address(_) => (u8::MAX - 1, ""),
        Test::Label(label, _) => (u8::MAX, label),
    }
}

impl Test {
    pub(super) fn explain(&self, truth: Truth, context: &Context<'_>) -> UnmetCondition {
        let request = context.request;
        let (pattern, expanded) = match self {
            Self::Field(_, pattern) | Self::Label(_, pattern) => {
                (pattern.to_string(), expanded(pattern, context))
            }
            Self::Address(network) => (network.to_string(), Vec::new()),
        };
        let values = match self {
            Self::Field(field, _) => vec![field.of(request).to_owned()],
            Self::Address(_) => request.address.iter().map(ToString::to_string).collect(),
            Self::Label(label, _) => {
                request.labels.get(label).iter().map(|value| value.as_str().to_owned()).collect()
            }
        };
        let undecided = match truth {
            Truth::Undecided(reason) => Some(reason.to_string()),
            Truth::Holds | Truth::Fails => None,
        };
        UnmetCondition { condition: self.condition(), pattern, expanded, values, undecided }
    }
}

/// What the placeholders of a pattern make of it.
fn expanded(pattern: &Pattern, context: &Context<'_>) -> Vec<String> {
    let Pattern::Template(template) = pattern else { return Vec::new() };
    let mut expanded = Vec::new();
    let _ = template.fill(context, |filled| {
        if let Ok(filled) = filled
            && expanded.len() <= UnmetCondition::MOST_SHOWN
        {
            expanded.push(filled.text().to_owned());
        }
        ControlFlow::Continue(())
    });
    // First comes the pattern with the placeholders of labels as they are: where they have values, it is of no interest.
    if expanded.len() > 1 {
        expanded.remove(0);
    }
    expanded
}
