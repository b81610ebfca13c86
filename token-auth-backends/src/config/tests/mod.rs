mod accepts;
#[cfg(all(feature = "ldap", feature = "oauth2", feature = "workload"))]
mod described;
mod hints;
mod loads;
mod policy;
mod refuses;
mod schema;
#[cfg(feature = "oauth2")]
mod sign_in;
mod token_store;
mod tokens;
#[cfg(feature = "workload")]
mod workload;

use super::{Config, ConfigOptions};

const ARTICLE: &str = include_str!("../../../testdata/article.yml");
const DIRECTORY: &str = include_str!("../../../testdata/directory.yml");

/// The least that a configuration must have.
const BASE: &str = "{server: {addr: ':5001'}, token: {issuer: x, expiration: 900, certificate: c, key: k}, users: {}, acl: []}";

/// What is said of a text: `line: key: message` for each error, or else for each warning.
pub(super) fn findings(text: impl AsRef<[u8]>, options: &ConfigOptions) -> Result<Vec<String>, Vec<String>> {
    let shown = |findings: &[super::Finding]| {
        let without_file = |finding: &super::Finding| finding.to_string().replacen("f:", "", 1);
        findings.iter().map(without_file).collect()
    };
    let found = match Config::from_yaml(&text, "f", options) {
        Ok((_, warnings)) => Ok(shown(&warnings)),
        Err(errors) => Err(shown(errors.findings())),
    };
    if let (Ok(text), false) = (std::str::from_utf8(text.as_ref()), options.lenient) {
        schema::agrees(text, &found);
    }
    found
}
