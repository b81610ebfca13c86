//! Actions that are not what they seem, or not enough.

use super::{LintCode, Report};
use crate::ActionSet;
use crate::acl::Condition;
use crate::acl::compiled::Granted;
use crate::acl::pattern::Pattern;

/// What registries ask for.
const KNOWN: [&str; 4] = ["*", "delete", "pull", "push"];

pub(super) fn examine(report: &mut Report<'_>) {
    let rule = report.rule;
    let Granted::Only(actions) = &rule.granted else { return };
    if actions.contains("*") {
        report.add(
            LintCode::StarAmongActions,
            None,
            "`*` grants everything only where it is the only action; beside others, or twice, it is the action `*` itself",
            "write [\"*\"] alone for everything, or leave it out",
        );
    }
    insufficient(report, actions);
    for action in actions.iter().filter(|action| !KNOWN.contains(action)) {
        let lower = action.trim().to_ascii_lowercase();
        let instead = match KNOWN.contains(&&*lower) {
            true => format!("write {lower:?}"),
            false => "write pull, push or delete, or [\"*\"] for everything".to_owned(),
        };
        report.add(
            LintCode::UnknownAction,
            None,
            format!("no registry asks for the action {action:?}"),
            instead,
        );
    }
}

/// What registries ask for together: a push is `pull,push`, and a look at the catalog `*`.
fn insufficient(report: &mut Report<'_>, actions: &ActionSet) {
    let kind = report.rule.pattern(&Condition::Type);
    let catalog = matches!(kind, Some(Pattern::Literal(kind)) if **kind == *"registry");
    if catalog && !actions.is_empty() && !actions.contains("*") {
        report.add(
            LintCode::InsufficientActions,
            None,
            "a registry shows its catalog only to those who are granted `*`",
            "write [\"*\"]",
        );
    } else if !catalog && actions.contains("push") && !actions.contains("pull") {
        report.add(
            LintCode::InsufficientActions,
            None,
            "no registry accepts push without pull",
            "write [pull, push]",
        );
    }
}
