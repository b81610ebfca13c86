//! What the anonymous user may do.

use super::witness::Witness;
use super::{LintCode, LintContext, Report};
use crate::acl::compiled::{Granted, Test};
use crate::acl::field::Field;
use crate::acl::matching::Truth;
use crate::acl::pattern::Pattern;
use crate::acl::{Acl, Condition};

pub(super) fn examine(acl: &Acl, context: &LintContext, report: &mut Report<'_>) {
    let account = report.rule.pattern(&Condition::Account);
    let named = matches!(account, Some(Pattern::Literal(text)) if text.is_empty());
    if context.anonymous == Some(false) {
        if named {
            report.add(
                LintCode::NoAnonymousUser,
                Some(Condition::Account),
                "this is for the anonymous user, and there is none: requests without a password are refused",
                "write `\"\": {}` under `users`, or remove the rule",
            );
        }
        return;
    }
    if !gives_push(acl, report) {
        return;
    }
    let (why, instead) = match account {
        None => (
            "without `account`, this gives anonymous users push",
            "write account: \"/.+/\" for users with a name",
        ),
        Some(_) if named => ("this gives anonymous users push", "write actions: [pull]"),
        Some(_) => (
            "the pattern of `account` matches no name, too: this gives anonymous users push",
            "write \"/.+/\"",
        ),
    };
    report.add(LintCode::AnonymousPush, Some(Condition::Account), why, instead);
}

/// Whether the rule decides a request of the anonymous user, from anywhere and without labels, and grants push.
fn gives_push(acl: &Acl, report: &Report<'_>) -> bool {
    let rule = report.rule;
    let push = match &rule.granted {
        Granted::Everything => true,
        Granted::Only(actions) => actions.contains("push"),
    };
    let everyone = rule.tests.iter().all(|test| match test {
        Test::Field(Field::Account, pattern) => pattern.constant("").is_ok_and(|truth| truth == Truth::Holds),
        Test::Field(Field::Type, pattern) => {
            pattern.constant("repository").is_ok_and(|truth| truth == Truth::Holds)
        }
        Test::Field(_, Pattern::Template(template)) => template.labels.is_empty(),
        Test::Field(..) => true,
        Test::Address(_) | Test::Label(..) => false,
    });
    if !push || !everyone {
        return false;
    }
    Witness::new(acl, rule).is_some_and(|mut witness| {
        witness.set(Field::Account, String::new());
        witness.set(Field::Type, "repository".to_owned());
        witness.decided(acl) == Some(report.index)
    })
}
