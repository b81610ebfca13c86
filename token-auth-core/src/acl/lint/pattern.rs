use super::{LintCode, LintContext, Report};
use crate::acl::compiled::{CompiledRule, Test};
use crate::acl::field::Field;
use crate::acl::glob::check_glob;
use crate::acl::pattern::{Pattern, expression};
use crate::acl::{Condition, GoRegex};

pub(super) fn examine(test: &Test, rule: &CompiledRule, context: &LintContext, report: &mut Report<'_>) {
    let Some(pattern) = test.pattern() else { return };
    let (condition, text) = (test.condition(), pattern.to_string());
    let mut add = |code, why: String, instead: String| {
        report.add(code, Some(condition.clone()), format!("in {text:?}, {why}"), instead);
    };
    if let (Pattern::Template(template), Some(known)) = (pattern, &context.labels) {
        for label in template.labels.iter().filter(|label| !known.contains(&***label)) {
            let known = match known.is_empty() {
                true => "no source of identities supplies any".to_owned(),
                false => format!("the sources of identities supply {}", quoted(known)),
            };
            add(
                LintCode::UnknownLabel,
                format!("`${{labels:{label}}}` is never filled in: {known}"),
                format!("give users the label {label:?}, or write one that there is"),
            );
        }
    }
    if let Some(expression) = expression(&text) {
        if let Some((why, instead)) = unanchored(expression, &condition) {
            add(LintCode::UnanchoredRegex, why, instead);
        }
        return;
    }
    if let (Pattern::Never(_), Err(error)) = (pattern, check_glob(&text)) {
        let why = "the glob is malformed, and matches nothing".to_owned();
        add(LintCode::MalformedGlob, why, error.to_string());
        return;
    }
    if let Some(before) = double_star(&text) {
        let single = text.replace("**", "*");
        add(
            LintCode::DoubleStar,
            "`**` is the same as `*` and does not match `/`".to_owned(),
            match simple(before) {
                Some(before) => format!("write {single:?} for one level, {:?} for all below", below(&before)),
                None => format!("write {single:?} for one level, a regular expression for all below"),
            },
        );
        return;
    }
    let of_repository =
        !matches!(rule.pattern(&Condition::Type), Some(Pattern::Literal(kind)) if **kind != *"repository");
    if matches!(test, Test::Field(Field::Name, _))
        && of_repository
        && let Some((why, instead)) = prefix(&text)
    {
        add(LintCode::PrefixEndsAtSlash, why.to_owned(), instead);
    }
}

/// What stands before `**`.
fn double_star(glob: &str) -> Option<&str> {
    let (mut escaped, mut class) = (false, false);
    for (at, char) in glob.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '*' if !class && glob.get(at..).is_some_and(|rest| rest.starts_with("**")) => {
                return glob.get(..at);
            }
            _ => {}
        }
    }
    None
}

/// A glob of a name that was probably meant as a prefix.
fn prefix(glob: &str) -> Option<(&'static str, String)> {
    if glob == "*" {
        let instead = "remove the condition for every name, or write \"/^[^\\/]+$/\" for those without a `/`";
        return Some(("`*` does not match `/`: no name with a `/` is meant", instead.to_owned()));
    }
    if let Some(rest) = glob.strip_prefix('/') {
        return Some((
            "the `/` at the beginning keeps it from matching: no name begins so",
            format!("write {rest:?}"),
        ));
    }
    if let Some(before) = glob.strip_suffix('/') {
        let before = simple(before)?;
        return Some((
            "the `/` at the end keeps it from matching: no name ends so",
            format!("write \"{before}/*\" for one level, {:?} for all below", below(&format!("{before}/"))),
        ));
    }
    let before = simple(glob.strip_suffix('*')?)?;
    let name = |char: char| char.is_alphanumeric() || char == '}';
    before.ends_with(name).then(|| {
        let instead = format!(
            "write \"{before}/*\" for what is below it, \"{before}-*\" for what is called so; \
             {:?} for every name that begins so",
            format!("/^{}/", escape(&before))
        );
        ("`*` ends at a `/`: nothing below it is matched", instead)
    })
}

/// The text, if it is free of wildcards.
fn simple(glob: &str) -> Option<String> {
    (!glob.contains(['*', '?', '[', '\\'])).then(|| glob.to_owned())
}

/// The expression for everything below a prefix.
fn below(prefix: &str) -> String {
    format!("/^{}.+$/", escape(prefix))
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        // A placeholder stays one.
        if rest.starts_with("${")
            && let Some((placeholder, after)) = rest.split_once('}')
        {
            escaped.push_str(placeholder);
            escaped.push('}');
            rest = after;
            continue;
        }
        if matches!(char, '.' | '+' | '(' | ')' | '|' | '{' | '}' | '^' | '$' | '/') {
            escaped.push('\\');
        }
        escaped.push(char);
        rest = rest.split_at(char.len_utf8()).1;
    }
    escaped
}

/// A regular expression that was probably meant for the whole text.
fn unanchored(expression: &str, condition: &Condition) -> Option<(String, String)> {
    let branches = branches(expression);
    let whole = |inner: &str| match inner.contains('|') {
        true => format!("write {:?}", format!("/^({inner})$/")),
        false => format!("write {:?}", format!("/^{inner}$/")),
    };
    let opened = branches.iter().filter(|branch| branch.starts_with('^')).count();
    let closed = branches.iter().filter(|branch| ends(branch)).count();
    if branches.len() > 1 && opened.max(closed) > 0 && (opened, closed) != (branches.len(), branches.len()) {
        let partly = opened != 0 && opened != branches.len() || closed != 0 && closed != branches.len();
        let inner: Vec<_> = branches.iter().map(|branch| strip(branch)).collect();
        return partly
            .then(|| ("an anchor belongs to its alternative only".to_owned(), whole(&inner.join("|"))));
    }
    if branches.len() > 1 {
        return None;
    }
    let inner = strip(expression);
    let wild = |part: Option<&str>| part.is_some_and(|rest| !rest.is_empty() && !rest.ends_with('\\'));
    let trails = inner.strip_suffix(".*").or_else(|| inner.strip_suffix(".+"));
    let leads = inner.strip_prefix(".*").or_else(|| inner.strip_prefix(".+"));
    let starts = expression.starts_with('^');
    let repeated = |rest: &str| leads.is_some() && trails.is_some() || rest.is_empty();
    if !starts && leads.is_none() && wild(trails) || !ends(expression) && trails.is_none() && wild(leads) {
        if repeated(inner) {
            return None;
        }
        return Some((
            "nothing is anchored at one end: it also matches in the middle of a text".to_owned(),
            whole(inner),
        ));
    }
    let literal = GoRegex::literal(expression);
    if *condition == Condition::Account && !expression.is_empty() && literal {
        return Some((
            "a regular expression matches anywhere in the account".to_owned(),
            format!("write {inner:?} for that account alone"),
        ));
    }
    None
}

fn ends(branch: &str) -> bool {
    branch.ends_with('$') && !branch.ends_with("\\$")
}

fn strip(branch: &str) -> &str {
    let branch = branch.strip_prefix('^').unwrap_or(branch);
    if ends(branch) { branch.strip_suffix('$').unwrap_or(branch) } else { branch }
}

/// The alternatives outside of groups and classes.
fn branches(expression: &str) -> Vec<&str> {
    let (mut depth, mut escaped, mut class) = (0_usize, false, false);
    expression
        .split(|char: char| {
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '(' if !class => depth += 1,
                ')' if !class => depth = depth.saturating_sub(1),
                '|' => return !class && depth == 0,
                _ => {}
            }
            false
        })
        .collect()
}

fn quoted<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    names.into_iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
