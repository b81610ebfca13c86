//! A policy: lines of what is allowed, or denied, and of who has which role.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::Problem;
use super::matcher::Term;
use super::model::Model;
use super::pattern::Pattern;
use super::roles::Roles;

#[derive(Default)]
pub(super) struct Policy {
    pub(super) lines: Vec<Line>,
    pub(super) roles: Roles,
}

/// A line of what is allowed, or denied.
pub(super) struct Line {
    pub(super) fields: Vec<String>,
    pub(super) verdict: Verdict,
    /// For each call of the matcher that takes one.
    pub(super) patterns: Vec<Arc<Pattern>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allow,
    Deny,
}

impl Policy {
    pub(super) fn parse(text: &str, model: &Model, most: usize) -> Result<Self, Problem> {
        let (mut this, mut known) = (Self::default(), Known::new(model)?);
        let effect = model.policy.iter().position(|part| part == "eft");
        let mut count = 0;
        for (index, line) in text.lines().enumerate() {
            let wrong = |why: String| Problem::new(index + 1, why);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            count += 1;
            if count > most {
                return Err(wrong(format!(
                    "the policy has more than {most} lines; the limit is configurable"
                )));
            }
            let mut values = fields(line).map_err(|why| wrong(why.to_owned()))?.into_iter();
            let kind = values.next().unwrap_or_default();
            let fields: Vec<String> = values.collect();
            let expected = match (&*kind, model.roles) {
                ("p", _) => model.policy.len(),
                ("g", Some(parts)) => parts,
                ("g", None) => return Err(wrong("the model has no section role_definition".to_owned())),
                _ => return Err(wrong("begins with neither `p` nor `g`".to_owned())),
            };
            if fields.len() != expected {
                let found = fields.len();
                return Err(wrong(format!("has {found} values behind `{kind}` and not {expected}")));
            }
            if kind == "p" {
                let verdict = verdict(effect.and_then(|at| fields.get(at))).map_err(wrong)?;
                let patterns = known.patterns(model, &fields).map_err(wrong)?;
                this.lines.push(Line { fields, verdict, patterns });
            } else {
                let mut fields = fields.into_iter();
                let mut next = || fields.next().unwrap_or_default();
                this.roles.add(next(), next(), next());
            }
        }
        match this.lines.is_empty() {
            true => Err(Problem::new(1, "no line begins with `p`: there is nothing that could be allowed")),
            false => Ok(this),
        }
    }
}

fn verdict(word: Option<&String>) -> Result<Verdict, String> {
    match word.map(String::as_str) {
        None | Some("allow") => Ok(Verdict::Allow),
        Some("deny") => Ok(Verdict::Deny),
        Some(word) => Err(format!("the effect {word:?} is neither `allow` nor `deny`")),
    }
}

/// Patterns that were read already, for each call of the matcher: most lines share theirs with others.
struct Known(Vec<HashMap<String, Arc<Pattern>>>);

impl Known {
    /// Reads those that stand in the matcher.
    fn new(model: &Model) -> Result<Self, Problem> {
        let mut known = Vec::new();
        for (function, term) in model.matcher.sites() {
            let mut of_site = HashMap::new();
            if let Term::Text(text) = term {
                let pattern = Pattern::read(*function, text)
                    .map_err(|why| Problem::new(1, format!("in the matcher: {why}")))?;
                of_site.insert(text.clone(), Arc::new(pattern));
            }
            known.push(of_site);
        }
        Ok(Self(known))
    }

    fn patterns(&mut self, model: &Model, fields: &[String]) -> Result<Vec<Arc<Pattern>>, String> {
        let sites = model.matcher.sites().iter().zip(&mut self.0);
        sites
            .map(|((function, term), known)| {
                let text = match term {
                    Term::Policy(at) => fields.get(*at).map_or("", String::as_str),
                    Term::Text(text) => text,
                    Term::Request(_) => return Err("a request is no pattern".to_owned()),
                };
                if let Some(pattern) = known.get(text) {
                    return Ok(Arc::clone(pattern));
                }
                let pattern = Arc::new(Pattern::read(*function, text)?);
                known.insert(text.to_owned(), Arc::clone(&pattern));
                Ok(pattern)
            })
            .collect()
    }
}

/// The values of a line of CSV as Go's reader reads them: blanks before a value do not count, those behind it do.
fn fields(line: &str) -> Result<Vec<String>, &'static str> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, after) = match rest.split_once(',') {
                Some((field, after)) => (field, Some(after)),
                None => (rest, None),
            };
            if field.contains('"') {
                return Err(
                    "a quotation mark within a value: write the whole value in quotation marks, and each in it twice",
                );
            }
            found.push(field.to_owned());
            match after {
                Some(after) => rest = after,
                None => return Ok(found),
            }
            continue;
        };
        let (mut field, mut inside) = (String::new(), quoted);
        let after = loop {
            let (piece, after) = inside.split_once('"').ok_or("a value has no closing quotation mark")?;
            field.push_str(piece);
            match after.strip_prefix('"') {
                Some(more) => {
                    field.push('"');
                    inside = more;
                }
                None => break after,
            }
        };
        found.push(field);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None if after.is_empty() => return Ok(found),
            None => return Err("something stands behind a closing quotation mark"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn values_are_read_as_go_reads_them() {
        for (line, expected) in [
            ("p, alice, data1 , read", &["p", "alice", "data1 ", "read"][..]),
            (r#"p, "{""a"":[""b"",""c""]}", x"#, &["p", r#"{"a":["b","c"]}"#, "x"]),
            (r#"p,"","a,b""#, &["p", "", "a,b"]),
            ("p,,", &["p", "", ""]),
        ] {
            assert_eq!(fields(line).unwrap(), expected, "{line}");
        }
        for line in [r#"p, a"b"#, r#"p, "a"#, r#"p, "a" , b"#, r#"p, "a"b"#, r#"p, {"a":["b"]}"#] {
            assert!(fields(line).is_err(), "{line}");
        }
    }
}
