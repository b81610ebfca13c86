//! The flags of glog, with which docker_auth is started everywhere: `--v=2 -logtostderr`.

use std::ffi::{OsStr, OsString};

/// Flags that are on or off.
const SWITCHES: [&str; 2] = ["logtostderr", "alsologtostderr"];
/// Flags with a value.
const VALUES: [&str; 7] =
    ["v", "vmodule", "stderrthreshold", "log_dir", "log_link", "log_backtrace_at", "logbuflevel"];

/// The arguments without glog's flags. Where the log goes is no choice here: to standard error. `v` from 3 on becomes
/// `--log-level debug`, unless a level is named; up to 2, docker_auth's usual one, it is what is logged anyway.
pub(crate) fn translated(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut translated: Vec<OsString> = arguments.next().into_iter().collect();
    let mut verbose = false;
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            translated.push(argument);
            translated.extend(arguments);
            break;
        }
        match flag(&argument) {
            None => translated.push(argument),
            Some(("v", value)) => {
                let value = value.map(str::to_owned).or_else(|| arguments.next()?.into_string().ok());
                verbose |= value.and_then(|value| value.parse::<i32>().ok()).is_some_and(|v| v > 2);
            }
            Some((name, None)) if VALUES.contains(&name) => {
                arguments.next();
            }
            Some(_) => {}
        }
    }
    let named = |argument: &OsString| argument.to_str().is_some_and(|text| text.starts_with("--log-level"));
    if verbose && !translated.iter().any(named) {
        translated.splice(1..1, ["--log-level".into(), "debug".into()]);
    }
    translated
}

/// A flag as Go reads it: with one dash or two, its value behind `=` or apart.
fn flag(argument: &OsStr) -> Option<(&str, Option<&str>)> {
    let text = argument.to_str()?;
    let text = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    SWITCHES.iter().chain(&VALUES).any(|known| *known == name).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_glog_are_taken_and_all_else_stays() {
        for (given, expected) in [
            ("--v=2 -logtostderr /config/auth_config.yml", "/config/auth_config.yml"),
            ("-v 2 --alsologtostderr=false c.yml", "c.yml"),
            ("--v=3 c.yml", "--log-level debug c.yml"),
            ("-v 5 --log-level warn c.yml", "--log-level warn c.yml"),
            ("--log_dir /var/log -stderrthreshold=INFO -vmodule x=1 c.yml", "c.yml"),
            ("--log-format json --v=1 c.yml --lenient", "--log-format json c.yml --lenient"),
            ("check c.yml", "check c.yml"),
            ("-- -v", "-- -v"),
            ("--verbose -vv -V", "--verbose -vv -V"),
        ] {
            let given = format!("docker-auth {given}");
            let arguments = translated(given.split(' ').map(OsString::from));
            let expected: Vec<OsString> =
                format!("docker-auth {expected}").split(' ').map(OsString::from).collect();
            assert_eq!(arguments, expected, "{given}");
        }
    }
}
