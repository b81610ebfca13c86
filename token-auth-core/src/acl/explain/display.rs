//! An explanation in words.

use std::fmt;

use super::{Asked, ExplainedDecision, Explanation, NumberedRule, PassedRule, UnmetCondition};
use crate::LabelValue;

/// A line for the request, one for each rule that was passed over, and one for what decided.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.request)?;
        for passed in &self.passed {
            writeln!(f, "{passed}")?;
        }
        match &self.decision {
            Some(decision) => writeln!(f, "{decision}"),
            None => writeln!(f, "no rule decides: nothing is granted, unless by another authorizer"),
        }
    }
}

/// `account "alice" (group: dev) at 10.0.0.7 asks registry "hub" for pull on repository "team/app"`
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account {:?}", self.account)?;
        for (at, (label, values)) in self.labels.iter().enumerate() {
            let values: Vec<_> = values.iter().map(LabelValue::as_str).collect();
            write!(f, "{}{label}: {}", if at == 0 { " (" } else { "; " }, values.join(", "))?;
        }
        if !self.labels.is_empty() {
            f.write_str(")")?;
        }
        if let Some(address) = self.address {
            write!(f, " at {address}")?;
        }
        f.write_str(" asks ")?;
        if !self.service.is_empty() {
            write!(f, "registry {:?} ", self.service)?;
        }
        let actions = if self.actions.is_empty() { "nothing".to_owned() } else { self.actions.to_string() };
        write!(f, "for {actions} on {} {:?}", self.resource_type, self.name)
    }
}

/// `rule 3 (line 12, Admin has full access): decides: grants pull, denies push`
impl fmt::Display for ExplainedDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: decides: ", self.rule)?;
        match (self.granted.is_empty(), self.denied.is_empty()) {
            (true, true) => f.write_str("grants nothing"),
            (true, false) => write!(f, "denies {}", self.denied),
            (false, true) => write!(f, "grants {}", self.granted),
            (false, false) => write!(f, "grants {}, denies {}", self.granted, self.denied),
        }
    }
}

impl fmt::Display for PassedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.rule)?;
        for (at, condition) in self.conditions.iter().enumerate() {
            write!(f, "{}{condition}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// `rule 3 (line 12, Admin has full access)`
impl fmt::Display for NumberedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.number)?;
        match (self.line, &self.comment) {
            (None, None) => Ok(()),
            (Some(line), None) => write!(f, " (line {line})"),
            (None, Some(comment)) => write!(f, " ({comment})"),
            (Some(line), Some(comment)) => write!(f, " (line {line}, {comment})"),
        }
    }
}

/// `name: "${account}/*" ("bob/*") does not match "team/app"`
impl fmt::Display for UnmetCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.condition, self.pattern)?;
        if !self.expanded.is_empty() {
            f.write_str(" (")?;
            list(f, &self.expanded)?;
            f.write_str(")")?;
        }
        match (&self.undecided, self.values.is_empty()) {
            (Some(reason), _) => write!(f, " could not be decided: {reason}"),
            (None, true) => f.write_str(" has nothing to match: the request has no such value"),
            (None, false) => {
                f.write_str(" does not match ")?;
                list(f, &self.values)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, texts: &[String]) -> fmt::Result {
    for (at, text) in texts.iter().enumerate() {
        write!(f, "{}{text:?}", if at == 0 { "" } else { ", " })?;
    }
    Ok(())
}
