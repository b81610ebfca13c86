use std::fmt;
use std::sync::Arc;

/// Something to say of a configuration file: what is wrong, where, and what to do. Never shows the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    file: Arc<str>,
    line: usize,
    column: usize,
    key: String,
    message: String,
}

impl Finding {
    pub(super) fn new(
        file: &Arc<str>,
        position: super::yaml::Position,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (file, key, message) = (Arc::clone(file), key.into(), message.into());
        Self { file, line: position.line, column: position.column, key, message }
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

/// Everything that is wrong with a configuration, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    findings: Vec<Finding>,
}

impl ConfigErrors {
    pub(super) fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.line, finding.column));
        Self { findings }
    }

    /// The errors; at least one.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// One line an error.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
