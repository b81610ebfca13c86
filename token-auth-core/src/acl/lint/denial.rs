//! Rules that deny, and never apply.

use super::{LintCode, Report};
use crate::acl::compiled::Granted;

/// A rule that grants and never applies grants too little, which somebody will notice; nobody notices this one.
pub(super) fn examine(report: &mut Report<'_>) {
    let denies = matches!(&report.rule.granted, Granted::Only(actions) if actions.is_empty());
    let Some(condition) = report.never.clone().filter(|_| denies) else { return };
    report.add(
        LintCode::DenialNeverApplies,
        Some(condition),
        "the rule denies, and this condition never holds: what it is to deny is left to the rules behind it",
        "mend the condition, or remove the rule",
    );
}
