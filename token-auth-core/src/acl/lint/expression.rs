//! Regular expressions that match more than they seem to.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, Look, LookSet};

use super::placeholder;
use crate::acl::{Condition, GoRegex, GoRegexLimits, literal};

/// A regular expression that was probably meant for the whole text: why, and what to write instead. What is proposed
/// matches whatever the expression matches as a whole.
pub(super) fn unanchored(expression: &str, condition: &Condition) -> Option<(String, String)> {
    // In a quotation, what is put behind it would be quoted, too.
    if expression.contains("\\Q") {
        return None;
    }
    let branches: Vec<Branch<'_>> =
        branches(expression).into_iter().map(Branch::read).collect::<Option<_>>()?;
    match branches.as_slice() {
        [one] => mid_text(one).or_else(|| named(one, condition)),
        several => partly(several).or_else(|| listed(expression, several, condition)),
    }
}

/// An alternative outside of groups.
struct Branch<'e> {
    text: &'e str,
    hir: Hir,
    starts: bool,
    ends: bool,
}

impl<'e> Branch<'e> {
    fn read(text: &'e str) -> Option<Self> {
        // A placeholder stands for some text.
        let hir = GoRegex::read(&placeholder::replaced(text, "x"), GoRegexLimits::default()).ok()?;
        let (prefix, suffix) = (hir.properties().look_set_prefix(), hir.properties().look_set_suffix());
        let has = |set: LookSet, looks: [Look; 3]| looks.into_iter().any(|look| set.contains(look));
        let starts = has(prefix, [Look::Start, Look::StartLF, Look::StartCRLF]);
        let ends = has(suffix, [Look::End, Look::EndLF, Look::EndCRLF]);
        Some(Self { text, hir, starts, ends })
    }

    /// The text without the anchors around it.
    fn inner(&self) -> &'e str {
        let text = self.text.strip_prefix('^').unwrap_or(self.text);
        match text.strip_suffix('$') {
            Some(inner) if self.ends && !inner.ends_with('\\') => inner,
            _ => text,
        }
    }

    /// Whether it has no anchors at all.
    fn is_free(&self) -> bool {
        self.hir.properties().look_set().is_empty()
    }

    /// The texts that it matches as a whole, if they are few.
    fn texts(&self) -> Option<Vec<String>> {
        let sequence = Extractor::new().extract(&self.hir);
        let texts = sequence.literals().filter(|_| sequence.is_exact())?.iter();
        texts.map(|text| String::from_utf8(text.as_bytes().to_vec()).ok()).collect()
    }
}

/// `^a|b$`: an anchor belongs to one alternative only, on either side.
fn partly(branches: &[Branch<'_>]) -> Option<(String, String)> {
    let opened = branches.iter().filter(|branch| branch.starts).count();
    let closed = branches.iter().filter(|branch| branch.ends).count();
    // Where all are anchored on one side, the other side of each is meant as it is.
    if opened.max(closed) == 0 || opened == branches.len() || closed == branches.len() {
        return None;
    }
    let inner: Vec<&str> = branches.iter().map(Branch::inner).collect();
    let instead = format!("write {:?}, for whole texts", format!("/^(?:{})$/", inner.join("|")));
    Some(("an anchor belongs to its alternative only".to_owned(), instead))
}

/// `/team\/.*/`: something at one end that makes it look like the whole.
fn mid_text(branch: &Branch<'_>) -> Option<(String, String)> {
    let inner = branch.inner();
    let wild = |part: Option<&str>| part.is_some_and(|rest| !rest.is_empty() && !rest.ends_with('\\'));
    let trails = inner.strip_suffix(".*").or_else(|| inner.strip_suffix(".+"));
    let leads = inner.strip_prefix(".*").or_else(|| inner.strip_prefix(".+"));
    let at_the_start = !branch.starts && leads.is_none() && wild(trails);
    let at_the_end = !branch.ends && trails.is_none() && wild(leads);
    (at_the_start || at_the_end).then(|| {
        let (open, close) = (if branch.starts { "" } else { "^" }, if branch.ends { "" } else { "$" });
        (
            "nothing is anchored at one end: it also matches in the middle of a text".to_owned(),
            format!("write {:?}", format!("/{open}{}{close}/", branch.text)),
        )
    })
}

/// `/admin/`: a text that is found anywhere.
fn named(branch: &Branch<'_>, condition: &Condition) -> Option<(String, String)> {
    let texts = branch.texts().filter(|_| branch.is_free())?;
    if placeholder::any(branch.text) {
        return None;
    }
    match (condition, texts.as_slice()) {
        (Condition::Account, [text]) if !text.is_empty() => Some((
            "a regular expression matches anywhere in the account".to_owned(),
            format!("write {:?} for that account alone", literal(text)),
        )),
        (Condition::Account, several) => in_a_list(branch.text, several),
        // What has a delimiter in it is meant to be found.
        (Condition::Name, [text])
            if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !text.is_empty() =>
        {
            Some((
                "a regular expression matches anywhere in the name".to_owned(),
                format!(
                    "write {:?} for that repository, {:?} for what is below it, {:?} if anywhere is meant",
                    literal(text),
                    format!("/^{}\\/.+$/", branch.text),
                    format!("/^.*{}.*$/", branch.text)
                ),
            ))
        }
        _ => None,
    }
}

/// `/admin1|admin2/` for an account.
fn listed(expression: &str, branches: &[Branch<'_>], condition: &Condition) -> Option<(String, String)> {
    if *condition != Condition::Account
        || placeholder::any(expression)
        || !branches.iter().all(Branch::is_free)
    {
        return None;
    }
    let texts: Option<Vec<Vec<String>>> = branches.iter().map(Branch::texts).collect();
    in_a_list(expression, &texts?.concat())
}

fn in_a_list(expression: &str, texts: &[String]) -> Option<(String, String)> {
    (texts.len() > 1 && texts.iter().all(|text| !text.is_empty())).then(|| {
        (
            "a regular expression matches anywhere in the account".to_owned(),
            format!("write {:?} for these accounts alone", format!("/^(?:{expression})$/")),
        )
    })
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
