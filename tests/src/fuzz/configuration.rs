//! Whole configuration files, with every block that there is.

use token_auth_backends::config::{Config, ConfigOptions};

/// Any bytes are a configuration, or everything that is wrong with them is said with its line; what is wrong when it is read
/// strictly, is said when it is read leniently, too.
pub fn configuration(data: &[u8]) {
    let lines = 1 + data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    for options in [ConfigOptions::default(), ConfigOptions::lenient()] {
        let findings = match Config::from_yaml(data, "fuzz", &options) {
            Ok((config, warnings)) => [warnings, config.lint()].concat(),
            Err(errors) => {
                assert!(!errors.findings().is_empty());
                errors.findings().to_vec()
            }
        };
        for finding in findings {
            assert!((1..=lines).contains(&finding.line()), "{finding}");
        }
    }
}
