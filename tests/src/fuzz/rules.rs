use token_auth_backends::config::{Config, ConfigOptions};
use token_auth_core::acl::{Acl, AclLimits, GoRegexLimits, Rule};

/// Rules as text: as the block `acl` of a configuration file, as a whole file, and as a database stores them. What is
/// read can be compiled, or is refused with a line.
pub fn rules(data: &[u8]) {
    let block = [BEFORE.as_bytes(), data].concat();
    for text in [&block, data] {
        for options in [ConfigOptions::default(), ConfigOptions::lenient()] {
            if let Err(errors) = Config::from_yaml(text, "fuzz", &options) {
                // Either of the two ends a line of YAML.
                let lines = 1 + text.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
                for finding in errors.findings() {
                    assert!((1..=lines).contains(&finding.line()), "{finding}");
                }
            }
        }
    }
    let limits = AclLimits {
        regex: GoRegexLimits { size: 1 << 20, ..GoRegexLimits::default() },
        ..AclLimits::default()
    };
    if let Ok(rules) = serde_json::from_slice::<Vec<Rule>>(data)
        && let Err(errors) = Acl::builder().limits(limits).build(rules.iter().cloned())
    {
        assert!(errors.errors().iter().all(|error| error.rule() < rules.len()));
    }
}

const BEFORE: &str = "\
server: {addr: ':5001'}
token: {issuer: Acme, expiration: 900, certificate: a.pem, key: a.key}
users: {'': {}}
acl:
";
