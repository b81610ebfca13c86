//! A request that a rule applies to, made up.

use std::ops::ControlFlow;

use super::sample;
use crate::acl::Acl;
use crate::acl::compiled::{CompiledRule, RuleVerdict, Test};
use crate::acl::field::Field;
use crate::acl::matching::Context;
use crate::acl::pattern::Pattern;
use crate::{AccessRequest, ActionSet, LabelValue, Labels};

/// A request that a rule applies to, made up.
pub(super) struct Witness {
    /// By the number of the field.
    fields: [String; Field::ALL.len()],
    labels: Labels,
    address: Option<std::net::IpAddr>,
    actions: ActionSet,
}

impl Witness {
    /// Nothing if none is found.
    pub(super) fn new(acl: &Acl, rule: &CompiledRule) -> Option<Self> {
        // What no rule names.
        let fields = ["some-account", "some-type", "some/name", "some-service"].map(str::to_owned);
        let actions = ["pull", "push"].into_iter().collect();
        let mut witness = Self { fields, labels: Labels::new(), address: None, actions };
        let mut templates = Vec::new();
        for test in &rule.tests {
            match test {
                Test::Field(_, Pattern::Template(template)) => {
                    for label in &template.labels {
                        witness.labels.insert(label.clone(), LabelValue::literal("some-label"));
                    }
                    templates.push(test);
                }
                Test::Field(field, pattern) => {
                    witness.set(*field, sample::of(&pattern.to_string())?);
                }
                Test::Label(_, Pattern::Template(_)) => templates.push(test),
                Test::Label(label, pattern) => {
                    witness
                        .labels
                        .insert(label.clone(), LabelValue::literal(sample::of(&pattern.to_string())?));
                }
                Test::Address(network) => witness.address = Some(network.first()),
            }
        }
        for test in templates {
            let filled = test.pattern().and_then(|pattern| witness.fill(acl, rule, pattern))?;
            match test {
                Test::Field(field, _) => witness.set(*field, filled),
                Test::Label(label, _) => witness.labels.insert(label.clone(), LabelValue::literal(filled)),
                Test::Address(_) => {}
            }
        }
        witness.satisfies(acl, rule).then_some(witness)
    }

    pub(super) fn set(&mut self, field: Field, text: String) {
        let [account, resource_type, name, service] = &mut self.fields;
        *match field {
            Field::Account => account,
            Field::Type => resource_type,
            Field::Name => name,
            Field::Service => service,
        } = text;
    }

    /// A text that the pattern matches with the values of this request in it.
    fn fill(&self, acl: &Acl, rule: &CompiledRule, pattern: &Pattern) -> Option<String> {
        let Pattern::Template(template) = pattern else { return None };
        let mut last = None;
        self.ask(|request| {
            let context = Context { request, groups: &rule.groups, limits: &acl.limits, cache: &acl.cache };
            let _ = template.fill(&context, |filled| {
                last = filled.ok();
                ControlFlow::Continue(())
            });
        });
        let filled = last?;
        match filled.expression() {
            Some(expression) => sample::of_expression(expression),
            None => sample::of_glob(filled.text()),
        }
    }

    pub(super) fn satisfies(&self, acl: &Acl, rule: &CompiledRule) -> bool {
        self.ask(|request| {
            let context = Context { request, groups: &rule.groups, limits: &acl.limits, cache: &acl.cache };
            matches!(rule.evaluate(&context), RuleVerdict::Applies)
        })
    }

    /// The rules that may apply to it.
    pub(super) fn candidates(&self, acl: &Acl, most: usize) -> Vec<usize> {
        self.ask(|request| acl.candidates(request).map(|(index, _)| index).take(most).collect())
    }

    /// The rule that decides it.
    pub(super) fn decided(&self, acl: &Acl) -> Option<usize> {
        self.ask(|request| acl.decide(request).map(|decision| decision.rule))
    }

    fn ask<T>(&self, answer: impl FnOnce(&AccessRequest<'_>) -> T) -> T {
        let [account, resource_type, name, service] = &self.fields;
        let request = AccessRequest::new(account, resource_type, name, &self.actions);
        answer(&request.with_service(service).with_labels(&self.labels).with_address(self.address))
    }
}
