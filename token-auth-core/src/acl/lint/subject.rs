//! Patterns that nothing is called as: accounts that there are not, types and names that no registry asks for.

use super::{LintCode, LintContext, Said, quoted, repository};
use crate::acl::compiled::CompiledRule;
use crate::acl::matching::Truth;
use crate::acl::pattern::Pattern;
use crate::acl::{Condition, literal};

/// The types that registries ask for.
pub(super) const TYPES: [&str; 3] = ["repository", "registry", "repository(plugin)"];

pub(super) fn examine(
    condition: &Condition,
    pattern: &Pattern,
    rule: &CompiledRule,
    context: &LintContext,
) -> Option<Said> {
    match condition {
        Condition::Account => account(pattern, context),
        Condition::Type => kind(pattern),
        Condition::Name if of_repository(rule) => name(pattern, context),
        _ => None,
    }
}

/// Whether names of a rule are those of repositories.
pub(super) fn of_repository(rule: &CompiledRule) -> bool {
    !matches!(rule.pattern(&Condition::Type), Some(Pattern::Literal(kind)) if **kind != *"repository")
}

/// Whether it may match; in doubt, yes.
fn may_match(pattern: &Pattern, text: &str) -> bool {
    pattern.constant(text).map_or(true, |truth| truth != Truth::Fails)
}

fn account(pattern: &Pattern, context: &LintContext) -> Option<Said> {
    let known = context.accounts.as_ref()?;
    // The anonymous user has a finding of its own.
    let text = pattern.to_string();
    if text.is_empty() || known.iter().any(|account| may_match(pattern, account)) {
        return None;
    }
    let lower = text.to_lowercase();
    let meant = known.iter().find(|account| account.to_lowercase() == lower);
    let meant = meant.or_else(|| known.iter().find(|account| one_off(account, &text)));
    let instead = match meant {
        Some(account) => format!("write {:?}", literal(account)),
        None if known.is_empty() => "there are no accounts: remove the rule".to_owned(),
        None if known.len() <= 5 => format!("the accounts are {}", quoted(known)),
        None => "write one that there is".to_owned(),
    };
    Some(Said::never(
        LintCode::UnknownAccount,
        "no source of identities has such an account".to_owned(),
        instead,
    ))
}

fn kind(pattern: &Pattern) -> Option<Said> {
    if TYPES.iter().any(|kind| may_match(pattern, kind)) {
        return None;
    }
    let instead = "write \"repository\", or \"registry\" for the catalog".to_owned();
    Some(Said::never(LintCode::UnknownType, "no registry asks for such a type".to_owned(), instead))
}

/// distribution's `reference`: lower-case letters, digits, and separators between them.
fn name(pattern: &Pattern, context: &LintContext) -> Option<Said> {
    let never =
        |why: &str, instead: String| Some(Said::never(LintCode::NotARepository, why.to_owned(), instead));
    let text = match pattern {
        Pattern::Literal(text) | Pattern::Glob(text) => text,
        Pattern::Regex(expression) if repository::is_never_a_name(expression.text()) => {
            return never(
                "each match has a character that no name of a repository has in it",
                "names have lower-case letters, digits and `._-/`".to_owned(),
            );
        }
        _ => return template_name(pattern, context),
    };
    let (first, rest) = text.split_once('/').unwrap_or(("", text));
    let is_host = first.contains(':')
        || first == "localhost"
        || context.services.iter().flatten().any(|service| *service == first);
    if is_host && !rest.is_empty() {
        return never("a name does not begin with the registry's host", format!("write {rest:?}"));
    }
    let class_free = !text.contains(['[', '\\']);
    if let Some((name, _)) = text.split_once([':', '@']).filter(|_| class_free) {
        return never(
            "a name has neither tag nor digest: they are not part of what is asked for",
            format!("write {name:?}"),
        );
    }
    if class_free && text.chars().any(char::is_uppercase) {
        return never(
            "names of repositories have no capital letters",
            format!("write {:?}", text.to_lowercase()),
        );
    }
    let strange =
        |char: &char| !(char.is_ascii_lowercase() || char.is_ascii_digit() || "._-/*?".contains(*char));
    let instead = || "write what the repository is called".to_owned();
    match text.chars().find(strange).filter(|_| class_free) {
        Some(char) => never(&format!("no name of a repository has {char:?} in it"), instead()),
        None if matches!(pattern, Pattern::Literal(_)) && !repository::is_name(text) => {
            never("no repository can be called so", instead())
        }
        None => None,
    }
}

/// A label whose values are distinguished names cannot be a part of a name.
fn template_name(pattern: &Pattern, context: &LintContext) -> Option<Said> {
    let Pattern::Template(template) = pattern else { return None };
    let label = template.labels.iter().find(|label| context.dn_labels.contains(&***label))?;
    Some(Said::never(
        LintCode::LabelNeverFits,
        format!(
            "the values of the label {label:?} are distinguished names (cn=…,dc=…), which no repository is called"
        ),
        format!("configure `parse_cn: true` for the label {label:?}"),
    ))
}

/// Whether two texts differ by one character, or by two that have changed places.
fn one_off(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
    let tail = |text: &[char], from: usize| text.get(from..).map(<[char]>::to_vec);
    let swapped = match (one, other) {
        ([a, b, rest @ ..], [c, d, others @ ..]) => a == d && b == c && rest == others,
        _ => false,
    };
    one.len().max(other.len()) > 0
        && (swapped
            || tail(one, 1) == tail(other, 1)
            || tail(one, 1) == tail(other, 0)
            || tail(one, 0) == tail(other, 1))
}
