//! The account and the labels that are made of a token's claims.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::claims;

/// How many values one template may give.
const MOST_VALUES: usize = 256;

/// How long one of them may be, in bytes.
const LONGEST_VALUE: usize = 1024;

/// A text with claims in it: `github:${claim.repository}`, `${claim.kubernetes.io.namespace}`.
///
/// A claim is named as it is, or by the path to it; a name with dots in it counts before a path. A claim that is a list gives
/// one value for each of its elements.
///
/// ```
/// use token_auth_backends::workload::ClaimTemplate;
///
/// let template: ClaimTemplate = "ci:${claim.project_path}".parse()?;
/// assert_eq!(template.to_string(), "ci:${claim.project_path}");
/// assert!("${project_path}".parse::<ClaimTemplate>().is_err());
/// # Ok::<(), token_auth_backends::workload::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimTemplate {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Claim(String),
}

impl ClaimTemplate {
    /// A text and then a claim.
    pub(super) fn prefixed(text: &str, claim: &str) -> Self {
        Self { parts: vec![Part::Text(text.to_owned()), Part::Claim(claim.to_owned())] }
    }

    /// The text before the first claim, if it ends in a character that sets it off from what follows: neither letter nor digit.
    /// Otherwise names of others may begin so by chance.
    pub(super) fn own_prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) if !text.ends_with(char::is_alphanumeric) => text,
            _ => "",
        }
    }

    /// The claims that are in it.
    pub(super) fn claims(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Claim(claim) => Some(claim.as_str()),
        })
    }

    /// What the template gives for these claims: nothing if one of its claims is missing or has no value; `None` if there
    /// are too many values, or one is too long.
    pub(super) fn fill(&self, claims: &Map<String, Value>) -> Option<Vec<String>> {
        let mut filled = vec![String::new()];
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.iter_mut().for_each(|so_far| so_far.push_str(text)),
                Part::Claim(path) => {
                    let values = claims::texts(claims, path);
                    if values.len().saturating_mul(filled.len()) > MOST_VALUES {
                        return None;
                    }
                    let each = |so_far: &String| -> Vec<String> {
                        values.iter().map(|value| format!("{so_far}{value}")).collect()
                    };
                    filled = filled.iter().flat_map(each).collect();
                }
            }
        }
        filled.iter().all(|value| value.len() <= LONGEST_VALUE).then_some(filled)
    }
}

impl FromStr for ClaimTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let (placeholder, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            let claim = placeholder
                .strip_prefix("claim.")
                .filter(|claim| !claim.is_empty())
                .ok_or_else(|| TemplateError::Unknown(placeholder.to_owned()))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Claim(claim.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }
}

impl fmt::Display for ClaimTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Claim(claim) => write!(f, "${{claim.{claim}}}"),
        })
    }
}

/// A text that is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A placeholder does not end.
    #[error("a placeholder is not closed: `}}` is missing")]
    Unclosed,
    /// A placeholder that is not for a claim.
    #[error("unknown placeholder `${{{0}}}`: write `${{claim.NAME}}`")]
    Unknown(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_fill_templates() {
        let claims = json!({
            "sub": "a", "n": 7, "yes": true, "none": null, "empty": "", "list": ["x", "y"], "deep": {"er": "z"},
            "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "web"}},
            "https://acme.example/team": "blue", "object": {}, "long": "l".repeat(2000), "injected": "${claim.sub}",
            "many": (0..300).collect::<Vec<_>>(),
        });
        let fill = |template: &str| {
            template
                .parse::<ClaimTemplate>()
                .unwrap()
                .fill(claims.as_object().unwrap())
                .map(|all| all.join(" "))
        };
        for (template, filled) in [
            ("plain", Some("plain")),
            ("${claim.sub}", Some("a")),
            ("${claim.n}-${claim.yes}", Some("7-true")),
            ("${claim.deep.er}", Some("z")),
            (
                "k8s:${claim.kubernetes.io.namespace}/${claim.kubernetes.io.serviceaccount.name}",
                Some("k8s:prod/web"),
            ),
            ("${claim.https://acme.example/team}", Some("blue")),
            ("${claim.list}", Some("x y")),
            ("${claim.list}${claim.list}", Some("xx xy yx yy")),
            ("${claim.injected}", Some("${claim.sub}")),
            ("a ${claim.missing}", Some("")),
            ("a ${claim.none}${claim.sub}", Some("")),
            ("${claim.object}", Some("")),
            ("${claim.empty}", Some("")),
            ("${claim.long}", None),
            ("${claim.many}", None),
            ("cost: $5", Some("cost: $5")),
        ] {
            assert_eq!(fill(template).as_deref(), filled, "{template}");
            assert_eq!(template.parse::<ClaimTemplate>().unwrap().to_string(), template);
        }
    }

    #[test]
    fn what_is_no_template_is_told() {
        for (text, error) in [
            ("${claim.sub", "a placeholder is not closed: `}` is missing"),
            ("${sub}", "unknown placeholder `${sub}`: write `${claim.NAME}`"),
            ("${claim.}", "unknown placeholder `${claim.}`: write `${claim.NAME}`"),
        ] {
            assert_eq!(text.parse::<ClaimTemplate>().unwrap_err().to_string(), error);
        }
    }
}
