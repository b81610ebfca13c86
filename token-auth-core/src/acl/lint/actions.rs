use super::{LintCode, Report};
use crate::acl::compiled::Granted;

/// What registries ask for.
const KNOWN: [&str; 4] = ["*", "delete", "pull", "push"];

pub(super) fn examine(report: &mut Report<'_>) {
    let Granted::Only(actions) = &report.rule.granted else { return };
    if actions.contains("*") {
        report.add(
            LintCode::StarAmongActions,
            None,
            "`*` grants everything only where it is the only action; beside others, or twice, it is the action `*` itself",
            "write [\"*\"] alone for everything, or leave it out",
        );
    }
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
