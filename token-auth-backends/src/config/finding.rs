//! What is said of a configuration, and where.

use std::fmt;
use std::sync::Arc;

use super::yaml::Position;
use crate::htpasswd::LineProblem;

/// Something to say of a configuration file: what is wrong, where, and what to do. Never shows the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    file: Arc<str>,
    line: usize,
    column: usize,
    key: String,
    message: String,
    is_error: bool,
}

impl Finding {
    /// A line of a file that the configuration names.
    pub(super) fn of_line(file: &Arc<str>, problem: LineProblem) -> Self {
        let LineProblem { line, message } = problem;
        Self { file: Arc::clone(file), line, column: 1, key: String::new(), message, is_error: false }
    }

    /// Something about a rule, `key` being the path of it or of what it is about.
    pub(super) fn of_rule(start: &Spot, line: u32, key: String, message: String, is_error: bool) -> Self {
        let file = Arc::clone(&start.file);
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        Self { file, line, column: 1, key, message, is_error }
    }

    /// The file, by the name that was given for it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The key as a path, `server.addr` or `acl[2].match.ip` (rules are counted from 1); empty for the file as a whole.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether [`Config::lint`](super::Config::lint) takes it for an error: a rule leaves open what it is to close.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    /// What is wrong and what to do.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// `auth_config.yml:12: server.addr: …`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    findings: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl ConfigErrors {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { findings, warnings: Vec::new() }
    }

    /// In the order of the lines, all of them being of one file.
    pub(super) fn sorted(findings: Vec<Finding>, warnings: Vec<Finding>) -> Self {
        Self { findings: by_line(findings), warnings: by_line(warnings) }
    }

    /// The errors; at least one.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What would be only a warning without the errors: unknown keys, if the configuration is read leniently.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

/// In the order of the lines of one file.
pub(super) fn by_line(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

/// One line an error, and then one a warning.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{finding}")?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// A place in the configuration file, to say something of later.
#[derive(Clone, Debug)]
pub struct Spot {
    file: Arc<str>,
    position: Position,
    key: String,
}

impl Spot {
    pub(super) fn new(file: &Arc<str>, position: Position, key: &str) -> Self {
        Self { file: Arc::clone(file), position, key: key.to_owned() }
    }

    /// The file, by the name that was given for it.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// A finding about what stands there.
    pub fn finding(&self, message: impl Into<String>) -> Finding {
        let Self { file, position: Position { line, column }, key } = self.clone();
        Finding { file, line, column, key, message: message.into(), is_error: false }
    }
}
