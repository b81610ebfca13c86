//! A pattern of scopes that a credential is good for.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(feature = "acl")]
use crate::pattern::GoRegex;
use crate::pattern::{expression, glob_matches, negates_like_a_shell};
use crate::scope::is_type_value;
use crate::{ActionSet, ResourceScope};

/// Which scopes a credential is good for: `type:name:actions`, where the name is a pattern.
///
/// * A name in slashes is a regular expression in Go's dialect, not anchored, as in an ACL: `repository:/^team\//:pull`. It is
///   refused in a build without the feature `acl`.
/// * Any other is a glob over the whole name, as in an ACL: `*` does not match `/`.
/// * `**` may stand at the end, after plain text, and is everything from there on: `repository:team/**:pull,push`.
///   Anywhere else it is refused, since an ACL takes it for `*`.
/// * The action `*` is every action.
///
/// ```
/// use token_auth_core::{ActionSet, ResourceScope, ScopePattern};
///
/// let pattern: ScopePattern = "repository:team/*:pull".parse()?;
/// let asked: ResourceScope = "repository:team/app:pull,push".parse()?;
/// assert_eq!(pattern.narrow(&asked, asked.actions()).to_string(), "pull");
/// assert!("repository:team/[:pull".parse::<ScopePattern>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ScopePattern {
    text: Box<str>,
    resource_type: Box<str>,
    name: Name,
    /// Nothing for every action.
    actions: Option<ActionSet>,
}

#[derive(Clone)]
enum Name {
    Prefix(Box<str>),
    Glob(Box<str>),
    #[cfg(feature = "acl")]
    Regex(GoRegex),
}

impl ScopePattern {
    /// What of these actions on the resource of this scope the pattern allows.
    pub fn narrow(&self, scope: &ResourceScope, actions: &ActionSet) -> ActionSet {
        let matches = *self.resource_type == *scope.resource_type() && self.name.matches(scope.name());
        match (&self.actions, matches) {
            (_, false) => ActionSet::new(),
            (None, true) => actions.clone(),
            (Some(allowed), true) => actions.intersection(allowed),
        }
    }

    /// The pattern that allows these actions on the resource of this scope, and on no other.
    ///
    /// # Errors
    ///
    /// When there is no action.
    #[cfg(feature = "sign")]
    pub(crate) fn exactly(scope: &ResourceScope, actions: &ActionSet) -> Result<Self, ScopePatternError> {
        let mut name = String::with_capacity(scope.name().len());
        for (index, letter) in scope.name().chars().enumerate() {
            if matches!(letter, '*' | '?' | '[' | ']' | '\\') || (index == 0 && letter == '/') {
                name.push('\\');
            }
            name.push(letter);
        }
        format!("{}:{name}:{actions}", scope.resource_type()).parse()
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Name {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(expression) = expression(text) {
            return Self::regex(expression);
        }
        let (plain, everything) = match text.strip_suffix("**") {
            Some(plain) => (plain, true),
            None => (text, false),
        };
        if plain.contains("**") || (everything && plain.contains(['*', '?', '[', '\\'])) {
            return Err(
                "`**` may stand only at the end, after plain text; write a regular expression".to_owned()
            );
        }
        if everything {
            return Ok(Self::Prefix(plain.into()));
        }
        glob_matches(text, "").map_err(|error| error.to_string())?;
        if negates_like_a_shell(text) {
            return Err("`[!…]` is not what it is in a shell: write `[^…]` for every other character, `[\\!…]` for a `!` \
                        among them"
                .to_owned());
        }
        Ok(Self::Glob(text.into()))
    }

    #[cfg(feature = "acl")]
    fn regex(expression: &str) -> Result<Self, String> {
        GoRegex::new(expression).map(Self::Regex).map_err(|error| error.to_string())
    }

    #[cfg(not(feature = "acl"))]
    fn regex(_: &str) -> Result<Self, String> {
        Err("a regular expression needs a build with the feature `acl`".to_owned())
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(&**prefix),
            Self::Glob(glob) => glob_matches(glob, name).unwrap_or(false),
            #[cfg(feature = "acl")]
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

impl FromStr for ScopePattern {
    type Err = ScopePatternError;

    fn from_str(text: &str) -> Result<Self, ScopePatternError> {
        let fail = |problem: &str| ScopePatternError { text: text.into(), problem: problem.into() };
        let parts = text.split_once(':').and_then(|(head, rest)| Some((head, rest.rsplit_once(':')?)));
        let (resource_type, (name, actions)) =
            parts.ok_or_else(|| fail("expected type:name:actions, as in repository:team/*:pull,push"))?;
        if !is_type_value(resource_type) {
            return Err(fail("a resource type is lower-case letters and digits"));
        }
        if name.is_empty() || actions.split(',').any(str::is_empty) {
            return Err(fail("the name or an action is empty"));
        }
        let actions: ActionSet = actions.split(',').collect();
        Ok(Self {
            text: text.into(),
            resource_type: resource_type.into(),
            name: Name::parse(name).map_err(|problem| fail(&problem))?,
            actions: (!actions.contains("*")).then_some(actions),
        })
    }
}

impl fmt::Display for ScopePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ScopePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopePattern({:?})", self.text)
    }
}

/// By their text.
impl PartialEq for ScopePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ScopePattern {}

impl Serialize for ScopePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ScopePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A scope pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed scope pattern {text:?}: {problem}")]
pub struct ScopePatternError {
    text: Box<str>,
    problem: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(pattern: &str, scope: &str) -> String {
        let (pattern, scope): (ScopePattern, ResourceScope) =
            (pattern.parse().unwrap(), scope.parse().unwrap());
        pattern.narrow(&scope, scope.actions()).to_string()
    }

    #[test]
    fn allows_what_it_says() {
        for (pattern, scope, left) in [
            ("repository:team/*:pull", "repository:team/app:pull,push", "pull"),
            ("repository:team/*:pull", "repository:team/a/b:pull", ""),
            ("repository:team/**:pull", "repository:team/a/b:pull", "pull"),
            ("repository:team/**:pull", "repository:teams/a:pull", ""),
            ("repository:**:*", "repository:a/b/c:pull,delete,*", "*,delete,pull"),
            ("repository:**:pull,push", "repository:a:*", ""),
            ("repository:x:pull", "registry:x:pull", ""),
            ("registry:catalog:*", "registry:catalog:*", "*"),
            ("repository:[^a]*:pull", "repository:b:pull", "pull"),
            ("repository:[\\!a]*:pull", "repository:a:pull", "pull"),
            ("repository:[a[!]*:pull", "repository:a:pull", "pull"),
            ("repository:[^a]*:pull", "repository:a:pull", ""),
            ("repository:/^team-[0-9]+\\//:pull", "repository:team-7/x:pull", "pull"),
            ("repository:/^team-[0-9]+\\//:pull", "repository:a/team-7/x:pull", ""),
            ("repository:localhost:5000/x:pull", "repository:localhost:5000/x:pull", "pull"),
            ("repository:/a:b/:pull", "repository:xa:by:pull", "pull"),
        ] {
            assert_eq!(narrow(pattern, scope), left, "{pattern} {scope}");
        }
    }

    #[test]
    fn refuses_what_means_nothing_or_two_things() {
        for text in [
            "",
            "repository",
            "repository:x",
            "repository::pull",
            "repository:x:",
            "repository:x:pull,",
            "Repository:x:pull",
            "*:x:pull",
            "repository:[:pull",
            "repository:[!a]*:pull",
            "repository:team/[!a-c]:pull",
            "repository:/(/:pull",
            "repository:**/x:pull",
            "repository:a*/**:pull",
            "repository:a/***:pull",
        ] {
            assert!(text.parse::<ScopePattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn is_written_as_it_was_read() {
        let pattern: ScopePattern = "repository:team/**:pull".parse().unwrap();
        let json = serde_json::to_string(&pattern).unwrap();
        assert_eq!(json, r#""repository:team/**:pull""#);
        assert_eq!(serde_json::from_str::<ScopePattern>(&json).unwrap(), pattern);
        assert!(serde_json::from_str::<ScopePattern>(r#""repository:[:pull""#).is_err());
    }
}
