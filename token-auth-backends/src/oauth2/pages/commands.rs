//! Commands that log clients in, ready to be pasted into a shell.

use super::templates::Command;

/// What stands for the registry where its name is not configured.
const PLACEHOLDER: &str = "REGISTRY";

/// Each asks for the password.
pub(super) fn login(account: &str, registry: Option<&str>) -> Vec<Command> {
    let (account, registry) = (quoted(account), quoted(registry.unwrap_or(PLACEHOLDER)));
    let command = |tool: &'static str, program: &str, id: &str| Command {
        tool,
        id: format!("login-{id}"),
        text: format!("{program} --username {account} {registry}"),
    };
    vec![
        command("Docker", "docker login", "docker"),
        command("Podman", "podman login", "podman"),
        command("nerdctl", "nerdctl login", "nerdctl"),
        command("Helm", "helm registry login", "helm"),
    ]
}

/// Each reads the password from its standard input.
pub(super) fn script(account: &str, registry: Option<&str>) -> Vec<Command> {
    let (account, registry) = (quoted(account), quoted(registry.unwrap_or(PLACEHOLDER)));
    let command = |tool: &'static str, program: &str, id: &str| Command {
        tool,
        id: format!("script-{id}"),
        text: format!(
            "printf '%s' \"$REGISTRY_TOKEN\" | {program} --username {account} --password-stdin {registry}"
        ),
    };
    vec![
        command("Docker", "docker login", "docker"),
        command("Podman", "podman login", "podman"),
        command("nerdctl", "nerdctl login", "nerdctl"),
        command("Helm", "helm registry login", "helm"),
    ]
}

/// One word for a POSIX shell, whatever is in it.
fn quoted(word: &str) -> String {
    let simple = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    match !word.is_empty() && !word.starts_with('-') && word.chars().all(simple) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        for (word, shell) in [
            ("alice@example.com", "alice@example.com"),
            ("registry.example.com:5000", "registry.example.com:5000"),
            ("a b", "'a b'"),
            ("a'; rm -rf $HOME #", r"'a'\''; rm -rf $HOME #'"),
            ("`id`", "'`id`'"),
            ("-x", "'-x'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), shell);
        }
    }
}
