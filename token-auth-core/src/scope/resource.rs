//! One scope: a resource, and actions on it.

use std::fmt;
use std::str::FromStr;

use super::ActionSet;

/// What a client asks to do with one resource: `type:name:actions`.
///
/// Reading is strict where a wrong reading could grant something else, and lenient where real clients need it:
///
/// * The type is the whole of `[a-z0-9]+`, with an optional class, `repository(plugin)`, which is dropped.
/// * The name may contain one colon (`localhost:5000/team/app`). Beyond that it is opaque, like the actions: both are
///   compared byte for byte with the ACL's and the registry's, so a name that no registry can have opens nothing.
/// * Actions are a set: order and repetition do not matter.
///
/// [`FromStr`] and [`Display`](fmt::Display) are inverse for every scope that exists.
///
/// ```
/// use token_auth_core::ResourceScope;
///
/// let scope: ResourceScope = "repository(plugin):localhost:5000/team/app:push,pull".parse()?;
/// assert_eq!(scope.resource_type(), "repository");
/// assert_eq!(scope.name(), "localhost:5000/team/app");
/// assert_eq!(scope.to_string(), "repository:localhost:5000/team/app:pull,push");
/// assert!("Repository:team/app:pull".parse::<ResourceScope>().is_err());
/// # Ok::<(), token_auth_core::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceScope {
    resource_type: Box<str>,
    name: Box<str>,
    actions: ActionSet,
}

impl ResourceScope {
    /// The type of the resource: `repository` or `registry`, as a rule.
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// The name of the resource.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is to be done with it.
    pub fn actions(&self) -> &ActionSet {
        &self.actions
    }

    pub(super) fn same_resource(&self, other: &Self) -> bool {
        self.name == other.name && self.resource_type == other.resource_type
    }

    pub(super) fn add_actions(&mut self, more: &ActionSet) {
        self.actions.extend_from(more);
    }
}

impl FromStr for ResourceScope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let fail = |kind| Err(ScopeError { scope: text.into(), kind });
        let (Some((head, rest)), false) = (text.split_once(':'), text.contains(' ')) else {
            return fail(ScopeErrorKind::Form);
        };
        let Some((name, actions)) = rest.rsplit_once(':') else { return fail(ScopeErrorKind::Form) };
        if name.matches(':').count() > 1 {
            return fail(ScopeErrorKind::Form);
        }
        let Some(resource_type) = without_class(head).filter(|t| is_type_value(t)) else {
            return fail(ScopeErrorKind::Type);
        };
        Ok(Self {
            resource_type: resource_type.into(),
            name: name.into(),
            actions: actions.split(',').collect(),
        })
    }
}

/// `repository` of `repository(plugin)`; nothing if the class is malformed.
fn without_class(head: &str) -> Option<&str> {
    match head.split_once('(') {
        None => Some(head),
        Some((resource_type, class)) => {
            class.strip_suffix(')').filter(|class| is_type_value(class)).map(|_| resource_type)
        }
    }
}

/// `resourcetypevalue` of the specification's grammar.
pub(crate) fn is_type_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl fmt::Display for ResourceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.resource_type, self.name, self.actions)
    }
}

/// A scope that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed scope {scope:?}: {kind}")]
pub struct ScopeError {
    scope: Box<str>,
    kind: ScopeErrorKind,
}

impl ScopeError {
    /// What could not be read.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Why.
    pub fn kind(&self) -> ScopeErrorKind {
        self.kind
    }
}

/// Why a scope could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeErrorKind {
    /// It is not `type:name:actions`.
    #[error("expected type:name:actions")]
    Form,
    /// Its type is not lower-case letters and digits, optionally followed by a class in parentheses.
    #[error("a resource type is lower-case letters and digits")]
    Type,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        for (text, printed) in [
            ("repository:alpine:pull", "repository:alpine:pull"),
            ("repository:a/b/c:push,pull,push", "repository:a/b/c:pull,push"),
            ("repository(plugin):alpine:pull", "repository:alpine:pull"),
            ("repository:host:5000/img:pull", "repository:host:5000/img:pull"),
            ("registry:catalog:*", "registry:catalog:*"),
            ("repository:x:", "repository:x:"),
            ("repository::pull", "repository::pull"),
        ] {
            assert_eq!(text.parse::<ResourceScope>().unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn refuses_what_could_be_read_as_something_else() {
        for (text, kind) in [
            ("", ScopeErrorKind::Form),
            ("repository", ScopeErrorKind::Form),
            ("repository:x", ScopeErrorKind::Form),
            ("repository:a:b:c:pull", ScopeErrorKind::Form),
            ("repository:a b:pull", ScopeErrorKind::Form),
            (":x:pull", ScopeErrorKind::Type),
            ("Repository:x:pull", ScopeErrorKind::Type),
            ("_x:y:pull", ScopeErrorKind::Type),
            ("repo-sitory:y:pull", ScopeErrorKind::Type),
            ("repository():x:pull", ScopeErrorKind::Type),
            ("repository(Plugin):x:pull", ScopeErrorKind::Type),
            ("repository(a)(b):x:pull", ScopeErrorKind::Type),
            ("repository(plugin:x:pull", ScopeErrorKind::Type),
            ("(plugin):x:pull", ScopeErrorKind::Type),
        ] {
            assert_eq!(text.parse::<ResourceScope>().unwrap_err().kind(), kind, "{text}");
        }
    }
}
